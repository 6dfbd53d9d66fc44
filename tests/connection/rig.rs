//! A connection, an owner that does what it is told, and the rules that watch both.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write as _;

use tidewire::connection::{
    Action, CloseReason, Config, Connection, Error, ErrorKind, Event, Flow, Millis, Report,
    Request, Response, Sink,
};
use tidewire::filter::Filter;
use tidewire::profiles::{Cursor, Discriminator, Flags, Identity, Recovery, Repair, Spec};
use tidewire::wire::{Decoder, Item};

use crate::rules::{Rules, Transport};

/// What happens to a connection.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    TokenReady,
    TokenFailed,
    Head(Head),
    /// The head of a refusal whose body is still to come.
    Refused(Head),
    /// A chunk.
    Bytes(Vec<u8>),
    /// What an `EventSource` gives: name, data, last event ID.
    Message(String, String, String),
    Ended,
    Failed,
    /// Time passes, timers fire as they should.
    Wait(Millis),
    /// Time passes, no timer fires until the end of it.
    Sleep(Millis),
    CandidateHead(Head),
    CandidateBytes(Vec<u8>),
    CandidateMessage(String, String, String),
    CandidateFailed,
    Online,
    PageHidden,
    PageShown,
    /// From now on the application asks to pause after each event.
    Pause,
    Resume,
    Filter(Filter),
    Reconnect,
    Close,
    Abort,
    GiveUp,
    Unsupported,
    Start,
}

/// A response's head.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) retry_after: RetryAfter,
}

/// A `Retry-After` header.
#[derive(Debug, Clone)]
pub(crate) enum RetryAfter {
    None,
    Seconds(u64),
    /// A date that lies so many seconds (of a day at most) after the response's.
    Date(u32),
    Nonsense(String),
}

impl Head {
    pub(crate) const STREAM: Head = Head {
        status: 200,
        content_type: "text/event-stream",
        retry_after: RetryAfter::None,
    };

    pub(crate) fn status(status: u16) -> Head {
        Head {
            status,
            content_type: "application/json",
            retry_after: RetryAfter::None,
        }
    }

    fn response(&self) -> Response {
        let date = |seconds: u32| {
            let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            format!("Fri, 06 Nov 2026 {hour:02}:{minute:02}:{second:02} GMT")
        };
        let (retry_after, date) = match &self.retry_after {
            RetryAfter::None => (String::new(), String::new()),
            RetryAfter::Seconds(seconds) => (seconds.to_string(), String::new()),
            RetryAfter::Date(seconds) => (date(seconds % 86_400), date(0)),
            RetryAfter::Nonsense(text) => (text.clone(), text.clone()),
        };
        Response {
            status: self.status,
            content_type: self.content_type.to_owned(),
            retry_after,
            date,
            ..Response::default()
        }
    }

    /// Milliseconds that the header asks for, where the status is one that may get better.
    fn asked(&self) -> Option<Millis> {
        if !matches!(self.status, 408 | 425 | 429 | 500..=599) {
            return None;
        }
        match &self.retry_after {
            RetryAfter::Seconds(seconds) => Some(seconds.saturating_mul(1_000)),
            RetryAfter::Date(seconds) => Some(Millis::from(seconds % 86_400) * 1_000),
            RetryAfter::None | RetryAfter::Nonsense(_) => None,
        }
    }
}

/// An event as the application got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) name: String,
    pub(crate) data: String,
    pub(crate) id: Option<String>,
    pub(crate) last_event_id: String,
    pub(crate) replayed: bool,
}

#[derive(Debug, Default)]
struct Application {
    taken: Vec<Taken>,
    /// Reports between two events, and how many came before each.
    told: Vec<(usize, Report)>,
    pausing: bool,
}

impl Sink for Application {
    fn event(&mut self, event: Event<'_>) -> Flow {
        self.taken.push(Taken {
            name: event.name.to_string(),
            data: event.data.to_string(),
            id: event.id.map(str::to_owned),
            last_event_id: event.last_event_id.to_owned(),
            replayed: event.replayed,
        });
        match self.pausing {
            true => Flow::Pause,
            false => Flow::More,
        }
    }

    fn report(&mut self, report: Report) {
        self.told.push((self.taken.len(), report));
    }
}

