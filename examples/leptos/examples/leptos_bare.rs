//! Weighed by `cargo xtask app-size`: an application in Leptos that shows a text.

use leptos::prelude::*;

#[component]
fn App() -> impl IntoView {
    let shown = RwSignal::new("nothing".to_owned());
    view! { <p>{move || shown.get()}</p> }
}

#[cfg(target_arch = "wasm32")]
fn main() {
    leptos::mount::hydrate_body(App);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    println!("{}", Owner::new_root(None).with(|| App().to_html()));
}
