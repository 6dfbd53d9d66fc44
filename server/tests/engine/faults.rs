//! Faults that are armed, drawn from a seed, or set on a live connection.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tidewire_server::{
    Ending, Fault, FaultKind, Script, System, TestNamespace, TestServer, config::Chaos,
};

use crate::raw::{End, RawResponse, eventually, get, post, send};

fn publish(namespace: &TestNamespace<'_>, texts: &[&str]) {
    let items: Vec<Value> = texts
        .iter()
        .map(|text| json!({"system": "plain", "data": text}))
        .collect();
    namespace.publish(Value::Array(items)).unwrap();
}

fn cut(how: Ending, after_bytes: u64) -> FaultKind {
    FaultKind::Cut { how, after_bytes }
}

#[tokio::test]
async fn an_armed_cut_meets_the_next_stream_of_its_system_and_then_no_more() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    let address = server.address();
    namespace
        .fault(Fault::of(System::Plain, cut(Ending::Rst, 12)))
        .unwrap();
    let mut dashtam = get(address, "/api/v1/events", &[]).await;
    assert_eq!(
        (dashtam.status(), dashtam.read_to_end().await),
        (401, End::Clean)
    );
    let mut met = get(address, "/plain", &[]).await;
    let mut next = get(address, "/plain", &[]).await;
    publish(&namespace, &["a", "b"]);
    assert_eq!(met.read_to_end().await, End::Reset);
    assert_eq!(met.text(), "data: a\n\ndat");
    assert_eq!(next.read_until("b\n\n").await, "data: a\n\ndata: b\n\n");
}

#[tokio::test]
async fn a_fault_without_a_count_cuts_dashtam_at_that_byte_each_time_it_is_resumed() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    namespace
        .configure(|config| config.dashtam.require_auth = false)
        .unwrap();
    let fault = json!({"system": "dashtam", "times": 0, "fault": {"cut": {"how": "fin", "after_bytes": 9}}});
    let armed = post(server.address(), "/_tidewire/faults", &fault.to_string()).await;
    assert_eq!(armed.status(), 200);
    for _ in 0..3 {
        let mut stream = get(server.address(), "/api/v1/events", &[]).await;
        assert_eq!(stream.read_to_end().await, End::Closed);
        assert_eq!(stream.text(), "retry: 30");
    }
    let mut listed = get(server.address(), "/_tidewire/faults", &[]).await;
    listed.read_to_end().await;
    assert_eq!(
        serde_json::from_str::<Value>(listed.text()).unwrap(),
        json!([fault])
    );
    let cleared = send(server.address(), "DELETE", "/_tidewire/faults", &[], "").await;
    assert_eq!(RawResponse::read_head(cleared).await.unwrap().status(), 200);
    let mut stream = get(server.address(), "/api/v1/events", &[]).await;
    assert_eq!(stream.read_until("\n\n").await, "retry: 3000\n\n");
}

#[tokio::test]
async fn a_cut_at_byte_nothing_comes_after_the_headers() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    for (how, end) in [(Ending::Fin, End::Closed), (Ending::Rst, End::Reset)] {
        namespace
            .fault(Fault::of(System::Plain, cut(how, 0)))
            .unwrap();
        let mut stream = get(server.address(), "/plain", &[]).await;
        assert_eq!((stream.status(), stream.read_to_end().await), (200, end));
        assert_eq!(stream.text(), "");
    }
}

#[tokio::test]
async fn a_refused_connection_gets_no_byte_and_leaves_no_listener() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    for (how, end) in [(Ending::Fin, End::Closed), (Ending::Rst, End::Reset)] {
        namespace
            .fault(Fault::of(System::Plain, FaultKind::Refuse(how)))
            .unwrap();
        let stream = send(server.address(), "GET", "/plain", &[], "").await;
        assert_eq!(RawResponse::read_head(stream).await.unwrap_err(), end);
    }
    let report = namespace
        .publish(json!({"system": "plain", "data": "x"}))
        .unwrap();
    assert_eq!(report.receivers, [0]);
}

#[tokio::test]
async fn a_status_stands_in_for_the_system_once_with_its_headers_and_body() {
    let server = TestServer::start().await.unwrap();
    for (status, header, value) in [
        (503, "retry-after", "2"),
        (429, "retry-after", "Sat, 21 Nov 2026 12:00:00 GMT"),
        (307, "location", "/plain?moved"),
        (200, "content-type", "text/html"),
    ] {
        let fault = json!({"path": "/pla*", "fault": {"answer":
            {"status": status, "headers": {header: value}, "body": "instead"}}});
        let armed = post(server.address(), "/_tidewire/faults", &fault.to_string()).await;
        assert_eq!(armed.status(), 200);
        let mut answer = get(server.address(), "/plain", &[]).await;
        assert_eq!(
            (answer.status(), answer.header(header)),
            (status, Some(value))
        );
        answer.read_to_end().await;
        assert_eq!(answer.text(), "instead");
    }
    assert_eq!(get(server.address(), "/plain", &[]).await.status(), 200);
}

