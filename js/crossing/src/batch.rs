//! Events, made ready to cross: where their text is, and a table of that.

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
const LENT: u32 = 16 << 16;

/// Bytes of text after which a batch is closed. A string of JavaScript's that is cut out of a
/// longer one keeps all of it alive: a kept event keeps this much, and the event's own size.
const FULL: usize = 64 * 1024;

/// Bytes of room that are kept for the next batch.
const KEPT: usize = 256 * 1024;

/// A chunk has to be so much longer than one whose events are copied, if something was copied
/// already: to decode a second text costs as much as to copy this.
const WORTHWHILE: usize = 4 * 1024;

/// The columns of a row: as in boundary.ts.
const ROW: usize = 7;
const DATA: usize = 2;
const DATA_AT: usize = 4;

/// Events, ready to cross.
///
/// Data and ids that lie in the chunk that is being read stay there: they are decoded with all
/// that is between them, at once. What does not lie there is copied: `[`, the data of each event,
/// a comma between two, `]`, and then of each event the name (of unknown types alone) and the id
/// (where it changed or is the event's own).
///
/// Data that is not all ASCII stands by itself behind that, in brackets of its own: one such
/// character makes a whole string of JavaScript's twice as large, and its decoding several times
/// as slow.
pub struct Batch {
    data: Vec<u8>,
    names: Vec<u8>,
    /// UTF-16 units of the names.
    name_units: u32,
    wide: Vec<u8>,
    wide_units: u32,
    /// Of each event its type and flags, how long its name, data and id are, and where each begins:
    /// data, id, name.
    rows: Vec<u32>,
    /// The bytes of each data in `wide`.
    lengths: Vec<u32>,
    /// Of the chunk, what is between the first event that lies in it, and the last.
    lent: (usize, usize),
    /// Where the data ends while it crosses, and the names begin.
    data_end: usize,
    /// Whether payloads are parsed at all.
    is_json: bool,
    /// Each payload so far is one JSON object or array, as far as its brackets say.
    is_array: bool,
    /// The last event ID so far, and what it was before this batch.
    last_event_id: Last,
    before: Vec<u8>,
}

/// What crosses.
pub struct Crossing<'b> {
    /// UTF-8, but for what is wide, if the server did not send that.
    pub text: &'b [u8],
    /// Lengths and places are in UTF-16 units, as JavaScript counts.
    pub rows: &'b [u32],
    /// Where the names begin, in these units, which before them are bytes too.
    pub names_at: usize,
    /// Where what is wide begins, in bytes.
    pub wide_at: usize,
    /// What is before the names, and what is wide, can be parsed as an array each: if that
    /// succeeds, their members are the events' payloads.
    pub is_array: bool,
    /// The part of the chunk in which the events lie that were not copied: ASCII.
    pub lent: &'b [u8],
}

impl Batch {
    /// A batch of events that come after this id; `is_json` if their data is to be parsed.
    #[must_use]
    pub fn new(last_event_id: &str, is_json: bool) -> Self {
        Batch {
            data: Vec::new(),
            names: Vec::new(),
            name_units: 0,
            wide: Vec::new(),
            wide_units: 0,
            rows: Vec::new(),
            lengths: Vec::new(),
            lent: (0, 0),
            data_end: 0,
            is_json,
            is_array: is_json,
            last_event_id: Last::Before,
            before: last_event_id.into(),
        }
    }

