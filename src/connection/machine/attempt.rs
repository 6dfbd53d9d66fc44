//! How an attempt begins, and what an open stream begins with.

use super::*;

impl Connection {
    pub(super) fn begin(&mut self, now: Millis, reason: Reason) {
        self.attempt = self.attempt.saturating_add(1);
        self.set_state(State::Connecting);
        if self.config.has_token {
            self.phase = Phase::Token { since: now };
            self.actions.push_back(Action::Token {
                attempt: self.attempt,
                reason,
            });
        } else {
            self.open(now);
        }
    }

    pub(super) fn open(&mut self, now: Millis) {
        self.phase = Phase::Opening { since: now };
        self.asked = self.subscription.clone();
        let request = self.request(&self.asked);
        self.actions.push_back(Action::Open(request));
    }

    pub(super) fn request(&self, subscription: &Subscription) -> Request {
        let mut query = subscription.query(self.repeated);
        let cursor = match &self.config.spec.cursor {
            Cursor::None => None,
            _ if self.cursor.is_empty() => None,
            Cursor::Header => Some(self.cursor.clone()),
            Cursor::HeaderAndQuery(parameter) => {
                query.push((parameter.to_string(), self.cursor.clone()));
                Some(self.cursor.clone())
            }
        };
        Request {
            attempt: self.attempt,
            query,
            last_event_id: cursor,
        }
    }

    pub(super) fn opened(&mut self, now: Millis, response: &Response) {
        self.phase = Phase::Open { since: now };
        self.alive(now);
        self.received = false;
        self.intake.opened(&self.config.spec);
        self.token_renewed = false;
        self.decoder.finish();
        self.native_id.clear();
        self.set_state(State::Open);
        self.report(Report::Opened {
            status: response.status,
            url: response.url.clone(),
            redirected: response.redirected,
        });
        let recovery = self.config.spec.recovery;
        if self.resuming && recovery == Recovery::None {
            let resumed = self.resumed(self.cursor.clone());
            self.report(resumed);
        } else if self.resuming {
            // Cut again before it was told: it is told once, from where it first broke.
            self.untold.get_or_insert_with(|| self.cursor.clone());
        }
        let replays = recovery == Recovery::History || self.untold.is_some();
        self.start = replays.then_some(Start {
            since: now,
            last: now,
        });
        self.resuming = true;
    }
}
