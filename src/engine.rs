//! The engine of every driver: a [`Connection`] whose actions are performed by a [`Host`].
//!
//! Everything that happens (bytes, a timer, a wish of the owner) becomes an input, and inputs are
//! worked off one after the other by whoever put in the first. So the owner's code may do to the
//! engine what it likes from wherever it is called: what it asks for is done right afterwards, and
//! no borrow is ever held across a call to it.
//!
//! The engine knows neither a browser nor a network. In a Rust application its host is this
//! crate's own driver; in the npm package it is the package's TypeScript.

use crate::connection::{
    Action, CloseReason, Config, ConfigError, Connection, Error, ErrorKind, Event, Flow, Millis,
    Reason, Report, Request, Response, Sink,
};
use crate::filter::Filter;
use alloc::rc::{Rc, Weak};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::cell::{Cell, RefCell};

/// Who owns an engine, and the place that it runs in.
pub trait Host {
    /// Takes an event, lent for the length of the call. It must not wait for anything.
    fn event(&self, event: Event<'_>) -> Flow;

    /// Called after the events of a chunk, if there were any: the time to hand them on. The
    /// answer says whether to read on; after `Pause` comes nothing until [`Engine::want`].
    fn flush(&self) -> Flow;

    /// Takes news of the connection's life.
    fn report(&self, report: Report);

    /// Gives the connection bytes of its stream, and takes the events. Whoever compiles this apart
    /// from the rest, or hands events on while the bytes are there, may say how; there is nothing
    /// else to be gained.
    fn feed(&self, connection: &mut Connection, now: Millis, bytes: &[u8]) -> Fed
    where
        Self: Sized,
    {
        let mut sink = HostSink {
            host: self,
            taken: false,
        };
        let used = connection.chunk(now, bytes, &mut sink);
        Fed {
            used,
            flow: Flow::More,
            taken: sink.taken,
        }
    }

    /// Whether to try again after this failure.
    fn retry(&self, attempt: u32, status: u16) -> bool;

    /// The time. Where it starts is of no importance.
    fn now(&self) -> Millis;

    /// Calls [`Engine::timer`] after so many milliseconds, and not at the time that was asked for
    /// before; `None`: not at all.
    fn wake(&self, after: Option<u32>);

    /// Gets a token, and says [`Engine::token`] with this number when it has it.
    fn token(&self, number: u32, attempt: u32, reason: Reason);

    /// Sends a request, of which [`Engine::news`] tells under this number. Nothing is read of its
    /// answer before [`read`](Self::read).
    fn open(&self, transport: u32, request: Request);

    /// Reads on: one chunk.
    fn read(&self, transport: u32);

    /// Gives a request up. Nothing more is told of it.
    fn abort(&self, transport: u32);

    /// The same, but its body may end by itself before, for a moment.
    fn finish(&self, transport: u32);
}

/// What became of the bytes that [`Host::feed`] was given.
pub struct Fed {
    /// So many were used.
    pub used: usize,
    /// Whether there is room for more.
    pub flow: Flow,
    /// There were events, and [`Host::flush`] is to be called yet.
    pub taken: bool,
}

/// What is told of a request.
pub enum News {
    /// The head of a refusal is there, and this much of its body so far.
    Refused(Response, String),
    /// The head is there; of a refusal also the start of the body.
    Response(Response, String),
    /// Some bytes.
    Chunk(Vec<u8>),
    /// An event, decoded by the browser.
    Message {
        /// The event's name.
        name: String,
        /// Its data.
        data: String,
        /// The last event ID.
        last_event_id: String,
    },
    /// The body ended.
    Ended,
    /// The request or the stream failed.
    Failed {
        /// How.
        message: String,
        /// It is a request to another origin, which may not have allowed it.
        elsewhere: bool,
    },
    /// It cannot be sent at all.
    Unsupported(String),
}

/// Who is told. The number says of which request, so that late news of an earlier one can be told
/// apart.
pub trait Listener {
    /// Takes news of a request.
    fn news(&self, transport: u32, news: News);
    /// Whether this head begins an event stream; if not, the body's start is read.
    fn is_stream(&self, response: &Response) -> bool;
}

/// A connection that runs. Dropping it closes the connection at once.
pub struct Engine<H: Host>(Rc<Inner<H>>);

/// An engine, as its host knows it: it does not keep it alive.
pub struct WeakEngine<H: Host>(Weak<Inner<H>>);

struct Inner<H: Host> {
    host: H,
    connection: RefCell<Connection>,
    /// Reading can be paused: an `EventSource` cannot.
    pauses: bool,
    /// The request that is open or opening, and the one that is to take over for another filter;
    /// 0 for none. And how many there were.
    transport: Cell<u32>,
    candidate: Cell<u32>,
    transports: Cell<u32>,
    /// A few at most: a deque would be more code than it saves time.
    inputs: RefCell<Vec<Input>>,
    /// Somebody up the stack works the inputs off.
    pumping: Cell<bool>,
    /// When the host was asked to wake this.
    timer: Cell<Option<Millis>>,
    token_number: Cell<u32>,
    attempt: Cell<u32>,
    /// More events are wanted.
    wanted: Cell<bool>,
    /// Bytes that the connection has not taken yet begin at this offset.
    unread: RefCell<(Vec<u8>, usize)>,
    last_event_id: RefCell<String>,
}

enum Input {
    Start { suspended: bool },
    Want,
    Close(CloseReason),
    Reconnect,
    SetFilter(Filter),
    News(u32, News),
    Timer,
    Online,
    Suspend,
    Resume,
    Token { number: u32, is_there: bool },
}

/// What is to be done after an input.
enum Next {
    Nothing,
    /// Tell that the filter stays as it is.
    RefuseFilter,
    /// Give the connection what is unread.
    Feed,
    /// Read on, if that is wanted.
    Read,
    ReadCandidate,
}

impl<H: Host> Engine<H> {
    /// An engine that is not started. Nothing is read before [`want`](Self::want).
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub fn new(config: Config, host: impl FnOnce(WeakEngine<H>) -> H) -> Result<Self, ConfigError> {
        let connection = Connection::new(config)?;
        Ok(Engine(Rc::new_cyclic(|me| {
            Inner::of(connection, host(WeakEngine(me.clone())))
        })))
    }

