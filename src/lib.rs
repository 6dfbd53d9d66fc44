//! Tidewire: the Server-Sent Events client that a web application can trust.

pub mod connection;
pub mod filter;
pub mod profiles;
pub mod wire;
