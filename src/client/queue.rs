//! What was received and not yet taken.

use super::buffer::{Overflow, Room};
use super::handle::Outcome;
use super::status::Watched;
use super::{ClientError, Closed, Event, GapReason, Item};
use crate::connection::{Error, Event as RawMessage, Flow, Report};
use crate::filter::Subscription;
use crate::profiles::{self, DecodeError, EventSpec, Flags, Name, Profile, Spec};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// The items of one connection, in the profile's types.
pub(super) type ItemOf<P> = Item<<P as Profile>::Event, <P as Profile>::Meta>;

pub(super) struct Queue<P: Profile> {
    spec: Spec,
    entries: RefCell<VecDeque<Entry<P>>>,
    room: RefCell<Room>,
    paused: Cell<bool>,
    /// A chunk is being put in: what came with it nobody could have taken yet.
    filling: Cell<bool>,
    /// There was no room, and the stream is to end in that case.
    too_slow: Cell<bool>,
    /// The last item was taken.
    ended: Cell<bool>,
    /// Nobody will take any more.
    abandoned: Cell<bool>,
    waker: RefCell<Option<Waker>>,
    /// An id sticks to every event after it, however long it is.
    received_id: RefCell<Arc<str>>,
    taken_id: RefCell<Arc<str>>,
    counts: Rc<Counts>,
    /// Filters that were set and of which the outcome is still to come, in order.
    changes: RefCell<VecDeque<(Subscription, Rc<Outcome>)>>,
    /// As it is, not as it was when what is taken next came.
    pub(super) status: Rc<Watched>,
}

pub(super) struct Entry<P: Profile> {
    pub(super) item: ItemOf<P>,
    /// Of the event.
    pub(super) bytes: usize,
    pub(super) may_be_shed: bool,
}

impl<P: Profile> Entry<P> {
    /// One that is no event.
    pub(super) fn of(item: ItemOf<P>) -> Self {
        Entry {
            item,
            bytes: 0,
            may_be_shed: false,
        }
    }

    /// The type of the event, if it is one.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.item {
            Item::Event(event) => Some(&event.name),
            Item::Undecodable(error) => Some(error.event()),
            _ => None,
        }
    }
}

/// What has happened so far.
#[derive(Default)]
pub(super) struct Counts {
    /// Events that were taken.
    pub(super) delivered: Cell<u64>,
    /// Events that were shed.
    pub(super) dropped: Cell<u64>,
    /// Bytes of the events that came.
    pub(super) bytes: Cell<u64>,
    /// Streams that were open.
    pub(super) opened: Cell<u64>,
    /// Attempts to open one.
    pub(super) attempts: Cell<u64>,
}

impl<P: Profile> Queue<P> {
    pub(super) fn new(spec: Spec, room: Room, last_event_id: &str) -> Self {
        let id: Arc<str> = last_event_id.into();
        Queue {
            spec,
            entries: RefCell::default(),
            room: RefCell::new(room),
            paused: Cell::new(false),
            filling: Cell::new(false),
            too_slow: Cell::new(false),
            ended: Cell::new(false),
            abandoned: Cell::new(false),
            waker: RefCell::new(None),
            received_id: RefCell::new(Arc::clone(&id)),
            taken_id: RefCell::new(id),
            counts: Rc::default(),
            changes: RefCell::default(),
            status: Rc::default(),
        }
    }

    /// Puts in an item that may come without delay. Events go by [`event`](Self::event).
    pub(super) fn push(&self, item: ItemOf<P>) {
        self.status.follow(&item);
        self.put(Entry::of(item));
    }

    /// The next item; `want` is called when there is room again.
    pub(super) fn poll(
        &self,
        context: &mut Context<'_>,
        want: impl FnOnce(),
    ) -> Poll<Option<Entry<P>>> {
        let entry = self.entries.borrow_mut().pop_front();
        let Some(entry) = entry else {
            if self.is_ended() {
                return Poll::Ready(None);
            }
            *self.waker.borrow_mut() = Some(context.waker().clone());
            return Poll::Pending;
        };
        if entry.name().is_some() {
            self.room.borrow_mut().take(entry.bytes);
            add(&self.counts.delivered, 1);
        }
        if let Item::Event(event) = &entry.item {
            *self.taken_id.borrow_mut() = Arc::clone(&event.last_event_id);
        }
        self.ended.set(matches!(entry.item, Item::Closed(_)));
        if self.paused.get() && self.room.borrow().has_room_again() {
            self.paused.set(false);
            want();
        }
        Poll::Ready(Some(entry))
    }

