//! The URL with the query that the options and the filter add.

use alloc::{borrow::ToOwned, string::String};

/// The URL with these parameters at the end of its query.
pub(crate) fn with_query(url: &str, query: &[(String, String)]) -> String {
    let (base, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let mut out = base.to_owned();
    for (name, value) in query {
        out.push(if out.contains('?') { '&' } else { '?' });
        escape(name, &mut out);
        out.push('=');
        escape(value, &mut out);
    }
    out + fragment
}

/// Percent-encodes all but what a query may hold as it is; commas and colons stay legible.
pub(crate) fn escape(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b',' | b':' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::with_query;

    #[test]
    fn parameters_stand_behind_those_of_the_url_and_before_its_fragment() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let query = [pair("q", "a b&c"), pair("ü", "1")];
        assert_eq!(with_query("/x#top", &query), "/x?q=a%20b%26c&%C3%BC=1#top");
        assert_eq!(with_query("/x?y", &query[..1]), "/x?y&q=a%20b%26c");
        assert_eq!(with_query("/x", &[]), "/x");
    }
}
