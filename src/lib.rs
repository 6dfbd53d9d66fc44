//! Server-Sent Events for web applications that depend on them: typed, filtered, reconnecting,
//! and honest about what was missed.
//!
//! In the browser (`wasm32-unknown-unknown`) a [`Client`](client::Client) opens an event stream over
//! `fetch` or `EventSource`, and is a `Stream` of typed events:
//!
//! ```no_run
//! # #[cfg(feature = "client")]
//! # async fn example() {
//! use futures::StreamExt;
//! use tidewire::client::{Client, Item};
//! use tidewire::profiles::dashtam::{Dashtam, Event};
//!
//! let mut events = Client::<Dashtam>::new("/api/v1/events")
//!     .token(|_attempt| async { Some("secret".to_owned()) })
//!     .connect();
//! while let Some(item) = events.next().await {
//!     match item {
//!         Item::Event(event) => match event.data {
//!             Event::PortfolioBalanceUpdated(balance) => println!("{}", balance.new_balance),
//!             other => println!("{}", other.name()),
//!         },
//!         Item::Gap { .. } => println!("something may be missing: fetch it anew"),
//!         _ => {}
//!     }
//! }
//! # }
//! ```
//!
//! `Dashtam` is one of the built-in [`profiles`]; events of your own are a serde enum and one small
//! [`impl Profile`](profiles::Profile). Elsewhere the same code compiles, for a server that renders,
//! and connects nowhere.
//!
//! What lies below is pure, and runs anywhere:
//!
//! - [`wire`]: the event stream itself, both ways: bytes to messages, and back.
//! - [`profiles`]: what each kind of server speaks, as data, with typed payloads.
//! - [`filter`]: what is wanted, for the server and for here.
//! - [`connection`]: the life of a connection as a state machine without sockets and clocks.
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
//! For a client outside of the browser take an SSE crate over your HTTP client, or drive a
//! [`Connection`](connection::Connection) over it; for streams in both directions take WebSockets.
//!
//! # Features
//!
//! | feature | gives | brings |
//! |---|---|---|
//! | `client` (default) | `client`: a connection as a `Stream` of typed events; and the two below | `futures-core`, `wasm-bindgen-futures` |
//! | `browser` | what opens streams in a browser, without serde | `wasm-bindgen`, `js-sys`, `web-sys` |
//! | `payloads` | the types of the built-in profiles' payloads, and decoding into your own | `serde`, `serde_json` |
//! | `leptos` | `leptos`: hooks for Leptos 0.8 | `reactive_graph` |
//! | `yew` | `yew`: hooks for Yew 0.23 | `yew` |
//!
//! Features only add. Without any, what is left needs no std: the wire, the connection, and the
//! profiles as data.
//!
//! # Unsafe code
//!
//! One module has some, the search for the end of a line (`wire/scan.rs`): loads of sixteen bytes
//! out of a slice that has them, and bytes taken for text that were all seen to be ASCII. It is
//! tested against a slow twin. Everywhere else the compiler refuses it.
//!
//! # Which Rust
//!
//! 1.88 or later, of the edition 2024. A newer one is asked for in a minor version alone.

// Without std nothing of its panic machinery is in the npm package's module.
#![cfg_attr(not(any(test, feature = "payloads")), no_std)]
// On docs.rs each item says which feature it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

#[cfg(any(feature = "client", all(feature = "browser", target_arch = "wasm32")))]
mod address;
#[cfg(feature = "client")]
pub mod client;
pub mod connection;
mod digits;
// No part of the stable interface: a connection over one of the browser's doors.
#[cfg(all(feature = "browser", target_arch = "wasm32"))]
#[doc(hidden)]
pub mod driver;
// No part of the stable interface: the npm package's module is made with it.
#[doc(hidden)]
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
