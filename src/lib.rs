//! Server-Sent Events for web applications that depend on them: typed, filtered, reconnecting,
//! and honest about what was missed.
//!
//! In the browser (`wasm32-unknown-unknown`) a `client::Client` opens an event
//! stream over `fetch` or `EventSource` and is a `Stream` of typed events:
//!
//! ```text
//! let mut events = Client::<Dashtam>::new("/api/v1/events")
//!     .token(|_attempt| async { fetch_token().await })
//!     .connect();
//! while let Some(item) = events.next().await { /* … */ }
//! ```
//!
//! Everything below it is pure, and compiles anywhere:
//!
//! - [`wire`]: the event stream itself, both ways: bytes to messages, and back.
//! - [`profiles`]: what each kind of server speaks, as data, with typed payloads.
//! - [`filter`]: what is wanted, for the server and for here.
//! - [`connection`]: the life of a connection as a state machine without sockets and clocks.
//! - [`engine`]: performs what a connection asks for, by whatever it is given to do so.
//!
//! ```
//! use tidewire::wire::{Decoder, Item};
//!
//! let mut decoder = Decoder::new();
//! let mut chunk = &b"event: greeting\ndata: hello\n\n"[..];
//! let Some(Ok(Item::Message(message))) = decoder.next(&mut chunk) else {
//!     panic!("a whole event came");
//! };
//! assert_eq!((message.event, message.data), ("greeting".into(), "hello".into()));
//! ```
//!
//! For a client outside of the browser take an SSE crate over your HTTP client, and [`wire`] if
//! you like; for streams in both directions take WebSockets.
//!
//! # Features
//! - `client` (default): `client::Client`, with all below.
//! - `browser`: the driver and its two transports, without serde.
//! - `payloads`: the typed payloads of the built-in profiles, and decoding into your own.
//! - `leptos`: the hook of `leptos`, for Leptos 0.8; with `client`.
//! - `yew`: the hooks of `yew`, for Yew 0.23; with `client`.

// Without std nothing of its panic machinery is in the npm package's module.
#![cfg_attr(not(any(test, feature = "payloads")), no_std)]

extern crate alloc;

#[cfg(feature = "client")]
pub mod client;
pub mod connection;
mod digits;
#[cfg(all(feature = "browser", target_arch = "wasm32"))]
pub mod driver;
pub mod engine;
pub mod filter;
#[cfg(feature = "leptos")]
pub mod leptos;
#[cfg(all(feature = "browser", target_arch = "wasm32"))]
mod page;
pub mod profiles;
#[cfg(all(feature = "browser", target_arch = "wasm32"))]
mod transport;
pub mod wire;
#[cfg(feature = "yew")]
pub mod yew;
