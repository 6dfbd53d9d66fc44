//! Events, made ready to cross: their text one behind the other, and a table of where it is.

use crate::text;
use alloc::vec::Vec;
use tidewire::connection::Event;
use tidewire::wire::Text;

/// An event's type is unknown to the profile.
const UNKNOWN: u32 = 0xFFFF;

const REPLAYED: u32 = 1 << 16;
const OWN_ID: u32 = 2 << 16;
const ID_CHANGED: u32 = 4 << 16;

/// Bytes of text after which a batch is closed. A string of JavaScript's that is cut out of a
/// longer one keeps all of it alive: a kept event keeps this much, and the event's own size.
const FULL: usize = 64 * 1024;

/// Bytes of room that are kept for the next batch.
const KEPT: usize = 256 * 1024;

/// Events, ready to cross.
///
/// The text is `[`, the data of each event, a comma between two, `]`, and then of each event the
/// name (of unknown types alone) and the id (where it changed or is the event's own). `rows` has
/// for each event its type and flags, and how long its name, data and id are.
pub struct Batch {
    data: Vec<u8>,
    names: Vec<u8>,
    rows: Vec<u32>,
    /// The length of `data` in UTF-16 units.
    units: u32,
    /// The length of each event's data in bytes, up to the last where it is another.
    lengths: Vec<u32>,
    /// Where the data ends while it crosses, and the names begin.
    data_end: usize,
    /// Whether payloads are parsed at all.
    is_json: bool,
    /// Each payload so far is one JSON object or array, as far as its brackets say.
    is_array: bool,
    /// The last event ID so far: a part of `names`, or what it was before this batch.
    last_event_id: Option<(usize, usize)>,
    before: Vec<u8>,
}

/// What crosses.
pub struct Crossing<'b> {
    /// UTF-8, if the server sent nothing else: whoever decodes it finds out.
    pub text: &'b [u8],
    /// Lengths are in UTF-16 units, as JavaScript counts.
    pub rows: &'b [u32],
    /// Where the names begin, in these units.
    pub names_at: u32,
    /// What is before them can be parsed as one array: if that succeeds, its members are
    /// the events' payloads.
    pub is_array: bool,
}

impl Batch {
    /// A batch of events that come after this id; `is_json` if their data is to be parsed.
    #[must_use]
    pub fn new(last_event_id: &str, is_json: bool) -> Self {
        Batch {
            data: Vec::new(),
            names: Vec::new(),
            rows: Vec::new(),
            units: 0,
            lengths: Vec::new(),
            data_end: 0,
            is_json,
            is_array: is_json,
            last_event_id: None,
            before: last_event_id.into(),
        }
    }

    /// Puts an event in.
    #[inline]
    pub fn push(&mut self, event: Event<'_>) {
        let (mut kind, name) = match event.index {
            Some(index) => (u32::from(index), 0),
            None => (UNKNOWN, text::append_mended(event.name, &mut self.names)),
        };
        if event.replayed {
            kind |= REPLAYED;
        }
        self.data
            .push(if self.rows.is_empty() { b'[' } else { b',' });
        let data = text::append(event.data, &mut self.data);
        let bytes = event.data.as_bytes().len();
        if data as usize != bytes {
            self.note_length(bytes);
        }
        self.units += data + 1;
        self.is_array = self.is_array && text::is_enclosed(event.data.as_bytes());
        let mut id = 0;
        // An id of its own need not be compared: that it says the same again does no harm.
        let same = match event.id {
            Some(_) => {
                kind |= OWN_ID;
                false
            }
            None => event.last_event_id.as_bytes() == self.last_event_id(),
        };
        if !same {
            kind |= ID_CHANGED;
            let start = self.names.len();
            id = text::append(Text::from(event.last_event_id), &mut self.names);
            self.last_event_id = Some((start, self.names.len()));
        }
        self.rows.extend_from_slice(&[kind, name, data, id]);
    }

    /// Where there are as many units as bytes, the row says it all.
    #[cold]
    fn note_length(&mut self, length: usize) {
        let ascii = self.rows.iter().skip(2).step_by(4);
        self.lengths.extend(ascii.skip(self.lengths.len()));
        self.lengths.push(length as u32);
    }

    /// Whether it is to cross before another event is put in.
    pub fn is_full(&self) -> bool {
        self.data.len() >= FULL
    }

    /// All that was put in.
    pub fn crossing(&mut self) -> Crossing<'_> {
        self.data.push(b']');
        self.data_end = self.data.len();
        // The names stay behind the data until it is emptied.
        self.data.extend_from_slice(&self.names);
        Crossing {
            text: &self.data,
            rows: &self.rows,
            names_at: self.units + 1,
            is_array: self.is_array,
        }
    }

    /// After it has crossed and was no UTF-8: puts U+FFFD for what is none. That it stands between
    /// brackets and commas keeps one event's broken character from the next one's bytes.
    pub fn mend(&mut self) {
        self.data.truncate(self.data_end);
        let broken = core::mem::take(&mut self.data);
        let mut rest: &[u8] = &broken;
        self.units = 0;
        for (at, row) in self.rows.chunks_exact_mut(4).enumerate() {
            let bytes = self.lengths.get(at).copied().unwrap_or(row[2]);
            self.data.push(rest[0]);
            let (data, after) = rest[1..].split_at(bytes as usize);
            row[2] = text::append_mended(Text::from(data), &mut self.data);
            self.units += row[2] + 1;
            rest = after;
        }
    }

    /// Empties it; what grew large is given back.
    pub fn clear(&mut self) {
        if let Some((start, end)) = self.last_event_id.take() {
            self.before.clear();
            self.before.extend_from_slice(&self.names[start..end]);
        }
        self.data.clear();
        self.units = 0;
        self.lengths.clear();
        self.lengths.shrink_to(KEPT / 16);
        self.data.shrink_to(KEPT);
        self.names.clear();
        self.names.shrink_to(KEPT);
        self.rows.clear();
        self.rows.shrink_to(KEPT / 4);
        self.is_array = self.is_json;
    }

    fn last_event_id(&self) -> &[u8] {
        match self.last_event_id {
            Some((start, end)) => &self.names[start..end],
            None => &self.before,
        }
    }
}
