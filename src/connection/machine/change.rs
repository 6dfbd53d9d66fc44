//! A filter that the open stream does not carry: make before break.
//!
//! A second stream, the candidate, is opened beside the first. What comes on it is held until an
//! event was seen on both, so that nothing lies between the two; then the first is given up and
//! the candidate takes its place, after the first in order, and without what the first brought.

use super::reading::{has, keep_cursor};
use super::*;
use crate::connection::deliver::{Incoming, Intake};
use crate::connection::identity::{Key, Seen};
use crate::profiles::Identity;
use crate::wire::{Item, Text};
use alloc::{boxed::Box, vec::Vec};

/// Milliseconds within which the candidate must be open.
const OPEN_WITHIN: Millis = 5_000;

/// Milliseconds that the two streams overlap at the most.
const OVERLAP: Millis = 5_000;

/// Events, and their bytes, that are held at the most.
const HELD: usize = 2_048;
const HELD_BYTES: usize = 16 * 1024 * 1024;

/// The stream that is to take over.
#[derive(Debug)]
pub(super) struct Candidate {
    subscription: Arc<Subscription>,
    begun: Millis,
    step: Step,
    /// What the server said, while the rest of its refusal is awaited.
    refusal: Option<Error>,
    decoder: Decoder,
    held: AllHeld,
}

/// What came on it.
#[derive(Debug, Default)]
struct AllHeld {
    events: Vec<Held>,
    bytes: usize,
    /// What tells the events apart.
    keys: Seen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Token,
    Opening,
    Open { since: Millis },
}

#[derive(Debug)]
struct Held {
    name: Box<[u8]>,
    data: Box<[u8]>,
    has_id: bool,
    last_event_id: Box<str>,
}

impl Candidate {
    /// Whether this event came on it.
    pub(super) fn has(&self, key: Key) -> bool {
        self.held.keys.knows(key)
    }

    fn is_open(&self) -> bool {
        matches!(self.step, Step::Open { .. })
    }

    fn due(&self) -> Millis {
        match self.step {
            Step::Token | Step::Opening => self.begun.saturating_add(OPEN_WITHIN),
            Step::Open { since } => since.saturating_add(OVERLAP),
        }
    }
}

impl AllHeld {
    /// Holds an event back. Answers whether it is time to switch: the event came on the first
    /// stream too, or there is no room for another.
    #[inline(never)]
    fn hold(&mut self, intake: &Intake, spec: &Spec, incoming: Incoming<'_>) -> bool {
        let (data, last_event_id) = (incoming.data.as_bytes(), incoming.last_event_id);
        self.bytes += data.len() + last_event_id.len();
        self.events.push(Held {
            name: incoming.name.as_bytes().into(),
            data: data.into(),
            has_id: incoming.id.is_some(),
            last_event_id: last_event_id.into(),
        });
        let is_full = self.events.len() >= HELD || self.bytes >= HELD_BYTES;
        let Some(key) = intake.key(spec, incoming) else {
            return is_full;
        };
        self.keys.remember(key);
        is_full || intake.knows(key)
    }
}

impl Connection {
    /// Opens a candidate for this subscription.
    pub(super) fn change(&mut self, now: Millis, subscription: Arc<Subscription>) {
        let mut decoder = Decoder::with_max_event_bytes(self.config.max_event_bytes);
        decoder.set_last_event_id(self.decoder.last_event_id());
        self.candidate = Some(Candidate {
            subscription,
            begun: now,
            step: Step::Token,
            refusal: None,
            decoder,
            held: AllHeld::default(),
        });
        self.attempt = self.attempt.saturating_add(1);
        if self.config.has_token {
            self.actions.push(Action::Token {
                attempt: self.attempt,
                reason: Reason::Filter,
            });
        } else {
            self.open_candidate();
        }
    }

