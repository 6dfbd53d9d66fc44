use crate::digits::saturating_number;

/// What a line of an event stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Blank,
    Comment,
    Data,
    Event,
    Id,
    Retry,
    /// A field that the standard does not know: "the field is ignored".
    Unknown,
}

// The starts of names, each compared at once.
const DATA: u32 = u32::from_le_bytes(*b"data");
const EVEN: u32 = u32::from_le_bytes(*b"even");
const RETR: u32 = u32::from_le_bytes(*b"retr");
const ID: u32 = u32::from_le_bytes(*b"id:\0");

/// Tells what a line is, and its value, which is the line's end.
#[inline]
pub(super) fn classify(line: &[u8]) -> (Kind, &[u8]) {
    // Names are compared as they are: a colon that is not where the name ends makes another name.
    let word = |line: &[u8]| line.first_chunk().map(|word| u32::from_le_bytes(*word));
    let (kind, name) = match word(line) {
        Some(DATA) => (Kind::Data, 4),
        Some(EVEN) if line.get(4) == Some(&b't') => (Kind::Event, 5),
        Some(RETR) if line.get(4) == Some(&b'y') => (Kind::Retry, 5),
        _ => match line {
            [] => return (Kind::Blank, line),
            [b':', ..] => (Kind::Comment, 0),
            [b'i', b'd', ..] => (Kind::Id, 2),
            _ => return (Kind::Unknown, &[]),
        },
    };
    let rest = line.get(name..).unwrap_or_default();
    match rest {
        // "If value starts with a U+0020 SPACE character, remove it from value."
        [b':', b' ', value @ ..] | [b':', value @ ..] => (kind, value),
        // "Otherwise … using the whole line as the field name, and the empty string as the value."
        [] => (kind, rest),
        _ => (Kind::Unknown, &[]),
    }
}

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Data,
    Event,
    Id,
}

/// How such a line begins as nearly everybody writes it, in a word of eight bytes.
const USUAL: [(Field, &[u8]); 3] = [
    (Field::Data, b"data: "),
    (Field::Event, b"event: "),
    (Field::Id, b"id: "),
];

impl Field {
    /// Tells what a line is by its first eight bytes, or what follows it, and where its value
    /// begins, if it is written as nearly everybody does. What it begins with is then there as a
    /// whole, for it has no line end.
    #[inline]
    pub(super) fn of_word(word: u64) -> Option<(Self, usize)> {
        for (field, start) in USUAL {
            let (usual, mask) = const_word(start);
            if word & mask == usual {
                return Some((field, start.len()));
            }
        }
        None
    }

    /// Tells what a line is and where its value begins, if it is one of a message, with a colon.
    #[inline]
    pub(super) fn usual(line: &[u8]) -> Option<(Self, usize)> {
        let word = u32::from_le_bytes(*line.first_chunk()?);
        let (field, colon) = match word {
            DATA => (Field::Data, 4),
            EVEN if line.get(4) == Some(&b't') => (Field::Event, 5),
            _ if word & 0xFF_FFFF == ID => {
                let space = usize::from(word >> 24 == u32::from(b' '));
                return Some((Field::Id, 3 + space));
            }
            _ => return None,
        };
        match line.get(colon..)? {
            [b':', b' ', ..] => Some((field, colon + 2)),
            [b':', ..] => Some((field, colon + 1)),
            _ => None,
        }
    }
}

/// Up to eight bytes as a word, and the bits of it that they take.
const fn const_word(bytes: &[u8]) -> (u64, u64) {
    let (mut word, mut mask, mut at) = (0, 0, 0);
    while at < bytes.len() {
        word |= (bytes[at] as u64) << (8 * at);
        mask |= 0xFF << (8 * at);
        at += 1;
    }
    (word, mask)
}

/// "If the field value consists of only ASCII digits": their value, saturating; else `None`.
///
/// An empty value is no number either; browsers ignore it too.
pub(super) fn reconnection_time(value: &[u8]) -> Option<u64> {
    saturating_number(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> (Kind, &str) {
        let (kind, value) = classify(line.as_bytes());
        (kind, &line[line.len() - value.len()..])
    }

    #[test]
    fn a_name_ends_at_the_first_colon_and_one_space_after_it_is_dropped() {
        assert_eq!(split("data:x"), (Kind::Data, "x"));
        assert_eq!(split("data: x"), (Kind::Data, "x"));
        assert_eq!(split("data:  x"), (Kind::Data, " x"));
        assert_eq!(split("data::x"), (Kind::Data, ":x"));
        assert_eq!(split("event:\tx"), (Kind::Event, "\tx"));
        assert_eq!(split("retry: 1"), (Kind::Retry, "1"));
        assert_eq!(split("id: 1"), (Kind::Id, "1"));
    }

    #[test]
    fn a_line_without_a_colon_is_a_name_with_an_empty_value() {
        for (line, kind) in [
            ("data", Kind::Data),
            ("event", Kind::Event),
            ("id", Kind::Id),
            ("retry", Kind::Retry),
        ] {
            assert_eq!(split(line), (kind, ""));
        }
    }

    #[test]
    fn a_name_must_match_to_the_letter() {
        for line in [
            "Data: x",
            "data : x",
            " data: x",
            "dat: x",
            "datax: x",
            "ids",
            "idx:1",
            "events: x",
            "\u{FEFF}data: x",
        ] {
            assert_eq!(split(line).0, Kind::Unknown, "{line:?}");
        }
    }

    #[test]
    fn a_line_that_starts_with_a_colon_is_a_comment() {
        assert_eq!(split(": ping"), (Kind::Comment, "ping"));
        assert_eq!(split(":data: x"), (Kind::Comment, "data: x"));
        assert_eq!(split(":"), (Kind::Comment, ""));
    }

    #[test]
    fn a_reconnection_time_is_digits_only_and_saturates() {
        assert_eq!(reconnection_time(b"0030"), Some(30));
        assert_eq!(reconnection_time(b"18446744073709551616"), Some(u64::MAX));
        for bad in ["", " 1", "1 ", "+1", "-1", "1.0", "1e3", "0x1", "\u{0663}"] {
            assert_eq!(reconnection_time(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
