//! The crate in a real browser, against the test server.
//!
//! `cargo xtask test` starts the server and runs them. By hand: start `tidewire-server`, then
//! `TIDEWIRE_SERVER=http://127.0.0.1:PORT wasm-pack test --headless --chrome`.

#![cfg(target_arch = "wasm32")]

#[path = "browser/server.rs"]
mod server;

#[path = "browser/every_type.rs"]
mod every_type;

#[path = "browser/life.rs"]
mod life;

#[path = "browser/readme.rs"]
mod readme;

#[path = "browser/standard.rs"]
mod standard;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
