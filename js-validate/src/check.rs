//! A batch of payloads, each through the type that has its name.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tidewire::profiles::decode_by;
use tidewire::profiles::{Payload, Spec, json};
use tidewire::profiles::{cortex, dashtam, hive, stage_chat, stock_agent};

use crate::misfit::Misfit;
use crate::place::{Place, Placed};

/// JSON as a type writes what it has read.
type Rewritten = Result<String, Misfit>;

/// The types of one profile.
pub(crate) struct System {
    name: &'static str,
    spec: fn() -> Spec,
    /// From an event's name and its payload to the payload as the type writes it.
    payload: fn(&str, &str) -> Rewritten,
    /// The same for what stands around the payload; `None` where nothing does.
    meta: Option<fn(&str) -> Rewritten>,
}

macro_rules! systems {
    ($($name:literal: $module:ident, $meta:expr;)+) => {
        &[$(System {
            name: $name,
            spec: $module::spec,
            payload: |name, text| {
                let event: $module::Event = read(text, |json| decode_by(name, json))?;
                event.payload().map_err(Misfit::unwritable)
            },
            meta: $meta,
        }),+]
    };
}

const SYSTEMS: &[System] = systems! {
    "dashtam": dashtam, None;
    "stock-agent": stock_agent, None;
    "cortex": cortex, None;
    "stage-chat": stage_chat, None;
    "hive": hive, Some(rewrite::<hive::Meta>);
};

/// The types of the profile of this name. `plain` has none.
pub(crate) fn system(profile: &str) -> Option<&'static System> {
    SYSTEMS.iter().find(|system| system.name == profile)
}

/// The columns of a row: the type's index with flags above, three lengths in UTF-16 units, of
/// which the second is the payload's, three places, and which member of an array the payload is.
const COLUMNS: usize = 8;
const DATA: usize = 2;
const TYPE: u32 = 0xffff;

/// Checks a batch: `text` begins with `[`, and has the rows' payloads with commas between.
///
/// Answers the JSON of an array with a member for each row: null where the type is unknown,
/// `{"data": …}`, perhaps with a `"meta"`, where the payload fits, and else
/// `{"error": [path, expected, found]}`.
pub(crate) fn batch(system: &System, types: &[String], text: &str, rows: &[u32]) -> String {
    let spec = (system.spec)();
    let mut out = String::with_capacity(text.len() + 16 * rows.len() / COLUMNS);
    let mut rest = text.get(1..).unwrap_or_default();
    for row in rows.chunks_exact(COLUMNS) {
        out.push(if out.is_empty() { '[' } else { ',' });
        let (data, after) = split(rest, row[DATA]);
        rest = after.get(1..).unwrap_or_default();
        match types.get((row[0] & TYPE) as usize) {
            Some(name) => match event(system, &spec, name, data) {
                Ok((data, meta)) => {
                    out.extend(["{\"data\":", &data]);
                    if let Some(meta) = meta {
                        out.extend([",\"meta\":", &meta]);
                    }
                    out.push('}');
                }
                Err(misfit) => out.extend(["{\"error\":", &misfit.to_json(), "}"]),
            },
            None => out.push_str("null"),
        }
    }
    out.push_str(if out.is_empty() { "[]" } else { "]" });
    out
}

/// One event's payload, and what stands around it.
fn event(
    system: &System,
    spec: &Spec,
    name: &str,
    data: &str,
) -> Result<(String, Option<String>), Misfit> {
    let Payload::Field(field) = &spec.payload else {
        return Ok(((system.payload)(name, data)?, None));
    };
    let payload = json::member(data.as_bytes(), field)
        .and_then(|payload| core::str::from_utf8(payload).ok())
        .ok_or_else(|| Misfit::missing(field))?;
    let payload = (system.payload)(name, payload).map_err(|misfit| misfit.within(field))?;
    let meta = system.meta.map(|meta| meta(data)).transpose()?;
    Ok((payload, meta))
}

fn rewrite<T: DeserializeOwned + Serialize>(text: &str) -> Rewritten {
    let value: T = read(text, |json| T::deserialize(json))?;
    serde_json::to_string(&value).map_err(Misfit::unwritable)
}

type Json<'a, 'de> = &'a mut serde_json::Deserializer<serde_json::de::StrRead<'de>>;

/// Reads JSON; what Python writes for numbers that JSON does not have counts as null.
fn read<T>(
    text: &str,
    read: impl for<'a, 'de> Fn(Placed<'a, Json<'a, 'de>>) -> Result<T, serde_json::Error>,
) -> Result<T, Misfit> {
    let attempt = |text: &str| {
        let mut place = Place::default();
        let mut json = serde_json::Deserializer::from_str(text);
        let result = read(Placed::new(&mut json, &mut place));
        result
            .and_then(|value| json.end().map(|()| value))
            .map_err(|error| (error.is_syntax(), Misfit::new(place, &error)))
    };
    attempt(text).or_else(|(is_syntax, misfit)| {
        match (is_syntax, json::without_python_constants(text)) {
            (true, Cow::Owned(mended)) => attempt(&mended).map_err(|(_, misfit)| misfit),
            _ => Err(misfit),
        }
    })
}

/// The text's first so many UTF-16 units, and what follows.
fn split(text: &str, units: u32) -> (&str, &str) {
    let units = units as usize;
    // Most is ASCII, of which a unit is a byte.
    if let Some((head, tail)) = text.split_at_checked(units)
        && head.is_ascii()
    {
        return (head, tail);
    }
    let mut left = units;
    for (at, character) in text.char_indices() {
        if left == 0 {
            return text.split_at(at);
        }
        left = left.saturating_sub(character.len_utf16());
    }
    (text, "")
}
