//! How an attempt begins, and what an open stream begins with.

use super::*;
use crate::profiles::Cursor;
use alloc::string::ToString;

impl Connection {
    pub(super) fn begin(&mut self, now: Millis, reason: Reason) {
        self.attempt = self.attempt.saturating_add(1);
        self.set_state(State::Connecting);
        if self.config.has_token {
            self.phase = Phase::Token { since: now };
            self.actions.push(Action::Token {
                attempt: self.attempt,
                reason,
            });
        } else {
            self.open(now);
        }
    }

    pub(super) fn open(&mut self, now: Millis) {
        self.phase = Phase::Opening { since: now };
        self.refusal = None;
        self.asked = Arc::clone(&self.subscription);
        let request = self.request(&self.asked);
        self.actions.push(Action::Open(request));
    }

    pub(super) fn request(&self, subscription: &Subscription) -> Request {
        let mut query = subscription.query(self.repeated);
        let cursor = match &self.config.spec.cursor {
            Cursor::None => None,
            _ if self.cursor.is_empty() => None,
            Cursor::Header => Some(&self.cursor),
            Cursor::HeaderAndQuery(parameter) => {
                query.push((parameter.to_string(), self.cursor.clone()));
                Some(&self.cursor)
            }
        };
        let cursor = cursor.filter(|id| self.config.sends_headers && is_header_value(id));
        Request {
            attempt: self.attempt,
            query,
            last_event_id: cursor.cloned(),
        }
    }

    pub(super) fn opened(&mut self, now: Millis, response: &Response) {
        self.phase = Phase::Open { since: now };
        self.alive(now);
        self.received = false;
        self.token_renewed = false;
        self.decoder.finish();
        self.native_id.clear();
        self.set_state(State::Open);
        self.report(Report::Opened {
            status: response.status,
            url: response.url.clone(),
            redirected: response.redirected,
        });
        let after = self.resuming.then(|| self.cursor.clone());
        self.intake.opened(&self.config.spec, after.as_deref());
        let may_replay = match self.config.spec.recovery {
            // Told within the history, when it is complete.
            Recovery::History => true,
            Recovery::Cursor => {
                self.untold = after;
                self.untold.is_some()
            }
            Recovery::None => {
                if let Some(after) = after {
                    let resumed = self.resumed(after);
                    self.report(resumed);
                }
                false
            }
        };
        self.start = may_replay.then_some(Start {
            since: now,
            last: now,
        });
        self.resuming = true;
    }
}

impl Config {
    /// Whether the server cannot be told to go on after this id.
    pub(super) fn cannot_send(&self, id: &str) -> bool {
        match self.spec.cursor {
            Cursor::None => true,
            Cursor::Header => !self.sends_headers || !is_header_value(id),
            Cursor::HeaderAndQuery(_) => false,
        }
    }
}

/// Whether this can be the value of a header. Browsers let more control characters pass, other
/// implementations of `fetch` refuse them, and so may servers: at every attempt anew.
fn is_header_value(id: &str) -> bool {
    !id.bytes()
        .any(|byte| byte.is_ascii_control() && byte != b'\t')
}
