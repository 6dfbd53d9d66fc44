//! From a message to an event for the application: its type, the mask, what must be mended.

use super::history::Burst;
use super::identity::{self, Key, Seen};
use super::sink::{Event, Flow, Sink};
use crate::filter::Subscription;
use crate::profiles::{Discriminator, Flags, Identity, Recovery, Repair, Spec, json};
use crate::wire::{Message, Text};
use alloc::borrow::Cow;
use alloc::{boxed::Box, vec, vec::Vec};

/// Numbers that are kept until those before them have come.
const AHEAD: usize = 4_096;

/// The names of a profile's event types, and where to look for each.
#[derive(Debug)]
pub(super) struct Names {
    names: Vec<Named>,
    /// Where in `names` a name is, plus one, at the place where its search begins or not far
    /// behind it. 0 is free.
    table: Vec<u16>,
}

#[derive(Debug)]
struct Named {
    words: Words,
    name: Box<[u8]>,
    index: u16,
    flags: Flags,
}

/// A name in words, to be compared without a branch that depends on its length.
#[derive(Debug, Clone, Copy)]
struct Words {
    words: [u64; 5],
    length: usize,
}

/// The longest name of which there is nothing beside its words.
const IN_WORDS: usize = 40;

impl Names {
    pub(super) fn new(spec: &Spec) -> Self {
        let mut all = Names {
            names: Vec::new(),
            table: Vec::new(),
        };
        for (index, event) in (0u16..).zip(spec.events.iter()) {
            for name in core::iter::once(&event.name).chain(event.aliases.iter()) {
                let name: Box<[u8]> = name.as_bytes().into();
                let words = Words::of(&name);
                let flags = event.flags;
                all.names.push(Named {
                    words,
                    name,
                    index,
                    flags,
                });
            }
        }
        // With so much room hardly two names begin at one place.
        all.table = vec![0; (8 * all.names.len() + 1).next_power_of_two()];
        for at in 0..all.names.len() {
            let place = all.find(&all.names[at].name);
            // The first of equal names counts.
            if all.table[place] == 0 {
                all.table[place] = at as u16 + 1;
            }
        }
        all
    }

    #[inline]
    fn index(&self, spec: &Spec, name: &[u8]) -> Option<u16> {
        self.named(spec, name).map(|named| named.index)
    }

    #[inline]
    fn named(&self, spec: &Spec, name: &[u8]) -> Option<&Named> {
        match self.look_up(name) {
            None if !spec.prefixes.is_empty() => self.look_up(spec.bytes_without_prefix(name)?),
            found => found,
        }
    }

    #[inline]
    fn look_up(&self, name: &[u8]) -> Option<&Named> {
        let found = usize::from(*self.table.get(self.find(name))?);
        self.names.get(found.wrapping_sub(1))
    }

    /// The place of a name, or the free one where its search ends.
    #[inline]
    fn find(&self, name: &[u8]) -> usize {
        let words = Words::of(name);
        let places = self.table.len() - 1;
        let mut place = words.spread() & places;
        while let Some(&taken @ 1..) = self.table.get(place) {
            let named = self.names.get(usize::from(taken) - 1);
            if named.is_some_and(|named| named.is(name, words)) {
                break;
            }
            place = (place + 1) & places;
        }
        place
    }
}

impl Named {
    #[inline]
    fn is(&self, name: &[u8], words: Words) -> bool {
        self.words.are(words) && (name.len() <= IN_WORDS || *self.name == *name)
    }
}

impl Words {
    /// All of a name that is not longer than `IN_WORDS`, and parts of a longer one.
    #[inline]
    fn of(name: &[u8]) -> Self {
        let length = name.len();
        let words = match length.checked_sub(8) {
            Some(last) => [0, 8, 16, 24, last].map(|at: usize| {
                let word = name.get(at.min(last)..).and_then(<[u8]>::first_chunk);
                word.map_or(0, |word| u64::from_le_bytes(*word))
            }),
            None => {
                let add = |word, &byte| word << 8 | u64::from(byte);
                [name.iter().fold(0, add), 0, 0, 0, 0]
            }
        };
        Words { words, length }
    }

    #[inline]
    fn are(self, other: Words) -> bool {
        let differ = |at: usize| self.words[at] ^ other.words[at];
        let length = (self.length ^ other.length) as u64;
        differ(0) | differ(1) | differ(2) | differ(3) | differ(4) | length == 0
    }

    /// A number that differs between most names.
    #[inline]
    fn spread(self) -> usize {
        let [first, second, .., last] = self.words;
        let mixed = first ^ second.rotate_left(13) ^ last.rotate_left(29) ^ self.length as u64;
        (mixed.wrapping_mul(0x9E37_79B1_85EB_CA87) >> 40) as usize
    }
}

/// A message as the transports give it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Incoming<'a> {
    pub(super) name: Text<'a>,
    pub(super) data: Text<'a>,
    pub(super) id: Option<&'a str>,
    pub(super) last_event_id: &'a str,
}

