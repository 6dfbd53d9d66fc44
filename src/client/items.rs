//! What comes out of a connection.

use super::OptionsError;
use crate::connection::{self, CloseReason, Error, Millis, Recovered, State};
use crate::profiles::{DecodeError, Name, Profile};
use std::sync::Arc;

/// What comes out of a connection.
///
/// ```
/// use tidewire::client::Item;
/// use tidewire::profiles::{NoMeta, stock_agent::Event};
///
/// /// What of an item is for the page.
/// fn line(item: Item<Event, NoMeta>) -> Option<String> {
///     match item {
///         Item::Event(event) => Some(event.name.into_owned()),
///         Item::Undecodable(error) => Some(error.to_string()),
///         Item::Gap { last_event_id, .. } => Some(format!("missing after {last_event_id}")),
///         Item::Failed { retry_in: Some(wait), .. } => Some(format!("again in {wait} ms")),
///         Item::Closed(closed) => Some(format!("over: {}", closed.reason.as_str())),
///         _ => None,
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Item<E, M> {
    /// An event.
    Event(Event<E, M>),
    /// An event whose payload does not fit its type, in its place in the order.
    Undecodable(DecodeError),
    /// The state changed.
    State(State),
    /// A stream is open.
    Opened {
        /// The status; 0 where the transport hides it.
        status: u16,
        /// The final URL.
        url: String,
        /// Whether there was a redirect.
        redirected: bool,
    },
    /// A stream is open again.
    Resumed {
        /// Whether what was missed comes again. If it is not sure to, a [`Gap`](Item::Gap) follows.
        recovered: Recovered,
        /// Where it went on.
        last_event_id: String,
    },
    /// Something may be missing, or is.
    Gap {
        /// Why.
        reason: GapReason,
        /// The last id before it.
        last_event_id: String,
    },
    /// The filter that was set last holds from here on.
    FilterChanged,
    /// The filter that was set last cannot be had; the one before it stays.
    FilterKept {
        /// Why.
        error: Error,
    },
    /// An attempt or a connection failed.
    Failed {
        /// How.
        error: Error,
        /// Milliseconds until the next attempt; `None`: there is none.
        retry_in: Option<Millis>,
    },
    /// It is over: the last item.
    Closed(Closed),
}

/// An event and what came with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<E, M> {
    /// The typed event.
    pub data: E,
    /// What stands around the payload.
    pub meta: M,
    /// The type's name: the profile's, whatever alias came, or the one that came if the profile
    /// does not know it.
    pub name: Name,
    /// The category; `None` for an unknown type.
    pub category: Option<Name>,
    /// Its own id.
    pub id: Option<Arc<str>>,
    /// The id that a connection would go on after. Events that share one share its memory.
    pub last_event_id: Arc<str>,
    /// Whether it is known to be a repetition of the past.
    pub replayed: bool,
}

/// An event of a profile's, and what came with it.
pub type EventOf<P> = Event<<P as Profile>::Event, <P as Profile>::Meta>;

/// Why something may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapReason {
    /// The stream was interrupted, and the server does not send again what was missed.
    NotRecovered,
    /// The stream was interrupted, and the server does not tell whether it sends all again.
    RecoveryUnproven,
    /// Reading was paused for so long that the server may have shed events in silence.
    Paused,
    /// The filter was changed, and where the old stream ends on the new one cannot be told.
    Filter,
    /// The connection was there before, and its server gives the history only to who comes first.
    Joined,
}

impl GapReason {
    /// As JavaScript is told.
    pub const fn as_str(self) -> &'static str {
        match self {
            GapReason::NotRecovered => "not recovered",
            GapReason::RecoveryUnproven => "recovery unproven",
            GapReason::Paused => "paused",
            GapReason::Filter => "filter",
            GapReason::Joined => "joined",
        }
    }

    /// What is to be said after a reconnection; nothing, if all is sure to come again.
    pub(super) const fn after(recovered: Recovered) -> Option<GapReason> {
        match recovered {
            Recovered::Yes => None,
            Recovered::No => Some(GapReason::NotRecovered),
            Recovered::Unknown => Some(GapReason::RecoveryUnproven),
        }
    }
}

impl From<connection::GapReason> for GapReason {
    fn from(reason: connection::GapReason) -> Self {
        match reason {
            connection::GapReason::Paused => GapReason::Paused,
            connection::GapReason::Filter => GapReason::Filter,
        }
    }
}

/// The end of a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// Why.
    pub reason: CloseReason,
    /// The failure behind it.
    pub error: Option<ClientError>,
}

/// A failure that ended a connection.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ClientError {
    /// The options could not be used.
    Options(OptionsError),
    /// The connection failed.
    Connection(Error),
}

impl std::fmt::Display for ClientError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ClientError::Options(error) => error.fmt(f),
            ClientError::Connection(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ClientError::Options(error) => Some(error),
            ClientError::Connection(error) => Some(error),
        }
    }
}
