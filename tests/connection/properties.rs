//! Any sequence of inputs, sensible or not, for every kind of server. What must hold is in
//! `rules.rs` and in the rig's twin; a breach panics there.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use tidewire::connection::{Backoff, Config, Millis, Report};
use tidewire::filter::Filter;
use tidewire::profiles::{
    self, Discriminator, EventSpec, FilterQuery, Flags, Identity, List, Recovery, Spec,
};

use crate::rig::{Head, Input, RetryAfter, Rig};

/// The built-in profiles, and one with events that no connection can go on after.
fn spec(which: usize) -> Spec {
    profiles::all()
        .into_iter()
        .nth(which)
        .unwrap_or_else(broadcasting)
}

const SPECS: usize = 7;

fn broadcasting() -> Spec {
    let broadcast = EventSpec {
        flags: Flags::NO_CURSOR,
        ..EventSpec::new("broadcast", 0)
    };
    Spec {
        categories: vec!["all".into(), "other".into()].into(),
        events: vec![
            EventSpec::new("stored", 0),
            EventSpec::new("of.another.category", 1),
            EventSpec::new("last", 0).terminal(),
            broadcast,
        ]
        .into(),
        filter: FilterQuery::Categories {
            parameter: "categories".into(),
            list: List::Comma,
        },
        identity: Identity::Id,
        recovery: Recovery::Cursor,
        ..Spec::new("broadcasting")
    }
}

/// What a stream is made of, before it is known whose stream it is.
#[derive(Debug, Clone)]
enum Piece {
    /// An event of the profile's n-th type, perhaps with an id.
    Event(usize, Option<u8>),
    Unknown(Option<u8>),
    Comment,
    Retry(u64),
    IdAlone(u8),
    End,
    Raw(Vec<u8>),
}

#[derive(Debug, Clone)]
enum Step {
    /// The pieces, in chunks of these sizes; the rest in one.
    Stream(Vec<Piece>, Vec<usize>),
    /// The same on the candidate.
    Candidate(Vec<Piece>, usize),
    Message(usize, u8),
    /// The category of this index, or everything.
    Filter(Option<usize>),
    Put(Input),
}

fn piece() -> impl Strategy<Value = Piece> {
    let id = || proptest::option::weighted(0.8, 0..40_u8);
    prop_oneof![
        12 => (any::<usize>(), id()).prop_map(|(which, id)| Piece::Event(which, id)),
        2 => id().prop_map(Piece::Unknown),
        2 => Just(Piece::Comment),
        1 => prop_oneof![0..40_000_u64, Just(0), Just(u64::MAX)].prop_map(Piece::Retry),
        1 => any::<u8>().prop_map(Piece::IdAlone),
        1 => Just(Piece::End),
        2 => vec(any::<u8>(), 0..30).prop_map(Piece::Raw),
        1 => (0..400_usize).prop_map(|length| Piece::Raw(vec![b'x'; length])),
    ]
}

fn head() -> impl Strategy<Value = Head> {
    let status = proptest::sample::select(vec![
        0, 100, 200, 201, 204, 301, 400, 401, 401, 403, 404, 408, 410, 422, 425, 429, 500, 503,
        599, 600, 65_535,
    ]);
    let content_type = proptest::sample::select(vec![
        "",
        "text/html",
        "text/event-stream",
        "TEXT/Event-Stream ; charset=x",
        "text/event-streams",
    ]);
    let retry_after = prop_oneof![
        3 => Just(RetryAfter::None),
        1 => prop_oneof![0..100_u64, any::<u64>()].prop_map(RetryAfter::Seconds),
        1 => any::<u32>().prop_map(RetryAfter::Date),
        1 => nonsense().prop_map(RetryAfter::Nonsense),
    ];
    (status, content_type, retry_after).prop_map(|(status, content_type, retry_after)| Head {
        status,
        content_type,
        retry_after,
    })
}

/// What is no number of seconds and no date.
fn nonsense() -> impl Strategy<Value = String> {
    let date = (any::<u32>(), any::<u32>(), any::<u64>(), any::<u32>());
    prop_oneof![
        vec(any::<char>(), 0..20).prop_map(|text| format!("x{}", String::from_iter(text))),
        date.prop_map(|(day, month, year, hour)| {
            format!("Sun, {day} Jan{month} {year} {hour}:99:99 GMT")
        }),
    ]
}

