//! Several that ask for the same on one page, and the one connection that they share: what the
//! hooks are made of.
//!
//! The same is asked for where the profile, the URL and all else is the same that decides what is
//! requested and when: method, headers, credentials, transport, `last_event_id`, timeouts, limits
//! and reconnection. The filter is each one's own: the server is asked for what all want together,
//! and each gets what it wants. Functions cannot be compared: where both have one or neither has,
//! they count as the same, and the first one's are called. A request that is sent once has an
//! answer of its own, and is never shared.
//!
//! Listeners are called in a turn of their own, when no part of the client is on the stack, so
//! whatever they do to their stream, or to others, is done at once.

use super::events::Control;
use super::queue::ItemOf;
use super::status::Watched;
use super::turn::{next_turn, spawn};
use super::{Client, Closed, Events, GapReason, Handle, Item, Status};
use crate::connection::{CloseReason, State};
use crate::filter::{Filter, FilterError, Subscription};
use crate::profiles::{Flags, Profile, Recovery, Spec};
use futures_core::Stream;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::{Rc, Weak};

/// Joins the connection that is open for these options, or opens it.
///
/// The listener is told each item that comes from now on, and never before this returns; what has
/// become of the connection so far, [`Member::status`] says. In a browser, that is: elsewhere the
/// connection is closed at once, and the listener is told nothing.
pub(crate) fn join<P: Profile>(
    client: Client<P>,
    listener: impl FnMut(&ItemOf<P>) + 'static,
) -> Member<P> {
    let listener = Box::new(listener);
    let filter = client.config.filter.clone();
    let mask = Mask::of(&filter, &client.config.spec);
    match (client.may_be_shared(), mask) {
        (true, Ok(mask)) => match open_for(&client) {
            Some(shared) => shared.take_in(client, mask, listener),
            None => {
                let member = Shared::open(client, mask, listener);
                let shared: Rc<dyn Any> = Rc::<Shared<P>>::clone(&member.seat.shared);
                OPEN.with_borrow_mut(|open| open.push(Rc::downgrade(&shared)));
                member
            }
        },
        // A filter that does not fit ends the stream before it begins, and says why.
        (_, mask) => Shared::open(client, mask.unwrap_or(Mask::Everything), listener),
    }
}

/// One of those who share a connection. Dropping it leaves; the last to leave closes the
/// connection, unless another joins before the turn is over.
#[must_use = "dropping it leaves the connection"]
pub(crate) struct Member<P: Profile> {
    seat: Rc<Seat<P>>,
}

impl<P: Profile> Member<P> {
    /// What acts on it: closing ends it for this member alone, and a filter is this member's own.
    pub(crate) fn handle(&self) -> Handle {
        Handle::new(Rc::new(Rc::clone(&self.seat)))
    }

    /// How the connection is, as far as the listener was told. Gaps count from the joining.
    pub(crate) fn status(&self) -> Status {
        self.seat.watched.now()
    }
}

impl<P: Profile> Drop for Member<P> {
    fn drop(&mut self) {
        self.seat.gone.set(true);
        let listener = self.seat.listener.take();
        self.seat.leave();
        drop(listener);
    }
}

thread_local! {
    /// The connections that may be joined, and some that are gone.
    static OPEN: RefCell<Vec<Weak<dyn Any>>> = const { RefCell::new(Vec::new()) };
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
}

/// A change of what the connection is asked for.
struct Change<P: Profile> {
    seat: Rc<Seat<P>>,
    /// What it had before, if the seat asked for it. Else it has just come.
    before: Option<Filter>,
    filter: Filter,
    asked: Filter,
    asked_before: Filter,
}

impl<P: Profile> Shared<P> {
    fn open(client: Client<P>, mask: Mask, listener: Box<Listener<P>>) -> Member<P> {
        let events = client.clone().connect();
        let filter = client.config.filter.clone();
        let shared = Rc::new(Shared {
            control: events.handle(),
            seats: RefCell::default(),
            opened: Cell::new(false),
            asked: RefCell::new(filter.clone()),
            changes: RefCell::default(),
            client,
        });
        let member = shared.seat(filter, mask, listener);
        spawn(pump(events, shared));
        member
    }

