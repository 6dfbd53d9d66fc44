use super::backoff::Seed;
use super::classify::{Verdict, retry_after, verdict};
use super::deliver::Intake;
use super::sink::{Flow, Sink};
use super::{
    Action, CloseReason, Config, ConfigError, Error, ErrorKind, GapReason, Millis, Reason,
    Recovered, Report, Request, Response, State,
};
use crate::digits::digits;
use crate::filter::{Filter, FilterError, Misfit, Subscription};
use crate::profiles::{Flags, Heartbeat, Recovery, Spec};
use crate::wire::Decoder;
use alloc::{
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};

mod attempt;
mod change;
mod ending;
mod reading;

use change::Candidate;

/// Milliseconds that a token function has.
const TOKEN_TIMEOUT: Millis = 10_000;

/// Milliseconds within which an end without any event counts as a refused filter.
const IMMEDIATE: Millis = 2_000;

/// Milliseconds of a pause after which a server that sheds in silence may have begun to: Hive's
/// queue takes 1,000 events, after what the sockets take.
const SHEDDING: Millis = 2_000;

/// Milliseconds within which attempts are spread when the network comes back.
const ONLINE_JITTER: Millis = 1_000;

/// Milliseconds without an event after which a replay counts as over.
const QUIET: Millis = 150;

/// Milliseconds after which it does in any case.
const LONGEST: Millis = 2_000;

/// So many cuts at once, one after the other, are no accident.
const CUTS_AT_ONCE: u32 = 3;

/// Milliseconds that the body of a refusal has to come: its status says enough.
const REFUSAL: Millis = 2_000;

/// A timer that is this late, in milliseconds, was asleep with the rest of the machine.
const ASLEEP: Millis = 5_000;

/// Milliseconds for bytes that have arrived to be read before silence is believed.
const SETTLE: Millis = 500;

/// A connection to one event stream, over as many requests as it takes.
///
/// ```
/// use tidewire::connection::{Action, Config, Connection, Event, Flow, Report, Response, Sink};
/// use tidewire::profiles::plain;
///
/// struct Print;
/// impl Sink for Print {
///     fn event(&mut self, event: Event<'_>) -> Flow {
///         assert_eq!(event.data, "hello");
///         Flow::More
///     }
///
///     fn report(&mut self, _: Report) {}
/// }
///
/// let mut connection = Connection::new(Config::new(plain::spec()))?;
/// connection.start(0);
/// let opens = std::iter::from_fn(|| connection.poll_action())
///     .any(|action| matches!(action, Action::Open(_)));
/// assert!(opens);
/// let head = Response {
///     status: 200,
///     content_type: "text/event-stream".into(),
///     ..Response::default()
/// };
/// connection.response(5, &head, "");
/// connection.chunk(9, b"data: hello\n\n", &mut Print);
/// # Ok::<(), tidewire::connection::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    config: Config,
    intake: Intake,
    subscription: Arc<Subscription>,
    /// What the open or opening stream was asked for.
    asked: Arc<Subscription>,
    /// The filter to go back to if a new one cannot be had.
    asked_for: Arc<Subscription>,
    /// The stream that is to take over, for another filter.
    candidate: Option<Candidate>,
    decoder: Decoder,
    seed: Seed,
    phase: Phase,
    /// A few at most, the oldest first.
    actions: Vec<Action>,
    state: Option<State>,
    /// The last id that can be a cursor.
    cursor: String,
    attempt: u32,
    /// A stream was open before.
    resuming: bool,
    /// Where the stream broke: that it is open again is told when the replay is over.
    untold: Option<String>,
    /// The start of an open stream, as long as the server may be replaying.
    start: Option<Start>,
    /// Something came on the open stream that a refused filter would not have let through.
    received: bool,
    /// How often in a row the stream was cut before anything came.
    cuts_at_once: u32,
    /// The query is sent in its repeated form.
    repeated: bool,
    /// A new token was asked for after a 401, and no stream opened since.
    token_renewed: bool,
    heartbeat_seen: bool,
    last_bytes: Millis,
    /// The silence is too long; if it lasts until then, the connection is dead.
    suspected: bool,
    last_chance: Millis,
    paused_since: Option<Millis>,
    /// What the server said, while the rest of its refusal is awaited.
    refusal: Option<Refusal>,
    /// The last id of the open `EventSource`, which does not know those of the one before it.
    native_id: String,
}

