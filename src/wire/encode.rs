use alloc::{string::ToString, vec::Vec};
use core::error::Error;
use core::fmt;

/// An event to be written to a stream.
///
/// ```
/// use tidewire::wire::{Event, LineEnding};
///
/// let mut out = Vec::new();
/// Event { id: Some("7"), event: Some("tick"), retry: None, data: Some("a\r\nb") }
///     .encode(LineEnding::Lf, &mut out)?;
/// assert_eq!(out, b"id: 7\nevent: tick\ndata: a\ndata: b\n\n");
///
/// // A type cannot smuggle in a line of its own.
/// let smuggler = Event { event: Some("tick\ndata: forged"), ..Event::default() };
/// let error = smuggler.encode(LineEnding::Lf, &mut out).unwrap_err();
/// assert_eq!(error.to_string(), "the event field must not contain LF (at byte 4)");
/// # Ok::<(), tidewire::wire::EncodeError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event<'a> {
    /// The new last event ID. Empty is not the same as none: it makes clients forget theirs.
    pub id: Option<&'a str>,
    /// The event's type; without one, or with an empty one, it is a `message`.
    pub event: Option<&'a str>,
    /// The reconnection time in milliseconds.
    pub retry: Option<u64>,
    /// The data, possibly empty; CR, LF and CRLF in it all arrive as LF. Without data nothing is
    /// dispatched, but `id` and `retry` take effect.
    pub data: Option<&'a str>,
}

impl Event<'_> {
    /// Writes the fields in the order id, event, retry, data, and the blank line that ends them.
    ///
    /// # Errors
    ///
    /// If `id` or `event` contains CR or LF, or `id` contains NUL, which makes clients ignore it.
    /// Nothing is written then.
    pub fn encode(&self, ending: LineEnding, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        refuse(NamedField::Id, self.id, &['\r', '\n', '\0'])?;
        refuse(NamedField::Event, self.event, &['\r', '\n'])?;
        let mut field = |name: &str, value: &str| {
            for part in [name, ": ", value, ending.as_str()] {
                out.extend_from_slice(part.as_bytes());
            }
        };
        if let Some(id) = self.id {
            field("id", id);
        }
        if let Some(event) = self.event {
            field("event", event);
        }
        if let Some(retry) = self.retry {
            field("retry", &retry.to_string());
        }
        if let Some(data) = self.data {
            lines(data).for_each(|line| field("data", line));
        }
        out.extend_from_slice(ending.as_str().as_bytes());
        Ok(())
    }
}

/// Writes a comment and a blank line; a comment of several lines becomes several comments.
///
/// The blank line is for readers that wait for one before they look. It would end an event, so
/// comments go between events.
///
/// ```
/// use tidewire::wire::{LineEnding, encode_comment};
///
/// let mut out = Vec::new();
/// encode_comment("keep-alive", LineEnding::CrLf, &mut out);
/// assert_eq!(out, b": keep-alive\r\n\r\n");
/// ```
pub fn encode_comment(text: &str, ending: LineEnding, out: &mut Vec<u8>) {
    for line in lines(text) {
        for part in [": ", line, ending.as_str()] {
            out.extend_from_slice(part.as_bytes());
        }
    }
    out.extend_from_slice(ending.as_str().as_bytes());
}

/// What ends the lines that are written. Decoders read all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnding {
    /// `\n`, the usual one.
    #[default]
    Lf,
    /// `\r\n`, as Python's sse-starlette writes.
    CrLf,
    /// `\r`, rare but legal.
    Cr,
}

impl LineEnding {
    /// The characters themselves.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
        }
    }
}

/// A field whose value has to be a single line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedField {
    /// The `id` field.
    Id,
    /// The `event` field.
    Event,
}

impl fmt::Display for NamedField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "id",
            Self::Event => "event",
        })
    }
}

/// A value that would have broken out of its field, or would be ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeError {
    /// The field that was to have the value.
    pub field: NamedField,
    /// The offending character: CR, LF or NUL.
    pub character: char,
    /// The index of that character's byte in the value.
    pub position: usize,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.character {
            '\r' => "CR",
            '\n' => "LF",
            _ => "NUL",
        };
        write!(
            f,
            "the {} field must not contain {name} (at byte {})",
            self.field, self.position
        )
    }
}

impl Error for EncodeError {}

fn refuse(field: NamedField, value: Option<&str>, forbidden: &[char]) -> Result<(), EncodeError> {
    let found = value.and_then(|value| value.char_indices().find(|(_, c)| forbidden.contains(c)));
    found.map_or(Ok(()), |(position, character)| {
        Err(EncodeError {
            field,
            character,
            position,
        })
    })
}

/// Splits as a decoder will: at CRLF, CR and LF. The empty text is one empty line.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\r', '\n']) else {
            rest = None;
            return Some(text);
        };
        let ending = if text[end..].starts_with("\r\n") {
            2
        } else {
            1
        };
        rest = Some(&text[end + ending..]);
        Some(&text[..end])
    })
}
