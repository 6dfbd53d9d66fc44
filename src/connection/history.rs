//! The start of a stream on which the server sends its history first: put in order, once each.
//!
//! Hive subscribes a client before it sends the history, so that what happens between the two
//! comes before the history, and once more within it. The first burst of a stream is therefore
//! held back for a moment, sorted by the server's timestamps, and freed of its doubles.

use super::identity::sequence;
use super::sink::{Event, Flow, Sink};
use crate::profiles::{Flags, Identity, Spec, json};
use crate::wire::Text;

/// Events that are held at the most: twice what Hive's queue takes.
const HELD: usize = 2_048;

/// Bytes that are held at the most.
const HELD_BYTES: usize = 16 * 1024 * 1024;

/// The first burst of a stream.
#[derive(Debug, Default)]
pub(super) struct Burst {
    events: Vec<Held>,
    bytes: usize,
}

#[derive(Debug)]
struct Held {
    index: Option<u16>,
    name: Box<[u8]>,
    data: Box<[u8]>,
    id: Option<Box<str>>,
    last_event_id: Box<str>,
    /// It may be history.
    replayable: bool,
    /// It came twice within the burst: once live, so it is none.
    live: bool,
}

impl Burst {
    /// Whether there is no room for another.
    pub(super) fn is_full(&self) -> bool {
        self.events.len() >= HELD || self.bytes >= HELD_BYTES
    }

    /// Holds an event back.
    pub(super) fn hold(&mut self, event: &Event<'_>, flags: Flags) {
        let data = event.data.as_bytes();
        self.bytes += data.len();
        self.events.push(Held {
            index: event.index,
            name: event.name.as_bytes().into(),
            data: data.into(),
            id: event.id.map(Into::into),
            last_event_id: event.last_event_id.into(),
            replayable: flags.has(Flags::REPLAYED),
            live: false,
        });
    }

    /// The event came once more within this burst: it is not history, but live.
    pub(super) fn came_again(&mut self, data: &[u8]) {
        if let Some(first) = self.events.iter_mut().find(|held| *held.data == *data) {
            first.live = true;
        }
    }

    /// Hands everything over, oldest first.
    pub(super) fn release(mut self, spec: &Spec, sink: &mut dyn Sink) -> Flow {
        // The sort is stable: what has the same timestamp keeps its place.
        self.events.sort_by_cached_key(|held| held.order(spec));
        let mut flow = Flow::More;
        for held in &self.events {
            // What is held is bounded, and handed over whole.
            flow = sink.event(Event {
                index: held.index,
                name: Text::from(&*held.name),
                data: Text::from(&*held.data),
                id: held.id.as_deref(),
                last_event_id: &held.last_event_id,
                replayed: held.replayable && !held.live,
            });
        }
        flow
    }
}

impl Held {
    /// The server's own order: by number where it counts, else by time. Its timestamps have no
    /// zone, but they are all of one clock and sort as text.
    fn order(&self, spec: &Spec) -> (u64, Box<[u8]>) {
        let number = match &spec.identity {
            Identity::SequenceOrText(field) => sequence(&self.data, field),
            _ => None,
        };
        let time = json::member(&self.data, "timestamp").unwrap_or_default();
        // Without its quotes: '"' sorts before '.', which begins the fraction of a second.
        let time = time.strip_prefix(b"\"").unwrap_or(time);
        let time = time.strip_suffix(b"\"").unwrap_or(time);
        (number.unwrap_or(0), time.into())
    }
}
