//! A connection to be made.

use super::buffer::Buffer;
use super::check::OptionsError;
use super::queue::ItemOf;
use super::{ClientError, Closed, CursorStore, Events, Item, connect};
use crate::address::with_query;
use crate::connection::{Backoff, CloseReason, Config, Millis, Reason};
use crate::filter::Filter;
use crate::profiles::{Name, Profile};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;

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
    pub(super) query: Vec<(String, String)>,
    pub(crate) config: Config,
    pub(super) reconnect: Option<Option<Backoff>>,
    pub(super) retry: Option<Rc<RetryFunction>>,
    pub(super) method: Option<String>,
    pub(super) header: Vec<(String, String)>,
    pub(super) headers: Option<Rc<HeadersFunction>>,
    pub(super) body: Option<Body>,
    pub(super) credentials: Option<Credentials>,
    pub(super) transport: Transport,
    pub(super) pause_when_hidden: bool,
    pub(super) buffer: Buffer,
    pub(super) token: Option<Rc<TokenFunction>>,
    pub(super) idempotency_key: Option<IdempotencyKey>,
    pub(super) store: Option<Rc<dyn CursorStore>>,
    pub(super) share: Option<Share<P>>,
    #[cfg(target_arch = "wasm32")]
    pub(super) fetch: Option<js_sys::Function>,
    profile: PhantomData<P>,
}

pub(super) type Later<T> = Pin<Box<dyn Future<Output = T>>>;
pub(super) type TokenFunction = dyn Fn(Attempt) -> Later<Option<String>>;
pub(super) type HeadersFunction = dyn Fn() -> Later<Vec<(String, String)>>;
pub(super) type RetryFunction = dyn Fn(Failure) -> bool;

/// How a stream shares a connection. Only who asks for it has the code of it.
pub(super) struct Share<P: Profile> {
    pub(super) connect: fn(Client<P>, CopyItem<P>) -> Events<P>,
    pub(super) copy: CopyItem<P>,
}

pub(super) type CopyItem<P> = fn(&ItemOf<P>) -> ItemOf<P>;

/// Through which of the browser's doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    /// `fetch`, and its body's stream.
    #[default]
    Fetch,
    /// `EventSource`: GET, no header, no status, no pause.
    EventSource,
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

/// What is sent with a request. In the browser anything that `fetch` takes becomes one, too: a
/// `FormData`, say, as a `JsValue`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Body {
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// What `fetch` takes.
    #[cfg(target_arch = "wasm32")]
    Js(wasm_bindgen::JsValue),
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Body::Text(text)
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        Body::Text(text.to_owned())
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Body::Bytes(bytes)
    }
}

#[cfg(target_arch = "wasm32")]
impl From<wasm_bindgen::JsValue> for Body {
    fn from(body: wasm_bindgen::JsValue) -> Self {
        Body::Js(body)
    }
}

/// What tells a server that a request which is sent again is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdempotencyKey {
    /// A UUID, another for each connection.
    Random,
    /// This: 1 to 255 visible ASCII characters.
    Text(String),
}

impl<T: Into<String>> From<T> for IdempotencyKey {
    fn from(text: T) -> Self {
        IdempotencyKey::Text(text.into())
    }
}

/// Which attempt a token is asked for, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// Why.
    pub reason: Reason,
}

/// A failed attempt, or a connection that broke, after which another attempt would be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// The status; `None` without a response, or where the transport hides it.
    pub status: Option<u16>,
}

impl<P: Profile> Client<P> {
    /// A connection to this URL, relative to the page's or absolute.
    pub fn new(url: impl Into<String>) -> Self {
        Client {
            url: url.into(),
            query: Vec::new(),
            config: Config::new(P::spec()),
            reconnect: None,
            retry: None,
            method: None,
            header: Vec::new(),
            headers: None,
            body: None,
            credentials: None,
            transport: Transport::default(),
            pause_when_hidden: false,
            buffer: Buffer::default(),
            token: None,
            idempotency_key: None,
            store: None,
            share: None,
            #[cfg(target_arch = "wasm32")]
            fetch: None,
            profile: PhantomData,
        }
    }

