//! Why a payload is not what its type says.

use std::borrow::Cow;

use crate::place::Place;

/// How much of a value is shown, in characters.
const SHOWN: usize = 60;

/// Where a payload does not fit, what was expected there, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    path: String,
    expected: String,
    found: String,
}

impl Misfit {
    pub(crate) fn new(place: Place, error: &serde_json::Error) -> Self {
        let mut place = place;
        let message = error.to_string();
        let message = match message.rsplit_once(" at line ") {
            Some((message, _)) => message,
            None => &message,
        };
        if let Some(rest) = message.strip_prefix("missing field `") {
            place.enter(rest.trim_end_matches('`'));
            return Misfit::of(&place, "a value".into(), "nothing");
        }
        let kinds = ["invalid type: ", "invalid value: "];
        let said = kinds.iter().find_map(|kind| message.strip_prefix(kind));
        // What was found may hold any words; what was expected has none of these.
        match said.and_then(|rest| rest.rsplit_once(", expected ")) {
            Some((found, expected)) => Misfit::of(&place, in_words(expected), &shown(found)),
            None => Misfit::of(&place, "JSON".into(), message),
        }
    }

    /// Of data that has no payload where it should be.
    pub(crate) fn missing(member: &str) -> Self {
        let mut place = Place::default();
        place.enter(member);
        Misfit::of(&place, "a value".into(), "nothing")
    }

    /// Of what was read, and has no form in JSON.
    pub(crate) fn unwritable(error: serde_json::Error) -> Self {
        Misfit::new(Place::default(), &error)
    }

    /// The same, of the member of an object.
    pub(crate) fn within(self, member: &str) -> Self {
        let mut place = Place::default();
        place.enter(member);
        let path = format!("${}{}", place.as_str(), &self.path[1..]);
        Misfit { path, ..self }
    }

    /// `[path, expected, found]`
    pub(crate) fn to_json(&self) -> String {
        serde_json::json!([self.path, self.expected, self.found]).to_string()
    }

    fn of(place: &Place, expected: Cow<'_, str>, found: &str) -> Self {
        Misfit {
            path: format!("${}", place.as_str()),
            expected: expected.into_owned(),
            found: found.to_owned(),
        }
    }
}

/// A Rust type, for people who write JavaScript.
fn in_words(expected: &str) -> Cow<'_, str> {
    let words = match expected {
        "u64" | "u32" | "u16" | "usize" => "a whole number, 0 or more",
        "u8" => "a whole number from 0 to 255",
        "i64" => "a whole number",
        "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        _ if expected.starts_with("struct ") => "an object",
        _ => expected,
    };
    words.into()
}

/// A value as serde names it, for the same people: `string "three"` is `"three"`.
fn shown(found: &str) -> String {
    let found = match found {
        "map" => "an object",
        "sequence" => "a list",
        _ => found,
    };
    let value = ["string ", "integer `", "floating point `", "boolean `"]
        .iter()
        .find_map(|kind| found.strip_prefix(kind))
        .unwrap_or(found)
        .trim_end_matches('`');
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
