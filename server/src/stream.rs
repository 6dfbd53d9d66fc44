//! The body of a live stream: a bounded queue between a system and one client.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Poll, Waker},
};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body::Frame;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};

use crate::{
    namespace::{AudienceGuard, Namespace},
    requests::Exchange,
    systems::System,
};

/// How much may wait for one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Frames.
    pub events: usize,
    /// Bytes in all.
    pub bytes: usize,
}

impl Default for Limits {
    /// Enough for any burst of a test, little enough for a thousand clients that never read.
    fn default() -> Self {
        Self {
            events: 65_536,
            bytes: 16 << 20,
        }
    }
}

/// How a response ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// The body is ended properly.
    Clean,
    /// The socket is closed in the middle of the body.
    Fin,
    /// The socket is reset.
    Rst,
}

/// Why a frame was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendError {
    /// The queue is full: the client does not read.
    Overflow,
    /// The client is gone, or the stream has been ended.
    Gone,
}

impl std::fmt::Display for SendError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Overflow => "the client does not read: its queue is full",
            Self::Gone => "the stream has ended",
        })
    }
}

impl std::error::Error for SendError {}

/// The half of a stream that becomes the response's body.
#[must_use = "a stream that is not returned as a response is closed at once"]
#[derive(Debug)]
pub(crate) struct EventStream {
    body: EventBody,
}

impl EventStream {
    /// A stream of `system` in `namespace`, and the sender that feeds it.
    pub(crate) fn open(
        namespace: &Namespace,
        system: System,
        limits: Limits,
    ) -> (EventSender, Self) {
        Self::new(limits, Some(namespace.join_audience(system)))
    }

    /// A stream that is no system's: live traffic does not flow for it.
    pub(crate) fn detached(limits: Limits) -> (EventSender, Self) {
        Self::new(limits, None)
    }

    fn new(limits: Limits, audience: Option<AudienceGuard>) -> (EventSender, Self) {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue {
                senders: 1,
                ..Queue::default()
            }),
            limits,
            gone: watch::Sender::new(false),
            room: Notify::new(),
            exchange: OnceLock::new(),
        });
        let sender = EventSender {
            shared: Arc::clone(&shared),
        };
        let body = EventBody {
            shared,
            _audience: audience,
        };
        (sender, Self { body })
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        let link = StreamLink(Arc::clone(&self.body.shared));
        let mut response = Response::new(Body::new(self.body));
        response.extensions_mut().insert(link);
        response
    }
}

/// The half of a stream that a system keeps. The body ends cleanly when the last clone is dropped.
#[derive(Debug)]
pub(crate) struct EventSender {
    shared: Arc<Shared>,
}

impl EventSender {
    /// Queues one frame.
    ///
    /// # Errors
    /// When the queue is full it stays as it is; the caller decides what that means.
    pub(crate) fn send(&self, frame: impl Into<Bytes>) -> Result<(), SendError> {
        let frame = frame.into();
        let mut queue = self.shared.lock();
        if queue.gone || queue.ending.is_some() {
            return Err(SendError::Gone);
        }
        let limits = self.shared.limits;
        // A single frame above the limit passes when nothing else waits.
        let too_long = queue.bytes + frame.len() > limits.bytes && !queue.frames.is_empty();
        if queue.frames.len() >= limits.events || too_long {
            return Err(SendError::Overflow);
        }
        queue.bytes += frame.len();
        queue.frames.push_back(frame);
        queue.wake();
        Ok(())
    }

    /// Queues one frame; a client that has let its queue fill up is cut off.
    ///
    /// # Errors
    /// As [`send`](Self::send); after an overflow the stream has ended.
    pub(crate) fn send_or_cut(&self, frame: impl Into<Bytes>) -> Result<(), SendError> {
        let outcome = self.send(frame);
        if outcome == Err(SendError::Overflow) {
            self.discard();
            self.finish(Ending::Fin);
            if let Some(exchange) = self.shared.exchange.get() {
                // The body may never be asked again, as the client reads nothing.
                exchange.cut(Ending::Fin, None);
            }
        }
        outcome
    }

    /// Queues one frame as soon as there is room.
    ///
    /// # Errors
    /// Only [`SendError::Gone`].
    pub(crate) async fn send_when_room(&self, frame: impl Into<Bytes>) -> Result<(), SendError> {
        let frame = frame.into();
        loop {
            let room = self.shared.room.notified();
            match self.send(frame.clone()) {
                Err(SendError::Overflow) => tokio::select! {
                    () = room => {}
                    () = self.gone() => return Err(SendError::Gone),
                },
                outcome => return outcome,
            }
        }
    }

    /// Resolves when the client is gone or the stream was cut from outside, even while nothing is
    /// written.
    pub(crate) async fn gone(&self) {
        let mut gone = self.shared.gone.subscribe();
        // The sender half lives in `self`, so waiting cannot fail.
        let _ = gone.wait_for(|gone| *gone).await;
    }

    /// Whether the client is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.shared.lock().gone
    }

    /// Ends the stream after what is queued. Nothing can be sent any more.
    pub(crate) fn finish(&self, ending: Ending) {
        let mut queue = self.shared.lock();
        queue.ending.get_or_insert(ending);
        queue.wake();
    }

    /// Throws away what is queued.
    pub(crate) fn discard(&self) {
        let mut queue = self.shared.lock();
        queue.frames = VecDeque::new();
        queue.bytes = 0;
    }
}

impl Clone for EventSender {
    fn clone(&self) -> Self {
        self.shared.lock().senders += 1;
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Drop for EventSender {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.senders -= 1;
        if queue.senders == 0 {
            queue.ending.get_or_insert(Ending::Clean);
            queue.wake();
        }
    }
}

/// How the engine finds the stream behind a response.
#[derive(Clone, Debug)]
pub(crate) struct StreamLink(Arc<Shared>);

impl StreamLink {
    /// Tells the stream which exchange it is the body of.
    pub(crate) fn connect(&self, exchange: Arc<Exchange>) {
        let _ = self.0.exchange.set(exchange);
    }
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    limits: Limits,
    gone: watch::Sender<bool>,
    room: Notify,
    exchange: OnceLock<Arc<Exchange>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Bytes>,
    bytes: usize,
    senders: usize,
    ending: Option<Ending>,
    /// The body was dropped.
    gone: bool,
    waker: Option<Waker>,
}

impl Queue {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

#[derive(Debug)]
struct EventBody {
    shared: Arc<Shared>,
    _audience: Option<AudienceGuard>,
}

impl http_body::Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut queue = self.shared.lock();
        if let Some(frame) = queue.frames.pop_front() {
            queue.bytes -= frame.len();
            drop(queue);
            self.shared.room.notify_waiters();
            return Poll::Ready(Some(Ok(Frame::data(frame))));
        }
        match queue.ending {
            Some(Ending::Clean) => Poll::Ready(None),
            Some(ending) => {
                drop(queue);
                match self.shared.exchange.get() {
                    Some(exchange) => {
                        exchange.end_after_flush(ending);
                        Poll::Pending
                    }
                    // Nobody to cut: a body outside of the server.
                    None => Poll::Ready(None),
                }
            }
            None => {
                queue.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for EventBody {
    fn drop(&mut self) {
        {
            let mut queue = self.shared.lock();
            queue.gone = true;
            queue.frames = VecDeque::new();
            queue.bytes = 0;
        }
        self.shared.gone.send_replace(true);
    }
}
