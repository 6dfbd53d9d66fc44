//! Weighed by `cargo xtask app-size`: an application in Yew that shows the latest text of a
//! stream.

use tidewire::client::Client;
use tidewire::profiles::plain::{Event, Plain};
use tidewire::yew::use_events;
use yew::prelude::*;

#[component]
fn App() -> Html {
    let events = use_events::<Plain>(Client::new("/plain"));
    let shown = match events.latest().map(|event| &event.data) {
        Some(Event::Message(text)) => text,
        _ => "nothing",
    };
    html! { <p>{ shown }</p> }
}

#[cfg(target_arch = "wasm32")]
fn main() {
    yew::Renderer::<App>::new().hydrate();
}

#[cfg(not(target_arch = "wasm32"))]
#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("{}", yew::ServerRenderer::<App>::new().render().await);
}