    /// The same, of a configuration that was checked before. Nothing, if the filter does not fit.
    #[doc(hidden)]
    pub fn of_checked(config: Config, host: H) -> Option<Self> {
        let subscription = config.filter.try_compile(&config.spec).ok()?;
        let connection = Connection::of_checked(config, subscription);
        Some(Engine(Rc::new(Inner::of(connection, host))))
    }

    /// Who it was given to.
    pub fn host(&self) -> &H {
        &self.0.host
    }

    /// Sends the first request, after the token if there is one; `suspended`, not before
    /// [`resume`](Self::resume).
    pub fn start(&self, suspended: bool) {
        self.input(Input::Start { suspended });
    }

    /// More events are wanted.
    pub fn want(&self) {
        self.input(Input::Want);
    }

    /// Ends it, for this reason.
    pub fn close(&self, reason: CloseReason) {
        self.input(Input::Close(reason));
    }

    /// Opens anew at once.
    pub fn reconnect(&self) {
        self.input(Input::Reconnect);
    }

    /// Changes what is delivered. What comes of it is reported; whether the names are the
    /// profile's is the caller's to check before.
    pub fn set_filter(&self, filter: Filter) {
        self.input(Input::SetFilter(filter));
    }

    /// The time of [`Host::wake`] has come.
    pub fn timer(&self) {
        self.0.timer.set(None);
        self.input(Input::Timer);
    }

    /// The network is back.
    pub fn online(&self) {
        self.input(Input::Online);
    }

    /// The page is put away: what can be repeated is given up until [`resume`](Self::resume).
    pub fn suspend(&self) {
        self.input(Input::Suspend);
    }

    /// The page is back, or seen again: its timers may be late.
    pub fn resume(&self) {
        self.input(Input::Resume);
    }

    /// The token of this number is there, or cannot be had.
    pub fn token(&self, number: u32, is_there: bool) {
        self.input(Input::Token { number, is_there });
    }

    /// Takes news of a request.
    pub fn news(&self, transport: u32, news: News) {
        self.input(Input::News(transport, news));
    }

    /// The same as [`News::Chunk`], of bytes that are lent for the length of the call.
    pub fn chunk(&self, transport: u32, bytes: &[u8]) {
        Rc::clone(&self.0).chunk(transport, bytes);
    }

    /// Whether this head begins an event stream; if not, the body's start is read.
    pub fn is_stream(&self, response: &Response) -> bool {
        self.0.is_stream(response)
    }

    /// Events that were dropped because they had come before.
    pub fn duplicates(&self) -> u64 {
        // Borrowed only while a chunk is worked off.
        self.0
            .connection
            .try_borrow()
            .map_or(0, |connection| connection.duplicates())
    }

