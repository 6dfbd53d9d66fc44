//! Hive: the event stream of a session in which agents work.
//!
//! Unnamed messages tell by a `type` member what they are. Each connection
//! begins with a replay of what makes the chat visible, so that a client that
//! comes back sees again what it has seen.

mod bus;
mod demo;
mod event;
mod routes;
mod sessions;
mod types;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::Router;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use self::event::Event;
use self::sessions::Sessions;
use crate::control::ControlError;
use crate::namespace::Namespace;
use crate::python_time;
use crate::systems::Published;
use crate::traffic::Pace;

/// The session that is always there.
pub(crate) const DEMO_SESSION: &str = "session_demo";

/// What Hive remembers in one namespace.
#[derive(Debug, Default)]
pub(crate) struct State {
    sessions: Mutex<Sessions>,
}

impl State {
    fn with_sessions<T>(&self, change: impl FnOnce(&mut Sessions) -> T) -> T {
        change(&mut self.sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The routes.
pub(crate) fn router() -> Router {
    routes::router()
}

/// Publishes one event into a session, which it creates if need be.
///
/// # Errors
/// Names the wrong field.
pub(crate) fn publish(
    namespace: &Arc<Namespace>,
    item: &Map<String, Value>,
) -> Result<Published, ControlError> {
    let item: Item = serde_path_to_error::deserialize(Value::Object(item.clone()))
        .map_err(|error| ControlError::field(error.path().to_string(), error.inner()))?;
    let session = item.session.as_deref().unwrap_or(DEMO_SESSION).to_owned();
    let receivers = publish_event(namespace, &session, item.into_event());
    Ok(Published {
        receivers,
        id: None,
    })
}

/// Forgets the history of a session, the demonstration's unless it is said, but for the newest
/// `keep` events. Returns how many are gone.
pub(crate) fn forget(namespace: &Namespace, session: Option<&str>, keep: usize) -> usize {
    let config = namespace.config().hive;
    namespace.hive.with_sessions(|sessions| {
        sessions
            .open(session.unwrap_or(DEMO_SESSION), config.history)
            .forget(keep)
    })
}

/// Live traffic: a queen and her workers, run after run, in every session that
/// somebody watches.
pub(crate) async fn traffic(namespace: Arc<Namespace>, pace: Pace) {
    demo::run_after_run(namespace, pace).await;
}

/// Publishes into a session, which is created, or brought back, if need be.
fn publish_event(namespace: &Namespace, session: &str, event: Event) -> usize {
    let config = namespace.config().hive;
    namespace.hive.with_sessions(|sessions| {
        sessions
            .open(session, config.history)
            .publish(event, config.seq)
    })
}

/// Publishes into a session unless it was stopped: the agents of a stopped one are silent.
fn publish_if_live(namespace: &Namespace, session: &str, event: Event) {
    let config = namespace.config().hive;
    namespace.hive.with_sessions(|sessions| {
        if let Some(bus) = sessions.live(session, config.history) {
            bus.publish(event, config.seq);
        }
    });
}

/// One item of the control API's `publish`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    #[serde(default, rename = "system")]
    _system: IgnoredAny,
    session: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default = "empty")]
    data: Value,
    #[serde(default = "queen")]
    stream_id: String,
    node_id: Option<String>,
    execution_id: Option<String>,
    timestamp: Option<String>,
    correlation_id: Option<String>,
    colony_id: Option<String>,
    run_id: Option<String>,
}

fn empty() -> Value {
    Value::Object(Map::new())
}

fn queen() -> String {
    "queen".to_owned()
}

impl Item {
    fn into_event(self) -> Event {
        Event {
            kind: self.kind,
            stream_id: self.stream_id,
            node_id: self.node_id,
            execution_id: self.execution_id,
            data: self.data,
            timestamp: self
                .timestamp
                .unwrap_or_else(|| python_time::naive(SystemTime::now())),
            correlation_id: self.correlation_id,
            colony_id: self.colony_id,
            run_id: self.run_id,
            seq: None,
        }
    }
}
