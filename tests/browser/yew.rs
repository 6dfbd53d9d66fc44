//! The hooks for Yew: what components see of streams, and the server of components.

use crate::hooks::{say, text, until};
use crate::live_bytes::live_bytes;
use crate::server::{Namespace, pause};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tidewire::client::{Client, EventOf};
use tidewire::connection::{CloseReason, ErrorKind, State};
use tidewire::filter::Filter;
use tidewire::profiles::dashtam::Dashtam;
use tidewire::profiles::plain::Plain;
use tidewire::yew::{
    RecentEvents, UseEventsHandle, use_events, use_events_keeping, use_events_reducer,
};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;
use yew::{AppHandle, BaseComponent};

/// An application in the page.
fn mount<C: BaseComponent>(props: C::Properties) -> AppHandle<C> {
    let page = web_sys::window().and_then(|window| window.document());
    let root = page.expect("a page").create_element("div");
    yew::Renderer::<C>::with_root_and_props(root.expect("an element"), props).render()
}

fn are_open(requests: &[Value]) -> usize {
    let open = requests.iter().filter(|request| request["state"] == "open");
    open.count()
}

/// What the renders of a component saw.
struct Seen<T>(Rc<Looks<T>>);

struct Looks<T> {
    renders: Cell<usize>,
    first: Cell<Option<State>>,
    last: RefCell<Option<UseEventsHandle<T>>>,
}

impl<T> Seen<T> {
    fn new() -> Self {
        Seen(Rc::new(Looks {
            renders: Cell::new(0),
            first: Cell::new(None),
            last: RefCell::new(None),
        }))
    }

    fn look(&self, events: &UseEventsHandle<T>) {
        self.0.renders.set(self.renders() + 1);
        self.0
            .first
            .set(self.0.first.get().or(Some(events.state())));
        self.0.last.replace(Some(events.clone()));
    }

    fn renders(&self) -> usize {
        self.0.renders.get()
    }

    fn last(&self) -> UseEventsHandle<T> {
        self.0.last.borrow().clone().expect("it was rendered")
    }

    fn state(&self) -> State {
        self.last().state()
    }
}

impl Seen<RecentEvents<Plain>> {
    fn texts(&self) -> String {
        let events = self.last();
        let texts: Vec<_> = events.iter().map(|event| text(&event.data)).collect();
        texts.join(" ")
    }
}

impl<T> Clone for Seen<T> {
    fn clone(&self) -> Self {
        Seen(Rc::clone(&self.0))
    }
}

impl<T> PartialEq for Seen<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Clone, PartialEq, Properties)]
struct FeedProps {
    url: Option<String>,
    #[prop_or(100)]
    keep: usize,
    #[prop_or_default]
    types: Option<&'static str>,
    seen: Seen<RecentEvents<Plain>>,
}

impl FeedProps {
    fn of(url: String) -> Self {
        FeedProps {
            url: Some(url),
            keep: 100,
            types: None,
            seen: Seen::new(),
        }
    }
}

#[component]
fn Feed(props: &FeedProps) -> Html {
    let filter = props
        .types
        .map_or(Filter::all(), |types| Filter::types([types]));
    let client = props.url.clone().map(|url| Client::new(url).filter(filter));
    let events = use_events_keeping::<Plain>(client, props.keep);
    props.seen.look(&events);
    Html::default()
}

#[wasm_bindgen_test]
async fn a_stream_opens_with_its_component_and_closes_with_it() {
    let server = Namespace::new("yew-life").await;
    let props = FeedProps::of(server.url("/plain"));
    let seen = props.seen.clone();
    let app = mount::<Feed>(props);
    server.streams(1).await;
    assert_eq!(seen.0.first.get(), Some(State::Connecting));
    say(&server, &["a", "b"]).await;
    until("both", || seen.texts() == "a b").await;
    assert_eq!(seen.state(), State::Open);
    assert_eq!(
        seen.last().latest().map(|event| text(&event.data)),
        Some("b")
    );
    assert_eq!(seen.last().last_event_id(), "b");
    app.destroy();
    server.streams(0).await;
}

