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
const ROW: usize = 8;
const KIND: usize = 0;
const NAME: usize = 1;
const DATA: usize = 2;
const ID: usize = 3;
const DATA_AT: usize = 4;
const ID_AT: usize = 5;
const NAME_AT: usize = 6;
const MEMBER: usize = 7;

/// Events, ready to cross.
///
/// What lies in the chunk that is being read stays there for now, and a row says where. Then a batch
/// crosses in one of several [forms](Form).
pub struct Batch {
    /// The text of events that do not lie in the chunk, one after the other.
    own: Vec<u8>,
    /// As they cross, but that all is counted in bytes: from where the lent part of the chunk
    /// begins, or in `own`.
    rows: Vec<u32>,
    /// Of the chunk, what is between the first event that lies in it, and the last.
    lent: (usize, usize),
    /// So many events have data that is not all ASCII.
    wide: usize,
    /// Bytes of all names, data and ids.
    size: usize,
    /// One more than the highest index of a known type.
    types: usize,
    /// Payloads are parsed: they have to stand side by side.
    is_json: bool,
    /// The last event ID so far, and what it was before this batch.
    last_event_id: Last,
    before: Vec<u8>,
    /// What crosses, where it has to be put together.
    gathered: Gathered,
}

/// Room that is used again.
#[derive(Default)]
struct Gathered {
    text: Vec<u8>,
    wide: Vec<u8>,
    rows: Vec<u32>,
    /// The rows, those of a type side by side.
    order: Vec<u32>,
    /// Where in this order the next row of each type goes.
    places: Vec<u32>,
}

/// How a batch crosses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is: what was lent and what was not, each in a text of its own, which are decoded with
    /// all that is between the events, at once. That what is lent is ASCII shows when it is decoded.
    AsItIs,
    /// Data that is lent and not all ASCII stays in the chunk, and the rest is put together.
    WideInChunk,
    /// Everything is put together: the data as an array, `[`, that of each event, a comma between
    /// two, `]`, and then of each event the name (of unknown types alone) and the id (where it
    /// changed or is the event's own). The events of a type stand side by side: of objects that are
    /// alike, JavaScript's parser needs half the time for all but the first.
    ///
    /// Data that is not all ASCII stands by itself, as an array of its own: one such character makes
    /// a whole string of JavaScript's twice as large, and its decoding several times as slow.
    Gathered,
    /// The same, with U+FFFD for what is no UTF-8.
    Mended,
}

/// What crosses.
pub struct Crossing<'b> {
    /// UTF-8, but for what is wide, if the server did not send that.
    pub text: &'b [u8],
    /// The part of the chunk in which other events lie.
    pub lent: &'b [u8],
    /// Data that is not all ASCII.
    pub wide: &'b [u8],
    /// Lengths and places are in UTF-16 units, as JavaScript counts.
    pub rows: &'b [u32],
    /// Where the names begin in the text, in these units.
    pub names_at: usize,
    /// The units of all names, data and ids.
    pub size: usize,
    /// What is before the names, and what is wide, can be parsed as an array each: if that
    /// succeeds, their members are the events' payloads.
    pub is_array: bool,
    /// The text and what is lent have to be ASCII, which was not looked at.
    pub is_doubtful: bool,
}

impl Batch {
    /// A batch of events that come after this id; `is_json` if their data is to be parsed.
    #[must_use]
    pub fn new(last_event_id: &str, is_json: bool) -> Self {
        Batch {
            own: Vec::new(),
            rows: Vec::new(),
            lent: (0, 0),
            wide: 0,
            size: 0,
            types: 0,
            is_json,
            last_event_id: Last::Before,
            before: last_event_id.into(),
            gathered: Gathered::default(),
        }
    }

