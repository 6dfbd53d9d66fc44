//! The crate in a real browser, against the test server.
//!
//! `cargo xtask test` starts the server and runs them. By hand: start `tidewire-server`, then
//! `TIDEWIRE_SERVER=http://127.0.0.1:PORT wasm-pack test --headless --chrome`. The shared cases are
//! read from `/conformance` of the server, if it was told where they are.

#![cfg(target_arch = "wasm32")]

#[path = "browser/server.rs"]
mod server;

#[path = "browser/every_type.rs"]
mod every_type;

#[path = "browser/faults.rs"]
mod faults;

#[cfg(any(feature = "leptos", feature = "yew"))]
#[path = "browser/hooks.rs"]
mod hooks;

#[path = "browser/leaks.rs"]
mod leaks;

#[path = "browser/life.rs"]
mod life;

#[cfg(feature = "leptos")]
#[path = "browser/leptos.rs"]
mod leptos;

mod live_bytes;

#[path = "browser/memory.rs"]
mod memory;

#[path = "browser/options.rs"]
mod options;

#[path = "browser/page.rs"]
mod page;

#[path = "browser/readme.rs"]
mod readme;

#[path = "browser/standard.rs"]
mod standard;

// The rules of the standard hold for the WebAssembly as for the native code.
#[path = "wire/items.rs"]
mod items;

#[path = "wire/reference.rs"]
mod reference;

#[path = "wire/rules.rs"]
mod rules;

#[path = "wire/short_streams.rs"]
mod short_streams;

#[cfg(feature = "yew")]
#[path = "browser/yew.rs"]
mod yew_hooks;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
