use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use tidewire::connection::Event;

/// An event's type is unknown to the profile.
const UNKNOWN: u32 = 0xFFFF;

const REPLAYED: u32 = 1 << 16;
const OWN_ID: u32 = 2 << 16;
const ID_CHANGED: u32 = 4 << 16;

/// The events of a chunk, ready to cross.
///
/// `text` holds the name (of unknown types alone), the data and the id (where it changed or is
/// the event's own) of each event, one behind the other. `rows` has for each event its type and
/// flags, and how long the three are, in UTF-16 units, as JavaScript counts.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) text: String,
    pub(crate) rows: Vec<u32>,
    last_event_id: String,
}

impl Batch {
    pub(crate) fn new(last_event_id: &str) -> Self {
        Batch {
            last_event_id: last_event_id.to_owned(),
            ..Batch::default()
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
            None => self.append(&event.name.to_str()),
            Some(_) => 0,
        };
        let data = self.append(&event.data.to_str());
        let changed = event.last_event_id != self.last_event_id;
        let mut id = 0;
        if event.id.is_some() {
            kind |= OWN_ID;
        }
        if changed {
            kind |= ID_CHANGED;
            self.last_event_id.clear();
            self.last_event_id.push_str(event.last_event_id);
        }
        if changed || event.id.is_some() {
            id = self.append(event.last_event_id);
        }
        self.rows.extend([kind, name, data, id]);
    }

    /// Empties it; what grew large is given back.
    pub(crate) fn clear(&mut self) {
        const KEPT: usize = 256 * 1024;
        self.text.clear();
        self.text.shrink_to(KEPT);
        self.rows.clear();
        self.rows.shrink_to(KEPT / 4);
    }

    fn append(&mut self, text: &str) -> u32 {
        self.text.push_str(text);
        match text.is_ascii() {
            true => text.len() as u32,
            // Every character has one lead byte; those of four bytes take two units.
            false => text
                .bytes()
                .map(|byte| u32::from(byte as i8 >= -64) + u32::from(byte >= 0xF0))
                .sum(),
        }
    }
}
