//! One message as the service's serializer writes it.

use serde_json::Value;

use crate::python_json::{self, Style};

/// The place in an event object and what is wrong there.
pub(super) type Problem = (&'static str, &'static str);

/// Whether `event` can be written.
pub(super) fn check(event: &Value) -> Result<(), Problem> {
    let members = match event {
        Value::String(_) => return Ok(()),
        Value::Object(members) => members,
        _ => return Err(("", "neither an event object nor a text")),
    };
    let is_line = |value: &Value| {
        value.is_null()
            || value
                .as_str()
                .is_some_and(|text| !text.contains(['\n', '\r']))
    };
    if !members.get("event").is_none_or(is_line) {
        return Err((".event", "not a text of one line"));
    }
    if !members.get("id").is_none_or(is_line) {
        return Err((".id", "not a text of one line"));
    }
    if !members
        .get("retry")
        .is_none_or(|retry| retry.is_null() || retry.is_u64())
    {
        return Err((".retry", "not a whole number of milliseconds"));
    }
    if !members.contains_key("data") {
        return Err((".data", "missing"));
    }
    Ok(())
}

/// `id`, `event`, `retry`, then the payload.
///
/// The service splits the JSON text with Python's `splitlines`, which knows
/// more line ends than the standard does; where such a character stands in a
/// string, the string is torn over two `data` lines and is no JSON any more.
pub(super) fn encode(event: &Value, split_separators: bool) -> String {
    let mut frame = String::new();
    let (text, splits) = match event {
        Value::String(text) => (text.clone(), true),
        event => {
            if let Some(id) = event["id"].as_str() {
                frame.push_str(&format!("id: {id}\n"));
            }
            if let Some(name) = event["event"].as_str().filter(|name| !name.is_empty()) {
                frame.push_str(&format!("event: {name}\n"));
            }
            // `if retry:` drops a 0.
            if let Some(retry) = event["retry"].as_u64().filter(|retry| *retry > 0) {
                frame.push_str(&format!("retry: {retry}\n"));
            }
            (
                python_json::to_string(&event["data"], Style::Compact),
                split_separators,
            )
        }
    };
    let lines = if splits {
        splitlines(&text)
    } else {
        vec![text.as_str()]
    };
    for line in lines {
        frame.push_str(&format!("data: {line}\n"));
    }
    frame.push('\n');
    frame
}

/// Python's `str.splitlines()`.
fn splitlines(text: &str) -> Vec<&str> {
    const LINE_ENDS: [char; 10] = [
        '\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}',
        '\u{2029}',
    ];
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find(LINE_ENDS) {
        lines.push(&rest[..end]);
        let after = &rest[end..];
        let width = if after.starts_with("\r\n") {
            2
        } else {
            after.chars().next().map_or(0, char::len_utf8)
        };
        rest = &after[width..];
    }
    // No empty line after the last line end.
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_come_in_the_order_id_event_retry_data() {
        let event = json!({"data": {"stage_id": "s"}, "retry": 10, "event": "done", "id": "1"});
        assert_eq!(
            encode(&event, true),
            "id: 1\nevent: done\nretry: 10\ndata: {\"stage_id\":\"s\"}\n\n"
        );
    }

    #[test]
    fn what_is_null_or_nought_has_no_line() {
        let event = json!({"event": "done", "id": null, "retry": 0, "data": {}});
        assert_eq!(encode(&event, true), "event: done\ndata: {}\n\n");
    }

    #[test]
    fn a_separator_in_a_string_tears_the_json_unless_switched_off() {
        let event = json!({"data": "a\u{2028}b\u{85}c"});
        assert_eq!(encode(&event, true), "data: \"a\ndata: b\ndata: c\"\n\n");
        assert_eq!(encode(&event, false), "data: \"a\u{2028}b\u{85}c\"\n\n");
    }

    #[test]
    fn lines_are_split_as_python_splits_them() {
        assert_eq!(splitlines("a\r\nb\rc\nd"), ["a", "b", "c", "d"]);
        assert_eq!(
            splitlines("a\u{b}b\u{c}c\u{1c}d\u{1d}e\u{1e}f\u{2029}g"),
            ["a", "b", "c", "d", "e", "f", "g"]
        );
        assert_eq!(splitlines("a\n\n"), ["a", ""]);
        assert!(splitlines("").is_empty());
    }

    #[test]
    fn an_event_that_would_break_the_framing_is_named() {
        assert_eq!(
            check(&json!(3)),
            Err(("", "neither an event object nor a text"))
        );
        assert_eq!(
            check(&json!({"event": "a\nb", "data": 1})),
            Err((".event", "not a text of one line"))
        );
        assert_eq!(
            check(&json!({"id": 4, "data": 1})),
            Err((".id", "not a text of one line"))
        );
        assert_eq!(check(&json!({"event": "done"})), Err((".data", "missing")));
        assert_eq!(
            check(&json!({"event": "done", "id": null, "data": null})),
            Ok(())
        );
    }
}
