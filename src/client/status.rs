//! How a connection is.

use super::{Closed, GapReason, Item};
use crate::connection::{Error, Recovered, State};
use futures_core::Stream;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// How a connection is: what all its items so far come to, but for the events.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Status {
    /// Whether events come.
    pub state: State,
    /// Why the last attempt failed, until a stream is open again.
    pub error: Option<Error>,
    /// How it has ended.
    pub closed: Option<Closed>,
    /// How often events may have been missed. When it grows, it is time to fetch anew what they
    /// told of.
    pub gaps: u64,
    /// The last of those gaps.
    pub gap: Option<Gap>,
    /// What the last reconnection has recovered.
    pub recovered: Option<Recovered>,
}

/// A place where something may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Why.
    pub reason: GapReason,
    /// The last id before it.
    pub last_event_id: String,
}

impl Default for Status {
    /// That of a connection which was just asked for; a page that a server renders shows it, too.
    fn default() -> Self {
        Status {
            state: State::Connecting,
            error: None,
            closed: None,
            gaps: 0,
            gap: None,
            recovered: None,
        }
    }
}

impl Status {
    /// Takes in what an item says of the connection. Answers whether it said anything.
    pub fn follow<E, M>(&mut self, item: &Item<E, M>) -> bool {
        match item {
            Item::Event(_) | Item::Undecodable(_) | Item::Opened { .. } | Item::FilterChanged => {
                return false;
            }
            Item::State(state) => {
                self.state = *state;
                if *state == State::Open {
                    self.error = None;
                }
            }
            Item::Resumed { recovered, .. } => self.recovered = Some(*recovered),
            Item::Gap {
                reason,
                last_event_id,
            } => {
                self.gaps += 1;
                self.gap = Some(Gap {
                    reason: *reason,
                    last_event_id: last_event_id.clone(),
                });
            }
            Item::FilterKept { error } | Item::Failed { error, .. } => {
                self.error = Some(error.clone());
            }
            Item::Closed(closed) => {
                self.state = State::Closed;
                self.closed = Some(closed.clone());
            }
        }
        true
    }
}

/// A status, and who waits for another.
#[derive(Debug, Default)]
pub(super) struct Watched {
    status: RefCell<Status>,
    version: Cell<u64>,
    wakers: RefCell<Vec<Waker>>,
}

impl Watched {
    pub(super) fn now(&self) -> Status {
        self.status.borrow().clone()
    }

    pub(super) fn state(&self) -> State {
        self.status.borrow().state
    }

    pub(super) fn gaps(&self) -> u64 {
        self.status.borrow().gaps
    }

    pub(super) fn is_closed(&self) -> bool {
        self.status.borrow().closed.is_some()
    }

    pub(super) fn follow<E, M>(&self, item: &Item<E, M>) {
        self.change(|status| status.follow(item));
    }

    pub(super) fn set(&self, status: Status) {
        self.change(|before| std::mem::replace(before, status) != *before);
    }

    fn change(&self, change: impl FnOnce(&mut Status) -> bool) {
        if change(&mut self.status.borrow_mut()) {
            self.version.set(self.version.get() + 1);
            let wakers = self.wakers.take();
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    pub(super) fn changes(self: &Rc<Self>) -> StatusChanges {
        StatusChanges {
            watched: Rc::clone(self),
            seen: None,
        }
    }
}

/// The status as it is now, and each time that it has changed. Whoever comes late for several
/// changes sees what they come to. It ends with the connection.
///
/// Holding it does not keep the connection.
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is polled"]
pub struct StatusChanges {
    watched: Rc<Watched>,
    seen: Option<u64>,
}

impl Stream for StatusChanges {
    type Item = Status;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Status>> {
        let version = self.watched.version.get();
        if self.seen != Some(version) {
            self.seen = Some(version);
            return Poll::Ready(Some(self.watched.now()));
        }
        if self.watched.is_closed() {
            return Poll::Ready(None);
        }
        let mut wakers = self.watched.wakers.borrow_mut();
        if !wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            wakers.push(context.waker().clone());
        }
        Poll::Pending
    }
}
