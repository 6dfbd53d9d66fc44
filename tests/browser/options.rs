//! The options of `Client`, as the server sees them.

use crate::server::Namespace;
use futures::StreamExt;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tidewire::client::{
    Buffer, Client, Closed, Events, IdempotencyKey, Item, Overflow, SessionStore, Stats, Transport,
};
use tidewire::connection::{Backoff, CloseReason, State};
use tidewire::filter::Filter;
use tidewire::profiles::Profile;
use tidewire::profiles::dashtam::Dashtam;
use tidewire::profiles::plain::Plain;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

async fn end<P: Profile>(mut events: Events<P>) -> Closed {
    while let Some(item) = events.next().await {
        if let Item::Closed(closed) = item {
            return closed;
        }
    }
    unreachable!("the end is an item of its own");
}

/// The names of the next events.
async fn names<P: Profile>(events: &mut Events<P>, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    while names.len() < count {
        match events.next().await.expect("it goes on") {
            Item::Event(event) => names.push(event.name.into_owned()),
            Item::Closed(closed) => panic!("it has ended: {closed:?}"),
            _ => {}
        }
    }
    names
}

fn plain(server: &Namespace) -> Client<Plain> {
    Client::new(server.url("/plain"))
}

fn message(data: &str, id: &str) -> Value {
    json!([{"system": "plain", "data": data, "id": id}])
}

#[wasm_bindgen_test]
async fn a_function_gives_the_headers_of_each_attempt_and_a_query_is_added() {
    let server = Namespace::new("options-headers").await;
    for _ in 0..2 {
        let busy = json!([{"status": 503}, {"end": "clean"}]);
        server.script("GET", "/plain", busy).await;
    }
    let asked = Rc::new(Cell::new(0));
    let count = Rc::clone(&asked);
    let events = plain(&server)
        .query("room", "a b")
        .header("X-Fixed", "same")
        .headers(move || {
            count.set(count.get() + 1);
            std::future::ready(vec![("X-Attempt".to_owned(), count.get().to_string())])
        })
        .reconnect(Backoff::new(1, 1))
        .connect();
    server.streams(1).await;
    let requests = server.requests().await;
    let seen = |name: &str| -> Vec<Value> {
        let headers = requests.iter().map(|request| &request["headers"]);
        headers.map(|headers| headers[name].clone()).collect()
    };
    assert_eq!(seen("x-attempt"), ["1", "2", "3"]);
    assert_eq!(seen("x-fixed"), ["same"; 3]);
    assert_eq!(requests[0]["query"], "room=a%20b");
    assert_eq!((asked.get(), events.stats().attempts), (3, 3));
}

#[wasm_bindgen_test]
async fn a_body_makes_it_a_post_that_is_sent_once_with_its_key() {
    let server = Namespace::new("options-body").await;
    let cut = json!([{"write": "data: x\n\n"}, {"pause_ms": 100}, {"end": "fin"}]);
    server.script("POST", "/plain", cut).await;
    let client = plain(&server)
        .json(&json!({"question": "why"}))
        .expect("it is JSON")
        .idempotency_key(IdempotencyKey::Random);
    assert_eq!(end(client.connect()).await.reason, CloseReason::Interrupted);
    let requests = server.requests().await;
    assert_eq!(requests.len(), 1, "{requests:?}");
    let headers = &requests[0]["headers"];
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(requests[0]["body"], r#"{"question":"why"}"#);
    let key = headers["idempotency-key"].as_str().expect("a key");
    let dashes: Vec<_> = key.match_indices('-').map(|(at, _)| at).collect();
    assert_eq!(
        (key.len(), &dashes[..]),
        (36, &[8, 13, 18, 23][..]),
        "{key}"
    );
}

#[wasm_bindgen_test]
async fn the_application_may_give_up_what_would_be_tried_again() {
    let server = Namespace::new("options-when").await;
    for _ in 0..2 {
        let busy = json!([{"status": 503}, {"end": "clean"}]);
        server.script("GET", "/plain", busy).await;
    }
    let failures = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&failures);
    let events = plain(&server)
        .reconnect(Backoff::new(1, 1))
        .reconnect_when(move |failure| {
            seen.borrow_mut().push((failure.attempt, failure.status));
            failure.attempt < 2
        })
        .connect();
    assert_eq!(end(events).await.reason, CloseReason::Exhausted);
    assert_eq!(*failures.borrow(), [(1, Some(503)), (2, Some(503))]);
}

