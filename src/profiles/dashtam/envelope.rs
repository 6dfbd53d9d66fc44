//! The dictionary in which Dashtam stores and forwards an event.

use crate::profiles::{DecodeError, RawEvent};
use alloc::{
    borrow::ToOwned,
    boxed::Box,
    string::{String, ToString},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// An event as Dashtam keeps it: with its user and its time, neither of which is on the wire.
///
/// ```
/// use tidewire::profiles::dashtam::SseEvent;
///
/// let text = r#"{"event_id": "019c0a51-7d3e-7b11-9f42-6a1d5c2e8f70",
///     "event_type": "import.failed", "user_id": "5b0c6f4e-0b4f-4c6b-9c55-3c7f6d0a1e22",
///     "data": {"file_name": "a.qfx", "error": "empty"},
///     "occurred_at": "2026-01-27T10:00:00+00:00"}"#;
/// let event: SseEvent = serde_json::from_str(text)?;
/// assert_eq!(event.event.name(), "import.failed");
/// let back = serde_json::to_value(&event)?;
/// assert_eq!(back, serde_json::from_str::<serde_json::Value>(text)?);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Dict", into = "Dict")]
pub struct SseEvent {
    /// A UUID of version 7: the `id` on the wire.
    pub event_id: String,
    /// The type and its payload.
    pub event: super::Event,
    /// Whose event it is, a UUID. Never on the wire.
    pub user_id: String,
    /// When it happened, ISO 8601 with offset. Never on the wire.
    pub occurred_at: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Dict {
    event_id: String,
    event_type: String,
    user_id: String,
    data: Box<RawValue>,
    occurred_at: String,
}

impl TryFrom<Dict> for SseEvent {
    type Error = DecodeError;

    fn try_from(dict: Dict) -> Result<Self, DecodeError> {
        dict.event_type
            .parse::<super::EventType>()
            .map_err(|error| DecodeError::new(&dict.event_type, error.to_string()))?;
        Ok(SseEvent {
            event: RawEvent::new(&dict.event_type, dict.data.get()).decode()?,
            event_id: dict.event_id,
            user_id: dict.user_id,
            occurred_at: dict.occurred_at,
        })
    }
}

impl From<SseEvent> for Dict {
    fn from(event: SseEvent) -> Dict {
        let data = event.event.payload().and_then(RawValue::from_string);
        Dict {
            event_id: event.event_id,
            event_type: event.event.name().to_owned(),
            user_id: event.user_id,
            // Every payload is a struct of strings and integers, which cannot fail to serialise.
            data: data.unwrap_or_else(|_| RawValue::NULL.to_owned()),
            occurred_at: event.occurred_at,
        }
    }
}
