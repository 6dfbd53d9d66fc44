//! The routes: the stream, its history, and the calls by which a page talks
//! back.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::bus::{Client, Next, Requested};
use super::demo;
use super::event::Event;
use crate::config::HiveConfig;
use crate::namespace::Namespace;
use crate::python_json::{self, Style};
use crate::python_time;
use crate::stream::{EventSender, EventStream, Limits};
use crate::systems::System;

pub(super) fn router() -> Router {
    Router::new()
        .route("/api/sessions", post(create))
        .route("/api/sessions/{session_id}", delete(stop))
        .route(
            "/api/sessions/{session_id}/events",
            get(events).fallback(method_not_allowed),
        )
        .route("/api/sessions/{session_id}/events/history", get(history))
        .route("/api/sessions/{session_id}/chat", post(chat))
}

#[derive(Debug, Deserialize)]
struct EventsQuery {
    types: Option<String>,
}

async fn events(
    Extension(namespace): Extension<Arc<Namespace>>,
    Path(id): Path<String>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Response {
    let config = namespace.config().hive;
    if let Some(refusal) = unauthorized(&headers, &config) {
        return refusal;
    }
    let requested = Requested::parse(query.types.as_deref());
    let client = namespace.hive.with_sessions(|sessions| {
        let bus = sessions.live(&id, config.history)?;
        let client = bus.subscribe(requested, config.queue);
        if config.replay_delay_ms == 0 {
            bus.replay(&client);
        }
        Some(client)
    });
    let Some(client) = client else {
        return not_found(&id);
    };
    // The client's own queue is the bus's; here is only the item in hand.
    let in_hand = Limits {
        events: 1,
        ..Limits::default()
    };
    let (sender, stream) = EventStream::open(&namespace, System::Hive, in_hand);
    tokio::spawn(write_events(namespace, id, client, sender, config));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONNECTION, "keep-alive"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, stream).into_response()
}

/// Writes what is queued as the client takes it. In the service the headers go
/// out between subscription and replay; the delay makes that gap as wide as a
/// test needs it.
async fn write_events(
    namespace: Arc<Namespace>,
    id: String,
    client: Arc<Client>,
    sender: EventSender,
    config: HiveConfig,
) {
    let keepalive = Duration::from_millis(config.keepalive_ms.max(1));
    if config.replay_delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(config.replay_delay_ms)).await;
        namespace.hive.with_sessions(|sessions| {
            if let Some(bus) = sessions.live(&id, config.history) {
                bus.replay(&client);
            }
        });
    }
    loop {
        match client.next() {
            Next::Frame(frame) => {
                if sender.send_when_room(frame).await.is_err() {
                    return;
                }
            }
            Next::Idle => {
                let keepalive_is_due = tokio::select! {
                    () = sender.gone() => return,
                    () = client.changed() => false,
                    () = tokio::time::sleep(keepalive) => true,
                };
                if keepalive_is_due && sender.send_when_room(": keepalive\n\n").await.is_err() {
                    return;
                }
            }
            Next::Disconnected => return,
        }
    }
}

async fn history(
    Extension(namespace): Extension<Arc<Namespace>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = unauthorized(&headers, &namespace.config().hive) {
        refusal
    } else if is_unsafe(&id) {
        (StatusCode::BAD_REQUEST, "400: Bad Request").into_response()
    } else {
        let events = namespace.hive.with_sessions(|sessions| sessions.log(&id));
        json_response(StatusCode::OK, &json!({"events": events, "session_id": id}))
    }
}

async fn create(
    Extension(namespace): Extension<Arc<Namespace>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let config = namespace.config().hive;
    if let Some(refusal) = unauthorized(&headers, &config) {
        refusal
    } else {
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        let id = asked["session_id"]
            .as_str()
            .map_or_else(new_session_id, str::to_owned);
        let created = namespace.hive.with_sessions(|sessions| {
            let new = sessions.live(&id, config.history).is_none();
            sessions.open(&id, config.history);
            new
        });
        if created {
            json_response(
                StatusCode::CREATED,
                &json!({"session_id": id, "loading": false}),
            )
        } else {
            let error = format!("Session '{id}' is already loading");
            json_response(
                StatusCode::CONFLICT,
                &json!({"error": error, "loading": true}),
            )
        }
    }
}

