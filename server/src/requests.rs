//! The log of requests, and the handle by which a running response is watched, cut and stalled.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Instant,
};

use axum::body::Body;
use hyper::{HeaderMap, Method};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    body::{ControlledBody, Drip, Stall},
    socket::SocketControl,
    stream::Ending,
};

/// Requests kept for each namespace; older ones are forgotten.
pub(crate) const LOG_LENGTH: usize = 10_000;

/// Bytes of request bodies kept for each namespace; beyond, too, older requests are forgotten.
pub(crate) const LOGGED_BODY_BYTES: usize = 64 << 20;

/// Where a response stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExchangeState {
    /// The response is under way, or has not begun.
    Open,
    /// The body was ended properly.
    Finished,
    /// The client closed its end first.
    ClientGone,
    /// The server closed or reset the socket in the middle.
    Cut,
}

/// A request as the log shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RequestRecord {
    /// Its number in the namespace, from 1.
    pub seq: u64,
    /// Milliseconds from the creation of the namespace to the request's head.
    pub at_ms: u64,
    /// The method.
    pub method: String,
    /// The path, without the namespace's prefix.
    pub path: String,
    /// The query, undecoded, without the question mark.
    pub query: String,
    /// The headers under lower-case names; repeated ones are joined with `, `.
    pub headers: Map<String, Value>,
    /// The body as text.
    pub body: String,
    /// The status that was answered, once it was.
    pub status: Option<u16>,
    /// Where the response stands.
    pub state: ExchangeState,
    /// Bytes of the body that were handed to the connection, without chunk framing.
    pub bytes_sent: u64,
}

/// A response that is under way, as `/_tidewire/connections` shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConnectionRecord {
    /// The `seq` of its request.
    pub id: u64,
    /// The request's path.
    pub path: String,
    /// Milliseconds since the request's head.
    pub since_ms: u64,
    /// Bytes of the body so far.
    pub bytes_sent: u64,
    /// `open` or `stalled`.
    pub state: String,
}

/// One request and its response.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) record: Mutex<RequestRecord>,
    pub(crate) control: Mutex<BodyControl>,
    began: Instant,
    socket: Arc<SocketControl>,
}

/// What was ordered of a response's body.
#[derive(Debug, Default)]
pub(crate) struct BodyControl {
    pub(crate) stall: Option<Stall>,
    pub(crate) drip: Option<Drip>,
    /// At which byte of the body the response ends, and how.
    pub(crate) cut: Option<(u64, Ending)>,
    pub(crate) waker: Option<Waker>,
}

impl Exchange {
    pub(crate) fn record(&self) -> RequestRecord {
        lock(&self.record).clone()
    }

    pub(crate) fn connection(&self) -> ConnectionRecord {
        let record = lock(&self.record);
        ConnectionRecord {
            id: record.seq,
            path: record.path.clone(),
            since_ms: millis(self.began),
            bytes_sent: record.bytes_sent,
            state: match lock(&self.control).stall {
                Some(stall) if stall.after <= record.bytes_sent => "stalled".into(),
                _ => "open".into(),
            },
        }
    }

    fn body_length(&self) -> usize {
        lock(&self.record).body.len()
    }

    pub(crate) fn seq(&self) -> u64 {
        lock(&self.record).seq
    }

    pub(crate) fn state(&self) -> ExchangeState {
        lock(&self.record).state
    }

    /// Ends the response at byte `after` of its body, or now.
    pub(crate) fn cut(&self, ending: Ending, after: Option<u64>) {
        {
            let mut control = lock(&self.control);
            control.stall = control.stall.filter(|_| after.is_some());
            control.cut = Some((after.unwrap_or(0), ending));
            control.wake();
        }
        if after.is_none() && ending != Ending::Clean {
            // The body is not asked while the client does not read, so the socket is told as well.
            self.settle(ExchangeState::Cut);
            self.socket.end_now(ending);
        }
    }

    /// Closes or resets the socket when all that was handed to the connection is written.
    pub(crate) fn end_after_flush(&self, ending: Ending) {
        self.settle(ExchangeState::Cut);
        self.socket.end_after_flush(ending);
    }

    /// Closes or resets the socket before any byte of a response.
    pub(crate) fn refuse(&self, ending: Ending) {
        let ending = match ending {
            Ending::Rst => Ending::Rst,
            Ending::Clean | Ending::Fin => Ending::Fin,
        };
        self.cut(ending, None);
    }

    /// Holds the body back, or lets it go on.
    pub(crate) fn stall(&self, stall: Option<Stall>) {
        let mut control = lock(&self.control);
        control.stall = stall;
        control.wake();
    }

    /// Sends the body in pieces, or as it comes.
    pub(crate) fn drip(&self, drip: Option<Drip>) {
        let mut control = lock(&self.control);
        control.drip = drip;
        control.wake();
    }

    /// The first end counts.
    pub(crate) fn settle(&self, state: ExchangeState) {
        let mut record = lock(&self.record);
        if record.state == ExchangeState::Open {
            record.state = state;
        }
    }
}

impl BodyControl {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// Holds an exchange open. Dropped without an end, it means that the client left.
#[derive(Debug)]
pub(crate) struct OpenExchange(Arc<Exchange>);

impl OpenExchange {
    pub(crate) fn exchange(&self) -> &Arc<Exchange> {
        &self.0
    }

