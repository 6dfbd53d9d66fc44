//! The stream.

use super::handle::{Control, Outcome, Source};
use super::link::Link;
use super::queue::{Entry, ItemOf, Queue};
use super::status::Watched;
use super::store::Progress;
use super::{FilterChange, Handle, Stats, Status, StatusChanges};
use crate::connection::{CloseReason, State};
use crate::filter::{Filter, FilterError};
use crate::profiles::Profile;
use futures_core::Stream;
use futures_core::stream::FusedStream;
use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// A stream of typed events, and of what happens to the connection between them. Dropping it
/// closes the connection at once.
///
/// ```no_run
/// use futures::{StreamExt, future::ready};
/// use tidewire::client::{Client, Item};
/// use tidewire::profiles::plain::Plain;
///
/// # async fn example() {
/// let events = Client::<Plain>::new("/plain").connect();
/// // It is a stream like any other: here the names of the first ten events.
/// let names = events.filter_map(|item| ready(match item {
///     Item::Event(event) => Some(event.name),
///     _ => None,
/// }));
/// let ten: Vec<_> = names.take(10).collect().await;
/// # let _ = ten;
/// # }
/// ```
#[must_use = "dropping it closes the connection"]
pub struct Events<P: Profile> {
    queue: Rc<Queue<P>>,
    source: Rc<dyn Source>,
    progress: Option<Progress>,
}

impl<P: Profile> Events<P> {
    pub(super) fn new(
        queue: Rc<Queue<P>>,
        source: Rc<dyn Source>,
        progress: Option<Progress>,
    ) -> Self {
        Events {
            queue,
            source,
            progress,
        }
    }

    pub(super) fn poll_entry(&mut self, context: &mut Context<'_>) -> Poll<Option<Entry<P>>> {
        if let Some(progress) = &mut self.progress {
            // Who asks for the next is done with the one before.
            progress.done(self.queue.taken_id());
        }
        let polled = self.queue.poll(context, || self.source.want());
        if let (Poll::Pending | Poll::Ready(None), Some(progress)) = (&polled, &mut self.progress) {
            progress.write();
        }
        polled
    }

    /// What acts on the stream while something else takes its items.
    pub fn handle(&self) -> Handle {
        let source = Rc::clone(&self.source);
        Handle::new(source)
    }

    /// How the connection is now: maybe ahead of the items that were taken.
    pub fn status(&self) -> Status {
        self.handle().status()
    }

    /// How the connection is now, and each time that it has changed.
    pub fn status_changes(&self) -> StatusChanges {
        self.handle().status_changes()
    }

    /// The state now.
    pub fn state(&self) -> State {
        self.handle().state()
    }

    /// What has been counted since it began.
    pub fn stats(&self) -> Stats {
        self.handle().stats()
    }

    /// Changes what is delivered, as [`Handle::set_filter`].
    ///
    /// # Errors
    /// When the filter does not fit the profile; the old one stays.
    pub fn set_filter(&self, filter: Filter) -> Result<FilterChange, FilterError> {
        self.handle().set_filter(filter)
    }

    /// Opens anew at once.
    pub fn reconnect(&self) {
        self.handle().reconnect();
    }

    /// Closes the connection. What was received before still comes, and
    /// [`Item::Closed`](super::Item::Closed) after it.
    pub fn close(&self) {
        self.handle().close();
    }

    /// Events that were dropped because they had come before.
    pub fn duplicates(&self) -> u64 {
        self.handle().duplicates()
    }

    /// Where a connection would go on: after the last event that was taken, or after all that has
    /// come where none waits.
    pub fn last_event_id(&self) -> String {
        self.handle().last_event_id()
    }
}

impl<P: Profile> Stream for Events<P> {
    type Item = ItemOf<P>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.poll_entry(context);
        polled.map(|entry| entry.map(|entry| entry.item))
    }
}

/// It has terminated when [`Item::Closed`](super::Item::Closed) was taken.
impl<P: Profile> FusedStream for Events<P> {
    fn is_terminated(&self) -> bool {
        self.queue.is_ended()
    }
}

impl<P: Profile> fmt::Debug for Events<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("status", &self.status())
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl<P: Profile> Drop for Events<P> {
    fn drop(&mut self) {
        if let Some(progress) = &mut self.progress {
            progress.write();
        }
        // What the end has to say is for the handles.
        self.queue.abandon();
        self.source.leave();
    }
}

/// A connection of the stream's own.
pub(super) struct Connection<P: Profile> {
    /// None when the stream is gone, or could not begin.
    link: RefCell<Option<Rc<Link>>>,
    queue: Rc<Queue<P>>,
}

impl<P: Profile> Connection<P> {
    pub(super) fn new(link: Option<Link>, queue: Rc<Queue<P>>) -> Self {
        Connection {
            link: RefCell::new(link.map(Rc::new)),
            queue,
        }
    }

    /// Out of the cell, so that whatever is called may take it.
    fn link(&self) -> Option<Rc<Link>> {
        self.link.borrow().clone()
    }
}

impl<P: Profile> Control for Connection<P> {
    fn watched(&self) -> &Rc<Watched> {
        &self.queue.status
    }

    fn stats(&self) -> Stats {
        let link = self.link();
        let counts = self.queue.counts();
        let (waiting, waiting_bytes) = self.queue.waiting();
        Stats {
            delivered: counts.delivered.get(),
            duplicates: link.as_ref().map_or(0, |link| link.duplicates()),
            dropped: counts.dropped.get(),
            bytes: counts.bytes.get(),
            reconnections: counts.opened.get().saturating_sub(1),
            gaps: self.queue.status.gaps(),
            attempts: counts.attempts.get(),
            waiting,
            waiting_bytes,
        }
    }

    fn set_filter(&self, filter: Filter) -> Result<FilterChange, FilterError> {
        let subscription = filter.compile(self.queue.spec())?;
        let Some(link) = self.link().filter(|_| !self.queue.status.is_closed()) else {
            return Ok(Outcome::settled());
        };
        let outcome = self.queue.change_filter(subscription);
        // It fits, as was seen above.
        let _ = link.set_filter(filter);
        Ok(outcome.change())
    }

    fn reconnect(&self) {
        if let Some(link) = self.link() {
            link.reconnect();
        }
    }

    fn close(&self) {
        if let Some(link) = self.link() {
            link.close(CloseReason::Closed);
        }
    }

    fn last_event_id(&self) -> String {
        let behind = self.queue.id_behind();
        behind.unwrap_or_else(|| match self.link() {
            Some(link) => link.last_event_id(),
            None => self.queue.taken_id().as_ref().to_owned(),
        })
    }
}

impl<P: Profile> Source for Connection<P> {
    fn want(&self) {
        if let Some(link) = self.link() {
            link.want();
        }
    }

    fn leave(&self) {
        let link = self.link.take();
        if let Some(link) = link {
            link.close(CloseReason::Closed);
        }
    }
}