/// A connection with its owner.
pub(crate) struct Rig {
    connection: Connection,
    rules: Rules,
    twin: Twin,
    application: Application,
    unread: VecDeque<u8>,
    pub(crate) now: Millis,
    pub(crate) requests: Vec<Request>,
    pub(crate) candidates: Vec<Request>,
    /// Reports, and how many events were taken before each.
    pub(crate) reports: Vec<(usize, Report)>,
    pub(crate) closed: Option<CloseReason>,
    trace: String,
}

impl Rig {
    pub(crate) fn new(config: Config, now: Millis) -> Rig {
        Rig {
            rules: Rules::new(&config),
            twin: Twin::new(&config),
            connection: Connection::new(config).expect("the configuration is good"),
            application: Application::default(),
            unread: VecDeque::new(),
            now,
            requests: Vec::new(),
            candidates: Vec::new(),
            reports: Vec::new(),
            closed: None,
            trace: String::new(),
        }
    }

    pub(crate) fn started(config: Config, now: Millis) -> Rig {
        let mut rig = Rig::new(config, now);
        rig.put(&Input::Start);
        rig
    }

    pub(crate) fn taken(&self) -> &[Taken] {
        &self.application.taken
    }

    pub(crate) fn is_opening(&self) -> bool {
        self.rules.transport == Transport::Opening
    }

    pub(crate) fn is_open(&self) -> bool {
        self.rules.transport == Transport::Open
    }

    pub(crate) fn due(&self) -> Option<Millis> {
        self.connection.poll_timeout()
    }

    /// Everything that came out, in its order, as text.
    pub(crate) fn trace(&self) -> &str {
        &self.trace
    }

    pub(crate) fn put(&mut self, input: &Input) {
        let now = self.now;
        match input {
            Input::Start => self.connection.start(now),
            Input::TokenReady => {
                self.rules.token_given();
                self.connection.token_ready(now);
            }
            Input::TokenFailed => self.connection.token_failed(now, "no"),
            Input::Head(head) => {
                // An answer that nobody waits for asks for nothing.
                self.rules.asked = head.asked().filter(|_| self.is_opening());
                self.connection.response(now, &head.response(), "body");
            }
            Input::Refused(head) => {
                let response = head.response();
                // The owner asks first.
                if !self.connection.is_stream(&response) {
                    self.connection.refused(now, &response, "bo");
                    self.connection.candidate_refused(&response, "bo");
                }
            }
            Input::Bytes(bytes) => {
                // The owner asks for no more before the last chunk was taken.
                if self.connection.is_open() {
                    self.unread.extend(bytes);
                    self.feed();
                } else {
                    let used = self.connection.chunk(now, bytes, &mut self.application);
                    assert_eq!(used, bytes.len(), "late bytes are swallowed");
                }
            }
            // A stream comes either in chunks or in messages.
            Input::Message(..) if !self.unread.is_empty() => {}
            Input::Message(name, data, id) => {
                self.twin.exact = false;
                let application = &mut self.application;
                self.connection.message(now, name, data, id, application);
            }
            Input::Ended | Input::Failed => {
                let application = &mut self.application;
                match input {
                    Input::Ended => self.connection.ended(now, application),
                    _ => self.connection.failed(now, "reset", application),
                }
                // A body does not end before its head came.
                let has_ended = match self.rules.transport {
                    Transport::Open => true,
                    Transport::Opening => matches!(input, Input::Failed),
                    Transport::None | Transport::Over => false,
                };
                if has_ended {
                    self.rules.transport = Transport::Over;
                }
            }
            Input::Wait(millis) => {
                let until = now.saturating_add(*millis);
                for _ in 0..100 {
                    let Some(due) = self.due().filter(|&due| due <= until) else {
                        break;
                    };
                    self.now = self.now.max(due);
                    self.fire();
                }
                self.now = until;
            }
            Input::Sleep(millis) => {
                self.now = now.saturating_add(*millis);
                self.fire();
            }
            Input::Pause => {
                self.application.pausing = true;
                self.connection.set_paused(now, true);
            }
            Input::Resume => {
                self.application.pausing = false;
                self.connection.set_paused(now, false);
                self.feed();
            }
            Input::Filter(filter) => {
                let is_closed = self.connection.is_closed();
                if self.connection.set_filter(now, filter).is_ok() && !is_closed {
                    self.rules.changes += 1;
                }
            }
            Input::CandidateHead(head) => {
                let (response, application) = (head.response(), &mut self.application);
                let _ = self
                    .connection
                    .candidate_response(now, &response, "", application);
            }
            Input::CandidateBytes(bytes) => {
                let application = &mut self.application;
                let _ = self.connection.candidate_chunk(now, bytes, application);
            }
            Input::CandidateMessage(name, data, id) => {
                let application = &mut self.application;
                let _ = self
                    .connection
                    .candidate_message(now, name, data, id, application);
            }
            Input::CandidateFailed => self.connection.candidate_failed("reset"),
            Input::Online => {
                self.rules.impatient();
                self.connection.online(now);
            }
            Input::PageHidden => self.connection.suspend(),
            Input::PageShown => {
                self.rules.impatient();
                self.connection.resume(now);
            }
            Input::Reconnect => {
                self.rules.impatient();
                self.connection.reconnect(now);
            }
            Input::Close => self.connection.close(CloseReason::Closed),
            Input::Abort => self.connection.close(CloseReason::Aborted),
            Input::GiveUp => {
                let error = Error::new(ErrorKind::Network, "enough");
                self.connection.give_up(error);
            }
            Input::Unsupported => self.connection.unsupported("no streams here"),
        }
        self.settle();
        self.rules.asked = None;
    }

