//! Events that come again: how they are recognised, and how many are remembered.

use crate::profiles::{Flags, Identity, Payload, Spec, json};
use alloc::collections::{BTreeSet, VecDeque};
use alloc::{boxed::Box, vec};

/// How many events are remembered. Hive replays up to 1,000 of its history on every connection,
/// and lets 1,000 more wait; Dashtam keeps about 1,000 for a resume.
const REMEMBERED: usize = 4_096;

/// Bytes of a key that is kept as it is; a longer one is kept as its digest.
const KEY: usize = 64;

/// What tells an event from all others.
pub(super) type Key = Box<[u8]>;

/// The events of late, by what tells one from another.
#[derive(Debug, Default)]
pub(super) struct Seen {
    keys: BTreeSet<Key>,
    order: VecDeque<Key>,
}

impl Seen {
    /// Whether it came before.
    pub(super) fn knows(&self, key: &Key) -> bool {
        self.keys.contains(key)
    }

    /// Remembers it, and forgets the oldest if there are too many.
    pub(super) fn remember(&mut self, key: Key) {
        if !self.keys.insert(key.clone()) {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
    }
}

/// What tells an event from all others; `None` if nothing does, and it is never a repetition.
pub(super) fn key(
    spec: &Spec,
    index: Option<u16>,
    flags: Flags,
    id: Option<&str>,
    data: &[u8],
) -> Option<Key> {
    match &spec.identity {
        Identity::None => None,
        Identity::Id => id
            .filter(|id| !id.is_empty())
            .map(|id| made_of(b'i', 0, id.as_bytes())),
        Identity::SequenceOrText(field) => {
            let number = sequence(data, field);
            if let Some(number) = number {
                // With its text, since a server that begins anew counts from 1 again.
                let mut numbered = number.to_le_bytes().to_vec();
                numbered.extend(data);
                return Some(made_of(b's', 0, &numbered));
            }
            // Only what the server sends again can be a repetition of the same text.
            flags.has(Flags::REPLAYED).then(|| made_of(b't', 0, data))
        }
        Identity::Field(field) => {
            let index = index.filter(|_| !flags.has(Flags::RECURRING))?;
            let payload = match &spec.payload {
                Payload::Whole => data,
                Payload::Field(payload) => json::member(data, payload)?,
            };
            Some(made_of(b'f', index, json::member(payload, field)?))
        }
    }
}

/// The number by which a server counts its events; 0 counts nothing.
pub(super) fn sequence(data: &[u8], field: &str) -> Option<u64> {
    json::whole_number(json::member(data, field)?).filter(|&number| number > 0)
}

fn made_of(kind: u8, index: u16, text: &[u8]) -> Key {
    let mut key = vec![kind];
    key.extend(index.to_le_bytes());
    if text.len() <= KEY {
        key.extend(text);
    } else {
        // Two digests of different seeds, and the length: 128 bits tell texts apart that nobody
        // forged. Whoever could forge them can as well leave the event out.
        key.push(b'#');
        key.extend(text.len().to_le_bytes());
        key.extend(digest(0xCBF2_9CE4_8422_2325, text).to_le_bytes());
        key.extend(digest(0x9E37_79B9_7F4A_7C15, text).to_le_bytes());
    }
    key.into()
}

/// FNV-1a over words, with a last mix, from its published constants.
fn digest(seed: u64, text: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01B3;
    let mut digest = seed;
    let mut words = text.chunks_exact(8);
    for word in words.by_ref() {
        let word = word
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u64::from(byte));
        digest = (digest ^ word).wrapping_mul(PRIME).rotate_left(29);
    }
    for &byte in words.remainder() {
        digest = (digest ^ u64::from(byte)).wrapping_mul(PRIME);
    }
    (digest ^ digest >> 32).wrapping_mul(PRIME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::{cortex, dashtam, hive};

    fn is_new(seen: &mut Seen, key: Option<Key>) -> bool {
        key.is_none_or(|key| {
            let new = !seen.knows(&key);
            seen.remember(key);
            new
        })
    }

    #[test]
    fn the_window_is_bounded_and_forgets_the_oldest_first() {
        let mut seen = Seen::default();
        let spec = dashtam::spec();
        let of = |n: usize| key(&spec, Some(0), Flags::NONE, Some(&n.to_string()), b"{}");
        for n in 0..=REMEMBERED {
            assert!(is_new(&mut seen, of(n)));
        }
        assert_eq!(
            (seen.keys.len(), seen.order.len()),
            (REMEMBERED, REMEMBERED)
        );
        assert!(!is_new(&mut seen, of(1)), "the second is still known");
        assert!(is_new(&mut seen, of(0)), "the first is forgotten");
    }

    #[test]
    fn an_event_without_id_is_never_a_repetition() {
        assert_eq!(
            key(&dashtam::spec(), Some(0), Flags::NONE, None, b"{}"),
            None
        );
        assert_eq!(
            key(&dashtam::spec(), Some(0), Flags::NONE, Some(""), b"{}"),
            None
        );
    }

    #[test]
    fn a_message_is_known_by_its_id_within_its_type() {
        let spec = cortex::spec();
        let of = |name: &str, data: &str| {
            let (index, event) = spec.event(name).expect("it is known");
            key(
                &spec,
                Some(index as u16),
                event.flags,
                None,
                data.as_bytes(),
            )
        };
        let message = of("message_received", r#"{"id": "m1", "content": "a"}"#);
        assert!(message.is_some());
        assert_eq!(
            message,
            of(
                "conversation.message_received",
                r#"{"content":"b","id":"m1"}"#
            )
        );
        assert_ne!(message, of("conversation_created", r#"{"id": "m1"}"#));
        assert_eq!(
            of("conversation_update", r#"{"id": "c1"}"#),
            None,
            "it recurs"
        );
        assert_eq!(of("typing_indicator", r#"{"isTyping": true}"#), None);
    }

    #[test]
    fn hives_events_are_known_by_their_number_or_by_their_text() {
        let spec = hive::spec();
        let of = |flags, data: &str| key(&spec, Some(0), flags, None, data.as_bytes());
        let numbered = of(Flags::NONE, r#"{"type": "a", "seq": 7}"#);
        assert_eq!(numbered, of(Flags::REPLAYED, r#"{"type": "a", "seq": 7}"#));
        let anew = of(Flags::NONE, r#"{"type": "b", "seq": 7}"#);
        assert_ne!(numbered, anew, "of a server that began anew");
        assert_eq!(of(Flags::NONE, r#"{"type": "a", "seq": 0}"#), None);
        let long = |last: char| format!(r#"{{"type": "a", "data": "{}{last}"}}"#, "x".repeat(500));
        assert_eq!(
            of(Flags::REPLAYED, &long('y')),
            of(Flags::REPLAYED, &long('y'))
        );
        assert_ne!(
            of(Flags::REPLAYED, &long('y')),
            of(Flags::REPLAYED, &long('z'))
        );
        assert_eq!(of(Flags::NONE, &long('y')), None, "it is not sent again");
    }
}
