//! A connection as a `Stream` of typed events.

use crate::connection::{
    Backoff, CloseReason, Config, ConfigError, Error, Event as RawMessage, Flow, GapReason, Millis,
    Reason, Recovered, Report, State,
};
use crate::driver::{Door, Driver, Host, Settings};
use crate::filter::{Filter, FilterError};
use crate::profiles::{self, DecodeError, Profile, Spec};
use futures_core::Stream;
use js_sys::Promise;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use wasm_bindgen::prelude::*;

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
    url: String,
    config: Config,
    reconnect_set: bool,
    method: String,
    headers: Vec<(String, String)>,
    body: JsValue,
    credentials: Option<Credentials>,
    event_source: bool,
    pause_when_hidden: bool,
    buffer: usize,
    token: Option<Box<TokenFunction>>,
    profile: PhantomData<P>,
}

type TokenFunction = dyn Fn(Attempt) -> Promise;

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
            body: JsValue::UNDEFINED,
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
        self.token = Some(Box::new(move |attempt| {
            let token = token(attempt);
            wasm_bindgen_futures::future_to_promise(async move {
                Ok(token.await.map_or(JsValue::NULL, JsValue::from))
            })
        }));
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
        self.body = serde_json::to_string(body)?.into();
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
            let queue = Rc::new(Queue::<P>::new(P::spec(), 1));
            queue.push(Item::Closed(Closed {
                reason: CloseReason::Rejected,
                error: Some(ClientError::Config(error)),
            }));
            Events {
                driver: None,
                queue,
            }
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
        self.config.seed = (js_sys::Math::random() * 9e15) as u64;
        let queue = Rc::new(Queue::<P>::new(self.config.spec.clone(), self.buffer));
        let host = ClientHost {
            queue: Rc::clone(&queue),
            token: self.token,
            headers: self.headers,
        };
        let door = match self.event_source {
            true => Door::EventSource {
                with_credentials: self.credentials == Some(Credentials::Include),
            },
            false => Door::Fetch {
                method: self.method,
                body: self.body,
                credentials: self.credentials.map(|credentials| match credentials {
                    Credentials::Omit => web_sys::RequestCredentials::Omit,
                    Credentials::SameOrigin => web_sys::RequestCredentials::SameOrigin,
                    Credentials::Include => web_sys::RequestCredentials::Include,
                }),
                fetch: None,
            },
        };
        let settings = Settings {
            config: self.config,
            url: self.url,
            door,
            pause_when_hidden: self.pause_when_hidden,
        };
        let driver = Driver::new(settings, Box::new(host))?;
        driver.start();
        driver.want();
        Ok(Events {
            driver: Some(driver),
            queue,
        })
    }
}

/// A stream of typed events, and of what happens to the connection between them. Dropping it
/// closes the connection at once.
#[must_use = "dropping it closes the connection"]
pub struct Events<P: Profile> {
    driver: Option<Driver>,
    queue: Rc<Queue<P>>,
}

/// What comes out of a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum Item<E, M> {
    /// An event.
    Event(Event<E, M>),
    /// An event whose payload does not fit its type, in its place in the order.
    Undecodable(DecodeError),
    /// The state changed.
    State(State),
    /// A stream is open again. Unless `recovered` is `Yes`, what came meanwhile may be missing.
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
    /// The category; `None` for an unknown type.
    pub category: Option<String>,
    /// Its own id.
    pub id: Option<Arc<str>>,
    /// The id that a connection would go on after. Events that share one share its memory.
    pub last_event_id: Arc<str>,
    /// Whether it is known to be a repetition of the past.
    pub replayed: bool,
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
pub enum ClientError {
    /// The configuration could not be used.
    Config(ConfigError),
    /// The connection failed.
    Connection(Error),
}

impl std::fmt::Display for ClientError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ClientError::Config(error) => error.fmt(f),
            ClientError::Connection(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ClientError::Config(error) => Some(error),
            ClientError::Connection(error) => Some(error),
        }
    }
}

impl<P: Profile> Events<P> {
    /// Changes what is delivered.
    ///
    /// # Errors
    /// When the filter does not fit the profile; the old one stays.
    pub fn set_filter(&self, filter: Filter) -> Result<(), FilterError> {
        match &self.driver {
            Some(driver) => driver.set_filter(filter),
            None => Ok(()),
        }
    }

    /// Opens anew at once.
    pub fn reconnect(&self) {
        if let Some(driver) = &self.driver {
            driver.reconnect();
        }
    }

    /// Closes the connection. What was received before still comes, and `Closed` after it.
    pub fn close(&self) {
        if let Some(driver) = &self.driver {
            driver.close(CloseReason::Closed);
        }
    }

    /// Events that were dropped because they had come before.
    pub fn duplicates(&self) -> u64 {
        self.driver.as_ref().map_or(0, Driver::duplicates)
    }

