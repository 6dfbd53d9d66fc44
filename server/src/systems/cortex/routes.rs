//! The routes: the channels, statistics, the login, and a conversation's
//! messages.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use super::channels::{Channel, Kind, frame};
use super::{demo, send};
use crate::config::{CortexConfig, CortexGeneration};
use crate::fastapi::{Fields, Rejection, read_body};
use crate::namespace::Namespace;
use crate::python_json::{self, Style};
use crate::python_time;
use crate::stream::{EventSender, EventStream, Limits};
use crate::systems::System;
use crate::systems::stock::get_alone;

/// Seconds that a token from the login lives.
const TOKEN_LIFE_S: i64 = 86_400;

/// Messages of one page when the client does not say.
const DEFAULT_LIMIT: usize = 50;

/// The most messages of one page.
const MAX_LIMIT: usize = 100;

pub(super) fn router() -> Router {
    Router::new()
        .route("/v1/global", get(global).head(refused).fallback(refused))
        .route("/v1/stats", get(stats).head(refused).fallback(refused))
        .route(
            "/v1/{channel_type}/{resource_id}",
            get(channel).head(refused).fallback(refused),
        )
        .route("/auth/login", post(login))
        .route(
            "/conversations/{conversation_id}/messages",
            get(read_messages).post(post_message),
        )
        .route(
            "/conversations/{conversation_id}/messages/stream",
            post(stream_message),
        )
}

/// What the service's middleware adds to every answer.
struct Trace {
    id: String,
    began: Instant,
}

impl Trace {
    fn begin() -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            began: Instant::now(),
        }
    }

    fn mark(&self, mut answer: Response) -> Response {
        let seconds = self.began.elapsed().as_secs_f64().to_string();
        for (name, value) in [("x-process-time", &seconds), ("x-trace-id", &self.id)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }

    fn json(&self, status: StatusCode, body: &Value) -> Response {
        let text = python_json::to_string(body, Style::Compact);
        self.mark((status, [(header::CONTENT_TYPE, "application/json")], text).into_response())
    }

    fn error(&self, status: StatusCode, detail: &str) -> Response {
        self.problem(status, detail, "HTTP_ERROR", json!({}))
    }

    fn problem(&self, status: StatusCode, detail: &str, code: &str, params: Value) -> Response {
        let body = json!({"detail": detail, "code": code, "params": params, "trace_id": self.id});
        self.json(status, &body)
    }

    /// A request that the service's models refuse.
    fn invalid(&self, rejection: &Rejection) -> Response {
        let Some(errors) = rejection.body["detail"].as_array() else {
            let detail = rejection.body["detail"].as_str().unwrap_or_default();
            return self.error(StatusCode::BAD_REQUEST, detail);
        };
        let errors: Vec<Value> = errors
            .iter()
            .map(|error| {
                let place: Vec<&str> = error["loc"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                json!({"field": place.join("."), "message": error["msg"], "type": error["type"]})
            })
            .collect();
        self.validation_failed(errors)
    }

    fn validation_failed(&self, errors: Vec<Value>) -> Response {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let params = json!({ "errors": errors });
        self.problem(
            status,
            "Request validation failed",
            "VALIDATION_FAILED",
            params,
        )
    }
}

/// Another method than GET. The framework says so itself: its own body, and the
/// middleware's headers.
async fn refused() -> Response {
    Trace::begin().mark(get_alone().await)
}

#[derive(Debug, Deserialize)]
struct TokenQuery {
    token: Option<String>,
}

async fn global(
    Extension(namespace): Extension<Arc<Namespace>>,
    Query(query): Query<TokenQuery>,
) -> Response {
    let channel = Channel {
        kind: Kind::Global,
        resource: "global".into(),
    };
    let trace = Trace::begin();
    let config = namespace.config().cortex;
    let token = match present(query.token, &config, &trace) {
        Ok(token) => token,
        Err(refusal) => return *refusal,
    };
    connect(&namespace, channel, &token, config, &trace)
}

async fn channel(
    Extension(namespace): Extension<Arc<Namespace>>,
    Path((kind, resource)): Path<(String, String)>,
    Query(query): Query<TokenQuery>,
) -> Response {
    let trace = Trace::begin();
    let config = namespace.config().cortex;
    let token = match present(query.token, &config, &trace) {
        Ok(token) => token,
        Err(refusal) => return *refusal,
    };
    match Kind::from_name(&kind) {
        // Every front-end of the project asks for `/v1/global/global`, which
        // the first generation does not know.
        Some(Kind::Global) if config.generation == CortexGeneration::V2 && resource == "global" => {
            connect(
                &namespace,
                Channel {
                    kind: Kind::Global,
                    resource,
                },
                &token,
                config,
                &trace,
            )
        }
        None | Some(Kind::Global) => {
            let names = Kind::OF_RESOURCES.map(Kind::name).join(", ");
            let detail = format!("Invalid channel type: {kind}. Must be one of: {names}");
            trace.error(StatusCode::BAD_REQUEST, &detail)
        }
        Some(kind) => connect(
            &namespace,
            Channel { kind, resource },
            &token,
            config,
            &trace,
        ),
    }
}

/// The first check: a token that is there, whatever it is worth.
fn present(
    token: Option<String>,
    config: &CortexConfig,
    trace: &Trace,
) -> Result<String, Box<Response>> {
    match (token, config.generation) {
        (None, CortexGeneration::V2) => {
            let error =
                json!({"field": "query.token", "message": "Field required", "type": "missing"});
            Err(Box::new(trace.validation_failed(vec![error])))
        }
        (None, CortexGeneration::V1) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Err(Box::new(
                trace.error(status, "Missing required parameter: token"),
            ))
        }
        (Some(token), _) => Ok(token),
    }
}