/// The first moments of a stream. Where a replay ends is not on the wire: it counts as over when
/// nothing came for a moment.
#[derive(Debug, Clone, Copy)]
struct Start {
    since: Millis,
    last: Millis,
}

impl Start {
    fn over_at(self) -> Millis {
        self.last
            .saturating_add(QUIET)
            .min(self.since.saturating_add(LONGEST))
    }
}

/// A refusal whose body may not be all there.
#[derive(Debug)]
struct Refusal {
    /// When its head came.
    since: Millis,
    verdict: Verdict,
    retry_after: Option<Millis>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Token { since: Millis },
    Opening { since: Millis },
    Open { since: Millis },
    Waiting { until: Millis },
    Suspended,
    Closed,
}

impl Connection {
    /// A connection that is not started.
    ///
    /// # Errors
    /// When the profile contradicts itself, the filter does not fit it, or repetition is asked
    /// for where a request runs something.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.spec.check().map_err(ConfigError::Spec)?;
        if !config.repeatable && config.backoff.is_some() {
            return Err(ConfigError::NotRepeatable {
                profile: config.spec.name.to_string(),
            });
        }
        let subscription = config.filter.compile(&config.spec);
        let subscription = subscription.map_err(ConfigError::Filter)?;
        Ok(Connection::of_checked(config, subscription))
    }

    /// The same, of what was checked before. Not inlined, the npm package's module is smaller.
    #[inline(never)]
    pub(crate) fn of_checked(config: Config, subscription: Subscription) -> Self {
        let subscription = Arc::new(subscription);
        let mut decoder = Decoder::with_max_event_bytes(config.max_event_bytes);
        decoder.set_last_event_id(&config.last_event_id);
        let cursor = config.last_event_id.clone();
        // What cannot be told to the server is not gone on after: it is a return with a gap.
        let resuming = !cursor.is_empty() && config.cannot_send(&cursor);
        Connection {
            intake: Intake::new(&config.spec),
            asked: Arc::clone(&subscription),
            asked_for: Arc::clone(&subscription),
            candidate: None,
            subscription,
            decoder,
            seed: Seed::new(config.seed),
            phase: Phase::Idle,
            actions: Vec::new(),
            state: None,
            cursor,
            attempt: 0,
            resuming,
            untold: None,
            start: None,
            received: false,
            cuts_at_once: 0,
            repeated: false,
            token_renewed: false,
            heartbeat_seen: false,
            last_bytes: 0,
            suspected: false,
            last_chance: 0,
            paused_since: None,
            refusal: None,
            native_id: String::new(),
            config,
        }
    }

    /// Begins. A second call does nothing.
    pub fn start(&mut self, now: Millis) {
        if self.phase == Phase::Idle {
            self.begin(now, Reason::Connect);
        }
    }

    /// What is to be done next.
    pub fn poll_action(&mut self) -> Option<Action> {
        let action = (!self.actions.is_empty()).then(|| self.actions.remove(0));
        if let Some(Action::Report(Report::Closed { .. })) = action {
            // Nothing comes after the end.
            self.untold = None;
            self.intake.discard();
        }
        action
    }

    /// When [`timeout`](Self::timeout) is to be called, if nothing else happens before.
    pub fn poll_timeout(&self) -> Option<Millis> {
        match self.phase {
            Phase::Idle | Phase::Suspended | Phase::Closed => None,
            Phase::Token { since } => Some(since.saturating_add(TOKEN_TIMEOUT)),
            Phase::Opening { since } => match &self.refusal {
                Some(refusal) => Some(refusal.since.saturating_add(REFUSAL)),
                None => {
                    let timeout = self.config.connect_timeout;
                    (timeout > 0).then(|| since.saturating_add(timeout))
                }
            },
            Phase::Open { .. } => {
                let mut due = self.candidate_due().unwrap_or(Millis::MAX);
                if self.paused_since.is_none() {
                    due = due.min(self.dead_at().unwrap_or(Millis::MAX));
                    due = due.min(self.start.map_or(Millis::MAX, Start::over_at));
                }
                (due < Millis::MAX).then_some(due)
            }
            Phase::Waiting { until } => Some(until),
        }
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come; earlier, nothing happens.
    /// `sink` takes what was held back until now.
    pub fn timeout(&mut self, now: Millis, sink: &mut dyn Sink) -> Flow {
        let Some(due) = self.poll_timeout().filter(|&due| now >= due) else {
            return Flow::More;
        };
        match self.phase {
            Phase::Idle | Phase::Suspended | Phase::Closed => {}
            Phase::Token { .. } => self.token_failed(now, "it did not settle within 10 s"),
            Phase::Opening { since } => match self.refusal.take() {
                Some(refusal) => self.refuse(now, refusal.verdict, refusal.retry_after),
                None => {
                    let waited = now.saturating_sub(since);
                    let error = Error::late(ErrorKind::Timeout, "no response within ", waited);
                    self.fail(now, error, None);
                }
            },
            Phase::Open { .. } if self.start.is_some_and(|start| now >= start.over_at()) => {
                return self.settle(sink);
            }
            Phase::Open { .. } if self.candidate_due().is_some_and(|due| now >= due) => {
                return self.candidate_timeout(now, sink);
            }
            // The bytes may be there already, unread, or the machine may have slept with the
            // connection: before it counts as dead it is given another moment, once.
            Phase::Open { .. } if !self.suspected => {
                self.suspected = true;
                let moment = match now.saturating_sub(due) >= ASLEEP {
                    true => self.stale_after().unwrap_or(0),
                    false => SETTLE,
                };
                self.last_chance = now.saturating_add(moment);
            }
            Phase::Open { .. } => {
                if self.take_over(now, sink) {
                    return Flow::More;
                }
                let silent = now.saturating_sub(self.last_bytes);
                let error = Error::late(ErrorKind::Stale, "no byte for ", silent);
                self.fail(now, error, None);
            }
            Phase::Waiting { .. } => self.begin(now, Reason::Reconnect),
        }
        self.drain(sink)
    }

    /// The token that was asked for is there. It stays with the owner.
    pub fn token_ready(&mut self, now: Millis) {
        match self.phase {
            Phase::Token { .. } => self.open(now),
            Phase::Open { .. } => self.open_candidate(),
            _ => {}
        }
    }

    /// There is no token, for this reason, in which no secret stands.
    pub fn token_failed(&mut self, now: Millis, message: &str) {
        let error = Error::told(ErrorKind::Token, &["the token function failed: ", message]);
        if matches!(self.phase, Phase::Token { .. }) {
            self.fail(now, error, None);
        } else {
            self.candidate_failed(&error.message);
        }
    }

    /// Whether a response's head is that of an event stream. If it is not, the owner reads the
    /// start of the body before it says [`response`](Self::response), and meanwhile, by
    /// [`refused`](Self::refused), what came of it so far.
    pub fn is_stream(&self, response: &Response) -> bool {
        verdict(&self.config.spec, response, "") == Verdict::Stream
    }

    /// The head of a refusal is there, and so much of its body. The rest is awaited for a moment:
    /// a body that never ends must not make the refusal one that never comes.
    pub fn refused(&mut self, now: Millis, response: &Response, body: &str) {
        if let Phase::Opening { .. } = self.phase {
            self.refusal = Some(Refusal {
                since: self.refusal.as_ref().map_or(now, |refusal| refusal.since),
                verdict: verdict(&self.config.spec, response, body),
                retry_after: retry_after(response),
            });
        }
    }

    /// The head of the response is there, and of a refusal the start of its body.
    pub fn response(&mut self, now: Millis, response: &Response, body: &str) {
        if !matches!(self.phase, Phase::Opening { .. }) {
            return;
        }
        match verdict(&self.config.spec, response, body) {
            Verdict::Stream => self.opened(now, response),
            verdict => self.refuse(now, verdict, retry_after(response)),
        }
    }

    /// The response is no stream.
    fn refuse(&mut self, now: Millis, verdict: Verdict, retry_after: Option<Millis>) {
        match verdict {
            Verdict::Stream => {}
            Verdict::Ended => self.finish(CloseReason::Ended, None),
            Verdict::Unauthorized(error) => {
                let renews = self.config.has_token && self.config.renews_token;
                if renews && self.config.repeatable && !self.token_renewed {
                    self.token_renewed = true;
                    self.actions.push(Action::Abort);
                    self.report(Report::Failed {
                        error,
                        retry_in: Some(0),
                    });
                    self.begin(now, Reason::Unauthorized);
                } else {
                    self.reject(error);
                }
            }
            Verdict::Retry(error) => self.fail(now, error, retry_after),
            Verdict::Final(error) => self.reject(error),
        }
    }

    /// The body ended as a body should. `sink` takes what was held back until now.
    pub fn ended(&mut self, now: Millis, sink: &mut dyn Sink) {
        if let Phase::Open { .. } = self.phase {
            if self.take_over(now, sink) {
                return;
            }
            let spec = &self.config.spec;
            let complete = !spec.runs_once || !spec.has_end();
            if self.config.backoff.is_none() && complete {
                self.finish(CloseReason::Ended, None);
            } else {
                let message = "the server closed the stream";
                self.broken(now, Error::told(ErrorKind::Ended, &[message]));
            }
            let _ = self.drain(sink);
        }
    }

    /// The request or the stream failed, for this reason. `sink` takes what was held back.
    pub fn failed(&mut self, now: Millis, message: &str, sink: &mut dyn Sink) {
        let error = Error::told(ErrorKind::Network, &[message]);
        if let Phase::Opening { .. } = self.phase {
            self.fail(now, error, None);
        } else if self.is_open() && !self.take_over(now, sink) {
            self.broken(now, error);
        }
        let _ = self.drain(sink);
    }

    /// Reading is paused, or goes on: silence counts only while somebody listens. A server that
    /// sheds in silence may have done so meanwhile.
    pub fn set_paused(&mut self, now: Millis, paused: bool) {
        match (self.paused_since, paused) {
            (None, true) => self.paused_since = Some(now),
            (Some(since), false) => {
                self.paused_since = None;
                self.alive(now);
                let sheds = self.config.spec.recovery == Recovery::History;
                if sheds && self.is_open() && now.saturating_sub(since) >= SHEDDING {
                    self.report(Report::Gap {
                        reason: GapReason::Paused,
                        last_event_id: self.cursor.clone(),
                    });
                }
            }
            _ => {}
        }
    }

    /// The network is back: what waits for its next attempt tries soon, but not at the same
    /// moment as everybody else.
    pub fn online(&mut self, now: Millis) {
        if let Phase::Waiting { until } = &mut self.phase {
            *until = (*until).min(now.saturating_add(self.seed.below(ONLINE_JITTER)));
        }
    }

    /// The page is put away: a stream that can be opened again is given up meanwhile.
    pub fn suspend(&mut self) {
        let alive = !matches!(self.phase, Phase::Idle | Phase::Closed | Phase::Suspended);
        if alive && self.config.repeatable {
            self.adopt();
            self.leave();
            self.actions.push(Action::Abort);
            self.phase = Phase::Suspended;
            self.set_state(State::Waiting);
        }
    }

    /// The page is back.
    pub fn resume(&mut self, now: Millis) {
        if self.phase == Phase::Suspended {
            self.begin(now, Reason::Reconnect);
        }
    }

    /// Changes what is delivered: here and at once where the open stream carries it, else by a
    /// new request.
    ///
    /// # Errors
    /// When the filter does not fit the profile; the old one stays.
    pub fn set_filter(&mut self, now: Millis, filter: &Filter) -> Result<(), FilterError> {
        self.try_set_filter(now, filter)
            .map_err(|misfit| misfit.told(&self.config.spec))
    }

    /// The same, where nobody asks what exactly does not fit.
    pub(crate) fn try_set_filter<'f>(
        &mut self,
        now: Millis,
        filter: &'f Filter,
    ) -> Result<(), Misfit<'f>> {
        let subscription = Arc::new(filter.try_compile(&self.config.spec)?);
        if self.is_closed() {
            return Ok(());
        }
        self.supersede();
        self.cuts_at_once = 0;
        // A request that runs something is not sent again: of what it brings, this is laid over.
        let carried = !self.config.repeatable || self.asked.carries(&subscription);
        match self.phase {
            Phase::Open { .. } if !carried => {
                self.change(now, subscription);
                return Ok(());
            }
            Phase::Opening { .. } if !carried => {
                self.set_subscription(subscription);
                self.actions.push(Action::Abort);
                self.begin(now, Reason::Filter);
            }
            _ => self.set_subscription(subscription),
        }
        self.report(Report::FilterChanged { error: None });
        Ok(())
    }

    fn set_subscription(&mut self, subscription: Arc<Subscription>) {
        self.asked_for = Arc::clone(&subscription);
        self.subscription = subscription;
    }

    /// Opens anew at once, whatever the state. What runs something is not sent again.
    pub fn reconnect(&mut self, now: Millis) {
        if self.config.repeatable && !matches!(self.phase, Phase::Idle | Phase::Closed) {
            self.adopt();
            self.leave();
            self.actions.push(Action::Abort);
            self.begin(now, Reason::Reconnect);
        }
    }

    /// Ends it for the application's sake. Any further call does nothing.
    pub fn close(&mut self, reason: CloseReason) {
        self.intake.discard();
        self.untold = None;
        self.finish(reason, None);
    }

    /// Ends it instead of waiting for the next attempt, which the application does not want.
    pub fn give_up(&mut self, error: Error) {
        self.finish(CloseReason::Exhausted, Some(error));
    }

    /// Ends it because the environment cannot do what is needed.
    pub fn unsupported(&mut self, message: &str) {
        let error = Error::told(ErrorKind::Unsupported, &[message]);
        self.finish(CloseReason::Unsupported, Some(error));
    }

    /// The last event ID, as the standard counts it.
    pub fn last_event_id(&self) -> &str {
        self.decoder.last_event_id()
    }

    /// Whether reading can be paused: an `EventSource` cannot.
    pub(crate) fn pauses(&self) -> bool {
        self.config.sends_headers
    }

    /// Whether no filter leaves anything out.
    pub fn wants_everything(&self) -> bool {
        self.subscription.is_everything()
    }

    /// Whether a stream is open.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { .. })
    }

    /// Whether it is over.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// Events that were dropped because they had come before.
    pub fn duplicates(&self) -> u64 {
        self.intake.duplicates
    }

    /// What kind of server it is.
    pub fn spec(&self) -> &Spec {
        &self.config.spec
    }

    /// What is wanted.
    pub fn subscription(&self) -> &Subscription {
        &self.subscription
    }

    /// An event came, wanted or not.
    #[inline]
    fn something_came(&mut self) {
        self.received = true;
        self.cuts_at_once = 0;
        if let Some(start) = &mut self.start {
            start.last = self.last_bytes;
        }
    }

    /// Bytes came, or silence did not count.
    #[inline]
    fn alive(&mut self, now: Millis) {
        self.last_bytes = now;
        self.suspected = false;
    }

    fn dead_at(&self) -> Option<Millis> {
        match self.suspected {
            true => Some(self.last_chance),
            false => Some(self.last_bytes.saturating_add(self.stale_after()?)),
        }
    }

    fn stale_after(&self) -> Option<Millis> {
        if self.config.stale_after > 0 {
            return Some(self.config.stale_after);
        }
        match self.config.spec.heartbeat {
            // Three missed heartbeats count as dead.
            Heartbeat::Comment(every) | Heartbeat::Event(every) if self.heartbeat_seen => {
                Some(Millis::from(every) * 3)
            }
            _ => None,
        }
    }

    fn set_state(&mut self, state: State) {
        if self.state != Some(state) {
            self.state = Some(state);
            self.report(Report::State(state));
        }
    }

    fn report(&mut self, report: Report) {
        self.actions.push(Action::Report(report));
    }
}
