//! The stock agent: a question is posted, an analyst's answer is streamed, once.
//!
//! Unnamed messages tell by a `type` member what they are; `[DONE]`, which is
//! no JSON, comes last. Behind a question runs an agent that goes on when the
//! client has left; what it said is found in the session afterwards.

mod analyst;
mod sessions;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use self::sessions::Sessions;
use crate::config::StockConfig;
use crate::control::ControlError;
use crate::fastapi::{Fields, Rejection, read_body};
use crate::namespace::Namespace;
use crate::python_json::{self, Style};
use crate::python_time;
use crate::stream::{EventSender, EventStream, Limits};
use crate::systems::{Answer, System};

/// How much longer than a piece of text a step of the built-in agent takes.
const THINKING: u32 = 8;

/// What the stock agent remembers in one namespace.
#[derive(Debug, Default)]
pub(crate) struct State {
    answers: Mutex<VecDeque<Answer>>,
    sessions: Mutex<Sessions>,
}

impl State {
    /// Archives a session; false if there is none of that id.
    pub(crate) fn archive(&self, id: &str) -> bool {
        self.with_sessions(|sessions| sessions.archive(id))
    }

    fn with_sessions<T>(&self, change: impl FnOnce(&mut Sessions) -> T) -> T {
        change(&mut self.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn next_answer(&self) -> Option<Answer> {
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }
}

/// The routes. `DELETE /api/sessions/{id}` is Hive's too, which routes it here
/// when it does not know the id.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/api/chat", post(chat).fallback(method_not_allowed))
        .route("/api/sessions/", get(list_sessions))
        .route("/api/sessions/{session_id}", get(read_session))
        .route("/api/health", get(health))
}

/// Queues the answer to the next question. Its events are JSON objects, or
/// texts such as `[DONE]` that are sent as they stand.
///
/// # Errors
/// Names the event that is neither.
pub(crate) fn answer(namespace: &Namespace, answer: Answer) -> Result<(), ControlError> {
    for (index, event) in answer.events.iter().enumerate() {
        if !event.is_object() && !event.is_string() {
            let problem = "neither an event object nor a text";
            return Err(ControlError::field(format!("events[{index}]"), problem));
        }
    }
    let mut answers = namespace
        .stock
        .answers
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    answers.push_back(answer);
    Ok(())
}

/// The answer that a FastAPI service gives to a body that it refuses.
pub(super) fn refuse(rejection: &Rejection) -> Response {
    let status = StatusCode::from_u16(rejection.status).unwrap_or(StatusCode::BAD_REQUEST);
    json_response(status, &rejection.body)
}

/// A FastAPI service's answer to a method that a path does not have.
pub(super) async fn method_not_allowed() -> Response {
    refuse(&Rejection::exception(405, "Method Not Allowed"))
}

/// The same at a path that has GET alone; axum would allow HEAD besides.
pub(super) async fn get_alone() -> Response {
    let refusal = method_not_allowed().await;
    ([(header::ALLOW, "GET")], refusal).into_response()
}

pub(super) fn json_response(status: StatusCode, body: &Value) -> Response {
    let text = python_json::to_string(body, Style::Compact);
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

async fn chat(
    Extension(namespace): Extension<Arc<Namespace>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let question = match Question::read(&headers, &body) {
        Ok(question) => question,
        Err(rejection) => return refuse(&rejection),
    };
    let config = namespace.config().stock;
    let run = match namespace.stock.next_answer() {
        Some(scripted) => Run::of(scripted, 1),
        None => Run::of(analyst::answer(&question.message, &config), THINKING),
    };
    let (events, queue) = mpsc::unbounded_channel();
    let (sender, stream) = EventStream::open(&namespace, System::Stock, Limits::default());
    let last = run.last;
    tokio::spawn(agent(namespace.clone(), question, run.steps, events));
    tokio::spawn(write_answer(sender, queue, last, config));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONNECTION, "keep-alive"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, stream).into_response()
}

/// A body of `POST /api/chat`.
struct Question {
    message: String,
    /// Made up, and never told to the client, when it named none.
    session_id: String,
}

impl Question {
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Rejection> {
        let body = read_body(headers, body)?;
        let mut fields = Fields::of(&body)?;
        let message = fields.text("message");
        let session_id = fields.optional_text("session_id");
        fields.finish()?;
        Ok(Self {
            message: message.to_owned(),
            session_id: session_id.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned),
        })
    }
}

/// An event, and the pause before it.
type Step = (Duration, Value);

