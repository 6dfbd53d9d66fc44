//! A connection as a `Stream` of typed events.
//!
//! [`Client`] has the options, [`Events`] is the stream, [`Handle`] acts on it from elsewhere, and
//! [`Status`] says how it is.
//!
//! It compiles anywhere, so that an application which renders on its server needs no second way of
//! writing: outside of the browser nothing connects, and the one item of the stream is the end,
//! with the reason [`Unsupported`](crate::connection::CloseReason::Unsupported).

mod buffer;
mod check;
mod connect;
mod events;
mod handle;
mod items;
mod link;
mod options;
mod queue;
pub(crate) mod shared;
mod status;
mod store;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
mod turn;

pub use buffer::{Buffer, Overflow};
pub use check::OptionsError;
pub use events::Events;
pub use handle::{FilterChange, Handle, Stats};
pub use items::{ClientError, Closed, Event, EventOf, GapReason, Item};
pub use options::{Attempt, Body, Client, Credentials, Failure, IdempotencyKey, Transport};
pub use status::{Gap, Status, StatusChanges};
pub use store::{CursorStore, SessionStore};
