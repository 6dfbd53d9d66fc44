//! One engine for npm and Rust alike: a [`Connection`] driven over one of the browser's doors.
//!
//! Everything that happens (bytes, a timer, a wish of the owner) becomes an input, and inputs are
//! worked off one after the other by whoever put in the first. So the owner's code may do to the
//! driver what it likes from wherever it is called: what it asks for is done right afterwards, and
//! no borrow is ever held across a call to it.

use crate::connection::{
    Action, CloseReason, Config, ConfigError, Connection, Event, Flow, Millis, Reason, Report,
    Request, Response, Sink,
};
use crate::filter::{Filter, FilterError};
use crate::page::{Page, PageEvent, is_hidden};
use crate::profiles::{Auth, Spec};
use crate::transport::{
    EventSourceTransport, FetchRequest, FetchTransport, Listener, News, other_origin_note,
};
use alloc::collections::VecDeque;
use alloc::rc::{Rc, Weak};
use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};
use core::cell::{Cell, RefCell};
use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::RequestCredentials;

mod request;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(callback: &Function, delay: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(timer: &JsValue);
    #[wasm_bindgen(thread_local_v2, js_namespace = location, js_name = origin)]
    static ORIGIN: Option<String>;
}

/// Bytes of a chunk that are worked off at a time. Chromium makes chunks of 2 MiB of what gathers
/// while nobody reads; the module's memory, which never shrinks, is not to grow with them.
const SLICE: u32 = 256 * 1024;

/// Who owns a driver.
pub trait Host {
    /// Takes an event, lent for the length of the call. It must not wait for anything.
    fn event(&self, event: Event<'_>) -> Flow;

    /// Called after the events of a chunk, if there were any: the time to hand them on. The
    /// answer says whether to read on; after `Pause` comes nothing until [`Driver::want`].
    fn flush(&self) -> Flow;

    /// Takes news of the connection's life.
    fn report(&self, report: Report);

    /// A promise of a token: a string, or null for none.
    fn token(&self, attempt: u32, reason: Reason) -> Promise;

    /// Headers for the next request.
    fn headers(&self) -> Vec<(String, String)>;

    /// Whether to try again after this failure.
    fn retry(&self, attempt: u32, status: u16) -> bool;
}

/// What a driver is made of.
pub struct Settings {
    /// What the connection is made of.
    pub config: Config,
    /// Where to; relative URLs are the browser's to resolve.
    pub url: String,
    /// How.
    pub door: Door,
    /// Whether the stream is given up while nobody sees the page.
    pub pause_when_hidden: bool,
}

/// Through which of the browser's doors.
pub enum Door {
    /// `fetch`, and its body's stream.
    Fetch {
        /// The method.
        method: String,
        /// The body; undefined for none.
        body: JsValue,
        /// Whether cookies go along.
        credentials: Option<RequestCredentials>,
        /// In place of the global `fetch`.
        fetch: Option<Function>,
    },
    /// `EventSource`: GET, no header, no status, no pause.
    EventSource {
        /// Whether cookies go to other origins.
        with_credentials: bool,
    },
}

/// A connection that runs. Dropping it closes the connection at once.
pub struct Driver(Rc<Inner>);

struct Inner {
    me: Weak<Inner>,
    host: Box<dyn Host>,
    url: String,
    door: Door,
    spec: Spec,
    connection: RefCell<Connection>,
    transport: RefCell<Option<Transport>>,
    /// The stream that is to take over, for another filter.
    candidate: RefCell<Option<Transport>>,
    /// Which transport each of the two is, and how many there were.
    number: Cell<u32>,
    candidate_number: Cell<u32>,
    transports: Cell<u32>,
    inputs: RefCell<VecDeque<Input>>,
    /// Somebody up the stack works the inputs off.
    pumping: Cell<bool>,
    timer: RefCell<Option<(Millis, JsValue)>>,
    on_timer: Closure<dyn FnMut()>,
    page: RefCell<Option<Page>>,
    pause_when_hidden: bool,
    /// The secret, and only here.
    token: RefCell<Option<String>>,
    token_number: Cell<u32>,
    attempt: Cell<u32>,
    /// More events are wanted.
    wanted: Cell<bool>,
    /// Bytes that the connection has not taken yet begin at this offset.
    unread: RefCell<Unread>,
    /// Names outside the profile's table that an `EventSource` has to listen to.
    extra_names: RefCell<Vec<String>>,
    last_event_id: RefCell<String>,
}

/// What of a chunk the connection has not taken yet.
#[derive(Default)]
struct Unread {
    bytes: Vec<u8>,
    /// Up to where they were taken.
    offset: usize,
    /// What comes behind them, still the browser's.
    rest: Option<Uint8Array>,
}

impl Unread {
    fn is_empty(&self) -> bool {
        self.offset >= self.bytes.len() && self.rest.is_none()
    }