    /// Gives the connection what is unread.
    fn feed(&mut self) {
        let before = self.application.taken.len();
        let bytes = self.unread.make_contiguous();
        let used = self
            .connection
            .chunk(self.now, bytes, &mut self.application);
        assert!(used <= bytes.len());
        assert!(
            used == bytes.len() || self.application.pausing,
            "bytes were left although nobody asked to pause"
        );
        assert!(
            !self.application.pausing
                || self.twin.holds_back
                || !self.twin.exact
                || self.application.taken.len() <= before + 1,
            "an event came after the application asked to pause"
        );
        self.rules.retry = self.twin.read(&self.connection, &bytes[..used]);
        self.unread.drain(..used);
    }

    /// The timer fires, as often as it is due. It must not be due for ever.
    fn fire(&mut self) {
        for _ in 0..4 {
            if self.due().is_none_or(|due| due > self.now) {
                return;
            }
            let _ = self.connection.timeout(self.now, &mut self.application);
            self.settle();
        }
        assert!(
            self.now == Millis::MAX || self.due().is_none_or(|due| due > self.now),
            "at {} the timer is due at {:?} for ever",
            self.now,
            self.due()
        );
    }

    fn settle(&mut self) {
        for (taken, report) in std::mem::take(&mut self.application.told) {
            let action = Action::Report(report.clone());
            let _ = writeln!(self.trace, "{} {action:?}", self.now);
            self.rules.action(self.now, &action);
            self.reports.push((taken, report));
        }
        let mut count = 0;
        while let Some(action) = self.connection.poll_action() {
            count += 1;
            assert!(count <= 16, "actions pile up");
            let _ = writeln!(self.trace, "{} {action:?}", self.now);
            self.rules.action(self.now, &action);
            match action {
                Action::Open(request) => {
                    self.twin.compare_cursor(&request);
                    self.requests.push(request);
                }
                Action::OpenCandidate(request) => {
                    self.twin.exact = false;
                    self.candidates.push(request);
                }
                // What the first stream still had is not wanted any more.
                Action::Promote | Action::Abort | Action::Finish => self.unread.clear(),
                Action::AbortCandidate => {}
                Action::Report(report) => {
                    match &report {
                        Report::Closed { reason, .. } => self.closed = Some(*reason),
                        Report::Opened { .. } => self.twin.opened(),
                        _ => {}
                    }
                    self.reports.push((self.application.taken.len(), report));
                }
                Action::Token { .. } => {}
            }
        }
        self.rules.settled(self.connection.is_closed());
        if self.rules.closed {
            assert_eq!(self.due(), None, "a timer after the end");
        }
        self.twin.compare(&self.application.taken);
    }
}

