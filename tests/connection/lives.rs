//! Hours with servers that cut, refuse and fall silent, joined to a connection in virtual time.
//! What each server guarantees is held, and what it does not is told.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use tidewire::connection::{Config, Millis, Recovered, Report, Seed};
use tidewire::profiles::{dashtam, hive};

use crate::rig::{Head, Input, RetryAfter, Rig};

const HOUR: Millis = 3_600_000;

/// How a server sends again what was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replay {
    /// What came after the cursor, of the last so many events; then without a seam what is new.
    Cursor { kept: usize },
    /// The same, but what happens while it is being sent is lost: Dashtam as it is.
    CursorWithSeam { kept: usize },
    /// The last 1,000 of the types that are replayed, after what has happened since the
    /// subscription, which comes again: Hive.
    History,
}

/// A server and the network before it.
struct World {
    rig: Rig,
    replay: Replay,
    dice: Seed,
    /// How many events there have been; they are numbered from 1.
    events: usize,
    next_event: Millis,
    next_comment: Millis,
    answer_at: Option<Millis>,
    /// Bytes arrive; else the connection is dead, and nobody knows.
    flows: bool,
    /// The first event that a client could have got.
    first: Option<usize>,
    cuts: usize,
}

impl World {
    fn new(replay: Replay, seed: u64) -> World {
        let mut config = Config::new(match replay {
            Replay::History => hive::spec(),
            Replay::Cursor { .. } | Replay::CursorWithSeam { .. } => dashtam::spec(),
        });
        config.seed = seed;
        config.stale_after = 20_000;
        World {
            rig: Rig::started(config, 1_000),
            replay,
            dice: Seed::new(seed),
            events: 0,
            next_event: 1_000,
            next_comment: 1_000,
            answer_at: None,
            flows: false,
            first: None,
            cuts: 0,
        }
    }

    /// Lives for so long, and then a while without faults, so that what is under way arrives.
    fn live(mut self, time: Millis) -> World {
        let end = self.rig.now + time;
        while self.rig.now < end {
            self.step(true);
        }
        while self.rig.now < end + 120_000 {
            self.step(false);
        }
        self
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.dice.below(n) == 0
    }

    fn step(&mut self, faults: bool) {
        if self.rig.is_opening() && self.answer_at.is_none() {
            self.answer_at = Some(self.rig.now + 5 + self.dice.below(300));
        }
        let own = [
            Some(self.next_event),
            Some(self.next_comment),
            self.answer_at,
        ];
        let next = own.into_iter().flatten().min().unwrap_or(self.next_event);
        let wait = next.saturating_sub(self.rig.now);
        self.rig.put(&Input::Wait(wait));
        if !self.rig.is_opening() {
            self.answer_at = None;
        }
        let now = self.rig.now;
        if self.answer_at.is_some_and(|at| at <= now) {
            self.answer_at = None;
            self.answer(faults);
        }
        if self.next_event <= now {
            self.next_event = now + 20 + self.dice.below(2_000);
            self.events += 1;
            let event = self.event(self.events);
            self.send(&event, faults);
        }
        if self.next_comment <= now {
            self.next_comment = now + 5_000;
            self.send(": keepalive\n\n", false);
        }
    }

    fn answer(&mut self, faults: bool) {
        match self.dice.below(12) {
            0 if faults => self.rig.put(&Input::Head(Head::status(503))),
            1 if faults => self.rig.put(&Input::Head(Head {
                retry_after: RetryAfter::Seconds(2),
                ..Head::status(429)
            })),
            2 if faults => self.rig.put(&Input::Failed),
            _ => {
                self.rig.put(&Input::Head(Head::STREAM));
                self.flows = true;
                self.first.get_or_insert(self.events + 1);
                let start = self.start();
                self.send(&start, faults);
            }
        }
    }

    /// What a stream begins with.
    fn start(&mut self) -> String {
        let mut text = String::from("retry: 50\n\n");
        let cursor = self
            .rig
            .requests
            .last()
            .and_then(|request| request.last_event_id.as_deref());
        let cursor: Option<usize> = cursor.and_then(|id| id.strip_prefix('e')?.parse().ok());
        match self.replay {
            Replay::Cursor { kept } | Replay::CursorWithSeam { kept } => {
                let oldest = self.events.saturating_sub(kept) + 1;
                if let Some(cursor) = cursor.filter(|&cursor| cursor >= oldest) {
                    text.extend((cursor + 1..=self.events).map(|n| self.event(n)));
                }
                if matches!(self.replay, Replay::CursorWithSeam { .. }) && self.one_in(3) {
                    self.events += 1;
                }
            }
            Replay::History => {
                let history = self.events.saturating_sub(1_000) + 1..=self.events;
                let history: Vec<usize> = history.filter(|&n| is_replayed(n)).collect();
                // What happens between the subscription and the history comes before it, and
                // what of it is replayed comes again.
                let between = self.dice.below(3) as usize;
                let live = self.events + 1..=self.events + between;
                self.events += between;
                text.extend(live.clone().map(|n| self.event(n)));
                text.extend(history.into_iter().map(|n| self.event(n)));
                text.extend(live.filter(|&n| is_replayed(n)).map(|n| self.event(n)));
            }
        }
        text
    }

    fn event(&self, n: usize) -> String {
        match self.replay {
            Replay::History => {
                let kind = if is_replayed(n) {
                    "client_input_received"
                } else {
                    "llm_text_delta"
                };
                let (hour, minute, second) = (n / 3600 % 100, n / 60 % 60, n % 60);
                format!(
                    "data: {{\"type\":\"{kind}\",\"data\":{{\"n\":{n},\"text\":\"é\"}},\
                     \"timestamp\":\"2026-04-16T{hour:02}:{minute:02}:{second:02}\"}}\n\n"
                )
            }
            _ => format!("id: e{n}\nevent: import.failed\ndata: {{\"n\":{n},\"text\":\"é\"}}\n\n"),
        }
    }

