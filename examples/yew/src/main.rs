//! In a browser: takes over the page that a server has rendered. Elsewhere: prints that page.

use yew_app::{App, AppProps, Place};

#[cfg(target_arch = "wasm32")]
fn main() {
    let props = AppProps {
        place: Place::of_page(),
    };
    let renderer = yew::Renderer::<App>::with_props(props);
    let hash = gloo::utils::window().location().hash().unwrap_or_default();
    // What stands behind the hash reaches no server: it has rendered the first page.
    if matches!(hash.as_str(), "" | "#" | "#/") {
        renderer.hydrate();
    } else {
        gloo::utils::body().set_inner_html("");
        renderer.render();
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let props = || AppProps {
        place: Place::new("yew", false),
    };
    let app = yew::ServerRenderer::<App>::with_props(props).render().await;
    let page = include_str!("page.html");
    print!("{}", page.replace("<!-- the application -->", &app));
}
