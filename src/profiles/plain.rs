//! Any other event stream: named or unnamed events whose data is text, or JSON on request.
//!
//! ```
//! use tidewire::profiles::plain::{Event, Plain};
//! use tidewire::profiles::{Profile, RawEvent};
//!
//! let unnamed = RawEvent::new("message", "12:00").as_text();
//! assert_eq!(Plain::decode(&unnamed)?, Event::Message("12:00".to_owned()));
//! let named = RawEvent::new_unknown("tick", "12:00").as_text();
//! assert_eq!(Plain::decode(&named)?.name(), "tick");
//! # Ok::<(), tidewire::profiles::DecodeError>(())
//! ```

use super::{Auth, Cursor, Format, Identity, Recovery, Spec};
use alloc::borrow::Cow;

profile! {
    /// Any other event stream. Events without a name are `message`s; every other name is unknown
    /// to the profile, and welcome.
    Plain = "plain";
    meta: super::NoMeta;
    categories {
        /// Everything.
        Message = "message",
    }
    events {
        /// An event without a name.
        Message(Text) = "message" in Message;
    }
}

/// What the connection, the filter and the driver know of a plain stream.
pub fn spec() -> Spec {
    Spec {
        categories: Cow::Borrowed(CATEGORIES),
        events: Cow::Borrowed(EVENTS),
        format: Format::Text,
        open: true,
        cursor: Cursor::Header,
        auth: Auth::Bearer,
        identity: Identity::None,
        recovery: Recovery::Cursor,
        retry: 3_000,
        ..Spec::new("plain")
    }
}

/// The data as it came.
#[cfg(feature = "payloads")]
pub type Text = String;
