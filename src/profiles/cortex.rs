//! Cortex, conversations in workspaces: `GET /v1/{user|workspace|conversation}/{id}` and
//! `GET /v1/global`, with the token in the URL.
//!
//! Two generations are met. In the first, a name is `message_received`; in the second it may also
//! be `conversation.message_received`, and the same event comes twice. There are no ids on the
//! wire and nothing is replayed. Names that the table does not have are ordinary here.
//!
//! ```
//! use tidewire::profiles::cortex::{Cortex, Event, EventType, spec};
//! use tidewire::profiles::{Profile, RawEvent};
//!
//! let (index, _) = spec().event("conversation.message_received").unwrap();
//! assert_eq!(EventType::ALL[index], EventType::MessageReceived);
//! // What is not in the table is there with its text.
//! let raw = RawEvent::new_unknown("reaction_added", r#"{"emoji": "+1"}"#);
//! assert!(matches!(Cortex::decode(&raw)?, Event::Unknown(event) if event.name == "reaction_added"));
//! # Ok::<(), tidewire::profiles::DecodeError>(())
//! ```

use super::{Auth, Cursor, Heartbeat, Identity, Spec};
use alloc::borrow::Cow;

profile! {
    /// Cortex, conversations in workspaces: messages, what is being typed, who came and went.
    Cortex = "cortex";
    meta: super::NoMeta;
    categories {
        /// The stream itself.
        Connection = "connection",
        /// Messages of a conversation.
        Message = "message",
        /// What is going on in a conversation.
        Activity = "activity",
        /// Conversations that come, change and go.
        Conversation = "conversation",
        /// Workspaces and their members.
        Workspace = "workspace",
        /// Notices for a user, or for all.
        Notice = "notice",
    }
    events {
        /// The stream stands: its first event.
        Connect(Connected) = "connect" in Connection;
        /// The server lives: every 30 s, in the second generation every 15 s, traffic or not.
        Heartbeat(HeartbeatData) = "heartbeat" in Connection [HEARTBEAT DROPPABLE];
        /// A message was written, by the user or the assistant.
        MessageReceived(MessageReceivedData) = "message_received" in Message [CRITICAL];
        /// What a conversation or a workspace is doing.
        StatusUpdate(StatusUpdateData) = "status_update" in Activity [DROPPABLE];
        /// A conversation changed.
        ConversationUpdate(ConversationUpdateData) = "conversation_update" in Conversation [RECURRING];
        /// A conversation began.
        ConversationCreated(ConversationCreatedData) = "conversation_created" in Conversation [CRITICAL];
        /// A conversation was deleted.
        ConversationDeleted(ConversationDeletedData) = "conversation_deleted" in Conversation [CRITICAL];
        /// A workspace was made.
        WorkspaceCreated(WorkspaceCreatedData) = "workspace_created" in Workspace [CRITICAL];
        /// Someone began or stopped to type.
        TypingIndicator(TypingIndicatorData) = "typing_indicator" in Activity [DROPPABLE];
        /// The second generation's greeting on a conversation's stream.
        ConnectionConfirmed(ConnectionConfirmedData) = "connection_confirmed" in Connection;
        /// The second generation's trial event.
        ConnectionTest(ConnectionTestData) = "connection_test" in Connection [DROPPABLE];
        /// A notice for the user.
        Notification(NotificationData) = "notification" in Notice;
        /// Something about the service as a whole.
        SystemUpdate(NoticeData) = "system_update" in Notice [RECURRING];
        /// A preference of the user changed.
        PreferenceUpdate(NoticeData) = "preference_update" in Notice [RECURRING];
        /// A workspace changed.
        WorkspaceUpdate(WorkspaceUpdateData) = "workspace_update" in Workspace [RECURRING];
        /// Someone joined a workspace.
        MemberJoined(MemberData) = "member_joined" in Workspace [RECURRING];
        /// Someone left a workspace.
        MemberLeft(MemberData) = "member_left" in Workspace [RECURRING];
    }
}

/// What the connection, the filter and the driver know of Cortex.
pub fn spec() -> Spec {
    const PREFIXES: &[super::Name] = &[
        Cow::Borrowed("conversation"),
        Cow::Borrowed("workspace"),
        Cow::Borrowed("user"),
        Cow::Borrowed("global"),
    ];
    Spec {
        categories: Cow::Borrowed(CATEGORIES),
        events: Cow::Borrowed(EVENTS),
        open: true,
        prefixes: Cow::Borrowed(PREFIXES),
        cursor: Cursor::None,
        auth: Auth::Query(Cow::Borrowed("token")),
        heartbeat: Heartbeat::Event(30_000),
        // The second generation sends each event twice, and a third time under its dotted name.
        identity: Identity::Field(Cow::Borrowed("id")),
        ..Spec::new("cortex")
    }
}