    /// The token that the candidate waits for is there.
    pub(super) fn open_candidate(&mut self) {
        let Some(candidate) = &mut self.candidate else {
            return;
        };
        if candidate.step == Step::Token {
            candidate.step = Step::Opening;
            let subscription = Arc::clone(&candidate.subscription);
            let request = self.request(&subscription);
            self.actions.push(Action::OpenCandidate(request));
        }
    }

    /// When the candidate has to be looked after.
    pub(super) fn candidate_due(&self) -> Option<Millis> {
        self.candidate.as_ref().map(Candidate::due)
    }

    /// That time has come.
    pub(super) fn candidate_timeout(&mut self, now: Millis, sink: &mut dyn Sink) -> Flow {
        match self.candidate.as_ref().map(|candidate| candidate.step) {
            Some(Step::Open { .. }) => self.switch(now, sink),
            Some(Step::Token | Step::Opening) => {
                let refusal = self.candidate.as_mut().and_then(|it| it.refusal.take());
                self.keep_old(refusal.unwrap_or_else(|| {
                    let what = "the stream for the new filter did not open within ";
                    Error::late(ErrorKind::Timeout, what, OPEN_WITHIN)
                }));
                Flow::More
            }
            None => Flow::More,
        }
    }

    /// The head of the candidate's refusal is there, and so much of its body.
    pub fn candidate_refused(&mut self, response: &Response, body: &str) {
        let verdict = verdict(&self.config.spec, response, body);
        if let (
            Some(candidate),
            Verdict::Unauthorized(error) | Verdict::Retry(error) | Verdict::Final(error),
        ) = (&mut self.candidate, verdict)
        {
            candidate.refusal = Some(error);
        }
    }

    /// The head of the candidate's response is there, and of a refusal the start of its body.
    pub fn candidate_response(
        &mut self,
        now: Millis,
        response: &Response,
        body: &str,
        sink: &mut dyn Sink,
    ) -> Flow {
        let Some(candidate) = self
            .candidate
            .as_mut()
            .filter(|it| it.step == Step::Opening)
        else {
            return Flow::More;
        };
        match verdict(&self.config.spec, response, body) {
            Verdict::Stream => candidate.step = Step::Open { since: now },
            Verdict::Ended => {
                let message = "the server has nothing for the new filter (204)";
                self.keep_old(Error {
                    status: 204,
                    ..Error::told(ErrorKind::Status, &[message])
                });
                return Flow::More;
            }
            Verdict::Unauthorized(error) | Verdict::Retry(error) | Verdict::Final(error) => {
                self.keep_old(error);
                return Flow::More;
            }
        }
        // Where no event is on both streams, or none can be recognised, there is nothing to wait
        // for.
        let common = candidate.subscription.overlaps(&self.asked);
        let recognisable = self.config.spec.identity != Identity::None;
        self.subscription = Arc::clone(&candidate.subscription);
        if !common || !recognisable {
            if common {
                self.report(Report::Gap {
                    reason: GapReason::Filter,
                    last_event_id: self.cursor.clone(),
                });
            }
            return self.switch(now, sink);
        }
        Flow::More
    }

    /// Bytes of the candidate: all are taken.
    pub fn candidate_chunk(&mut self, now: Millis, bytes: &[u8], sink: &mut dyn Sink) -> Flow {
        let mut input = bytes;
        let mut is_time = false;
        let Some(candidate) = self.candidate.as_mut().filter(|it| it.is_open()) else {
            return Flow::More;
        };
        while let Some(item) = candidate.decoder.next(&mut input) {
            match item {
                Ok(Item::Message(message)) => {
                    let incoming = Incoming::of(&message);
                    let spec = &self.config.spec;
                    is_time |= candidate.held.hold(&self.intake, spec, incoming);
                }
                Ok(Item::Retry(retry)) => {
                    if let Some(backoff) = &mut self.config.backoff {
                        backoff.set_retry(retry);
                    }
                }
                Ok(Item::Comment(_) | Item::Id) => {}
                Err(error) => {
                    let error = Error::new(ErrorKind::TooLarge, error.message());
                    self.keep_old(error);
                    return Flow::More;
                }
            }
        }
        match is_time {
            true => self.switch(now, sink),
            false => Flow::More,
        }
    }