    /// Puts the response's body under control.
    pub(crate) fn respond(self, status: u16, body: Body) -> ControlledBody {
        lock(&self.0.record).status = Some(status);
        ControlledBody::new(body, self)
    }
}

impl Drop for OpenExchange {
    fn drop(&mut self) {
        self.0.settle(ExchangeState::ClientGone);
    }
}

/// The requests of one namespace.
#[derive(Debug)]
pub(crate) struct RequestLog {
    began: Instant,
    inner: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    next: u64,
    ring: VecDeque<Arc<Exchange>>,
    /// Lengths of the bodies in the ring.
    body_bytes: usize,
    /// What is under way, which may have left the ring.
    open: Vec<Arc<Exchange>>,
}

impl RequestLog {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            inner: Mutex::default(),
        }
    }

    /// Enters a request whose head has come.
    pub(crate) fn begin(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        socket: Arc<SocketControl>,
    ) -> OpenExchange {
        let mut entries = lock(&self.inner);
        entries.next += 1;
        let exchange = Arc::new(Exchange {
            record: Mutex::new(RequestRecord {
                seq: entries.next,
                at_ms: millis(self.began),
                method: method.to_string(),
                path: path.into(),
                query: query.into(),
                headers: header_map(headers),
                body: String::new(),
                status: None,
                state: ExchangeState::Open,
                bytes_sent: 0,
            }),
            control: Mutex::default(),
            began: Instant::now(),
            socket,
        });
        if entries.ring.len() == LOG_LENGTH {
            entries.forget_oldest();
        }
        entries.ring.push_back(Arc::clone(&exchange));
        entries
            .open
            .retain(|open| open.state() == ExchangeState::Open);
        entries.open.push(Arc::clone(&exchange));
        OpenExchange(exchange)
    }

    /// Enters the body that belongs to a request.
    pub(crate) fn set_body(&self, exchange: &Arc<Exchange>, body: &[u8]) {
        let mut entries = lock(&self.inner);
        let is_kept = |kept: &Arc<Exchange>| Arc::ptr_eq(kept, exchange);
        // Looked for from its own end: the newest is last.
        if entries.ring.iter().rev().any(is_kept) {
            let text = String::from_utf8_lossy(body).into_owned();
            entries.body_bytes += text.len();
            lock(&exchange.record).body = text;
        }
        while entries.body_bytes > LOGGED_BODY_BYTES {
            entries.forget_oldest();
        }
    }

    /// Takes an entry out again: a static file is nobody's request.
    pub(crate) fn forget(&self, seq: u64) {
        let mut entries = lock(&self.inner);
        let place = entries
            .ring
            .iter()
            .rposition(|exchange| exchange.seq() == seq);
        if let Some(exchange) = place.and_then(|place| entries.ring.remove(place)) {
            entries.body_bytes -= exchange.body_length();
        }
    }

    pub(crate) fn clear(&self) {
        let mut entries = lock(&self.inner);
        entries.ring.clear();
        entries.body_bytes = 0;
    }

    pub(crate) fn records(&self, path: Option<&str>) -> Vec<RequestRecord> {
        let ring: Vec<_> = lock(&self.inner).ring.iter().cloned().collect();
        ring.iter()
            .map(|exchange| exchange.record())
            .filter(|record| path.is_none_or(|path| record.path == path))
            .collect()
    }

    pub(crate) fn open(&self) -> Vec<Arc<Exchange>> {
        let mut entries = lock(&self.inner);
        entries
            .open
            .retain(|open| open.state() == ExchangeState::Open);
        entries.open.clone()
    }
}

impl Entries {
    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.ring.pop_front() {
            self.body_bytes -= oldest.body_length();
        }
    }
}

fn header_map(headers: &HeaderMap) -> Map<String, Value> {
    let mut map = Map::new();
    for name in headers.keys() {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        map.insert(name.as_str().into(), values.join(", ").into());
    }
    map
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(log: &RequestLog) -> OpenExchange {
        let socket = Arc::new(SocketControl::default());
        log.begin(&Method::GET, "/a", "", &HeaderMap::new(), socket)
    }

    #[test]
    fn the_log_forgets_the_oldest_but_not_what_is_still_open() {
        let log = RequestLog::new();
        let open = begin(&log);
        for _ in 0..LOG_LENGTH {
            begin(&log);
        }
        let records = log.records(None);
        assert_eq!(records.len(), LOG_LENGTH);
        assert_eq!(records[0].seq, 2);
        let still_open = log.open();
        assert_eq!(still_open.len(), 1);
        assert!(Arc::ptr_eq(&still_open[0], open.exchange()));
    }

    #[test]
    fn long_bodies_push_older_requests_out() {
        let log = RequestLog::new();
        let body = vec![b'x'; LOGGED_BODY_BYTES / 2];
        for _ in 0..3 {
            let open = begin(&log);
            log.set_body(open.exchange(), &body);
        }
        let seqs: Vec<_> = log.records(None).iter().map(|record| record.seq).collect();
        assert_eq!(seqs, [2, 3]);
        log.clear();
        let open = begin(&log);
        log.set_body(open.exchange(), &body);
        log.forget(open.exchange().seq());
        assert_eq!(lock(&log.inner).body_bytes, 0);
    }
}