#[tokio::test]
async fn headers_come_as_late_as_they_are_told_to() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    namespace
        .fault(Fault::of(System::Plain, FaultKind::DelayMs(60)))
        .unwrap();
    let began = Instant::now();
    assert_eq!(get(server.address(), "/plain", &[]).await.status(), 200);
    assert!(began.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_silent_stall_begins_at_its_byte_and_loses_nothing_when_it_is_over() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    namespace
        .fault(Fault::at(
            "/plain",
            FaultKind::Stall {
                after_bytes: 12,
                comments_ms: None,
                for_ms: Some(300),
            },
        ))
        .unwrap();
    let mut stream = get(server.address(), "/plain", &[]).await;
    publish(&namespace, &["a", "b"]);
    assert_eq!(stream.read_bytes(12).await, b"data: a\n\ndat");
    assert!(stream.is_silent().await);
    assert_eq!(namespace.connections().unwrap()[0].state, "stalled");
    publish(&namespace, &["c"]);
    assert_eq!(
        stream.read_until("c\n\n").await,
        "data: a\n\ndata: b\n\ndata: c\n\n"
    );
}

#[tokio::test]
async fn a_stall_with_comments_keeps_the_stream_alive_between_two_frames() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    let mut stream = get(server.address(), "/plain", &[]).await;
    let stall = json!({"path": "/plain", "after_bytes": 5, "comments_ms": 5});
    let stalled = post(
        server.address(),
        "/_tidewire/connections/stall",
        &stall.to_string(),
    )
    .await;
    assert_eq!(stalled.status(), 200);
    publish(&namespace, &["a", "b"]);
    let comments = ": stalled\n\n".repeat(3);
    let whole = format!("data: a\n\n{comments}");
    stream.read_bytes(whole.len()).await;
    assert!(stream.text().starts_with(&whole), "{}", stream.text());
    assert!(!stream.text().contains("data: b"));
    let release = json!({"stall": false}).to_string();
    post(server.address(), "/_tidewire/connections/stall", &release).await;
    stream.read_until("data: b\n\n").await;
    let events = stream.text().replace(": stalled\n\n", "");
    assert_eq!(events, "data: a\n\ndata: b\n\n");
}

#[tokio::test]
async fn a_stalled_stream_can_still_be_cut() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    let stall = FaultKind::Stall {
        after_bytes: 0,
        comments_ms: Some(1),
        for_ms: None,
    };
    namespace.fault(Fault::of(System::Plain, stall)).unwrap();
    let mut stream = get(server.address(), "/plain", &[]).await;
    stream.read_bytes(11).await;
    let cut = json!({"path": "/plain", "how": "fin"}).to_string();
    post(server.address(), "/_tidewire/connections/cut", &cut).await;
    assert_eq!(stream.read_to_end().await, End::Closed);
}

#[tokio::test]
async fn a_live_stream_drips_until_it_is_told_to_flow() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    let mut stream = get(server.address(), "/plain", &[]).await;
    let drip = json!({"path": "/plain", "bytes": 3, "every_ms": 20}).to_string();
    post(server.address(), "/_tidewire/connections/drip", &drip).await;
    let began = Instant::now();
    publish(&namespace, &["0123456789"]);
    assert_eq!(stream.read_until("9\n\n").await, "data: 0123456789\n\n");
    // Eighteen bytes are six pieces, with five pauses between them.
    assert!(began.elapsed() >= Duration::from_millis(100));
    post(server.address(), "/_tidewire/connections/drip", "{}").await;
    let long = "x".repeat(3_000);
    let began = Instant::now();
    publish(&namespace, &[&long]);
    stream.read_bytes(18 + 8 + 3_000).await;
    // A thousand pieces would take twenty seconds.
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn chaos_does_the_same_to_each_connection_whenever_the_seed_is_the_same() {
    let server = TestServer::start().await.unwrap();
    let mut runs = Vec::new();
    for name in ["one", "two"] {
        let namespace = server.namespace(name);
        namespace
            .configure(|config| {
                config.chaos = Some(Chaos {
                    seed: 7,
                    rate: 0.8,
                    max_bytes: 40,
                    stall_ms: Some(1),
                    ..Chaos::default()
                });
            })
            .unwrap();
        let mut outcomes = Vec::new();
        for _ in 0..60 {
            let path = format!("/ns/{name}/plain");
            let stream = send(server.address(), "GET", &path, &[], "").await;
            let outcome = match RawResponse::read_head(stream).await {
                Err(end) => format!("{end:?} before the head"),
                Ok(mut response) if response.status() == 200 => {
                    publish(&namespace, &["0123456789", "0123456789", "0123456789"]);
                    response.read_bytes(54).await;
                    format!("{:?} after {} bytes", response.end, response.body.len())
                }
                Ok(response) => response.status().to_string(),
            };
            outcomes.push(outcome);
        }
        runs.push(outcomes);
    }
    assert_eq!(runs[0], runs[1]);
    for part in [
        "Closed before the head",
        "Some(Closed) after",
        "Some(Reset) after",
        "Some(Clean) after",
        "None after 54 bytes",
        "503",
    ] {
        assert!(
            runs[0].iter().any(|outcome| outcome.contains(part)),
            "{part}: {:?}",
            runs[0]
        );
    }
}

