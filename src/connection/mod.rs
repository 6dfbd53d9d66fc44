//! The life of a connection, as a state machine without sockets and clocks.
//!
//! Bytes, the transport's news, the owner's wishes and the time go in by the methods of
//! [`Connection`]; [`poll_action`](Connection::poll_action) says what is to be done, and
//! [`poll_timeout`](Connection::poll_timeout) when to come back. Events leave through a [`Sink`],
//! borrowed from the chunk that brought them. Time is given, never read, and so is randomness:
//! hours of a connection's life run in a test within milliseconds.

mod backoff;
mod classify;
mod deliver;
mod history;
mod identity;
mod machine;
mod sink;
#[cfg(test)]
mod tests;

use alloc::{string::String, vec::Vec};
pub use backoff::Backoff;
// The tests of this repository throw the same dice.
#[doc(hidden)]
pub use backoff::Seed;
pub use machine::Connection;
pub use sink::{Event, Flow, Sink};

use crate::digits::{digits, joined};
use crate::filter::{Filter, FilterError};
use crate::profiles::{Spec, SpecError};

/// Milliseconds on a clock that never goes back. Where it starts is of no importance.
pub type Millis = u64;

/// What a connection is made of.
///
/// ```
/// use tidewire::connection::{Config, Connection};
/// use tidewire::filter::Filter;
/// use tidewire::profiles::dashtam;
///
/// let config = Config {
///     filter: Filter::categories(["security"]),
///     last_event_id: "019c0a51-7d3e-7b11-9f42-6a1d5c2e8f70".to_owned(),
///     ..Config::new(dashtam::spec())
/// };
/// assert!(Connection::new(config).is_ok());
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    /// What kind of server it is.
    pub spec: Spec,
    /// What is wanted of it.
    pub filter: Filter,
    /// Where to go on; empty for the beginning.
    pub last_event_id: String,
    /// Whether a token is asked for before each attempt.
    pub has_token: bool,
    /// Whether another token may come after one was refused: it is asked of a function.
    pub renews_token: bool,
    /// Whether the transport sends headers: `EventSource` does not.
    pub sends_headers: bool,
    /// Whether the request may be repeated: `GET`, on a profile that does not run anything.
    pub repeatable: bool,
    /// When and how often to try again; `None`: never.
    pub backoff: Option<Backoff>,
    /// Milliseconds until the response's head must be there; 0: for ever.
    pub connect_timeout: Millis,
    /// Milliseconds without a byte after which a connection counts as dead; 0: only as the
    /// profile's heartbeat says, once one was seen.
    pub stale_after: Millis,
    /// Bytes that one event may take.
    pub max_event_bytes: usize,
    /// Where the randomness comes from.
    pub seed: u64,
}

impl Config {
    /// A connection to a server of this kind, for everything that it sends.
    pub fn new(spec: Spec) -> Self {
        let backoff = Backoff::new(Millis::from(spec.retry), Millis::from(spec.max_retry));
        Config {
            repeatable: !spec.runs_once,
            backoff: (!spec.runs_once).then_some(backoff),
            spec,
            filter: Filter::all(),
            last_event_id: String::new(),
            has_token: false,
            renews_token: true,
            sends_headers: true,
            connect_timeout: 30_000,
            stale_after: 0,
            max_event_bytes: crate::wire::Decoder::DEFAULT_MAX_EVENT_BYTES,
            seed: 0,
        }
    }
}

/// What the owner of a connection is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Get a token and say [`Connection::token_ready`] or [`Connection::token_failed`].
    Token {
        /// Which attempt this is, from 1.
        attempt: u32,
        /// Why.
        reason: Reason,
    },
    /// Send the request.
    Open(Request),
    /// Send this request too, beside the open stream: what comes of it is said by the
    /// `candidate_…` methods, until it is promoted or aborted.
    OpenCandidate(Request),
    /// The candidate is the stream from now on; the one before it is given up.
    Promote,
    /// Give up the candidate.
    AbortCandidate,
    /// Give up whatever is open or opening. Nothing of it is wanted any more.
    Abort,
    /// The stream has said all. Nothing more of it is wanted, but its body may end by itself
    /// before it is given up, so that the server sees a request that was finished.
    Finish,
    /// Tell the application.
    Report(Report),
}

/// What of the request depends on the connection's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Query parameters to be added, not yet escaped.
    pub query: Vec<(String, String)>,
    /// The value of the `Last-Event-ID` header; none if it cannot stand in one.
    pub last_event_id: Option<String>,
}

/// Why a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The first connection.
    Connect,
    /// A later one.
    Reconnect,
    /// The last token was refused.
    Unauthorized,
    /// The filter was changed.
    Filter,
}

impl Reason {
    /// As JavaScript is told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::Connect => "connect",
            Reason::Reconnect => "reconnect",
            Reason::Unauthorized => "unauthorized",
            Reason::Filter => "filter",
        }
    }
}

/// The head of a response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// The status; 0 where the transport hides it (`EventSource`), which only reports success.
    pub status: u16,
    /// The `Content-Type` header.
    pub content_type: String,
    /// The `Retry-After` header, if it can be read.
    pub retry_after: String,
    /// The `Date` header, if it can be read.
    pub date: String,
    /// The final URL, after redirects.
    pub url: String,
    /// Whether there was a redirect.
    pub redirected: bool,
}