impl<'a> Incoming<'a> {
    #[inline]
    pub(super) fn of(message: &Message<'a>) -> Self {
        Incoming {
            name: message.event_type(),
            data: message.data,
            id: message.has_id.then_some(message.last_event_id),
            last_event_id: message.last_event_id,
        }
    }
}

/// What is to be done with a message whose name and id say all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    /// It is to be handed over, with the index of its type.
    Passes(Option<u16>),
    /// It is not wanted, or came before.
    Dropped,
    /// Its name and id do not say all.
    Open,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivered {
    /// It was handed over, held back for a moment, or dropped as unwanted or known.
    Event {
        /// What is known of its type.
        flags: Flags,
        flow: Flow,
    },
    /// It was the end mark.
    EndMark,
}

/// What lies between a transport and the application: types, filter, repetitions, order.
#[derive(Debug)]
pub(super) struct Intake {
    names: Names,
    seen: Seen,
    burst: Option<Burst>,
    /// A message's name says whether it is wanted, and no mark or number stands in its data.
    looks_at_names: bool,
    /// The last number of a server that counts its events.
    sequence: u64,
    /// That number when the stream before this one broke.
    resumed_after: u64,
    /// Since then every number up to this one came.
    reached: u64,
    /// Numbers beyond it that came before what lies between, in order.
    ahead: Vec<u64>,
    /// One of them was live, and no history.
    live: bool,
    /// One of before came that had not come before.
    doubtful: bool,
    /// Events dropped because they had come before.
    pub(super) duplicates: u64,
}

impl Intake {
    pub(super) fn new(spec: &Spec) -> Self {
        Intake {
            names: Names::new(spec),
            seen: Seen::default(),
            burst: None,
            looks_at_names: !matches!(spec.discriminator, Discriminator::Field(_))
                && !matches!(spec.identity, Identity::SequenceOrText(_))
                && spec.end.is_none(),
            sequence: 0,
            resumed_after: 0,
            reached: 0,
            ahead: Vec::new(),
            live: false,
            doubtful: false,
            duplicates: 0,
        }
    }

    /// A stream opened; `after` is the last id before it, if it is not the first.
    pub(super) fn opened(&mut self, spec: &Spec, after: Option<&str>) {
        self.resumed_after = self.sequence;
        self.reached = self.sequence;
        self.ahead.clear();
        self.live = false;
        self.doubtful = false;
        if spec.recovery == Recovery::History {
            // What was held back when the last stream broke in the middle of its history stays:
            // the rest of it comes now, and may belong before it.
            self.burst.get_or_insert_default().opened(after);
        }
    }

    /// Whether no more can be held back.
    pub(super) fn is_full(&self) -> bool {
        self.burst.as_ref().is_some_and(Burst::is_full)
    }

    /// Drops what was held back.
    pub(super) fn discard(&mut self) {
        self.burst = None;
    }

    /// Hands over what was held back.
    pub(super) fn release(&mut self, sink: &mut dyn Sink) -> Flow {
        match self.burst.take() {
            Some(burst) => burst.release(self.is_unbroken(), sink),
            None => Flow::More,
        }
    }

    /// Whether the server's own numbers prove that nothing is missing since the last stream.
    pub(super) fn is_unbroken(&self) -> bool {
        self.resumed_after > 0 && self.live && !self.doubtful && self.reached == self.sequence
    }

    /// What tells this message from all others.
    #[inline(never)]
    pub(super) fn key(&self, spec: &Spec, incoming: Incoming<'_>) -> Option<Key> {
        let data = incoming.data.as_bytes();
        let index = match &spec.discriminator {
            Discriminator::Event | Discriminator::None => {
                self.names.index(spec, incoming.name.as_bytes())
            }
            Discriminator::Field(field) => {
                let name = json::member(data, field).and_then(json::unquoted)?;
                self.names.index(spec, &name)
            }
        };
        let flags = index.map_or(Flags::NONE, |index| spec.events[usize::from(index)].flags);
        identity::key(spec, index, flags, incoming.id, data)
    }

    /// Whether this came before.
    pub(super) fn knows(&self, key: Key) -> bool {
        self.seen.knows(key)
    }

