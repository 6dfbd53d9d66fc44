//! The server's faults, as Chromium lets them through: the other half of what the state machine's
//! tests show in virtual time.

use crate::server::Namespace;
use futures::StreamExt;
use serde_json::{Value, json};
use std::sync::Arc;
use tidewire::client::{Client, ClientError, Closed, Events, Item, Transport};
use tidewire::connection::{Backoff, CloseReason, Error, ErrorKind, Millis, Recovered, State};
use tidewire::filter::Filter;
use tidewire::profiles::Profile;
use tidewire::profiles::dashtam::{Category, Dashtam};
use tidewire::profiles::plain::{self, Plain};
use tidewire::profiles::stock_agent::StockAgent;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen]
extern "C" {
    fn btoa(binary: &str) -> String;
}

/// A plain stream of this namespace that tries again soon.
fn plain_of(server: &Namespace) -> Client<Plain> {
    Client::new(server.url("/plain")).reconnect(Some(Backoff::new(1, 20)))
}

async fn failure<P: Profile>(events: &mut Events<P>) -> (Error, Option<Millis>) {
    loop {
        match events.next().await.expect("it fails first") {
            Item::Failed { error, retry_in } => return (error, retry_in),
            Item::Closed(closed) => panic!("closed without a failure: {closed:?}"),
            _ => {}
        }
    }
}

async fn closed<P: Profile>(events: &mut Events<P>) -> Closed {
    loop {
        if let Item::Closed(closed) = events.next().await.expect("the end is an item") {
            return closed;
        }
    }
}

fn error(closed: &Closed) -> &Error {
    match &closed.error {
        Some(ClientError::Connection(error)) => error,
        other => panic!("no failure of the connection: {other:?}"),
    }
}

async fn texts(events: &mut Events<Plain>, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < count {
        match events.next().await.expect("there is more") {
            Item::Event(event) => match event.data {
                plain::Event::Message(text) => texts.push(text),
                other => panic!("{other:?}"),
            },
            Item::Closed(closed) => panic!("closed: {closed:?}"),
            _ => {}
        }
    }
    texts
}

// 408 is not among them: Chromium itself sends such a request again on a fresh socket.
#[wasm_bindgen_test]
async fn a_status_that_may_get_better_is_tried_again_and_another_is_final() {
    let server = Namespace::new("statuses").await;
    for (status, retry_after, retries) in [
        (403, "", None),
        (410, "", None),
        (422, "", None),
        (425, "", Some(1..=2)),
        (429, "1", Some(1_000..=1_000)),
        (500, "", Some(1..=2)),
        // Ten times the longest delay, and no more.
        (503, "3600", Some(2_000..=2_000)),
    ] {
        let script = json!([
            {"status": status, "headers": {"retry-after": retry_after}},
            {"write": "no"}, {"end": "clean"},
        ]);
        server.script("GET", "/plain", script).await;
        let mut events = Client::<Plain>::new(server.url("/plain"))
            .reconnect(Some(Backoff::new(1, 200)))
            .connect();
        let (error, retry_in) = failure(&mut events).await;
        assert_eq!((error.status, error.body.as_str()), (status, "no"));
        match (retries, retry_in) {
            (None, None) => assert_eq!(closed(&mut events).await.reason, CloseReason::Rejected),
            (Some(range), Some(delay)) => assert!(range.contains(&delay), "{status}: {delay}"),
            _ => panic!("{status}: {retry_in:?}"),
        }
    }
}

#[wasm_bindgen_test]
async fn a_refusal_that_never_ends_is_told_with_what_came_of_it() {
    let server = Namespace::new("endless-refusal").await;
    let script = json!([{"status": 403}, {"write": "no "}, {"write": "w"}, {"stall": true}]);
    server.script("GET", "/plain", script).await;
    let mut events = plain_of(&server).connect_timeout(0).connect();
    let closed = closed(&mut events).await;
    assert_eq!(closed.reason, CloseReason::Rejected);
    let error = error(&closed);
    assert_eq!((error.status, error.body.as_str()), (403, "no w"));
}

