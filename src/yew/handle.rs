//! What the hooks give.

use super::subscription::{Opened, Shown};
use crate::client::{EventOf, Status};
use crate::connection::State;
use crate::profiles::{DecodeError, Profile};
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

/// What was gathered of a stream, and how the stream is, as one render sees it.
///
/// It dereferences to what was gathered: [`RecentEvents`], or what a reducer has made. Two are equal
/// if nothing has happened between them, so one may be handed to other components.
pub struct UseEventsHandle<T> {
    shown: Rc<Shown<T>>,
    stream: Rc<dyn Opened>,
}

impl<T> UseEventsHandle<T> {
    pub(super) fn new(shown: Rc<Shown<T>>, stream: Rc<dyn Opened>) -> Self {
        UseEventsHandle { shown, stream }
    }

    /// Whether events come. [`Closed`](State::Closed) where there is no client,
    /// [`Connecting`](State::Connecting) on a server.
    pub fn state(&self) -> State {
        self.shown.status.state
    }

    /// How the stream is: its state, why the last attempt failed, how it has ended, and how often
    /// events may have been missed. When `gaps` grows, it is time to fetch anew what they told of.
    pub fn status(&self) -> &Status {
        &self.shown.status
    }

    /// How many events did not fit their types, and were left out.
    pub fn undecodable(&self) -> u64 {
        self.shown.undecodable.count
    }

    /// Why the last of those did not fit.
    pub fn decode_error(&self) -> Option<&DecodeError> {
        self.shown.undecodable.last.as_deref()
    }

    /// The id that the stream would go on after now; empty where there is none.
    pub fn last_event_id(&self) -> String {
        self.stream.last_event_id()
    }

    /// Opens anew at once. A stream that has ended begins again, without what it had gathered.
    pub fn reconnect(&self) {
        Rc::clone(&self.stream).reconnect();
    }

    /// Closes the stream, for this component; what was gathered stays. It begins again by
    /// [`reconnect`](Self::reconnect).
    pub fn close(&self) {
        self.stream.close();
    }
}

impl<T> Deref for UseEventsHandle<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.shown.gathered
    }
}

impl<T> Clone for UseEventsHandle<T> {
    fn clone(&self) -> Self {
        UseEventsHandle {
            shown: Rc::clone(&self.shown),
            stream: Rc::clone(&self.stream),
        }
    }
}

impl<T> PartialEq for UseEventsHandle<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.shown, &other.shown) && Rc::ptr_eq(&self.stream, &other.stream)
    }
}

impl<T: fmt::Debug> fmt::Debug for UseEventsHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UseEventsHandle")
            .field("gathered", &self.shown.gathered)
            .field("status", &self.shown.status)
            .finish_non_exhaustive()
    }
}

/// The latest events of a stream, the oldest first: a slice of them.
pub struct RecentEvents<P: Profile>(Vec<Rc<EventOf<P>>>);

impl<P: Profile> RecentEvents<P> {
    pub(super) fn new(events: Vec<Rc<EventOf<P>>>) -> Self {
        RecentEvents(events)
    }

    /// The latest event. Of several that arrive together, only the last is ever seen here.
    pub fn latest(&self) -> Option<&EventOf<P>> {
        self.0.last().map(Rc::as_ref)
    }
}

impl<P: Profile> Deref for RecentEvents<P> {
    type Target = [Rc<EventOf<P>>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<P: Profile> fmt::Debug for RecentEvents<P>
where
    P::Event: fmt::Debug,
    P::Meta: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}
