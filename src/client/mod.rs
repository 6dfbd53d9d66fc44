//! A connection as a `Stream` of typed events.
//!
//! [`Client`] has the options, [`Events`] is the stream, [`Handle`] acts on it from elsewhere, and
//! [`Status`] says how it is.
//!
//! It compiles anywhere, so that an application which renders on its server needs no second way of
//! writing: outside of the browser nothing connects, and the one item of the stream is the end,
//! with the reason [`Unsupported`](crate::connection::CloseReason::Unsupported).

mod events;
mod items;
mod link;
mod options;
mod queue;
#[cfg(any(feature = "leptos", feature = "yew"))]
pub(crate) mod shared;
mod status;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
#[cfg(any(feature = "leptos", feature = "yew"))]
mod turn;

pub use events::{Events, Handle};
pub use items::{ClientError, Closed, Event, EventOf, GapReason, Item};
pub use options::{Attempt, Body, Client, Credentials};
pub use status::{Gap, Status, StatusChanges};