payloads! {
    /// `connect`
    pub struct Connected {
        /// Always true.
        connected: bool,
    }

    /// `heartbeat`
    pub struct HeartbeatData {} optional {
        /// When it was sent, ISO 8601 with offset.
        timestamp_utc: String,
    }

    /// `message_received`
    pub struct MessageReceivedData {
        /// The message. The same one comes again in the second generation.
        id: String,
        /// Its text.
        content: String,
        /// Who wrote it, an open string: `user`, `assistant`.
        role: String,
    } optional {
        /// When it was written, ISO 8601 with offset.
        created_at_utc: String,
        /// What goes with it; in an assistant's message `message_type`, `action_type`,
        /// `priority`, `reference_id`.
        metadata: serde_json::Map<String, serde_json::Value>,
        /// The conversation, in the second generation.
        conversation_id: String,
    }

    /// `status_update`: the service sends `message`, `timestamp` and `metadata`, its reference
    /// says `status`, `role` and `timestamp_utc`.
    pub struct StatusUpdateData {} optional {
        /// What is going on, for people.
        message: String,
        /// When, ISO 8601; without a zone it is the server's local time.
        timestamp: String,
        /// `message_type`, `priority`, `reference_id`.
        metadata: serde_json::Map<String, serde_json::Value>,
        /// The conversation, in the second generation.
        conversation_id: String,
        /// What is going on, an open string: `typing`.
        status: String,
        /// Who it is about: `user`, `assistant`.
        role: String,
        /// When, ISO 8601 with offset.
        timestamp_utc: String,
    }

    /// `conversation_update`
    pub struct ConversationUpdateData {
        /// The conversation.
        id: String,
    } optional {
        /// Its title.
        title: String,
        /// When something last happened in it, ISO 8601 with offset.
        last_active_at_utc: String,
        /// What goes with it.
        metadata: serde_json::Map<String, serde_json::Value>,
    }

    /// `conversation_created`
    pub struct ConversationCreatedData {
        /// The conversation.
        id: String,
    } optional {
        /// Its title.
        title: String,
        /// How it is held, `chat` say.
        modality: String,
        /// When it began, ISO 8601 with offset.
        created_at_utc: String,
    }

    /// `conversation_deleted`
    pub struct ConversationDeletedData {
        /// The conversation.
        id: String,
    }

    /// `workspace_created`
    pub struct WorkspaceCreatedData {
        /// The workspace.
        id: String,
    } optional {
        /// Its name.
        name: String,
        /// When it was made, ISO 8601 with offset.
        created_at_utc: String,
    }

    /// `typing_indicator`
    pub struct TypingIndicatorData {
        /// Whether someone is typing.
        is_typing as "isTyping": bool,
    } optional {
        /// The conversation.
        conversation_id: String,
        /// When, ISO 8601 with offset.
        timestamp_utc: String,
    }

    /// `connection_confirmed`
    pub struct ConnectionConfirmedData {
        /// `connected`.
        status: String,
    } optional {
        /// The conversation.
        conversation_id: String,
        /// When, ISO 8601 with offset.
        timestamp_utc: String,
        /// The user, in spite of its name.
        client_id: String,
    }

    /// `connection_test`
    pub struct ConnectionTestData {
        /// The trial.
        test_id: String,
    } optional {
        /// When, ISO 8601; without a zone it is the server's local time.
        timestamp: String,
        /// What it says.
        message: String,
    }

    /// `notification`
    pub struct NotificationData {
        /// The notice.
        message: String,
    } optional {
        /// When, ISO 8601 with offset.
        timestamp_utc: String,
    }

    /// `system_update` and `preference_update`, of which the documents name no member.
    pub struct NoticeData {} optional {
        /// What changed, for people.
        message: String,
        /// When, ISO 8601 with offset.
        timestamp_utc: String,
        /// What goes with it.
        metadata: serde_json::Map<String, serde_json::Value>,
    }

    /// `workspace_update`, of which the documents name no member.
    pub struct WorkspaceUpdateData {} optional {
        /// The workspace.
        id: String,
        /// Its name.
        name: String,
        /// When, ISO 8601 with offset.
        timestamp_utc: String,
        /// What goes with it.
        metadata: serde_json::Map<String, serde_json::Value>,
    }

    /// `member_joined` and `member_left`, of which the documents name no member.
    pub struct MemberData {} optional {
        /// The workspace.
        workspace_id: String,
        /// Who joined or left.
        user_id: String,
        /// What they may do, an open string.
        role: String,
        /// When, ISO 8601 with offset.
        timestamp_utc: String,
    }
}
