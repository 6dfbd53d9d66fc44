//! Tidewire: the Server-Sent Events client that a web application can trust.

#[cfg(all(feature = "client", target_arch = "wasm32"))]
pub mod client;
pub mod connection;
#[cfg(all(feature = "browser", target_arch = "wasm32"))]
pub mod driver;
pub mod filter;
#[cfg(all(feature = "browser", target_arch = "wasm32"))]
mod page;
pub mod profiles;
#[cfg(all(feature = "browser", target_arch = "wasm32"))]
mod transport;
pub mod wire;
