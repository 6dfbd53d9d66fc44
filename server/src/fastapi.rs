//! How FastAPI reads a JSON body, and how it says that it cannot.
//!
//! Stock and Stage chat are FastAPI services: before any stream begins, a body
//! that does not fit is answered with 422 and a list of errors in pydantic's
//! words, all of them at once and in the order of the model's fields.

use axum::http::{HeaderMap, header};
use serde_json::{Map, Value, json};

/// A request that was refused before its handler ran.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rejection {
    /// 422, or 400 for what is not even text.
    pub(crate) status: u16,
    /// `{"detail": …}`.
    pub(crate) body: Value,
}

impl Rejection {
    /// `{"detail": "…"}`, as an `HTTPException` is answered.
    pub(crate) fn exception(status: u16, detail: &str) -> Self {
        Self {
            status,
            body: json!({ "detail": detail }),
        }
    }

    fn validation(errors: Vec<Value>) -> Self {
        Self {
            status: 422,
            body: json!({ "detail": errors }),
        }
    }
}

/// Reads the members of a body, and collects what is wrong with them.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    members: &'a Map<String, Value>,
    errors: Vec<Value>,
}

/// What stands in a list of fixed length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// A string, and nothing that could be made one.
    Text,
    /// An integer, or what pydantic takes for one: `2.0`, `"2"`, `true`.
    Integer,
    /// A number, or what pydantic takes for one.
    Float,
}

/// Reads a request's body as JSON.
///
/// # Errors
/// Those of [`parse_body`].
pub(crate) fn read_body(headers: &HeaderMap, body: &[u8]) -> Result<Value, Rejection> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    parse_body(content_type, body)
}

/// Parses a body as JSON.
///
/// # Errors
/// What FastAPI answers: a missing body, a content type that is not JSON, text
/// that is not JSON, bytes that are not text.
fn parse_body(content_type: Option<&str>, body: &[u8]) -> Result<Value, Rejection> {
    if body.is_empty() {
        return Err(Rejection::validation(vec![missing(
            &["body".into()],
            Value::Null,
        )]));
    }
    let Ok(text) = std::str::from_utf8(body) else {
        return Err(Rejection::exception(
            400,
            "There was an error parsing the body",
        ));
    };
    if content_type.is_some_and(|content_type| !is_json(content_type)) {
        return Err(not_an_object(text.into()));
    }
    match serde_json::from_str(text) {
        Ok(Value::Null) => Err(Rejection::validation(vec![missing(
            &["body".into()],
            Value::Null,
        )])),
        Ok(value) => Ok(value),
        Err(error) => Err(Rejection::validation(vec![json!({
            "type": "json_invalid",
            "loc": ["body", characters_before(text, &error)],
            "msg": "JSON decode error",
            "input": {},
            "ctx": { "error": python_words_for(&error) },
        })])),
    }
}

impl<'a> Fields<'a> {
    /// The members of `body`.
    ///
    /// # Errors
    /// A body that is no object.
    pub(crate) fn of(body: &'a Value) -> Result<Self, Rejection> {
        match body {
            Value::Object(members) => Ok(Self {
                members,
                errors: Vec::new(),
            }),
            other => Err(not_an_object(other.clone())),
        }
    }