#[wasm_bindgen_test]
async fn a_server_that_does_not_answer_is_given_up_and_asked_again() {
    let server = Namespace::new("no-answer").await;
    server
        .fault(json!({"system": "plain", "fault": {"delay_ms": 5000}}))
        .await;
    let mut events = plain_of(&server).connect_timeout(200).connect();
    let (error, _) = failure(&mut events).await;
    assert_eq!(error.kind, ErrorKind::Timeout);
    while !matches!(events.next().await, Some(Item::State(State::Open))) {}
}

#[wasm_bindgen_test]
async fn a_server_that_resets_every_connection_is_asked_so_often_and_no_more() {
    let server = Namespace::new("refuses").await;
    server
        .fault(json!({"system": "plain", "times": 0, "fault": {"refuse": "rst"}}))
        .await;
    let mut backoff = Backoff::new(1, 20);
    backoff.max_attempts = 3;
    let mut events = plain_of(&server).reconnect(Some(backoff)).connect();
    for retries in [true, true, false] {
        let (error, retry_in) = failure(&mut events).await;
        assert_eq!(
            (error.kind, retry_in.is_some()),
            (ErrorKind::Network, retries)
        );
    }
    assert_eq!(closed(&mut events).await.reason, CloseReason::Exhausted);
}

#[wasm_bindgen_test]
async fn the_servers_reconnection_time_counts_within_bounds() {
    let server = Namespace::new("retry").await;
    for (retry, delays) in [
        ("0", 5..=10),
        ("20", 20..=40),
        ("99999999999999999999", 50..=50),
    ] {
        let text = format!("retry: {retry}\n\n");
        let script = json!([{"write": text}, {"pause_ms": 100}, {"end": "clean"}]);
        server.script("GET", "/plain", script).await;
        let mut events = plain_of(&server)
            .reconnect(Some(Backoff::new(5, 50)))
            .connect();
        let (_, retry_in) = failure(&mut events).await;
        let delay = retry_in.expect("it is tried again");
        assert!(delays.contains(&delay), "retry: {retry} and {delay} ms");
    }
}

#[wasm_bindgen_test]
async fn a_stream_may_break_anywhere_and_loses_nothing_that_comes_again() {
    let server = Namespace::new("anywhere").await;
    let cuts = [
        ("", "rst"),
        ("id: 1\ndata: on", "fin"),
        ("id: 1\r", "rst"),
        // In the middle of a character.
        ("id: 1\ndata: \u{1F600}", "fin"),
        // Between the CR and the LF of a blank line, which has ended the event already.
        ("id: 1\r\ndata: one\r\n\r", "rst"),
        (":", "clean"),
    ];
    for (first, end) in cuts {
        let bytes = match first.len() - first.trim_end_matches('\u{1F600}').len() {
            0 => first.as_bytes(),
            _ => &first.as_bytes()[..first.len() - 1],
        };
        // In one piece: who has read the first event has the rest of the bytes too.
        let bytes = [b"id: 0\ndata: zero\n\n", bytes].concat();
        let script = json!([{"write_base64": base64(&bytes)}, {"stall": true}]);
        server.script("GET", "/plain", script).await;
        let rest = json!([{"write": "id: 1\ndata: one\n\n"}, {"stall": true}]);
        server.script("GET", "/plain", rest).await;
        let mut events = plain_of(&server).connect();
        let expected = match first.ends_with("\r\n\r") {
            false => &["zero", "one"][..],
            true => &["zero", "one", "one"],
        };
        // Not before all has been read: what has not is thrown away with the connection.
        let mut heard = texts(&mut events, expected.len() - 1).await;
        server.cut("/plain", end).await;
        heard.extend(texts(&mut events, 1).await);
        assert_eq!(heard, expected, "{first:?}");
        let requests = server.requests().await;
        let header = &requests.last().expect("it came back")["headers"]["last-event-id"];
        let cursor = if expected.len() == 3 { "1" } else { "0" };
        assert_eq!(header, cursor, "{first:?}");
    }
}

fn base64(bytes: &[u8]) -> String {
    let binary: String = bytes.iter().copied().map(char::from).collect();
    btoa(&binary)
}

