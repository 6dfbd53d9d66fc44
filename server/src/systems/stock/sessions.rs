//! The conversations that the agent has had.

use std::collections::VecDeque;

use serde_json::{Value, json};

/// Conversations kept; the oldest goes first.
const SESSIONS: usize = 500;

/// Messages kept of each conversation.
const MESSAGES: usize = 200;

/// How long a title, cut from the first question, may be.
const TITLE_CHARACTERS: usize = 40;

#[derive(Debug, Default)]
pub(super) struct Sessions {
    sessions: VecDeque<Session>,
}

#[derive(Debug)]
struct Session {
    id: String,
    title: String,
    created_at: String,
    updated_at: String,
    messages: VecDeque<Value>,
}

impl Sessions {
    /// Adds a message, and the session with the first.
    pub(super) fn say(&mut self, id: &str, role: &str, content: &str, now: &str) {
        let place = self.sessions.iter().position(|session| session.id == id);
        let place = place.unwrap_or_else(|| {
            if self.sessions.len() == SESSIONS {
                self.sessions.pop_front();
            }
            self.sessions.push_back(Session {
                id: id.to_owned(),
                title: content.chars().take(TITLE_CHARACTERS).collect(),
                created_at: now.to_owned(),
                updated_at: String::new(),
                messages: VecDeque::new(),
            });
            self.sessions.len() - 1
        });
        let session = &mut self.sessions[place];
        if session.messages.len() == MESSAGES {
            session.messages.pop_front();
        }
        now.clone_into(&mut session.updated_at);
        session
            .messages
            .push_back(json!({"role": role, "content": content, "created_at": now}));
    }

    pub(super) fn list(&self) -> Value {
        self.sessions.iter().rev().map(Session::summary).collect()
    }

    pub(super) fn read(&self, id: &str) -> Option<Value> {
        let session = self.sessions.iter().find(|session| session.id == id)?;
        Some(json!({"session": session.summary(), "messages": session.messages}))
    }

    /// Takes a session out of sight; false if there is none of that id.
    pub(super) fn archive(&mut self, id: &str) -> bool {
        let before = self.sessions.len();
        self.sessions.retain(|session| session.id != id);
        self.sessions.len() < before
    }
}

impl Session {
    fn summary(&self) -> Value {
        json!({
            "id": self.id,
            "user_id": "default",
            "title": self.title,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_titled_by_its_first_question_and_keeps_what_was_said() {
        let mut sessions = Sessions::default();
        sessions.say("s", "user", "贵州茅台", "2026-01-01T00:00:00+00:00");
        sessions.say("s", "assistant", "up", "2026-01-01T00:00:01+00:00");
        let read = sessions.read("s").unwrap();
        assert_eq!(read["session"]["title"], "贵州茅台");
        assert_eq!(read["session"]["updated_at"], "2026-01-01T00:00:01+00:00");
        assert_eq!(read["messages"][1]["content"], "up");
    }

    #[test]
    fn an_archived_session_is_out_of_sight() {
        let mut sessions = Sessions::default();
        sessions.say("s", "user", "hello", "now");
        assert!(sessions.archive("s"));
        assert!(!sessions.archive("s"));
        assert_eq!(sessions.list(), json!([]));
        assert_eq!(sessions.read("s"), None);
    }

    #[test]
    fn the_oldest_session_makes_room() {
        let mut sessions = Sessions::default();
        for number in 0..=SESSIONS {
            sessions.say(&number.to_string(), "user", "q", "now");
        }
        assert_eq!(sessions.read("0"), None);
        assert!(sessions.read("1").is_some());
    }
}