fn millis() -> impl Strategy<Value = Millis> {
    prop_oneof![
        4 => 0..20_u64,
        4 => 0..5_000_u64,
        4 => 0..120_000_u64,
        1 => 0..100_000_000_u64,
        1 => any::<u64>(),
        1 => Just(u64::MAX),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        14 => (vec(piece(), 0..12), vec(0..60_usize, 0..10))
            .prop_map(|(pieces, cuts)| Step::Stream(pieces, cuts)),
        10 => Just(Step::Put(Input::Head(Head::STREAM))),
        4 => head().prop_map(|head| Step::Put(Input::Head(head))),
        8 => Just(Step::Put(Input::TokenReady)),
        1 => Just(Step::Put(Input::TokenFailed)),
        1 => (any::<usize>(), any::<u8>()).prop_map(|(which, id)| Step::Message(which, id)),
        4 => (vec(piece(), 0..6), 0..60_usize).prop_map(|(pieces, cut)| Step::Candidate(pieces, cut)),
        2 => head().prop_map(|head| Step::Put(Input::Refused(Head {
            retry_after: RetryAfter::None,
            ..head
        }))),
        4 => Just(Step::Put(Input::CandidateHead(Head::STREAM))),
        1 => head().prop_map(|head| Step::Put(Input::CandidateHead(head))),
        1 => any::<u8>().prop_map(|id| {
            let (name, data) = ("message".to_owned(), format!("{{\"id\":{id}}}"));
            Step::Put(Input::CandidateMessage(name, data, format!("e{id}")))
        }),
        1 => proptest::sample::select(vec![
            Input::CandidateFailed, Input::Online, Input::PageHidden, Input::PageShown,
        ]).prop_map(Step::Put),
        3 => Just(Step::Put(Input::Ended)),
        3 => Just(Step::Put(Input::Failed)),
        10 => millis().prop_map(|millis| Step::Put(Input::Wait(millis))),
        2 => millis().prop_map(|millis| Step::Put(Input::Sleep(millis))),
        2 => Just(Step::Put(Input::Pause)),
        3 => Just(Step::Put(Input::Resume)),
        5 => proptest::option::of(any::<usize>()).prop_map(Step::Filter),
        2 => Just(Step::Put(Input::Reconnect)),
        1 => proptest::sample::select(vec![
            Input::Close, Input::Abort, Input::GiveUp, Input::Unsupported, Input::Start,
        ]).prop_map(Step::Put),
    ]
}

fn backoff() -> impl Strategy<Value = Backoff> {
    let bounds = proptest::sample::select(vec![
        (0, 0),
        (1, 1),
        (1, 2),
        (3_000, 30_000),
        (5_000, 10),
        (0, u64::MAX),
        (u64::MAX / 2, u64::MAX),
        (u64::MAX, u64::MAX),
    ]);
    let factor = proptest::sample::select(vec![2.0, 1.0, 0.0, -1.0, 1e300, f64::NAN, f64::MAX]);
    let most = proptest::sample::select(vec![0, 1, 3, u32::MAX, u32::MAX]);
    (bounds, factor, any::<bool>(), most).prop_map(|((min, max), factor, jitter, most)| {
        let mut backoff = Backoff::new(min, max);
        (backoff.factor, backoff.jitter, backoff.max_attempts) = (factor, jitter, most);
        backoff
    })
}

/// A configuration; a profile that runs something stays as it is made, sent once.
fn config() -> impl Strategy<Value = Config> {
    let timeout = || proptest::sample::select(vec![0, 0, 1, 10_000, 30_000, u64::MAX]);
    let reconnects = proptest::option::weighted(0.4, proptest::option::weighted(0.8, backoff()));
    (
        (0..SPECS, any::<bool>(), reconnects),
        (timeout(), timeout(), any::<u64>()),
        proptest::sample::select(vec![120, 4_096, 1 << 20]),
        proptest::sample::select(vec!["", "", "e0"]),
    )
        .prop_map(
            |((which, has_token, reconnects), (connect, stale, seed), most, last)| {
                let mut config = Config::new(spec(which));
                config.has_token = has_token;
                if let (Some(backoff), true) = (reconnects, config.repeatable) {
                    config.backoff = backoff;
                }
                config.connect_timeout = connect;
                config.stale_after = stale;
                config.seed = seed;
                config.max_event_bytes = most;
                config.last_event_id = last.to_owned();
                config
            },
        )
}

fn start() -> impl Strategy<Value = Millis> {
    prop_oneof![
        8 => Just(1_000),
        1 => Just(0),
        1 => Just(u64::MAX - 40_000),
        1 => Just(u64::MAX),
    ]
}