#[tokio::test]
async fn chaos_spares_what_is_no_stream_and_ends_when_it_is_switched_off() {
    let server = TestServer::start().await.unwrap();
    let chaos = json!({"chaos": {"rate": 1, "kinds": ["unavailable"]}}).to_string();
    let patch = send(server.address(), "PATCH", "/_tidewire/config", &[], &chaos).await;
    assert_eq!(RawResponse::read_head(patch).await.unwrap().status(), 200);
    assert_eq!(get(server.address(), "/plain", &[]).await.status(), 503);
    let history = "/api/sessions/session_demo/events/history";
    assert_eq!(get(server.address(), history, &[]).await.status(), 200);
    let off = json!({"chaos": null}).to_string();
    let patch = send(server.address(), "PATCH", "/_tidewire/config", &[], &off).await;
    assert_eq!(RawResponse::read_head(patch).await.unwrap().status(), 200);
    assert_eq!(get(server.address(), "/plain", &[]).await.status(), 200);
    let wrong = json!({"chaos": {"rate": 2}}).to_string();
    let patch = send(server.address(), "PATCH", "/_tidewire/config", &[], &wrong).await;
    let mut refused = RawResponse::read_head(patch).await.unwrap();
    refused.read_to_end().await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().contains("chaos.rate"), "{}", refused.text());
}

#[tokio::test]
async fn a_forgotten_log_leaves_cursors_that_nobody_knows() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    namespace
        .configure(|config| config.dashtam.require_auth = false)
        .unwrap();
    let item = |n: u32| {
        json!({"system": "dashtam", "event": "import.progress", "data": {"n": n},
            "id": format!("019c0a51-7d3e-7b11-9f42-00000000000{n}")})
    };
    namespace
        .publish(Value::Array((0..5).map(item).collect()))
        .unwrap();
    assert_eq!(namespace.forget(System::Dashtam, 2).unwrap(), 3);
    let resume = async |n: u32| {
        let path = format!("/api/v1/events?Last-Event-ID=019c0a51-7d3e-7b11-9f42-00000000000{n}");
        let mut stream = get(server.address(), &path, &[]).await;
        stream.read_until("\n\n").await;
        let _ = stream.is_silent().await;
        stream.text().matches("data: ").count()
    };
    assert_eq!(resume(1).await, 0, "it is unknown now");
    assert_eq!(
        resume(3).await,
        1,
        "it was kept, and so was the one after it"
    );
    let all = json!({"system": "dashtam"}).to_string();
    let mut answer = post(server.address(), "/_tidewire/forget", &all).await;
    answer.read_to_end().await;
    assert_eq!(answer.text(), r#"{"forgotten":2}"#);
    assert_eq!(resume(3).await, 0);
}

#[tokio::test]
async fn a_forgotten_history_is_not_replayed() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    let item = |n: u32| json!({"system": "hive", "type": "client_output_delta", "data": {"n": n}});
    namespace
        .publish(Value::Array((0..5).map(item).collect()))
        .unwrap();
    assert_eq!(namespace.forget(System::Hive, 1).unwrap(), 4);
    let path = "/api/sessions/session_demo/events";
    let mut stream = get(server.address(), path, &[]).await;
    namespace.publish(item(9)).unwrap();
    stream.read_bytes(300).await;
    let numbers: Vec<_> = ["\"n\": 3}", "\"n\": 4}", "\"n\": 9}"]
        .into_iter()
        .filter(|number| stream.text().contains(number))
        .collect();
    assert_eq!(numbers, ["\"n\": 4}", "\"n\": 9}"]);
    for system in [System::Plain, System::Cortex, System::Stock, System::Stage] {
        assert!(namespace.forget(system, 0).is_err());
    }
}

#[tokio::test]
async fn what_is_repeated_has_the_length_that_was_asked_for() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    namespace
        .script(
            Script::get("/plain")
                .write("data: ")
                .repeat("abc", Some(100_000))
                .write("\n\n"),
        )
        .unwrap();
    let mut response = get(server.address(), "/plain", &[]).await;
    assert_eq!(response.read_to_end().await, End::Clean);
    let text = "abc".repeat(33_334);
    assert_eq!(response.text(), format!("data: {}\n\n", &text[..100_000]));
}

#[tokio::test]
async fn a_line_without_end_goes_on_as_long_as_somebody_reads_it() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    let script =
        json!({"path": "/plain", "steps": [{"write": "data: "}, {"repeat": {"text": "x"}}]});
    let path = "/_tidewire/script";
    assert_eq!(
        post(server.address(), path, &script.to_string())
            .await
            .status(),
        200
    );
    let mut response = get(server.address(), "/plain", &[]).await;
    response.read_bytes(2_000_000).await;
    assert!(response.body[6..].iter().all(|&byte| byte == b'x'));
    drop(response);
    eventually(|| namespace.connections().unwrap().is_empty().then_some(())).await;
}