    fn take_in(
        self: Rc<Self>,
        client: Client<P>,
        mask: Mask,
        listener: Box<Listener<P>>,
    ) -> Member<P> {
        let filter = client.config.filter;
        let member = self.seat(filter.clone(), mask, listener);
        let seat = &member.seat;
        self.ask(seat, None, filter);
        let recovery = self.client.config.spec.recovery;
        if recovery == Recovery::History && self.opened.get() {
            seat.tell_later(Item::Gap {
                reason: GapReason::Joined,
                last_event_id: client.config.last_event_id,
            });
        }
        member
    }

    fn seat(self: &Rc<Self>, filter: Filter, mask: Mask, listener: Box<Listener<P>>) -> Member<P> {
        let Status {
            state,
            error,
            closed,
            ..
        } = self.control.status();
        let watched = Rc::<Watched>::default();
        watched.set(Status {
            state,
            error,
            closed,
            ..Status::default()
        });
        let seat = Rc::new(Seat {
            shared: Rc::clone(self),
            listener: RefCell::new(Some(listener)),
            watched,
            filter: RefCell::new(filter),
            mask: RefCell::new(mask),
            away: Cell::new(false),
            gone: Cell::new(false),
            duplicates_before: self.control.duplicates(),
        });
        self.seats.borrow_mut().push(Rc::clone(&seat));
        Member { seat }
    }

    /// Asks for what all want together, if that has changed. Answers whether it has.
    fn ask(&self, seat: &Rc<Seat<P>>, before: Option<Filter>, filter: Filter) -> bool {
        let asked = self.wanted();
        let asked_before = self.asked.borrow().clone();
        if asked.names_the_same(&asked_before) {
            return false;
        }
        *self.asked.borrow_mut() = asked.clone();
        self.changes.borrow_mut().push_back(Change {
            seat: Rc::clone(seat),
            before,
            filter,
            asked: asked.clone(),
            asked_before,
        });
        let fits = self.control.set_filter(asked);
        debug_assert!(fits.is_ok(), "each of them fits: {fits:?}");
        true
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

    fn tell(&self, item: &ItemOf<P>) {
        match item {
            Item::FilterChanged | Item::FilterKept { .. } => return self.filtered(item),
            Item::State(State::Open) => self.opened.set(true),
            _ => {}
        }
        // They come and go while they are told.
        let seats = self.seats.borrow().clone();
        for seat in seats {
            if !seat.away.get() && seat.passes(item) {
                seat.tell(item);
            }
        }
        if matches!(item, Item::Closed(_)) {
            let seats = self.seats.take();
            seats.iter().for_each(|seat| seat.away.set(true));
        }
    }

    /// What came of the oldest change.
    fn filtered(&self, outcome: &ItemOf<P>) {
        let change = self.changes.borrow_mut().pop_front();
        let Some(change) = change else { return };
        let seat = change.seat;
        let is_latest = *seat.filter.borrow() == change.filter;
        if matches!(outcome, Item::FilterChanged) {
            if is_latest && change.before.is_some() {
                seat.apply();
            }
            if change.before.is_none() {
                return;
            }
        } else {
            if *self.asked.borrow() == change.asked {
                *self.asked.borrow_mut() = change.asked_before;
            }
            if let (true, Some(before)) = (is_latest, change.before) {
                *seat.filter.borrow_mut() = before;
            }
        }
        if !seat.away.get() {
            seat.tell(outcome);
        }
    }
}

/// Hands on what comes, until the end.
async fn pump<P: Profile>(mut events: Events<P>, shared: Rc<Shared<P>>) {
    while let Some(item) = poll_fn(|context| Pin::new(&mut events).poll_next(context)).await {
        shared.tell(&item);
    }
}

type Listener<P> = dyn FnMut(&ItemOf<P>);

/// A member's place at the connection.
struct Seat<P: Profile> {
    shared: Rc<Shared<P>>,
    /// Taken out while it is called.
    listener: RefCell<Option<Box<Listener<P>>>>,
    watched: Rc<Watched>,
    filter: RefCell<Filter>,
    mask: RefCell<Mask>,
    /// It has left the connection, or that has ended.
    away: Cell<bool>,
    /// Its member was dropped.
    gone: Cell<bool>,
    duplicates_before: u64,
}

impl<P: Profile> Seat<P> {
    fn tell(&self, item: &ItemOf<P>) {
        if self.gone.get() {
            return;
        }
        self.watched.follow(item);
        let listener = self.listener.take();
        let Some(mut listener) = listener else { return };
        listener(item);
        // It may have dropped its own member.
        if !self.gone.get() {
            *self.listener.borrow_mut() = Some(listener);
        }
    }

