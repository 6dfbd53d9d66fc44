//! Responses scripted to the byte.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::{HeaderMap, Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    control::ControlError,
    requests::Exchange,
    stream::{Ending, EventSender, EventStream, Limits},
};

/// A response for the next matching requests.
///
/// ```
/// use tidewire_server::{Ending, Script};
///
/// let script = Script::get("/api/v1/events")
///     .header("content-type", "text/event-stream")
///     .write("data: whole\n\nda")
///     .pause_ms(5)
///     .end(Ending::Rst);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The method it answers.
    #[serde(default = "get")]
    pub method: String,
    /// The path it answers; a `*` at the end stands for any rest.
    pub path: String,
    /// How many requests it answers; 0 means every one until scripts are cleared.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One step of a [`Script`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StepForm", into = "StepForm")]
pub enum Step {
    /// Status and headers. Without this step it is 200 and `text/event-stream`.
    Head {
        /// The status code.
        status: u16,
        /// Header names and values.
        headers: Vec<(String, String)>,
    },
    /// Bytes of the body.
    Write(Vec<u8>),
    /// Silence.
    Pause(Duration),
    /// Text in pieces.
    Drip {
        /// The text.
        text: String,
        /// Bytes of each piece.
        bytes: usize,
        /// The pause after each piece.
        every: Duration,
    },
    /// Text over and over.
    Repeat {
        /// The text.
        text: String,
        /// Bytes in all; without end when none.
        bytes: Option<u64>,
    },
    /// Nothing more, and no end.
    Stall,
    /// The end; a script without one ends cleanly.
    End(Ending),
    /// The socket is closed before any byte of a response.
    Refuse,
}

impl Script {
    /// A script for the next request with that method and path, so far of no step.
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            times: 1,
            steps: Vec::new(),
        }
    }

    /// A script for the next GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// A script for the next POST.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path)
    }

    /// Answers that many requests; 0 means every one.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        *self.head().0 = status;
        self
    }

    /// A header of the answer.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.head().1.push((name.into(), value.into()));
        self
    }

    /// Bytes of the body.
    #[must_use]
    pub fn write(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.steps.push(Step::Write(bytes.into()));
        self
    }

    /// Milliseconds of silence.
    #[must_use]
    pub fn pause_ms(mut self, milliseconds: u64) -> Self {
        self.steps
            .push(Step::Pause(Duration::from_millis(milliseconds)));
        self
    }

    /// Text in pieces of `bytes`, one each `every_ms` milliseconds.
    #[must_use]
    pub fn drip(mut self, text: impl Into<String>, bytes: usize, every_ms: u64) -> Self {
        self.steps.push(Step::Drip {
            text: text.into(),
            bytes,
            every: Duration::from_millis(every_ms),
        });
        self
    }

    /// Text over and over, `bytes` in all, or without end. It is never in memory as a whole.
    #[must_use]
    pub fn repeat(mut self, text: impl Into<String>, bytes: Option<u64>) -> Self {
        self.steps.push(Step::Repeat {
            text: text.into(),
            bytes,
        });
        self
    }

    /// Nothing more, and no end.
    #[must_use]
    pub fn stall(mut self) -> Self {
        self.steps.push(Step::Stall);
        self
    }

    /// The end.
    #[must_use]
    pub fn end(mut self, ending: Ending) -> Self {
        self.steps.push(Step::End(ending));
        self
    }

    /// Closes the socket before any byte of a response.
    #[must_use]
    pub fn refuse(mut self) -> Self {
        self.steps.push(Step::Refuse);
        self
    }

    fn head(&mut self) -> (&mut u16, &mut Vec<(String, String)>) {
        let place = self
            .steps
            .iter()
            .position(|step| matches!(step, Step::Head { .. }))
            .unwrap_or_else(|| {
                self.steps.push(Step::Head {
                    status: 200,
                    headers: Vec::new(),
                });
                self.steps.len() - 1
            });
        match &mut self.steps[place] {
            Step::Head { status, headers } => (status, headers),
            _ => unreachable!("the place of a head"),
        }
    }

    fn answers(&self, method: &Method, path: &str) -> bool {
        let fits = match self.path.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => path == self.path,
        };
        fits && method.as_str().eq_ignore_ascii_case(&self.method)
    }
}