#[wasm_bindgen_test]
async fn a_client_that_changes_opens_another_stream_and_none_closes_it() {
    let server = Namespace::new("yew-url").await;
    let mut props = FeedProps::of(server.url("/plain?room=1"));
    let seen = props.seen.clone();
    let mut app = mount::<Feed>(props.clone());
    server.streams(1).await;
    say(&server, &["a"]).await;
    until("the event", || seen.texts() == "a").await;

    props.url = Some(server.url("/plain?room=2"));
    app.update(props.clone());
    until("a beginning", || seen.texts().is_empty()).await;
    let is_second = |all: &[Value]| {
        all.len() == 2 && all[0]["state"] == "client-gone" && all[1]["state"] == "open"
    };
    let requests = server.requests_when(is_second).await;
    assert_eq!(requests[1]["query"], "room=2");
    say(&server, &["b"]).await;
    until("the event", || seen.texts() == "b").await;

    props.url = None;
    app.update(props.clone());
    until("the end", || seen.state() == State::Closed).await;
    assert_eq!(seen.texts(), "");
    server.streams(0).await;

    props.url = Some(server.url("/plain?room=3"));
    app.update(props);
    server.streams(1).await;
    app.destroy();
    server.streams(0).await;
}

#[wasm_bindgen_test]
async fn another_filter_goes_on_with_what_is_open() {
    let server = Namespace::new("yew-filter").await;
    let named = |name: &str, text: &str| json!({"system": "plain", "event": name, "data": text});
    let mut props = FeedProps::of(server.url("/plain"));
    let seen = props.seen.clone();
    let mut app = mount::<Feed>(props.clone());
    server.streams(1).await;
    server
        .publish(json!([named("x", "a"), named("y", "b")]))
        .await;
    until("both", || seen.texts() == "a b").await;
    props.types = Some("x");
    app.update(props);
    let renders = seen.renders();
    until("the render", || seen.renders() > renders).await;
    pause(0).await;
    server
        .publish(json!([named("y", "c"), named("x", "d")]))
        .await;
    until("the one that passes", || seen.texts() == "a b d").await;
    assert_eq!(server.requests().await.len(), 1);
    app.destroy();
}

#[wasm_bindgen_test]
async fn a_list_holds_as_many_as_the_latest_render_says() {
    let server = Namespace::new("yew-keep").await;
    let mut props = FeedProps::of(server.url("/plain"));
    props.keep = 3;
    let seen = props.seen.clone();
    let mut app = mount::<Feed>(props.clone());
    server.streams(1).await;
    say(&server, &["a", "b", "c", "d"]).await;
    until("the latest three", || seen.texts() == "b c d").await;
    props.keep = 2;
    app.update(props.clone());
    until("the latest two", || seen.texts() == "c d").await;
    // Of nothing there would be no latest.
    props.keep = 0;
    app.update(props);
    until("the latest", || seen.texts() == "d").await;
    app.destroy();
}

#[derive(Clone, PartialEq, Properties)]
struct PairProps {
    first: Option<FeedProps>,
    second: Option<FeedProps>,
}

#[component]
fn Pair(props: &PairProps) -> Html {
    let feed = |props: &FeedProps| html! { <Feed ..props.clone() /> };
    html! {
        <>
            <p>{ props.first.as_ref().map(feed) }</p>
            <div>{ props.second.as_ref().map(feed) }</div>
        </>
    }
}

#[wasm_bindgen_test]
async fn components_that_ask_for_the_same_share_a_connection_each_with_its_filter() {
    let server = Namespace::new("yew-shared").await;
    let first = FeedProps::of(server.url("/plain"));
    let mut second = FeedProps::of(server.url("/plain"));
    second.types = Some("y");
    let (all, some) = (first.seen.clone(), second.seen.clone());
    let app = mount::<Pair>(PairProps {
        first: Some(first),
        second: Some(second),
    });
    server.streams(1).await;
    server
        .publish(json!([
            {"system": "plain", "event": "x", "data": "a"},
            {"system": "plain", "event": "y", "data": "b"},
        ]))
        .await;
    until("what each wants", || {
        all.texts() == "a b" && some.texts() == "b"
    })
    .await;
    assert_eq!((all.state(), some.state()), (State::Open, State::Open));
    assert_eq!(server.requests().await.len(), 1);
    app.destroy();
    server.streams(0).await;
}

#[wasm_bindgen_test]
async fn a_component_in_the_place_of_another_takes_its_connection_over() {
    let server = Namespace::new("yew-turn").await;
    let first = FeedProps::of(server.url("/plain"));
    let second = FeedProps::of(server.url("/plain"));
    let (before, after) = (first.seen.clone(), second.seen.clone());
    let mut app = mount::<Pair>(PairProps {
        first: Some(first),
        second: None,
    });
    server.streams(1).await;
    say(&server, &["a"]).await;
    until("the event", || before.texts() == "a").await;
    app.update(PairProps {
        first: None,
        second: Some(second),
    });
    until("the state of what is open", || {
        after.renders() > 0 && after.state() == State::Open
    })
    .await;
    say(&server, &["b"]).await;
    until("the event", || after.texts() == "b").await;
    assert_eq!(before.texts(), "a");
    let requests = server.requests().await;
    assert_eq!((requests.len(), are_open(&requests)), (1, 1));
    app.destroy();
    server.streams(0).await;
}

