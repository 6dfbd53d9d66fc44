//! Where events go, and what they are.

use super::Report;
use crate::wire::Text;

/// Where events go.
pub trait Sink {
    /// Takes an event, which is lent for the length of the call, and answers whether another may
    /// come at once.
    fn event(&mut self, event: Event<'_>) -> Flow;

    /// Takes news whose place is between two events.
    fn report(&mut self, report: Report);
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn event(&mut self, event: Event<'_>) -> Flow {
        (**self).event(event)
    }

    fn report(&mut self, report: Report) {
        (**self).report(report);
    }
}

/// Whether another event may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// It may.
    More,
    /// The rest stays unread until it is asked for.
    Pause,
}

/// An event that passed the filter, before its payload is parsed.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// The index of its type in [`Spec::events`](crate::profiles::Spec::events); `None` for a type unknown to the profile.
    pub index: Option<u16>,
    /// Its type's name, as it came.
    pub name: Text<'a>,
    /// Its data, all of it.
    pub data: Text<'a>,
    /// Its own id, if it came with one.
    pub id: Option<&'a str>,
    /// The id that a connection would go on after.
    pub last_event_id: &'a str,
    /// Whether it is known to be a repetition of the past.
    pub replayed: bool,
}
