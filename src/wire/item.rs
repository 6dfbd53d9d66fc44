use crate::digits::{digits, joined};
use alloc::string::String;
use core::fmt;

use super::text::Text;

/// What comes out of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// An event with data: what the standard dispatches.
    Message(Message<'a>),
    /// A comment line, without its colon and one space after it. It may stand between the lines of
    /// an event. Servers send comments to show that the connection lives.
    Comment(Text<'a>),
    /// The server's reconnection time in milliseconds, saturating. It holds from the end of its
    /// line, even if the event that it stands in is never finished.
    Retry(u64),
    /// An event without data but with an ID ended. Nothing is dispatched, yet
    /// [`Decoder::last_event_id`](super::Decoder::last_event_id) is that ID now.
    Id,
}

/// An event with data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The value of the `event` field, empty if there was none. See [`Message::event_type`].
    pub event: Text<'a>,
    /// The values of the `data` fields, joined with LF.
    pub data: Text<'a>,
    /// The last event ID, set by this event or by one before it.
    pub last_event_id: &'a str,
    /// Whether this very event set the last event ID.
    pub has_id: bool,
}

impl<'a> Message<'a> {
    /// The type that the event is dispatched with: `message` unless the server named one.
    #[must_use]
    #[inline]
    pub fn event_type(&self) -> Text<'a> {
        if self.event.is_empty() {
            Text::from("message")
        } else {
            self.event
        }
    }
}

/// An event, or a single line, did not end within the limit.
///
/// The rest of the stream cannot be understood: its reader should close it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventTooLarge {
    /// The decoder's limit in bytes.
    pub limit: usize,
}

impl EventTooLarge {
    /// The text, without the formatting machinery, which a small module does not have.
    pub(crate) fn message(self) -> String {
        let limit = digits(self.limit as u64);
        joined(&[
            "an event of the stream is larger than the limit of ",
            &limit,
            " bytes",
        ])
    }
}

impl fmt::Display for EventTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl core::error::Error for EventTooLarge {}