    /// Has the next bytes ready. Answers whether there are any.
    fn fill(&mut self) -> bool {
        if self.offset < self.bytes.len() {
            return true;
        }
        let Some(rest) = self.rest.take() else {
            return false;
        };
        let length = rest.length();
        let next = rest.subarray(0, length.min(SLICE));
        self.bytes.resize(next.length() as usize, 0);
        next.copy_to(&mut self.bytes);
        self.offset = 0;
        if length > SLICE {
            self.rest = Some(rest.subarray(SLICE, length));
        }
        true
    }
}

enum Transport {
    Fetch(FetchTransport),
    EventSource(EventSourceTransport),
}

enum Input {
    Start,
    Want,
    Close(CloseReason),
    Reconnect,
    SetFilter(Filter),
    Listen,
    News(u32, News),
    Timer,
    Page(PageEvent),
    Token(u32, Result<Option<String>, ()>),
}

impl Driver {
    /// A driver that is not started. Nothing is read before [`want`](Self::want).
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub fn new(settings: Settings, host: Box<dyn Host>) -> Result<Driver, ConfigError> {
        let extra_names = settings
            .config
            .filter
            .exact_types()
            .map(str::to_owned)
            .collect();
        let spec = settings.config.spec.clone();
        let last_event_id = settings.config.last_event_id.clone();
        let mut config = settings.config;
        config.sends_headers = matches!(settings.door, Door::Fetch { .. });
        let connection = Connection::new(config)?;
        Ok(Driver(Rc::new_cyclic(|me: &Weak<Inner>| Inner {
            me: me.clone(),
            host,
            url: settings.url,
            door: settings.door,
            spec,
            connection: RefCell::new(connection),
            transport: RefCell::new(None),
            candidate: RefCell::new(None),
            number: Cell::new(0),
            candidate_number: Cell::new(0),
            transports: Cell::new(0),
            inputs: RefCell::new(VecDeque::new()),
            pumping: Cell::new(false),
            timer: RefCell::new(None),
            on_timer: {
                let me = me.clone();
                Closure::new(move || {
                    if let Some(inner) = me.upgrade() {
                        inner.timer.borrow_mut().take();
                        inner.input(Input::Timer);
                    }
                })
            },
            page: RefCell::new(None),
            pause_when_hidden: settings.pause_when_hidden,
            token: RefCell::new(None),
            token_number: Cell::new(0),
            attempt: Cell::new(0),
            wanted: Cell::new(false),
            unread: RefCell::default(),
            extra_names: RefCell::new(extra_names),
            last_event_id: RefCell::new(last_event_id),
        })))
    }

    /// Sends the first request, after the token if there is one.
    pub fn start(&self) {
        self.0.input(Input::Start);
    }

    /// More events are wanted.
    pub fn want(&self) {
        self.0.input(Input::Want);
    }

    /// Ends it, for this reason.
    pub fn close(&self, reason: CloseReason) {
        self.0.input(Input::Close(reason));
    }

    /// Opens anew at once.
    pub fn reconnect(&self) {
        self.0.input(Input::Reconnect);
    }

    /// Changes what is delivered.
    ///
    /// # Errors
    /// When the filter does not fit the profile; the old one stays.
    pub fn set_filter(&self, filter: Filter) -> Result<(), FilterError> {
        filter.compile(&self.0.spec)?;
        for name in filter.exact_types() {
            self.listen(name);
        }
        self.0.input(Input::SetFilter(filter));
        Ok(())
    }

