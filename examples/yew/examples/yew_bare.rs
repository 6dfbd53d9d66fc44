//! Weighed by `cargo xtask app-size`: an application in Yew that shows a text.

use yew::prelude::*;

#[component]
fn App() -> Html {
    let shown = use_state(|| "nothing".to_owned());
    html! { <p>{ &*shown }</p> }
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