#[wasm_bindgen_test]
async fn silence_for_longer_than_was_asked_for_opens_the_stream_anew() {
    let server = Namespace::new("silence").await;
    // The second says something at once: it would not stay open for longer either.
    for first in [":\n\n", "data: x\n\n"] {
        let script = json!([{"write": first}, {"stall": true}]);
        server.script("GET", "/plain", script).await;
    }
    let mut events = plain_of(&server).stale_after(300).connect();
    let (error, _) = failure(&mut events).await;
    assert_eq!(error.kind, ErrorKind::Stale);
    assert_eq!(texts(&mut events, 1).await, ["x"]);
    assert_eq!(server.requests().await.len(), 2);
}

#[wasm_bindgen_test]
async fn a_line_without_end_meets_the_limit() {
    let server = Namespace::new("endless").await;
    let script = json!([{"write": "data: a\n\ndata: "}, {"repeat": {"text": "x"}}]);
    server.script("GET", "/plain", script).await;
    let mut events = plain_of(&server).max_event_bytes(100_000).connect();
    assert_eq!(texts(&mut events, 1).await, ["a"]);
    let closed = closed(&mut events).await;
    assert_eq!(error(&closed).kind, ErrorKind::TooLarge);
}

/// The query of each request for a stream, so far.
async fn queries(server: &Namespace) -> Vec<Value> {
    let requests = server.requests().await;
    let queries = requests.iter().map(|request| request["query"].clone());
    queries.collect()
}

async fn two_categories(server: &Namespace) -> Client<Dashtam> {
    let token = server.token("dashtam").await;
    Client::new(server.url("/api/v1/events"))
        .token(move |_| std::future::ready(Some(token.clone())))
        .filter(Filter::categories([Category::Import, Category::Security]))
        .reconnect(Some(Backoff::new(1, 20)))
}

#[wasm_bindgen_test]
async fn a_service_that_knows_repeated_keys_alone_is_asked_by_them_once_it_has_cut() {
    let server = Namespace::new("repeated").await;
    server
        .configure(json!({"dashtam": {"categories": "service", "rate_limit": null}}))
        .await;
    let mut events = two_categories(&server).await.connect();
    // The first is open for a moment, too.
    let is_second = |requests: &[Value]| requests.len() == 2 && requests[1]["state"] == "open";
    server.requests_when(is_second).await;
    let failed = json!({"system": "dashtam", "event": "import.failed",
                        "data": {"file_name": "f", "error": "e"}});
    server.publish(json!([failed])).await;
    while !matches!(events.next().await, Some(Item::Event(_))) {}
    assert_eq!(
        queries(&server).await,
        [
            "categories=import,security",
            "categories=import&categories=security"
        ]
    );
}

#[wasm_bindgen_test]
async fn a_service_that_cuts_every_form_of_the_filter_is_left_alone_after_three() {
    let server = Namespace::new("cuts-filters").await;
    for _ in 0..4 {
        let cut = json!([{"write": "retry: 10\n\n"}, {"pause_ms": 50}, {"end": "fin"}]);
        server.script("GET", "/api/v1/events", cut).await;
    }
    let mut events = two_categories(&server).await.connect();
    let closed = closed(&mut events).await;
    assert_eq!(closed.reason, CloseReason::Rejected);
    assert_eq!(error(&closed).kind, ErrorKind::Filter);
    assert!(error(&closed).message.ends_with("import, security"));
    assert_eq!(queries(&server).await.len(), 3);
}

#[wasm_bindgen_test]
async fn an_id_goes_back_as_its_bytes_or_not_at_all() {
    let server = Namespace::new("ids").await;
    for (id, bytes, recovered) in [
        ("é😀", Some("é😀"), Recovered::Unknown),
        ("a b\tc", Some("a b\tc"), Recovered::Unknown),
        ("a\u{1}b", None, Recovered::No),
        ("a\u{7f}", None, Recovered::No),
    ] {
        let text = format!("id: {id}\ndata: x\n\n");
        let script = json!([{"write": text}, {"pause_ms": 100}, {"end": "clean"}]);
        server.script("GET", "/plain", script).await;
        let mut events = plain_of(&server).connect();
        let resumed = loop {
            if let Some(Item::Resumed { recovered, .. }) = events.next().await {
                break recovered;
            }
        };
        assert_eq!(resumed, recovered, "{id:?}");
        let requests = server.requests().await;
        let header = &requests.last().expect("it came back")["headers"]["last-event-id"];
        assert_eq!(header.as_str(), bytes, "{id:?}");
    }
}

