//! JSON as Python writes it.
//!
//! The five systems are Python services, and a client meets the text that
//! `json.dumps` or pydantic wrote, not the text that a Rust encoder would
//! have written. Three habits differ on the wire: the blank after `,` and `:`,
//! whether anything beyond ASCII is escaped, and how a float is spelled.
//!
//! Python also writes `NaN` and `Infinity`, which JSON does not have and
//! [`serde_json::Value`] cannot hold. A marker stands for them: `{"$float": "NaN"}`,
//! `{"$float": "Infinity"}` or `{"$float": "-Infinity"}`.

use serde_json::{Number, Value};

/// The only member of a marker object, chosen so that no real payload has it.
const FLOAT_MARKER: &str = "$float";

/// Which of Python's writers is imitated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `json.dumps(value)`, or with `ensure_ascii=False` where `ascii` is false.
    Spaced {
        /// Escape everything beyond ASCII as `\uXXXX`, astral characters as
        /// a surrogate pair.
        ascii: bool,
    },
    /// pydantic's `model_dump_json()`: no blanks, raw UTF-8. Small and large
    /// floats are spelled a little differently (`1e-7`, not `1e-07`), and what
    /// is no number becomes `null`.
    Compact,
}

/// The text that Python would write for `value`, members in their order.
pub(crate) fn to_string(value: &Value, style: Style) -> String {
    let mut text = String::new();
    write_value(&mut text, value, style);
    text
}

fn write_value(text: &mut String, value: &Value, style: Style) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => write_number(text, number, style),
        Value::String(string) => write_string(text, string, style),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                write_separator(text, index, style);
                write_value(text, item, style);
            }
            text.push(']');
        }
        Value::Object(members) => {
            if let Some(float) = marked_float(value) {
                text.push_str(if style == Style::Compact {
                    "null"
                } else {
                    float
                });
                return;
            }
            text.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                write_separator(text, index, style);
                write_string(text, name, style);
                text.push_str(if style == Style::Compact { ":" } else { ": " });
                write_value(text, member, style);
            }
            text.push('}');
        }
    }
}

fn write_separator(text: &mut String, index: usize, style: Style) {
    if index > 0 {
        text.push_str(if style == Style::Compact { "," } else { ", " });
    }
}

fn marked_float(value: &Value) -> Option<&'static str> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    match members.get(FLOAT_MARKER)?.as_str()? {
        "NaN" => Some("NaN"),
        "Infinity" => Some("Infinity"),
        "-Infinity" => Some("-Infinity"),
        _ => None,
    }
}

fn write_number(text: &mut String, number: &Number, style: Style) {
    match number.as_f64() {
        Some(float) if number.is_f64() => text.push_str(&float_text(float, style)),
        _ => text.push_str(&number.to_string()),
    }
}

/// The shortest digits that read back as the same float: as `repr(float)`, in
/// scientific notation below 1e-4 and from 1e16 on, the exponent signed and of
/// two digits at least; or as pydantic, one decade later and without padding.
fn float_text(float: f64, style: Style) -> String {
    let (plain_from, exponent_digits) = match style {
        Style::Compact => (-5, 1),
        Style::Spaced { .. } => (-4, 2),
    };
    let scientific = format!("{float:e}");
    let parts = scientific
        .split_once('e')
        .and_then(|(mantissa, exponent)| Some((mantissa, exponent.parse::<i32>().ok()?)));
    match parts {
        Some((mantissa, exponent)) if float != 0.0 && !(plain_from..16).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            let magnitude = exponent.unsigned_abs();
            format!("{mantissa}e{sign}{magnitude:0exponent_digits$}")
        }
        // `Display` never turns to scientific notation, but drops the `.0`.
        _ if float.fract() == 0.0 => format!("{float}.0"),
        _ => float.to_string(),
    }
}

fn write_string(text: &mut String, string: &str, style: Style) {
    let ascii = style == Style::Spaced { ascii: true };
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\0'..='\u{1f}' => write_escape(text, character),
            // Python counts DEL among the printable only when it keeps UTF-8.
            '\u{7f}'.. if ascii => write_escape(text, character),
            _ => text.push(character),
        }
    }
    text.push('"');
}

