//! The built-in profiles: their tables, their payloads, and what is printed from them.
#![cfg(not(target_arch = "wasm32"))]
#![cfg(feature = "payloads")]

#[path = "profiles/typescript.rs"]
mod typescript;
