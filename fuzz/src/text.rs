use serde_json::Value;
use tidewire::profiles::{Spec, json as pure};

/// The little that is read of JSON without a parser agrees with a parser, wherever the text is
/// JSON; and no text is too strange for it.
pub fn json(data: &[u8]) {
    let mended = pure::with_escaped_line_breaks(data);
    for key in ["type", "data", "id", "seq", "timestamp", ""] {
        if let Some(value) = pure::member(data, key) {
            let _ = (pure::unquoted(value), pure::whole_number(value));
        }
        let _ = pure::member(&mended, key);
    }
    let _ = pure::unquoted(data);
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let without = pure::without_python_constants(text);
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return;
    };
    assert_eq!(&*mended, data, "JSON needs no mending");
    assert_eq!(without, text, "JSON has no constants of Python");
    match &value {
        Value::Object(members) => {
            for (key, value) in members {
                let raw = pure::member(data, key).expect("the parser found it");
                let read: Value = serde_json::from_slice(raw).expect("a member is JSON");
                // Of equal keys the first counts here, and the last there.
                assert!(read == *value || is_repeated(text, key), "{key}: {read}");
            }
        }
        Value::String(said) => {
            let read = pure::unquoted(text.trim().as_bytes()).expect("it is a string");
            assert_eq!(&*read, said.as_bytes());
        }
        _ => {}
    }
}

/// Whether the key may stand in the text more than once, however it is written.
fn is_repeated(text: &str, key: &str) -> bool {
    text.contains('\\') || text.matches(&Value::from(key).to_string()).count() > 1
}

/// A spec that is read from lines is written as lines that say the same.
pub fn lines(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(spec) = Spec::from_lines(&text) {
        let written = spec.to_lines();
        assert_eq!(
            Spec::from_lines(&written),
            Ok(spec),
            "from these lines:\n{written}"
        );
    }
}