    /// Nobody takes any more.
    pub(super) fn abandon(&self) {
        self.abandoned.set(true);
        let waker = self.waker.take();
        self.clear();
        drop(waker);
    }

    pub(super) fn spec(&self) -> &Spec {
        &self.spec
    }

    /// This filter was asked for: a report will say what has come of it.
    pub(super) fn change_filter(&self, filter: Subscription) -> Rc<Outcome> {
        let outcome = Rc::<Outcome>::default();
        let change = (filter, Rc::clone(&outcome));
        self.changes.borrow_mut().push_back(change);
        outcome
    }

    pub(super) fn counts(&self) -> Rc<Counts> {
        Rc::clone(&self.counts)
    }

    /// Nothing comes any more.
    pub(super) fn is_ended(&self) -> bool {
        self.ended.get() || self.abandoned.get()
    }

    /// How many events and bytes wait.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let room = self.room.borrow();
        (room.events, room.bytes)
    }

    /// The id of the last event that was taken, if others wait.
    pub(super) fn id_behind(&self) -> Option<String> {
        let waits = self.room.borrow().events > 0;
        waits.then(|| self.taken_id.borrow().as_ref().to_owned())
    }

    /// The id of the last event that was taken.
    pub(super) fn taken_id(&self) -> Arc<str> {
        Arc::clone(&self.taken_id.borrow())
    }

    fn put(&self, entry: Entry<P>) {
        if self.abandoned.get() {
            return;
        }
        self.entries.borrow_mut().push_back(entry);
        // Out of the cell first: what is woken may come back here.
        let waker = self.waker.borrow_mut().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn clear(&self) {
        let entries = self.entries.take();
        let mut room = self.room.borrow_mut();
        (room.events, room.bytes) = (0, 0);
        drop(room);
        drop(entries);
    }
}

/// What comes in.
#[cfg_attr(
    not(any(test, target_arch = "wasm32")),
    allow(dead_code, reason = "outside of the browser nothing does")
)]
impl<P: Profile> Queue<P> {
    /// Puts in an event, or why it is none. Answers whether there is room for more of its chunk.
    pub(super) fn event(&self, message: RawMessage<'_>) -> Flow {
        if self.is_refused() {
            return Flow::More;
        }
        let event = message
            .index
            .map(|index| &self.spec.events[usize::from(index)]);
        let bytes = message.name.as_bytes().len() + message.data.as_bytes().len();
        let item = match self.decode(message, event) {
            Ok(event) => Item::Event(event),
            Err(error) => Item::Undecodable(error),
        };
        let may_be_shed = event.is_some_and(may_be_shed);
        self.keep(Entry {
            item,
            bytes,
            may_be_shed,
        })
    }

    /// Puts in what may be an event. Answers whether there is room for more of its chunk.
    pub(super) fn enter(&self, entry: Entry<P>) -> Flow {
        match entry.name() {
            Some(_) if self.is_refused() => Flow::More,
            Some(_) => self.keep(entry),
            None => {
                self.push(entry.item);
                Flow::More
            }
        }
    }

    fn keep(&self, entry: Entry<P>) -> Flow {
        self.room.borrow_mut().put(entry.bytes);
        add(&self.counts.bytes, entry.bytes as u64);
        self.put(entry);
        let room = self.room.borrow();
        // In other cases the chunk is taken as a whole, and `flow` looks at what is there then.
        if room.overflow == Overflow::Pause && room.is_full() {
            self.paused.set(true);
            return Flow::Pause;
        }
        Flow::More
    }

    /// Whether the event that comes has no place any more.
    fn is_refused(&self) -> bool {
        let starts = !self.filling.replace(true);
        let room = self.room.borrow();
        if starts && room.overflow == Overflow::Close && room.is_full() {
            self.too_slow.set(true);
        }
        self.too_slow.get() || self.abandoned.get()
    }

    /// Whether there is room for more. If there is none, `poll` says when there is again.
    pub(super) fn flow(&self) -> Flow {
        self.filling.set(false);
        let sheds = self.room.borrow().overflow == Overflow::Drop;
        if sheds && self.room.borrow().is_overfull() {
            let shed = self.remove(|entry, room| entry.may_be_shed && room.is_overfull());
            add(&self.counts.dropped, shed);
        }
        let room = self.room.borrow();
        let full = room.holds_back();
        if full && !room.pauses {
            self.too_slow.set(true);
        }
        self.paused.set(full);
        match full {
            true => Flow::Pause,
            false => Flow::More,
        }
    }