/// What the application is told, apart from events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
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
        /// Whether what was missed comes again.
        recovered: Recovered,
        /// Where it went on.
        last_event_id: String,
    },
    /// Something may be missing, though the stream goes on.
    Gap {
        /// Why.
        reason: GapReason,
        /// The last id before it.
        last_event_id: String,
    },
    /// What came of [`Connection::set_filter`]: one for each call before the end that returned
    /// `Ok`, in order.
    FilterChanged {
        /// Why the old filter stays.
        error: Option<Error>,
    },
    /// An attempt or a connection failed.
    Failed {
        /// How.
        error: Error,
        /// Milliseconds until the next attempt; `None`: there is none, and `Closed` follows.
        retry_in: Option<Millis>,
    },
    /// It is over. Nothing comes after this.
    Closed {
        /// Why.
        reason: CloseReason,
        /// The failure behind it.
        error: Option<Error>,
    },
}

/// Whether what was missed comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovered {
    /// It does not.
    No,
    /// All of it, proven.
    Yes,
    /// The server does not tell.
    Unknown,
}

/// Why something may be missing on a stream that was not interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapReason {
    /// Reading was paused for so long that the server may have shed events in silence.
    Paused,
    /// The filter was changed, and where the old stream ends on the new one cannot be told.
    Filter,
}

impl GapReason {
    /// As JavaScript is told.
    pub const fn as_str(self) -> &'static str {
        match self {
            GapReason::Paused => "paused",
            GapReason::Filter => "filter",
        }
    }
}

/// The state that an application sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A token or a response is awaited.
    Connecting,
    /// Events come.
    Open,
    /// The next attempt, or the page's return, is awaited.
    Waiting,
    /// It is over.
    Closed,
}

/// Why a connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The application closed it.
    Closed,
    /// The application's signal aborted it.
    Aborted,
    /// The server ended it properly: the end mark, a terminal event, 204.
    Ended,
    /// A stream that must not be repeated broke off before its end.
    Interrupted,
    /// The server refused it for good.
    Rejected,
    /// No attempt is left.
    Exhausted,
    /// The application took too long, and asked for this in that case.
    SlowConsumer,
    /// The environment cannot do it.
    Unsupported,
}

impl CloseReason {
    /// As JavaScript is told.
    pub const fn as_str(self) -> &'static str {
        match self {
            CloseReason::Closed => "closed",
            CloseReason::Aborted => "aborted",
            CloseReason::Ended => "ended",
            CloseReason::Interrupted => "interrupted",
            CloseReason::Rejected => "rejected",
            CloseReason::Exhausted => "exhausted",
            CloseReason::SlowConsumer => "slow-consumer",
            CloseReason::Unsupported => "unsupported",
        }
    }
}

/// How an attempt or a connection failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// The kind.
    pub kind: ErrorKind,
    /// The response's status; 0 without a response.
    pub status: u16,
    /// What happened, for a person.
    pub message: String,
    /// The start of a refusal's body.
    pub body: String,
}

impl Error {
    /// A failure that no response came with.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error {
            kind,
            status: 0,
            message: message.into(),
            body: String::new(),
        }
    }

    /// The same, of the parts of its message. One function for all failures: not inlined, the npm
    /// package's module is smaller.
    #[inline(never)]
    pub(crate) fn told(kind: ErrorKind, message: &[&str]) -> Self {
        Error::new(kind, joined(message))
    }

    /// The same, of what did not happen for so long.
    pub(crate) fn late(kind: ErrorKind, what: &str, milliseconds: Millis) -> Self {
        Error::told(kind, &[what, &digits(milliseconds), " ms"])
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for Error {}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No response, or the connection broke.
    Network,
    /// A status that is no success.
    Status,
    /// A success that is no event stream.
    ContentType,
    /// The response's head did not come in time.
    Timeout,
    /// No byte came for too long.
    Stale,
    /// An event exceeds the limit.
    TooLarge,
    /// The server does not take the filter.
    Filter,
    /// The token function failed.
    Token,
    /// The server closed a stream that should go on.
    Ended,
    /// The environment cannot do it.
    Unsupported,
}

impl ErrorKind {
    /// As JavaScript is told.
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Network => "network",
            ErrorKind::Status => "status",
            ErrorKind::ContentType => "content-type",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Stale => "stale",
            ErrorKind::TooLarge => "too-large",
            ErrorKind::Filter => "filter",
            ErrorKind::Token => "token",
            ErrorKind::Ended => "ended",
            ErrorKind::Unsupported => "unsupported",
        }
    }
}

/// Why a [`Config`] cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The profile contradicts itself.
    Spec(SpecError),
    /// The filter names what the profile does not have.
    Filter(FilterError),
    /// The request runs something (a POST, a one-shot profile), and must not be repeated.
    NotRepeatable {
        /// The profile.
        profile: String,
    },
}

impl core::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            ConfigError::Spec(error) => error.fmt(f),
            ConfigError::Filter(error) => error.fmt(f),
            ConfigError::NotRepeatable { profile } => write!(
                f,
                "this request to {profile} runs something, so it is sent once: leave 'reconnect' out"
            ),
        }
    }
}

impl core::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            ConfigError::Spec(error) => Some(error),
            ConfigError::Filter(error) => Some(error),
            ConfigError::NotRepeatable { .. } => None,
        }
    }
}
