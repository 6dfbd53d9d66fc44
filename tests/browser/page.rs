//! The page's life, and the filter's: what happens to the connection, as the server sees it.

use crate::server::Namespace;
use futures::StreamExt;
use serde_json::{Value, json};
use tidewire::client::{Client, Events, Item};
use tidewire::connection::{Backoff, State};
use tidewire::filter::Filter;
use tidewire::profiles::Profile;
use tidewire::profiles::dashtam::{Category, Dashtam};
use tidewire::profiles::plain::Plain;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = document, js_name = dispatchEvent)]
    fn dispatch_on_document(event: &web_sys::Event) -> bool;
    #[wasm_bindgen(js_namespace = globalThis, js_name = dispatchEvent)]
    fn dispatch_globally(event: &web_sys::Event) -> bool;
}

fn event(name: &str) -> web_sys::Event {
    web_sys::Event::new(name).expect("a name makes an event")
}

async fn until<P: Profile>(
    events: &mut Events<P>,
    mut wanted: impl FnMut(&Item<P::Event, P::Meta>) -> bool,
) -> Item<P::Event, P::Meta> {
    loop {
        let item = events.next().await.expect("the end is an item of its own");
        if wanted(&item) {
            return item;
        }
        assert!(!matches!(item, Item::Closed(_)), "closed too soon");
    }
}

#[wasm_bindgen_test]
async fn a_frozen_page_gives_up_its_stream_and_takes_it_up_after_the_last_id() {
    let server = Namespace::new("freeze").await;
    let mut events = Client::<Plain>::new(server.url("/plain")).connect();
    server.streams(1).await;
    server
        .publish(json!([{"system": "plain", "data": "x", "id": "7"}]))
        .await;
    until(&mut events, |item| matches!(item, Item::Event(_))).await;
    dispatch_on_document(&event("freeze"));
    server.streams(0).await;
    until(&mut events, |item| {
        matches!(item, Item::State(State::Waiting))
    })
    .await;
    dispatch_on_document(&event("resume"));
    server.streams(1).await;
    let requests = server.requests().await;
    assert_eq!(requests[1]["headers"]["last-event-id"], "7");
    let resumed = until(&mut events, |item| matches!(item, Item::Resumed { .. })).await;
    assert!(matches!(resumed, Item::Resumed { last_event_id, .. } if last_event_id == "7"));
}

#[wasm_bindgen_test]
async fn when_the_network_is_back_the_next_attempt_does_not_wait() {
    let server = Namespace::new("online").await;
    server
        .script("GET", "/plain", json!([{"status": 503}, {"end": "clean"}]))
        .await;
    let mut events = Client::<Plain>::new(server.url("/plain"))
        .reconnect(Some(Backoff::new(3_600_000, 3_600_000)))
        .connect();
    until(&mut events, |item| {
        matches!(item, Item::State(State::Waiting))
    })
    .await;
    dispatch_globally(&event("online"));
    until(&mut events, |item| matches!(item, Item::State(State::Open))).await;
}

#[wasm_bindgen_test]
async fn a_wider_filter_is_asked_for_before_the_narrower_one_is_given_up() {
    let server = Namespace::new("wider").await;
    let token = server.token("dashtam").await;
    let mut events = Client::<Dashtam>::new(server.url("/api/v1/events"))
        .token(move |_| std::future::ready(Some(token.clone())))
        .filter(Filter::categories([Category::Import]))
        .connect();
    server.streams(1).await;
    let import = |name: &str| {
        json!({"system": "dashtam", "event": "import.failed",
               "data": {"file_name": name, "error": "e"}})
    };
    let login = json!({"system": "dashtam", "event": "security.login.failed",
                       "data": {"reason": "r"}});
    events
        .set_filter(Filter::categories([Category::Import, Category::Security]))
        .expect("it fits");
    // Both streams are open, until an event was seen on both.
    server.streams(2).await;
    server.publish(json!([login, import("one")])).await;
    let mut names = Vec::new();
    while names.len() < 2 {
        let item = until(&mut events, |item| matches!(item, Item::Event(_))).await;
        if let Item::Event(event) = item {
            names.push(event.data.name().to_owned());
        }
    }
    names.sort();
    assert_eq!(names, ["import.failed", "security.login.failed"]);
    server.streams(1).await;
    server.publish(json!([import("two")])).await;
    until(&mut events, |item| matches!(item, Item::Event(_))).await;
    let requests = server.requests().await;
    let queries: Vec<&Value> = requests.iter().map(|request| &request["query"]).collect();
    assert_eq!(queries, ["categories=import", "categories=import,security"]);
}

#[wasm_bindgen_test]
async fn a_filter_that_the_server_refuses_leaves_the_stream_as_it_is() {
    let server = Namespace::new("refused-filter").await;
    let token = server.token("dashtam").await;
    let mut events = Client::<Dashtam>::new(server.url("/api/v1/events"))
        .token(move |_| std::future::ready(Some(token.clone())))
        .filter(Filter::categories([Category::Import]))
        .connect();
    server.streams(1).await;
    let refusal = json!([{"status": 422}, {"write": "no"}, {"end": "clean"}]);
    server.script("GET", "/api/v1/events", refusal).await;
    events.set_filter(Filter::all()).expect("it fits");
    let kept = until(&mut events, |item| matches!(item, Item::FilterKept { .. })).await;
    assert!(matches!(kept, Item::FilterKept { error } if error.status == 422));
    let login =
        json!({"system": "dashtam", "event": "security.login.failed", "data": {"reason": "r"}});
    let import = json!({"system": "dashtam", "event": "import.failed",
                        "data": {"file_name": "f", "error": "e"}});
    server.publish(json!([login, import])).await;
    let item = until(&mut events, |item| matches!(item, Item::Event(_))).await;
    assert!(matches!(item, Item::Event(event) if event.data.name() == "import.failed"));
}
