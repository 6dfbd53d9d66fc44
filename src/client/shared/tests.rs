//! What members of one connection are told, and what of them its far end sees.

use super::{Member, join};
use crate::client::link::rehearsed::{FarEnd, links, rehearse};
use crate::client::queue::ItemOf;
use crate::client::turn::rehearsed::{run, tasks, turn};
use crate::client::{Buffer, Client, CursorStore, Event, GapReason, Item, Overflow};
use crate::connection::{CloseReason, Error, ErrorKind, Report, State};
use crate::filter::Filter;
use crate::profiles::Profile;
use crate::profiles::hive::Hive;
use crate::profiles::plain::Plain;
use crate::profiles::stock_agent::StockAgent;
use futures::stream::FusedStream;
use futures::{FutureExt, StreamExt};
use std::cell::RefCell;
use std::rc::Rc;

/// What a member was told, in words.
#[derive(Clone, Default)]
struct Told(Rc<RefCell<Vec<String>>>);

impl Told {
    fn listener<P: Profile>(&self) -> impl FnMut(&ItemOf<P>) + 'static {
        let told = self.clone();
        move |item| told.0.borrow_mut().push(in_words(item))
    }

    fn take(&self) -> Vec<String> {
        run();
        self.0.take()
    }
}

fn in_words<E, M>(item: &Item<E, M>) -> String {
    match item {
        Item::Event(Event { name, .. }) => name.to_string(),
        Item::Undecodable(error) => format!("undecodable {}", error.event()),
        Item::State(state) => format!("{state:?}"),
        Item::Gap { reason, .. } => format!("gap {}", reason.as_str()),
        Item::FilterChanged => "filter changed".to_owned(),
        Item::FilterKept { .. } => "filter kept".to_owned(),
        Item::Closed(closed) => format!("closed {}", closed.reason.as_str()),
        _ => "other".to_owned(),
    }
}

fn plain() -> Client<Plain> {
    Client::new("/plain")
}