#[wasm_bindgen_test]
async fn a_stream_that_has_ended_begins_again_without_what_it_gathered() {
    let server = Namespace::new("yew-again").await;
    let answer = json!([{"write": "data: a\n\n"}, {"end": "clean"}]);
    server
        .script("GET", "/plain", json!([{"status": 204}]))
        .await;
    server.script("GET", "/plain", answer).await;
    let props = FeedProps::of(server.url("/plain"));
    let seen = props.seen.clone();
    let app = mount::<Feed>(props);
    let reason = || {
        seen.last()
            .status()
            .closed
            .as_ref()
            .map(|closed| closed.reason)
    };
    until("the end", || {
        seen.renders() > 0 && reason() == Some(CloseReason::Ended)
    })
    .await;
    seen.last().reconnect();
    until("the event", || seen.texts() == "a").await;
    assert_eq!(reason(), None);
    seen.last().close();
    until("the end", || reason() == Some(CloseReason::Closed)).await;
    assert_eq!((seen.state(), &*seen.texts()), (State::Closed, "a"));
    seen.last().reconnect();
    until("a beginning", || seen.texts().is_empty()).await;
    server.streams(1).await;
    app.destroy();
    server.streams(0).await;
    seen.last().reconnect();
    pause(50).await;
    server.streams(0).await;
}

#[derive(Clone, Default)]
struct Total {
    events: usize,
    last: String,
}

impl Reducible for Total {
    type Action = EventOf<Plain>;

    fn reduce(self: Rc<Self>, event: EventOf<Plain>) -> Rc<Self> {
        let mut total = Rc::unwrap_or_clone(self);
        total.events += 1;
        total.last = text(&event.data).to_owned();
        Rc::new(total)
    }
}

#[derive(Clone, PartialEq, Properties)]
struct SumProps {
    url: String,
    seen: Seen<Total>,
}

#[component]
fn Sum(props: &SumProps) -> Html {
    let total = use_events_reducer(Client::<Plain>::new(&*props.url), Total::default);
    props.seen.look(&total);
    Html::default()
}

#[wasm_bindgen_test]
async fn a_reducer_sees_every_event_and_the_component_renders_for_many_at_once() {
    const EVENTS: usize = 20_000;
    let server = Namespace::new("yew-burst").await;
    let event = "data: x\n\n";
    let burst = json!([
        {"repeat": {"text": event, "bytes": EVENTS * event.len()}},
        {"write": "data: last\n\n"},
        {"stall": true},
    ]);
    server.script("GET", "/plain", burst).await;
    let seen = Seen::new();
    let app = mount::<Sum>(SumProps {
        url: server.url("/plain"),
        seen: seen.clone(),
    });
    until("the last", || {
        seen.renders() > 0 && seen.last().last == "last"
    })
    .await;
    assert_eq!(seen.last().events, EVENTS + 1);
    assert!(seen.renders() < EVENTS / 20, "{} renders", seen.renders());
    app.destroy();
}

#[wasm_bindgen_test]
async fn a_component_may_go_while_events_pour_in() {
    let server = Namespace::new("yew-pour").await;
    for round in 0..10 {
        let text = "data: x\n\n".repeat(20_000);
        let pouring = json!([{"drip": {"text": text, "bytes": 360, "every_ms": 1}}]);
        server.script("GET", "/plain", pouring).await;
        let seen = Seen::new();
        let app = mount::<Sum>(SumProps {
            url: server.url("/plain"),
            seen: seen.clone(),
        });
        until("some of them", || {
            seen.renders() > 0 && seen.last().events > 100 * round
        })
        .await;
        app.destroy();
        server.streams(0).await;
        let renders = seen.renders();
        pause(20).await;
        assert_eq!(seen.renders(), renders, "what is gone renders no more");
    }
}

#[derive(Clone, PartialEq, Properties)]
struct WrongProps {
    url: String,
    types: &'static str,
    seen: Seen<RecentEvents<Dashtam>>,
}