/// The last two checks, the token's worth and its rights, and the stream.
fn connect(
    namespace: &Arc<Namespace>,
    channel: Channel,
    token: &str,
    config: CortexConfig,
    trace: &Trace,
) -> Response {
    let user = match user_of(namespace, token) {
        Ok(user) => user,
        Err(detail) => return trace.error(StatusCode::UNAUTHORIZED, detail),
    };
    if !may_listen(&user, &channel, &config) {
        let Channel { kind, resource } = &channel;
        let kind = kind.name();
        let detail = format!("Not authorized to access {kind} events for {resource}");
        return trace.error(StatusCode::FORBIDDEN, &detail);
    }
    let generation = config.generation;
    let (sender, stream) = EventStream::open(namespace, System::Cortex, Limits::default());
    // A new stream has room for its first frame.
    let _ = sender.send(frame(generation, "connect", &json!({"connected": true})));
    namespace.cortex.with_channels(|channels| {
        channels.register(channel, user, generation, sender.clone());
    });
    tokio::spawn(beat(sender, config));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONNECTION, "keep-alive"),
    ];
    let mut answer = (headers, stream).into_response();
    if generation == CortexGeneration::V2 {
        answer
            .headers_mut()
            .insert("x-accel-buffering", HeaderValue::from_static("no"));
    }
    trace.mark(answer)
}

fn user_of(namespace: &Namespace, token: &str) -> Result<String, &'static str> {
    let claims = namespace
        .token_secret()
        .verify(token)
        .map_err(|_| "Invalid authentication token")?;
    let user = claims.get("user_id").and_then(Value::as_str);
    user.map(str::to_owned)
        .ok_or("Invalid token format: missing user_id")
}

/// Users hear only themselves; all else is open but for what is listed.
fn may_listen(user: &str, channel: &Channel, config: &CortexConfig) -> bool {
    match channel.kind {
        Kind::Global => true,
        Kind::User => channel.resource == user,
        Kind::Workspace | Kind::Conversation => !config.forbidden.contains(&channel.resource),
    }
}

/// Heartbeats by the clock, whatever else is sent, and the rewrite's pings.
async fn beat(sender: EventSender, config: CortexConfig) {
    let generation = config.generation;
    let rewrite = generation == CortexGeneration::V2;
    let heartbeat = Duration::from_millis(config.heartbeat_ms.max(1));
    // The rewrite's heart beats twice as fast.
    let mut heartbeats = ticks(if rewrite { heartbeat / 2 } else { heartbeat });
    let mut pings = ticks(Duration::from_millis(config.ping_ms.max(1)));
    loop {
        let beat = tokio::select! {
            () = sender.gone() => return,
            _ = heartbeats.tick() => {
                frame(generation, "heartbeat", &json!({"timestamp_utc": demo::now()}))
            }
            _ = pings.tick(), if rewrite => {
                format!(": ping - {}\r\n\r\n", demo::now().replacen('T', " ", 1))
            }
        };
        if sender.send_or_cut(beat).is_err() {
            return;
        }
    }
}