fn write_escape(text: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        text.push_str(&format!("\\u{unit:04x}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ASCII: Style = Style::Spaced { ascii: true };
    const RAW: Style = Style::Spaced { ascii: false };

    #[test]
    fn dumps_puts_a_blank_after_each_comma_and_colon() {
        let value = json!({"a": [1, -2, true, null], "b": {}, "c": []});
        assert_eq!(
            to_string(&value, ASCII),
            r#"{"a": [1, -2, true, null], "b": {}, "c": []}"#
        );
        assert_eq!(
            to_string(&value, Style::Compact),
            r#"{"a":[1,-2,true,null],"b":{},"c":[]}"#
        );
    }

    #[test]
    fn members_keep_their_order() {
        assert_eq!(
            to_string(&json!({"z": 1, "a": 2}), ASCII),
            r#"{"z": 1, "a": 2}"#
        );
    }

    #[test]
    fn ascii_style_escapes_in_lower_case_hex_and_surrogate_pairs() {
        let value = json!("é 收 😀 \u{2028} \u{7f}");
        assert_eq!(
            to_string(&value, ASCII),
            r#""\u00e9 \u6536 \ud83d\ude00 \u2028 \u007f""#
        );
        assert_eq!(to_string(&value, RAW), "\"é 收 😀 \u{2028} \u{7f}\"");
        assert_eq!(
            to_string(&value, Style::Compact),
            "\"é 收 😀 \u{2028} \u{7f}\""
        );
    }

    #[test]
    fn every_style_escapes_quotes_backslashes_and_control_characters() {
        let value = json!("\"\\/\n\r\t\u{8}\u{c}\u{0}\u{1b}");
        for style in [ASCII, RAW, Style::Compact] {
            assert_eq!(to_string(&value, style), r#""\"\\/\n\r\t\b\f\u0000\u001b""#);
        }
    }

    #[test]
    fn floats_are_spelled_as_repr_spells_them() {
        for (float, spelled) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-2.5, "-2.5"),
            (-0.0, "-0.0"),
            (1e15, "1000000000000000.0"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (1e16, "1e+16"),
            (1.25e100, "1.25e+100"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(to_string(&json!(float), ASCII), spelled);
        }
    }

    #[test]
    fn a_float_that_was_read_is_written_to_the_last_digit() {
        for spelled in [
            "187.24158270135618",
            "965.0074960886351",
            "0.30000000000000004",
        ] {
            let value: Value = serde_json::from_str(spelled).unwrap();
            assert_eq!(to_string(&value, ASCII), spelled);
        }
    }

    #[test]
    fn pydantic_spells_small_floats_its_own_way() {
        for (float, spelled) in [
            (1.0, "1.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e-5, "0.000015"),
            (1e-6, "1e-6"),
            (1.5e-7, "1.5e-7"),
        ] {
            assert_eq!(to_string(&json!(float), Style::Compact), spelled);
        }
    }

    #[test]
    fn integers_stay_integers() {
        assert_eq!(to_string(&json!(u64::MAX), ASCII), "18446744073709551615");
        assert_eq!(to_string(&json!(i64::MIN), ASCII), "-9223372036854775808");
    }

    #[test]
    fn what_is_no_number_is_written_bare_by_dumps_and_as_null_by_pydantic() {
        let floats = ["NaN", "Infinity", "-Infinity"];
        let value: Value = floats
            .iter()
            .map(|float| json!({ "$float": float }))
            .collect();
        assert_eq!(to_string(&value, ASCII), "[NaN, Infinity, -Infinity]");
        assert_eq!(to_string(&value, Style::Compact), "[null,null,null]");
    }

    #[test]
    fn an_object_that_merely_resembles_the_marker_is_written_as_it_is() {
        let value = json!([{"$float": "1"}, {"$float": "NaN", "a": 1}]);
        assert_eq!(
            to_string(&value, ASCII),
            r#"[{"$float": "1"}, {"$float": "NaN", "a": 1}]"#
        );
    }
}
