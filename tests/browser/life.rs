//! Refusals, ends and drops, as a user of `Client` meets them.

use crate::server::Namespace;
use futures::StreamExt;
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use tidewire::client::{Buffer, Client, ClientError, Closed, Events, Item, Transport};
use tidewire::connection::{CloseReason, State};
use tidewire::filter::Filter;
use tidewire::profiles::Profile;
use tidewire::profiles::dashtam::Dashtam;
use tidewire::profiles::hive::Hive;
use tidewire::profiles::plain::{self, Plain};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

async fn end<P: Profile>(events: &mut Events<P>) -> Closed {
    while let Some(item) = events.next().await {
        if let Item::Closed(closed) = item {
            assert!(events.next().await.is_none(), "nothing comes after the end");
            return closed;
        }
    }
    unreachable!("the end is an item of its own");
}

fn message(closed: &Closed) -> String {
    closed
        .error
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default()
}

#[wasm_bindgen_test]
async fn a_refused_status_comes_with_the_start_of_its_body() {
    let server = Namespace::new("refused").await;
    let url = server.url("/api/sessions/nobody/events");
    let closed = end(&mut Client::<Hive>::new(url).connect()).await;
    assert_eq!(closed.reason, CloseReason::Rejected);
    assert_eq!(
        message(&closed),
        "the server answered 404: what was asked for is gone"
    );
    let Some(ClientError::Connection(error)) = closed.error else {
        panic!("no error");
    };
    assert_eq!(error.status, 404);
    assert_eq!(error.body, r#"{"error": "Session 'nobody' not found"}"#);
}

#[wasm_bindgen_test]
async fn no_content_is_a_quiet_end() {
    let server = Namespace::new("nothing").await;
    server
        .script("GET", "/plain", json!([{"status": 204}, {"end": "clean"}]))
        .await;
    let closed = end(&mut Client::<Plain>::new(server.url("/plain")).connect()).await;
    assert_eq!((closed.reason, closed.error), (CloseReason::Ended, None));
}

#[wasm_bindgen_test]
async fn an_open_stream_tells_where_it_was_redirected_to() {
    let server = Namespace::new("redirected").await;
    let away = json!([{"status": 307, "headers": {"location": server.url("/plain?there=1")}}]);
    server.script("GET", "/plain", away).await;
    let mut events = Client::<Plain>::new(server.url("/plain")).connect();
    let opened = loop {
        match events.next().await.expect("it goes on") {
            Item::Opened {
                status,
                url,
                redirected,
            } => break (status, url, redirected),
            Item::Closed(closed) => panic!("it has ended: {closed:?}"),
            _ => {}
        }
    };
    assert_eq!(opened, (200, server.url("/plain?there=1"), true));
}

#[wasm_bindgen_test]
async fn what_is_no_event_stream_is_named() {
    let server = Namespace::new("page").await;
    let page = json!([
        {"status": 200, "headers": {"content-type": "text/html"}},
        {"write": "<p>Sign in"}, {"end": "clean"},
    ]);
    server.script("GET", "/plain", page).await;
    let closed = end(&mut Client::<Plain>::new(server.url("/plain")).connect()).await;
    assert_eq!(closed.reason, CloseReason::Rejected);
    assert_eq!(
        message(&closed),
        "the response is 'text/html', not text/event-stream"
    );
}

#[wasm_bindgen_test]
async fn a_filter_that_does_not_fit_says_what_would() {
    let mut events = Client::<Dashtam>::new("/api/v1/events")
        .filter(Filter::categories(["securty"]))
        .connect();
    let closed = end(&mut events).await;
    assert!(
        message(&closed)
            .starts_with("dashtam has no category 'securty' (did you mean 'security'?)"),
        "{closed:?}"
    );
}

#[wasm_bindgen_test]
async fn a_token_in_a_header_is_refused_to_event_source() {
    let mut events = Client::<Dashtam>::new("/api/v1/events")
        .token(|_| std::future::ready(Some("secret".to_owned())))
        .transport(Transport::EventSource)
        .connect();
    let closed = end(&mut events).await;
    assert_eq!(closed.reason, CloseReason::Rejected);
    assert_eq!(
        message(&closed),
        "token: EventSource cannot send a token in a header; use Transport::Fetch"
    );
}

#[wasm_bindgen_test]
async fn dropping_the_stream_closes_the_connection_at_once() {
    let server = Namespace::new("drop").await;
    for event_source in [false, true] {
        let client = Client::<Plain>::new(server.url("/plain"));
        let mut events = match event_source {
            false => client.connect(),
            true => client.transport(Transport::EventSource).connect(),
        };
        server.streams(1).await;
        server
            .publish(json!([{"system": "plain", "data": "x"}]))
            .await;
        while !matches!(events.next().await, Some(Item::Event(_))) {}
        drop(events);
        let gone = |requests: &[serde_json::Value]| {
            requests
                .last()
                .is_some_and(|request| request["state"] == "client-gone")
        };
        server.requests_when(gone).await;
    }
}

#[wasm_bindgen_test]
async fn a_cut_stream_goes_on_after_the_last_id() {
    let server = Namespace::new("cut").await;
    let first = json!([{"write": "retry: 1\nid: a1\ndata: one\n\ndata: tw"}, {"stall": true}]);
    let second = json!([{"write": "data: two\n\n"}, {"stall": true}]);
    server.script("GET", "/plain", first).await;
    server.script("GET", "/plain", second).await;
    let backoff = tidewire::connection::Backoff::new(1, 50);
    let mut events = Client::<Plain>::new(server.url("/plain"))
        .reconnect(Some(backoff))
        .connect();
    let mut texts = Vec::new();
    while texts.len() < 2 {
        if let Some(Item::Event(event)) = events.next().await
            && let plain::Event::Message(text) = event.data
        {
            texts.push(text);
            // Not before: what was not read yet when the cut is seen is thrown away by the browser.
            if texts.len() == 1 {
                server.cut("/plain", "fin").await;
            }
        }
    }
    assert_eq!(texts, ["one", "two"]);
    let requests = server.requests().await;
    assert_eq!(requests[1]["headers"]["last-event-id"], "a1");
}

#[wasm_bindgen_test]
async fn a_slow_consumer_holds_the_server_back_and_loses_nothing() {
    let server = Namespace::new("slow").await;
    let text: String = (0..5_000).map(|n| format!("data: {n}\n\n")).collect();
    let script = json!([{"write": text}, {"stall": true}]);
    server.script("GET", "/plain", script).await;
    let mut events = Client::<Plain>::new(server.url("/plain"))
        .buffer(Buffer {
            events: 16,
            ..Buffer::default()
        })
        .connect();
    let mut next = 0;
    while next < 5_000 {
        if let Some(Item::Event(event)) = events.next().await {
            assert_eq!(event.data, plain::Event::Message(next.to_string()));
            next += 1;
        }
    }
}

#[wasm_bindgen_test]
async fn whatever_a_stream_calls_may_drop_it() {
    type Slot = Rc<RefCell<Option<Events<Plain>>>>;
    let server = Namespace::new("dropped-within").await;
    for _ in 0..2 {
        let busy = json!([{"status": 503}, {"end": "clean"}]);
        server.script("GET", "/plain", busy).await;
    }
    let client = || {
        Client::<Plain>::new(server.url("/plain"))
            .reconnect(tidewire::connection::Backoff::new(1, 1))
    };
    let slot = Slot::default();
    let calls = Rc::new(Cell::new(0));
    let drop_it = {
        let (slot, calls) = (Rc::clone(&slot), Rc::clone(&calls));
        move || {
            calls.set(calls.get() + 1);
            let events = slot.take();
            drop(events);
        }
    };
    let (in_token, in_headers, in_retry) = (drop_it.clone(), drop_it.clone(), drop_it.clone());
    let in_fetch: Closure<dyn FnMut() -> js_sys::Promise> = Closure::new(move || {
        drop_it();
        js_sys::Promise::reject(&"given up".into())
    });
    for client in [
        client().token(move |_| {
            in_token();
            std::future::pending()
        }),
        client().headers(move || {
            in_headers();
            std::future::ready(Vec::new())
        }),
        client().reconnect_when(move |_| {
            in_retry();
            true
        }),
        client()
            .token(|_| std::future::ready(None))
            .fetch(in_fetch.as_ref().clone().unchecked_into()),
    ] {
        let before = calls.get();
        let events = client.connect();
        let handle = events.handle();
        *slot.borrow_mut() = Some(events);
        while calls.get() == before {
            crate::server::pause(5).await;
        }
        assert_eq!(handle.state(), State::Closed);
        assert!(slot.borrow().is_none());
    }
    // Only the one that was asked whether to try again has sent anything.
    assert_eq!(server.requests().await.len(), 1);
    assert_eq!(calls.get(), 4);
}