    /// A string that must be there.
    pub(crate) fn text(&mut self, name: &str) -> &'a str {
        match self.members.get(name) {
            None => {
                let input = Value::Object(self.members.clone());
                self.errors
                    .push(missing(&["body".into(), name.into()], input));
                ""
            }
            Some(value) => self.checked_text(name, value),
        }
    }

    /// A string that may be missing or null.
    pub(crate) fn optional_text(&mut self, name: &str) -> Option<&'a str> {
        let value = self.present(name)?;
        Some(self.checked_text(name, value))
    }

    /// One of some strings.
    pub(crate) fn choice(&mut self, name: &str, choices: &[&str]) -> &'a str {
        match self.members.get(name) {
            Some(Value::String(chosen)) if choices.contains(&chosen.as_str()) => chosen,
            None => self.text(name),
            Some(other) => {
                let expected = in_words(choices);
                self.errors.push(json!({
                    "type": "literal_error",
                    "loc": ["body", name],
                    "msg": format!("Input should be {expected}"),
                    "input": other,
                    "ctx": { "expected": expected },
                }));
                ""
            }
        }
    }

    /// A boolean, or what pydantic takes for one, that may be missing or null.
    pub(crate) fn optional_flag(&mut self, name: &str) -> Option<bool> {
        const TRUE: [&str; 6] = ["true", "t", "yes", "y", "on", "1"];
        const FALSE: [&str; 6] = ["false", "f", "no", "n", "off", "0"];
        let value = self.present(name)?;
        let flag = match value {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => match number.as_f64() {
                Some(0.0) => Some(false),
                Some(1.0) => Some(true),
                _ => None,
            },
            Value::String(text) => {
                let text = text.to_lowercase();
                match text.as_str() {
                    text if TRUE.contains(&text) => Some(true),
                    text if FALSE.contains(&text) => Some(false),
                    _ => None,
                }
            }
            other => {
                self.invalid(
                    "bool_type",
                    &[name.into()],
                    "Input should be a valid boolean",
                    other,
                );
                return None;
            }
        };
        if flag.is_none() {
            const MESSAGE: &str = "Input should be a valid boolean, unable to interpret input";
            self.invalid("bool_parsing", &[name.into()], MESSAGE, value);
        }
        flag
    }

    /// A list of exactly two items that may be missing or null.
    pub(crate) fn optional_pair(&mut self, name: &str, item: Item) {
        let Some(value) = self.present(name) else {
            return;
        };
        let Value::Array(items) = value else {
            self.invalid(
                "list_type",
                &[name.into()],
                "Input should be a valid list",
                value,
            );
            return;
        };
        if items.len() > 2 {
            self.wrong_length(
                name,
                value,
                "too_long",
                "at most",
                "max_length",
                items.len(),
            );
            return;
        }
        let errors_before = self.errors.len();
        for (index, value) in items.iter().enumerate() {
            if let Some((kind, message)) = misfit(value, item) {
                self.invalid(kind, &[name.into(), index.into()], message, value);
            }
        }
        if self.errors.len() == errors_before && items.len() < 2 {
            self.wrong_length(
                name,
                value,
                "too_short",
                "at least",
                "min_length",
                items.len(),
            );
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Everything that was wrong.
    pub(crate) fn finish(self) -> Result<(), Rejection> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Rejection::validation(self.errors))
        }
    }

    fn present(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn checked_text(&mut self, name: &str, value: &'a Value) -> &'a str {
        value.as_str().unwrap_or_else(|| {
            self.invalid(
                "string_type",
                &[name.into()],
                "Input should be a valid string",
                value,
            );
            ""
        })
    }

    fn invalid(&mut self, kind: &str, path: &[Value], message: &str, input: &Value) {
        let location: Vec<Value> = [Value::from("body")]
            .into_iter()
            .chain(path.to_vec())
            .collect();
        self.errors
            .push(json!({"type": kind, "loc": location, "msg": message, "input": input}));
    }

    fn wrong_length(
        &mut self,
        name: &str,
        input: &Value,
        kind: &str,
        bound: &str,
        bound_name: &str,
        length: usize,
    ) {
        self.errors.push(json!({
            "type": kind,
            "loc": ["body", name],
            "msg": format!("List should have {bound} 2 items after validation, not {length}"),
            "input": input,
            "ctx": { "field_type": "List", bound_name: 2, "actual_length": length },
        }));
    }
}

fn missing(location: &[Value], input: Value) -> Value {
    json!({"type": "missing", "loc": location, "msg": "Field required", "input": input})
}

fn not_an_object(input: Value) -> Rejection {
    Rejection::validation(vec![json!({
        "type": "model_attributes_type",
        "loc": ["body"],
        "msg": "Input should be a valid dictionary or object to extract fields from",
        "input": input,
    })])
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The error that an item of a list causes, if any.
fn misfit(value: &Value, item: Item) -> Option<(&'static str, &'static str)> {
    match (item, value) {
        (Item::Text, Value::String(_))
        | (Item::Integer | Item::Float, Value::Bool(_))
        | (Item::Float, Value::Number(_)) => None,
        (Item::Text, _) => Some(("string_type", "Input should be a valid string")),
        (Item::Integer, Value::Number(number)) => {
            let fraction = number.as_f64().is_some_and(|float| float.fract() != 0.0);
            fraction.then_some((
                "int_from_float",
                "Input should be a valid integer, got a number with a fractional part",
            ))
        }
        (Item::Integer, Value::String(text)) => text.trim().parse::<i64>().is_err().then_some((
            "int_parsing",
            "Input should be a valid integer, unable to parse string as an integer",
        )),
        (Item::Float, Value::String(text)) => text.trim().parse::<f64>().is_err().then_some((
            "float_parsing",
            "Input should be a valid number, unable to parse string as a number",
        )),
        (Item::Integer, _) => Some(("int_type", "Input should be a valid integer")),
        (Item::Float, _) => Some(("float_type", "Input should be a valid number")),
    }
}

/// `'a', 'b' or 'c'`.
fn in_words(choices: &[&str]) -> String {
    let quoted: Vec<String> = choices.iter().map(|choice| format!("'{choice}'")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// Python counts the error's place in characters from the start of the text.
fn characters_before(text: &str, error: &serde_json::Error) -> usize {
    let lines_before: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(|line| line.chars().count())
        .sum();
    let line = text
        .split_inclusive('\n')
        .nth(error.line().saturating_sub(1))
        .unwrap_or_default();
    let column = if error.is_eof() {
        error.column()
    } else {
        error.column().saturating_sub(1)
    };
    lines_before
        + line
            .bytes()
            .take(column)
            .filter(|byte| byte & 0xc0 != 0x80)
            .count()
}

/// The nearest that Python's decoder would say.
fn python_words_for(error: &serde_json::Error) -> &'static str {
    let message = error.to_string();
    let begins = |start: &str| message.starts_with(start);
    if begins("key must be a string")
        || begins("trailing comma")
        || begins("EOF while parsing an object")
    {
        "Expecting property name enclosed in double quotes"
    } else if begins("expected `:`") {
        "Expecting ':' delimiter"
    } else if begins("expected `,`") || begins("EOF while parsing a list") {
        "Expecting ',' delimiter"
    } else if begins("EOF while parsing a string") {
        "Unterminated string starting at"
    } else if begins("trailing characters") {
        "Extra data"
    } else {
        "Expecting value"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python_json::{Style, to_string};

    fn refused(result: Result<impl std::fmt::Debug, Rejection>) -> String {
        let rejection = result.unwrap_err();
        assert_eq!(rejection.status, 422);
        to_string(&rejection.body, Style::Compact)
    }

    fn check(body: &Value, read: impl FnOnce(&mut Fields<'_>)) -> Result<(), Rejection> {
        let mut fields = Fields::of(body)?;
        read(&mut fields);
        fields.finish()
    }

    #[test]
    fn an_empty_body_and_null_are_missing() {
        let expected =
            r#"{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}"#;
        assert_eq!(refused(parse_body(None, b"")), expected);
        assert_eq!(
            refused(parse_body(Some("application/json"), b"null")),
            expected
        );
    }

    #[test]
    fn a_body_that_is_no_json_says_where_it_breaks() {
        for (body, place, error) in [
            (
                "{bad",
                1,
                "Expecting property name enclosed in double quotes",
            ),
            (
                "{\"message\": \"a\",}",
                16,
                "Expecting property name enclosed in double quotes",
            ),
            ("[1", 2, "Expecting ',' delimiter"),
            ("{\"é\" 1}", 5, "Expecting ':' delimiter"),
        ] {
            assert_eq!(
                refused(parse_body(Some("application/json"), body.as_bytes())),
                format!(
                    r#"{{"detail":[{{"type":"json_invalid","loc":["body",{place}],"msg":"JSON decode error","input":{{}},"ctx":{{"error":"{error}"}}}}]}}"#
                ),
                "{body}"
            );
        }
    }

    #[test]
    fn a_body_sent_as_text_is_no_object() {
        assert_eq!(
            refused(parse_body(Some("text/plain;charset=UTF-8"), br#"{"a":1}"#)),
            r#"{"detail":[{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":"{\"a\":1}"}]}"#
        );
        assert!(parse_body(Some("application/vnd.api+json"), b"{}").is_ok());
        assert!(parse_body(None, b"{}").is_ok());
    }

    #[test]
    fn bytes_that_are_no_text_are_a_bad_request() {
        let rejection = parse_body(Some("application/json"), b"\xff").unwrap_err();
        assert_eq!(rejection.status, 400);
        assert_eq!(
            rejection.body,
            json!({"detail": "There was an error parsing the body"})
        );
    }

    #[test]
    fn missing_fields_are_all_named_with_the_whole_body_as_input() {
        let body = json!({"c": 1});
        let result = check(&body, |fields| {
            fields.text("a");
            fields.choice("b", &["x", "y"]);
        });
        assert_eq!(
            refused(result),
            r#"{"detail":[{"type":"missing","loc":["body","a"],"msg":"Field required","input":{"c":1}},{"type":"missing","loc":["body","b"],"msg":"Field required","input":{"c":1}}]}"#
        );
    }

    #[test]
    fn a_choice_outside_the_list_names_the_list() {
        let body = json!({"model": "gpt"});
        let result = check(&body, |fields| {
            fields.choice("model", &["a", "b", "c"]);
        });
        assert_eq!(
            refused(result),
            r#"{"detail":[{"type":"literal_error","loc":["body","model"],"msg":"Input should be 'a', 'b' or 'c'","input":"gpt","ctx":{"expected":"'a', 'b' or 'c'"}}]}"#
        );
    }

    #[test]
    fn a_pair_has_two_items() {
        let result = check(&json!({"p": []}), |fields| {
            fields.optional_pair("p", Item::Text)
        });
        assert_eq!(
            refused(result),
            r#"{"detail":[{"type":"too_short","loc":["body","p"],"msg":"List should have at least 2 items after validation, not 0","input":[],"ctx":{"field_type":"List","min_length":2,"actual_length":0}}]}"#
        );
        let result = check(&json!({"p": [1, 2, 3]}), |fields| {
            fields.optional_pair("p", Item::Integer)
        });
        assert_eq!(
            refused(result),
            r#"{"detail":[{"type":"too_long","loc":["body","p"],"msg":"List should have at most 2 items after validation, not 3","input":[1,2,3],"ctx":{"field_type":"List","max_length":2,"actual_length":3}}]}"#
        );
    }

    #[test]
    fn items_are_taken_as_pydantic_takes_them() {
        for (item, value, error) in [
            (Item::Integer, json!(2.0), None),
            (Item::Integer, json!("2"), None),
            (Item::Integer, json!(true), None),
            (Item::Integer, json!(2.5), Some("int_from_float")),
            (Item::Integer, json!("x"), Some("int_parsing")),
            (Item::Integer, json!(null), Some("int_type")),
            (Item::Float, json!("1"), None),
            (Item::Float, json!("a"), Some("float_parsing")),
            (Item::Float, json!(null), Some("float_type")),
            (Item::Text, json!(1), Some("string_type")),
        ] {
            let body = json!({"p": [value.clone(), value]});
            let result = check(&body, |fields| fields.optional_pair("p", item));
            let kind = result
                .err()
                .map(|rejection| rejection.body["detail"][1]["type"].clone());
            assert_eq!(kind, error.map(Value::from), "{body}");
        }
    }

    #[test]
    fn flags_and_strings_may_be_null_but_not_of_another_kind() {
        let body = json!({"flag": "Yes", "other": 3, "text": null, "number": 5});
        let result = check(&body, |fields| {
            assert_eq!(fields.optional_flag("flag"), Some(true));
            assert_eq!(fields.optional_text("text"), None);
            fields.optional_flag("other");
            fields.optional_text("number");
        });
        assert_eq!(
            refused(result),
            r#"{"detail":[{"type":"bool_parsing","loc":["body","other"],"msg":"Input should be a valid boolean, unable to interpret input","input":3},{"type":"string_type","loc":["body","number"],"msg":"Input should be a valid string","input":5}]}"#
        );
    }
}
