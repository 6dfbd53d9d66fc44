use alloc::borrow::Cow;
use alloc::{string::String, vec::Vec};
use core::fmt;

use super::scan::{self, Scanned};

/// Bytes of a stream that stand for text, decoded only when asked.
///
/// An event that a filter drops is never looked at as UTF-8. Invalid sequences become U+FFFD, as
/// many as the Encoding standard says. The standard decodes the whole stream before it looks for
/// lines; here each piece is decoded by itself, which gives the same text: all delimiters (CR, LF,
/// colon, space) are ASCII, and an ASCII byte always ends an unfinished sequence.
///
/// Whoever joins the bytes of several and decodes them together has to see to the seams: one piece
/// may end within a sequence that the next one would go on with, and two that are invalid become
/// one that is not. An ASCII byte between them, or an ASCII piece ([`is_ascii`](Self::is_ascii)) on
/// one side, keeps them apart. Of a [`Decoder`](super::Decoder)'s text there is never a CR in it,
/// and an LF in data alone, between its lines.
///
/// ```
/// use tidewire::wire::Text;
///
/// let text = Text::from(&b"caf\xC3\xA9 \xFF"[..]);
/// assert_eq!(text.to_str(), "café \u{FFFD}");
/// assert_eq!(text, *"café \u{FFFD}");
/// ```
#[derive(Clone, Copy, Default)]
pub struct Text<'a>(Scanned<'a>);

impl<'a> Text<'a> {
    /// The bytes as they came: not necessarily valid UTF-8.
    #[must_use]
    #[inline]
    pub fn as_bytes(self) -> &'a [u8] {
        self.0.bytes()
    }

    /// The text, borrowed if it is valid UTF-8, else with U+FFFD for what is not.
    #[must_use]
    #[inline]
    pub fn to_str(self) -> Cow<'a, str> {
        match self.0.known_str() {
            Some(text) => Cow::Borrowed(text),
            None => decoded(self.0.bytes()),
        }
    }

    /// The text, if it is known to be one without a look at its bytes.
    #[inline]
    pub(crate) fn known_str(self) -> Option<&'a str> {
        self.0.known_str()
    }

    /// Whether every byte is ASCII: then bytes, characters and UTF-16 units are as many. Of what a
    /// [`Decoder`](super::Decoder) hands out this is known already, and costs nothing if it is so.
    #[must_use]
    #[inline]
    pub fn is_ascii(self) -> bool {
        self.0.is_ascii()
    }

    /// Appends the bytes as they came.
    #[inline]
    pub fn append_to(self, to: &mut Vec<u8>) {
        scan::append(to, self.0.bytes());
    }

    /// Whether there is nothing in it.
    #[must_use]
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0.bytes().is_empty()
    }
}

impl<'a> From<&'a str> for Text<'a> {
    #[inline]
    fn from(text: &'a str) -> Self {
        Text(Scanned::of_str(text))
    }
}

impl<'a> From<&'a [u8]> for Text<'a> {
    #[inline]
    fn from(bytes: &'a [u8]) -> Self {
        Text(Scanned::of_bytes(bytes))
    }
}

impl<'a> From<Scanned<'a>> for Text<'a> {
    #[inline]
    fn from(bytes: Scanned<'a>) -> Self {
        Text(bytes)
    }
}

/// Most text is valid, and to see that is several times faster than to look for what is not.
#[cfg(any(not(target_arch = "wasm32"), feature = "browser"))]
#[cold]
#[inline(never)]
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    #[cfg(not(target_arch = "wasm32"))]
    let valid = simdutf8::basic::from_utf8(bytes).ok();
    #[cfg(target_arch = "wasm32")]
    let valid = core::str::from_utf8(bytes).ok();
    match valid {
        Some(text) => Cow::Borrowed(text),
        None => String::from_utf8_lossy(bytes),
    }
}

/// In the npm package, JavaScript decodes all but ids and unknown names: what is short and seldom
/// more than ASCII is not worth a second way through it.
#[cfg(all(target_arch = "wasm32", not(feature = "browser")))]
#[cold]
#[inline(never)]
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text += chunk.valid();
        if !chunk.invalid().is_empty() {
            text += "\u{FFFD}";
        }
    }
    text.into()
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_str())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.to_str(), f)
    }
}

/// Equal as text: an invalid byte equals the U+FFFD that it becomes.
impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes() || self.to_str() == other.to_str()
    }
}

impl Eq for Text<'_> {}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes() || self.to_str() == other
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_text_is_borrowed() {
        assert!(matches!(Text::from("é").to_str(), Cow::Borrowed("é")));
    }

    #[test]
    fn each_maximal_part_of_a_cut_sequence_becomes_one_replacement_character() {
        let cut = Text::from(&b"\xF0\x9F\x98|\xE2\x82|\xC0\x80"[..]);
        assert_eq!(cut.to_str(), "\u{FFFD}|\u{FFFD}|\u{FFFD}\u{FFFD}");
    }

    #[test]
    fn text_compares_and_prints_as_what_it_decodes_to() {
        let bad = Text::from(&b"a\xFF"[..]);
        assert_eq!(bad, "a\u{FFFD}");
        assert_eq!(bad, Text::from("a\u{FFFD}"));
        assert_ne!(bad, "a");
        assert_eq!(format!("{bad:>3}|{bad:?}"), " a\u{FFFD}|\"a\u{FFFD}\"");
    }
}
