//! A member's place at a shared connection.

use super::{Listener, Shared, Wish};
use crate::client::handle::{Control, Outcome};
use crate::client::queue::{Entry, ItemOf, add};
use crate::client::status::Watched;
use crate::client::turn::spawn;
use crate::client::{Closed, FilterChange, Item, Stats, Status};
use crate::connection::{CloseReason, Flow, State};
use crate::filter::{Filter, FilterError, Subscription};
use crate::profiles::{Flags, Profile, Spec};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub(super) struct Seat<P: Profile> {
    pub(super) shared: Rc<Shared<P>>,
    /// Taken out while it is called.
    listener: RefCell<Option<Box<dyn Listener<P>>>>,
    watched: Rc<Watched>,
    pub(super) filter: RefCell<Filter>,
    mask: RefCell<Mask>,
    /// That of the filter that was set last, until it holds or is refused. A stream that takes over
    /// hands on what it held for it before it is told that the filter has changed.
    awaited: RefCell<Option<Mask>>,
    /// It has left the connection, or that has ended.
    pub(super) away: Cell<bool>,
    /// Its member was dropped.
    gone: Cell<bool>,
    /// There is no room for more.
    full: Cell<bool>,
    /// What the connection had counted before.
    earlier: Stats,
    delivered: Cell<u64>,
    bytes: Cell<u64>,
    opened: Cell<u64>,
}

impl<P: Profile> Seat<P> {
    pub(super) fn at(
        shared: &Rc<Shared<P>>,
        filter: Filter,
        mask: Mask,
        listener: Box<dyn Listener<P>>,
    ) -> Rc<Self> {
        let Status {
            state,
            error,
            closed,
            ..
        } = shared.control.status();
        let watched = Rc::<Watched>::default();
        watched.set(Status {
            state,
            error,
            closed,
            ..Status::default()
        });
        let seat = Rc::new(Seat {
            shared: Rc::clone(shared),
            listener: RefCell::new(Some(listener)),
            watched,
            filter: RefCell::new(filter),
            mask: RefCell::new(mask),
            awaited: RefCell::new(None),
            away: Cell::new(false),
            gone: Cell::new(false),
            full: Cell::new(false),
            earlier: shared.control.stats(),
            delivered: Cell::new(0),
            bytes: Cell::new(0),
            opened: Cell::new((state == State::Open).into()),
        });
        shared.seats.borrow_mut().push(Rc::clone(&seat));
        seat
    }

    pub(super) fn is_away(&self) -> bool {
        self.away.get()
    }

    pub(super) fn is_full(&self) -> bool {
        self.full.get()
    }

    /// There is room again.
    pub(super) fn make_room(&self) {
        self.full.set(false);
        self.shared.wake();
    }

    pub(super) fn tell(self: &Rc<Self>, entry: &Entry<P>) {
        self.watched.follow(&entry.item);
        match &entry.item {
            Item::Event(_) | Item::Undecodable(_) => {
                add(&self.delivered, 1);
                add(&self.bytes, entry.bytes as u64);
            }
            Item::Opened { .. } => add(&self.opened, 1),
            _ => {}
        }
        self.with_listener(|listener| listener.tell(entry));
    }

    pub(super) fn tell_later(self: &Rc<Self>, item: ItemOf<P>) {
        let seat = Rc::clone(self);
        spawn(async move { seat.tell(&Entry::of(item)) });
    }

    pub(super) fn flush(self: &Rc<Self>) {
        self.with_listener(|listener| listener.flush());
    }

    pub(super) fn passes(&self, entry: &Entry<P>) -> bool {
        let spec = &self.shared.client.config.spec;
        let name = entry.name();
        name.is_none_or(|name| {
            let awaited = self.awaited.borrow();
            self.mask.borrow().passes(name, spec)
                || awaited.as_ref().is_some_and(|mask| mask.passes(name, spec))
        })
    }

    /// The filter that was set last is not to be had.
    pub(super) fn refuse(&self, before: Filter) {
        *self.filter.borrow_mut() = before;
        self.awaited.take();
    }

    /// Lets through what its filter names.
    pub(super) fn apply(self: &Rc<Self>) {
        let spec = &self.shared.client.config.spec;
        let filter = self.filter.borrow().clone();
        let compiled = (Mask::of(&filter, spec), filter.compile(spec));
        if let (Ok(mask), Ok(subscription)) = compiled {
            *self.mask.borrow_mut() = mask;
            self.awaited.take();
            self.with_listener(|listener| {
                listener.filter(&subscription);
                Flow::More
            });
        }
    }