    /// What is wanted; everything by default.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.config.filter = filter;
        self
    }

    /// These categories are wanted, besides what else is named.
    pub fn categories<N: Into<Name>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.config.filter = self.config.filter.and_categories(names);
        self
    }

    /// These types are wanted, besides what else is named: exact names or globs.
    pub fn types<N: Into<Name>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.config.filter = self.config.filter.and_types(names);
        self
    }

    /// Asked for a token before every attempt, and after a 401. It goes where the profile says.
    /// It has 10 s; what it has not given when the connection is gone is not waited for.
    pub fn token<F, T>(mut self, token: F) -> Self
    where
        F: Fn(Attempt) -> T + 'static,
        T: Future<Output = Option<String>> + 'static,
    {
        self.token = Some(Rc::new(move |attempt| Box::pin(token(attempt))));
        self.config.renews_token = true;
        self
    }

    /// A token that does not change. After a 401 there is no other to try with.
    pub fn fixed_token(mut self, token: impl Into<String>) -> Self {
        let token = token.into();
        self = self.token(move |_| std::future::ready(Some(token.clone())));
        self.config.renews_token = false;
        self
    }

    /// The method. Default GET, or POST where there is a body or the profile runs something.
    /// Anything but GET is sent once and never repeated.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into().to_ascii_uppercase());
        self
    }

    /// A header, for every request.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.header.push((name.into(), value.into()));
        self
    }

    /// Asked for headers before every attempt; of those of the same name by
    /// [`header`](Self::header), these are sent.
    pub fn headers<F, T>(mut self, headers: F) -> Self
    where
        F: Fn() -> T + 'static,
        T: Future<Output = Vec<(String, String)>> + 'static,
    {
        self.headers = Some(Rc::new(move || Box::pin(headers())));
        self
    }

    /// A parameter at the end of the URL's query, not yet escaped.
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// What is sent with the request, which makes it a POST.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// A body of JSON, with its content type.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn json(self, body: &impl serde::Serialize) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_string(body)?;
        Ok(self.body(body).header("Content-Type", "application/json"))
    }

    /// Whether cookies go along.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Goes on after this event. What a [`store`](Self::store) says does not count then.
    pub fn last_event_id(mut self, id: impl Into<String>) -> Self {
        self.config.last_event_id = id.into();
        self
    }

    /// Milliseconds until the response's head must be there; 0: for ever. Default 30 s.
    pub fn connect_timeout(mut self, timeout: Millis) -> Self {
        self.config.connect_timeout = timeout;
        self
    }

    /// Milliseconds without a byte after which the connection counts as dead; 0: as the profile's
    /// heartbeat says.
    pub fn stale_after(mut self, silence: Millis) -> Self {
        self.config.stale_after = silence;
        self
    }

    /// Bytes that one event may take. Default 16 MiB.
    pub fn max_event_bytes(mut self, limit: usize) -> Self {
        self.config.max_event_bytes = limit;
        self
    }

    /// When and how often to try again; `None`: never. The profile's own by default.
    pub fn reconnect(mut self, backoff: impl Into<Option<Backoff>>) -> Self {
        self.reconnect = Some(backoff.into());
        self
    }

    /// Asked whether to try again after a failure, where it would be tried.
    pub fn reconnect_when(mut self, retry: impl Fn(Failure) -> bool + 'static) -> Self {
        self.retry = Some(Rc::new(retry));
        self
    }

    /// How much may wait for the application.
    pub fn buffer(mut self, buffer: Buffer) -> Self {
        self.buffer = buffer;
        self
    }

    /// Through which of the browser's doors.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// Called in place of the global `fetch`.
    #[cfg(target_arch = "wasm32")]
    pub fn fetch(mut self, fetch: js_sys::Function) -> Self {
        self.fetch = Some(fetch);
        self
    }

    /// The `Idempotency-Key` header of a request that is sent once.
    pub fn idempotency_key(mut self, key: impl Into<IdempotencyKey>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Where the last event ID is kept, so that a reload goes on from there:
    /// [`SessionStore`](super::SessionStore) or your own. It moves on when an event was consumed:
    /// when the one after it is asked for.
    pub fn store(mut self, store: impl CursorStore + 'static) -> Self {
        self.store = Some(Rc::new(store));
        self
    }

    /// Gives the stream up while nobody sees the page, and takes it up again after. Hiding a tab
    /// does not close a stream otherwise.
    pub fn pause_when_hidden(mut self, pause: bool) -> Self {
        self.pause_when_hidden = pause;
        self
    }

    /// Connects. Options that cannot be used close the stream at once, with the error.
    pub fn connect(self) -> Events<P> {
        let spec = self.config.spec.clone();
        self.try_connect().unwrap_or_else(|error| {
            connect::ended::<P>(
                spec,
                Item::Closed(Closed {
                    reason: CloseReason::Rejected,
                    error: Some(ClientError::Options(error)),
                }),
            )
        })
    }

    /// Connects, if the options can be used.
    ///
    /// # Errors
    /// When the filter does not fit the profile, a repetition is asked for where a request runs
    /// something, or options contradict each other.
    pub fn try_connect(mut self) -> Result<Events<P>, OptionsError> {
        self.settle()?;
        Ok(match self.share.take() {
            // Outside of the browser there is nothing to be shared.
            Some(share) if cfg!(any(test, target_arch = "wasm32")) => {
                (share.connect)(self, share.copy)
            }
            _ => connect::connect(self),
        })
    }
}

