//! What arrives of a stream: bytes, or events that the browser has decoded.

use super::*;
use crate::connection::deliver::{Delivered, Incoming, Judged};
use crate::connection::sink::Event;
use crate::profiles::{Cursor, Heartbeat};
use crate::wire::{Item, Message, Text, Whole, replace};
use alloc::{borrow::ToOwned, string::String};

impl Connection {
    /// Bytes of the stream. Returns how many were used: less than all when `sink` asked to pause,
    /// and the rest is given again later.
    ///
    /// It is compiled for each kind of sink, into whose code it goes: this is where all the time is.
    #[inline]
    pub fn chunk<S: Sink>(&mut self, now: Millis, bytes: &[u8], sink: &mut S) -> usize {
        let mut whole = Whole::of(bytes);
        // The id of the latest message: kept before anything asks for it, and not at each of them.
        let mut latest = None;
        let mut on_both = false;
        self.alive(now);
        while matches!(self.phase, Phase::Open { .. }) {
            let mut id = None;
            let message = if let Some(message) = self.decoder.next_whole(&mut whole) {
                id = message.id.and_then(Text::known_str);
                let has_id = message.id.is_some();
                if let Some(own) = message.id
                    && id.is_none()
                {
                    // To be looked at as text first, which is seldom.
                    self.keep(&mut latest);
                    self.decoder.remember(own);
                }
                let message = Message {
                    event: message.event,
                    data: message.data,
                    last_event_id: id
                        .or(latest)
                        .unwrap_or_else(|| self.decoder.last_event_id()),
                    has_id,
                };
                let judged = match (has_id && id.is_none()) || self.candidate.is_some() {
                    true => Judged::Open,
                    false => {
                        let name = message.event_type();
                        let spec = &self.config.spec;
                        self.intake
                            .judge(spec, &self.subscription, name.as_bytes(), id)
                    }
                };
                match judged {
                    Judged::Open => message,
                    Judged::Dropped => {
                        self.something_came();
                        latest = id.or(latest);
                        continue;
                    }
                    Judged::Passes(index) => {
                        let flow = sink.event(Event {
                            index,
                            name: message.event_type(),
                            data: message.data,
                            id,
                            last_event_id: message.last_event_id,
                            replayed: false,
                        });
                        self.something_came();
                        latest = id.or(latest);
                        match flow {
                            Flow::More => continue,
                            Flow::Pause => break,
                        }
                    }
                }
            } else {
                self.keep(&mut latest);
                let mut input = whole.rest();
                let item = self.decoder.next(&mut input);
                whole = Whole::of(input);
                match item {
                    Some(Ok(Item::Message(message))) => message,
                    Some(Err(error)) => {
                        self.too_large(&error.message(), sink);
                        break;
                    }
                    Some(Ok(Item::Comment(_))) => {
                        self.heartbeat_seen |=
                            matches!(self.config.spec.heartbeat, Heartbeat::Comment(_));
                        continue;
                    }
                    Some(Ok(Item::Retry(retry))) => {
                        if let Some(backoff) = &mut self.config.backoff {
                            backoff.set_retry(retry);
                        }
                        continue;
                    }
                    Some(Ok(Item::Id)) => {
                        self.keep_cursor();
                        continue;
                    }
                    None => break,
                }
            };
            let incoming = Incoming::of(&message);
            if let Some(candidate) = &self.candidate {
                let key = self.intake.key(&self.config.spec, incoming);
                on_both |= key.is_some_and(|key| candidate.has(key));
            }
            let spec = &self.config.spec;
            let delivered = self.intake.take(spec, &self.subscription, incoming, sink);
            // An id that sticks from an event before is no cursor of this one.
            let moves_cursor = message.has_id && !has(&delivered, Flags::NO_CURSOR);
            match id {
                Some(_) if moves_cursor => latest = id,
                Some(id) => {
                    self.keep(&mut latest);
                    self.decoder.remember(Text::from(id));
                }
                None if moves_cursor => self.keep_cursor(),
                None => {}
            }
            self.something_came();
            let flow = match delivered {
                Delivered::Event { flags, flow }
                    if !flags.has(Flags::TERMINAL) && !self.intake.is_full() =>
                {
                    self.heartbeat_seen |= flags.has(Flags::HEARTBEAT);
                    flow
                }
                _ => {
                    self.keep(&mut latest);
                    self.delivered(delivered, sink)
                }
            };
            if flow == Flow::Pause {
                break;
            }
        }
        self.keep(&mut latest);
        if on_both && self.is_open() {
            // What is left of these bytes comes on the other stream too, or is not wanted.
            let _ = self.switch(now, sink);
            return bytes.len();
        }
        match self.phase {
            Phase::Open { .. } => bytes.len() - whole.rest().len(),
            // Nothing of a stream that is over is read.
            _ => bytes.len(),
        }
    }

    /// Makes an id that waits for it the last event ID, and the cursor.
    #[inline]
    fn keep(&mut self, latest: &mut Option<&str>) {
        if let Some(id) = latest.take() {
            self.decoder.remember(Text::from(id));
            self.keep_cursor();
        }
    }

    /// Makes the last event ID the cursor.
    #[inline(never)]
    fn keep_cursor(&mut self) {
        let id = self.decoder.last_event_id();
        keep_cursor(&self.config.spec, &mut self.cursor, id);
    }

    #[cold]
    fn too_large(&mut self, message: &str, sink: &mut dyn Sink) {
        let _ = self.settle(sink);
        self.reject(Error::told(ErrorKind::TooLarge, &[message]));
    }

    /// An event that the browser's `EventSource` has decoded.
    pub fn message(
        &mut self,
        now: Millis,
        name: &str,
        data: &str,
        last_event_id: &str,
        sink: &mut dyn Sink,
    ) {
        if !matches!(self.phase, Phase::Open { .. }) {
            return;
        }
        self.alive(now);
        let changed = self.native_id != last_event_id;
        if changed {
            last_event_id.clone_into(&mut self.native_id);
            self.decoder.set_last_event_id(last_event_id);
        }
        let incoming = Incoming {
            name: Text::from(name),
            data: Text::from(data),
            id: changed.then_some(last_event_id),
            last_event_id: self.decoder.last_event_id(),
        };
        let spec = &self.config.spec;
        let delivered = self
            .intake
            .take(spec, &self.subscription, incoming, &mut &mut *sink);
        if changed && !has(&delivered, Flags::NO_CURSOR) {
            keep_cursor(spec, &mut self.cursor, last_event_id);
        }
        let _ = self.delivered(delivered, sink);
    }

    #[inline]
    pub(super) fn delivered(&mut self, delivered: Delivered, sink: &mut dyn Sink) -> Flow {
        self.something_came();
        match delivered {
            Delivered::Event { flags, flow } if !flags.has(Flags::TERMINAL) => {
                self.heartbeat_seen |= flags.has(Flags::HEARTBEAT);
                match self.intake.is_full() {
                    true => self.settle(sink),
                    false => flow,
                }
            }
            Delivered::Event { .. } | Delivered::EndMark => {
                let _ = self.settle(sink);
                self.end(Action::Finish, CloseReason::Ended, None);
                Flow::More
            }
        }
    }
}

#[inline]
pub(super) fn has(delivered: &Delivered, flag: Flags) -> bool {
    matches!(delivered, Delivered::Event { flags, .. } if flags.has(flag))
}

#[inline]
pub(super) fn keep_cursor(spec: &Spec, cursor: &mut String, id: &str) {
    if spec.cursor != Cursor::None {
        replace(cursor, id);
    }
}
