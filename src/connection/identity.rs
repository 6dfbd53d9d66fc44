//! Events that come again: how they are recognised, and how many are remembered.

use crate::profiles::{Flags, Identity, Payload, Spec, json};
use alloc::{vec, vec::Vec};

/// How many events are remembered. Hive replays up to 1,000 of its history on every connection,
/// and lets 1,000 more wait; Dashtam keeps about 1,000 for a resume.
const REMEMBERED: usize = 4_096;

/// Places in the table: four times as many as keys, so that a search is short.
const PLACES: usize = 4 * REMEMBERED;

/// What tells an event from all others.
///
/// A digest, whatever its length: 128 bits tell texts apart that nobody forged. Whoever could
/// forge them can as well leave the event out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u64, u64);

impl Key {
    /// The key of a text among those of this kind.
    pub(super) fn of(kind: u64, text: &[u8]) -> Self {
        // Two digests, each of a multiplier and a rotation of its own.
        let begin = kind << 32 ^ text.len() as u64;
        let mut digest = (begin ^ SEEDS.0, begin ^ SEEDS.1);
        let mut mix = |word: u64| {
            digest.0 = (digest.0 ^ word).wrapping_mul(PRIMES.0).rotate_left(29);
            digest.1 = (digest.1 ^ word).wrapping_mul(PRIMES.1).rotate_left(31);
        };
        let (words, rest) = text.as_chunks::<8>();
        for word in words {
            mix(u64::from_le_bytes(*word));
        }
        let last = |word, &byte: &u8| word << 8 | u64::from(byte);
        mix(rest.iter().fold(0, last));
        let spread = |digest: u64, prime| (digest ^ digest >> 32).wrapping_mul(prime);
        Key(spread(digest.0, PRIMES.0), spread(digest.1, PRIMES.1))
    }

    /// Where the search in a table of so many places begins: a power of two.
    pub(super) fn place(self, places: usize) -> usize {
        (self.0 >> 32) as usize & (places - 1)
    }
}

/// The first digits of the square roots of 2 and 3, and xxHash's first two primes.
const SEEDS: (u64, u64) = (0x6A09_E667_F3BC_C908, 0xBB67_AE85_84CA_A73B);
const PRIMES: (u64, u64) = (0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F);

/// The events of late, by what tells one from another.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// In the order in which they came; once all are there, the oldest is at `next`.
    keys: Vec<Key>,
    next: usize,
    /// Where in `keys` a key is, plus one, at the place where its search begins or not far
    /// behind it: all places between are taken. 0 is free.
    table: Vec<u16>,
}

impl Seen {
    /// Whether it came before.
    pub(super) fn knows(&self, key: Key) -> bool {
        !self.table.is_empty() && self.table[self.find(key)] != 0
    }

    /// Remembers it, and forgets the oldest if there are too many.
    pub(super) fn remember(&mut self, key: Key) {
        if self.table.is_empty() {
            self.table = vec![0; PLACES];
        }
        if self.table[self.find(key)] != 0 {
            return;
        }
        if self.keys.len() < REMEMBERED {
            self.keys.push(key);
        } else {
            self.forget(self.keys[self.next]);
            self.keys[self.next] = key;
        }
        let place = self.find(key);
        self.table[place] = self.next as u16 + 1;
        self.next = (self.next + 1) % REMEMBERED;
    }

    /// The place of a key, or the free one where its search ends.
    fn find(&self, key: Key) -> usize {
        let mut place = key.place(PLACES);
        while let taken @ 1.. = self.table[place] {
            if self.keys[usize::from(taken) - 1] == key {
                break;
            }
            place = (place + 1) % PLACES;
        }
        place
    }

    /// Frees a key's place; what stands behind it moves up, where its search would miss it.
    fn forget(&mut self, key: Key) {
        let mut free = self.find(key);
        let mut place = free;
        loop {
            place = (place + 1) % PLACES;
            let taken = self.table[place];
            if taken == 0 {
                break;
            }
            let begin = self.keys[usize::from(taken) - 1].place(PLACES);
            let distance = |from: usize, to: usize| to.wrapping_sub(from) % PLACES;
            if distance(begin, place) >= distance(free, place) {
                self.table[free] = taken;
                free = place;
            }
        }
        self.table[free] = 0;
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
            .map(|id| Key::of(0, id.as_bytes())),
        Identity::SequenceOrText(field) => {
            let number = sequence(data, field);
            if number.is_some() {
                // By its text, in which the number stands: a server that begins anew counts
                // from 1 again.
                return Some(Key::of(0, data));
            }
            // Only what the server sends again can be a repetition of the same text.
            flags.has(Flags::REPLAYED).then(|| Key::of(1, data))
        }
        Identity::Field(field) => {
            let index = index.filter(|_| !flags.has(Flags::RECURRING))?;
            let payload = match &spec.payload {
                Payload::Whole => data,
                Payload::Field(payload) => json::member(data, payload)?,
            };
            Some(Key::of(u64::from(index), json::member(payload, field)?))
        }
    }
}

/// The number by which a server counts its events; 0 counts nothing.
pub(super) fn sequence(data: &[u8], field: &str) -> Option<u64> {
    json::whole_number(json::member(data, field)?).filter(|&number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::{cortex, dashtam, hive};

    fn is_new(seen: &mut Seen, key: Option<Key>) -> bool {
        key.is_none_or(|key| {
            let new = !seen.knows(key);
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
        let taken = seen.table.iter().filter(|&&place| place != 0).count();
        assert_eq!((seen.keys.len(), taken), (REMEMBERED, REMEMBERED));
        assert!(!is_new(&mut seen, of(1)), "the second is still known");
        assert!(is_new(&mut seen, of(0)), "the first is forgotten");
    }

    #[test]
    fn the_window_knows_its_events_and_no_others_however_long_it_runs() {
        let mut seen = Seen::default();
        let key = |n: usize| Key::of(0, format!("{n}").as_bytes());
        for n in 0..5 * REMEMBERED {
            assert!(is_new(&mut seen, Some(key(n))), "{n}");
            if n % 997 == 0 {
                let oldest = (n + 1).saturating_sub(REMEMBERED);
                assert!((oldest..=n).all(|n| seen.knows(key(n))), "{n}");
                assert!((0..oldest).all(|n| !seen.knows(key(n))), "{n}");
            }
        }
    }

    #[test]
    fn texts_that_differ_in_a_little_have_keys_that_differ_in_both_halves() {
        let mut texts: Vec<Vec<u8>> = (0..20_000)
            .map(|n| format!("17637120{:05}-{:02}", n / 100, n % 100).into_bytes())
            .collect();
        // Of nothing but zeros, at every length: what is padded must not hide it.
        texts.extend((0..64).map(|length| vec![0; length]));
        let mut halves: Vec<u64> = texts
            .iter()
            .map(|text| Key::of(0, text))
            .flat_map(|Key(one, other)| [one, other])
            .collect();
        halves.sort_unstable();
        halves.dedup();
        assert_eq!(halves.len(), 2 * texts.len());
        assert_ne!(Key::of(0, b"1"), Key::of(1, b"1"));
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
