//! The start of a stream on which the server sends its history first: put in order, once each.
//!
//! Hive subscribes a client before it sends the history, so that what happens between the two
//! comes before the history, and once more within it. The first burst of a stream is therefore
//! held back for a moment, sorted by the server's timestamps, and freed of its doubles.

use super::identity::sequence;
use super::sink::{Event, Flow, Sink};
use super::{Recovered, Report};
use crate::profiles::{Flags, Identity, Spec, json};
use crate::wire::Text;
use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};

/// Events that are held at the most: twice what Hive's queue takes.
const HELD: usize = 2_048;

/// Bytes that are held at the most.
const HELD_BYTES: usize = 16 * 1024 * 1024;

/// The first burst of a stream.
#[derive(Debug, Default)]
pub(super) struct Burst {
    events: Vec<Held>,
    bytes: usize,
    /// The streams on which the events came, counted within the burst: it is kept over a cut.
    stream: u32,
    /// The streams that are returns, and the last id before each: still to be told.
    returns: Vec<(u32, String)>,
}

#[derive(Debug)]
struct Held {
    index: Option<u16>,
    name: Box<[u8]>,
    data: Box<[u8]>,
    id: Option<Box<str>>,
    last_event_id: Box<str>,
    stream: u32,
    /// It may be history.
    replayable: bool,
    /// It came twice within the burst: once live, so it is none.
    live: bool,
    /// The server's own order.
    order: (u64, Box<[u8]>),
}

impl Burst {
    /// A stream opens; `after` is the last id before it, if it is not the first of all.
    pub(super) fn opened(&mut self, after: Option<&str>) {
        self.stream += 1;
        if let Some(after) = after {
            self.returns.push((self.stream, after.to_owned()));
        }
    }

    /// Whether there is no room for another.
    pub(super) fn is_full(&self) -> bool {
        self.events.len() >= HELD || self.bytes >= HELD_BYTES
    }

    /// Holds an event back, in its place: behind what is older or has the same timestamp. Nearly
    /// all of it comes in order, and goes to the end.
    pub(super) fn hold(&mut self, spec: &Spec, event: &Event<'_>, flags: Flags) {
        let data = event.data.as_bytes();
        // Each holds the last event ID, however long it is.
        self.bytes += data.len() + event.last_event_id.len();
        let order = order(spec, data);
        let earlier = |other: &Held| other.order <= order;
        let at = self.events.iter().rposition(earlier);
        let held = Held {
            index: event.index,
            name: event.name.as_bytes().into(),
            data: data.into(),
            id: event.id.map(Into::into),
            last_event_id: event.last_event_id.into(),
            stream: self.stream,
            replayable: flags.has(Flags::REPLAYED),
            live: false,
            order,
        };
        self.events.insert(at.map_or(0, |at| at + 1), held);
    }

    /// The event came once more within this burst: it is not history, but live.
    pub(super) fn came_again(&mut self, data: &[u8]) {
        let stream = self.stream;
        // What came once on each of two streams was history on both.
        let first = self.events.iter_mut().find(|held| *held.data == *data);
        if let Some(first) = first.filter(|first| first.stream == stream) {
            first.live = true;
        }
    }

    /// Hands everything over, oldest first, and tells of each return in its place. Of the last
    /// one `unbroken` says whether it is proven that nothing is missing.
    pub(super) fn release(mut self, unbroken: bool, sink: &mut dyn Sink) -> Flow {
        let last = self.returns.last().map(|(stream, _)| *stream);
        let mut flow = Flow::More;
        let mut next = 0;
        for (stream, last_event_id) in core::mem::take(&mut self.returns) {
            let place = self.place(stream);
            self.hand_over(&mut next, place, &mut flow, sink);
            let proven = unbroken && Some(stream) == last;
            sink.report(Report::Resumed {
                recovered: if proven {
                    Recovered::Yes
                } else {
                    Recovered::Unknown
                },
                last_event_id,
            });
        }
        self.hand_over(&mut next, self.events.len(), &mut flow, sink);
        flow
    }

    /// Hands over from the next event up to this place. What is held is bounded, and handed over
    /// whole.
    fn hand_over(&self, next: &mut usize, place: usize, flow: &mut Flow, sink: &mut dyn Sink) {
        for held in self.events.get(*next..place).unwrap_or_default() {
            *next += 1;
            *flow = sink.event(Event {
                index: held.index,
                name: Text::from(&*held.name),
                data: Text::from(&*held.data),
                id: held.id.as_deref(),
                last_event_id: &held.last_event_id,
                replayed: held.replayable && !held.live,
            });
        }
    }

    /// Where what is missing before this stream lies: behind what came live on the streams before
    /// it, and before anything that it brought itself.
    fn place(&self, stream: u32) -> usize {
        let live_before = |held: &Held| held.stream < stream && !held.replayable;
        let from = self
            .events
            .iter()
            .rposition(live_before)
            .map_or(0, |at| at + 1);
        let brought = |held: &Held| held.stream >= stream;
        let first = self.events[from..].iter().position(brought);
        first.map_or(self.events.len(), |at| from + at)
    }
}

/// The server's own order: by number where it counts, else by time. Its timestamps have no zone,
/// but they are all of one clock and sort as text.
fn order(spec: &Spec, data: &[u8]) -> (u64, Box<[u8]>) {
    let number = match &spec.identity {
        Identity::SequenceOrText(field) => sequence(data, field),
        _ => None,
    };
    let time = json::member(data, "timestamp").unwrap_or_default();
    // Without its quotes: '"' sorts before '.', which begins the fraction of a second.
    let time = time.strip_prefix(b"\"").unwrap_or(time);
    let time = time.strip_suffix(b"\"").unwrap_or(time);
    (number.unwrap_or(0), time.into())
}
