//! From an event to the frame in which its service sends it.

use super::{Discriminator, Payload, Spec, json};
use crate::wire;
use alloc::borrow::Cow;
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};

/// One event on the wire, before it is bytes.
///
/// What is in it is the service's; how the JSON is spaced and escaped is not, since every JSON
/// parser reads both.
///
/// ```
/// use tidewire::profiles::{NoMeta, dashtam};
/// use tidewire::wire::LineEnding;
///
/// let event = dashtam::Event::SecurityLoginFailed(dashtam::LoginFailed {
///     reason: "wrong password".to_owned(),
/// });
/// let frame = event.frame(&NoMeta {})?.with_id("019c0a51-7d3e-7b11-9f42-6a1d5c2e8f70");
/// let mut out = Vec::new();
/// frame.as_event().encode(LineEnding::Lf, &mut out)?;
/// assert_eq!(
///     String::from_utf8(out)?,
///     "id: 019c0a51-7d3e-7b11-9f42-6a1d5c2e8f70\nevent: security.login.failed\n\
///      data: {\"reason\":\"wrong password\"}\n\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// The `id` field.
    pub id: Option<String>,
    /// The `event` field.
    pub event: Option<String>,
    /// The data.
    pub data: String,
}

impl Frame {
    /// The frame of an event of this name and payload; both as text, the payload in the
    /// profile's format. `meta` is a JSON object whose members stand around the payload, where
    /// the profile has an envelope.
    ///
    /// # Errors
    /// When the name has to stand in a payload that is no object, or that says another.
    pub fn new(spec: &Spec, name: &str, payload: &str, meta: &str) -> Result<Frame, FrameError> {
        let event = match spec.discriminator {
            // An unnamed event is a `message`.
            Discriminator::Event if name != "message" => Some(name.to_owned()),
            _ => None,
        };
        let wrong = |what: &str| FrameError::new(name, what);
        let mut data = match &spec.payload {
            Payload::Whole => Cow::Borrowed(payload),
            Payload::Field(field) => {
                let members = members(meta).ok_or_else(|| wrong("the envelope is no object"))?;
                let separator = if members.is_empty() { "" } else { "," };
                Cow::Owned(format!(
                    "{{{members}{separator}{}:{payload}}}",
                    quoted(field)
                ))
            }
        };
        if let Discriminator::Field(field) = &spec.discriminator {
            match json::member(data.as_bytes(), field).map(json::unquoted) {
                Some(Some(said)) if *said == *name.as_bytes() => {}
                Some(_) => return Err(wrong(&format!("its '{field}' says another type"))),
                None => {
                    let members =
                        members(&data).ok_or_else(|| wrong("the payload is no object"))?;
                    let separator = if members.is_empty() { "" } else { "," };
                    data = Cow::Owned(format!(
                        "{{{}:{}{separator}{members}}}",
                        quoted(field),
                        quoted(name)
                    ));
                }
            }
        }
        Ok(Frame {
            id: None,
            event,
            data: data.into_owned(),
        })
    }

    /// The mark that ends the stream, for profiles that have one.
    ///
    /// ```
    /// use tidewire::profiles::{Frame, stock_agent};
    /// let end = Frame::end(&stock_agent::spec()).unwrap();
    /// assert_eq!(end.data, "[DONE]");
    /// ```
    pub fn end(spec: &Spec) -> Option<Frame> {
        spec.end.as_ref().map(|end| Frame {
            data: end.to_string(),
            ..Frame::default()
        })
    }

    /// The same with an id.
    pub fn with_id(self, id: impl Into<String>) -> Frame {
        Frame {
            id: Some(id.into()),
            ..self
        }
    }

    /// The fields, to be written to a stream.
    pub fn as_event(&self) -> wire::Event<'_> {
        wire::Event {
            id: self.id.as_deref(),
            event: self.event.as_deref(),
            retry: None,
            data: Some(&self.data),
        }
    }
}

/// Why an event cannot be put into a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameError {
    event: String,
    message: String,
}

impl FrameError {
    /// An error about an event of this name.
    pub fn new(event: &str, message: impl Into<String>) -> Self {
        FrameError {
            event: event.to_owned(),
            message: message.into(),
        }
    }
}

impl core::fmt::Display for FrameError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "cannot send '{}': {}", self.event, self.message)
    }
}

impl core::error::Error for FrameError {}

/// What stands between the braces of an object.
fn members(object: &str) -> Option<&str> {
    let inner = object.trim().strip_prefix('{')?.strip_suffix('}')?;
    Some(inner.trim())
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::{hive, plain, stock_agent};

    #[test]
    fn the_type_goes_to_the_top_of_the_data() {
        let spec = stock_agent::spec();
        let frame = Frame::new(&spec, "chunk", r#"{"content":"a"}"#, "{}").unwrap();
        assert_eq!(frame.data, r#"{"type":"chunk","content":"a"}"#);
        assert_eq!(frame.event, None);
        let frame = Frame::new(&spec, "ping", " { } ", "{}").unwrap();
        assert_eq!(frame.data, r#"{"type":"ping"}"#);
    }

    #[test]
    fn the_envelope_stands_around_the_payload() {
        let frame = Frame::new(
            &hive::spec(),
            "custom",
            r#"{"type":"inner"}"#,
            r#"{"seq":1}"#,
        );
        assert_eq!(
            frame.unwrap().data,
            r#"{"type":"custom","seq":1,"data":{"type":"inner"}}"#
        );
    }

    #[test]
    fn an_unknown_event_that_says_its_type_already_says_it_once() {
        let payload = r#"{"type":"later","x":1}"#;
        let frame = Frame::new(&stock_agent::spec(), "later", payload, "{}").unwrap();
        assert_eq!(frame.data, payload);
    }

    #[test]
    fn what_cannot_be_said_is_refused_by_name() {
        let spec = stock_agent::spec();
        let error = Frame::new(&spec, "chunk", r#"{"type":"result"}"#, "{}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot send 'chunk': its 'type' says another type"
        );
        let error = Frame::new(&spec, "chunk", "[1]", "{}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot send 'chunk': the payload is no object"
        );
    }

    #[test]
    fn an_event_that_is_a_message_needs_no_name() {
        let frame = Frame::new(&plain::spec(), "message", "text", "").unwrap();
        assert_eq!((frame.event, &*frame.data), (None, "text"));
        let frame = Frame::new(&plain::spec(), "tick", "1", "").unwrap();
        assert_eq!(frame.event.as_deref(), Some("tick"));
    }
}
