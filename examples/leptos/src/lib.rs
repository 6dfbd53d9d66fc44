//! A dashboard, a chat and a view of agents.

use leptos::prelude::*;

/// The whole of it.
#[component]
pub fn App() -> impl IntoView {
    view! {
        <main>
            <h1>"Tidewire"</h1>
        </main>
    }
}

/// The page as a server would send it.
#[cfg(not(target_arch = "wasm32"))]
pub fn page() -> String {
    let body = Owner::new_root(None).with(|| App().to_html());
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Tidewire in Leptos</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"style.css\">\n\
         <script type=\"module\">import init from './app.js'; init();</script>\n\
         </head>\n<body>{body}</body>\n</html>\n"
    )
}