#[wasm_bindgen_test]
async fn a_stream_goes_on_where_the_one_before_a_reload_was() {
    let server = Namespace::new("options-store").await;
    let client = || plain(&server).store(SessionStore::with_prefix("options-store:"));
    for (id, before) in [("41", None), ("42", Some("41"))] {
        let mut events = client().connect();
        server.streams(1).await;
        server.publish(message("x", id)).await;
        names(&mut events, 1).await;
        // Who asks for the next is done with the one before.
        assert!(futures::poll!(events.next()).is_pending());
        drop(events);
        server.streams(0).await;
        let requests = server.requests().await;
        let last = requests.last().expect("there was one");
        assert_eq!(last["headers"]["last-event-id"].as_str(), before);
    }
}

#[wasm_bindgen_test]
async fn streams_that_share_a_connection_are_one_to_the_server() {
    let server = Namespace::new("options-share").await;
    let token = server.token("dashtam").await;
    let client = || {
        let token = token.clone();
        Client::<Dashtam>::new(server.url("/api/v1/events"))
            .token(move |_| std::future::ready(Some(token.clone())))
            .share(true)
    };
    let mut all = client().connect();
    let mut imports = client().filter(Filter::categories(["import"])).connect();
    server.streams(1).await;
    let import = json!({"system": "dashtam", "event": "import.failed",
                        "data": {"file_name": "f", "error": "e"}});
    let login =
        json!({"system": "dashtam", "event": "security.login.failed", "data": {"reason": "r"}});
    server.publish(json!([login, import])).await;
    assert_eq!(
        names(&mut all, 2).await,
        ["security.login.failed", "import.failed"]
    );
    assert_eq!(names(&mut imports, 1).await, ["import.failed"]);
    assert_eq!(server.requests().await.len(), 1);
    drop(imports);
    let mut late = client().connect();
    assert_eq!(late.state(), State::Open);
    drop(all);
    server.publish(json!([login])).await;
    assert_eq!(names(&mut late, 1).await, ["security.login.failed"]);
    assert_eq!(server.requests().await.len(), 1);
    drop(late);
    server.streams(0).await;
}

#[wasm_bindgen_test]
async fn a_stream_whose_consumer_is_too_slow_is_closed_if_that_is_wanted() {
    for transport in [Transport::EventSource, Transport::Fetch] {
        let server = Namespace::new(&format!("options-slow-{transport:?}")).await;
        let buffer = Buffer {
            events: 2,
            overflow: Some(Overflow::Close),
            ..Buffer::default()
        };
        let client = plain(&server).transport(transport).buffer(buffer);
        let mut events = client.connect();
        let mut changes = events.status_changes();
        server.streams(1).await;
        for (count, id) in (1..).zip(["1", "2", "3"]) {
            server.publish(message("x", id)).await;
            // Another chunk is another chance to take what came before.
            while events.state() != State::Closed && events.stats().waiting < count.min(2) {
                crate::server::pause(5).await;
            }
        }
        while changes.next().await.is_some() {}
        server.streams(0).await;
        assert_eq!(names(&mut events, 2).await.len(), 2);
        assert_eq!(end(events).await.reason, CloseReason::SlowConsumer);
    }
}

#[wasm_bindgen_test]
async fn shedding_keeps_a_stream_whose_consumer_is_slow_open() {
    let server = Namespace::new("options-shed").await;
    let event = |name: &str, number: u32| {
        format!("data: {{\"type\": \"{name}\", \"data\": {{\"n\": {number}}}}}\n\n")
    };
    let delta = |number| event("client_output_delta", number);
    let asks = event("client_input_requested", 0);
    let before: String = (0..100).map(delta).collect();
    let after: String = (100..200).map(delta).collect();
    let text = [before, asks, after].concat();
    let path = "/api/sessions/s/events";
    let script = json!([{"write": text}, {"stall": true}]);
    server.script("GET", path, script).await;
    let buffer = Buffer {
        events: 10,
        overflow: Some(Overflow::Drop),
        ..Buffer::default()
    };
    let mut events = Client::<tidewire::profiles::hive::Hive>::new(server.url(path))
        .buffer(buffer)
        .connect();
    let arrived = |stats: Stats| stats.waiting as u64 + stats.dropped;
    while arrived(events.stats()) < 201 {
        crate::server::pause(5).await;
    }
    let mut asked = 0;
    while events.stats().waiting > 0 {
        asked += match events.next().await {
            Some(Item::Undecodable(error)) => {
                usize::from(error.event() == "client_input_requested")
            }
            Some(Item::Event(event)) => usize::from(event.name == "client_input_requested"),
            _ => 0,
        };
    }
    assert_eq!((asked, events.state()), (1, State::Open));
    assert!(events.stats().delivered < 201);
}