async fn chat(
    Extension(namespace): Extension<Arc<Namespace>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    say(&namespace, &id, &headers, &body).unwrap_or_else(|refusal| *refusal)
}

/// Takes a message for the queen. Its echo is on the stream before this
/// answers, and her reply follows on the stream.
fn say(
    namespace: &Arc<Namespace>,
    id: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Box<Response>> {
    let config = namespace.config().hive;
    if let Some(refusal) = unauthorized(headers, &config) {
        return Err(Box::new(refusal));
    }
    if namespace
        .hive
        .with_sessions(|sessions| sessions.live(id, config.history).is_none())
    {
        return Err(Box::new(not_found(id)));
    }
    let bad_request = |error: &str| {
        Box::new(json_response(
            StatusCode::BAD_REQUEST,
            &json!({ "error": error }),
        ))
    };
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Err(bad_request("Invalid JSON body"));
    };
    let message = body["message"].as_str().unwrap_or_default();
    let images = body["images"].as_array().map_or(0, Vec::len);
    if message.is_empty() && images == 0 {
        return Err(bad_request("message is required"));
    }
    let shown = body["display_message"].as_str().unwrap_or(message);
    let echo = Event {
        kind: "client_input_received".into(),
        stream_id: "queen".into(),
        node_id: Some("queen".into()),
        execution_id: Some(id.to_owned()),
        data: json!({"content": shown, "image_count": images}),
        timestamp: python_time::naive(SystemTime::now()),
        correlation_id: None,
        colony_id: None,
        run_id: None,
        seq: None,
    };
    super::publish_if_live(namespace, id, echo);
    tokio::spawn(demo::reply(
        namespace.clone(),
        id.to_owned(),
        message.to_owned(),
    ));
    Ok(json_response(
        StatusCode::OK,
        &json!({"status": "queen", "delivered": true}),
    ))
}

/// Stops a session. The stock agent has the same path for its own, and gets
/// the ids that Hive does not know.
async fn stop(
    Extension(namespace): Extension<Arc<Namespace>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if namespace.stock.archive(&id) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let config = namespace.config().hive;
    if let Some(refusal) = unauthorized(&headers, &config) {
        refusal
    } else if namespace
        .hive
        .with_sessions(|sessions| sessions.stop(&id, config.history))
    {
        json_response(StatusCode::OK, &json!({"session_id": id, "stopped": true}))
    } else {
        not_found(&id)
    }
}

fn unauthorized(headers: &HeaderMap, config: &HiveConfig) -> Option<Response> {
    let token = config.token.as_deref()?;
    let given = headers.get("x-hive-token").map(HeaderValue::as_bytes);
    (given != Some(token.as_bytes()))
        .then(|| json_response(StatusCode::UNAUTHORIZED, &json!({"error": "unauthorized"})))
}

/// In aiohttp's own words, which come as text. Its GET takes HEAD too, as axum's does.
async fn method_not_allowed() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, "405: Method Not Allowed").into_response()
}

fn not_found(id: &str) -> Response {
    let error = format!("Session '{id}' not found");
    json_response(StatusCode::NOT_FOUND, &json!({ "error": error }))
}

/// What might lead out of the directory in which the service keeps sessions.
fn is_unsafe(id: &str) -> bool {
    id == "." || id.contains("..") || id.contains(['/', '\\', '\0'])
}

/// `session_20260416_193001_1a2b3c4d`.
fn new_session_id() -> String {
    let now = python_time::naive(SystemTime::now());
    let digits: String = now.chars().take(19).filter(char::is_ascii_digit).collect();
    let (date, time) = digits.split_at(8);
    let unique: String = Uuid::new_v4()
        .simple()
        .to_string()
        .chars()
        .take(8)
        .collect();
    format!("session_{date}_{time}_{unique}")
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    let text = python_json::to_string(body, Style::Spaced { ascii: true });
    (
        status,
        [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
        text,
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_has_its_date_time_and_eight_hex_digits() {
        let id = new_session_id();
        let parts: Vec<&str> = id.split('_').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [7, 8, 6, 8], "{id}");
    }

    #[test]
    fn a_session_id_may_not_lead_elsewhere() {
        assert!(is_unsafe("..") && is_unsafe("a/b") && is_unsafe("a\\b") && is_unsafe("."));
        assert!(!is_unsafe("session_20260416_193001_1a2b3c4d"));
    }
}
