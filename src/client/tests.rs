//! Streams outside of the browser: those that do not begin, and those whose far end is the test.

use super::link::rehearsed::{FarEnd, links, rehearse};
use super::{
    Buffer, Client, ClientError, Closed, Credentials, CursorStore, Events, GapReason, Item,
    Overflow, SessionStore, Transport,
};
use crate::connection::{Backoff, CloseReason, Flow, Recovered, Report, State};
use crate::filter::{Filter, FilterError};
use crate::profiles::Profile;
use crate::profiles::dashtam::Dashtam;
use crate::profiles::hive::Hive;
use crate::profiles::plain::Plain;
use crate::profiles::stock_agent::StockAgent;
use futures::{FutureExt, StreamExt};
use proptest::prelude::*;
use std::cell::RefCell;
use std::error::Error;
use std::rc::Rc;

fn all<P: Profile>(events: Events<P>) -> Vec<Item<P::Event, P::Meta>> {
    events
        .collect()
        .now_or_never()
        .expect("nothing is waited for")
}

#[test]
fn outside_of_the_browser_the_end_is_the_only_item() {
    let events = Client::<Dashtam>::new("/api/v1/events").connect();
    assert_eq!(events.state(), State::Closed);
    let items = all(events);
    let [
        Item::Closed(Closed {
            reason: CloseReason::Unsupported,
            error: Some(ClientError::Connection(error)),
        }),
    ] = &items[..]
    else {
        panic!("more than the end, or another: {}", items.len());
    };
    assert!(error.to_string().contains("browser"), "{error}");
}

#[test]
fn what_is_wrong_with_the_options_is_said_outside_of_the_browser_too() {
    let client = Client::<Dashtam>::new("/").filter(Filter::categories(["securty"]));
    let error = client.try_connect().expect_err("there is none of it");
    assert!(error.to_string().contains("did you mean 'security'"));
}

#[test]
fn a_status_outside_of_the_browser_is_final() {
    let events = Client::<StockAgent>::new("/chat").connect();
    let statuses: Vec<_> = events
        .status_changes()
        .collect()
        .now_or_never()
        .expect("no other follows");
    assert_eq!(statuses, [events.status()]);
    assert_eq!(
        statuses[0].closed.as_ref().map(|closed| closed.reason),
        Some(CloseReason::Unsupported)
    );
}