fn types(names: &[&'static str]) -> Filter {
    Filter::types(names.iter().copied())
}

fn member(client: Client<Plain>) -> (Member<Plain>, Told) {
    let told = Told::default();
    let member = join(client, told.listener::<Plain>());
    (member, told)
}

/// The only connection that was opened.
fn the_link() -> Rc<FarEnd> {
    let links = links();
    assert_eq!(links.len(), 1, "one connection is open");
    Rc::clone(&links[0])
}

fn refusal() -> Report {
    Report::FilterChanged {
        error: Some(Error {
            kind: ErrorKind::Filter,
            status: 422,
            message: "no".to_owned(),
            body: String::new(),
        }),
    }
}

const CHANGED: Report = Report::FilterChanged { error: None };

#[test]
fn members_with_the_same_options_use_one_connection_and_each_is_told_all() {
    rehearse();
    let (_one, first) = member(plain());
    let (_two, second) = member(plain());
    the_link().open();
    the_link().send("message", "x", "1");
    assert_eq!(first.take(), ["Open", "message"]);
    assert_eq!(second.take(), ["Open", "message"]);
}

#[test]
fn other_options_open_another_connection() {
    rehearse();
    let clients = [
        plain(),
        Client::new("/other"),
        plain().query("a", 1),
        plain().header("a", "1"),
        plain().stale_after(1),
        plain().last_event_id("1"),
        plain().reconnect(None),
        plain().token(|_| std::future::ready(None)),
        plain().headers(|| std::future::ready(Vec::new())),
    ];
    let count = clients.len();
    let members: Vec<_> = clients.into_iter().map(member).collect();
    assert_eq!(links().len(), count);
    drop(members);
}

#[test]
fn functions_count_as_the_same() {
    rehearse();
    let with_token = || plain().token(|_| std::future::ready(None));
    let _members = [member(with_token()), member(with_token())];
    the_link();
}

#[test]
fn another_profile_is_another_connection() {
    rehearse();
    let _plain = member(plain());
    let _hive = join(Client::<Hive>::new("/plain"), |_| {});
    assert_eq!(links().len(), 2);
}

#[test]
fn what_is_sent_once_is_never_shared_and_closed_at_once() {
    rehearse();
    let chat = || join(Client::<StockAgent>::new("/chat"), |_| {});
    let (one, two) = (chat(), chat());
    assert_eq!(links().len(), 2);
    drop(one);
    assert!(links()[0].is_closed() && !links()[1].is_closed());
    drop(two);
}

#[test]
fn the_last_to_leave_closes_the_connection_when_the_turn_is_over() {
    rehearse();
    let (one, _) = member(plain());
    let (two, _) = member(plain());
    drop(one);
    turn();
    assert!(!the_link().is_closed());
    drop(two);
    run();
    assert!(!the_link().is_closed(), "another may come");
    turn();
    assert!(the_link().is_closed());
    assert_eq!(tasks(), 0, "nothing is left of it");
}

#[test]
fn who_comes_in_the_turn_in_which_the_last_leaves_takes_the_connection_over() {
    rehearse();
    let (one, _) = member(plain());
    the_link().open();
    run();
    drop(one);
    let (two, told) = member(plain());
    turn();
    assert_eq!(two.status().state, State::Open);
    the_link().send("message", "x", "1");
    assert_eq!(told.take(), ["message"]);
}

#[test]
fn a_connection_that_has_ended_is_not_joined() {
    rehearse();
    let (one, told) = member(plain());
    the_link().end(CloseReason::Ended);
    // Before it was told even.
    let (two, _) = member(plain());
    assert_eq!(links().len(), 2);
    assert_eq!(told.take(), ["Closed", "closed ended"]);
    assert_eq!(one.status().state, State::Closed);
    assert_eq!(two.status().state, State::Connecting);
}

#[test]
fn a_late_member_knows_at_once_how_the_connection_is() {
    rehearse();
    let (_one, _) = member(plain());
    the_link().open();
    the_link().report(Report::Gap {
        reason: crate::connection::GapReason::Paused,
        last_event_id: "1".to_owned(),
    });
    run();
    let (two, told) = member(plain());
    assert_eq!(two.status().state, State::Open);
    assert_eq!(two.status().gaps, 0, "what it has not seen it cannot miss");
    assert!(told.take().is_empty());
}

#[test]
fn a_late_member_of_a_server_with_a_history_is_told_that_it_has_missed_it() {
    rehearse();
    let _one = join(Client::<Hive>::new("/events"), |_| {});
    the_link().open();
    run();
    let told = Told::default();
    let two = join(Client::<Hive>::new("/events"), told.listener::<Hive>());
    assert_eq!(told.take(), ["gap joined"]);
    let gap = two.status().gap.map(|gap| gap.reason);
    assert_eq!((two.status().gaps, gap), (1, Some(GapReason::Joined)));
}

#[test]
fn each_is_told_what_its_own_filter_names_and_the_server_is_asked_for_all_of_it() {
    rehearse();
    let (one, first) = member(plain().filter(types(&["a"])));
    let (two, second) = member(plain().filter(types(&["b", "a"])));
    assert!(the_link().asked().names_the_same(&types(&["a", "b"])));
    the_link().report(CHANGED);
    for name in ["a", "b", "c"] {
        the_link().send(name, "x", "");
    }
    assert_eq!(first.take(), ["a"]);
    assert_eq!(second.take(), ["a", "b"]);
    let stats = [&one, &two].map(|member| member.handle().stats());
    assert_eq!(
        stats.map(|stats| (stats.delivered, stats.bytes)),
        [(1, 2), (2, 4)]
    );
}

#[test]
fn a_filter_that_is_set_holds_for_this_member_alone_once_the_connection_has_it() {
    rehearse();
    let (one, first) = member(plain().filter(types(&["a"])));
    let (_two, second) = member(plain().filter(types(&["a"])));
    let change = one.handle().set_filter(types(&["b"])).expect("any fits");
    assert!(the_link().asked().names_the_same(&types(&["a", "b"])));
    the_link().send("a", "x", "");
    the_link().report(CHANGED);
    the_link().send("a", "x", "");
    the_link().send("b", "x", "");
    assert_eq!(first.take(), ["a", "filter changed", "b"]);
    assert_eq!(second.take(), ["a", "a"]);
    assert_eq!(change.now_or_never(), Some(Ok(())));
}

#[test]
fn what_the_connection_held_for_a_wider_filter_reaches_who_set_it() {
    rehearse();
    let (one, first) = member(plain().filter(types(&["a"])));
    let (_two, second) = member(plain().filter(types(&["a"])));
    let change = one.handle().set_filter(types(&["b"])).expect("any fits");
    // The stream that takes over hands on what it held, and then the change is told.
    for name in ["a", "b", "c"] {
        the_link().send(name, "x", "");
    }
    the_link().report(CHANGED);
    the_link().send("a", "x", "");
    assert_eq!(first.take(), ["a", "b", "filter changed"]);
    assert_eq!(second.take(), ["a", "a"]);
    assert_eq!(change.now_or_never(), Some(Ok(())));
}

#[test]
fn a_filter_that_was_refused_lets_nothing_through_any_more() {
    rehearse();
    let (one, first) = member(plain().filter(types(&["a"])));
    let (_two, _) = member(plain().filter(types(&["a"])));
    one.handle().set_filter(types(&["b"])).expect("any fits");
    the_link().report(refusal());
    for name in ["a", "b"] {
        the_link().send(name, "x", "");
    }
    assert_eq!(first.take(), ["filter kept", "a"]);
}

#[test]
fn a_filter_within_what_is_asked_for_already_holds_at_once() {
    rehearse();
    let (one, told) = member(plain().filter(types(&["a", "b"])));
    let (_two, _) = member(plain().filter(types(&["a", "b"])));
    let change = one.handle().set_filter(types(&["b"])).expect("any fits");
    the_link().send("a", "x", "");
    the_link().send("b", "x", "");
    let mut words = told.take();
    words.sort();
    assert_eq!(words, ["b", "filter changed"]);
    assert_eq!(change.now_or_never(), Some(Ok(())));
}

#[test]
fn a_filter_that_the_server_refuses_leaves_the_member_the_one_before() {
    rehearse();
    let (one, first) = member(plain().filter(types(&["a"])));
    let (_two, second) = member(plain().filter(types(&["a"])));
    let change = one.handle().set_filter(types(&["b"])).expect("any fits");
    the_link().report(refusal());
    the_link().send("a", "x", "");
    assert_eq!(first.take(), ["filter kept", "a"]);
    assert_eq!(second.take(), ["a"]);
    let refused = change.now_or_never().expect("it is known");
    assert_eq!(refused.map_err(|error| error.status), Err(422));
    // It is no part of what all want together: nothing else has to be asked for.
    let _third = member(plain().filter(types(&["a"])));
    assert_eq!(the_link().changes.get(), 1);
}

#[test]
fn a_filter_of_which_nothing_comes_before_the_end_is_not_waited_for() {
    rehearse();
    let (one, _) = member(plain().filter(types(&["a"])));
    let mut change = one.handle().set_filter(types(&["b"])).expect("any fits");
    run();
    assert_eq!((&mut change).now_or_never(), None);
    the_link().end(CloseReason::Ended);
    run();
    assert_eq!(change.now_or_never(), Some(Ok(())));
}

#[test]
fn what_nobody_wants_any_more_is_not_asked_for_any_more() {
    rehearse();
    let (one, _) = member(plain().filter(types(&["a"])));
    let (_two, _) = member(plain().filter(types(&["b"])));
    drop(one);
    assert!(the_link().asked().names_the_same(&types(&["b"])));
}

#[test]
fn who_wants_everything_does_not_get_what_another_asked_for_by_name() {
    rehearse();
    let (first, second) = (Told::default(), Told::default());
    let _one = join(Client::<Hive>::new("/events"), first.listener::<Hive>());
    let by_name = Client::<Hive>::new("/events").types(["escalation_requested"]);
    let _two = join(by_name, second.listener::<Hive>());
    assert!(the_link().asked().names_the_same(&types(&["**"])));
    the_link().report(CHANGED);
    the_link().send("escalation_requested", "{}", "");
    the_link().send("trigger_removed", "{}", "");
    assert_eq!(first.take(), ["undecodable trigger_removed"]);
    assert_eq!(second.take(), ["undecodable escalation_requested"]);
}

#[test]
fn a_listener_may_do_anything_while_it_is_called() {
    type Slot = Rc<RefCell<Vec<Member<Plain>>>>;
    rehearse();
    let others: Slot = Rc::default();
    let told = Told::default();
    let mut log = told.listener::<Plain>();
    let slot = Rc::clone(&others);
    let mut calls = 0;
    let doer = move |item: &ItemOf<Plain>| {
        log(item);
        calls += 1;
        match calls {
            1 => slot.borrow_mut().push(join(plain(), |_| {})),
            2 => {
                let handle = slot.borrow()[0].handle();
                handle.reconnect();
                handle.set_filter(types(&["a", "b"])).expect("any fits");
            }
            3 => slot.borrow()[1].handle().close(),
            _ => {
                // Itself, too.
                let all = slot.take();
                drop(all);
            }
        }
    };
    let doing = join(plain(), doer);
    others.borrow_mut().insert(0, doing);
    for name in ["a", "b", "a", "b", "a"] {
        the_link().send(name, "x", "");
    }
    assert_eq!(told.take(), ["a", "b", "a", "b"]);
    assert!(others.borrow().is_empty());
    assert_eq!(the_link().reconnections.get(), 1);
    turn();
    assert!(the_link().is_closed());
    assert_eq!(tasks(), 0);
}

#[test]
fn closing_by_the_handle_ends_it_for_this_member_alone() {
    rehearse();
    let (one, first) = member(plain());
    let (_two, second) = member(plain());
    the_link().open();
    run();
    let handle = one.handle();
    handle.close();
    handle.close();
    the_link().send("message", "x", "");
    assert_eq!(first.take(), ["Open", "Closed", "closed closed"]);
    assert_eq!(second.take(), ["Open", "message"]);
    assert_eq!(handle.state(), State::Closed);
}

#[test]
fn a_member_that_is_gone_is_told_nothing_more() {
    rehearse();
    let (one, first) = member(plain());
    let (_two, _) = member(plain());
    let handle = one.handle();
    the_link().send("message", "x", "");
    handle.close();
    drop(one);
    assert!(first.take().is_empty());
    assert_eq!(handle.state(), State::Closed);
}

#[test]
fn what_waits_for_a_members_status_hears_of_its_end() {
    rehearse();
    let (one, _) = member(plain());
    let (_two, _) = member(plain());
    the_link().open();
    run();
    let changes = one.handle().status_changes();
    drop(one);
    let all: Vec<_> = changes.collect().now_or_never().expect("it has ended");
    assert_eq!(all.last().map(|status| status.state), Some(State::Closed));
}

#[test]
fn after_the_end_a_member_is_told_nothing_whatever_it_is_asked_for() {
    rehearse();
    let (one, told) = member(plain());
    let handle = one.handle();
    the_link().end(CloseReason::Ended);
    assert_eq!(told.take(), ["Closed", "closed ended"]);
    handle.close();
    handle.reconnect();
    let change = handle.set_filter(types(&["b"])).expect("any fits");
    assert_eq!(change.now_or_never(), Some(Ok(())));
    assert!(told.take().is_empty());
}

#[test]
fn options_that_do_not_fit_end_a_member_that_has_not_begun() {
    rehearse();
    let told = Told::default();
    let client = Client::<Hive>::new("/events").categories(["nonsense"]);
    let member = join(client, told.listener::<Hive>());
    assert_eq!(told.take(), ["closed rejected"]);
    assert_eq!(member.status().state, State::Closed);
    assert!(links().is_empty());
}

#[test]
fn streams_may_share_a_connection_each_with_its_own_filter() {
    rehearse();
    let mut one = plain().share(true).connect();
    let mut two = plain().share(true).filter(types(&["b"])).connect();
    the_link().report(CHANGED);
    the_link().send("a", "x", "7");
    the_link().send("b", "x", "8");
    run();
    let next = |events: &mut crate::client::Events<Plain>| {
        let item = events.next().now_or_never().expect("it is there");
        in_words(&item.expect("it goes on"))
    };
    assert_eq!([next(&mut one), next(&mut one)], ["a", "b"]);
    assert_eq!(next(&mut two), "b");
    assert_eq!(two.stats().delivered, 1);
    assert_eq!(two.last_event_id(), "8");
    drop(one);
    turn();
    assert!(!the_link().is_closed());
    drop(two);
    turn();
    assert!(the_link().is_closed());
    assert_eq!(tasks(), 0);
}

#[test]
fn a_stream_whose_buffer_is_full_holds_all_back_until_it_is_taken_from() {
    rehearse();
    let small = Buffer {
        events: 2,
        ..Buffer::default()
    };
    let mut slow = plain().share(true).buffer(small).connect();
    let (_other, told) = member(plain());
    for _ in 0..5 {
        the_link().send("a", "x", "");
    }
    assert_eq!(told.take().len(), 2);
    let mut taken = 0;
    while let Some(Some(_)) = slow.next().now_or_never() {
        taken += 1;
        run();
    }
    assert_eq!(taken, 5);
    assert_eq!(told.take().len(), 3);
}

#[test]
fn a_shared_stream_whose_consumer_is_too_slow_ends_alone() {
    rehearse();
    let small = Buffer {
        events: 2,
        overflow: Some(Overflow::Close),
        ..Buffer::default()
    };
    let mut slow = plain().share(true).buffer(small).connect();
    let (_other, told) = member(plain());
    the_link().send_all(&["a", "b", "c"]);
    run();
    the_link().send("d", "x", "");
    assert_eq!(told.take(), ["a", "b", "c", "d"]);
    let mut words = Vec::new();
    while let Some(Some(item)) = slow.next().now_or_never() {
        words.push(in_words(&item));
    }
    assert_eq!(words, ["a", "b", "c", "Closed", "closed slow-consumer"]);
    assert!(slow.is_terminated());
    turn();
    assert!(!the_link().is_closed());
}

#[test]
fn who_was_elsewhere_is_told_that_something_may_be_missing() {
    struct At(&'static str);

    impl CursorStore for At {
        fn get(&self, _: &str) -> Option<String> {
            Some(self.0.to_owned())
        }

        fn set(&self, _: &str, _: &str) {}
    }

    rehearse();
    let at = |id| plain().share(true).store(At(id)).connect();
    let _first = at("3");
    assert_eq!(the_link().last_event_id(), "3");
    let (same, elsewhere) = (at("3"), at("2"));
    run();
    assert_eq!(same.status().gaps, 0);
    let gap = elsewhere.status().gap.expect("it was not there");
    assert_eq!((gap.reason, &*gap.last_event_id), (GapReason::Joined, "2"));
}
