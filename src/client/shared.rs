//! Several on one page that ask for the same, and the one connection that they share.
//!
//! The same is asked for where the profile, the URL and all else is the same that decides what is
//! requested and when: method, headers, credentials, transport, `last_event_id`, timeouts, limits
//! and reconnection. The filter is each one's own: the server is asked for what all want together,
//! and each gets what it wants. Functions cannot be compared: where both have one or neither has,
//! they count as the same, and the first one's are called. A request that is sent once has an
//! answer of its own, and is never shared.
//!
//! Whoever is told of an item is told in a turn of its own, when no part of the client is on the
//! stack: whatever they do to their stream, or to others, is done at once.

mod seat;
mod stream;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

pub(super) use stream::connect;

use super::handle::Outcome;
use super::queue::Entry;
use super::turn::{next_turn, spawn};
use super::{Buffer, Client, Events, GapReason, Handle, Item};
use crate::connection::{Flow, State};
use crate::filter::{Filter, Subscription};
use crate::profiles::{Profile, Recovery};
use seat::{Mask, Seat};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

#[cfg(any(
    all(test, not(target_arch = "wasm32")),
    feature = "leptos",
    feature = "yew"
))]
#[cfg_attr(
    not(any(test, target_arch = "wasm32", feature = "yew")),
    expect(unused_imports, reason = "the hook for Leptos opens nothing elsewhere")
)]
pub(crate) use hook::join;

/// One of those who share a connection. Dropping it leaves; the last to leave closes the
/// connection, unless another joins before the turn is over.
#[must_use = "dropping it leaves the connection"]
pub(crate) struct Member<P: Profile> {
    seat: Rc<Seat<P>>,
}

impl<P: Profile> Drop for Member<P> {
    fn drop(&mut self) {
        self.seat.go();
    }
}

/// What the hooks are made of.
#[cfg(any(
    all(test, not(target_arch = "wasm32")),
    feature = "leptos",
    feature = "yew"
))]
#[cfg_attr(
    not(any(test, target_arch = "wasm32", feature = "yew")),
    expect(dead_code, reason = "the hook for Leptos opens nothing elsewhere")
)]
mod hook {
    use super::*;
    use crate::client::Status;
    use crate::client::handle::Control;
    use crate::client::queue::ItemOf;
    use crate::client::store::Progress;
    use std::sync::Arc;

    /// Joins the connection that is open for these options, or opens it.
    ///
    /// The listener is told each item that comes from now on, and never before this returns; what
    /// has become of the connection so far, [`Member::status`] says. In a browser, that is:
    /// elsewhere the connection is closed at once, and the listener is told nothing.
    pub(crate) fn join<P: Profile>(
        mut client: Client<P>,
        listener: impl FnMut(&ItemOf<P>) + 'static,
    ) -> Member<P> {
        struct Hook<L> {
            listener: L,
            progress: Option<Progress>,
        }

        impl<P: Profile, L: FnMut(&ItemOf<P>)> Listener<P> for Hook<L> {
            fn tell(&mut self, entry: &Entry<P>) -> Flow {
                (self.listener)(&entry.item);
                if let (Some(progress), Item::Event(event)) = (&mut self.progress, &entry.item) {
                    progress.done(Arc::clone(&event.last_event_id));
                }
                Flow::More
            }

            fn flush(&mut self) -> Flow {
                if let Some(progress) = &mut self.progress {
                    progress.write();
                }
                Flow::More
            }
        }

        // It may have gone while it was told.
        impl<L> Drop for Hook<L> {
            fn drop(&mut self) {
                if let Some(progress) = &mut self.progress {
                    progress.write();
                }
            }
        }

        // Without it, what is wrong ends the stream before it begins, and is said there.
        let _ = client.settle();
        client.share = None;
        let own = client.config.last_event_id.clone();
        let progress = client.progress();
        // Where a store says to go on is no option that others would have to have, too.
        let from = std::mem::replace(&mut client.config.last_event_id, own);
        take_place(client, from, Box::new(Hook { listener, progress }))
    }

    impl<P: Profile> Member<P> {
        /// What acts on it: closing ends it for this member alone, and a filter is this member's
        /// own.
        pub(crate) fn handle(&self) -> Handle {
            Handle::new(Rc::new(Rc::clone(&self.seat)))
        }

        /// How the connection is, as far as the listener was told. Gaps count from the joining.
        pub(crate) fn status(&self) -> Status {
            self.seat.watched().now()
        }
    }
}

/// Who has a place at a connection.
trait Listener<P: Profile> {
    /// Takes an item. Answers whether there is room for another.
    fn tell(&mut self, entry: &Entry<P>) -> Flow;

