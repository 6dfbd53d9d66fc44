//! The decoder and the encoder of event streams, from outside.
#![cfg(not(target_arch = "wasm32"))]

#[path = "wire/items.rs"]
mod items;
#[path = "wire/limit.rs"]
mod limit;
#[path = "wire/linear.rs"]
mod linear;
#[path = "wire/properties.rs"]
mod properties;
#[path = "wire/reference.rs"]
mod reference;
#[path = "wire/rules.rs"]
mod rules;
#[path = "wire/short_streams.rs"]
mod short_streams;
