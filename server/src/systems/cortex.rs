//! Cortex: channels of a user, a workspace, a conversation, and one for all.
//!
//! Messages are named and have no ids; nothing is replayed. Two generations of
//! the service differ on the wire: the documented one, and a rewrite that ends
//! its lines with CRLF, pings by comments, and delivers each event twice and
//! then twice again under a dotted name.

mod channels;
mod demo;
mod messages;
mod routes;

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use self::channels::{Channel, Channels, Kind};
use self::messages::Messages;
use crate::control::ControlError;
use crate::namespace::Namespace;
use crate::systems::Published;
use crate::traffic::Pace;

/// What Cortex remembers in one namespace.
#[derive(Debug, Default)]
pub(crate) struct State {
    channels: Mutex<Channels>,
    messages: Mutex<Messages>,
}

impl State {
    fn with_channels<T>(&self, change: impl FnOnce(&mut Channels) -> T) -> T {
        change(&mut self.channels.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with_messages<T>(&self, change: impl FnOnce(&mut Messages) -> T) -> T {
        change(&mut self.messages.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The routes.
pub(crate) fn router() -> Router {
    routes::router()
}

/// Publishes one event on a channel.
///
/// # Errors
/// Names the wrong field.
pub(crate) fn publish(
    namespace: &Arc<Namespace>,
    item: &Map<String, Value>,
) -> Result<Published, ControlError> {
    let item: Item = serde_path_to_error::deserialize(Value::Object(item.clone()))
        .map_err(|error| ControlError::field(error.path().to_string(), error.inner()))?;
    let Some(kind) = Kind::from_name(&item.channel) else {
        let problem = format!(
            "`{}` is none of global, user, workspace, conversation",
            item.channel
        );
        return Err(ControlError::field("channel", problem));
    };
    if item.event.is_empty() || item.event.contains(['\n', '\r']) {
        return Err(ControlError::field("event", "not a name of one line"));
    }
    let resource = match (kind, item.resource) {
        (Kind::Global, _) => "global".to_owned(),
        (_, Some(resource)) => resource,
        (_, None) => return Err(ControlError::field("resource", "missing")),
    };
    let channel = Channel { kind, resource };
    let receivers = send(namespace, &channel, &item.event, &item.data);
    Ok(Published {
        receivers,
        id: None,
    })
}

/// Live traffic: a conversation, and what the other channels hear of it.
pub(crate) async fn traffic(namespace: Arc<Namespace>, pace: Pace) {
    demo::conversations(namespace, pace).await;
}

/// Sends an event, and keeps it if it is a conversation's message: that is how
/// a client finds what it missed.
fn send(namespace: &Namespace, channel: &Channel, event: &str, data: &Value) -> usize {
    if channel.kind == Kind::Conversation && event == "message_received" {
        let message = data.clone();
        namespace
            .cortex
            .with_messages(|messages| messages.add(&channel.resource, message));
    }
    namespace
        .cortex
        .with_channels(|channels| channels.send(channel, event, data))
}

/// One item of the control API's `publish`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    #[serde(default, rename = "system")]
    _system: IgnoredAny,
    channel: String,
    resource: Option<String>,
    event: String,
    #[serde(default = "empty")]
    data: Value,
}

fn empty() -> Value {
    Value::Object(Map::new())
}
