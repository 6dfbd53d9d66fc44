//! Weighed by `cargo xtask app-size`: an application in Leptos that shows a text of one of
//! the 29 typed events of a stream.

use leptos::prelude::*;
use tidewire::client::Client;
use tidewire::leptos::use_events;
use tidewire::profiles::dashtam::{Dashtam, Event};

#[component]
fn App() -> impl IntoView {
    let latest = use_events::<Dashtam>(|| Client::new("/api/v1/events")).latest();
    let shown = move || match latest.get().map(|event| event.data.clone()) {
        Some(Event::SecurityLoginFailed(it)) => it.reason,
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
