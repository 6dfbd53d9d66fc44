//! The staged chat: a prompt is posted, a model's chunks are streamed, once.
//!
//! Messages are named; their ids are labels that recur, no cursors. `done`,
//! `error` or `cancel` comes last.

mod completion;
mod frame;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use bytes::Bytes;
use serde_json::Value;

use crate::config::{StageConfig, StageFault};
use crate::control::ControlError;
use crate::fastapi::{Fields, Item, Rejection, read_body};
use crate::namespace::Namespace;
use crate::stream::{EventSender, EventStream, Limits};
use crate::systems::stock::{method_not_allowed, refuse};
use crate::systems::{Answer, System};

/// The models that a request may name.
const MODELS: [&str; 5] = [
    "traditional",
    "traditional_alt",
    "reasoning",
    "reasoning_alt",
    "local_gpu",
];

/// What the staged chat remembers in one namespace.
#[derive(Debug, Default)]
pub(crate) struct State {
    answers: Mutex<VecDeque<Answer>>,
}

/// The routes.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/stream/v1/chat", post(chat).fallback(method_not_allowed))
        .route(
            "/stream/v1/toolchain",
            post(toolchain).fallback(method_not_allowed),
        )
}

/// Queues the answer to the next prompt. Its events are objects with `event`,
/// `id`, `retry` and `data`, or texts that are sent as they stand.
///
/// # Errors
/// Names the member that is missing or of the wrong kind.
pub(crate) fn answer(namespace: &Namespace, answer: Answer) -> Result<(), ControlError> {
    for (index, event) in answer.events.iter().enumerate() {
        frame::check(event).map_err(|(member, problem)| {
            ControlError::field(format!("events[{index}]{member}"), problem)
        })?;
    }
    let mut answers = namespace
        .stage
        .answers
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    answers.push_back(answer);
    Ok(())
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Prompt {
    stage_id: String,
    user_prompt: String,
    model: String,
    synthesis: bool,
}

impl Prompt {
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Rejection> {
        let body = read_body(headers, body)?;
        let mut fields = Fields::of(&body)?;
        let stage_id = fields.text("stage_id");
        fields.text("system_prompt");
        let user_prompt = fields.text("user_prompt");
        fields.optional_pair("prompts", Item::Text);
        let model = fields.choice("model_container", &MODELS);
        fields.optional_pair("max_tokens", Item::Integer);
        fields.optional_pair("temperature", Item::Float);
        // The stream routes stream, whatever this says.
        fields.optional_flag("stream");
        let synthesis = fields.optional_flag("synthesis");
        fields.finish()?;
        Ok(Self {
            stage_id: stage_id.to_owned(),
            user_prompt: user_prompt.to_owned(),
            model: model.to_owned(),
            synthesis: synthesis.unwrap_or(false),
        })
    }
}

async fn chat(
    Extension(namespace): Extension<Arc<Namespace>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    respond(&namespace, &headers, &body, completion::chat)
}

async fn toolchain(
    Extension(namespace): Extension<Arc<Namespace>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    respond(&namespace, &headers, &body, completion::toolchain)
}

fn respond(
    namespace: &Namespace,
    headers: &HeaderMap,
    body: &[u8],
    generate: fn(&Prompt) -> Vec<Value>,
) -> Response {
    let config = namespace.config().stage;
    let prompt = match Prompt::read(headers, body).and_then(|prompt| available(prompt, &config)) {
        Ok(prompt) => prompt,
        Err(rejection) => return refuse(&rejection),
    };
    let scripted = namespace
        .stage
        .answers
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front();
    let answer = scripted.unwrap_or_else(|| Answer {
        events: generate(&prompt),
        delay: Duration::from_millis(config.pace_ms),
    });
    let (sender, stream) = EventStream::open(namespace, System::Stage, Limits::default());
    tokio::spawn(write_answer(sender, answer, config.split_separators));
    (
        [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")],
        stream,
    )
        .into_response()
}

/// Refuses a model that the configuration has taken out of service.
fn available(prompt: Prompt, config: &StageConfig) -> Result<Prompt, Rejection> {
    let model = &prompt.model;
    let (status, detail) = match config.faults.get(model) {
        None => return Ok(prompt),
        Some(StageFault::NotConfigured) => (
            400,
            format!("Model {model} is not configured. Check environment variables."),
        ),
        Some(StageFault::NoService) => (400, format!("No service configured for model: {model}")),
        Some(StageFault::Unknown) => {
            let known: Vec<String> = MODELS
                .iter()
                .filter(|name| config.faults.get(**name) != Some(&StageFault::Unknown))
                .map(|name| format!("'{name}'"))
                .collect();
            let known = known.join(", ");
            (
                400,
                format!("Unknown model: {model}. Available models: [{known}]"),
            )
        }
        Some(StageFault::UnsupportedProtocol) => (501, "Unsupported protocol: mcp".to_owned()),
    };
    Err(Rejection::exception(status, &detail))
}

/// The generation stops when the client leaves: unlike the stock agent's, it
/// is the response's own task.
async fn write_answer(sender: EventSender, answer: Answer, split_separators: bool) {
    for event in &answer.events {
        tokio::select! {
            () = sender.gone() => return,
            () = tokio::time::sleep(answer.delay) => {}
        }
        if sender
            .send_or_cut(frame::encode(event, split_separators))
            .is_err()
        {
            return;
        }
    }
}