fn types(names: &[&'static str]) -> Filter {
    Filter::types(names.iter().copied())
}

/// A stream whose far end is the test.
fn rehearsed<P: Profile>(client: Client<P>) -> (Events<P>, Rc<FarEnd>) {
    rehearse();
    let events = client.connect();
    let link = Rc::clone(&links()[0]);
    (events, link)
}

/// The type of an event, or the reason of the end.
fn in_a_word<E, M>(item: Item<E, M>) -> Option<String> {
    match item {
        Item::Event(event) => Some(event.name.into_owned()),
        Item::Undecodable(error) => Some(error.event().to_owned()),
        Item::Closed(closed) => Some(closed.reason.as_str().to_owned()),
        _ => None,
    }
}

/// What waits, in words.
fn waiting<P: Profile>(events: &mut Events<P>) -> Vec<String> {
    let mut words = Vec::new();
    while let Some(Some(item)) = events.next().now_or_never() {
        words.extend(in_a_word(item));
    }
    words
}

fn room(events: usize, overflow: Option<Overflow>) -> Buffer {
    Buffer {
        events,
        overflow,
        ..Buffer::default()
    }
}

#[test]
fn reading_stops_when_the_buffer_is_full_and_starts_when_half_of_it_is_free() {
    let (mut events, link) = rehearsed(Client::<Plain>::new("/").buffer(room(4, None)));
    assert_eq!(link.send_all(&["a", "b", "c"]), Flow::More);
    assert_eq!(link.send("d", "", ""), Flow::Pause);
    assert_eq!(events.stats().waiting, 4);
    let _ = events.next().now_or_never();
    assert_eq!(link.wanted.get(), 0);
    let _ = events.next().now_or_never();
    assert_eq!(link.wanted.get(), 1);
    assert_eq!(waiting(&mut events), ["c", "d"]);
    assert_eq!(link.wanted.get(), 1, "it reads already");
}

#[test]
fn bytes_fill_the_buffer_too() {
    let buffer = Buffer {
        bytes: 10,
        ..Buffer::default()
    };
    let (mut events, link) = rehearsed(Client::<Plain>::new("/").buffer(buffer));
    assert_eq!(link.send("name", "1234", ""), Flow::More);
    assert_eq!(link.send("", "12", ""), Flow::Pause);
    assert_eq!(events.stats().waiting_bytes, 10);
    assert_eq!(waiting(&mut events).len(), 2);
    let stats = events.stats();
    assert_eq!((stats.waiting_bytes, stats.bytes), (0, 10));
}

#[test]
fn what_may_be_shed_is_shed_from_the_oldest_on_and_what_is_critical_never() {
    let client = Client::<Hive>::new("/").buffer(room(2, Some(Overflow::Drop)));
    let (mut events, link) = rehearsed(client);
    let (droppable, critical) = ("client_output_delta", "client_input_requested");
    let flow = link.send_all(&[droppable, critical, droppable, critical]);
    assert_eq!(flow, Flow::More);
    assert_eq!(events.stats().dropped, 2);
    assert_eq!(link.send_all(&[critical]), Flow::Pause, "nothing is left");
    assert_eq!(waiting(&mut events), [critical; 3]);
    assert_eq!(link.wanted.get(), 1);
}

#[test]
fn a_consumer_that_is_too_slow_is_told_so_after_what_there_was_room_for() {
    let client = Client::<Plain>::new("/").buffer(room(2, Some(Overflow::Close)));
    let (mut events, link) = rehearsed(client);
    // What comes together nobody could have taken yet.
    link.send_all(&["a", "b", "c"]);
    assert!(!link.is_closed());
    link.send("d", "", "");
    assert!(link.is_closed());
    assert_eq!(waiting(&mut events), ["a", "b", "c", "slow-consumer"]);
}

#[test]
fn what_waits_and_does_not_pass_a_new_filter_is_not_delivered() {
    let (mut events, link) = rehearsed(Client::<Plain>::new("/"));
    link.send_all(&["a", "b", "a"]);
    let change = events.set_filter(types(&["b"])).expect("any fits");
    assert_eq!(events.stats().waiting, 3, "it does not hold yet");
    link.report(Report::FilterChanged { error: None });
    assert_eq!(change.now_or_never(), Some(Ok(())));
    assert_eq!(waiting(&mut events), ["b"]);
    assert_eq!(events.stats().waiting, 0);
}

#[test]
fn a_change_of_the_filter_is_answered_even_if_the_stream_ends_before() {
    let (events, _link) = rehearsed(Client::<Plain>::new("/"));
    let change = events.set_filter(types(&["b"])).expect("any fits");
    drop(events);
    assert_eq!(change.now_or_never(), Some(Ok(())));
}

#[test]
fn the_last_event_id_is_that_of_what_was_taken_as_long_as_more_waits() {
    let client = Client::<Plain>::new("/").last_event_id("0");
    let (mut events, link) = rehearsed(client);
    assert_eq!(events.last_event_id(), "0");
    link.send("a", "", "1");
    link.send("b", "", "2");
    assert_eq!(events.last_event_id(), "0");
    let _ = events.next().now_or_never();
    assert_eq!(events.last_event_id(), "1");
    let _ = events.next().now_or_never();
    assert_eq!(events.last_event_id(), "2");
}

#[test]
fn a_status_stream_tells_what_it_is_now_then_each_change_and_ends_with_the_connection() {
    let (events, link) = rehearsed(Client::<Plain>::new("/"));
    let mut changes = events.status_changes();
    let mut next = || {
        changes
            .next()
            .now_or_never()
            .map(|it| it.map(|it| it.state))
    };
    assert_eq!(next(), Some(Some(State::Connecting)));
    assert_eq!(next(), None);
    link.open();
    assert_eq!(next(), Some(Some(State::Open)));
    link.end(CloseReason::Ended);
    assert_eq!(next(), Some(Some(State::Closed)));
    assert_eq!(next(), Some(None));
}

#[test]
fn a_reconnection_that_may_have_lost_something_is_a_gap() {
    let (mut events, link) = rehearsed(Client::<Plain>::new("/"));
    for recovered in [Recovered::Yes, Recovered::No, Recovered::Unknown] {
        link.report(Report::Resumed {
            recovered,
            last_event_id: "4".to_owned(),
        });
    }
    let status = events.status();
    let gap = status.gap.expect("there are two");
    assert_eq!((status.gaps, gap.reason), (2, GapReason::RecoveryUnproven));
    let mut gaps = Vec::new();
    while let Some(Some(item)) = events.next().now_or_never() {
        if let Item::Gap { reason, .. } = item {
            gaps.push(reason.as_str());
        }
    }
    assert_eq!(gaps, ["not recovered", "recovery unproven"]);
}

#[test]
fn a_handle_outlives_its_stream_and_does_nothing_then() {
    let (events, link) = rehearsed(Client::<Plain>::new("/"));
    let handle = events.handle();
    link.send("a", "", "1");
    drop(events);
    assert!(link.is_closed());
    handle.reconnect();
    handle.close();
    assert_eq!(handle.state(), State::Closed);
    assert_eq!(link.reconnections.get(), 0);
    let change = handle.set_filter(types(&["b"])).expect("any fits");
    assert_eq!(change.now_or_never(), Some(Ok(())));
}

#[test]
fn dropping_a_stream_ends_who_waits_for_its_status() {
    let (events, _link) = rehearsed(Client::<Plain>::new("/"));
    let changes = events.status_changes();
    drop(events);
    let all: Vec<_> = changes.collect().now_or_never().expect("it has ended");
    assert_eq!(all.last().map(|status| status.state), Some(State::Closed));
}

#[test]
fn a_store_says_where_to_go_on_and_learns_what_was_consumed() {
    #[derive(Clone, Default)]
    struct Memory(Rc<RefCell<Vec<String>>>);

    impl CursorStore for Memory {
        fn get(&self, key: &str) -> Option<String> {
            assert_eq!(key, "plain /?a=1");
            Some("5".to_owned())
        }

        fn set(&self, _: &str, last_event_id: &str) {
            self.0.borrow_mut().push(last_event_id.to_owned());
        }
    }

    let store = Memory::default();
    let client = || Client::<Plain>::new("/").query("a", 1).store(store.clone());
    let (mut events, link) = rehearsed(client());
    assert_eq!(link.last_event_id(), "5");
    link.send("a", "", "6");
    link.send("b", "", "7");
    let _ = events.next().now_or_never();
    assert!(store.0.borrow().is_empty(), "it is at work on the first");
    let _ = events.next().now_or_never();
    drop(events);
    assert_eq!(*store.0.borrow(), ["6"], "the last may not be done");
    let (_events, link) = rehearsed(client().last_event_id("9"));
    assert_eq!(link.last_event_id(), "9");
}

#[test]
fn options_that_contradict_each_other_are_named_with_what_is_allowed() {
    fn refusal<P: Profile>(client: Client<P>) -> String {
        let error = client.try_connect().expect_err("it is refused");
        error.to_string()
    }
    let plain = || Client::<Plain>::new("/");
    let event_source = || plain().transport(Transport::EventSource);
    let chat = || Client::<StockAgent>::new("/chat");
    for (refused, start) in [
        (
            refusal(plain().body("x").method("get")),
            "body: a GET has none",
        ),
        (refusal(plain().method("head")), "method: must be"),
        (refusal(plain().method("a b")), "method: must be"),
        (
            refusal(plain().last_event_id("a\nb")),
            "last_event_id: must be",
        ),
        (
            refusal(plain().max_event_bytes(0)),
            "max_event_bytes: must be",
        ),
        (
            refusal(plain().idempotency_key("k")),
            "idempotency_key: a GET",
        ),
        (
            refusal(chat().idempotency_key("ü")),
            "idempotency_key: must be",
        ),
        (
            refusal(chat().share(true)),
            "share: a request that is sent once",
        ),
        (
            refusal(chat().store(SessionStore::default())),
            "store: stock-agent cannot be told",
        ),
        (
            refusal(plain().body("x").store(SessionStore::default())),
            "store: POST cannot be told",
        ),
        (
            refusal(plain().reconnect(Backoff::new(2, 1))),
            "reconnect: min_delay must be at most max_delay (1), not 2",
        ),
        (
            refusal(chat().reconnect(Backoff::new(1, 2))),
            "this request to stock-agent runs something",
        ),
        (refusal(plain().buffer(room(0, None))), "buffer: events and"),
        (
            refusal(plain().buffer(room(1, Some(Overflow::Drop)))),
            "buffer.overflow: plain calls no event droppable. Allowed: Pause, Close",
        ),
        (
            refusal(event_source().buffer(room(1, Some(Overflow::Pause)))),
            "buffer.overflow: EventSource cannot pause",
        ),
        (
            refusal(event_source().header("a", "b")),
            "headers: EventSource cannot send headers; use Transport::Fetch",
        ),
        (refusal(event_source().body("x")), "body: EventSource"),
        (refusal(event_source().method("put")), "method: EventSource"),
        (
            refusal(event_source().credentials(Credentials::Omit)),
            "credentials: EventSource always sends them",
        ),
        (
            refusal(event_source().last_event_id("1")),
            "last_event_id: EventSource",
        ),
    ] {
        assert!(refused.starts_with(start), "{refused}");
    }
}

#[test]
fn a_request_with_a_body_is_a_post_and_sent_once() {
    let mut client = Client::<Plain>::new("/").body("x");
    client.settle().expect("it fits");
    assert_eq!(client.the_method(), "POST");
    assert!(!client.config.repeatable && client.config.backoff.is_none());
}

#[test]
fn an_error_of_the_options_has_the_filters_as_its_source() {
    let client = Client::<Dashtam>::new("/").categories(["nonsense"]);
    let error = ClientError::Options(client.try_connect().expect_err("it is refused"));
    let mut sources = Vec::new();
    let mut next = error.source();
    while let Some(source) = next {
        sources.push(source.is::<FilterError>());
        next = source.source();
    }
    assert_eq!(sources.last(), Some(&true), "{error}");
}

/// What may be shed, and what may not.
const DROPPABLE: &str = "client_output_delta";
const NAMES: [&str; 4] = ["u1", DROPPABLE, "u2", DROPPABLE];

#[derive(Debug, Clone)]
enum Step {
    /// A chunk of these comes, if reading has not stopped.
    Chunk(Vec<usize>),
    /// So many items are taken.
    Take(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop::collection::vec(0..NAMES.len(), 1..6).prop_map(Step::Chunk),
        (1..6_usize).prop_map(Step::Take),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_and_is_taken_in_whatever_order_nothing_is_lost_unseen(
        steps in prop::collection::vec(step(), 0..60),
        limit in 1..6_usize,
        sheds: bool,
    ) {
        let overflow = if sheds { Overflow::Drop } else { Overflow::Pause };
        let client = Client::<Hive>::new("/").buffer(room(limit, Some(overflow)));
        let (mut events, link) = rehearsed(client);
        let stays = |name: &&str| *name != DROPPABLE;
        let (mut sent, mut taken) = (Vec::new(), Vec::new());
        let mut is_paused = false;
        for step in steps {
            match step {
                Step::Chunk(_) if is_paused => {}
                Step::Chunk(kinds) => {
                    let names: Vec<_> = kinds.into_iter().map(|kind| NAMES[kind]).collect();
                    is_paused = link.send_all(&names) == Flow::Pause;
                    sent.extend(names);
                    let waiting = events.stats().waiting;
                    prop_assert_eq!(is_paused, waiting >= limit + usize::from(sheds));
                }
                Step::Take(count) => {
                    let before = link.wanted.get();
                    for _ in 0..count {
                        let Some(Some(item)) = events.next().now_or_never() else { break };
                        taken.extend(in_a_word(item));
                    }
                    let starts = is_paused && events.stats().waiting <= limit / 2;
                    prop_assert_eq!(link.wanted.get() - before, u32::from(starts));
                    is_paused &= !starts;
                }
            }
            let stats = events.stats();
            prop_assert_eq!(stats.delivered, taken.len() as u64);
            prop_assert_eq!(
                stats.delivered + stats.dropped + stats.waiting as u64,
                sent.len() as u64
            );
            prop_assert!(sheds || stats.dropped == 0);
        }
        taken.extend(waiting(&mut events));
        let taken: Vec<_> = taken.iter().map(String::as_str).collect();
        if sheds {
            let kept: Vec<_> = taken.into_iter().filter(stays).collect();
            let all: Vec<_> = sent.into_iter().filter(stays).collect();
            prop_assert_eq!(kept, all);
        } else {
            prop_assert_eq!(taken, sent);
        }
    }
}

/// A file of the repository.
fn file(path: &str) -> String {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands between backquotes in this column of the page's first table.
fn listed(column: usize) -> Vec<String> {
    let page = file("docs/rust-client.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split('|').nth(column).map(str::to_owned));
    cells
        .flat_map(|cell| {
            let quoted: Vec<_> = cell
                .split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect();
            quoted
        })
        .collect()
}

#[test]
fn the_page_on_the_client_names_every_option_of_both_languages() {
    let typescript = file("pkg/src/options.ts");
    let options = typescript
        .split("export interface ConnectOptions")
        .nth(1)
        .and_then(|rest| rest.split("\n}").next())
        .expect("the options of connect");
    let named = listed(1);
    for line in options.lines() {
        if let Some((name, _)) = line
            .trim_start()
            .strip_prefix("readonly ")
            .and_then(|line| line.split_once('?'))
        {
            assert!(
                named.iter().any(|other| other == name),
                "'{name}' is missing"
            );
        }
    }
    let rust = file("src/client/options.rs");
    let named = listed(2);
    for line in rust.lines() {
        if let Some((name, rest)) = line
            .trim_start()
            .strip_prefix("pub fn ")
            .and_then(|line| line.split_once(['(', '<']))
            && rest.contains("self")
            && !["connect", "try_connect"].contains(&name)
        {
            assert!(
                named.iter().any(|other| other == name),
                "'{name}' is missing"
            );
        }
    }
}
