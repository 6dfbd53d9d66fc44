//! A conversation with an assistant, and what the other channels hear of it.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Value, json};
use uuid::Uuid;

use super::channels::Kind;
use super::send;
use crate::namespace::Namespace;
use crate::python_time;
use crate::traffic::Pace;

/// What is said: the user's line, and the assistant's.
const EXCHANGES: [(&str, &str); 6] = [
    (
        "Can you draft the agenda for Thursday's review?",
        "Here is a draft: 1. Numbers of the quarter. 2. The export that times out. 3. Hiring. \
         Shall I send it to the others?",
    ),
    (
        "Yes, and move hiring to the front.",
        "Done: hiring comes first now, and all four have it.",
    ),
    (
        "What did we decide about the export last time?",
        "To stream it. Ana measured it: 40 s became 6 s, and nothing is kept in memory.",
    ),
    (
        "Übersetze das bitte ins Deutsche.",
        "„Streamen statt sammeln: aus 40 s wurden 6 s, und der Speicher bleibt leer.“",
    ),
    (
        "Please remind me an hour before.",
        "I will, on Thursday at 13:00.",
    ),
    ("Thanks! 🙌", "You're welcome."),
];

/// Talks on; the end is its being dropped.
pub(super) async fn conversations(namespace: Arc<Namespace>, pace: Pace) {
    for turn in 0_usize.. {
        let (question, answer) = EXCHANGES[turn % EXCHANGES.len()];
        let reference = Uuid::new_v4().to_string();
        on_other_channels(&namespace, turn);
        pace.pause(400).await;
        in_conversations(&namespace, "message_received", |_| {
            message(&reference, question, "user", json!({}))
        });
        pace.pause(300).await;
        in_conversations(&namespace, "typing_indicator", |id| typing(id, true));
        pace.pause(300).await;
        in_conversations(&namespace, "status_update", |_| {
            status("Message received, working on it", &reference)
        });
        pace.pause(900).await;
        in_conversations(&namespace, "typing_indicator", |id| typing(id, false));
        pace.pause(100).await;
        let metadata = json!({
            "message_type": "response",
            "action_type": "respond",
            "priority": 5,
            "reference_id": reference,
        });
        in_conversations(&namespace, "message_received", |_| {
            message(
                &Uuid::new_v4().to_string(),
                answer,
                "assistant",
                metadata.clone(),
            )
        });
        pace.pause(250).await;
        in_conversations(&namespace, "conversation_update", |id| {
            json!({
                "id": id,
                "title": "Thursday's review",
                "last_active_at_utc": now(),
                "metadata": {"message_count": 2 * (turn + 1)},
            })
        });
    }
}

/// A `message_received` payload.
pub(super) fn message(id: &str, content: &str, role: &str, metadata: Value) -> Value {
    json!({
        "id": id,
        "content": content,
        "role": role,
        "created_at_utc": now(),
        "metadata": metadata,
    })
}

/// A `status_update` payload.
pub(super) fn status(text: &str, reference: &str) -> Value {
    json!({
        "message": text,
        "timestamp": now(),
        "metadata": {"message_type": "status", "priority": 3, "reference_id": reference},
    })
}

pub(super) fn now() -> String {
    python_time::utc(SystemTime::now())
}

fn typing(conversation: &str, is_typing: bool) -> Value {
    json!({"conversation_id": conversation, "isTyping": is_typing, "timestamp_utc": now()})
}

/// One event in each conversation that somebody is on.
fn in_conversations(namespace: &Namespace, event: &str, data: impl Fn(&str) -> Value) {
    let watched = namespace
        .cortex
        .with_channels(|channels| channels.watched(Kind::Conversation));
    for channel in watched {
        send(namespace, &channel, event, &data(&channel.resource));
    }
}

/// Workspaces hear of conversations, users of workspaces, and all of the
/// system itself.
fn on_other_channels(namespace: &Namespace, turn: usize) {
    let tell = |kind: Kind, event: &str, data: &dyn Fn(&str) -> Value| {
        let watched = namespace
            .cortex
            .with_channels(|channels| channels.watched(kind));
        for channel in watched {
            send(namespace, &channel, event, &data(&channel.resource));
        }
    };
    let id = Uuid::new_v4().to_string();
    let notice = |text: &str| json!({"message": text, "timestamp_utc": now()});
    tell(
        Kind::Workspace,
        "workspace_update",
        &|workspace| json!({"id": workspace, "name": "Quarterly review", "timestamp_utc": now(), "metadata": {}}),
    );
    match turn % 3 {
        0 => {
            tell(Kind::Workspace, "conversation_created", &|_| {
                json!({
                    "id": id,
                    "title": "Thursday's review",
                    "modality": "text",
                    "created_at_utc": now(),
                })
            });
            tell(
                Kind::User,
                "workspace_created",
                &|_| json!({"id": id, "name": "Quarterly review", "created_at_utc": now()}),
            );
        }
        1 => tell(
            Kind::Workspace,
            "conversation_deleted",
            &|_| json!({ "id": id }),
        ),
        _ => tell(Kind::Workspace, "member_joined", &|workspace| {
            json!({
                "workspace_id": workspace,
                "user_id": id,
                "role": "editor",
                "timestamp_utc": now(),
            })
        }),
    }
    tell(Kind::User, "preference_update", &|_| {
        notice("Theme set to dark")
    });
    let (event, text) = if turn.is_multiple_of(2) {
        ("notification", "Your export is ready")
    } else {
        ("system_update", "Search index refreshed")
    };
    tell(Kind::Global, event, &|_| notice(text));
}