#[wasm_bindgen_test]
async fn events_that_have_a_huge_id_in_common_share_it() {
    let server = Namespace::new("huge-id").await;
    let script = json!([
        {"write": "id: "}, {"repeat": {"text": "x", "bytes": 1_000_000}},
        {"write": format!("\n{}", "data: a\n\n".repeat(500))}, {"stall": true},
    ]);
    server.script("GET", "/plain", script).await;
    let mut events = plain_of(&server).connect();
    let mut ids = Vec::new();
    while ids.len() < 500 {
        if let Some(Item::Event(event)) = events.next().await {
            ids.extend(event.id.into_iter().chain([event.last_event_id]));
        }
    }
    assert_eq!(ids[0].len(), 1_000_000);
    assert!(ids.iter().all(|id| Arc::ptr_eq(id, &ids[0])));
}

#[wasm_bindgen_test]
async fn an_event_source_that_cannot_send_the_last_id_says_so() {
    let server = Namespace::new("es-cursor").await;
    let script = json!([{"write": "id: 7\ndata: x\n\n"}, {"pause_ms": 200}, {"end": "clean"}]);
    server.script("GET", "/plain", script).await;
    let mut events = plain_of(&server)
        .transport(Transport::EventSource)
        .connect();
    let resumed = loop {
        if let Some(Item::Resumed {
            recovered,
            last_event_id,
        }) = events.next().await
        {
            break (recovered, last_event_id);
        }
    };
    assert_eq!(resumed, (Recovered::No, "7".to_owned()));
}

#[wasm_bindgen_test]
async fn an_answer_that_has_said_all_is_finished_and_not_cut_off() {
    let server = Namespace::new("finished").await;
    for (last, state) in [
        (json!({"end": "clean"}), "finished"),
        // A second is enough.
        (json!({"stall": true}), "client-gone"),
    ] {
        let script = json!([{"write": "data: [DONE]\n\n"}, {"pause_ms": 100}, last]);
        server.script("POST", "/api/chat", script).await;
        let mut events = Client::<StockAgent>::new(server.url("/api/chat")).connect();
        assert_eq!(closed(&mut events).await.reason, CloseReason::Ended);
        drop(events);
        server
            .requests_when(|requests| requests.last().is_some_and(|it| it["state"] == state))
            .await;
    }
}

#[wasm_bindgen_test]
async fn a_one_shot_is_refused_a_repetition_and_sent_once() {
    let server = Namespace::new("once").await;
    let mut events = Client::<StockAgent>::new(server.url("/api/chat"))
        .reconnect(Some(Backoff::new(1, 20)))
        .connect();
    let refused = closed(&mut events).await;
    assert!(matches!(refused.error, Some(ClientError::Options(_))));
    for (script, reason) in [
        (
            json!([{"status": 401}, {"end": "clean"}]),
            CloseReason::Rejected,
        ),
        (
            json!([{"status": 503}, {"end": "clean"}]),
            CloseReason::Rejected,
        ),
        (
            json!([{"write": "data: {\"type\": \"chunk\", \"content\": \"a\"}\n\n"},
                   {"pause_ms": 1_000}, {"end": "rst"}]),
            CloseReason::Interrupted,
        ),
    ] {
        let before = server.requests().await.len();
        server.script("POST", "/api/chat", script).await;
        let mut events = Client::<StockAgent>::new(server.url("/api/chat"))
            .token(|_| std::future::ready(Some("t".to_owned())))
            .connect();
        assert_eq!(closed(&mut events).await.reason, reason);
        events.reconnect();
        assert_eq!(server.requests().await.len(), before + 1);
    }
}