#[component]
fn Wrong(props: &WrongProps) -> Html {
    let client = Client::new(&*props.url).filter(Filter::types([props.types]));
    let events = use_events::<Dashtam>(client);
    props.seen.look(&events);
    Html::default()
}

#[wasm_bindgen_test]
async fn a_filter_that_does_not_fit_is_told_and_what_is_open_goes_on() {
    let server = Namespace::new("yew-wrong").await;
    server
        .configure(json!({"dashtam": {"require_auth": false, "rate_limit": null}}))
        .await;
    let mut props = WrongProps {
        url: server.url("/api/v1/events"),
        types: "security.*",
        seen: Seen::new(),
    };
    let seen = props.seen.clone();
    let mut app = mount::<Wrong>(props.clone());
    server.streams(1).await;
    until("it to be open", || seen.state() == State::Open).await;
    props.types = "securty.login";
    app.update(props);
    until("the error", || seen.last().status().error.is_some()).await;
    let error = seen.last().status().error.clone().expect("it was there");
    assert_eq!(error.kind, ErrorKind::Filter);
    assert!(error.message.contains("securty.login"), "{error}");
    let failed =
        json!({"system": "dashtam", "event": "security.login.failed", "data": {"reason": "x"}});
    server.publish(failed).await;
    until("the event", || seen.last().len() == 1).await;
    app.destroy();

    let props = WrongProps {
        url: server.url("/api/v1/events"),
        types: "securty.login",
        seen: Seen::new(),
    };
    let seen = props.seen.clone();
    let app = mount::<Wrong>(props);
    until("the end", || {
        seen.renders() > 0 && seen.state() == State::Closed
    })
    .await;
    let closed = seen.last().status().closed.clone().expect("it is closed");
    assert_eq!(closed.reason, CloseReason::Rejected);
    app.destroy();
}

#[derive(Clone, PartialEq, Properties)]
struct ParentProps {
    url: String,
    round: usize,
    seen: Seen<RecentEvents<Plain>>,
}

#[component]
fn Parent(props: &ParentProps) -> Html {
    let events = use_events::<Plain>(Client::new(&*props.url));
    html! { <Child {events} seen={props.seen.clone()} data={props.round / 2} /> }
}

#[derive(PartialEq, Properties)]
struct ChildProps {
    events: UseEventsHandle<RecentEvents<Plain>>,
    seen: Seen<RecentEvents<Plain>>,
    data: usize,
}

#[component]
fn Child(props: &ChildProps) -> Html {
    props.seen.look(&props.events);
    Html::default()
}

#[wasm_bindgen_test]
async fn a_handle_that_is_handed_on_renders_a_child_only_when_something_has_happened() {
    let server = Namespace::new("yew-handle").await;
    let mut props = ParentProps {
        url: server.url("/plain"),
        round: 0,
        seen: Seen::new(),
    };
    let seen = props.seen.clone();
    let mut app = mount::<Parent>(props.clone());
    server.streams(1).await;
    until("it to be open", || seen.state() == State::Open).await;
    let renders = seen.renders();
    props.round = 1;
    app.update(props.clone());
    pause(0).await;
    assert_eq!(seen.renders(), renders, "the parent rendered, for itself");
    props.round = 2;
    app.update(props);
    until("another number", || seen.renders() == renders + 1).await;
    say(&server, &["a"]).await;
    until("the event", || seen.texts() == "a").await;
    app.destroy();
}

#[wasm_bindgen_test]
async fn components_that_come_and_go_at_any_moment_leave_nothing_behind() {
    const ROUNDS: usize = 300;
    let server = Namespace::new("yew-leak").await;
    // Not without a pause: Yew destroys what it has not created yet first, and creates it then.
    let round = async |wait: i32| {
        let app = mount::<Feed>(FeedProps::of(server.url("/plain")));
        pause(wait).await;
        app.destroy();
        if wait % 2 == 0 {
            pause(wait).await;
        }
    };
    for wait in 0..20 {
        round(wait).await;
    }
    server.streams(0).await;
    pause(200).await;
    let before = live_bytes();
    for index in 0..ROUNDS {
        round([0, 1, 2, 4, 7, 12][index % 6]).await;
    }
    server.streams(0).await;
    let mut after = live_bytes();
    for _ in 0..500 {
        if after <= before + 8 * ROUNDS {
            break;
        }
        pause(20).await;
        after = live_bytes();
    }
    assert!(
        after <= before + 8 * ROUNDS,
        "of {before} bytes {after} are alive after {ROUNDS} rounds"
    );
}
