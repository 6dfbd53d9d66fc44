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

pub use batch::{Batch, Crossing};

use tidewire::connection::{Connection, Event, Flow, Millis, Report, Sink};

/// Where batches go.
pub trait Outlet {
    /// Hands over what there is, and empties the batch; `is_followed` if there is more of the same
    /// chunk. Answers whether there is room for more.
    fn cross(&self, batch: &mut Batch, is_followed: bool) -> Flow;

    /// Takes news whose place is between two events.
    fn report(&self, report: Report);
}

/// Gives a connection bytes of its stream, and puts the events into the batch. Answers how many
/// bytes were used, and whether there were events.
pub fn feed(
    connection: &mut Connection,
    now: Millis,
    bytes: &[u8],
    batch: &mut Batch,
    outlet: &dyn Outlet,
) -> (usize, bool) {
    let mut collector = Collector {
        batch,
        outlet,
        taken: false,
    };
    let used = connection.chunk(now, bytes, &mut collector);
    (used, collector.taken)
}

/// Puts an event into the batch, which crosses when it is full.
pub fn collect(event: Event<'_>, batch: &mut Batch, outlet: &dyn Outlet) -> Flow {
    batch.push(event);
    match batch.is_full() {
        true => outlet.cross(batch, true),
        false => Flow::More,
    }
}

struct Collector<'c> {
    batch: &'c mut Batch,
    outlet: &'c dyn Outlet,
    taken: bool,
}

impl Sink for Collector<'_> {
    #[inline]
    fn event(&mut self, event: Event<'_>) -> Flow {
        self.taken = true;
        collect(event, self.batch, self.outlet)
    }

    fn report(&mut self, report: Report) {
        // What came before is handed on first. The flow is asked for again at the end.
        if core::mem::replace(&mut self.taken, true) {
            let _ = self.outlet.cross(self.batch, false);
        }
        self.outlet.report(report);
    }
}
