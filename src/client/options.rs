//! A connection to be made.

use super::link::Link;
use super::queue::Queue;
use super::{ClientError, Closed, Events, Item};
use crate::connection::{Backoff, CloseReason, Config, ConfigError, Millis, Reason};
use crate::filter::Filter;
use crate::profiles::Profile;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;

/// Events that wait for the application before reading is paused.
const DEFAULT_BUFFER: usize = 1_024;

/// A connection to be made: the options, under the same names as in JavaScript.
///
/// ```no_run
/// use futures::StreamExt;
/// use tidewire::client::{Client, Item};
/// use tidewire::filter::Filter;
/// use tidewire::profiles::dashtam::{Category, Dashtam, Event};
///
/// # async fn fetch_token() -> Option<String> { None }
/// # async fn example() {
/// let mut events = Client::<Dashtam>::new("/api/v1/events")
///     .token(|_attempt| async { fetch_token().await })
///     .filter(Filter::categories([Category::DataSync, Category::Provider]))
///     .connect();
/// while let Some(item) = events.next().await {
///     if let Item::Event(event) = item {
///         if let Event::SyncAccountsCompleted(sync) = event.data {
///             println!("{} accounts", sync.account_count);
///         }
///     }
/// } // dropping `events` closes the connection
/// # }
/// ```
#[must_use = "a client does nothing before `connect`"]
pub struct Client<P: Profile> {
    pub(super) url: String,
    pub(crate) config: Config,
    reconnect_set: bool,
    pub(super) method: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Body>,
    pub(super) credentials: Option<Credentials>,
    pub(super) event_source: bool,
    pub(super) pause_when_hidden: bool,
    buffer: usize,
    pub(super) token: Option<Rc<TokenFunction>>,
    profile: PhantomData<P>,
}

pub(super) type TokenFunction = dyn Fn(Attempt) -> Pin<Box<dyn Future<Output = Option<String>>>>;

/// What is sent with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body {
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// Whether cookies go along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// Never.
    Omit,
    /// To the page's own origin; the default.
    SameOrigin,
    /// To any origin.
    Include,
}

/// Which attempt a token is asked for, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// Why.
    pub reason: Reason,
}

/// Two that are cloned share their functions.
impl<P: Profile> Clone for Client<P> {
    fn clone(&self) -> Self {
        Client {
            url: self.url.clone(),
            config: self.config.clone(),
            reconnect_set: self.reconnect_set,
            method: self.method.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            credentials: self.credentials,
            event_source: self.event_source,
            pause_when_hidden: self.pause_when_hidden,
            buffer: self.buffer,
            token: self.token.clone(),
            profile: PhantomData,
        }
    }
}

impl<P: Profile> Client<P> {
    /// A connection to this URL, relative to the page's or absolute.
    pub fn new(url: impl Into<String>) -> Self {
        let config = Config::new(P::spec());
        Client {
            url: url.into(),
            method: if config.spec.runs_once { "POST" } else { "GET" }.to_owned(),
            config,
            reconnect_set: false,
            headers: Vec::new(),
            body: None,
            credentials: None,
            event_source: false,
            pause_when_hidden: false,
            buffer: DEFAULT_BUFFER,
            token: None,
            profile: PhantomData,
        }
    }

