//! Any other stream: whatever is published goes to everybody who listens, and nothing is kept.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Extension, Router,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Map, Value};

use crate::{
    control::{ControlError, text_field},
    namespace::Namespace,
    stream::{EventSender, EventStream, Limits},
    systems::{Published, System},
    traffic::Pace,
};

/// Who listens to the plain stream.
#[derive(Debug, Default)]
pub(crate) struct State {
    listeners: Mutex<Vec<EventSender>>,
}

impl State {
    fn send(&self, frame: &str) -> usize {
        let mut listeners = self
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send_or_cut(frame.to_owned()).is_ok());
        listeners.len()
    }
}

/// `GET /plain`.
pub(crate) fn router() -> Router {
    Router::new().route("/plain", get(events))
}

async fn events(Extension(namespace): Extension<Arc<Namespace>>) -> Response {
    let (sender, stream) = EventStream::open(&namespace, System::Plain, Limits::default());
    let mut listeners = namespace
        .plain
        .listeners
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    listeners.retain(|listener| !listener.is_gone());
    listeners.push(sender);
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, stream).into_response()
}

/// Publishes `{"event": name or null, "data": text, "id": text or null}`.
///
/// # Errors
/// Names the wrong field.
pub(crate) fn publish(
    namespace: &Arc<Namespace>,
    item: &Map<String, Value>,
) -> Result<Published, ControlError> {
    let event = text_field(item, "event")?;
    let id = text_field(item, "id")?;
    let data = match item.get("data") {
        None | Some(Value::Null) => return Err(ControlError::field("data", "is missing")),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let mut frame = String::new();
    for (name, value) in [("event", event), ("id", id)] {
        if let Some(value) = value {
            if value.contains(['\r', '\n', '\0']) {
                return Err(ControlError::field(name, "holds a line break or NUL"));
            }
            frame.push_str(&format!("{name}: {value}\n"));
        }
    }
    for line in data.replace("\r\n", "\n").replace('\r', "\n").split('\n') {
        frame.push_str(&format!("data: {line}\n"));
    }
    frame.push('\n');
    Ok(Published {
        receivers: namespace.plain.send(&frame),
        id: id.map(Into::into),
    })
}

/// A counter.
pub(crate) async fn traffic(namespace: Arc<Namespace>, pace: Pace) {
    for count in 1_u64.. {
        pace.pause(500).await;
        let frame = if count % 5 == 0 {
            format!("event: fifth\nid: {count}\ndata: {count}\n\n")
        } else {
            format!("id: {count}\ndata: {count}\n\n")
        };
        namespace.plain.send(&frame);
    }
}