    fn tell_later(self: &Rc<Self>, item: ItemOf<P>) {
        let seat = Rc::clone(self);
        spawn(async move { seat.tell(&item) });
    }

    fn passes(&self, item: &ItemOf<P>) -> bool {
        let spec = &self.shared.client.config.spec;
        match item {
            Item::Event(event) => self.mask.borrow().passes(&event.name, spec),
            Item::Undecodable(error) => self.mask.borrow().passes(error.event(), spec),
            _ => true,
        }
    }

    /// Lets through what its filter names.
    fn apply(&self) {
        let mask = Mask::of(&self.filter.borrow(), &self.shared.client.config.spec);
        if let Ok(mask) = mask {
            *self.mask.borrow_mut() = mask;
        }
    }

    fn leave(self: &Rc<Self>) {
        if self.away.replace(true) {
            return;
        }
        let shared = &self.shared;
        shared
            .seats
            .borrow_mut()
            .retain(|seat| !Rc::ptr_eq(seat, self));
        if !shared.seats.borrow().is_empty() {
            let filter = self.filter.borrow().clone();
            shared.ask(self, None, filter);
        } else if shared.client.may_be_shared() {
            let shared = Rc::clone(shared);
            spawn(async move {
                next_turn().await;
                if shared.seats.borrow().is_empty() {
                    shared.control.close();
                }
            });
        } else {
            shared.control.close();
        }
    }
}

/// As its member's handle.
impl<P: Profile> Control for Rc<Seat<P>> {
    fn watched(&self) -> &Rc<Watched> {
        &self.watched
    }

    fn set_filter(&self, filter: Filter) -> Result<(), FilterError> {
        filter.compile(&self.shared.client.config.spec)?;
        if self.away.get() {
            return Ok(());
        }
        let before = self.filter.replace(filter.clone());
        if !self.shared.ask(self, Some(before), filter) {
            self.apply();
            self.tell_later(Item::FilterChanged);
        }
        Ok(())
    }

    fn reconnect(&self) {
        if !self.away.get() {
            self.shared.control.reconnect();
        }
    }

    fn close(&self) {
        if !self.away.get() {
            self.leave();
            self.tell_later(Item::State(State::Closed));
            self.tell_later(Item::Closed(Closed {
                reason: CloseReason::Closed,
                error: None,
            }));
        }
    }

    fn duplicates(&self) -> u64 {
        let all = self.shared.control.duplicates();
        all.saturating_sub(self.duplicates_before)
    }

    fn last_event_id(&self) -> String {
        self.shared.control.last_event_id()
    }
}

/// What of a shared connection's events one of its members gets.
enum Mask {
    /// All of them.
    Everything,
    /// All but those that have to be asked for by name.
    Unasked,
    Named(Subscription),
}

impl Mask {
    fn of(filter: &Filter, spec: &Spec) -> Result<Mask, FilterError> {
        let subscription = filter.compile(spec)?;
        let mut events = spec.events.iter();
        Ok(match filter.is_all() {
            false => Mask::Named(subscription),
            true if events.any(|event| event.flags.has(Flags::ON_REQUEST)) => Mask::Unasked,
            true => Mask::Everything,
        })
    }

    fn passes(&self, name: &str, spec: &Spec) -> bool {
        match (self, spec.event(name)) {
            (Mask::Everything, _) | (Mask::Unasked, None) => true,
            (Mask::Unasked, Some((_, event))) => !event.flags.has(Flags::ON_REQUEST),
            (Mask::Named(named), Some((index, _))) => named.passes_known(index),
            (Mask::Named(named), None) => named.passes_unknown(name.as_bytes()),
        }
    }
}
