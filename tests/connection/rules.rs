//! What a connection may do, judged from its actions alone. Any breach panics and says which.

use tidewire::connection::{Action, Backoff, Config, Millis, Report, State};
use tidewire::profiles::{FilterQuery, List};

/// What a transport is doing, as its owner knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    None,
    Opening,
    Open,
    /// It ended or failed by itself.
    Over,
}

/// Follows a connection and knows the rules.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) transport: Transport,
    /// A second stream, for another filter, is open or opening.
    pub(crate) candidate: bool,
    /// Changes of the filter that were accepted and of which nothing was told yet.
    pub(crate) changes: usize,
    pub(crate) token_wanted: bool,
    /// The `retry` that the server named last.
    pub(crate) retry: Millis,
    /// What the server asked for by `Retry-After`, in the answer at hand.
    pub(crate) asked: Option<Millis>,
    pub(crate) closed: bool,
    pub(crate) opens: u32,
    pub(crate) was_open: bool,
    backoff: Option<Backoff>,
    has_token: bool,
    repeatable: bool,
    has_repeated_form: bool,
    token_there: bool,
    attempt: u32,
    state: Option<State>,
    not_before: Millis,
    last_failure: bool,
    renewals_since_open: u32,
    repeated: bool,
}

impl Rules {
    pub(crate) fn new(config: &Config) -> Rules {
        let list = match &config.spec.filter {
            FilterQuery::Categories { list, .. } | FilterQuery::Types { list, .. } => Some(*list),
            _ => None,
        };
        Rules {
            transport: Transport::None,
            candidate: false,
            changes: 0,
            token_wanted: false,
            retry: 0,
            asked: None,
            closed: false,
            opens: 0,
            was_open: false,
            backoff: config.backoff.clone(),
            has_token: config.has_token,
            repeatable: config.repeatable,
            has_repeated_form: list == Some(List::CommaThenRepeated),
            token_there: false,
            attempt: 0,
            state: None,
            not_before: 0,
            last_failure: false,
            renewals_since_open: 0,
            repeated: false,
        }
    }

    /// The owner gave the token that was asked for.
    pub(crate) fn token_given(&mut self) {
        if self.token_wanted {
            self.token_wanted = false;
            self.token_there = true;
        }
    }

    /// The owner gave a command after which no delay has to be kept.
    pub(crate) fn impatient(&mut self) {
        self.not_before = 0;
    }

    pub(crate) fn action(&mut self, now: Millis, action: &Action) {
        assert!(!self.closed, "{action:?} after the end");
        assert!(
            !self.last_failure || !matches!(action, Action::Open(_) | Action::Token { .. }),
            "{action:?} although it was said that there is no other attempt"
        );
        match action {
            Action::Token { attempt, .. } => {
                assert!(self.has_token, "a token was asked for that nobody has");
                assert!(*attempt > self.attempt, "attempt {attempt} again");
                self.begins(now, *attempt);
                self.token_wanted = true;
                self.token_there = false;
            }
            Action::Open(request) => {
                if self.has_token {
                    assert!(self.token_there, "opened without a token");
                    assert_eq!(request.attempt, self.attempt);
                } else {
                    assert!(request.attempt > self.attempt);
                    self.begins(now, request.attempt);
                }
                self.token_there = false;
                self.opens += 1;
                assert!(
                    self.repeatable || self.opens == 1,
                    "a request that runs something was sent again"
                );
                assert!(
                    matches!(self.transport, Transport::None | Transport::Over),
                    "opened while another one is {:?}",
                    self.transport
                );
                self.transport = Transport::Opening;
            }
            Action::OpenCandidate(request) => {
                assert!(self.token_there || !self.has_token);
                assert!(
                    self.repeatable,
                    "a request that runs something was sent again"
                );
                assert!(!self.candidate, "a third stream");
                assert_eq!(self.transport, Transport::Open, "nothing to stand beside");
                assert!(request.attempt >= self.attempt);
                self.attempt = request.attempt;
                self.token_there = false;
                self.candidate = true;
            }
            Action::Promote => {
                assert!(self.candidate, "nothing to promote");
                assert!(matches!(self.transport, Transport::Open | Transport::Over));
                self.transport = Transport::Open;
                self.candidate = false;
            }
            Action::AbortCandidate => {
                self.candidate = false;
                self.token_wanted = false;
            }
            Action::Abort => {
                assert!(!self.candidate, "the candidate is left alone");
                self.transport = Transport::None;
                self.token_wanted = false;
            }
            Action::Finish => {
                assert!(!self.candidate, "the candidate is left alone");
                assert_eq!(self.transport, Transport::Open, "nothing to be finished");
                self.transport = Transport::None;
            }
            Action::Report(report) => self.report(now, report),
        }
    }