    /// An event of the candidate that the browser's `EventSource` has decoded.
    pub fn candidate_message(
        &mut self,
        now: Millis,
        name: &str,
        data: &str,
        last_event_id: &str,
        sink: &mut dyn Sink,
    ) -> Flow {
        let Some(candidate) = self.candidate.as_mut().filter(|it| it.is_open()) else {
            return Flow::More;
        };
        let incoming = Incoming {
            name: Text::from(name),
            data: Text::from(data),
            id: (!last_event_id.is_empty()).then_some(last_event_id),
            last_event_id,
        };
        candidate.decoder.set_last_event_id(last_event_id);
        let spec = &self.config.spec;
        match candidate.held.hold(&self.intake, spec, incoming) {
            true => self.switch(now, sink),
            false => Flow::More,
        }
    }

    /// The candidate failed or ended: the old stream stays, with the old filter.
    pub fn candidate_failed(&mut self, message: &str) {
        if self.candidate.is_some() {
            self.keep_old(Error::told(ErrorKind::Network, &[message]));
        }
    }

    /// The first stream is over. Answers whether the candidate has taken its place.
    pub(super) fn take_over(&mut self, now: Millis, sink: &mut dyn Sink) -> bool {
        let open = matches!(
            self.candidate,
            Some(Candidate {
                step: Step::Open { .. },
                ..
            })
        );
        if open {
            let _ = self.switch(now, sink);
        } else {
            self.adopt();
        }
        open
    }

    /// The candidate's filter holds from the next attempt on, and the candidate is not needed.
    pub(super) fn adopt(&mut self) {
        if let Some(candidate) = self.candidate.take() {
            self.actions.push(Action::AbortCandidate);
            self.subscription = candidate.subscription;
            self.report(Report::FilterChanged { error: None });
        }
    }

    /// Another filter, or the end, came before the candidate could take over.
    pub(super) fn supersede(&mut self) {
        if self.candidate.is_some() {
            let message = "another filter, or the end of the stream, came first";
            self.keep_old(Error::told(ErrorKind::Filter, &[message]));
        }
    }

    fn keep_old(&mut self, error: Error) {
        if self.candidate.take().is_some() {
            self.actions.push(Action::AbortCandidate);
            self.subscription = Arc::clone(&self.asked_for);
            self.report(Report::FilterChanged { error: Some(error) });
        }
    }

    /// The candidate becomes the stream, and what it held is handed over.
    pub(super) fn switch(&mut self, now: Millis, sink: &mut dyn Sink) -> Flow {
        let Some(candidate) = self.candidate.take() else {
            return Flow::More;
        };
        let mut flow = self.settle(sink);
        self.actions.push(Action::Promote);
        self.decoder = candidate.decoder;
        self.asked = Arc::clone(&candidate.subscription);
        self.asked_for = Arc::clone(&candidate.subscription);
        self.subscription = candidate.subscription;
        self.phase = Phase::Open { since: now };
        self.alive(now);
        self.intake.opened(&self.config.spec, None);
        let replays = self.config.spec.recovery == Recovery::History;
        self.start = replays.then_some(Start {
            since: now,
            last: now,
        });
        for held in &candidate.held.events {
            let incoming = Incoming {
                name: Text::from(&*held.name),
                data: Text::from(&*held.data),
                id: held.has_id.then_some(&*held.last_event_id),
                last_event_id: &held.last_event_id,
            };
            let delivered = self.intake.take(
                &self.config.spec,
                &self.subscription,
                incoming,
                &mut &mut *sink,
            );
            if held.has_id && !has(&delivered, Flags::NO_CURSOR) {
                keep_cursor(&self.config.spec, &mut self.cursor, &held.last_event_id);
            }
            // What is held is bounded, and handed over whole.
            flow = self.delivered(delivered, sink);
        }
        self.report(Report::FilterChanged { error: None });
        flow
    }
}