    /// What of a chunk its events may stay in: what is ASCII, if it is worth while. Payloads that
    /// are parsed at once have to stand side by side.
    pub(crate) fn lend<'c>(&self, chunk: &'c [u8]) -> &'c [u8] {
        let is_worthwhile = self.data.is_empty() || chunk.len() > WORTHWHILE;
        match is_worthwhile && !self.is_json {
            true => text::ascii_start(chunk),
            false => &[],
        }
    }

    /// Puts an event in. If it lies in this part of its chunk, it stays there.
    #[inline]
    pub fn push(&mut self, event: Event<'_>, lent: &[u8]) {
        match self.place(&event, lent) {
            Some(place) => self.push_lent(event, place),
            None => self.push_copy(event, lent),
        }
    }

    /// Where an event lies in this part of its chunk, if it does, and nothing of it has to be
    /// copied.
    #[inline]
    fn place(&self, event: &Event<'_>, lent: &[u8]) -> Option<Place> {
        let data = offset(event.data.as_bytes(), lent)?;
        let id = match event.id {
            Some(id) => Some(offset(id.as_bytes(), lent)?),
            None => {
                let same = event.last_event_id.as_bytes() == self.last_event_id(lent);
                same.then_some(None)?
            }
        };
        let name = match event.index {
            Some(_) => None,
            None => Some(offset(event.name.as_bytes(), lent)?),
        };
        Some(Place { data, id, name })
    }

    #[inline]
    fn push_lent(&mut self, event: Event<'_>, Place { data, id, name }: Place) {
        let length = event.data.as_bytes().len();
        let (mut start, mut end) = (data, data + length);
        let mut kind = event.index.map_or(UNKNOWN, u32::from) | LENT | replayed(&event);
        let mut id_length = 0;
        if let Some(id) = id {
            kind |= OWN_ID | ID_CHANGED;
            id_length = event.last_event_id.len();
            start = start.min(id);
            end = end.max(id + id_length);
            self.last_event_id = Last::Lent(id, id + id_length);
        }
        let mut name_length = 0;
        if let Some(name) = name {
            name_length = event.name.as_bytes().len();
            start = start.min(name);
            end = end.max(name + name_length);
        }
        if self.lent.1 == 0 {
            self.lent.0 = start;
        }
        self.lent.1 = end;
        let at = |place: usize| place.wrapping_sub(self.lent.0) as u32;
        self.rows.extend_from_slice(&[
            kind,
            name_length as u32,
            length as u32,
            id_length as u32,
            at(data),
            id.map_or(0, at),
            name.map_or(0, at),
        ]);
    }

    #[inline(never)]
    fn push_copy(&mut self, event: Event<'_>, lent: &[u8]) {
        let (mut kind, name) = match event.index {
            Some(index) => (u32::from(index), 0),
            None => (UNKNOWN, text::append_mended(event.name, &mut self.names)),
        };
        kind |= replayed(&event);
        let bytes = event.data.as_bytes().len() as u32;
        let (at, data) = match event.data.is_ascii() {
            true => {
                self.data
                    .push(if self.data.is_empty() { b'[' } else { b',' });
                let at = self.data.len() as u32;
                event.data.append_to(&mut self.data);
                (at, bytes)
            }
            false => {
                kind |= WIDE;
                self.lengths.push(bytes);
                self.wide
                    .push(if self.wide.is_empty() { b'[' } else { b',' });
                event.data.append_to(&mut self.wide);
                let units = text::utf16_units(event.data.as_bytes());
                let at = self.wide_units + 1;
                self.wide_units = at + units;
                (at, units)
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
            None => event.last_event_id.as_bytes() == self.last_event_id(lent),
        };
        if !same {
            kind |= ID_CHANGED;
            let start = self.names.len();
            id = text::append(Text::from(event.last_event_id), &mut self.names);
            self.last_event_id = Last::Named(start, self.names.len());
        }
        let name_at = self.name_units;
        let id_at = name_at + name;
        self.name_units = id_at + id;
        self.rows
            .extend_from_slice(&[kind, name, data, id, at, id_at, name_at]);
    }

    /// Whether it is to cross before another event is put in.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.data.len() + self.wide.len() + (self.lent.1 - self.lent.0) >= FULL
    }

    /// All that was put in. `lent` is what it was put in with.
    pub fn crossing<'b>(&'b mut self, lent: &'b [u8]) -> Crossing<'b> {
        if !self.data.is_empty() {
            self.data.push(b']');
        }
        let names_at = self.data.len();
        // The names and what is wide stay behind the data until it is emptied.
        append(&mut self.data, &self.names);
        self.data_end = self.data.len();
        if !self.wide.is_empty() {
            self.wide.push(b']');
            append(&mut self.data, &self.wide);
        }
        self.crossing_with(names_at, lent)
    }

    /// What crosses after it has crossed and was no UTF-8: with U+FFFD for what is none. That each
    /// stands between brackets and commas keeps one event's broken character from the next one's
    /// bytes.
    pub fn mended<'b>(&'b mut self, lent: &'b [u8]) -> Crossing<'b> {
        let names_at = self.data_end - self.names.len();
        self.data.truncate(self.data_end);
        let mut rest: &[u8] = &self.wide;
        let mut at = 0;
        let wide = self
            .rows
            .chunks_exact_mut(ROW)
            .filter(|row| row[0] & WIDE != 0);
        for (row, &bytes) in wide.zip(&self.lengths) {
            let (data, after) = rest.split_at(bytes as usize + 1);
            self.data.push(data[0]);
            row[DATA_AT] = at + 1;
            row[DATA] = text::append_mended(Text::from(&data[1..]), &mut self.data);
            at += row[DATA] + 1;
            rest = after;
        }
        append(&mut self.data, rest);
        self.crossing_with(names_at, lent)
    }

    fn crossing_with<'b>(&'b self, names_at: usize, lent: &'b [u8]) -> Crossing<'b> {
        Crossing {
            text: &self.data,
            rows: &self.rows,
            names_at,
            wide_at: self.data_end,
            is_array: self.is_array,
            lent: lent.get(self.lent.0..self.lent.1).unwrap_or_default(),
        }
    }

    /// Empties it; what grew large is given back.
    pub fn clear(&mut self, lent: &[u8]) {
        if !matches!(self.last_event_id, Last::Before) {
            let mut id = core::mem::take(&mut self.before);
            id.clear();
            append(&mut id, self.last_event_id(lent));
            self.before = id;
            self.last_event_id = Last::Before;
        }
        for text in [&mut self.data, &mut self.names, &mut self.wide] {
            empty(text);
        }
        for numbers in [&mut self.rows, &mut self.lengths] {
            empty(numbers);
        }
        (self.name_units, self.wide_units, self.lent) = (0, 0, (0, 0));
        self.is_array = self.is_json;
    }

    #[inline]
    fn last_event_id<'b>(&'b self, lent: &'b [u8]) -> &'b [u8] {
        let (text, start, end) = match self.last_event_id {
            Last::Before => return &self.before,
            Last::Named(start, end) => (&*self.names, start, end),
            Last::Lent(start, end) => (lent, start, end),
        };
        text.get(start..end).unwrap_or_default()
    }
}

/// Where an event lies in its chunk.
struct Place {
    data: usize,
    /// An id of its own.
    id: Option<usize>,
    /// Its name, if its type is unknown.
    name: Option<usize>,
}

/// Where the last event ID is that came last.
#[derive(Clone, Copy)]
enum Last {
    /// It came before this batch.
    Before,
    Named(usize, usize),
    Lent(usize, usize),
}

// Once a batch: what is small counts more.

#[inline(never)]
fn append(list: &mut Vec<u8>, bytes: &[u8]) {
    list.extend_from_slice(bytes);
}

#[inline(never)]
fn empty<T>(list: &mut Vec<T>) {
    list.clear();
    list.shrink_to(KEPT / size_of::<T>());
}

#[inline]
fn replayed(event: &Event<'_>) -> u32 {
    if event.replayed { REPLAYED } else { 0 }
}

/// Where a part begins in a whole, if it lies in it and something comes behind it: two that are
/// empty may have one address by chance.
#[inline]
fn offset(part: &[u8], whole: &[u8]) -> Option<usize> {
    let at = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
    let room = whole.len().checked_sub(at)?;
    (part.len() < room).then_some(at)
}