/// An answer, split at what the endpoint writes itself when the agent is done.
struct Run {
    /// What the agent pushes into the queue as it works.
    steps: Vec<Step>,
    /// `result` or `error`, `[DONE]`, and whatever a script has after them.
    last: Vec<Step>,
}

impl Run {
    /// `thinking` is how many times as long as a piece of text another step takes.
    fn of(answer: Answer, thinking: u32) -> Self {
        let is_last = |event: &Value| {
            event.is_string() || matches!(event["type"].as_str(), Some("result" | "error"))
        };
        let end = answer.events.iter().position(is_last);
        let end = end.unwrap_or(answer.events.len());
        let timed = |(place, event): (usize, Value)| {
            let quick = place >= end || is_text(&event);
            (
                if quick {
                    answer.delay
                } else {
                    answer.delay * thinking
                },
                event,
            )
        };
        let mut steps: Vec<Step> = answer.events.into_iter().enumerate().map(timed).collect();
        let last = steps.split_off(end);
        Self { steps, last }
    }
}

fn is_text(event: &Value) -> bool {
    matches!(event["type"].as_str(), Some("chunk" | "token"))
}

/// Works through the answer whether or not anybody listens, and writes the
/// conversation down.
async fn agent(
    namespace: Arc<Namespace>,
    question: Question,
    steps: Vec<Step>,
    events: mpsc::UnboundedSender<Value>,
) {
    let write_down = |role: &str, content: &str| {
        let now = python_time::utc(SystemTime::now());
        namespace
            .stock
            .with_sessions(|sessions| sessions.say(&question.session_id, role, content, &now));
    };
    write_down("user", &question.message);
    let mut said = String::new();
    for (pause, step) in steps {
        tokio::time::sleep(pause).await;
        if is_text(&step) {
            said.push_str(step["content"].as_str().unwrap_or_default());
        }
        // An agent without a listener works on.
        let _ = events.send(step);
    }
    write_down("assistant", &said);
}

/// The endpoint's own loop: the queue's events as they come, a comment when
/// there was none for long, and at last the result.
///
/// The sample's loop runs while the agent does, so that what the agent pushes as its last is
/// still queued when the loop ends, and is lost. With a lossy tail one event is therefore held
/// back until another one follows.
async fn write_answer(
    sender: EventSender,
    mut queue: mpsc::UnboundedReceiver<Value>,
    last: Vec<Step>,
    config: StockConfig,
) {
    let lost = usize::from(config.lossy_tail);
    let heartbeat = Duration::from_millis(config.heartbeat_ms.max(1));
    let mut held = VecDeque::new();
    loop {
        tokio::select! {
            () = sender.gone() => return,
            event = queue.recv() => {
                let Some(event) = event else { break };
                held.push_back(event);
                if held.len() > lost
                    && let Some(event) = held.pop_front()
                    && sender.send_or_cut(frame(&event, config.ascii_errors)).is_err()
                {
                    return;
                }
            }
            () = tokio::time::sleep(heartbeat) => {
                if sender.send_or_cut(": heartbeat\n\n").is_err() {
                    return;
                }
            }
        }
    }
    for (pause, event) in last {
        tokio::select! {
            () = sender.gone() => return,
            () = tokio::time::sleep(pause) => {}
        }
        if sender
            .send_or_cut(frame(&event, config.ascii_errors))
            .is_err()
        {
            return;
        }
    }
}

/// One unnamed message. The path that reports an error is another one in the
/// service, and escapes what is not ASCII.
fn frame(event: &Value, ascii_errors: bool) -> String {
    if let Value::String(text) = event {
        // Whatever ends a line to the client begins a new one here.
        let text = text.replace("\r\n", "\n");
        let lines: Vec<String> = text
            .split(['\n', '\r'])
            .map(|line| format!("data: {line}\n"))
            .collect();
        return lines.concat() + "\n";
    }
    let ascii = ascii_errors && event["type"] == "error";
    format!(
        "data: {}\n\n",
        python_json::to_string(event, Style::Spaced { ascii })
    )
}

async fn list_sessions(Extension(namespace): Extension<Arc<Namespace>>) -> Response {
    let sessions = namespace.stock.with_sessions(|sessions| sessions.list());
    json_response(StatusCode::OK, &sessions)
}

async fn read_session(
    Extension(namespace): Extension<Arc<Namespace>>,
    Path(id): Path<String>,
) -> Response {
    match namespace.stock.with_sessions(|sessions| sessions.read(&id)) {
        Some(session) => json_response(StatusCode::OK, &session),
        None => refuse(&Rejection::exception(404, "Session not found")),
    }
}

async fn health() -> Response {
    json_response(StatusCode::OK, &json!({"status": "ok"}))
}