    /// Whether the stream is to end because nobody took what came.
    pub(super) fn is_too_slow(&self) -> bool {
        self.too_slow.get()
    }

    pub(super) fn report(&self, report: Report) {
        self.push(match report {
            Report::State(state) => Item::State(state),
            Report::Opened {
                status,
                url,
                redirected,
            } => {
                add(&self.counts.opened, 1);
                Item::Opened {
                    status,
                    url,
                    redirected,
                }
            }
            Report::Resumed {
                recovered,
                last_event_id,
            } => {
                self.push(Item::Resumed {
                    recovered,
                    last_event_id: last_event_id.clone(),
                });
                let Some(reason) = GapReason::after(recovered) else {
                    return;
                };
                Item::Gap {
                    reason,
                    last_event_id,
                }
            }
            Report::Gap {
                reason,
                last_event_id,
            } => Item::Gap {
                reason: reason.into(),
                last_event_id,
            },
            Report::FilterChanged { error } => self.filter_changed(error),
            Report::Failed { error, retry_in } => Item::Failed { error, retry_in },
            Report::Closed { reason, error } => {
                // They do not matter any more.
                let changes = self.changes.take();
                changes
                    .iter()
                    .for_each(|(_, outcome)| outcome.settle(Ok(())));
                Item::Closed(Closed {
                    reason,
                    error: error.map(ClientError::Connection),
                })
            }
        });
    }

    /// What came of the oldest change.
    fn filter_changed(&self, error: Option<Error>) -> ItemOf<P> {
        let change = self.changes.borrow_mut().pop_front();
        if let Some((filter, outcome)) = change {
            if error.is_none() {
                self.filter(&filter);
            }
            outcome.settle(error.clone().map_or(Ok(()), Err));
        }
        match error {
            None => Item::FilterChanged,
            Some(error) => Item::FilterKept { error },
        }
    }

    /// What waits is taken only if it passes.
    pub(super) fn filter(&self, filter: &Subscription) {
        let passes = |entry: &Entry<P>| {
            entry.name().is_none_or(|name| match self.spec.event(name) {
                Some((index, _)) => filter.passes_known(index),
                None => filter.passes_unknown(name.as_bytes()),
            })
        };
        self.remove(|entry, _| !passes(entry));
    }

    /// Takes out what `unwanted` says. Answers how many those were.
    fn remove(&self, mut unwanted: impl FnMut(&Entry<P>, &Room) -> bool) -> u64 {
        let mut removed = Vec::new();
        let mut entries = self.entries.borrow_mut();
        let mut kept = VecDeque::with_capacity(entries.len());
        for entry in entries.drain(..) {
            let mut room = self.room.borrow_mut();
            match unwanted(&entry, &room) {
                true => {
                    room.take(entry.bytes);
                    removed.push(entry);
                }
                false => kept.push_back(entry),
            }
        }
        *entries = kept;
        drop(entries);
        // The application's own types may do what they like when they are dropped.
        removed.len() as u64
    }

    fn decode(
        &self,
        message: RawMessage<'_>,
        event: Option<&EventSpec>,
    ) -> Result<Event<P::Event, P::Meta>, DecodeError> {
        let spec = &self.spec;
        let last_event_id = self.shared_id(message.last_event_id);
        let name = message.name.to_str();
        let (data, meta) =
            profiles::decode_data::<P>(spec, message.index, &name, &message.data.to_str())?;
        let category = event.and_then(|event| spec.categories.get(usize::from(event.category)));
        Ok(Event {
            data,
            meta,
            name: event.map_or_else(
                || Name::Owned(name.into_owned()),
                |event| event.name.clone(),
            ),
            category: category.cloned(),
            // Its own id is the last one, from it on.
            id: message.id.map(|_| Arc::clone(&last_event_id)),
            last_event_id,
            replayed: message.replayed,
        })
    }

    fn shared_id(&self, id: &str) -> Arc<str> {
        let mut last = self.received_id.borrow_mut();
        if **last != *id {
            *last = id.into();
        }
        Arc::clone(&last)
    }
}

/// What a profile calls critical is never shed, whatever else it calls it.
pub(super) fn may_be_shed(event: &EventSpec) -> bool {
    event.flags.has(Flags::DROPPABLE) && !event.flags.has(Flags::CRITICAL)
}

pub(super) fn add(count: &Cell<u64>, more: u64) {
    count.set(count.get() + more);
}