    /// Events that were dropped because they had come before.
    pub fn duplicates(&self) -> u64 {
        // Borrowed only while a chunk is worked off.
        self.0
            .connection
            .try_borrow()
            .map_or(0, |connection| connection.duplicates())
    }

    /// Events of this name may come, which is in no table: an `EventSource` has to be told.
    pub fn listen(&self, name: &str) {
        add(&mut self.0.extra_names.borrow_mut(), name);
        self.0.input(Input::Listen);
    }

    /// The last event ID.
    pub fn last_event_id(&self) -> String {
        self.0.last_event_id.borrow().clone()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.input(Input::Close(CloseReason::Closed));
    }
}

/// Lends the host to the connection as its sink, and remembers whether it took anything.
struct HostSink<'h> {
    host: &'h dyn Host,
    taken: bool,
}

impl Sink for HostSink<'_> {
    fn event(&mut self, event: Event<'_>) -> Flow {
        self.taken = true;
        self.host.event(event)
    }

    fn report(&mut self, report: Report) {
        // What came before is handed on first. The flow is asked for again at the end.
        if core::mem::replace(&mut self.taken, true) {
            let _ = self.host.flush();
        }
        self.host.report(report);
    }
}

impl Listener for Inner {
    fn news(&self, transport: u32, news: News) {
        self.input(Input::News(transport, news));
    }

    fn is_stream(&self, response: &Response) -> bool {
        // Never borrowed: transports are called back by the browser alone.
        self.connection
            .try_borrow()
            .is_ok_and(|connection| connection.is_stream(response))
    }
}

impl Inner {
    fn input(&self, input: Input) {
        self.inputs.borrow_mut().push_back(input);
        if self.pumping.replace(true) {
            return;
        }
        // The owner may drop the driver from within.
        let alive = self.me.upgrade();
        loop {
            let Some(input) = self.inputs.borrow_mut().pop_front() else {
                break;
            };
            self.handle(input);
            self.drain();
            self.perform();
        }
        self.set_timer();
        if self.connection.borrow().is_closed() {
            self.page.borrow_mut().take();
        }
        self.pumping.set(false);
        drop(alive);
    }

    fn handle(&self, input: Input) {
        let now = now();
        let connection = || self.connection.borrow_mut();
        match input {
            Input::Start => {
                let me = self.me.clone();
                *self.page.borrow_mut() = Some(Page::listen(move |event| {
                    if let Some(inner) = me.upgrade() {
                        inner.input(Input::Page(event));
                    }
                }));
                connection().start(now);
                if self.pause_when_hidden && is_hidden() {
                    connection().suspend();
                }
            }
            Input::Page(event) => self.page_event(now, event),
            Input::Want => {
                if !self.wanted.replace(true) {
                    connection().set_paused(now, false);
                    self.feed(now);
                }
            }
            Input::Close(reason) => connection().close(reason),
            Input::Reconnect => connection().reconnect(now),
            Input::Listen => {
                let names = self.names();
                for transport in [&self.transport, &self.candidate] {
                    if let Some(Transport::EventSource(source)) = &mut *transport.borrow_mut() {
                        source.listen(names.clone());
                    }
                }
            }
            Input::SetFilter(filter) => {
                // It was compiled before; the profile is the same.
                let _ = connection().set_filter(now, &filter);
            }
            Input::Timer => {
                self.with_sink(|connection, sink| connection.timeout(now, sink));
            }
            Input::Token(number, token) if number == self.token_number.get() => match token {
                Ok(token) => {
                    *self.token.borrow_mut() = token;
                    connection().token_ready(now);
                }
                // What it was rejected with may have the secret in it.
                Err(()) => connection().token_failed(now, "it threw or rejected"),
            },
            Input::News(number, news) if number == self.number.get() => self.news(now, news),
            Input::News(number, news) if number == self.candidate_number.get() => {
                self.candidate_news(now, news);
            }
            // Late news of a transport or a token that was given up.
            Input::Token(..) | Input::News(..) => {}
        }
    }

    /// What was held back is not lost with the connection.
    fn drain(&self) {
        if self.connection.borrow().is_closed() {
            self.with_sink(|connection, sink| connection.drain(sink));
        }
    }

