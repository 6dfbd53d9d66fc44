//! Events that come again: how they are recognised, and how many are remembered.

use crate::profiles::{Flags, Identity, Payload, Spec, json};
use alloc::vec::Vec;

/// How many events are remembered. Hive replays up to 1,000 of its history on every connection, and
/// lets 1,000 more wait; Dashtam keeps about 1,000 for a resume.
const REMEMBERED: usize = 2_048;

/// How many buckets there are for them. Each has sixteen places where there are two to be taken: of
/// 2,000 million events, one is forgotten too soon.
const BUCKETS: usize = REMEMBERED / 2;

/// What tells an event from all others.
///
/// A digest, whatever its length: 128 bits tell texts apart that nobody forged. Whoever could
/// forge them can as well leave the event out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u64, u64);

impl Key {
    /// The key of a text among those of this kind.
    #[inline]
    pub(super) fn of(kind: u64, text: &[u8]) -> Self {
        // Every other word goes into one of two digests. Within each, a step is one to one: texts
        // of one length that differ in one word never meet.
        let mut digests = (
            SEEDS.0 ^ kind,
            SEEDS.1 ^ (text.len() as u64).wrapping_mul(PRIMES.0),
        );
        let (words, rest) = text.as_chunks::<8>();
        for word in words {
            let mixed = digests.0 ^ u64::from_le_bytes(*word);
            digests = (digests.1, mixed.wrapping_mul(PRIMES.0).rotate_left(29));
        }
        if !rest.is_empty() {
            // The last eight bytes, of which some were in the word before.
            let last = match text.last_chunk() {
                Some(last) => u64::from_le_bytes(*last),
                None => rest
                    .iter()
                    .fold(0, |word, &byte| word << 8 | u64::from(byte)),
            };
            let mixed = digests.0 ^ last;
            digests = (digests.1, mixed.wrapping_mul(PRIMES.0).rotate_left(29));
        }
        // In the end each half depends on both.
        let spread = |digest: u64, prime| (digest ^ digest >> 32).wrapping_mul(prime);
        let first = spread(digests.0 ^ digests.1.rotate_left(32), PRIMES.1);
        let second = spread(digests.1.wrapping_add(first), PRIMES.0);
        Key(first, second)
    }

    /// What a bucket has of it.
    #[inline]
    fn tag(self) -> u64 {
        self.0 >> 48
    }
}

/// The first digits of the square roots of 2 and 3, and xxHash's first two primes.
const SEEDS: (u64, u64) = (0x6A09_E667_F3BC_C908, 0xBB67_AE85_84CA_A73B);
const PRIMES: (u64, u64) = (0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F);

/// The events of late, by what tells one from another.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Those that are remembered, round and round.
    keys: Vec<Key>,
    /// Where the oldest is.
    oldest: usize,
    /// What is told of each key where its search begins.
    table: Vec<Bucket>,
}

/// The tags of sixteen keys, the latest first.
///
/// A processor has few surprises here: a search is one look at all of them at once, and what is new
/// goes in front of the others, without a look at where there is room.
#[derive(Debug, Default, Clone, Copy)]
struct Bucket([u64; 4]);

impl Bucket {
    /// Whether a key of this tag may be among those that are remembered. It nearly always is if
    /// this says so.
    #[inline]
    fn has(self, tag: u64) -> bool {
        const ONES: u64 = u64::MAX / 0xFFFF;
        // Zero where a tag is equal; and the highest bit of what is zero is borrowed first.
        let zeros = |tags: u64| {
            let differ = tags ^ (tag * ONES);
            differ.wrapping_sub(ONES) & !differ
        };
        let [first, second, third, fourth] = self.0;
        (zeros(first) | zeros(second) | zeros(third) | zeros(fourth)) & ONES << 15 != 0
    }

    /// With a key in front, and without the last one.
    #[inline]
    fn with(self, tag: u64) -> Self {
        let [first, second, third, fourth] = self.0;
        Bucket([
            first << 16 | tag,
            second << 16 | first >> 48,
            third << 16 | second >> 48,
            fourth << 16 | third >> 48,
        ])
    }
}