    /// What is wanted; everything by default.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.config.filter = filter;
        self
    }

    /// Asked for a token before every attempt, and after a 401. It goes where the profile says.
    /// It has 10 s.
    pub fn token<F, T>(mut self, token: F) -> Self
    where
        F: Fn(Attempt) -> T + 'static,
        T: Future<Output = Option<String>> + 'static,
    {
        self.config.has_token = true;
        self.token = Some(Rc::new(move |attempt| Box::pin(token(attempt))));
        self
    }

    /// The method. Anything but GET is sent once and never repeated.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into().to_ascii_uppercase();
        self
    }

    /// A header, for every request.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A body of JSON, with its content type.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn json(mut self, body: &impl serde::Serialize) -> Result<Self, serde_json::Error> {
        self.body = Some(Body::Text(serde_json::to_string(body)?));
        Ok(self.header("Content-Type", "application/json"))
    }

    /// Whether cookies go along.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Goes on after this event.
    pub fn last_event_id(mut self, id: impl Into<String>) -> Self {
        self.config.last_event_id = id.into();
        self
    }

    /// Milliseconds until the response's head must be there; 0: for ever.
    pub fn connect_timeout(mut self, timeout: Millis) -> Self {
        self.config.connect_timeout = timeout;
        self
    }

    /// Milliseconds without a byte after which the connection counts as dead.
    pub fn stale_after(mut self, silence: Millis) -> Self {
        self.config.stale_after = silence;
        self
    }

    /// Bytes that one event may take.
    pub fn max_event_bytes(mut self, limit: usize) -> Self {
        self.config.max_event_bytes = limit;
        self
    }

    /// When and how often to try again; `None`: never. The profile's own by default.
    pub fn reconnect(mut self, backoff: Option<Backoff>) -> Self {
        self.config.backoff = backoff;
        self.reconnect_set = true;
        self
    }

    /// Events that may wait for the application; then reading is paused, and TCP holds the
    /// server back.
    pub fn buffer(mut self, events: usize) -> Self {
        self.buffer = events.max(1);
        self
    }

    /// Through the browser's `EventSource` instead of `fetch`: no header, no status, no pause.
    pub fn event_source(mut self) -> Self {
        self.event_source = true;
        self
    }

    /// Gives the stream up while nobody sees the page, and takes it up again after. Hiding a tab
    /// does not close a stream otherwise.
    pub fn pause_when_hidden(mut self) -> Self {
        self.pause_when_hidden = true;
        self
    }

    /// Connects. A configuration that cannot be used closes the stream at once, with the error.
    pub fn connect(self) -> Events<P> {
        self.try_connect().unwrap_or_else(|error| {
            let queue = Queue::<P>::new(P::spec(), 1, "");
            queue.push(Item::Closed(Closed {
                reason: CloseReason::Rejected,
                error: Some(ClientError::Config(error)),
            }));
            Events::new(None, Rc::new(queue))
        })
    }

    /// Connects, if the configuration can be used.
    ///
    /// # Errors
    /// When the filter does not fit the profile, or a repetition is asked for where a request
    /// runs something.
    pub fn try_connect(mut self) -> Result<Events<P>, ConfigError> {
        if self.method != "GET" {
            self.config.repeatable = false;
            if !self.reconnect_set {
                self.config.backoff = None;
            }
        }
        let Config {
            spec,
            last_event_id,
            ..
        } = &self.config;
        let queue = Rc::new(Queue::new(spec.clone(), self.buffer, last_event_id));
        let link = Link::open(self, Rc::clone(&queue))?;
        Ok(Events::new(Some(link), queue))
    }

    /// Whether one answer may be for several who ask.
    #[cfg(any(feature = "leptos", feature = "yew"))]
    pub(super) fn may_be_shared(&self) -> bool {
        self.method == "GET" && !self.config.spec.runs_once
    }

    /// Whether all is the same that decides what is requested, and when. Functions are not looked
    /// at, but for whether there is one; the filter is not either.
    #[cfg(any(feature = "leptos", feature = "yew"))]
    pub(crate) fn asks_the_same(&self, other: &Client<P>) -> bool {
        let (mine, theirs) = (&self.config, &other.config);
        self.url == other.url
            && self.method == other.method
            && self.headers == other.headers
            && self.body == other.body
            && self.credentials == other.credentials
            && self.event_source == other.event_source
            && self.pause_when_hidden == other.pause_when_hidden
            && mine.spec == theirs.spec
            && mine.last_event_id == theirs.last_event_id
            && mine.has_token == theirs.has_token
            && mine.backoff == theirs.backoff
            && mine.connect_timeout == theirs.connect_timeout
            && mine.stale_after == theirs.stale_after
            && mine.max_event_bytes == theirs.max_event_bytes
    }
}
