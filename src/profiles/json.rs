//! As much of JSON as is needed before a payload is parsed: the discriminator, the payload's
//! place, and what must be mended in other people's text. No tree, no allocation on the way.

use crate::digits::number;
use alloc::borrow::Cow;
use alloc::{string::String, vec::Vec};
use core::slice;

use crate::wire::find_either;

/// The text of the top-level member `key` of a JSON object; `None` if the text is no object or
/// has no such member. What is nested is skipped: `{"data": {"type": "x"}, "type": "y"}` has the
/// `type` `"y"`. The first of equal keys counts.
///
/// ```
/// use tidewire::profiles::json;
/// let text = br#"{"data": {"type": "x"}, "type": "y"}"#;
/// assert_eq!(json::member(text, "type"), Some(&br#""y""#[..]));
/// ```
pub fn member<'a>(text: &'a [u8], key: &str) -> Option<&'a [u8]> {
    let mut at = Cursor { text, at: 0 };
    at.space();
    at.take(b'{')?;
    at.space();
    if at.take(b'}').is_some() {
        return None;
    }
    loop {
        let name = at.string()?;
        at.space();
        at.take(b':')?;
        at.space();
        let value = at.value()?;
        if unquoted(name).is_some_and(|name| *name == *key.as_bytes()) {
            return Some(value);
        }
        at.space();
        at.take(b',')?;
        at.space();
    }
}

/// What a JSON string says, as UTF-8; `None` if the text is no string.
///
/// ```
/// use tidewire::profiles::json;
/// assert_eq!(json::unquoted(br#""t\u0079pe""#).as_deref(), Some(&b"type"[..]));
/// ```
pub fn unquoted(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    let inner = text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if find_either(b'\\', b'\\', inner).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    let mut out = Vec::new();
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match *bytes.next()? {
                b'u' => {
                    let character = escaped_character(&mut bytes)?;
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    continue;
                }
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                other => other,
            },
            other => other,
        });
    }
    Some(Cow::Owned(out))
}

