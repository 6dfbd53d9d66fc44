//! A stream of its own for who shares a connection.

use super::{Listener, Member, take_place};
use crate::client::handle::{Control, Source};
use crate::client::options::CopyItem;
use crate::client::queue::{Entry, Queue};
use crate::client::status::Watched;
use crate::client::{Client, Events, FilterChange, Stats};
use crate::connection::Flow;
use crate::filter::{Filter, FilterError, Subscription};
use crate::profiles::Profile;
use std::cell::RefCell;
use std::rc::Rc;

/// A stream on the connection that is open for these options, or on a new one. The options were
/// settled; items are copied by `copy`.
pub(in crate::client) fn connect<P: Profile>(
    mut client: Client<P>,
    copy: CopyItem<P>,
) -> Events<P> {
    let own = client.config.last_event_id.clone();
    let progress = client.progress();
    let queue = client.queue();
    // Where a store says to go on is no option that others would have to have, too.
    let from = std::mem::replace(&mut client.config.last_event_id, own);
    let listener = Copying {
        queue: Rc::clone(&queue),
        copy,
    };
    let member = take_place(client, from, Box::new(listener));
    let source = Sharer {
        seat: Rc::clone(&member.seat),
        member: RefCell::new(Some(member)),
        queue: Rc::clone(&queue),
    };
    Events::new(queue, Rc::new(source), progress)
}

/// Puts copies of what comes into a queue.
struct Copying<P: Profile> {
    queue: Rc<Queue<P>>,
    copy: CopyItem<P>,
}

impl<P: Profile> Listener<P> for Copying<P> {
    fn tell(&mut self, entry: &Entry<P>) -> Flow {
        let item = (self.copy)(&entry.item);
        self.queue.enter(Entry { item, ..*entry })
    }

    fn flush(&mut self) -> Flow {
        self.queue.flow()
    }

    fn filter(&mut self, filter: &Subscription) {
        self.queue.filter(filter);
    }

    fn is_too_slow(&self) -> bool {
        self.queue.is_too_slow()
    }
}

struct Sharer<P: Profile> {
    seat: Rc<super::Seat<P>>,
    /// None when the stream is gone.
    member: RefCell<Option<Member<P>>>,
    queue: Rc<Queue<P>>,
}

impl<P: Profile> Control for Sharer<P> {
    fn watched(&self) -> &Rc<Watched> {
        self.seat.watched()
    }

    fn stats(&self) -> Stats {
        let (waiting, waiting_bytes) = self.queue.waiting();
        let counts = self.queue.counts();
        Stats {
            delivered: counts.delivered.get(),
            dropped: counts.dropped.get(),
            bytes: counts.bytes.get(),
            waiting,
            waiting_bytes,
            ..self.seat.stats()
        }
    }

    fn set_filter(&self, filter: Filter) -> Result<FilterChange, FilterError> {
        self.seat.set_filter(filter)
    }

    fn reconnect(&self) {
        self.seat.reconnect();
    }

    fn close(&self) {
        self.seat.close();
    }

    fn last_event_id(&self) -> String {
        let behind = self.queue.id_behind();
        behind.unwrap_or_else(|| self.seat.last_event_id())
    }
}

impl<P: Profile> Source for Sharer<P> {
    fn want(&self) {
        self.seat.make_room();
    }

    fn leave(&self) {
        let member = self.member.take();
        drop(member);
    }
}