    /// The last event ID.
    pub fn last_event_id(&self) -> String {
        self.0.last_event_id.borrow().clone()
    }

    fn input(&self, input: Input) {
        // The owner may drop this from within.
        Rc::clone(&self.0).input(input);
    }
}

impl<H: Host> Drop for Engine<H> {
    fn drop(&mut self) {
        self.close(CloseReason::Closed);
    }
}

impl<H: Host + 'static> WeakEngine<H> {
    /// Whom requests tell their news.
    pub fn listener(&self) -> Weak<dyn Listener> {
        self.0.clone()
    }
}

impl<H: Host> WeakEngine<H> {
    /// See [`Engine::timer`].
    pub fn timer(&self) {
        if let Some(inner) = self.0.upgrade() {
            inner.timer.set(None);
            inner.input(Input::Timer);
        }
    }

    /// See [`Engine::online`].
    pub fn online(&self) {
        self.input(Input::Online);
    }

    /// See [`Engine::suspend`].
    pub fn suspend(&self) {
        self.input(Input::Suspend);
    }

    /// See [`Engine::resume`].
    pub fn resume(&self) {
        self.input(Input::Resume);
    }

    /// See [`Engine::token`].
    pub fn token(&self, number: u32, is_there: bool) {
        self.input(Input::Token { number, is_there });
    }

    fn input(&self, input: Input) {
        if let Some(inner) = self.0.upgrade() {
            inner.input(input);
        }
    }
}

impl<H: Host> Clone for WeakEngine<H> {
    fn clone(&self) -> Self {
        WeakEngine(self.0.clone())
    }
}

/// Lends the host to the connection as its sink, and remembers whether it took anything.
struct HostSink<'h, H: Host> {
    host: &'h H,
    taken: bool,
}

impl<H: Host> Sink for HostSink<'_, H> {
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

impl<H: Host> Listener for Inner<H> {
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

impl<H: Host> Inner<H> {
    fn of(connection: Connection, host: H) -> Self {
        Inner {
            host,
            pauses: connection.pauses(),
            last_event_id: RefCell::new(connection.last_event_id().to_owned()),
            connection: RefCell::new(connection),
            transport: Cell::new(0),
            candidate: Cell::new(0),
            transports: Cell::new(0),
            inputs: RefCell::default(),
            pumping: Cell::new(false),
            timer: Cell::new(None),
            token_number: Cell::new(0),
            attempt: Cell::new(0),
            wanted: Cell::new(false),
            unread: RefCell::default(),
        }
    }

    /// Whoever calls this, or [`chunk`](Self::chunk), keeps the engine alive meanwhile.
    fn input(&self, input: Input) {
        self.inputs.borrow_mut().push(input);
        if !self.pumping.replace(true) {
            self.work_off();
        }
    }

    fn chunk(&self, transport: u32, bytes: &[u8]) {
        if transport != self.transport.get() || self.pumping.replace(true) {
            self.input(Input::News(transport, News::Chunk(bytes.to_vec())));
            return;
        }
        let (used, flow) = self.give(self.host.now(), bytes);
        if let Some(rest @ [_, ..]) = bytes.get(used..) {
            *self.unread.borrow_mut() = (rest.to_vec(), 0);
        }
        if flow == Flow::More {
            self.read();
        }
        self.perform();
        self.work_off();
    }

    /// Works the inputs off, which nobody up the stack does.
    fn work_off(&self) {
        loop {
            let input = {
                let mut inputs = self.inputs.borrow_mut();
                if inputs.is_empty() {
                    break;
                }
                inputs.remove(0)
            };
            self.handle(input);
            self.perform();
        }
        self.set_timer();
        self.pumping.set(false);
    }