    /// Its member is gone: nothing is told any more, but to its handles that it is over.
    pub(super) fn go(self: &Rc<Self>) {
        self.gone.set(true);
        self.leave();
        if !self.watched.is_closed() {
            self.watched.follow(&ItemOf::<P>::Closed(Closed {
                reason: CloseReason::Closed,
                error: None,
            }));
        }
        let listener = self.listener.take();
        drop(listener);
    }

    fn with_listener(self: &Rc<Self>, call: impl FnOnce(&mut dyn Listener<P>) -> Flow) {
        let listener = self.listener.take();
        let Some(mut listener) = listener else { return };
        let flow = call(&mut *listener);
        let too_slow = listener.is_too_slow();
        // It may have dropped its own member.
        if self.gone.get() {
            return;
        }
        *self.listener.borrow_mut() = Some(listener);
        self.full.set(flow == Flow::Pause);
        if too_slow {
            self.end(CloseReason::SlowConsumer);
        }
    }

    /// Ends it for this member alone.
    fn end(self: &Rc<Self>, reason: CloseReason) {
        if !self.away.get() {
            self.leave();
            self.tell_later(Item::State(State::Closed));
            let error = None;
            self.tell_later(Item::Closed(Closed { reason, error }));
        }
    }

    fn leave(self: &Rc<Self>) {
        if self.away.replace(true) {
            return;
        }
        let shared = &self.shared;
        let others = |seat: &Rc<Seat<P>>| !Rc::ptr_eq(seat, self);
        shared.seats.borrow_mut().retain(others);
        shared.wake();
        if !shared.seats.borrow().is_empty() {
            shared.ask(None);
        } else if shared.client.is_sent_once() {
            shared.control.close();
        } else {
            shared.close_soon();
        }
    }
}

/// As its member's handle.
impl<P: Profile> Control for Rc<Seat<P>> {
    fn watched(&self) -> &Rc<Watched> {
        &self.watched
    }

    fn stats(&self) -> Stats {
        let all = self.shared.control.stats();
        Stats {
            delivered: self.delivered.get(),
            bytes: self.bytes.get(),
            duplicates: all.duplicates.saturating_sub(self.earlier.duplicates),
            reconnections: self.opened.get().saturating_sub(1),
            gaps: self.watched.gaps(),
            attempts: all.attempts.saturating_sub(self.earlier.attempts),
            ..Stats::default()
        }
    }

    fn set_filter(&self, filter: Filter) -> Result<FilterChange, FilterError> {
        let mask = Mask::of(&filter, &self.shared.client.config.spec)?;
        if self.away.get() {
            return Ok(Outcome::settled());
        }
        self.awaited.replace(Some(mask));
        let before = self.filter.replace(filter.clone());
        let outcome = Rc::<Outcome>::default();
        let change = outcome.change();
        self.shared.ask(Some(Wish {
            seat: Rc::clone(self),
            filter,
            before,
            outcome,
        }));
        Ok(change)
    }

    fn reconnect(&self) {
        if !self.away.get() {
            self.shared.control.reconnect();
        }
    }

    fn close(&self) {
        self.end(CloseReason::Closed);
    }

    fn last_event_id(&self) -> String {
        self.shared.control.last_event_id()
    }
}

/// What of a shared connection's events one of its members gets.
pub(super) enum Mask {
    /// All of them.
    Everything,
    /// All but those that have to be asked for by name.
    Unasked,
    Named(Subscription),
}

impl Mask {
    pub(super) fn of(filter: &Filter, spec: &Spec) -> Result<Mask, FilterError> {
        let subscription = filter.compile(spec)?;
        let mut events = spec.events.iter();
        Ok(match filter.is_all() {
            false => Mask::Named(subscription),
            true if events.any(|event| event.flags.has(Flags::ON_REQUEST)) => Mask::Unasked,
            true => Mask::Everything,
        })
    }

    fn passes(&self, name: &str, spec: &Spec) -> bool {
        match self {
            Mask::Everything => true,
            Mask::Unasked => spec
                .event(name)
                .is_none_or(|(_, event)| !event.flags.has(Flags::ON_REQUEST)),
            Mask::Named(named) => match spec.event(name) {
                Some((index, _)) => named.passes_known(index),
                None => named.passes_unknown(name.as_bytes()),
            },
        }
    }
}
