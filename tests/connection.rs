//! The life of a connection under whatever comes: random inputs, and hours with servers that cut.
#![cfg(not(target_arch = "wasm32"))]

#[path = "connection/lives.rs"]
mod lives;
#[path = "connection/properties.rs"]
mod properties;
#[path = "connection/rig.rs"]
mod rig;
#[path = "connection/rules.rs"]
mod rules;