    // Not inlined, the npm package's module is smaller.
    #[inline(never)]
    fn handle(&self, mut input: Input) {
        let now = self.host.now();
        let mut sink = HostSink {
            host: &self.host,
            taken: false,
        };
        let mut flow = Flow::More;
        let mut next = Next::Nothing;
        let mut borrowed = self.connection.borrow_mut();
        let connection = &mut *borrowed;
        // Borrowed, what came with it is dropped in one place.
        match &mut input {
            Input::Start { suspended } => {
                connection.start(now);
                if *suspended {
                    connection.suspend();
                }
            }
            Input::Want => {
                if !self.wanted.replace(true) {
                    connection.set_paused(now, false);
                    next = Next::Feed;
                }
            }
            Input::Close(reason) => connection.close(*reason),
            Input::Reconnect => connection.reconnect(now),
            Input::SetFilter(filter) => {
                if connection.try_set_filter(now, filter).is_err() {
                    next = Next::RefuseFilter;
                }
            }
            Input::Timer => flow = connection.timeout(now, &mut sink),
            Input::Online => connection.online(now),
            Input::Suspend => connection.suspend(),
            Input::Resume => {
                connection.resume(now);
                // A hidden page's timers may be a minute late.
                flow = connection.timeout(now, &mut sink);
            }
            Input::Token { number, is_there } if *number == self.token_number.get() => {
                match is_there {
                    true => connection.token_ready(now),
                    // What it was rejected with may have the secret in it.
                    false => connection.token_failed(now, "it threw or rejected"),
                }
            }
            Input::News(number, news) if *number == self.transport.get() => {
                next = self.news(connection, now, news, &mut sink);
            }
            Input::News(number, news) if *number == self.candidate.get() => {
                flow = candidate_news(connection, now, news, &mut sink);
                next = Next::ReadCandidate;
            }
            // Late news of a request or a token that was given up.
            Input::Token { .. } | Input::News(..) => {}
        }
        // What was held back is not lost with the connection.
        if connection.is_closed() {
            flow = connection.drain(&mut sink);
        }
        drop(borrowed);
        self.handed_over(sink.taken, flow);
        match next {
            Next::Nothing => {}
            Next::RefuseFilter => {
                let message = "it names what the profile does not have";
                let error = Some(Error::told(ErrorKind::Filter, &[message]));
                self.host.report(Report::FilterChanged { error });
            }
            Next::Feed => self.feed(now),
            Next::Read => self.read(),
            Next::ReadCandidate => {
                let candidate = self.candidate.get();
                if self.wanted.get() && candidate != 0 {
                    self.host.read(candidate);
                }
            }
        }
    }

    /// What the stream says.
    fn news(
        &self,
        connection: &mut Connection,
        now: Millis,
        news: &mut News,
        sink: &mut dyn Sink,
    ) -> Next {
        match news {
            News::Refused(response, body) => connection.refused(now, response, body),
            News::Response(response, body) => {
                connection.response(now, response, body);
                connection.set_paused(now, !self.wanted.get());
                return Next::Read;
            }
            News::Chunk(chunk) => {
                *self.unread.borrow_mut() = (core::mem::take(chunk), 0);
                return Next::Feed;
            }
            News::Message {
                name,
                data,
                last_event_id,
            } => connection.message(now, name, data, last_event_id, sink),
            News::Ended => connection.ended(now, sink),
            News::Failed { message, elsewhere } => {
                if *elsewhere {
                    message.push_str(other_origin_note(!self.last_event_id.borrow().is_empty()));
                }
                connection.failed(now, message, sink);
            }
            News::Unsupported(message) => connection.unsupported(message),
        }
        Next::Nothing
    }

    /// Asks the host whether there is room for more, if it was handed anything.
    fn handed_over(&self, taken: bool, flow: Flow) -> Flow {
        let room = match taken {
            true => self.host.flush(),
            false => Flow::More,
        };
        if self.pauses && (flow == Flow::Pause || room == Flow::Pause) {
            self.wanted.set(false);
            let now = self.host.now();
            self.connection.borrow_mut().set_paused(now, true);
            return Flow::Pause;
        }
        Flow::More
    }

    /// Gives the connection what is unread, and asks for more if it took all.
    fn feed(&self, now: Millis) {
        let flow = {
            let (bytes, offset) = &mut *self.unread.borrow_mut();
            match bytes.get(*offset..) {
                Some(rest @ [_, ..]) => {
                    let (used, flow) = self.give(now, rest);
                    *offset += used;
                    flow
                }
                _ => self.handed_over(false, Flow::More),
            }
        };
        if flow == Flow::More {
            self.read();
        }
    }

    /// Gives the connection bytes. Answers how many it took, and whether it is to have more. Apart
    /// from what is rare: all the time is spent in here, and a browser optimises a function as a
    /// whole.
    #[inline(never)]
    fn give(&self, now: Millis, bytes: &[u8]) -> (usize, Flow) {
        let fed = self
            .host
            .feed(&mut self.connection.borrow_mut(), now, bytes);
        let flow = match fed.used < bytes.len() {
            true => Flow::Pause,
            false => fed.flow,
        };
        (fed.used, self.handed_over(fed.taken, flow))
    }

