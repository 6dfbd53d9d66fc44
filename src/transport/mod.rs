//! The browser's two doors to an event stream.
//!
//! Both report to a [`Listener`] and are gone when they are dropped: the request is aborted, the
//! connection closed, and nothing more is reported.

mod event_source;
mod fetch;

pub(crate) use event_source::EventSourceTransport;
pub(crate) use fetch::{FetchRequest, FetchTransport, other_origin_note};

use crate::connection::Response;
use alloc::string::String;
use js_sys::Uint8Array;

/// What a transport tells.
pub(crate) enum News {
    /// The head of a refusal is there, and this much of its body so far.
    Refused(Response, String),
    /// The head is there; of a refusal also the start of the body.
    Response(Response, String),
    /// Some bytes.
    Chunk(Uint8Array),
    /// An event, decoded by the browser.
    Message {
        name: String,
        data: String,
        last_event_id: String,
    },
    /// The body ended.
    Ended,
    /// The request or the stream failed.
    Failed(String),
}

/// Who is told. The number says which transport it was, so that late news of an earlier one can
/// be told apart.
pub(crate) trait Listener {
    fn news(&self, transport: u32, news: News);
    /// Whether this head begins an event stream; if not, the body's start is read.
    fn is_stream(&self, response: &Response) -> bool;
}