    fn page_event(&self, now: Millis, event: PageEvent) {
        let unseen = self.pause_when_hidden && is_hidden();
        match event {
            PageEvent::Online => self.connection.borrow_mut().online(now),
            PageEvent::PutAway => self.connection.borrow_mut().suspend(),
            PageEvent::Hidden if unseen => self.connection.borrow_mut().suspend(),
            PageEvent::Hidden => {}
            PageEvent::TakenOut | PageEvent::Visible if unseen => {}
            PageEvent::TakenOut | PageEvent::Visible => {
                self.connection.borrow_mut().resume(now);
                // A hidden page's timers may be a minute late.
                self.with_sink(|connection, sink| connection.timeout(now, sink));
            }
        }
    }

    fn news(&self, now: Millis, news: News) {
        match news {
            News::Refused(response, body) => {
                self.connection.borrow_mut().refused(now, &response, &body);
            }
            News::Response(mut response, body) => {
                response.url = self.without_token(&response.url);
                let mut connection = self.connection.borrow_mut();
                connection.response(now, &response, &body);
                connection.set_paused(now, !self.wanted.get());
                drop(connection);
                self.read();
            }
            News::Chunk(chunk) => {
                self.unread.borrow_mut().rest = Some(chunk);
                self.feed(now);
            }
            News::Message {
                name,
                data,
                last_event_id,
            } => {
                self.with_sink(|connection, sink| {
                    connection.message(now, &name, &data, &last_event_id, sink);
                    Flow::More
                });
            }
            News::Ended => self.with_sink(|connection, sink| {
                connection.ended(now, sink);
                Flow::More
            }),
            News::Failed(message) => {
                let message = self.without_token(&message);
                let refused = matches!(self.door, Door::Fetch { .. })
                    && !self.connection.borrow().is_open()
                    && self.is_cross_origin();
                let note = match refused {
                    true => other_origin_note(!self.last_event_id.borrow().is_empty()),
                    false => "",
                };
                self.with_sink(|connection, sink| {
                    connection.failed(now, &[&message, note].concat(), sink);
                    Flow::More
                });
            }
        }
    }

    /// What the stream says that is to take over.
    fn candidate_news(&self, now: Millis, news: News) {
        self.with_sink(|connection, sink| match news {
            News::Refused(response, body) => {
                connection.candidate_refused(&response, &body);
                Flow::More
            }
            News::Response(response, body) => {
                connection.candidate_response(now, &response, &body, sink)
            }
            News::Chunk(chunk) => connection.candidate_chunk(now, &chunk.to_vec(), sink),
            News::Message {
                name,
                data,
                last_event_id,
            } => connection.candidate_message(now, &name, &data, &last_event_id, sink),
            News::Ended => {
                connection.candidate_failed("the server closed the stream for the new filter");
                Flow::More
            }
            News::Failed(message) => {
                connection.candidate_failed(&self.without_token(&message));
                Flow::More
            }
        });
        if let (true, Some(Transport::Fetch(fetch))) =
            (self.wanted.get(), &*self.candidate.borrow())
        {
            fetch.read();
        }
    }

    /// Gives the connection a sink for what it has to hand over, and hands on what that was.
    fn with_sink(&self, call: impl FnOnce(&mut Connection, &mut dyn Sink) -> Flow) {
        let mut sink = HostSink {
            host: &*self.host,
            taken: false,
        };
        let flow = call(&mut self.connection.borrow_mut(), &mut sink);
        self.handed_over(sink.taken, flow);
    }

    /// Asks the host whether there is room for more, if it was handed anything.
    fn handed_over(&self, taken: bool, flow: Flow) -> Flow {
        let room = match taken {
            true => self.host.flush(),
            false => Flow::More,
        };
        // An EventSource cannot be paused.
        let paused =
            (flow == Flow::Pause || room == Flow::Pause) && matches!(self.door, Door::Fetch { .. });
        if paused {
            self.wanted.set(false);
            self.connection.borrow_mut().set_paused(now(), true);
            return Flow::Pause;
        }
        Flow::More
    }

