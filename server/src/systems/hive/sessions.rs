//! The sessions of one namespace.

use std::collections::HashMap;

use serde_json::Value;

use super::DEMO_SESSION;
use super::bus::EventBus;

/// Sessions kept, stopped ones included; after that, no new ones are created
/// and the demonstration's own takes what is published.
const SESSIONS: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct Sessions {
    sessions: HashMap<String, Session>,
}

#[derive(Debug)]
struct Session {
    bus: EventBus,
    /// A stopped session is not found by new clients. Its open streams stay,
    /// and its history can be read, as from the service's disk.
    live: bool,
}

impl Sessions {
    /// The bus of a live session.
    pub(super) fn live(&mut self, id: &str, history: usize) -> Option<&mut EventBus> {
        if id == DEMO_SESSION && !self.sessions.contains_key(id) {
            return Some(self.open(id, history));
        }
        let session = self.sessions.get_mut(id).filter(|session| session.live)?;
        session.bus.keep(history);
        Some(&mut session.bus)
    }

    /// The bus of a session, which is created, or brought back, if need be.
    pub(super) fn open(&mut self, id: &str, history: usize) -> &mut EventBus {
        let id = if self.sessions.len() < SESSIONS || self.sessions.contains_key(id) {
            id
        } else {
            DEMO_SESSION
        };
        let session = self
            .sessions
            .entry(id.to_owned())
            .or_insert_with(|| Session {
                bus: EventBus::new(history),
                live: true,
            });
        session.live = true;
        session.bus.keep(history);
        &mut session.bus
    }

    /// Stops a session; false if there is no live one of that id.
    pub(super) fn stop(&mut self, id: &str, history: usize) -> bool {
        let live = self.live(id, history).is_some();
        if let Some(session) = self.sessions.get_mut(id) {
            session.live = false;
        }
        live
    }

    /// Everything that was published in a session, live or stopped.
    pub(super) fn log(&self, id: &str) -> Vec<Value> {
        self.sessions
            .get(id)
            .map(|session| session.bus.log())
            .unwrap_or_default()
    }

    /// The live sessions that somebody is connected to.
    pub(super) fn watched(&self) -> Vec<String> {
        let watched = self
            .sessions
            .iter()
            .filter(|(_, session)| session.live && session.bus.clients() > 0);
        watched.map(|(id, _)| id.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demonstrations_session_is_there_from_the_start_and_others_are_not() {
        let mut sessions = Sessions::default();
        assert!(sessions.live(DEMO_SESSION, 10).is_some());
        assert!(sessions.live("session_x", 10).is_none());
        sessions.open("session_x", 10);
        assert!(sessions.live("session_x", 10).is_some());
    }

    #[test]
    fn a_stopped_session_is_found_no_more_until_it_is_opened_again() {
        let mut sessions = Sessions::default();
        assert!(sessions.stop(DEMO_SESSION, 10));
        assert!(!sessions.stop(DEMO_SESSION, 10));
        assert!(sessions.live(DEMO_SESSION, 10).is_none());
        sessions.open(DEMO_SESSION, 10);
        assert!(sessions.live(DEMO_SESSION, 10).is_some());
    }

    #[test]
    fn there_is_an_end_to_the_sessions_that_can_be_created() {
        let mut sessions = Sessions::default();
        for number in 0..SESSIONS + 50 {
            sessions.open(&format!("session_{number}"), 10);
        }
        // The demonstration's own may be one more.
        assert!(sessions.sessions.len() <= SESSIONS + 1);
    }
}