impl Seen {
    /// Whether it came before.
    pub(super) fn knows(&self, key: Key) -> bool {
        let bucket = self.table.get(bucket_of(key));
        bucket.is_some_and(|bucket| bucket.has(key.tag()) && self.has(key))
    }

    /// Remembers it. Answers whether it is new.
    #[inline]
    pub(super) fn remember(&mut self, key: Key) -> bool {
        let Some(&bucket) = self.table.get(bucket_of(key)) else {
            return self.remember_first(key);
        };
        if bucket.has(key.tag()) && self.has(key) {
            return false;
        }
        if let Some(place) = self.table.get_mut(bucket_of(key)) {
            *place = bucket.with(key.tag());
        }
        if let Some(place) = self.keys.get_mut(self.oldest) {
            *place = key;
        }
        self.oldest = (self.oldest + 1) % REMEMBERED;
        true
    }

    /// Makes room first.
    #[cold]
    fn remember_first(&mut self, key: Key) -> bool {
        self.keys.resize(REMEMBERED, Key(0, 0));
        self.table.resize(BUCKETS, Bucket::default());
        self.remember(key)
    }

    #[cold]
    fn has(&self, key: Key) -> bool {
        self.keys.contains(&key)
    }
}

#[inline]
fn bucket_of(key: Key) -> usize {
    key.0 as usize % BUCKETS
}

/// What tells an event from all others; `None` if nothing does, and it is never a repetition.
#[inline]
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
        Identity::SequenceOrText(_) | Identity::Field(_) => key_in(spec, index, flags, data),
    }
}

/// What of the data tells it.
#[inline(never)]
fn key_in(spec: &Spec, index: Option<u16>, flags: Flags, data: &[u8]) -> Option<Key> {
    match &spec.identity {
        Identity::None | Identity::Id => None,
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

    #[test]
    fn the_window_is_bounded_and_forgets_the_oldest_first() {
        let mut seen = Seen::default();
        let spec = dashtam::spec();
        let of = |n: usize| {
            let key = key(&spec, Some(0), Flags::NONE, Some(&n.to_string()), b"{}");
            key.expect("it has an id")
        };
        for n in 0..=REMEMBERED {
            assert!(seen.remember(of(n)));
        }
        assert!(!seen.remember(of(1)), "so many are still known");
        assert!(seen.remember(of(0)), "the first is forgotten");
        assert_eq!((seen.keys.len(), seen.table.len()), (REMEMBERED, BUCKETS));
    }

    #[test]
    fn the_window_knows_its_events_and_no_others_however_long_it_runs() {
        let mut seen = Seen::default();
        let key = |n: usize| Key::of(0, format!("{n}").as_bytes());
        for n in 1..=9 * REMEMBERED {
            assert!(seen.remember(key(n)), "{n}");
            if n % 997 == 0 {
                let forgotten = n.saturating_sub(REMEMBERED);
                let known = |n: &usize| seen.knows(key(*n));
                assert!((forgotten + 1..=n).all(|n| known(&n)), "{n}");
                assert_eq!((1..=forgotten).find(known), None, "{n}");
            }
        }
    }

    #[test]
    fn a_bucket_knows_its_last_sixteen_whatever_they_are_like() {
        for other in [0, 1, 0x7FFF, 0x8000, 0xFFFF] {
            let tags = [0, 1, 2, 0xFF, 0x100, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF];
            for tag in tags.into_iter().filter(|tag| *tag != other) {
                let all_others = (0..16).fold(Bucket::default(), |bucket, _| bucket.with(other));
                assert!(!all_others.has(tag), "{tag} among {other}");
                let mut bucket = all_others.with(tag);
                for _ in 0..15 {
                    assert!(bucket.has(tag), "{tag} among {other}");
                    bucket = bucket.with(other);
                }
                assert!(
                    bucket.has(tag) && !bucket.with(other).has(tag),
                    "{tag}, {other}"
                );
            }
        }
        // Keys of one bucket, and of one tag, are told apart.
        let mut seen = Seen::default();
        let alike = |n| Key(7, n);
        assert!((1..=16).all(|n| seen.remember(alike(n))));
        assert!(!(1..=16).any(|n| seen.remember(alike(n))));
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