    fn begins(&mut self, now: Millis, attempt: u32) {
        assert!(
            now >= self.not_before,
            "attempt {attempt} at {now}, announced for {}",
            self.not_before
        );
        self.attempt = attempt;
        self.not_before = 0;
    }

    fn report(&mut self, now: Millis, report: &Report) {
        match report {
            Report::State(state) => {
                assert_ne!(self.state, Some(*state), "the state is told twice");
                self.state = Some(*state);
            }
            Report::Opened { .. } => {
                assert_eq!(self.transport, Transport::Opening);
                assert_eq!(self.state, Some(State::Open));
                self.transport = Transport::Open;
                self.was_open = true;
                self.renewals_since_open = 0;
            }
            Report::Gap { .. } => assert!(self.was_open, "a gap before the first stream"),
            Report::FilterChanged { .. } => {
                assert!(self.changes > 0, "told of a change that nobody made");
                self.changes -= 1;
            }
            Report::Resumed { .. } => assert!(self.was_open, "resumed before the first stream"),
            Report::Failed {
                error,
                retry_in: Some(0),
            } => {
                // The two that are tried at once, each only once.
                if error.status == 401 {
                    assert!(self.has_token && self.repeatable);
                    self.renewals_since_open += 1;
                    assert_eq!(self.renewals_since_open, 1, "a second new token");
                } else {
                    assert!(self.has_repeated_form && !self.repeated, "retried at once");
                    self.repeated = true;
                }
            }
            Report::Failed {
                retry_in: Some(delay),
                ..
            } => {
                self.within_bounds(*delay);
                self.not_before = now.saturating_add(*delay);
            }
            Report::Failed { retry_in: None, .. } => self.last_failure = true,
            Report::Closed { .. } => {
                assert_eq!(self.state, Some(State::Closed));
                assert_eq!(
                    self.transport_open(),
                    None,
                    "closed with a transport that nobody aborted"
                );
                assert!(
                    !self.candidate,
                    "closed with a candidate that nobody aborted"
                );
                assert_eq!(
                    self.changes, 0,
                    "closed without a word on a change of the filter"
                );
                self.closed = true;
            }
        }
    }

    /// The transport that is still to be aborted.
    fn transport_open(&self) -> Option<Transport> {
        matches!(self.transport, Transport::Opening | Transport::Open).then_some(self.transport)
    }

    fn within_bounds(&self, delay: Millis) {
        let backoff = self.backoff.as_ref().expect("it is tried again");
        let cap = backoff.max_delay.max(1);
        let floor = backoff.min_delay.max(self.retry).clamp(1, cap);
        let asked = self.asked.unwrap_or(0).min(cap.saturating_mul(10));
        let bounds = floor.max(asked)..=cap.max(asked);
        assert!(bounds.contains(&delay), "{delay} ms, not within {bounds:?}");
    }

    /// After all actions are done.
    pub(crate) fn settled(&self, is_closed: bool) {
        assert_eq!(self.closed, is_closed, "the end is told when it comes");
        assert!(
            !self.last_failure || self.closed,
            "no attempt is left, and yet it is not over"
        );
    }
}
