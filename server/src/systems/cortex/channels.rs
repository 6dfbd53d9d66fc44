//! Who is connected to which channel, and what they are sent.

use serde_json::{Map, Value, json};

use crate::config::CortexGeneration;
use crate::python_json::{self, Style};
use crate::stream::EventSender;

/// The kinds of channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Global,
    User,
    Workspace,
    Conversation,
}

impl Kind {
    /// Those that have resources.
    pub(super) const OF_RESOURCES: [Self; 3] = [Self::User, Self::Workspace, Self::Conversation];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::User => "user",
            Self::Workspace => "workspace",
            Self::Conversation => "conversation",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        [
            Self::Global,
            Self::User,
            Self::Workspace,
            Self::Conversation,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}

/// A channel. The global one's resource is `global`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Channel {
    pub(super) kind: Kind,
    pub(super) resource: String,
}

#[derive(Debug)]
struct Connection {
    channel: Channel,
    user: String,
    generation: CortexGeneration,
    sender: EventSender,
}

/// The open connections of one namespace.
#[derive(Debug, Default)]
pub(super) struct Channels {
    connections: Vec<Connection>,
}

impl Channels {
    pub(super) fn register(
        &mut self,
        channel: Channel,
        user: String,
        generation: CortexGeneration,
        sender: EventSender,
    ) {
        self.forget_the_gone();
        self.connections.push(Connection {
            channel,
            user,
            generation,
            sender,
        });
    }

    /// Sends an event to everyone on `channel`; the number of connections.
    pub(super) fn send(&mut self, channel: &Channel, event: &str, data: &Value) -> usize {
        let to_channel = |connection: &&mut Connection| connection.channel == *channel;
        let receivers = self
            .connections
            .iter_mut()
            .filter(to_channel)
            .filter(|connection| {
                frames(connection.generation, channel, event, data)
                    .into_iter()
                    .all(|frame| connection.sender.send_or_cut(frame).is_ok())
            })
            .count();
        self.forget_the_gone();
        receivers
    }

    /// The channels of a kind that somebody is on, each once.
    pub(super) fn watched(&mut self, kind: Kind) -> Vec<Channel> {
        self.forget_the_gone();
        let mut watched: Vec<Channel> = Vec::new();
        for connection in &self.connections {
            if connection.channel.kind == kind && !watched.contains(&connection.channel) {
                watched.push(connection.channel.clone());
            }
        }
        watched
    }

    /// `GET /v1/stats`.
    pub(super) fn stats(&mut self, generation: CortexGeneration, now: &str) -> Value {
        self.forget_the_gone();
        match generation {
            CortexGeneration::V1 => self.stats_v1(),
            CortexGeneration::V2 => self.stats_v2(now),
        }
    }

    fn stats_v1(&self) -> Value {
        let mut channels = Map::new();
        for kind in Kind::OF_RESOURCES {
            let of_kind = self
                .connections
                .iter()
                .filter(|connection| connection.channel.kind == kind);
            let counts = count(of_kind.map(|connection| connection.channel.resource.clone()));
            channels.insert(kind.name().into(), counts.into());
        }
        let global = self
            .connections
            .iter()
            .filter(|connection| connection.channel.kind == Kind::Global)
            .count();
        json!({"global": global, "channels": channels, "total": self.connections.len()})
    }

    /// The rewrite registers each connection twice, and so counts it twice.
    fn stats_v2(&self, now: &str) -> Value {
        let twice = self.connections.iter().chain(&self.connections);
        let mut by_channel = Map::new();
        by_channel.insert("global".into(), 0.into());
        for (name, number) in count(twice.clone().map(|connection| {
            let Channel { kind, resource } = &connection.channel;
            match kind {
                Kind::Global => "global".to_owned(),
                kind => format!("{}:{resource}", kind.name()),
            }
        })) {
            by_channel.insert(name, number);
        }
        for kind in Kind::OF_RESOURCES {
            let of_kind = twice
                .clone()
                .filter(|connection| connection.channel.kind == kind);
            by_channel.insert(kind.name().into(), of_kind.count().into());
        }
        json!({
            "total_connections": self.connections.len() * 2,
            "connections_by_channel": by_channel,
            "connections_by_user": count(twice.map(|connection| connection.user.clone())),
            "generated_at": now,
        })
    }

    fn forget_the_gone(&mut self) {
        self.connections
            .retain(|connection| !connection.sender.is_gone());
    }
}

/// One frame, its lines ended as the generation ends them.
pub(super) fn frame(generation: CortexGeneration, event: &str, data: &Value) -> String {
    let json = python_json::to_string(data, Style::Spaced { ascii: true });
    match generation {
        CortexGeneration::V1 => format!("event: {event}\ndata: {json}\n\n"),
        CortexGeneration::V2 => format!("event: {event}\r\ndata: {json}\r\n\r\n"),
    }
}

/// The frames that one event becomes.
fn frames(
    generation: CortexGeneration,
    channel: &Channel,
    event: &str,
    data: &Value,
) -> Vec<String> {
    match generation {
        CortexGeneration::V1 => vec![frame(generation, event, data)],
        CortexGeneration::V2 => {
            let data = with_resource(channel, data);
            let short = frame(generation, event, &data);
            let kind = channel.kind.name();
            // What comes by the bus keeps the bus topic as its name.
            let dotted = frame(generation, &format!("{kind}.{event}"), &data);
            vec![short.clone(), short, dotted.clone(), dotted]
        }
    }
}

/// The rewrite names the channel's resource in every payload.
fn with_resource(channel: &Channel, data: &Value) -> Value {
    let mut data = data.clone();
    if let Value::Object(members) = &mut data {
        let name = format!("{}_id", channel.kind.name());
        members
            .entry(name)
            .or_insert_with(|| channel.resource.as_str().into());
    }
    data
}

fn count(names: impl Iterator<Item = String>) -> Map<String, Value> {
    let mut counts = Map::new();
    for name in names {
        let number = counts
            .get(&name)
            .and_then(Value::as_u64)
            .unwrap_or_default()
            + 1;
        counts.insert(name, number.into());
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_generation_sends_an_event_once_with_line_feeds() {
        let channel = Channel {
            kind: Kind::Conversation,
            resource: "c-1".into(),
        };
        assert_eq!(
            frames(
                CortexGeneration::V1,
                &channel,
                "message_received",
                &json!({"content": "é"})
            ),
            ["event: message_received\ndata: {\"content\": \"\\u00e9\"}\n\n"]
        );
    }

    #[test]
    fn the_rewrite_sends_it_twice_and_twice_again_under_a_dotted_name() {
        let channel = Channel {
            kind: Kind::Workspace,
            resource: "w-1".into(),
        };
        let short = "event: x\r\ndata: {\"a\": 1, \"workspace_id\": \"w-1\"}\r\n\r\n";
        let dotted = "event: workspace.x\r\ndata: {\"a\": 1, \"workspace_id\": \"w-1\"}\r\n\r\n";
        assert_eq!(
            frames(CortexGeneration::V2, &channel, "x", &json!({"a": 1})),
            [short, short, dotted, dotted]
        );
    }

    #[test]
    fn a_resource_that_the_payload_names_is_left_as_it_is() {
        let channel = Channel {
            kind: Kind::User,
            resource: "u-1".into(),
        };
        let data = json!({"user_id": "other"});
        assert_eq!(with_resource(&channel, &data), data);
    }
}
