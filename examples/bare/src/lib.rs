//! The smallest application: a page without a framework calls one function, and has its own called
//! for each event.
//!
//! ```text
//! cargo build -p tidewire-example-bare --release --target wasm32-unknown-unknown
//! wasm-bindgen --target web --out-dir out target/wasm32-unknown-unknown/release/tidewire_example_bare.wasm
//! ```
//!
//! ```js
//! import init, { watch } from './out/tidewire_example_bare.js';
//! await init();
//! watch('/plain', (type, text) => console.log(type, text));
//! ```

use futures::StreamExt;
use js_sys::{Function, JsString};
use tidewire::client::{Client, Item};
use tidewire::profiles::plain::{Event, Plain};
use wasm_bindgen::prelude::*;

/// Calls `show` with the type and the text of each event at this URL, until the stream ends.
#[wasm_bindgen]
pub fn watch(url: String, show: Function) {
    let mut events = Client::<Plain>::new(url).connect();
    wasm_bindgen_futures::spawn_local(async move {
        while let Some(item) = events.next().await {
            let Item::Event(event) = item else { continue };
            let text = match event.data {
                Event::Message(text) => text,
                Event::Unknown(event) => event.data,
            };
            // What it throws is its own affair.
            let _ = show.call2(
                &JsValue::NULL,
                &JsString::from(&*event.name),
                &JsString::from(text),
            );
        }
    });
}
