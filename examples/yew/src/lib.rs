//! A dashboard and a chat in Yew, on Tidewire's hooks.
//!
//! The dashboard follows Dashtam: what happens to an account, filtered by category. The chat asks
//! Stock, whose answers are streamed once. Each is a route: leaving it closes what it had open.

mod chat;
mod dashboard;
mod lamp;
mod ledger;
mod place;

pub use chat::Chat;
pub use dashboard::Dashboard;
pub use place::Place;

use yew::prelude::*;
use yew_router::history::AnyHistory;
use yew_router::prelude::*;

/// Where the application is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Routable)]
enum Route {
    #[at("/")]
    Dashboard,
    #[at("/chat")]
    Chat,
    #[not_found]
    #[at("/nowhere")]
    Nowhere,
}

/// What the application is given.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct AppProps {
    /// Where its servers are.
    pub place: Place,
}

/// The whole of it.
#[component]
pub fn App(props: &AppProps) -> Html {
    let place = props.place.clone();
    let history = use_memo((), |()| history());
    let route = move |route| match route {
        Route::Dashboard => html! { <Dashboard place={place.clone()} /> },
        Route::Chat => html! { <Chat place={place.clone()} /> },
        Route::Nowhere => html! { <Redirect<Route> to={Route::Dashboard} /> },
    };
    html! {
        <Router history={(*history).clone()}>
            <Masthead />
            <main><Switch<Route> render={route} /></main>
        </Router>
    }
}

/// Behind the hash: no server has to know the routes.
#[cfg(target_arch = "wasm32")]
fn history() -> AnyHistory {
    AnyHistory::Hash(yew_router::history::HashHistory::new())
}

#[cfg(not(target_arch = "wasm32"))]
fn history() -> AnyHistory {
    AnyHistory::Memory(yew_router::history::MemoryHistory::new())
}

#[component]
fn Masthead() -> Html {
    let here = use_route::<Route>();
    // Plain links: they work before the page is taken over, too.
    let link = |to: Route, name: &'static str| {
        let is_here = here == Some(to);
        html! {
            <a
                class={classes!("tab", is_here.then_some("here"))}
                href={format!("#{}", to.to_path())}
                aria-current={is_here.then_some("page")}
            >
                { name }
            </a>
        }
    };
    html! {
        <header class="masthead">
            <svg viewBox="0 0 32 32" aria-hidden="true">
                <path d="M3 12q6.5-8 13 0t13 0M3 22q6.5-8 13 0t13 0" />
            </svg>
            <div class="brand">
                <h1>{ "Tidewire in Yew" }</h1>
                <p>{ "Streams of events as hooks: opened with a component, closed with it." }</p>
            </div>
            <nav aria-label="Pages">
                { link(Route::Dashboard, "Dashboard") }
                { link(Route::Chat, "Chat") }
            </nav>
        </header>
    }
}