    /// What is to be done with a message of this name and id, as far as these say; what passes is
    /// known from now on. It is the short way of what [`take`](Self::take) does.
    #[inline]
    pub(super) fn judge(
        &mut self,
        spec: &Spec,
        subscription: &Subscription,
        name: &[u8],
        id: Option<&str>,
    ) -> Judged {
        if !self.looks_at_names || self.burst.is_some() {
            return Judged::Open;
        }
        let says_more = Flags::TERMINAL
            .with(Flags::HEARTBEAT)
            .with(Flags::NO_CURSOR);
        let (index, flags) = match &*spec.events {
            [only] if spec.discriminator == Discriminator::None => (Some(0), only.flags),
            _ => match self.names.named(spec, name) {
                Some(named) => (Some(named.index), named.flags),
                None if spec.discriminator == Discriminator::None => return Judged::Open,
                None => (None, Flags::NONE),
            },
        };
        if flags.has_any(says_more) {
            return Judged::Open;
        }
        let passes = subscription.is_everything()
            || match index {
                Some(index) => subscription.passes_known(index.into()),
                None => subscription.passes_unknown(name),
            };
        if !passes {
            return Judged::Dropped;
        }
        match (&spec.identity, id) {
            _ if spec.repair != Repair::None => return Judged::Open,
            (Identity::Id, Some(id)) if !id.is_empty() => {
                if !self.seen.remember(Key::of(0, id.as_bytes())) {
                    self.duplicates += 1;
                    return Judged::Dropped;
                }
            }
            (Identity::Id | Identity::None, _) => {}
            _ => return Judged::Open,
        }
        Judged::Passes(index)
    }

    /// Finds the type, drops what is unwanted or known, mends and hands over.
    #[inline]
    pub(super) fn take<S: Sink>(
        &mut self,
        spec: &Spec,
        subscription: &Subscription,
        incoming: Incoming<'_>,
        sink: &mut S,
    ) -> Delivered {
        let data = incoming.data.as_bytes();
        if spec.end.as_ref().is_some_and(|end| end.as_bytes() == data) {
            return Delivered::EndMark;
        }
        let mended;
        // What is handed on as it came stays known to be ASCII.
        let text = match spec.repair {
            Repair::None => incoming.data,
            Repair::LineBreaks => match json::with_escaped_line_breaks(data) {
                Cow::Borrowed(_) => incoming.data,
                Cow::Owned(text) => {
                    mended = text;
                    Text::from(&*mended)
                }
            },
        };
        let data = text.as_bytes();
        let in_data;
        let name = match &spec.discriminator {
            Discriminator::Event | Discriminator::None => incoming.name.as_bytes(),
            Discriminator::Field(field) => {
                in_data = json::member(data, field).and_then(json::unquoted);
                in_data.as_deref().unwrap_or_default()
            }
        };
        let mut index = self.names.index(spec, name);
        if index.is_none() && spec.discriminator == Discriminator::None {
            index = Some(0);
        }
        let (flags, passes) = match index.map(usize::from) {
            Some(index) => (spec.events[index].flags, subscription.passes_known(index)),
            None => (Flags::NONE, subscription.passes_unknown(name)),
        };
        let dropped = Delivered::Event {
            flags,
            flow: Flow::More,
        };
        // What is kept back is not known: after a wider filter it may come again, and is wanted.
        // Nor is it looked up, unless its coming twice says something of what is held back.
        let looked_up =
            passes || self.burst.is_some() || matches!(spec.identity, Identity::SequenceOrText(_));
        let key = match looked_up {
            true => identity::key(spec, index, flags, incoming.id, data),
            false => None,
        };
        // What passes is handed over, and known from now on.
        let known = match key {
            None => false,
            Some(key) if passes => !self.seen.remember(key),
            Some(key) => self.seen.knows(key),
        };
        if let Identity::SequenceOrText(field) = &spec.identity {
            self.count(data, field, flags, known);
        }
        if known {
            self.duplicates += 1;
            if let Some(burst) = &mut self.burst {
                burst.came_again(data);
            }
            return dropped;
        }
        if !passes {
            return dropped;
        }
        let event = Event {
            index,
            name: Text::from(name),
            data: text,
            id: incoming.id,
            last_event_id: incoming.last_event_id,
            replayed: false,
        };
        let flow = match &mut self.burst {
            None => sink.event(event),
            Some(burst) => {
                burst.hold(spec, &event, flags);
                Flow::More
            }
        };
        Delivered::Event { flags, flow }
    }

    /// Follows the server's own numbers. What is replayed may be history, which says nothing of the
    /// other types: only a number that came live, and all before it, prove that nothing is missing.
    fn count(&mut self, data: &[u8], field: &str, flags: Flags, known: bool) {
        let Some(number) = identity::sequence(data, field) else {
            return;
        };
        // Of another server, it may be, which counts anew.
        self.doubtful |= number <= self.resumed_after && !known;
        self.live |= number > self.resumed_after && !flags.has(Flags::REPLAYED);
        if number > self.reached && self.ahead.len() < AHEAD {
            let at = self.ahead.partition_point(|&other| other < number);
            if self.ahead.get(at) != Some(&number) {
                self.ahead.insert(at, number);
            }
        }
        let follow = self.ahead.iter().zip((self.reached..).skip(1));
        let reached = follow.take_while(|(number, next)| *number == next).count();
        self.ahead.drain(..reached);
        self.reached += reached as u64;
        self.sequence = self.sequence.max(number);
    }
}
