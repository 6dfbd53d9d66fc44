//! The messages of each conversation, which a client fetches again after a
//! reconnection, since nothing is replayed.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

/// Messages kept of each conversation.
const MESSAGES: usize = 500;

/// Conversations whose messages are kept.
const CONVERSATIONS: usize = 500;

#[derive(Debug, Default)]
pub(super) struct Messages {
    conversations: HashMap<String, VecDeque<Value>>,
}

impl Messages {
    /// Keeps a message; of conversations beyond the limit nothing is kept.
    pub(super) fn add(&mut self, conversation: &str, message: Value) {
        let full = self.conversations.len() >= CONVERSATIONS;
        if full && !self.conversations.contains_key(conversation) {
            return;
        }
        let messages = self
            .conversations
            .entry(conversation.to_owned())
            .or_default();
        if messages.len() == MESSAGES {
            messages.pop_front();
        }
        messages.push_back(message);
    }

    /// `limit` messages from `offset` on, oldest first, and how many there are.
    pub(super) fn page(
        &self,
        conversation: &str,
        limit: usize,
        offset: usize,
    ) -> (Vec<Value>, usize) {
        let Some(messages) = self.conversations.get(conversation) else {
            return (Vec::new(), 0);
        };
        let page = messages.iter().skip(offset).take(limit).cloned().collect();
        (page, messages.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_is_cut_out_by_limit_and_offset() {
        let mut messages = Messages::default();
        for number in 0..5 {
            messages.add("c", json!(number));
        }
        assert_eq!(messages.page("c", 2, 1), (vec![json!(1), json!(2)], 5));
        assert_eq!(messages.page("other", 2, 0), (vec![], 0));
    }

    #[test]
    fn the_oldest_message_makes_room() {
        let mut messages = Messages::default();
        for number in 0..=MESSAGES {
            messages.add("c", json!(number));
        }
        assert_eq!(messages.page("c", 1, 0), (vec![json!(1)], MESSAGES));
    }
}
