//! How a stream ends: broken and tried again, refused, or over.

use super::*;
use crate::filter::listed;
use alloc::string::String;

impl Connection {
    /// Hands over what was held back, if the connection is over. It belongs between the calls that
    /// may end it and have no sink, [`response`](Self::response) and [`give_up`](Self::give_up),
    /// and the actions that come of them: after the end nothing comes.
    pub fn drain(&mut self, sink: &mut dyn Sink) -> Flow {
        match self.is_closed() {
            true => self.settle(sink),
            false => Flow::More,
        }
    }

    /// The replay is over, as far as can be told: whether it closes the gap is told, and after
    /// that what was held back is handed over.
    pub(super) fn settle(&mut self, sink: &mut dyn Sink) -> Flow {
        self.start = None;
        if let Some(last_event_id) = self.untold.take() {
            sink.report(self.resumed(last_event_id));
        }
        self.intake.release(sink)
    }

    pub(super) fn resumed(&self, last_event_id: String) -> Report {
        let told = matches!(self.config.spec.recovery, Recovery::Cursor)
            && !last_event_id.is_empty()
            && !self.config.cannot_send(&last_event_id);
        Report::Resumed {
            // Whether the server still had what came after the id, it does not say.
            recovered: if told {
                Recovered::Unknown
            } else {
                Recovered::No
            },
            last_event_id,
        }
    }

    /// The stream is given up. If it is not told yet that it was a return, it is told now: what
    /// is missing lies before this.
    pub(super) fn leave(&mut self) {
        self.start = None;
        if let Some(last_event_id) = self.untold.take() {
            let resumed = self.resumed(last_event_id);
            self.report(resumed);
        }
    }

    /// An open stream broke off. A server that does not know the query's form, or a category in
    /// it, cuts at once: the other form is tried, once, and kept; after that it is reported as
    /// what it is, instead of running into the server's limit of connections.
    pub(super) fn broken(&mut self, now: Millis, error: Error) {
        let Phase::Open { since } = self.phase else {
            return;
        };
        let at_once =
            !self.received && now.saturating_sub(since) <= IMMEDIATE && self.asked.may_be_cut();
        if !at_once {
            return self.fail(now, error, None);
        }
        self.cuts_at_once += 1;
        self.leave();
        if !self.repeated && self.config.repeatable && self.asked.has_repeated_form() {
            self.repeated = true;
            self.actions.push(Action::Abort);
            self.report(Report::Failed {
                error,
                retry_in: Some(0),
            });
            self.resuming = self.attempt > 1;
            self.begin(now, Reason::Reconnect);
        } else if self.cuts_at_once >= CUTS_AT_ONCE {
            let message = [
                "the server cut the stream at once ",
                &digits(CUTS_AT_ONCE.into()),
                " times, as it does when it does not know a category: ",
                &listed(self.asked.values(), ", "),
            ];
            self.reject(Error::told(ErrorKind::Filter, &message));
        } else {
            self.fail(now, error, None);
        }
    }

    pub(super) fn fail(&mut self, now: Millis, error: Error, after: Option<Millis>) {
        self.leave();
        let open_since = match self.phase {
            Phase::Open { since } => Some(since),
            _ => None,
        };
        let delay = self.config.backoff.as_mut().and_then(|backoff| {
            backoff.lived(open_since.map_or(0, |since| now.saturating_sub(since)));
            backoff.next(after, &mut self.seed)
        });
        if let Some(delay) = delay {
            self.report(Report::Failed {
                error,
                retry_in: Some(delay),
            });
            self.actions.push(Action::Abort);
            self.phase = Phase::Waiting {
                until: now.saturating_add(delay),
            };
            self.set_state(State::Waiting);
            return;
        }
        let reason = match (&self.config.backoff, open_since) {
            (None, Some(_)) => CloseReason::Interrupted,
            (None, None) if error.status > 0 => CloseReason::Rejected,
            _ => CloseReason::Exhausted,
        };
        self.fail_for_good(reason, error);
    }

    pub(super) fn reject(&mut self, error: Error) {
        self.fail_for_good(CloseReason::Rejected, error);
    }

    fn fail_for_good(&mut self, reason: CloseReason, error: Error) {
        self.report(Report::Failed {
            error: error.clone(),
            retry_in: None,
        });
        self.finish(reason, Some(error));
    }

    pub(super) fn finish(&mut self, reason: CloseReason, error: Option<Error>) {
        self.end(Action::Abort, reason, error);
    }

    /// Ends it; `leave` says how what is open is let go of.
    pub(super) fn end(&mut self, leave: Action, reason: CloseReason, error: Option<Error>) {
        if self.phase == Phase::Closed {
            return;
        }
        self.leave();
        self.supersede();
        if self.phase != Phase::Idle {
            // What was to be sent and is not sent yet never is.
            self.actions.retain(|action| {
                !matches!(
                    action,
                    Action::Token { .. } | Action::Open(_) | Action::OpenCandidate(_)
                )
            });
            self.actions.push(leave);
        }
        self.phase = Phase::Closed;
        self.set_state(State::Closed);
        self.report(Report::Closed { reason, error });
    }
}