/// The character whose code follows, in one unit of UTF-16 or two.
fn escaped_character(bytes: &mut slice::Iter<'_, u8>) -> Option<char> {
    let mut unit = hex4(bytes.as_slice())?;
    bytes.nth(3);
    if (0xD800..0xDC00).contains(&unit)
        && let Some(low) = bytes.as_slice().strip_prefix(b"\\u").and_then(hex4)
        && (0xDC00..0xE000).contains(&low)
    {
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        bytes.nth(5);
    }
    Some(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// The number that a JSON value is; `None` if it is no whole number that fits.
pub fn whole_number(text: &[u8]) -> Option<u64> {
    number(text)
}

/// Escapes line breaks that stand raw inside of JSON strings. Between the strings they are white
/// space, and stay.
///
/// ```
/// use tidewire::profiles::json;
/// assert_eq!(json::with_escaped_line_breaks(b"{\n\"a\":\"b\nc\"}").as_ref(), b"{\n\"a\":\"b\\nc\"}");
/// ```
pub fn with_escaped_line_breaks(text: &[u8]) -> Cow<'_, [u8]> {
    if find_either(b'\n', b'\n', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len() + 16);
    let mut inside = false;
    let mut escaped = false;
    for &byte in text {
        if inside && byte == b'\n' {
            out.extend_from_slice(b"\\n");
            escaped = false;
            continue;
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ => {}
        }
        out.push(byte);
    }
    Cow::Owned(out)
}

/// Writes `null` for Python's `NaN`, `Infinity` and `-Infinity`, which its `json` module emits
/// and JSON does not have. Inside of strings they stay.
///
/// ```
/// use tidewire::profiles::json;
/// assert_eq!(json::without_python_constants(r#"[NaN, "NaN"]"#), r#"[null, "NaN"]"#);
/// ```
pub fn without_python_constants(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut kept = 0;
    let mut at = Cursor {
        text: text.as_bytes(),
        at: 0,
    };
    while at.at < text.len() {
        let rest = &text.as_bytes()[at.at..];
        let constant = ["NaN", "Infinity", "-Infinity"]
            .into_iter()
            .find(|constant| rest.starts_with(constant.as_bytes()));
        match constant {
            Some(constant) => {
                out.push_str(&text[kept..at.at]);
                out.push_str("null");
                at.at += constant.len();
                kept = at.at;
            }
            None if rest[0] == b'"' => {
                if at.string().is_none() {
                    break;
                }
            }
            None => at.at += 1,
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

fn hex4(text: &[u8]) -> Option<u32> {
    text.get(..4)?.iter().try_fold(0, |number, &digit| {
        Some(number << 4 | char::from(digit).to_digit(16)?)
    })
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// The string that begins here, with its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        self.take(b'"')?;
        loop {
            let rest = &self.text[self.at..];
            let found = find_either(b'"', b'\\', rest)?;
            self.at += found + 1;
            if rest[found] == b'"' {
                return Some(&self.text[start..self.at]);
            }
            // What is escaped is one byte at the least; a `\u` has no quote in it.
            self.peek()?;
            self.at += 1;
        }
    }

    /// The value that begins here.
    fn value(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        match self.peek()? {
            b'"' => return self.string(),
            b'{' | b'[' => {
                let mut depth = 0usize;
                loop {
                    match self.peek()? {
                        b'"' => {
                            self.string()?;
                            continue;
                        }
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    self.at += 1;
                    if depth == 0 {
                        break;
                    }
                }
            }
            _ => {
                while !matches!(
                    self.peek(),
                    None | Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t')
                ) {
                    self.at += 1;
                }
            }
        }
        (self.at > start).then(|| &self.text[start..self.at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(json: &'a str, key: &str) -> Option<&'a str> {
        member(json.as_bytes(), key).map(|value| std::str::from_utf8(value).unwrap())
    }

    #[test]
    fn a_member_is_found_behind_anything_that_is_nested() {
        let json = r#" { "a" : [ {"type":"no"} , "]}" ] ,"b":-1.5e3,"c":"\"}","type":"yes"} "#;
        assert_eq!(text(json, "type"), Some(r#""yes""#));
        assert_eq!(text(json, "b"), Some("-1.5e3"));
        assert_eq!(text(json, "a"), Some(r#"[ {"type":"no"} , "]}" ]"#));
        assert_eq!(text(json, "d"), None);
    }

    #[test]
    fn what_is_no_object_has_no_member() {
        for json in [
            "",
            "[DONE]",
            "null",
            "\"type\"",
            "{",
            "{\"type\"",
            "{\"type\":",
            "{}",
            "{\"type\":}",
        ] {
            assert_eq!(text(json, "type"), None, "{json}");
        }
    }

    #[test]
    fn an_escaped_key_is_the_key_it_says() {
        assert_eq!(text(r#"{"t\u0079pe":1}"#, "type"), Some("1"));
    }

    #[test]
    fn a_surrogate_pair_is_one_character_and_half_a_pair_a_replacement() {
        assert_eq!(
            unquoted(br#""\ud83d\ude00""#).unwrap().as_ref(),
            "😀".as_bytes()
        );
        assert_eq!(
            unquoted(br#""\ud83d!""#).unwrap().as_ref(),
            "\u{fffd}!".as_bytes()
        );
        assert_eq!(unquoted(br#""\u12"#), None);
    }

    #[test]
    fn an_escaped_quote_does_not_end_the_string_that_is_mended() {
        let mended = with_escaped_line_breaks(b"{\"a\":\"\\\"x\ny\\\\\",\n\"b\":\"\n\"}");
        assert_eq!(
            mended.as_ref(),
            b"{\"a\":\"\\\"x\\ny\\\\\",\n\"b\":\"\\n\"}"
        );
    }

    #[test]
    fn constants_of_python_become_null_outside_of_strings_alone() {
        let mended = without_python_constants(r#"{"a":-Infinity,"b":"Infinity \" NaN","c":[NaN]}"#);
        assert_eq!(mended, r#"{"a":null,"b":"Infinity \" NaN","c":[null]}"#);
    }
}
