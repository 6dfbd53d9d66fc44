//! What acts on a connection from elsewhere.

use super::status::Watched;
use super::{Status, StatusChanges};
use crate::connection::{Error, State};
use crate::filter::{Filter, FilterError};
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Acts on a connection while its items are taken elsewhere. It can be cloned, and does not keep
/// the connection: when that is gone, nothing that a handle is asked for does anything.
///
/// ```no_run
/// use futures::StreamExt;
/// use tidewire::client::{Client, Item};
/// use tidewire::filter::Filter;
/// use tidewire::profiles::dashtam::{Category, Dashtam};
///
/// # fn show(_: tidewire::profiles::dashtam::Event) {}
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut events = Client::<Dashtam>::new("/api/v1/events").connect();
/// let handle = events.handle();
/// let reading = async move {
///     while let Some(item) = events.next().await {
///         if let Item::Event(event) = item {
///             show(event.data);
///         }
///     }
/// };
/// // Meanwhile, in answer to a click:
/// handle.set_filter(Filter::categories([Category::Security]))?;
/// println!("{:?}, {} duplicates", handle.state(), handle.stats().duplicates);
/// # reading.await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Handle(Rc<dyn Control>);

impl Handle {
    pub(super) fn new(control: Rc<dyn Control>) -> Self {
        Handle(control)
    }

    /// How the connection is now.
    pub fn status(&self) -> Status {
        self.0.watched().now()
    }

    /// How the connection is now, and each time that it has changed.
    pub fn status_changes(&self) -> StatusChanges {
        self.0.watched().changes()
    }

    /// The state now.
    pub fn state(&self) -> State {
        self.0.watched().state()
    }

    /// What has been counted since it began.
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }

    /// Changes what is delivered, without closing the stream. What waits and does not pass any
    /// more is not delivered either. The change needs not be waited for;
    /// [`Item::FilterChanged`](super::Item::FilterChanged) or
    /// [`Item::FilterKept`](super::Item::FilterKept) tells of it too, in its place among the
    /// events.
    ///
    /// # Errors
    /// When the filter does not fit the profile; the old one stays.
    pub fn set_filter(&self, filter: Filter) -> Result<FilterChange, FilterError> {
        self.0.set_filter(filter)
    }

    /// Opens anew at once.
    pub fn reconnect(&self) {
        self.0.reconnect();
    }

    /// Closes the connection. What was received before still comes, and
    /// [`Item::Closed`](super::Item::Closed) after it.
    pub fn close(&self) {
        self.0.close();
    }

    /// Events that were dropped because they had come before.
    pub fn duplicates(&self) -> u64 {
        self.0.stats().duplicates
    }

    /// Where a connection would go on: after the last event that was taken, or after all that has
    /// come where none waits.
    pub fn last_event_id(&self) -> String {
        self.0.last_event_id()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("status", &self.status())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// What a stream has counted since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Events that were taken.
    pub delivered: u64,
    /// Events that had come before, after a reconnection say, and were left out.
    pub duplicates: u64,
    /// Events that the buffer has shed.
    pub dropped: u64,
    /// How often a stream was open again after one had been.
    pub reconnections: u64,
    /// How often a gap was told.
    pub gaps: u64,
    /// Requests, those among them that only got as far as the token.
    pub attempts: u64,
    /// Bytes of the names and data of the events that came, whatever has become of them.
    pub bytes: u64,
    /// Events that wait to be taken.
    pub waiting: usize,
    /// Bytes of their names and data.
    pub waiting_bytes: usize,
}

/// What comes of a change of the filter. The change is under way whether or not this is awaited.
#[derive(Debug)]
pub struct FilterChange(Rc<Outcome>);

impl Future for FilterChange {
    /// Without an error the filter holds, or the stream ended before it was known.
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(result) = &*self.0.result.borrow() {
            return Poll::Ready(result.clone());
        }
        *self.0.waker.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    }
}

/// The far end of a [`FilterChange`].
#[derive(Debug, Default)]
pub(super) struct Outcome {
    result: RefCell<Option<Result<(), Error>>>,
    waker: RefCell<Option<Waker>>,
}

impl Outcome {
    pub(super) fn settled() -> FilterChange {
        let outcome = Rc::<Outcome>::default();
        outcome.settle(Ok(()));
        outcome.change()
    }

    pub(super) fn change(self: &Rc<Self>) -> FilterChange {
        FilterChange(Rc::clone(self))
    }

    pub(super) fn settle(&self, result: Result<(), Error>) {
        self.result.borrow_mut().get_or_insert(result);
        let waker = self.waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// What a handle acts on.
pub(super) trait Control {
    fn watched(&self) -> &Rc<Watched>;
    fn stats(&self) -> Stats;
    fn set_filter(&self, filter: Filter) -> Result<FilterChange, FilterError>;
    fn reconnect(&self);
    fn close(&self);
    fn last_event_id(&self) -> String;
}

/// Where a stream's items come from.
pub(super) trait Source: Control {
    /// There is room again.
    fn want(&self);

    /// Nobody takes any more.
    fn leave(&self);
}
