//! The stream, and what acts on it from elsewhere.

use super::link::Link;
use super::queue::{ItemOf, Queue};
use super::status::Watched;
use super::{Status, StatusChanges};
use crate::connection::{CloseReason, State};
use crate::filter::{Filter, FilterError};
use crate::profiles::Profile;
use futures_core::Stream;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// A stream of typed events, and of what happens to the connection between them. Dropping it
/// closes the connection at once.
#[must_use = "dropping it closes the connection"]
pub struct Events<P: Profile> {
    connection: Rc<Connection<P>>,
}

impl<P: Profile> Events<P> {
    pub(super) fn new(link: Option<Link>, queue: Rc<Queue<P>>) -> Self {
        let link = RefCell::new(link.map(Rc::new));
        Events {
            connection: Rc::new(Connection { link, queue }),
        }
    }

    /// What acts on the stream while something else takes its items.
    pub fn handle(&self) -> Handle {
        Handle::new(Rc::<Connection<P>>::clone(&self.connection))
    }

    /// How the connection is now: maybe ahead of the items that were taken.
    pub fn status(&self) -> Status {
        self.connection.watched().now()
    }

    /// How the connection is now, and each time that it has changed.
    pub fn status_changes(&self) -> StatusChanges {
        self.connection.watched().changes()
    }

    /// The state now.
    pub fn state(&self) -> State {
        self.connection.watched().state()
    }

    /// Changes what is delivered. [`Item::FilterChanged`](super::Item::FilterChanged) or
    /// [`Item::FilterKept`](super::Item::FilterKept) says what came of it.
    ///
    /// # Errors
    /// When the filter does not fit the profile; the old one stays.
    pub fn set_filter(&self, filter: Filter) -> Result<(), FilterError> {
        self.connection.set_filter(filter)
    }

    /// Opens anew at once.
    pub fn reconnect(&self) {
        self.connection.reconnect();
    }

    /// Closes the connection. What was received before still comes, and `Closed` after it.
    pub fn close(&self) {
        self.connection.close();
    }

    /// Events that were dropped because they had come before.
    pub fn duplicates(&self) -> u64 {
        self.connection.duplicates()
    }

    /// The last event ID.
    pub fn last_event_id(&self) -> String {
        self.connection.last_event_id()
    }
}

impl<P: Profile> Stream for Events<P> {
    type Item = ItemOf<P>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.connection.queue.poll(context, || {
            if let Some(link) = self.connection.link() {
                link.want();
            }
        })
    }
}

impl<P: Profile> Drop for Events<P> {
    fn drop(&mut self) {
        // What the end has to say is for the handles.
        self.connection.queue.abandon();
        let link = self.connection.link.take();
        if let Some(link) = link {
            link.close(CloseReason::Closed);
        }
    }
}

/// Acts on a connection while its items are taken elsewhere. It can be cloned, and does not keep
/// the connection: when that is gone, nothing that a handle is asked for does anything.
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

    /// Changes what is delivered. [`Item::FilterChanged`](super::Item::FilterChanged) or
    /// [`Item::FilterKept`](super::Item::FilterKept) says what came of it.
    ///
    /// # Errors
    /// When the filter does not fit the profile; the old one stays.
    pub fn set_filter(&self, filter: Filter) -> Result<(), FilterError> {
        self.0.set_filter(filter)
    }

    /// Opens anew at once.
    pub fn reconnect(&self) {
        self.0.reconnect();
    }

    /// Closes the connection. What was received before still comes, and `Closed` after it.
    pub fn close(&self) {
        self.0.close();
    }

    /// Events that were dropped because they had come before.
    pub fn duplicates(&self) -> u64 {
        self.0.duplicates()
    }

    /// The last event ID.
    pub fn last_event_id(&self) -> String {
        self.0.last_event_id()
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = self.0.watched().now();
        f.debug_struct("Handle").field("status", &status).finish()
    }
}

/// What a handle acts on.
pub(super) trait Control {
    fn watched(&self) -> &Rc<Watched>;
    fn set_filter(&self, filter: Filter) -> Result<(), FilterError>;
    fn reconnect(&self);
    fn close(&self);
    fn duplicates(&self) -> u64;
    fn last_event_id(&self) -> String;
}

/// What an [`Events`] and its handles have in common.
struct Connection<P: Profile> {
    /// None when the stream is gone, or could not begin.
    link: RefCell<Option<Rc<Link>>>,
    queue: Rc<Queue<P>>,
}

impl<P: Profile> Connection<P> {
    /// Out of the cell, so that whatever is called may take it.
    fn link(&self) -> Option<Rc<Link>> {
        self.link.borrow().clone()
    }
}

impl<P: Profile> Control for Connection<P> {
    fn watched(&self) -> &Rc<Watched> {
        &self.queue.status
    }

    fn set_filter(&self, filter: Filter) -> Result<(), FilterError> {
        match self.link() {
            Some(link) => link.set_filter(filter),
            None => Ok(()),
        }
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

    fn duplicates(&self) -> u64 {
        self.link().map_or(0, |link| link.duplicates())
    }

    fn last_event_id(&self) -> String {
        match self.link() {
            Some(link) => link.last_event_id(),
            None => self.queue.last_event_id(),
        }
    }
}
