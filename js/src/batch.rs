//! Events, made ready to cross: their text one behind the other, and a table of where it is.

use crate::text;
use alloc::vec::Vec;
use tidewire::connection::Event;

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
pub(crate) struct Batch {
    data: Vec<u8>,
    names: Vec<u8>,
    rows: Vec<u32>,
    /// The text in UTF-16, if it is not all ASCII.
    wide: Vec<u16>,
    /// Whether payloads are parsed at all.
    is_json: bool,
    /// Each payload so far is one JSON object or array, as far as its brackets say.
    is_array: bool,
    /// The last event ID so far: a part of `names`, or what it was before this batch.
    last_event_id: Option<(usize, usize)>,
    before: Vec<u8>,
}

/// What crosses.
pub(crate) struct Crossing<'b> {
    pub(crate) text: Text<'b>,
    /// Lengths are those of the text's units.
    pub(crate) rows: &'b [u32],
    /// Where the names begin, in the text's units.
    pub(crate) names_at: u32,
    /// What is before them can be parsed as one array: if that succeeds, its members are
    /// the events' payloads.
    pub(crate) is_array: bool,
}

/// ASCII, or UTF-16: JavaScript counts in its units.
pub(crate) enum Text<'b> {
    Ascii(&'b [u8]),
    Wide(&'b [u16]),
}

impl Batch {
    pub(crate) fn new(last_event_id: &str, is_json: bool) -> Self {
        Batch {
            data: Vec::new(),
            names: Vec::new(),
            rows: Vec::new(),
            wide: Vec::new(),
            is_json,
            is_array: is_json,
            last_event_id: None,
            before: last_event_id.into(),
        }
    }

    pub(crate) fn push(&mut self, event: Event<'_>) {
        let mut kind = match event.index {
            Some(index) => u32::from(index),
            None => UNKNOWN,
        };
        if event.replayed {
            kind |= REPLAYED;
        }
        let name = match event.index {
            None => event.name.as_bytes(),
            Some(_) => &[],
        };
        self.names.extend_from_slice(name);
        let data = event.data.as_bytes();
        self.data
            .push(if self.rows.is_empty() { b'[' } else { b',' });
        self.data.extend_from_slice(data);
        self.is_array = self.is_array && text::is_enclosed(data);
        let mut id: &[u8] = &[];
        if event.id.is_some() {
            kind |= OWN_ID;
        }
        // An id of its own need not be compared: that it says the same again does no harm.
        if event.id.is_some() || event.last_event_id.as_bytes() != self.last_event_id() {
            kind |= ID_CHANGED;
            id = event.last_event_id.as_bytes();
            let start = self.names.len();
            self.names.extend_from_slice(id);
            self.last_event_id = Some((start, self.names.len()));
        }
        let lengths = [name, data, id].map(|part| part.len() as u32);
        self.rows
            .extend_from_slice(&[kind, lengths[0], lengths[1], lengths[2]]);
    }

    /// Whether it is to cross before another event is put in.
    pub(crate) fn is_full(&self) -> bool {
        self.data.len() >= FULL
    }

    /// All that was put in.
    pub(crate) fn crossing(&mut self) -> Crossing<'_> {
        self.data.push(b']');
        let names_at = self.data.len() as u32;
        if text::is_ascii(&self.data) && text::is_ascii(&self.names) {
            // The names stay behind the data until it is emptied.
            self.data.extend_from_slice(&self.names);
            return Crossing {
                text: Text::Ascii(&self.data),
                rows: &self.rows,
                names_at,
                is_array: self.is_array,
            };
        }
        let names_at = self.widen();
        Crossing {
            text: Text::Wide(&self.wide),
            rows: &self.rows,
            names_at,
            is_array: self.is_array,
        }
    }

    /// Writes the text in UTF-16, part by part: a character that one breaks off within must not
    /// be completed by the next. Answers where the names begin.
    fn widen(&mut self) -> u32 {
        let mut rest: &[u8] = &self.data;
        for row in self.rows.chunks_exact_mut(4) {
            let (before, after) = rest.split_at(1);
            let (part, after) = after.split_at(row[2] as usize);
            self.wide.push(u16::from(before[0]));
            row[2] = text::widen(part, &mut self.wide);
            rest = after;
        }
        self.wide.push(u16::from(b']'));
        let names_at = self.wide.len();
        let mut rest: &[u8] = &self.names;
        for row in self.rows.chunks_exact_mut(4) {
            for column in [1, 3] {
                let (part, after) = rest.split_at(row[column] as usize);
                row[column] = text::widen(part, &mut self.wide);
                rest = after;
            }
        }
        names_at as u32
    }

    /// Empties it; what grew large is given back.
    pub(crate) fn clear(&mut self) {
        if let Some((start, end)) = self.last_event_id.take() {
            self.before.clear();
            self.before.extend_from_slice(&self.names[start..end]);
        }
        self.data.clear();
        self.data.shrink_to(KEPT);
        self.names.clear();
        self.names.shrink_to(KEPT);
        self.rows.clear();
        self.rows.shrink_to(KEPT / 4);
        self.wide.clear();
        self.wide.shrink_to(KEPT / 2);
        self.is_array = self.is_json;
    }

    fn last_event_id(&self) -> &[u8] {
        match self.last_event_id {
            Some((start, end)) => &self.names[start..end],
            None => &self.before,
        }
    }
}