    fn read(&self) {
        let all_read = {
            let (bytes, offset) = &*self.unread.borrow();
            *offset >= bytes.len()
        };
        let transport = self.transport.get();
        if self.wanted.get() && all_read && transport != 0 {
            // A page may have many streams: none keeps what it has read.
            self.unread.take();
            self.host.read(transport);
        }
    }

    fn perform(&self) {
        loop {
            let action = {
                let mut connection = self.connection.borrow_mut();
                let action = connection.poll_action();
                connection
                    .last_event_id()
                    .clone_into(&mut self.last_event_id.borrow_mut());
                action
            };
            match action {
                None => return,
                Some(Action::Abort) => self.abort(self.let_go()),
                Some(Action::Finish) => match self.let_go() {
                    0 => {}
                    transport => self.host.finish(transport),
                },
                Some(Action::Token { attempt, reason }) => {
                    self.attempt.set(attempt);
                    self.host.token(self.next_token(), attempt, reason);
                }
                Some(Action::Open(request)) => self.open(request, &self.transport),
                Some(Action::OpenCandidate(request)) => self.open(request, &self.candidate),
                Some(Action::AbortCandidate) => {
                    self.next_token();
                    self.abort(self.candidate.replace(0));
                }
                Some(Action::Promote) => {
                    let before = self.transport.replace(self.candidate.replace(0));
                    self.unread.take();
                    self.abort(before);
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
                    let mut sink = HostSink {
                        host: &self.host,
                        taken: false,
                    };
                    let flow = {
                        let mut connection = self.connection.borrow_mut();
                        connection.give_up(error);
                        connection.drain(&mut sink)
                    };
                    self.handed_over(sink.taken, flow);
                }
                Some(Action::Report(report)) => self.host.report(report),
            }
        }
    }

    /// Sends a request; `slot` is told which one it is.
    fn open(&self, request: Request, slot: &Cell<u32>) {
        self.attempt.set(request.attempt);
        // 0 stands for none.
        let number = self.transports.get().checked_add(1).unwrap_or(1);
        self.transports.set(number);
        slot.set(number);
        self.host.open(number, request);
    }

    /// Nothing of the request is wanted any more, nor of a token.
    fn let_go(&self) -> u32 {
        self.next_token();
        self.unread.take();
        self.transport.replace(0)
    }

    fn abort(&self, transport: u32) {
        if transport != 0 {
            self.host.abort(transport);
        }
    }

    /// A token by any earlier number is none that was asked for.
    fn next_token(&self) -> u32 {
        let number = self.token_number.get().wrapping_add(1);
        self.token_number.set(number);
        number
    }

    fn set_timer(&self) {
        let due = self.connection.borrow().poll_timeout();
        if let (Some(armed), Some(due)) = (self.timer.get(), due) {
            // An early timer finds nothing due and is set anew: cheaper than one for each chunk.
            if armed <= due {
                return;
            }
        }
        if self.timer.replace(due).is_some() || due.is_some() {
            // The browser counts in 32 bits, with a sign: a longer delay would be none.
            let delay = |due: Millis| due.saturating_sub(self.host.now()).min(i32::MAX as u64);
            self.host.wake(due.map(|due| delay(due) as u32));
        }
    }
}

/// What the stream says that is to take over.
fn candidate_news(
    connection: &mut Connection,
    now: Millis,
    news: &News,
    sink: &mut dyn Sink,
) -> Flow {
    match news {
        News::Refused(response, body) => connection.candidate_refused(response, body),
        News::Response(response, body) => {
            return connection.candidate_response(now, response, body, sink);
        }
        News::Chunk(chunk) => return connection.candidate_chunk(now, chunk, sink),
        News::Message {
            name,
            data,
            last_event_id,
        } => return connection.candidate_message(now, name, data, last_event_id, sink),
        News::Ended => {
            connection.candidate_failed("the server closed the stream for the new filter");
        }
        News::Failed { message, .. } | News::Unsupported(message) => {
            connection.candidate_failed(message);
        }
    }
    Flow::More
}

/// What a failed `fetch` to another origin may mean, which no script is told.
fn other_origin_note(resuming: bool) -> &'static str {
    match resuming {
        true => {
            " (another origin. Unless it is down, it does not allow the Last-Event-ID header, which only \
             a reconnection sends: it must answer the preflight, OPTIONS, with \
             Access-Control-Allow-Headers: Last-Event-ID)"
        }
        false => {
            " (another origin. Unless it is down, it does not allow this page by \
             Access-Control-Allow-Origin, or not the headers that are sent by \
             Access-Control-Allow-Headers)"
        }
    }
}
