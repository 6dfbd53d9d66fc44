//! What was received and not yet taken.

use super::status::Watched;
use super::{Event, GapReason, Item};
use crate::connection::{Event as RawMessage, Flow, Report};
use crate::profiles::{self, DecodeError, Name, Profile, Spec};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// The items of one connection, in the profile's types.
pub(super) type ItemOf<P> = Item<<P as Profile>::Event, <P as Profile>::Meta>;

#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "outside of the browser no event comes")
)]
pub(super) struct Queue<P: Profile> {
    spec: Spec,
    limit: usize,
    items: RefCell<VecDeque<ItemOf<P>>>,
    /// How many of them are events.
    waiting: Cell<usize>,
    paused: Cell<bool>,
    /// The last item was taken.
    ended: Cell<bool>,
    /// Nobody will take any more.
    abandoned: Cell<bool>,
    waker: RefCell<Option<Waker>>,
    /// An id sticks to every event after it, however long it is.
    last_event_id: RefCell<Arc<str>>,
    /// As it is, not as it was when what is taken next came.
    pub(super) status: Rc<Watched>,
}

#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "outside of the browser no event comes")
)]
impl<P: Profile> Queue<P> {
    pub(super) fn new(spec: Spec, limit: usize, last_event_id: &str) -> Self {
        Queue {
            spec,
            limit,
            items: RefCell::default(),
            waiting: Cell::new(0),
            paused: Cell::new(false),
            ended: Cell::new(false),
            abandoned: Cell::new(false),
            waker: RefCell::new(None),
            last_event_id: RefCell::new(last_event_id.into()),
            status: Rc::default(),
        }
    }

    /// Puts in an event, or why it is none.
    pub(super) fn event(&self, message: RawMessage<'_>) {
        self.waiting.set(self.waiting.get() + 1);
        self.push(match self.decode(message) {
            Ok(event) => Item::Event(event),
            Err(error) => Item::Undecodable(error),
        });
    }

    /// Whether there is room for more. If there is none, `take` says when there is again.
    pub(super) fn flow(&self) -> Flow {
        let full = self.waiting.get() >= self.limit;
        self.paused.set(full);
        match full {
            true => Flow::Pause,
            false => Flow::More,
        }
    }

    pub(super) fn report(&self, report: Report) {
        self.push(match report {
            Report::State(state) => Item::State(state),
            Report::Opened { .. } => return,
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
            Report::FilterChanged { error: None } => Item::FilterChanged,
            Report::FilterChanged { error: Some(error) } => Item::FilterKept { error },
            Report::Failed { error, retry_in } => Item::Failed { error, retry_in },
            Report::Closed { reason, error } => Item::Closed(super::Closed {
                reason,
                error: error.map(super::ClientError::Connection),
            }),
        });
    }

    pub(super) fn push(&self, item: ItemOf<P>) {
        self.status.follow(&item);
        if self.abandoned.get() {
            return;
        }
        self.items.borrow_mut().push_back(item);
        // Out of the cell first: what is woken may come back here.
        let waker = self.waker.borrow_mut().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The next item; `want` is called when there is room again.
    pub(super) fn poll(
        &self,
        context: &mut Context<'_>,
        want: impl FnOnce(),
    ) -> Poll<Option<ItemOf<P>>> {
        let item = self.items.borrow_mut().pop_front();
        let Some(item) = item else {
            if self.ended.get() || self.abandoned.get() {
                return Poll::Ready(None);
            }
            *self.waker.borrow_mut() = Some(context.waker().clone());
            return Poll::Pending;
        };
        if matches!(item, Item::Event(_) | Item::Undecodable(_)) {
            self.waiting.set(self.waiting.get() - 1);
        }
        self.ended.set(matches!(item, Item::Closed(_)));
        // Below half, so that reading doesn't start and stop at every event.
        if self.paused.get() && self.waiting.get() <= self.limit / 2 {
            self.paused.set(false);
            want();
        }
        Poll::Ready(Some(item))
    }

    /// Nobody takes any more.
    pub(super) fn abandon(&self) {
        self.abandoned.set(true);
        let items = self.items.take();
        let waker = self.waker.take();
        self.waiting.set(0);
        drop((items, waker));
    }

    /// The id of the last event that was received.
    pub(super) fn last_event_id(&self) -> String {
        self.last_event_id.borrow().as_ref().to_owned()
    }

    fn decode(&self, message: RawMessage<'_>) -> Result<Event<P::Event, P::Meta>, DecodeError> {
        let spec = &self.spec;
        let event = message.index.map(|index| &spec.events[usize::from(index)]);
        let mut last = self.last_event_id.borrow_mut();
        if **last != *message.last_event_id {
            *last = message.last_event_id.into();
        }
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
            id: message.id.map(|_| Arc::clone(&last)),
            last_event_id: Arc::clone(&last),
            replayed: message.replayed,
        })
    }
}