/// Turns steps into the inputs of one kind of server, each event with a number of its own.
struct Renderer<'s> {
    spec: &'s Spec,
    number: u64,
}

impl Renderer<'_> {
    fn inputs(&mut self, step: &Step) -> Vec<Input> {
        match step {
            Step::Stream(pieces, cuts) => {
                let bytes: Vec<u8> = pieces.iter().flat_map(|piece| self.bytes(piece)).collect();
                let mut rest = &bytes[..];
                let mut chunks = Vec::new();
                for &cut in cuts {
                    let (chunk, after) = rest.split_at(cut.min(rest.len()));
                    chunks.push(Input::Bytes(chunk.to_vec()));
                    rest = after;
                }
                chunks.push(Input::Bytes(rest.to_vec()));
                chunks
            }
            Step::Candidate(pieces, cut) => {
                let bytes: Vec<u8> = pieces.iter().flat_map(|piece| self.bytes(piece)).collect();
                let (one, two) = bytes.split_at((*cut).min(bytes.len()));
                vec![
                    Input::CandidateBytes(one.to_vec()),
                    Input::CandidateBytes(two.to_vec()),
                ]
            }
            Step::Message(which, id) => {
                let name = self.name(*which);
                let data = self.data(&name);
                vec![Input::Message(name, data, format!("e{id}"))]
            }
            Step::Filter(which) => {
                let categories = &self.spec.categories;
                let filter = match which {
                    None => Filter::all(),
                    Some(which) => {
                        Filter::categories([categories[which % categories.len()].clone()])
                    }
                };
                vec![Input::Filter(filter)]
            }
            Step::Put(input) => vec![input.clone()],
        }
    }

    fn name(&self, which: usize) -> String {
        self.spec.events[which % self.spec.events.len()]
            .name
            .to_string()
    }

    fn data(&mut self, name: &str) -> String {
        self.number += 1;
        let n = self.number;
        // In every third event a member that may identify it.
        let known = match n % 3 {
            0 => format!(",\"seq\":{n},\"id\":\"m{n}\""),
            _ => String::new(),
        };
        let time = n % 60;
        format!(
            "{{\"type\":\"{name}\",\"n\":{n}{known},\"timestamp\":\"2026-04-16T19:30:{time:02}\"}}"
        )
    }

    fn event(&mut self, name: &str, id: Option<u8>) -> Vec<u8> {
        let data = self.data(name);
        let id = id.map_or(String::new(), |id| format!("id: e{id}\n"));
        let line = match self.spec.discriminator {
            Discriminator::Field(_) => String::new(),
            _ => format!("event: {name}\n"),
        };
        format!("{id}{line}data: {data}\n\n").into_bytes()
    }

    fn bytes(&mut self, piece: &Piece) -> Vec<u8> {
        match piece {
            Piece::Event(which, id) => {
                let name = self.name(*which);
                self.event(&name, *id)
            }
            Piece::Unknown(id) => self.event("unheard.of", *id),
            Piece::Comment => b": keepalive\n\n".to_vec(),
            Piece::Retry(retry) => format!("retry: {retry}\n").into_bytes(),
            Piece::IdAlone(id) => format!("id: alone{id}\n\n").into_bytes(),
            Piece::End => b"data: [DONE]\n\n".to_vec(),
            Piece::Raw(bytes) => bytes.clone(),
        }
    }
}

fn run(config: &Config, at: Millis, steps: &[Step]) -> Rig {
    let mut renderer = Renderer {
        spec: &config.spec,
        number: 0,
    };
    let mut rig = Rig::started(config.clone(), at);
    for step in steps {
        for input in renderer.inputs(step) {
            rig.put(&input);
        }
    }
    rig
}