#[wasm_bindgen_test]
async fn a_handle_acts_on_a_stream_that_is_read_elsewhere() {
    let server = Namespace::new("options-handle").await;
    let mut events = plain(&server).connect();
    let handle = events.handle();
    let read = Rc::new(RefCell::new(Vec::new()));
    let reader = Rc::clone(&read);
    wasm_bindgen_futures::spawn_local(async move {
        while let Some(item) = events.next().await {
            match item {
                Item::Event(event) => reader.borrow_mut().push(event.name.into_owned()),
                Item::Closed(closed) => {
                    reader.borrow_mut().push(closed.reason.as_str().to_owned());
                }
                _ => {}
            }
        }
    });
    server.streams(1).await;
    handle
        .set_filter(Filter::types(["b"]))
        .expect("any fits")
        .await
        .expect("nobody has to be asked");
    let two = json!([{"system": "plain", "event": "a", "data": "x"},
                     {"system": "plain", "event": "b", "data": "x"}]);
    server.publish(two).await;
    while handle.stats().delivered == 0 {
        crate::server::pause(5).await;
    }
    handle.close();
    assert_eq!(handle.state(), State::Closed);
    server.streams(0).await;
    while read.borrow().len() < 2 {
        crate::server::pause(5).await;
    }
    assert_eq!(*read.borrow(), ["b", "closed"]);
}

#[wasm_bindgen_test]
async fn a_token_that_a_server_repeats_is_in_no_error() {
    let server = Namespace::new("options-secret").await;
    let refusal = json!([{"status": 403}, {"write": "no: hush-hush"}, {"end": "clean"}]);
    server.script("GET", "/plain", refusal).await;
    let events = plain(&server)
        .token(|_| std::future::ready(Some("hush-hush".to_owned())))
        .connect();
    let closed = end(events).await;
    assert_eq!(closed.reason, CloseReason::Rejected);
    let told = format!("{closed:?}");
    assert!(told.contains("no: …") && !told.contains("hush"), "{told}");
}

#[wasm_bindgen_test]
async fn a_token_that_does_not_change_is_not_tried_again_after_a_refusal() {
    for (is_fixed, attempts) in [(true, 1), (false, 2)] {
        let server = Namespace::new(&format!("options-token-{is_fixed}")).await;
        let client = Client::<Dashtam>::new(server.url("/api/v1/events"));
        let client = match is_fixed {
            true => client.fixed_token("of yesterday"),
            false => client.token(|_| std::future::ready(Some("of yesterday".to_owned()))),
        };
        let closed = end(client.connect()).await;
        assert_eq!(closed.reason, CloseReason::Rejected);
        assert_eq!(server.requests().await.len(), attempts);
    }
}

#[wasm_bindgen(inline_js = "
export function counting_fetch() {
    const counting = (input, init) => { counting.calls += 1; return fetch(input, init); };
    counting.calls = 0;
    return counting;
}
export function calls_of(counting) { return counting.calls; }
")]
extern "C" {
    fn counting_fetch() -> js_sys::Function;
    fn calls_of(counting: &js_sys::Function) -> u32;
}

#[wasm_bindgen_test]
async fn another_fetch_may_take_its_place() {
    let server = Namespace::new("options-fetch").await;
    let fetch = counting_fetch();
    let events = plain(&server).fetch(fetch.clone()).connect();
    server.streams(1).await;
    assert_eq!(calls_of(&fetch), 1);
    drop(events);
}
