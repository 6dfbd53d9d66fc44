//! In a browser: takes over the page that a server has rendered. Elsewhere: prints that page.

#![recursion_limit = "256"]

#[cfg(target_arch = "wasm32")]
fn main() {
    use leptos::mount::{hydrate_body, mount_to_body};
    use leptos::prelude::document;
    use leptos_app::{App, AppProps, Place, Route};

    let start = Route::of_page();
    let app = move || {
        App(AppProps {
            place: Place::of_page(),
            start,
        })
    };
    // What stands behind the hash reaches no server: it has rendered the first page.
    if start == Route::Dashboard {
        hydrate_body(app);
    } else if let Some(body) = document().body() {
        body.set_inner_html("");
        mount_to_body(app);
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    print!("{}", leptos_app::page());
}
