//! A dashboard, a chat and a view of agents in Leptos, each on a stream of events.
//!
//! The dashboard follows Dashtam: what happens to an account, filtered by category. The chat asks
//! Stock, whose answers are streamed once. The agents are Hive's. Each is a route: leaving it closes
//! what it had open.

// A view is one type, as deep as its elements are.
#![recursion_limit = "256"]
#![expect(
    unreachable_pub,
    reason = "what `#[component]` makes of a function is `pub`"
)]

mod agents;
mod chat;
mod dashboard;
mod lamp;
mod ledger;
mod place;
mod route;

pub use agents::Agents;
pub use chat::Chat;
pub use dashboard::Dashboard;
pub use place::Place;
pub use route::Route;

use leptos::prelude::*;

/// The whole of it.
#[component]
pub fn App(
    /// Where its servers are.
    place: Place,
    /// The first page.
    start: Route,
) -> impl IntoView {
    let route = RwSignal::new(start);
    // On a server there is no window to listen to.
    Effect::new(move || {
        let listener = window_event_listener(leptos::ev::hashchange, move |_| {
            route.set(Route::of_page());
        });
        on_cleanup(move || listener.remove());
    });

    let links = Route::ALL.map(|to| {
        let is_here = move || route.get() == to;
        // Plain links: they work before the page is taken over, too.
        view! {
            <a href=to.link() aria-current=move || is_here().then_some("page")>
                {to.name()}
            </a>
        }
    });
    view! {
        <header class="masthead">
            <svg viewBox="0 0 32 32" aria-hidden="true">
                <path d="M3 12q6.5-8 13 0t13 0M3 22q6.5-8 13 0t13 0" />
            </svg>
            <h1>"Tidewire " <span>"in Leptos"</span></h1>
            <nav aria-label="Pages">{links}</nav>
        </header>
        <main>
            {move || {
                let place = place.clone();
                match route.get() {
                    Route::Dashboard => view! { <Dashboard place /> }.into_any(),
                    Route::Chat => view! { <Chat place /> }.into_any(),
                    Route::Agents => view! { <Agents place /> }.into_any(),
                }
            }}
        </main>
    }
}

/// The page as a server sends it.
#[cfg(not(target_arch = "wasm32"))]
pub fn page() -> String {
    let app = Owner::new_root(None).with(|| {
        App(AppProps {
            place: Place::new("leptos", false),
            start: Route::Dashboard,
        })
        .to_html()
    });
    include_str!("page.html").replace("<!-- the application -->", &app)
}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/leptos.md")]
struct Guide;