    /// All that came together was told. Answers whether there is room for more.
    fn flush(&mut self) -> Flow {
        Flow::More
    }

    /// What waits is taken only if it passes.
    fn filter(&mut self, _: &Subscription) {}

    /// Whether it takes too long, and wants the end in that case.
    fn is_too_slow(&self) -> bool {
        false
    }
}

thread_local! {
    /// The connections that may be joined, and some that are gone.
    static OPEN: RefCell<Vec<Weak<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// A place at the connection that is open for these options, or at a new one that goes on after
/// `from`. The options were settled.
fn take_place<P: Profile>(
    client: Client<P>,
    from: String,
    listener: Box<dyn Listener<P>>,
) -> Member<P> {
    let mask = Mask::of(&client.config.filter, &client.config.spec);
    let (true, Ok(mask)) = (!client.is_sent_once(), mask) else {
        // A filter that does not fit ends the stream before it begins, and says why.
        return Shared::open(client, from, Mask::Everything, listener);
    };
    if let Some(shared) = open_for(&client) {
        return shared.take_in(client, from, mask, listener);
    }
    let member = Shared::open(client, from, mask, listener);
    let shared: Rc<dyn Any> = Rc::<Shared<P>>::clone(&member.seat.shared);
    OPEN.with_borrow_mut(|open| open.push(Rc::downgrade(&shared)));
    member
}

fn open_for<P: Profile>(client: &Client<P>) -> Option<Rc<Shared<P>>> {
    let open: Vec<Rc<dyn Any>> = OPEN.with_borrow_mut(|open| {
        open.retain(|shared| shared.strong_count() > 0);
        open.iter().filter_map(Weak::upgrade).collect()
    });
    open.into_iter()
        .filter_map(|shared| shared.downcast::<Shared<P>>().ok())
        .find(|shared| {
            shared.control.state() != State::Closed && shared.client.asks_the_same(client)
        })
}

impl<P: Profile> Client<P> {
    /// Whether all is the same that decides what is requested, and when. Functions are not looked
    /// at, but for whether there is one; the filter is not either.
    pub(crate) fn asks_the_same(&self, other: &Client<P>) -> bool {
        let (mine, theirs) = (&self.config, &other.config);
        #[cfg(target_arch = "wasm32")]
        if self.fetch != other.fetch {
            return false;
        }
        self.address() == other.address()
            && self.the_method() == other.the_method()
            && self.header == other.header
            && self.body == other.body
            && self.idempotency_key == other.idempotency_key
            && self.credentials == other.credentials
            && self.transport == other.transport
            && self.pause_when_hidden == other.pause_when_hidden
            && self.reconnect == other.reconnect
            && self.token.is_some() == other.token.is_some()
            && self.headers.is_some() == other.headers.is_some()
            && self.retry.is_some() == other.retry.is_some()
            && mine.spec == theirs.spec
            && mine.last_event_id == theirs.last_event_id
            && mine.connect_timeout == theirs.connect_timeout
            && mine.stale_after == theirs.stale_after
            && mine.max_event_bytes == theirs.max_event_bytes
    }
}

/// A connection, and those who share it.
struct Shared<P: Profile> {
    /// Who came first, to compare others with.
    client: Client<P>,
    control: Handle,
    seats: RefCell<Vec<Rc<Seat<P>>>>,
    /// A stream was open at some time.
    opened: Cell<bool>,
    /// What the server was asked for last.
    asked: RefCell<Filter>,
    /// Changes of that, of which the outcome is still to come, in order.
    changes: RefCell<VecDeque<Change<P>>>,
    /// Wakes who waits for room at all seats.
    waker: RefCell<Option<Waker>>,
}

/// A change of what the connection is asked for.
struct Change<P: Profile> {
    /// Who asked for it, if it was not a coming or going.
    wish: Option<Wish<P>>,
    asked: Filter,
    asked_before: Filter,
}

/// A member's own change of its filter.
struct Wish<P: Profile> {
    seat: Rc<Seat<P>>,
    filter: Filter,
    before: Filter,
    outcome: Rc<Outcome>,
}

impl<P: Profile> Shared<P> {
    fn open(
        client: Client<P>,
        from: String,
        mask: Mask,
        listener: Box<dyn Listener<P>>,
    ) -> Member<P> {
        let own = client.clone().last_event_id(from);
        let events = own.buffer(Buffer::default()).connect();
        let filter = client.config.filter.clone();
        let shared = Rc::new(Shared {
            control: events.handle(),
            seats: RefCell::default(),
            opened: Cell::new(false),
            asked: RefCell::new(filter.clone()),
            changes: RefCell::default(),
            waker: RefCell::default(),
            client,
        });
        let member = Member {
            seat: Seat::at(&shared, filter, mask, listener),
        };
        spawn(pump(events, shared));
        member
    }

    fn take_in(
        self: Rc<Self>,
        client: Client<P>,
        from: String,
        mask: Mask,
        listener: Box<dyn Listener<P>>,
    ) -> Member<P> {
        let seat = Seat::at(&self, client.config.filter, mask, listener);
        self.ask(None);
        let elsewhere = !from.is_empty() && from != self.control.last_event_id();
        let history = self.client.config.spec.recovery == Recovery::History;
        if elsewhere || history && self.opened.get() {
            seat.tell_later(Item::Gap {
                reason: GapReason::Joined,
                last_event_id: from,
            });
        }
        Member { seat }
    }

    /// Asks for what all want together, if that has changed. If it has not, the wish is granted.
    fn ask(&self, wish: Option<Wish<P>>) {
        let asked = self.wanted();
        let asked_before = self.asked.borrow().clone();
        if asked.names_the_same(&asked_before) {
            if let Some(wish) = wish {
                wish.seat.apply();
                wish.seat.tell_later(Item::FilterChanged);
                wish.outcome.settle(Ok(()));
            }
            return;
        }
        *self.asked.borrow_mut() = asked.clone();
        self.changes.borrow_mut().push_back(Change {
            wish,
            asked: asked.clone(),
            asked_before,
        });
        let fits = self.control.set_filter(asked);
        debug_assert!(fits.is_ok(), "each of them fits");
    }

    /// What all want together.
    fn wanted(&self) -> Filter {
        let seats = self.seats.borrow();
        let filters: Vec<_> = seats.iter().map(|seat| seat.filter.borrow()).collect();
        Filter::union(
            filters.iter().map(|filter| &**filter),
            &self.client.config.spec,
        )
    }

    fn tell(&self, entry: &Entry<P>) {
        match &entry.item {
            Item::FilterChanged => return self.filtered(None, entry),
            Item::FilterKept { error } => return self.filtered(Some(error), entry),
            Item::State(State::Open) => self.opened.set(true),
            _ => {}
        }
        // They come and go while they are told.
        let seats = self.seats.borrow().clone();
        for seat in seats {
            if !seat.is_away() && seat.passes(entry) {
                seat.tell(entry);
            }
        }
        if matches!(entry.item, Item::Closed(_)) {
            let seats = self.seats.take();
            seats.iter().for_each(|seat| seat.away.set(true));
            let changes = self.changes.take();
            let wishes = changes.into_iter().filter_map(|change| change.wish);
            wishes.for_each(|wish| wish.outcome.settle(Ok(())));
        }
    }

    /// What came of the oldest change.
    fn filtered(&self, error: Option<&crate::connection::Error>, entry: &Entry<P>) {
        let change = self.changes.borrow_mut().pop_front();
        let Some(change) = change else { return };
        if error.is_some() && *self.asked.borrow() == change.asked {
            *self.asked.borrow_mut() = change.asked_before;
        }
        let Some(wish) = change.wish else { return };
        let seat = wish.seat;
        let is_latest = *seat.filter.borrow() == wish.filter;
        match error {
            None if is_latest => seat.apply(),
            Some(_) if is_latest => seat.refuse(wish.before),
            _ => {}
        }
        if !seat.is_away() {
            seat.tell(entry);
        }
        wish.outcome.settle(error.cloned().map_or(Ok(()), Err));
    }

    /// What came together was told.
    fn flush(&self) {
        let seats = self.seats.borrow().clone();
        seats.iter().for_each(|seat| seat.flush());
    }

    /// One whose buffer is full holds all back.
    fn has_room(&self) -> bool {
        !self.seats.borrow().iter().any(|seat| seat.is_full())
    }

    /// There may be room again.
    fn wake(&self) {
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Closes the connection, unless somebody takes a place before the turn is over.
    fn close_soon(self: &Rc<Self>) {
        let shared = Rc::clone(self);
        spawn(async move {
            next_turn().await;
            if shared.seats.borrow().is_empty() {
                shared.control.close();
            }
        });
    }
}

/// Hands on what comes, until the end.
async fn pump<P: Profile>(mut events: Events<P>, shared: Rc<Shared<P>>) {
    loop {
        let next = poll_fn(|context| {
            if !shared.has_room() {
                *shared.waker.borrow_mut() = Some(context.waker().clone());
                return Poll::Pending;
            }
            let polled = events.poll_entry(context);
            if polled.is_pending() {
                shared.flush();
            }
            polled
        });
        let Some(entry) = next.await else { return };
        shared.tell(&entry);
    }
}
