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
    /// Hands over what there is, and empties the batch. `lent` is what of the chunk the events were
    /// put in with; `is_followed` if there is more of the same chunk. Answers whether there is room
    /// for more.
    fn cross(&self, batch: &mut Batch, lent: &[u8], is_followed: bool) -> Flow;

    /// Takes news whose place is between two events.
    fn report(&self, report: Report);
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
    // Where events are left out, what is between the others would be decoded for nothing.
    let lent = match connection.wants_everything() {
        true => batch.lend(bytes),
        false => &[],
    };
    let mut collector = Collector {
        batch,
        lent,
        outlet,
        taken: false,
    };
    let used = connection.chunk(now, bytes, &mut collector);
    let flow = match collector.taken {
        true => outlet.cross(batch, lent, false),
        false => Flow::More,
    };
    (used, flow)
}

/// Puts an event into the batch, which crosses when it is full.
pub fn collect(event: Event<'_>, batch: &mut Batch, outlet: &dyn Outlet) -> Flow {
    put(event, batch, &[], outlet)
}

#[inline]
fn put(event: Event<'_>, batch: &mut Batch, lent: &[u8], outlet: &dyn Outlet) -> Flow {
    batch.push(event, lent);
    match batch.is_full() {
        true => outlet.cross(batch, lent, true),
        false => Flow::More,
    }
}

struct Collector<'c> {
    batch: &'c mut Batch,
    lent: &'c [u8],
    outlet: &'c dyn Outlet,
    taken: bool,
}

impl Sink for Collector<'_> {
    #[inline]
    fn event(&mut self, event: Event<'_>) -> Flow {
        self.taken = true;
        put(event, self.batch, self.lent, self.outlet)
    }

    fn report(&mut self, report: Report) {
        // What came before is handed on first. The flow is asked for again at the end.
        if core::mem::replace(&mut self.taken, true) {
            let _ = self.outlet.cross(self.batch, self.lent, false);
        }
        self.outlet.report(report);
    }
}