    /// The last event ID.
    pub fn last_event_id(&self) -> String {
        self.driver
            .as_ref()
            .map(Driver::last_event_id)
            .unwrap_or_default()
    }
}

impl<P: Profile> Stream for Events<P> {
    type Item = Item<P::Event, P::Meta>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = self.queue.items.borrow_mut().pop_front();
        match item {
            Some(item) => {
                if matches!(item, Item::Event(_) | Item::Undecodable(_)) {
                    self.queue.waiting.set(self.queue.waiting.get() - 1);
                }
                // Below half, so that reading doesn't start and stop at every event.
                if self.queue.paused.get() && self.queue.waiting.get() <= self.queue.limit / 2 {
                    self.queue.paused.set(false);
                    if let Some(driver) = &self.driver {
                        driver.want();
                    }
                }
                self.queue.ended.set(matches!(item, Item::Closed(_)));
                Poll::Ready(Some(item))
            }
            None if self.queue.ended.get() => Poll::Ready(None),
            None => {
                *self.queue.waker.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// What was received and not yet taken.
struct Queue<P: Profile> {
    spec: Spec,
    limit: usize,
    items: RefCell<VecDeque<Item<P::Event, P::Meta>>>,
    /// How many of them are events.
    waiting: Cell<usize>,
    paused: Cell<bool>,
    ended: Cell<bool>,
    waker: RefCell<Option<Waker>>,
    /// An id sticks to every event after it, however long it is.
    last_event_id: RefCell<Arc<str>>,
}

impl<P: Profile> Queue<P> {
    fn new(spec: Spec, limit: usize) -> Self {
        Queue {
            spec,
            limit,
            items: RefCell::default(),
            waiting: Cell::new(0),
            paused: Cell::new(false),
            ended: Cell::new(false),
            waker: RefCell::new(None),
            last_event_id: RefCell::new(Arc::default()),
        }
    }

    fn push(&self, item: Item<P::Event, P::Meta>) {
        self.items.borrow_mut().push_back(item);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    fn decode(&self, message: RawMessage<'_>) -> Result<Event<P::Event, P::Meta>, DecodeError> {
        let spec = &self.spec;
        let event = message.index.map(|index| &spec.events[usize::from(index)]);
        let (data, meta) = profiles::decode_data::<P>(
            spec,
            message.index,
            &message.name.to_str(),
            &message.data.to_str(),
        )?;
        let category = event.and_then(|event| spec.categories.get(usize::from(event.category)));
        let mut last = self.last_event_id.borrow_mut();
        if **last != *message.last_event_id {
            *last = message.last_event_id.into();
        }
        Ok(Event {
            data,
            meta,
            category: category.map(|name| name.to_string()),
            // Its own id is the last one, from it on.
            id: message.id.map(|_| Arc::clone(&last)),
            last_event_id: Arc::clone(&last),
            replayed: message.replayed,
        })
    }
}

struct ClientHost<P: Profile> {
    queue: Rc<Queue<P>>,
    token: Option<Box<TokenFunction>>,
    headers: Vec<(String, String)>,
}

impl<P: Profile> Host for ClientHost<P> {
    fn event(&self, event: RawMessage<'_>) -> Flow {
        let item = match self.queue.decode(event) {
            Ok(event) => Item::Event(event),
            Err(error) => Item::Undecodable(error),
        };
        self.queue.waiting.set(self.queue.waiting.get() + 1);
        self.queue.push(item);
        self.flush()
    }

    fn flush(&self) -> Flow {
        let full = self.queue.waiting.get() >= self.queue.limit;
        self.queue.paused.set(full);
        match full {
            true => Flow::Pause,
            false => Flow::More,
        }
    }

    fn report(&self, report: Report) {
        self.queue.push(match report {
            Report::State(state) => Item::State(state),
            Report::Opened { .. } => return,
            Report::Resumed {
                recovered,
                last_event_id,
            } => Item::Resumed {
                recovered,
                last_event_id,
            },
            Report::Gap {
                reason,
                last_event_id,
            } => Item::Gap {
                reason,
                last_event_id,
            },
            Report::FilterChanged { error: None } => return,
            Report::FilterChanged { error: Some(error) } => Item::FilterKept { error },
            Report::Failed { error, retry_in } => Item::Failed { error, retry_in },
            Report::Closed { reason, error } => Item::Closed(Closed {
                reason,
                error: error.map(ClientError::Connection),
            }),
        });
    }

    fn token(&self, number: u32, reason: Reason) -> Promise {
        match &self.token {
            Some(token) => token(Attempt { number, reason }),
            None => Promise::resolve(&JsValue::NULL),
        }
    }

    fn headers(&self) -> Vec<(String, String)> {
        self.headers.clone()
    }

    fn retry(&self, _: u32, _: u16) -> bool {
        true
    }
}