    /// Sends what the network lets through, cut into chunks anywhere.
    fn send(&mut self, text: &str, faults: bool) {
        if !self.rig.is_open() {
            return;
        }
        if faults && self.one_in(400) {
            self.flows = false;
        }
        if !self.flows {
            return;
        }
        let cut = faults && self.one_in(15);
        let end = match cut {
            true => self.dice.below(text.len() as u64 + 1) as usize,
            false => text.len(),
        };
        let (one, two) = text.as_bytes()[..end].split_at(self.dice.below(end as u64 + 1) as usize);
        for chunk in [one, two] {
            self.rig.put(&Input::Bytes(chunk.to_vec()));
        }
        if cut {
            self.cuts += 1;
            let how = if self.one_in(2) {
                Input::Failed
            } else {
                Input::Ended
            };
            self.rig.put(&how);
        }
    }

    /// The numbers of what was delivered. Each came once and in order.
    fn delivered(&self) -> Vec<usize> {
        let number = |data: &str| -> Option<usize> {
            let digits = data.split("\"n\":").nth(1)?;
            digits.split(',').next()?.parse().ok()
        };
        let events = self.rig.taken().iter();
        let numbers: Vec<usize> = events.filter_map(|event| number(&event.data)).collect();
        assert_eq!(numbers.len(), self.rig.taken().len());
        for pair in numbers.windows(2) {
            assert!(pair[0] < pair[1], "{} came after {}", pair[1], pair[0]);
        }
        numbers
    }

    /// The numbers that are missing, each with how many events were delivered before.
    fn missing(&self) -> Vec<(usize, usize)> {
        let delivered = self.delivered();
        let once: BTreeSet<usize> = delivered.iter().copied().collect();
        let wanted = self.first.expect("a stream was open")..=self.events;
        wanted
            .filter(|n| !once.contains(n))
            .map(|n| (n, delivered.partition_point(|&other| other < n)))
            .collect()
    }

    /// The stretches, counted in delivered events, within which something may be missing: from
    /// where a stream broke to where its return is told, and on through what is marked as a
    /// repetition of the past, whose types may not be all that there were.
    fn told(&self) -> Vec<RangeInclusive<usize>> {
        let (mut broke_at, mut told_at) = (None, 0);
        let mut stretches = Vec::new();
        let (reports, taken) = (&self.rig.reports, self.rig.taken());
        for (i, (at, report)) in reports.iter().enumerate() {
            match report {
                Report::Failed { .. } => {
                    broke_at.get_or_insert(*at);
                }
                Report::Resumed { recovered, .. } => {
                    // Several returns may be told together, when a history is complete at last.
                    let from = broke_at.take().unwrap_or(told_at);
                    told_at = *at;
                    if *recovered != Recovered::Yes {
                        let later = reports[i..].iter().map(|(later, _)| *later);
                        let next = later.filter(|later| later > at).min();
                        let start = &taken[*at..next.unwrap_or(taken.len())];
                        let replayed = start.iter().rposition(|event| event.replayed);
                        stretches.push(from..=*at + replayed.map_or(0, |last| last + 1));
                    }
                }
                Report::Gap { .. } => stretches.push(*at..=*at),
                _ => {}
            }
        }
        stretches
    }

    /// That no event is missing where nothing was told of it. Answers how many are.
    fn nothing_is_lost_in_silence(&self) -> usize {
        let (missing, told) = (self.missing(), self.told());
        for (n, at) in &missing {
            let is_told = told.iter().any(|stretch| stretch.contains(at));
            assert!(is_told, "{n} was lost in silence, after {at} events");
        }
        missing.len()
    }
}

/// Of Hive's events in these tests two in three are of a type that is replayed.
fn is_replayed(n: usize) -> bool {
    !n.is_multiple_of(3)
}

fn lives(replay: Replay) -> impl Iterator<Item = World> {
    // A history of 1,000 events on every connection takes its time.
    let hours = if replay == Replay::History { 1 } else { 3 };
    (1..=4).map(move |seed| {
        let world = World::new(replay, seed).live(hours * HOUR);
        let (cuts, events) = (world.cuts, world.events);
        assert!(cuts as u64 > 100 * hours, "only {cuts} cuts");
        assert!(events as u64 > 2_000 * hours, "only {events} events");
        world
    })
}

#[test]
fn hours_of_cuts_lose_nothing_of_a_server_that_keeps_it() {
    for world in lives(Replay::Cursor { kept: 1_000 }) {
        assert_eq!(world.missing(), []);
    }
}

#[test]
fn what_a_server_no_longer_keeps_is_told_as_a_gap_where_it_lay() {
    let mut lost = 0;
    for kept in [0, 1, 3] {
        lost += lives(Replay::Cursor { kept })
            .map(|world| world.nothing_is_lost_in_silence())
            .sum::<usize>();
    }
    assert!(
        lost > 1_000,
        "{lost} were lost: the server kept too much to show anything"
    );
}

#[test]
fn what_falls_between_replay_and_live_lies_in_a_gap() {
    let lost = lives(Replay::CursorWithSeam { kept: 1_000 })
        .map(|world| world.nothing_is_lost_in_silence())
        .sum::<usize>();
    assert!(lost > 100, "{lost} were lost");
}

#[test]
fn hours_with_a_server_that_repeats_its_history_repeat_nothing() {
    for world in lives(Replay::History) {
        world.nothing_is_lost_in_silence();
        let replayed = world.missing().into_iter().filter(|(n, _)| is_replayed(*n));
        assert_eq!(replayed.collect::<Vec<_>>(), []);
    }
}