    /// Gives the connection what is unread, and asks for more if it took all.
    fn feed(&self, now: Millis) {
        while self.unread.borrow_mut().fill() {
            let mut sink = HostSink {
                host: &*self.host,
                taken: false,
            };
            let flow = {
                let mut unread = self.unread.borrow_mut();
                let Unread { bytes, offset, .. } = &mut *unread;
                *offset += self
                    .connection
                    .borrow_mut()
                    .chunk(now, &bytes[*offset..], &mut sink);
                match *offset >= bytes.len() {
                    true => Flow::More,
                    false => Flow::Pause,
                }
            };
            if self.handed_over(sink.taken, flow) == Flow::Pause {
                return;
            }
        }
        self.read();
    }

    fn read(&self) {
        let all_read = self.unread.borrow().is_empty();
        if let (true, true, Some(Transport::Fetch(fetch))) =
            (self.wanted.get(), all_read, &*self.transport.borrow())
        {
            fetch.read();
        }
    }

    fn perform(&self) {
        loop {
            let action = {
                let mut connection = self.connection.borrow_mut();
                let action = connection.poll_action();
                let mut last = self.last_event_id.borrow_mut();
                if *last != connection.last_event_id() {
                    *last = connection.last_event_id().to_owned();
                }
                action
            };
            match action {
                None => return,
                Some(Action::Abort) => drop(self.let_go()),
                Some(Action::Finish) => {
                    // An EventSource would ask again, and is closed.
                    if let Some(Transport::Fetch(fetch)) = self.let_go() {
                        fetch.finish();
                    }
                }
                Some(Action::Token { attempt, reason }) => self.ask_for_token(attempt, reason),
                Some(Action::Open(request)) => {
                    if let Some(transport) = self.open(&request, &self.number) {
                        *self.transport.borrow_mut() = Some(transport);
                    }
                }
                Some(Action::OpenCandidate(request)) => {
                    if let Some(transport) = self.open(&request, &self.candidate_number) {
                        *self.candidate.borrow_mut() = Some(transport);
                    }
                }
                Some(Action::AbortCandidate) => {
                    self.candidate_number.set(0);
                    self.token_number
                        .set(self.token_number.get().wrapping_add(1));
                    let candidate = self.candidate.borrow_mut().take();
                    drop(candidate);
                }
                Some(Action::Promote) => {
                    self.number.set(self.candidate_number.replace(0));
                    self.unread.take();
                    let candidate = self.candidate.borrow_mut().take();
                    let before = self.transport.replace(candidate);
                    drop(before);
                    self.read();
                }
                Some(Action::Report(Report::Failed {
                    error,
                    retry_in: Some(_),
                })) if !self.host.retry(self.attempt.get(), error.status) => {
                    self.host.report(Report::Failed {
                        error: error.clone(),
                        retry_in: None,
                    });
                    self.connection.borrow_mut().give_up(error);
                    self.drain();
                }
                Some(Action::Report(report)) => self.host.report(report),
            }
        }
    }

    /// Nothing of the transport is wanted any more. Dropping it aborts.
    fn let_go(&self) -> Option<Transport> {
        self.number.set(0);
        self.token_number
            .set(self.token_number.get().wrapping_add(1));
        self.unread.take();
        // Out of the cell first: aborting may call a custom fetch's listeners.
        self.transport.borrow_mut().take()
    }

    fn set_timer(&self) {
        let due = self.connection.borrow().poll_timeout();
        let mut timer = self.timer.borrow_mut();
        if let (Some((armed, _)), Some(due)) = (&*timer, due) {
            // An early timer finds nothing due and is set anew: cheaper than one for each chunk.
            if *armed <= due {
                return;
            }
        }
        if let Some((_, armed)) = timer.take() {
            clear_timeout(&armed);
        }
        *timer = due.map(|due| {
            // The browser counts in 32 bits: a longer delay would be none.
            let delay = due.saturating_sub(now()).min(i32::MAX as u64) as i32;
            let callback = self.on_timer.as_ref().unchecked_ref();
            (due, set_timeout(callback, delay))
        });
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some((_, armed)) = self.timer.get_mut().take() {
            clear_timeout(&armed);
        }
    }
}

/// Adds a name that is not among them.
fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|other| other == name) {
        names.push(name.to_owned());
    }
}

/// Milliseconds since the page began.
fn now() -> Millis {
    performance_now() as Millis
}
