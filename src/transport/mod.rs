//! The browser's two doors to an event stream.
//!
//! Both report to a [`Listener`](crate::engine::Listener) and are gone when they are dropped: the request is aborted, the
//! connection closed, and nothing more is reported.

mod event_source;
mod fetch;

pub(crate) use event_source::EventSourceTransport;
pub(crate) use fetch::{FetchRequest, FetchTransport};