/// The same stream read in the plainest way: what must be delivered, where that is simple.
struct Twin {
    decoder: Decoder,
    spec: Spec,
    /// Delivery follows from the bytes alone.
    exact: bool,
    holds_back: bool,
    seen: BTreeSet<String>,
    expected: Vec<(String, String)>,
    compared: usize,
    retry: Millis,
    /// The last id from which a connection may go on.
    cursor: String,
    over: bool,
}

impl Twin {
    fn new(config: &Config) -> Twin {
        let spec = config.spec.clone();
        let mut decoder = Decoder::with_max_event_bytes(config.max_event_bytes);
        decoder.set_last_event_id(&config.last_event_id);
        Twin {
            decoder,
            exact: matches!(spec.identity, Identity::None | Identity::Id)
                && !matches!(spec.discriminator, Discriminator::Field(_))
                && spec.recovery != Recovery::History,
            holds_back: spec.recovery == Recovery::History,
            spec,
            seen: BTreeSet::new(),
            expected: Vec::new(),
            compared: 0,
            retry: 0,
            cursor: config.last_event_id.clone(),
            over: false,
        }
    }

    fn opened(&mut self) {
        self.decoder.finish();
        self.over = false;
    }

    /// Reads what the connection used, and answers the reconnection time that holds then.
    fn read(&mut self, connection: &Connection, bytes: &[u8]) -> Millis {
        let mut input = bytes;
        while !self.over
            && let Some(item) = self.decoder.next(&mut input)
        {
            match item {
                Err(_) => self.over = true,
                Ok(Item::Retry(retry)) => self.retry = retry,
                Ok(Item::Message(message)) if self.exact => {
                    let name = message.event_type();
                    let index = self.spec.event(&name.to_str()).map(|(index, _)| index);
                    let index = match self.spec.discriminator {
                        Discriminator::None => index.or(Some(0)),
                        _ => index,
                    };
                    let flags = index.map_or(Flags::NONE, |index| self.spec.events[index].flags);
                    if self.spec.end.as_deref() == Some(&*message.data.to_str()) {
                        self.over = true;
                        continue;
                    }
                    self.over |= flags.has(Flags::TERMINAL);
                    let id = message.last_event_id;
                    if message.has_id && !flags.has(Flags::NO_CURSOR) {
                        id.clone_into(&mut self.cursor);
                    }
                    let identifies =
                        self.spec.identity == Identity::Id && message.has_id && !id.is_empty();
                    let again = identifies && self.seen.contains(id);
                    let passes = match index {
                        Some(index) => connection.subscription().passes_known(index),
                        None => connection.subscription().passes_unknown(name.as_bytes()),
                    };
                    if passes && !again {
                        if identifies {
                            self.seen.insert(id.to_owned());
                        }
                        let mended = self.spec.repair == Repair::LineBreaks;
                        let data = match mended {
                            false => message.data.to_string(),
                            true => String::new(),
                        };
                        self.expected.push((name.to_string(), data));
                    }
                }
                Ok(Item::Id) => self.decoder.last_event_id().clone_into(&mut self.cursor),
                Ok(_) => {}
            }
        }
        self.retry
    }

    fn compare_cursor(&self, request: &Request) {
        if !self.exact {
            return;
        }
        // A header has no control characters but tabs.
        let legible = |id: &str| id.chars().all(|c| c == '\t' || !c.is_ascii_control());
        let has_one =
            self.spec.cursor != Cursor::None && !self.cursor.is_empty() && legible(&self.cursor);
        assert_eq!(
            request.last_event_id.as_deref(),
            has_one.then_some(&*self.cursor)
        );
    }

    fn compare(&mut self, taken: &[Taken]) {
        if !self.exact {
            return;
        }
        assert_eq!(
            taken.len(),
            self.expected.len(),
            "delivered {:?}, expected {:?}",
            &taken[self.compared.min(taken.len())..],
            &self.expected[self.compared.min(self.expected.len())..]
        );
        for (taken, (name, data)) in taken.iter().zip(&self.expected).skip(self.compared) {
            assert_eq!(&taken.name, name);
            if self.spec.repair == Repair::None {
                assert_eq!(&taken.data, data);
            }
        }
        self.compared = taken.len();
    }
}
