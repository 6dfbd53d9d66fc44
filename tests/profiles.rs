//! The built-in profiles: their tables, their payloads, and what is printed from them.
#![cfg(not(target_arch = "wasm32"))]
#![cfg(feature = "payloads")]

#[path = "profiles/samples.rs"]
mod samples;

#[path = "profiles/tables.rs"]
mod tables;

#[path = "profiles/traps.rs"]
mod traps;

#[path = "profiles/typescript.rs"]
mod typescript;

#[path = "profiles/wire.rs"]
mod wire;