impl<P: Profile> Client<P>
where
    P::Event: Clone,
    P::Meta: Clone,
{
    /// Streams of one page to the same URL with the same options use one connection. Each keeps
    /// its own filter and buffer; the connection is closed with the last. One whose buffer is full
    /// and pauses, pauses them all. Functions cannot be compared: where each has one, those of
    /// the first are called.
    pub fn share(mut self, share: bool) -> Self {
        self.share = share.then_some(Share {
            connect: super::shared::connect,
            copy: Item::clone,
        });
        self
    }
}

/// Without what may be secret: headers, body, token.
impl<P: Profile> fmt::Debug for Client<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("profile", &self.config.spec.name)
            .field("method", &self.the_method())
            .field("filter", &self.config.filter)
            .field("transport", &self.transport)
            .field("buffer", &self.buffer)
            .finish_non_exhaustive()
    }
}

/// Two that are cloned share their functions and their store.
impl<P: Profile> Clone for Client<P> {
    fn clone(&self) -> Self {
        Client {
            url: self.url.clone(),
            query: self.query.clone(),
            config: self.config.clone(),
            reconnect: self.reconnect.clone(),
            retry: self.retry.clone(),
            method: self.method.clone(),
            header: self.header.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            credentials: self.credentials,
            transport: self.transport,
            pause_when_hidden: self.pause_when_hidden,
            buffer: self.buffer,
            token: self.token.clone(),
            idempotency_key: self.idempotency_key.clone(),
            store: self.store.clone(),
            share: self.share.as_ref().map(|share| Share { ..*share }),
            #[cfg(target_arch = "wasm32")]
            fetch: self.fetch.clone(),
            profile: PhantomData,
        }
    }
}

impl<P: Profile> Client<P> {
    /// Whether it is the same URL.
    pub(super) fn address(&self) -> String {
        with_query(&self.url, &self.query)
    }

    pub(super) fn the_method(&self) -> &str {
        let runs = self.config.spec.runs_once || self.body.is_some();
        let by_default = if runs { "POST" } else { "GET" };
        self.method.as_deref().unwrap_or(by_default)
    }

    /// The request is not to be repeated.
    pub(super) fn is_sent_once(&self) -> bool {
        self.the_method() != "GET" || self.config.spec.runs_once
    }
}
