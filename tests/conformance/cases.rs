//! Runs the shared conformance cases. No files and no clock, so that browser tests can include it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use tidewire::wire::{Decoder, Item};

/// What came of the cases of one file.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// How many cases the file has.
    pub cases: usize,
    /// How many times a case was decoded: as given, whole, and in chunks of 1 and of 2 bytes.
    pub runs: usize,
    /// What each failing run expected and got.
    pub failures: Vec<String>,
}

/// The cases of a conformance file.
pub(crate) fn read(json: &str) -> Result<Vec<Value>, serde_json::Error> {
    let mut file: Value = serde_json::from_str(json)?;
    Ok(match file["cases"].take() {
        Value::Array(cases) => cases,
        _ => Vec::new(),
    })
}

impl Report {
    /// Decodes a case in every chunking.
    ///
    /// A case that cannot be read is a failure, not a case less.
    pub(crate) fn run(&mut self, case: &Value) {
        self.cases += 1;
        let id = case["id"].as_str().unwrap_or("a case without an id");
        let Some((chunks, expected)) = chunks_of(case).zip(Outcome::expected_by(case)) else {
            self.failures.push(format!("{id}: cannot be read"));
            return;
        };
        let whole = chunks.concat();
        let ways: [(&str, Vec<&[u8]>); 4] = [
            ("as given", chunks.iter().map(Vec::as_slice).collect()),
            ("in one chunk", vec![&whole]),
            ("in chunks of 1 byte", whole.chunks(1).collect()),
            ("in chunks of 2 bytes", whole.chunks(2).collect()),
        ];
        for (way, chunks) in ways {
            self.runs += 1;
            match Outcome::of(&chunks) {
                Ok(outcome) if outcome == expected => {}
                Ok(outcome) => self
                    .failures
                    .push(format!("{id} {way}: expected {expected}, got {outcome}")),
                Err(error) => self.failures.push(format!("{id} {way}: {error}")),
            }
        }
    }
}

/// What a stream leaves behind when it has ended.
struct Outcome {
    events: Vec<Dispatched>,
    /// As a double, as the files have it.
    retry: Option<f64>,
    last_event_id: String,
}

#[derive(Debug, PartialEq)]
struct Dispatched {
    event_type: String,
    data: String,
    last_event_id: String,
}

impl Outcome {
    fn of(chunks: &[&[u8]]) -> Result<Self, tidewire::wire::EventTooLarge> {
        let mut decoder = Decoder::new();
        let (mut events, mut retry) = (Vec::new(), None);
        for mut chunk in chunks.iter().copied() {
            while let Some(item) = decoder.next(&mut chunk) {
                match item? {
                    Item::Message(message) => events.push(Dispatched {
                        event_type: message.event_type().to_string(),
                        data: message.data.to_string(),
                        last_event_id: message.last_event_id.to_owned(),
                    }),
                    Item::Retry(time) => retry = Some(time as f64),
                    Item::Comment(_) | Item::Id => {}
                }
            }
        }
        decoder.finish();
        Ok(Self {
            events,
            retry,
            last_event_id: decoder.last_event_id().to_owned(),
        })
    }

    fn expected_by(case: &Value) -> Option<Self> {
        let dispatched = |event: &Value| {
            Some(Dispatched {
                event_type: text(&event["type"])?,
                data: text(&event["data"])?,
                last_event_id: text(&event["lastEventId"])?,
            })
        };
        let retry = match case.get("retry")? {
            Value::Null => None,
            time => Some(time.as_f64()?),
        };
        Some(Self {
            events: case["events"]
                .as_array()?
                .iter()
                .map(dispatched)
                .collect::<Option<_>>()?,
            retry,
            last_event_id: text(&case["lastEventId"])?,
        })
    }
}

impl PartialEq for Outcome {
    fn eq(&self, other: &Self) -> bool {
        // Times saturate at 64 bits, some cases go beyond: "an implementation may cap it".
        let capped = |time: f64| time.min(u64::MAX as f64);
        self.events == other.events
            && self.retry.map(capped) == other.retry.map(capped)
            && self.last_event_id == other.last_event_id
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = format!(
            "{:?}, retry {:?}, last event ID {:?}",
            self.events, self.retry, self.last_event_id
        );
        // Some cases are megabytes long.
        match full.char_indices().nth(600) {
            Some((end, _)) => write!(f, "{}… ({} bytes)", &full[..end], full.len()),
            None => f.write_str(&full),
        }
    }
}

/// A chunk is base64, or `{ b64, times }`: the same bytes over and over.
fn chunks_of(case: &Value) -> Option<Vec<Vec<u8>>> {
    let chunk = |chunk: &Value| match chunk {
        Value::String(base64) => BASE64.decode(base64).ok(),
        repeated => {
            let bytes = BASE64.decode(repeated["b64"].as_str()?).ok()?;
            Some(bytes.repeat(times(repeated)?))
        }
    };
    case["chunks"].as_array()?.iter().map(chunk).collect()
}

/// A text is itself, or `{ repeat, times }`.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        repeated => Some(repeated["repeat"].as_str()?.repeat(times(repeated)?)),
    }
}

fn times(repeated: &Value) -> Option<usize> {
    usize::try_from(repeated["times"].as_u64()?).ok()
}