/// Scripts that may wait in one namespace.
const MAX_SCRIPTS: usize = 1_024;

/// The scripts that wait in one namespace.
#[derive(Debug, Default)]
pub(crate) struct Scripts {
    queued: Mutex<VecDeque<Script>>,
}

impl Scripts {
    /// # Errors
    /// When too many wait already.
    pub(crate) fn push(&self, script: Script) -> Result<(), ControlError> {
        let mut queued = self.lock();
        if queued.len() >= MAX_SCRIPTS {
            return Err(ControlError::bad_request(format!(
                "{MAX_SCRIPTS} scripts wait already; DELETE /_tidewire/script clears them"
            )));
        }
        queued.push_back(script);
        Ok(())
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// The steps for this request, taken off the first script that answers it.
    pub(crate) fn take(&self, method: &Method, path: &str) -> Option<Vec<Step>> {
        let mut queued = self.lock();
        let place = queued
            .iter()
            .position(|script| script.answers(method, path))?;
        let script = &mut queued[place];
        if script.times == 1 {
            return queued.remove(place).map(|script| script.steps);
        }
        script.times = script.times.saturating_sub(1);
        Some(script.steps.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Script>> {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Plays a script up to its head and leaves the rest to a task.
pub(crate) async fn play(steps: Vec<Step>, exchange: &Arc<Exchange>) -> Response {
    let head = steps
        .iter()
        .position(|step| matches!(step, Step::Head { .. }));
    let mut steps = VecDeque::from(steps);
    // Without a head step the default head goes out at once, unless the very first step ends it.
    let before = head.unwrap_or_else(|| {
        usize::from(matches!(
            steps.front(),
            Some(Step::Refuse | Step::End(Ending::Fin | Ending::Rst))
        ))
    });
    for step in steps.drain(..before) {
        match step {
            Step::Pause(pause) => tokio::time::sleep(pause).await,
            Step::Refuse => return refuse(exchange, Ending::Fin).await,
            Step::End(ending) => return refuse(exchange, ending).await,
            Step::Stall => std::future::pending().await,
            // A body before its head has no place to go.
            Step::Write(_) | Step::Drip { .. } | Step::Repeat { .. } | Step::Head { .. } => {}
        }
    }
    let (status, headers) = match steps.front() {
        Some(Step::Head { status, headers }) => (*status, header_map(headers)),
        _ => (200, None),
    };
    let headers = headers.unwrap_or_else(|| {
        HeaderMap::from_iter([(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("text/event-stream"),
        )])
    });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let (sender, stream) = EventStream::detached(Limits::default());
    let mut response = if steps.iter().any(Step::touches_body) {
        tokio::spawn(play_body(steps, sender));
        stream.into_response()
    } else {
        Response::new(Body::empty())
    };
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

async fn refuse(exchange: &Arc<Exchange>, ending: Ending) -> Response {
    exchange.refuse(ending);
    // The connection's task drops this future when it has closed the socket.
    std::future::pending().await
}

async fn play_body(steps: VecDeque<Step>, sender: EventSender) {
    for step in steps {
        let sent = match step {
            Step::Head { .. } | Step::Refuse => Ok(()),
            Step::Write(bytes) => sender.send_when_room(bytes).await,
            Step::Pause(pause) => sleep_unless_gone(&sender, pause).await,
            Step::Drip { text, bytes, every } => drip(&sender, &text, bytes, every).await,
            Step::Repeat { text, bytes } => repeat(&sender, &text, bytes).await,
            Step::Stall => {
                sender.gone().await;
                return;
            }
            Step::End(ending) => {
                sender.finish(ending);
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn drip(
    sender: &EventSender,
    text: &str,
    bytes: usize,
    every: Duration,
) -> Result<(), crate::stream::SendError> {
    for piece in text.as_bytes().chunks(bytes.max(1)) {
        sender.send_when_room(Bytes::copy_from_slice(piece)).await?;
        sleep_unless_gone(sender, every).await?;
    }
    Ok(())
}

/// What is repeated goes out in blocks of about that many bytes, which are one in memory.
const REPEATED_BLOCK: usize = 16 << 10;

async fn repeat(
    sender: &EventSender,
    text: &str,
    bytes: Option<u64>,
) -> Result<(), crate::stream::SendError> {
    if text.is_empty() {
        return Ok(());
    }
    let block = Bytes::from(text.repeat(REPEATED_BLOCK.div_ceil(text.len())));
    let mut left = bytes.unwrap_or(u64::MAX);
    while left > 0 {
        let length = usize::try_from(left).map_or(block.len(), |left| left.min(block.len()));
        sender.send_when_room(block.slice(..length)).await?;
        if bytes.is_some() {
            left -= length as u64;
        }
    }
    Ok(())
}

async fn sleep_unless_gone(
    sender: &EventSender,
    pause: Duration,
) -> Result<(), crate::stream::SendError> {
    tokio::select! {
        () = tokio::time::sleep(pause) => Ok(()),
        () = sender.gone() => Err(crate::stream::SendError::Gone),
    }
}

/// None when no header is given: then the default content type holds.
fn header_map(headers: &[(String, String)]) -> Option<HeaderMap> {
    if headers.is_empty() {
        return None;
    }
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        // Both were checked when the script came in; one built in Rust may still be wrong.
        if let (Ok(name), Ok(value)) = (
            header::HeaderName::from_bytes(name.as_bytes()),
            header::HeaderValue::from_str(value),
        ) {
            map.append(name, value);
        }
    }
    Some(map)
}

/// How a step is written in JSON: one of these members, `headers` beside `status`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct StepForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    write: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    write_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drip: Option<DripForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat: Option<RepeatForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stall: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<Ending>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refuse: Option<bool>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DripForm {
    text: String,
    #[serde(default = "one_byte")]
    bytes: usize,
    #[serde(default = "one_millisecond")]
    every_ms: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RepeatForm {
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

impl TryFrom<StepForm> for Step {
    type Error = String;

    fn try_from(form: StepForm) -> Result<Self, String> {
        let mut steps = Vec::new();
        if form.status.is_some() || form.headers.is_some() {
            steps.push(head_step(
                form.status.unwrap_or(200),
                form.headers.unwrap_or_default(),
            )?);
        }
        steps.extend(form.write.map(|text| Self::Write(text.into_bytes())));
        if let Some(text) = form.write_base64 {
            let bytes = STANDARD
                .decode(text)
                .map_err(|error| format!("write_base64: {error}"))?;
            steps.push(Self::Write(bytes));
        }
        steps.extend(
            form.pause_ms
                .map(|ms| Self::Pause(Duration::from_millis(ms))),
        );
        steps.extend(form.drip.map(|drip| Self::Drip {
            text: drip.text,
            bytes: drip.bytes,
            every: Duration::from_millis(drip.every_ms),
        }));
        steps.extend(form.repeat.map(|repeat| Self::Repeat {
            text: repeat.text,
            bytes: repeat.bytes,
        }));
        steps.extend(form.stall.filter(|stall| *stall).map(|_| Self::Stall));
        steps.extend(form.end.map(Self::End));
        steps.extend(form.refuse.filter(|refuse| *refuse).map(|_| Self::Refuse));
        match <[Self; 1]>::try_from(steps) {
            Ok([step]) => Ok(step),
            Err(_) => Err(
                "a step is one of status (with headers), write, write_base64, \
                           pause_ms, drip, repeat, stall, end, refuse"
                    .into(),
            ),
        }
    }
}

fn head_step(status: u16, headers: Map<String, Value>) -> Result<Step, String> {
    if !(200..=599).contains(&status) {
        return Err(format!("status: {status} is not in 200 to 599"));
    }
    Ok(Step::Head {
        status,
        headers: checked_headers(headers)?,
    })
}

/// Header names and values out of JSON, or the name of the wrong one.
pub(crate) fn checked_headers(
    headers: Map<String, Value>,
) -> Result<Vec<(String, String)>, String> {
    let mut checked = Vec::new();
    for (name, value) in headers {
        let Value::String(value) = value else {
            return Err(format!("headers.{name}: a header's value is a string"));
        };
        if header::HeaderName::from_bytes(name.as_bytes()).is_err()
            || header::HeaderValue::from_str(&value).is_err()
        {
            return Err(format!("headers.{name}: no header can carry this"));
        }
        checked.push((name, value));
    }
    Ok(checked)
}

impl From<Step> for StepForm {
    fn from(step: Step) -> Self {
        let mut form = Self::default();
        match step {
            Step::Head { status, headers } => {
                form.status = Some(status);
                form.headers = Some(
                    headers
                        .into_iter()
                        .map(|(name, value)| (name, value.into()))
                        .collect(),
                );
            }
            Step::Write(bytes) => match String::from_utf8(bytes) {
                Ok(text) => form.write = Some(text),
                Err(error) => form.write_base64 = Some(STANDARD.encode(error.as_bytes())),
            },
            Step::Pause(pause) => {
                form.pause_ms = Some(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
            }
            Step::Drip { text, bytes, every } => {
                form.drip = Some(DripForm {
                    text,
                    bytes,
                    every_ms: u64::try_from(every.as_millis()).unwrap_or(u64::MAX),
                });
            }
            Step::Repeat { text, bytes } => form.repeat = Some(RepeatForm { text, bytes }),
            Step::Stall => form.stall = Some(true),
            Step::End(ending) => form.end = Some(ending),
            Step::Refuse => form.refuse = Some(true),
        }
        form
    }
}

impl Step {
    fn touches_body(&self) -> bool {
        !matches!(
            self,
            Self::Head { .. } | Self::Refuse | Self::End(Ending::Clean)
        )
    }
}

fn get() -> String {
    "GET".into()
}

fn once() -> u32 {
    1
}

fn one_byte() -> usize {
    1
}

fn one_millisecond() -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_script_reads_back_as_it_was_written() {
        let written = json!({"method": "POST", "path": "/a/*", "times": 2, "steps": [
            {"status": 503, "headers": {"retry-after": "1"}},
            {"write": "x"}, {"write_base64": "/w=="}, {"pause_ms": 5},
            {"drip": {"text": "abc", "bytes": 2, "every_ms": 3}},
            {"repeat": {"text": "x", "bytes": 9}}, {"repeat": {"text": "y"}}, {"stall": true}, {"end": "rst"}
        ]});
        let script: Script = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(script.steps[2], Step::Write(vec![0xff]));
        assert_eq!(serde_json::to_value(&script).unwrap(), written);
    }

    #[test]
    fn a_step_of_two_things_or_none_is_refused() {
        for step in [
            json!({"write": "x", "pause_ms": 1}),
            json!({}),
            json!({"status": 99}),
        ] {
            let script = json!({"path": "/", "steps": [step]});
            assert!(serde_json::from_value::<Script>(script).is_err());
        }
    }

    #[test]
    fn a_script_for_two_requests_answers_two() {
        let scripts = Scripts::default();
        scripts
            .push(Script::get("/a*").times(2).write("x"))
            .unwrap();
        assert!(scripts.take(&Method::POST, "/a").is_none());
        assert!(scripts.take(&Method::GET, "/ab").is_some());
        assert!(scripts.take(&Method::GET, "/a").is_some());
        assert!(scripts.take(&Method::GET, "/a").is_none());
    }
}