    /// Puts an event in. If it lies in this chunk, it stays there.
    #[inline]
    pub fn push(&mut self, event: Event<'_>, chunk: &[u8]) {
        let place = match self.place(&event, chunk) {
            Some(place) => place,
            None => self.keep(&event, chunk),
        };
        let mut kind = place.kind;
        if event.replayed {
            kind |= REPLAYED;
        }
        if !event.data.is_ascii() {
            kind |= WIDE;
            self.wide += 1;
        }
        kind |= match event.index {
            Some(index) => {
                self.types = self.types.max(usize::from(index) + 1);
                u32::from(index)
            }
            None => UNKNOWN,
        };
        let data = event.data.as_bytes().len();
        self.size += place.name.length + data + place.id.length;
        self.rows.extend_from_slice(&[
            kind,
            place.name.length as u32,
            data as u32,
            place.id.length as u32,
            place.data as u32,
            place.id.start as u32,
            place.name.start as u32,
            0,
        ]);
    }

    /// Where an event lies in its chunk, if all of it does.
    #[inline]
    fn place(&mut self, event: &Event<'_>, chunk: &[u8]) -> Option<Place> {
        let data = offset(event.data.as_bytes(), chunk)?;
        let mut end = data + event.data.as_bytes().len();
        let mut start = data;
        let mut part = |bytes: &[u8]| {
            let at = offset(bytes, chunk)?;
            start = start.min(at);
            end = end.max(at + bytes.len());
            Some(Part {
                start: at,
                length: bytes.len(),
            })
        };
        let mut kind = LENT;
        let mut id = Part::default();
        match event.id {
            // An id of its own need not be compared: that it says the same again does no harm.
            Some(own) => {
                kind |= OWN_ID | ID_CHANGED;
                id = part(own.as_bytes())?;
            }
            None if event.last_event_id.as_bytes() == self.last_event_id(chunk) => {}
            None => return None,
        }
        let mut name = match event.index {
            Some(_) => Part::default(),
            None => part(event.name.as_bytes())?,
        };
        if event.id.is_some() {
            self.last_event_id = Last::Lent(id.start, id.start + id.length);
        }
        if self.lent.1 == 0 {
            self.lent.0 = start;
        }
        self.lent.1 = end;
        let base = self.lent.0;
        id.start = id.start.wrapping_sub(base);
        name.start = name.start.wrapping_sub(base);
        Some(Place {
            kind,
            data: data.wrapping_sub(base),
            id,
            name,
        })
    }

