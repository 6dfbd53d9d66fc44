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
const WIDE: u32 = 8 << 16;

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
///
/// Data that is not all ASCII stands by itself behind that, in brackets of its own: one such
/// character makes a whole string of JavaScript's twice as large, and its decoding several times
/// as slow.
pub struct Batch {
    data: Vec<u8>,
    names: Vec<u8>,
    wide: Vec<u8>,
    rows: Vec<u32>,
    /// The bytes of each data in `wide`.
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
    /// UTF-8, but for what is wide, if the server did not send that.
    pub text: &'b [u8],
    /// Lengths are in UTF-16 units, as JavaScript counts.
    pub rows: &'b [u32],
    /// Where the names begin, in these units, which before them are bytes too.
    pub names_at: usize,
    /// Where what is wide begins, in bytes.
    pub wide_at: usize,
    /// What is before the names, and what is wide, can be parsed as an array each: if that
    /// succeeds, their members are the events' payloads.
    pub is_array: bool,
}

impl Batch {
    /// A batch of events that come after this id; `is_json` if their data is to be parsed.
    #[must_use]
    pub fn new(last_event_id: &str, is_json: bool) -> Self {
        Batch {
            data: Vec::new(),
            names: Vec::new(),
            wide: Vec::new(),
            rows: Vec::new(),
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
        let bytes = event.data.as_bytes().len() as u32;
        let data = match event.data.is_ascii() {
            true => {
                self.data
                    .push(if self.data.is_empty() { b'[' } else { b',' });
                event.data.append_to(&mut self.data);
                bytes
            }
            false => {
                kind |= WIDE;
                self.lengths.push(bytes);
                self.wide
                    .push(if self.wide.is_empty() { b'[' } else { b',' });
                event.data.append_to(&mut self.wide);
                text::utf16_units(event.data.as_bytes())
            }
        };
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

    /// Whether it is to cross before another event is put in.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.data.len() + self.wide.len() >= FULL
    }

    /// All that was put in.
    pub fn crossing(&mut self) -> Crossing<'_> {
        if self.data.is_empty() {
            self.data.push(b'[');
        }
        self.data.push(b']');
        let names_at = self.data.len();
        // The names and what is wide stay behind the data until it is emptied.
        self.data.extend_from_slice(&self.names);
        self.data_end = self.data.len();
        if !self.wide.is_empty() {
            self.wide.push(b']');
            self.data.extend_from_slice(&self.wide);
        }
        self.crossing_with(names_at)
    }

    /// What crosses after it has crossed and was no UTF-8: with U+FFFD for what is none. That each
    /// stands between brackets and commas keeps one event's broken character from the next one's
    /// bytes.
    pub fn mended(&mut self) -> Crossing<'_> {
        let names_at = self.data_end - self.names.len();
        self.data.truncate(self.data_end);
        let mut rest: &[u8] = &self.wide;
        let wide = self
            .rows
            .chunks_exact_mut(4)
            .filter(|row| row[0] & WIDE != 0);
        for (row, &bytes) in wide.zip(&self.lengths) {
            let (data, after) = rest.split_at(bytes as usize + 1);
            self.data.push(data[0]);
            row[2] = text::append_mended(Text::from(&data[1..]), &mut self.data);
            rest = after;
        }
        self.data.extend_from_slice(rest);
        self.crossing_with(names_at)
    }

    fn crossing_with(&self, names_at: usize) -> Crossing<'_> {
        Crossing {
            text: &self.data,
            rows: &self.rows,
            names_at,
            wide_at: self.data_end,
            is_array: self.is_array,
        }
    }

    /// Empties it; what grew large is given back.
    pub fn clear(&mut self) {
        if let Some((start, end)) = self.last_event_id.take() {
            self.before.clear();
            self.before.extend_from_slice(&self.names[start..end]);
        }
        for text in [&mut self.data, &mut self.names, &mut self.wide] {
            text.clear();
            text.shrink_to(KEPT);
        }
        for numbers in [&mut self.rows, &mut self.lengths] {
            numbers.clear();
            numbers.shrink_to(KEPT / 4);
        }
        self.is_array = self.is_json;
    }

    fn last_event_id(&self) -> &[u8] {
        match self.last_event_id {
            Some((start, end)) => &self.names[start..end],
            None => &self.before,
        }
    }
}
