//! Weighed by `cargo xtask app-size`: an application in Leptos that shows the latest text of a
//! stream.

use leptos::prelude::*;
use tidewire::client::Client;
use tidewire::leptos::use_events;
use tidewire::profiles::plain::{Event, Plain};

#[component]
fn App() -> impl IntoView {
    let latest = use_events::<Plain>(|| Client::new("/plain")).latest();
    let shown = move || match latest.get().map(|event| event.data.clone()) {
        Some(Event::Message(text)) => text,
        _ => "nothing".to_owned(),
    };
    view! { <p>{shown}</p> }
}

#[cfg(target_arch = "wasm32")]
fn main() {
    leptos::mount::hydrate_body(App);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    println!("{}", Owner::new_root(None).with(|| App().to_html()));
}