    /// Copies an event.
    #[inline(never)]
    fn keep(&mut self, event: &Event<'_>, chunk: &[u8]) -> Place {
        let mut kind = 0;
        let changed = match event.id {
            Some(_) => {
                kind |= OWN_ID;
                true
            }
            None => event.last_event_id.as_bytes() != self.last_event_id(chunk),
        };
        let mut add = |text: Text<'_>| {
            let start = self.own.len();
            text.append_to(&mut self.own);
            Part {
                start,
                length: self.own.len() - start,
            }
        };
        let data = add(event.data).start;
        let mut id = Part::default();
        if changed {
            kind |= ID_CHANGED;
            id = add(Text::from(event.last_event_id));
            self.last_event_id = Last::Own(id.start, id.start + id.length);
        }
        let name = match event.index {
            Some(_) => Part::default(),
            None => add(event.name),
        };
        Place {
            kind,
            data,
            id,
            name,
        }
    }

    /// Whether it is to cross before another event is put in.
    #[must_use]
    #[inline]
    pub fn is_full(&self) -> bool {
        self.own.len() + (self.lent.1 - self.lent.0) >= FULL
    }

    /// The form in which it crosses first. `is_all` if hardly anything is between its events.
    #[must_use]
    pub fn form(&self, is_all: bool) -> Form {
        let lent = self.lent.1 - self.lent.0;
        let is_worthwhile = is_all && (self.own.is_empty() || lent == 0 || lent > WORTHWHILE);
        if self.is_json || !is_worthwhile {
            Form::Gathered
        } else if self.wide == 0 {
            Form::AsItIs
        } else if 2 * self.wide > self.rows.len() / ROW {
            Form::WideInChunk
        } else {
            Form::Gathered
        }
    }

    /// All that was put in, in this form. `chunk` is what it was put in with.
    // Inlined, it would become as slow as its caller is small.
    #[inline(never)]
    pub fn crossing<'b>(&'b mut self, chunk: &'b [u8], form: Form) -> Crossing<'b> {
        let lent = chunk.get(self.lent.0..self.lent.1).unwrap_or_default();
        if form == Form::AsItIs {
            return Crossing {
                text: &self.own,
                lent,
                wide: &[],
                rows: &self.rows,
                names_at: 0,
                size: self.size,
                is_array: false,
                is_doubtful: true,
            };
        }
        let is_array = self.is_json && self.rows.len() > ROW;
        let gathered = &mut self.gathered;
        if is_array {
            gathered.sort(&self.rows, self.types);
        }
        let mut crossing = gathered.gather(&self.rows, &self.own, lent, form, is_array);
        crossing.size = crossing.size.wrapping_add(self.size);
        crossing
    }

    /// Empties it; what grew large is given back.
    pub fn clear(&mut self, chunk: &[u8]) {
        if !matches!(self.last_event_id, Last::Before) {
            let mut id = core::mem::take(&mut self.before);
            id.clear();
            append(&mut id, self.last_event_id(chunk));
            self.before = id;
            self.last_event_id = Last::Before;
        }
        let gathered = &mut self.gathered;
        for text in [&mut self.own, &mut gathered.text, &mut gathered.wide] {
            empty(text);
        }
        for numbers in [&mut self.rows, &mut gathered.rows, &mut gathered.order] {
            empty(numbers);
        }
        (self.lent, self.wide, self.size) = ((0, 0), 0, 0);
    }

    #[inline]
    fn last_event_id<'b>(&'b self, chunk: &'b [u8]) -> &'b [u8] {
        let (text, start, end) = match self.last_event_id {
            Last::Before => return &self.before,
            Last::Own(start, end) => (&*self.own, start, end),
            Last::Lent(start, end) => (chunk, start, end),
        };
        text.get(start..end).unwrap_or_default()
    }
}

impl Gathered {
    /// Finds an order in which the events of a type stand side by side.
    // In functions of their own the compiler makes less of all of them, and no slower ones.
    #[inline(never)]
    fn sort(&mut self, rows: &[u32], types: usize) {
        let (rows, _) = rows.as_chunks::<ROW>();
        let place = |row: &[u32; ROW]| types.min((row[KIND] & UNKNOWN) as usize);
        self.places.clear();
        self.places.resize(types + 2, 0);
        for row in rows {
            if let Some(count) = self.places.get_mut(place(row) + 1) {
                *count += 1;
            }
        }
        let mut before = 0;
        for count in &mut self.places {
            before += *count;
            *count = before;
        }
        self.order.resize(rows.len(), 0);
        for (at, row) in (0..).zip(rows) {
            if let Some(next) = self.places.get_mut(place(row)) {
                if let Some(here) = self.order.get_mut(*next as usize) {
                    *here = at;
                }
                *next += 1;
            }
        }
    }

