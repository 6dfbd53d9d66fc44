//! The body of every response: it counts, stalls, drips and ends when it is told to.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::Sleep;

use crate::{
    requests::{ExchangeState, OpenExchange, lock},
    stream::Ending,
};

/// A body that is held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stall {
    /// From which byte on.
    pub(crate) after: u64,
    /// How often a comment goes out meanwhile. It needs the start of a line, so that such a stall
    /// begins between two frames.
    pub(crate) comments: Option<Duration>,
    /// How long it lasts.
    pub(crate) lasts: Option<Duration>,
}

/// A body in pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Drip {
    /// Bytes of each piece, at least one.
    pub(crate) bytes: usize,
    /// The pause after each piece.
    pub(crate) every: Duration,
}

/// A body that counts, stalls, drips and ends when its exchange says so.
#[derive(Debug)]
pub(crate) struct ControlledBody {
    inner: Body,
    /// What is left of a frame that could not go out whole.
    rest: Bytes,
    sent: u64,
    /// The stall that holds the body now.
    held: Option<Held>,
    /// The pause between two pieces.
    pace: Option<Pin<Box<Sleep>>>,
    /// A body of known length has no room for a comment.
    has_length: bool,
    exchange: OpenExchange,
}

/// A stall with its clocks, which run since it began.
#[derive(Debug)]
struct Held {
    stall: Stall,
    end: Option<Pin<Box<Sleep>>>,
    comment: Option<Pin<Box<Sleep>>>,
}

/// What a stalled body does.
enum Stalled {
    Comment(Bytes),
    Over,
}

/// What goes on while a body is stalled with comments.
const COMMENT: &[u8] = b": stalled\n\n";

impl Held {
    fn new(stall: Stall, has_length: bool) -> Self {
        let sleep = |duration| Box::pin(tokio::time::sleep(duration));
        Self {
            stall,
            end: stall.lasts.map(sleep),
            comment: stall.comments.filter(|_| !has_length).map(sleep),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Stalled> {
        if let Some(end) = &mut self.end
            && end.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Stalled::Over);
        }
        if let (Some(comment), Some(every)) = (&mut self.comment, self.stall.comments)
            && comment.as_mut().poll(cx).is_ready()
        {
            comment.set(tokio::time::sleep(every));
            return Poll::Ready(Stalled::Comment(Bytes::from_static(COMMENT)));
        }
        Poll::Pending
    }
}

/// What the controls allow the body to do now.
enum Leave {
    /// To end.
    End(Ending),
    /// Nothing, as long as this stall holds.
    Stall(Stall),
    /// To send up to so many bytes.
    Send(u64, Option<Drip>),
}

impl ControlledBody {
    pub(crate) fn new(inner: Body, exchange: OpenExchange) -> Self {
        Self {
            has_length: inner.size_hint().exact().is_some(),
            inner,
            rest: Bytes::new(),
            sent: 0,
            held: None,
            pace: None,
            exchange,
        }
    }

    fn leave(&self, cx: &Context<'_>) -> Leave {
        let mut control = lock(&self.exchange.exchange().control);
        control.waker = Some(cx.waker().clone());
        let mut room = u64::MAX;
        if let Some((after, ending)) = control.cut {
            if after <= self.sent {
                return Leave::End(ending);
            }
            room = after - self.sent;
        }
        if let Some(stall) = control.stall {
            let between_lines = stall.comments.is_none() || self.rest.is_empty();
            if stall.after <= self.sent && between_lines {
                return Leave::Stall(stall);
            }
            if stall.comments.is_none() {
                room = room.min(stall.after - self.sent);
            }
        }
        Leave::Send(room, control.drip)
    }

    /// Hands `data` on, as far as there is room, and keeps what is left of it.
    fn send(
        &mut self,
        mut data: Bytes,
        room: u64,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        if data.len() > room {
            self.rest = data.split_off(room);
        }
        self.sent += data.len() as u64;
        lock(&self.exchange.exchange().record).bytes_sent = self.sent;
        Poll::Ready(Some(Ok(Frame::data(data))))
    }
}

impl http_body::Body for ControlledBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let (room, drip) = loop {
            match this.leave(cx) {
                Leave::End(Ending::Clean) => {
                    this.exchange.exchange().settle(ExchangeState::Finished);
                    return Poll::Ready(None);
                }
                Leave::End(ending) => {
                    this.exchange.exchange().end_after_flush(ending);
                    return Poll::Pending;
                }
                Leave::Stall(stall) => {
                    let has_length = this.has_length;
                    let held = match this.held.take() {
                        Some(held) if held.stall == stall => held,
                        _ => Held::new(stall, has_length),
                    };
                    match std::task::ready!(this.held.insert(held).poll(cx)) {
                        Stalled::Comment(comment) => return this.send(comment, u64::MAX),
                        Stalled::Over => this.exchange.exchange().stall(None),
                    }
                }
                Leave::Send(room, drip) => break (room, drip),
            }
        };
        this.held = None;
        if let Some(pace) = &mut this.pace {
            std::task::ready!(pace.as_mut().poll(cx));
            this.pace = None;
        }
        let data = if this.rest.is_empty() {
            match std::task::ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => data,
                    Err(_) => {
                        // Nothing here sends trailers.
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    this.exchange.exchange().settle(ExchangeState::Finished);
                    return Poll::Ready(None);
                }
            }
        } else {
            std::mem::take(&mut this.rest)
        };
        let Some(drip) = drip else {
            return this.send(data, room);
        };
        this.pace = Some(Box::pin(tokio::time::sleep(drip.every)));
        this.send(data, room.min(drip.bytes as u64))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    /// Of what is left: hyper asks at the head, and needs no hint after it.
    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for ControlledBody {
    fn drop(&mut self) {
        // A body of known length is not asked for its end.
        if self.is_end_stream() {
            self.exchange.exchange().settle(ExchangeState::Finished);
        }
    }
}