fn ticks(period: Duration) -> tokio::time::Interval {
    let period = period.max(Duration::from_millis(1));
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// No token is asked for, though the reference says so.
async fn stats(Extension(namespace): Extension<Arc<Namespace>>) -> Response {
    let generation = namespace.config().cortex.generation;
    let now = demo::now();
    let stats = namespace
        .cortex
        .with_channels(|channels| channels.stats(generation, &now));
    Trace::begin().json(StatusCode::OK, &stats)
}

/// Everybody who has a name and a secret is let in, as the user of that name.
async fn login(
    Extension(namespace): Extension<Arc<Namespace>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let trace = Trace::begin();
    let (identifier, secret) = match read_login(&headers, &body) {
        Ok(login) => login,
        Err(rejection) => return trace.invalid(&rejection),
    };
    let expires = SystemTime::now() + Duration::from_secs(TOKEN_LIFE_S.unsigned_abs());
    let token = (!identifier.is_empty() && !secret.is_empty())
        .then(|| {
            namespace
                .token_secret()
                .issue(System::Cortex, &identifier, TOKEN_LIFE_S)
                .ok()
        })
        .flatten();
    let body = match token {
        Some(token) => json!({
            "success": true,
            "user_id": identifier,
            "token": token,
            "expires_at_utc": python_time::utc(expires),
            "error": null,
        }),
        None => json!({
            "success": false,
            "user_id": null,
            "token": null,
            "expires_at_utc": null,
            "error": "Invalid credentials",
        }),
    };
    trace.json(StatusCode::OK, &body)
}

fn read_login(headers: &HeaderMap, body: &[u8]) -> Result<(String, String), Rejection> {
    let body = read_body(headers, body)?;
    let mut fields = Fields::of(&body)?;
    fields.choice("type", &["password"]);
    let identifier = fields.text("identifier");
    let secret = fields.text("secret");
    fields.finish()?;
    Ok((identifier.to_owned(), secret.to_owned()))
}

#[derive(Debug, Deserialize)]
struct PageQuery {
    limit: Option<usize>,
    offset: Option<usize>,
}

async fn read_messages(
    Extension(namespace): Extension<Arc<Namespace>>,
    Path(conversation): Path<String>,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Response {
    let trace = Trace::begin();
    if let Err(detail) = bearer(&namespace, &headers) {
        return trace.error(StatusCode::UNAUTHORIZED, detail);
    }
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let message = format!("Input should be between 1 and {MAX_LIMIT}");
        let error = json!({"field": "query.limit", "message": message, "type": "out_of_range"});
        return trace.validation_failed(vec![error]);
    }
    let offset = query.offset.unwrap_or_default();
    let (messages, total) = namespace
        .cortex
        .with_messages(|messages| messages.page(&conversation, limit, offset));
    trace.json(
        StatusCode::OK,
        &json!({"messages": messages, "total": total}),
    )
}

async fn post_message(
    Extension(namespace): Extension<Arc<Namespace>>,
    Path(conversation): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let trace = Trace::begin();
    match take_message(&namespace, &conversation, &headers, &body, &trace) {
        Ok(message) => trace.json(StatusCode::CREATED, &message),
        Err(refusal) => *refusal,
    }
}

/// Four unnamed frames in the shape of a chat completion, which tell the
/// client to wait for the conversation's channel.
async fn stream_message(
    Extension(namespace): Extension<Arc<Namespace>>,
    Path(conversation): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let trace = Trace::begin();
    if let Err(refusal) = take_message(&namespace, &conversation, &headers, &body, &trace) {
        return *refusal;
    }
    let (sender, stream) = EventStream::open(&namespace, System::Cortex, Limits::default());
    let id = format!("chatcmpl-{}", Uuid::new_v4());
    for (delta, reason) in [
        (json!({"role": "assistant"}), Value::Null),
        (json!({"content": "..."}), Value::Null),
        (
            json!({"content": "Waiting for the response on the event channel"}),
            Value::Null,
        ),
        (json!({}), "listen_for_sse".into()),
    ] {
        let chunk = json!({
            "id": id,
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        });
        let json = python_json::to_string(&chunk, Style::Spaced { ascii: true });
        // Four small frames always have room.
        let _ = sender.send(format!("data: {json}\n\n"));
    }
    let headers = [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")];
    trace.mark((headers, stream).into_response())
}

/// Publishes a user's message, and an assistant's echo of it a little later.
fn take_message(
    namespace: &Arc<Namespace>,
    conversation: &str,
    headers: &HeaderMap,
    body: &[u8],
    trace: &Trace,
) -> Result<Value, Box<Response>> {
    bearer(namespace, headers)
        .map_err(|detail| Box::new(trace.error(StatusCode::UNAUTHORIZED, detail)))?;
    let (content, priority) =
        read_message(headers, body).map_err(|rejection| Box::new(trace.invalid(&rejection)))?;
    let id = Uuid::new_v4().to_string();
    let message = demo::message(&id, &content, "user", json!({}));
    let channel = Channel {
        kind: Kind::Conversation,
        resource: conversation.to_owned(),
    };
    send(namespace, &channel, "message_received", &message);
    tokio::spawn(echo(namespace.clone(), channel, id, content, priority));
    Ok(message)
}

fn read_message(headers: &HeaderMap, body: &[u8]) -> Result<(String, i64), Rejection> {
    let body = read_body(headers, body)?;
    let mut fields = Fields::of(&body)?;
    let content = fields.text("content").to_owned();
    fields.finish()?;
    let priority = body["metadata"]["priority"].as_i64().unwrap_or(5);
    Ok((content, priority))
}

async fn echo(
    namespace: Arc<Namespace>,
    channel: Channel,
    reference: String,
    content: String,
    priority: i64,
) {
    let status = demo::status("Message received", &reference);
    send(&namespace, &channel, "status_update", &status);
    // The more urgent, the sooner: never below half a second.
    let wait = Duration::from_secs_f64((6.0 - priority as f64).clamp(0.5, 6.0));
    tokio::time::sleep(wait).await;
    let metadata = json!({
        "message_type": "response",
        "action_type": "respond",
        "priority": priority,
        "reference_id": reference,
    });
    let id = Uuid::new_v4().to_string();
    let answer = demo::message(&id, &format!("ECHO: {content}"), "assistant", metadata);
    send(&namespace, &channel, "message_received", &answer);
}

fn bearer(namespace: &Namespace, headers: &HeaderMap) -> Result<String, &'static str> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or("Not authenticated")?;
    user_of(namespace, token)
}