    /// Puts everything together: what is not the lent part's is `own`. The size is how much more it
    /// is in units than in bytes.
    #[inline(never)]
    fn gather<'b>(
        &'b mut self,
        rows: &[u32],
        own: &[u8],
        lent: &'b [u8],
        form: Form,
        mut is_array: bool,
    ) -> Crossing<'b> {
        let (text, wide) = (&mut self.text, &mut self.wide);
        text.clear();
        wide.clear();
        self.rows.clear();
        self.rows.extend_from_slice(rows);
        let (to, _) = self.rows.as_chunks_mut::<ROW>();
        // Of the text, and of what is wide.
        let (mut members, mut units) = ([0; 2], [0; 2]);
        let mut counted = 0;
        let mut size = 0_usize;
        let is_sorted = is_array;
        for at in 0..to.len() {
            let at = match is_sorted {
                true => self.order.get(at).map_or(at, |&at| at as usize),
                false => at,
            };
            let Some(row) = to.get_mut(at) else { break };
            let length = row[DATA] as usize;
            let start = row[DATA_AT] as usize;
            let is_lent = row[KIND] & LENT != 0;
            let data = part(if is_lent { lent } else { own }, start, length);
            if form == Form::WideInChunk {
                row[KIND] &= !WIDE;
            }
            if form == Form::WideInChunk && is_lent {
                let gap = part(lent, counted, start.wrapping_sub(counted));
                counted = start + length;
                row[KIND] |= WIDE;
                row[DATA] = text::utf16_units(data);
                row[DATA_AT] = units[1] + text::utf16_units(gap);
                units[1] = row[DATA_AT] + row[DATA];
            } else {
                let is_wide = row[KIND] & WIDE != 0;
                let to = if is_wide { &mut *wide } else { &mut *text };
                let [members, units] =
                    [&mut members, &mut units].map(|all| &mut all[usize::from(is_wide)]);
                to.push(if to.is_empty() { b'[' } else { b',' });
                row[MEMBER] = *members;
                *members += 1;
                row[DATA_AT] = *units + 1;
                is_array = is_array && text::is_enclosed(data);
                let data = Text::from(data);
                row[DATA] = match form {
                    _ if !is_wide && form != Form::WideInChunk => {
                        data.append_to(to);
                        length as u32
                    }
                    Form::Mended => text::append_mended(data, to),
                    _ => text::append(data, to),
                };
                *units = row[DATA_AT] + row[DATA];
            }
            size = size.wrapping_add(row[DATA] as usize).wrapping_sub(length);
        }
        for text in [&mut *text, &mut *wide] {
            if !text.is_empty() {
                text.push(b']');
            }
        }
        let names_at = if text.is_empty() {
            0
        } else {
            units[0] as usize + 1
        };
        let mut units = 0;
        for row in to {
            let from = if row[KIND] & LENT != 0 { lent } else { own };
            row[KIND] &= !LENT;
            for (length, at) in [(NAME, NAME_AT), (ID, ID_AT)] {
                let bytes = row[length] as usize;
                if bytes > 0 {
                    let part = part(from, row[at] as usize, bytes);
                    row[length] = text::append_mended(Text::from(part), text);
                    size = size.wrapping_add(row[length] as usize).wrapping_sub(bytes);
                }
                row[at] = units;
                units += row[length];
            }
        }
        Crossing {
            text,
            lent: &[],
            wide: if form == Form::WideInChunk {
                lent
            } else {
                wide
            },
            rows: &self.rows,
            names_at,
            size,
            is_array,
            is_doubtful: false,
        }
    }
}

/// Where an event lies.
struct Place {
    kind: u32,
    data: usize,
    /// An id of its own, or a new last event ID.
    id: Part,
    /// Its name, if its type is unknown.
    name: Part,
}

#[derive(Default)]
struct Part {
    start: usize,
    length: usize,
}

/// Where the last event ID is that came last.
#[derive(Clone, Copy)]
enum Last {
    /// It came before this batch.
    Before,
    Own(usize, usize),
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
fn part(whole: &[u8], start: usize, length: usize) -> &[u8] {
    whole
        .get(start..start.wrapping_add(length))
        .unwrap_or_default()
}

/// Where a part begins in a whole, if it lies in it and something comes behind it: two that are
/// empty may have one address by chance.
#[inline]
fn offset(part: &[u8], whole: &[u8]) -> Option<usize> {
    let at = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
    let room = whole.len().checked_sub(at)?;
    (part.len() < room).then_some(at)
}
