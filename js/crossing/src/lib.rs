//! From the bytes of a stream to what crosses into JavaScript.
//!
//! A crate of its own because the rest of the module is compiled to be small. What is generic over
//! the sink (`Connection::chunk` and all that is on an event's way) is compiled here, for speed,
//! and becomes one loop from the bytes to the batch.

#![cfg(target_arch = "wasm32")]
#![no_std]

extern crate alloc;

mod batch;
mod text;

pub use batch::{Batch, Crossing, Form};

use tidewire::connection::{Connection, Event, Flow, Millis, Report, Sink};

/// Where batches go.
pub trait Outlet {
    /// Hands over what there is, and empties the batch. `chunk` is what the events were put in with;
    /// `is_followed` if there is more of it. Answers whether there is room for more.
    fn cross(&self, batch: &mut Batch, chunk: Chunk<'_>, is_followed: bool) -> Flow;

    /// Takes news whose place is between two events.
    fn report(&self, report: Report);
}

/// What events may stay in until they cross.
#[derive(Clone, Copy, Default)]
pub struct Chunk<'c> {
    /// All of it.
    pub bytes: &'c [u8],
    /// Events are left out of it: what is between the others would be decoded for nothing.
    pub is_sparse: bool,
}

/// Gives a connection bytes of its stream, and hands over the events. Answers how many bytes were
/// used, and whether there is room for more.
pub fn feed(
    connection: &mut Connection,
    now: Millis,
    bytes: &[u8],
    batch: &mut Batch,
    outlet: &dyn Outlet,
) -> (usize, Flow) {
    let chunk = Chunk {
        bytes,
        is_sparse: !connection.wants_everything(),
    };
    let mut collector = Collector {
        batch,
        chunk,
        outlet,
        taken: false,
    };
    let used = connection.chunk(now, bytes, &mut collector);
    let flow = match collector.taken {
        true => outlet.cross(batch, chunk, false),
        false => Flow::More,
    };
    (used, flow)
}

/// Puts an event into the batch, which crosses when it is full.
pub fn collect(event: Event<'_>, batch: &mut Batch, outlet: &dyn Outlet) -> Flow {
    put(event, batch, Chunk::default(), outlet)
}

#[inline]
fn put(event: Event<'_>, batch: &mut Batch, chunk: Chunk<'_>, outlet: &dyn Outlet) -> Flow {
    batch.push(event, chunk.bytes);
    match batch.is_full() {
        true => outlet.cross(batch, chunk, true),
        false => Flow::More,
    }
}

struct Collector<'c> {
    batch: &'c mut Batch,
    chunk: Chunk<'c>,
    outlet: &'c dyn Outlet,
    taken: bool,
}

impl Sink for Collector<'_> {
    #[inline]
    fn event(&mut self, event: Event<'_>) -> Flow {
        self.taken = true;
        put(event, self.batch, self.chunk, self.outlet)
    }

    fn report(&mut self, report: Report) {
        // What came before is handed on first. The flow is asked for again at the end.
        if core::mem::replace(&mut self.taken, true) {
            let _ = self.outlet.cross(self.batch, self.chunk, false);
        }
        self.outlet.report(report);
    }
}