/// The number that the renderer gave an event.
fn number(data: &str) -> Option<u64> {
    let digits = data.split("\"n\":").nth(1)?;
    let end = digits.find(|c: char| !c.is_ascii_digit())?;
    digits[..end].parse().ok()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_hold_whatever_comes(
        config in config(),
        at in start(),
        steps in vec(step(), 0..80),
    ) {
        let mut rig = run(&config, at, &steps);
        rig.put(&Input::Close);
        let reports = rig.reports.len();
        let is_told = matches!(rig.reports.last(), Some((_, Report::Closed { .. })));
        prop_assert!(is_told);
        // Once more, after the end: the rules say that nothing comes of it.
        let mut renderer = Renderer { spec: &config.spec, number: 0 };
        for input in steps.iter().flat_map(|step| renderer.inputs(step)) {
            rig.put(&input);
        }
        prop_assert_eq!(rig.reports.len(), reports);
    }

    #[test]
    fn the_same_seed_and_inputs_give_the_same_actions(
        config in config(),
        at in start(),
        steps in vec(step(), 0..60),
    ) {
        let (one, two) = (run(&config, at, &steps), run(&config, at, &steps));
        prop_assert_eq!(one.trace(), two.trace());
        prop_assert_eq!(one.taken(), two.taken());
    }

    #[test]
    fn events_come_in_order_and_none_comes_twice(
        config in config(),
        steps in vec(step(), 0..80),
    ) {
        let rig = run(&config, 1_000, &steps);
        let numbers: Vec<u64> = rig.taken().iter().filter_map(|event| number(&event.data)).collect();
        if config.spec.recovery == Recovery::History {
            let once: BTreeSet<&u64> = numbers.iter().collect();
            prop_assert_eq!(once.len(), numbers.len());
        } else if rig.candidates.is_empty() {
            prop_assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        }
        if config.spec.identity == Identity::Id {
            let ids: Vec<&String> = rig.taken().iter().filter_map(|event| event.id.as_ref()).filter(|id| !id.is_empty()).collect();
            let once: BTreeSet<&&String> = ids.iter().collect();
            prop_assert_eq!(once.len(), ids.len());
        }
    }

    #[test]
    fn where_the_chunks_are_cut_changes_nothing(
        config in config(),
        pieces in vec(piece(), 0..40),
        cuts in vec(0..30_usize, 0..60),
    ) {
        let whole = |cuts: Vec<usize>| {
            let steps = [
                Step::Put(Input::TokenReady),
                Step::Put(Input::Head(Head::STREAM)),
                Step::Stream(pieces.clone(), cuts),
                Step::Put(Input::Failed),
            ];
            run(&config, 1_000, &steps)
        };
        let (one, two) = (whole(Vec::new()), whole(cuts));
        prop_assert_eq!(one.trace(), two.trace());
        prop_assert_eq!(one.taken(), two.taken());
    }
}

// What was found this way, each by itself.

#[test]
fn asking_a_one_shot_to_reconnect_sends_nothing() {
    let mut rig = Rig::started(Config::new(profiles::stock_agent::spec()), 1_000);
    rig.put(&Input::Head(Head::STREAM));
    rig.put(&Input::Reconnect);
    assert_eq!(rig.requests.len(), 1);
    assert!(rig.is_open());
}

#[test]
fn bytes_of_a_candidate_that_is_not_open_change_nothing() {
    let mut config = Config::new(profiles::dashtam::spec());
    config.has_token = true;
    config.filter = Filter::categories(["import"]);
    let mut rig = Rig::started(config, 1_000);
    let event = Input::Bytes(b"id: a\nevent: import.failed\ndata: {}\n\n".to_vec());
    for input in [Input::TokenReady, Input::Head(Head::STREAM), event] {
        rig.put(&input);
    }
    rig.put(&Input::Filter(Filter::all()));
    // It is known already, so that it would make an open candidate take over.
    let known = b"id: a\nevent: import.failed\ndata: {}\n\n".to_vec();
    rig.put(&Input::CandidateBytes(known));
    assert!(rig.candidates.is_empty());
    assert_eq!(rig.taken().len(), 1);
}

#[test]
fn nothing_is_told_after_the_application_gave_up_on_a_history() {
    let mut rig = Rig::started(Config::new(profiles::hive::spec()), 1_000);
    for input in [Head::STREAM, Head::STREAM].map(Input::Head) {
        rig.put(&input);
        rig.put(&Input::Ended);
        rig.put(&Input::Wait(60_000));
    }
    rig.put(&Input::Head(Head::STREAM));
    rig.put(&Input::GiveUp);
    // The rules panic at any word after the end.
    rig.put(&Input::Failed);
    assert!(matches!(
        rig.reports.last(),
        Some((_, Report::Closed { .. }))
    ));
}

#[test]
fn the_end_of_the_clock_is_no_end_of_the_connection() {
    let mut config = Config::new(profiles::dashtam::spec());
    config.has_token = true;
    let mut rig = Rig::started(config, Millis::MAX - 1);
    for input in [Input::TokenFailed, Input::Online, Input::Wait(Millis::MAX)] {
        rig.put(&input);
    }
    assert_eq!(rig.closed, None);
}
