//! Dashtam on the wire.

use serde_json::json;
use tidewire_server::{
    System, TEST_USER, TestNamespace, TestServer,
    config::{CategoriesForm, CursorPlace, RateLimit},
};

use crate::raw::{End, RawResponse, get, request};

const ID_1: &str = "019c0a51-7d3e-7b11-9f42-6a1d5c2e8f70";
const ID_2: &str = "019c0a51-7d3f-7b11-9f42-6a1d5c2e8f71";
const ID_3: &str = "019c0a51-7d40-7b11-9f42-6a1d5c2e8f72";

async fn open(server: &TestServer, query: &str) -> RawResponse {
    open_with(server, query, &[]).await
}

async fn open_with(server: &TestServer, query: &str, headers: &[&str]) -> RawResponse {
    let token = server
        .default_namespace()
        .token(System::Dashtam, TEST_USER, 60)
        .unwrap();
    let authorization = format!("authorization: Bearer {token}");
    let mut all = vec![authorization.as_str()];
    all.extend(headers);
    get(server.address(), &format!("/api/v1/events{query}"), &all).await
}

/// Publishes three imports' beginnings under known ids.
fn publish_three(namespace: &TestNamespace<'_>) {
    for id in [ID_1, ID_2, ID_3] {
        namespace
            .publish(json!({
                "system": "dashtam",
                "event": "import.started",
                "id": id,
                "data": {"file_name": "a.qfx", "file_format": "qfx"},
            }))
            .unwrap();
    }
}

fn frame(id: &str) -> String {
    format!(
        "id: {id}\nevent: import.started\n\
         data: {{\"file_name\": \"a.qfx\", \"file_format\": \"qfx\"}}\n\n"
    )
}

#[tokio::test]
async fn the_head_and_the_frames_are_those_of_the_service() {
    let server = TestServer::start().await.unwrap();
    let mut stream = open_with(&server, "", &["x-trace-id: trace-7"]).await;
    assert_eq!(stream.status_line, "HTTP/1.1 200 OK");
    for (name, value) in [
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("connection", "keep-alive"),
        ("x-accel-buffering", "no"),
        ("x-trace-id", "trace-7"),
        ("x-ratelimit-limit", "10"),
        ("x-ratelimit-remaining", "9"),
        ("transfer-encoding", "chunked"),
    ] {
        assert_eq!(stream.header(name), Some(value), "{name}");
    }
    assert!(stream.header("x-ratelimit-reset").is_some());

    let report = server
        .default_namespace()
        .publish(json!([
            {
                "system": "dashtam",
                "event": "sync.transactions.completed",
                "id": ID_1,
                "data": {
                    "connection_id": "5b0c6f4e-0b4f-4c6b-9c55-3c7f6d0a1e22",
                    "account_id": null,
                    "transaction_count": 42,
                },
            },
            {
                "system": "dashtam",
                "event": "security.session.new",
                "id": ID_2,
                "data": {
                    "session_id": "s",
                    "device_info": "\u{1f3e6} \"Zürich\"",
                    "ip_address": null,
                    "location": "a\nb",
                },
            },
        ]))
        .unwrap();
    assert_eq!(report.receivers, [1, 1]);
    assert_eq!(report.ids, [Some(ID_1.to_owned()), Some(ID_2.to_owned())]);
    // Typed by hand: blanks after comma and colon, escapes in lower-case hex, surrogate pairs.
    let expected = concat!(
        "retry: 3000\n",
        "\n",
        "id: 019c0a51-7d3e-7b11-9f42-6a1d5c2e8f70\n",
        "event: sync.transactions.completed\n",
        "data: {\"connection_id\": \"5b0c6f4e-0b4f-4c6b-9c55-3c7f6d0a1e22\", ",
        "\"account_id\": null, \"transaction_count\": 42}\n",
        "\n",
        "id: 019c0a51-7d3f-7b11-9f42-6a1d5c2e8f71\n",
        "event: security.session.new\n",
        "data: {\"session_id\": \"s\", \"device_info\": \"\\ud83c\\udfe6 \\\"Z\\u00fcrich\\\"\", ",
        "\"ip_address\": null, \"location\": \"a\\nb\"}\n",
        "\n",
    );
    stream.read_bytes(expected.len()).await;
    assert_eq!(stream.text(), expected);
}

#[tokio::test]
async fn who_shows_no_valid_token_gets_the_problem_that_says_so() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    namespace
        .configure(|config| config.dashtam.rate_limit = None)
        .unwrap();
    let expired = namespace.token(System::Dashtam, TEST_USER, -1).unwrap();
    let nobody = namespace.token(System::Dashtam, "ada", 60).unwrap();
    let cortex = namespace.token(System::Cortex, TEST_USER, 60).unwrap();
    for (authorization, detail) in [
        ("x-nothing: 1".into(), "Not authenticated"),
        ("authorization: Basic YTpi".into(), "Not authenticated"),
        ("authorization: Bearer".into(), "Not authenticated"),
        ("authorization: Bearer a.b.c".into(), "Invalid token"),
        (format!("authorization: Bearer {expired}"), "Invalid token"),
        (
            format!("authorization: Bearer {nobody}"),
            "Invalid token payload",
        ),
        (
            format!("authorization: Bearer {cortex}"),
            "Invalid token payload",
        ),
    ] {
        let mut refused = get(server.address(), "/api/v1/events", &[&authorization]).await;
        assert_eq!(refused.read_to_end().await, End::Clean);
        assert_eq!(refused.status_line, "HTTP/1.1 401 Unauthorized");
        assert_eq!(refused.header("content-type"), Some("application/json"));
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        assert_eq!(refused.header("x-trace-id").map(str::len), Some(36));
        let expected = [
            r#"{"type":"https://dashtam.local/errors/unauthorized","title":"Authentication Required","status":401,"detail":""#,
            detail,
            r#"","instance":"/api/v1/events"}"#,
        ];
        assert_eq!(refused.text(), expected.concat(), "{authorization}");
    }
}

#[tokio::test]
async fn any_method_but_get_is_refused_and_costs_no_connect() {
    let server = TestServer::start().await.unwrap();
    for method in ["HEAD", "POST"] {
        let headers = ["x-trace-id: trace-7"];
        let mut refusal = request(server.address(), method, "/api/v1/events", &headers, "").await;
        assert_eq!(
            refusal.status_line, "HTTP/1.1 405 Method Not Allowed",
            "{method}"
        );
        for (name, value) in [
            ("allow", Some("GET")),
            ("content-type", Some("application/json")),
            ("x-trace-id", Some("trace-7")),
            ("x-ratelimit-limit", None),
        ] {
            assert_eq!(refusal.header(name), value, "{method} {name}");
        }
        if method != "HEAD" {
            assert_eq!(refusal.read_to_end().await, End::Clean);
            assert_eq!(refusal.text(), r#"{"detail":"Method Not Allowed"}"#);
        }
    }
    let stream = open(&server, "").await;
    assert_eq!(stream.header("x-ratelimit-remaining"), Some("9"));
}

#[tokio::test]
async fn the_eleventh_connect_is_told_to_wait_twelve_seconds() {
    let server = TestServer::start().await.unwrap();
    for _ in 0..10 {
        assert_eq!(open(&server, "").await.status(), 200);
    }
    let mut refused = open(&server, "").await;
    refused.read_to_end().await;
    assert_eq!(refused.status_line, "HTTP/1.1 429 Too Many Requests");
    assert_eq!(refused.header("content-type"), Some("application/json"));
    assert_eq!(refused.header("retry-after"), Some("12"));
    assert_eq!(refused.header("x-ratelimit-remaining"), Some("0"));
    assert_eq!(refused.header("x-trace-id"), None);
    assert_eq!(
        refused.text(),
        r#"{"type":"https://dashtam.local/errors/rate-limit-exceeded","title":"Rate Limit Exceeded","status":429,"detail":"Too many requests. Please try again in 12 seconds.","instance":"/api/v1/events","retry_after":12}"#
    );
    // Another user has a bucket of their own.
    let other = server
        .default_namespace()
        .token(System::Dashtam, "018f4e6a-0000-7000-8000-000000000002", 60)
        .unwrap();
    let authorization = format!("authorization: Bearer {other}");
    let admitted = get(server.address(), "/api/v1/events", &[&authorization]).await;
    assert_eq!(admitted.status(), 200);
}

#[tokio::test]
async fn a_resume_replays_what_came_after_the_cursor_before_anything_live() {
    let server = TestServer::start().await.unwrap();
    publish_three(&server.default_namespace());
    let mut stream = open(&server, &format!("?Last-Event-ID={ID_1}")).await;
    server
        .default_namespace()
        .publish(json!({"system": "dashtam", "event": "provider.disconnected", "id": "x"}))
        .unwrap();
    let expected = format!(
        "retry: 3000\n\n{}{}id: x\nevent: provider.disconnected\ndata: {{}}\n\n",
        frame(ID_2),
        frame(ID_3)
    );
    assert_eq!(stream.read_until("data: {}\n\n").await, expected);
}

#[tokio::test]
async fn a_cursor_that_is_not_kept_replays_nothing_and_says_nothing() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    namespace
        .configure(|config| config.dashtam.rate_limit = None)
        .unwrap();
    let broadcast = "019c0a51-7d3e-7b11-9f42-00000000000b";
    let unkept = "019c0a51-7d3e-7b11-9f42-00000000000c";
    namespace
        .publish(json!([
            {"system": "dashtam", "event": "import.failed", "id": broadcast, "broadcast": true},
            {"system": "dashtam", "event": "import.failed", "id": unkept, "retain": false},
        ]))
        .unwrap();
    publish_three(&namespace);
    let header = format!("last-event-id: {ID_1}");
    for (query, headers) in [
        (format!("?Last-Event-ID={broadcast}"), vec![]),
        (format!("?Last-Event-ID={unkept}"), vec![]),
        (
            "?Last-Event-ID=019c0a51-7d3e-7b11-9f42-ffffffffffff".into(),
            vec![],
        ),
        ("?Last-Event-ID=42".into(), vec![]),
        // The service reads the query alone.
        (String::new(), vec![header.as_str()]),
    ] {
        let mut stream = open_with(&server, &query, &headers).await;
        let marker =
            json!({"system": "dashtam", "event": "import.failed", "id": "m", "retain": false});
        namespace.publish(marker).unwrap();
        let text = stream.read_until("data: {}\n\n").await;
        assert_eq!(
            text, "retry: 3000\n\nid: m\nevent: import.failed\ndata: {}\n\n",
            "{query}"
        );
    }
    namespace
        .configure(|config| config.dashtam.cursor = CursorPlace::QueryAndHeader)
        .unwrap();
    let mut stream = open_with(&server, "", &[&header]).await;
    let expected = format!("retry: 3000\n\n{}{}", frame(ID_2), frame(ID_3));
    assert_eq!(stream.read_until(&frame(ID_3)).await, expected);
}

#[tokio::test]
async fn what_is_kept_is_bounded_and_vanishes_as_a_whole() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    namespace
        .configure(|config| config.dashtam.retention_max = 2)
        .unwrap();
    publish_three(&namespace);
    let mut trimmed = open(&server, &format!("?Last-Event-ID={ID_1}")).await;
    trimmed.read_until("retry: 3000\n\n").await;
    assert!(trimmed.is_silent().await);
    let mut kept = open(&server, &format!("?Last-Event-ID={ID_2}")).await;
    assert!(kept.read_until(&frame(ID_3)).await.ends_with(&frame(ID_3)));

    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    namespace
        .configure(|config| config.dashtam.retention_ttl_ms = 0)
        .unwrap();
    publish_three(&namespace);
    let mut vanished = open(&server, &format!("?Last-Event-ID={ID_2}")).await;
    vanished.read_until("retry: 3000\n\n").await;
    assert!(vanished.is_silent().await);
}

#[tokio::test]
async fn a_filter_holds_for_the_replay_and_for_what_is_live() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    publish_three(&namespace);
    namespace
        .publish(json!({"system": "dashtam", "event": "sync.accounts.started", "id": "s"}))
        .unwrap();
    let query = format!("?categories=data_sync,provider&Last-Event-ID={ID_1}");
    let mut stream = open(&server, &query).await;
    let report = namespace
        .publish(json!([
            {"system": "dashtam", "event": "ai.response.complete", "id": "a"},
            {"system": "dashtam", "event": "provider.disconnected", "id": "p"},
            {"system": "dashtam", "event": "provider.renamed", "id": "n"},
            {"system": "dashtam", "event": "provider.renamed", "id": "c", "category": "provider"},
        ]))
        .unwrap();
    assert_eq!(report.receivers, [0, 1, 0, 1]);
    assert_eq!(
        stream
            .read_until("id: c\nevent: provider.renamed\ndata: {}\n\n")
            .await,
        "retry: 3000\n\n\
         id: s\nevent: sync.accounts.started\ndata: {}\n\n\
         id: p\nevent: provider.disconnected\ndata: {}\n\n\
         id: c\nevent: provider.renamed\ndata: {}\n\n"
    );
}

#[tokio::test]
async fn the_running_service_cuts_a_comma_list_after_the_first_frame() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    let mut unknown = open(&server, "?categories=sync").await;
    assert_eq!(unknown.status(), 200);
    assert_eq!(unknown.read_to_end().await, End::Closed);
    assert_eq!(unknown.text(), "retry: 3000\n\n");

    namespace
        .configure(|config| config.dashtam.categories = CategoriesForm::Service)
        .unwrap();
    let mut comma = open(&server, "?categories=data_sync,provider").await;
    assert_eq!(comma.status(), 200);
    assert_eq!(comma.read_to_end().await, End::Closed);
    assert_eq!(comma.text(), "retry: 3000\n\n");
    let mut repeated = open(&server, "?categories=data_sync&categories=provider").await;
    namespace
        .publish(json!({"system": "dashtam", "event": "provider.disconnected", "id": "p"}))
        .unwrap();
    let text = repeated.read_until("data: {}\n\n").await;
    assert!(
        text.ends_with("id: p\nevent: provider.disconnected\ndata: {}\n\n"),
        "{text}"
    );
}

#[tokio::test]
async fn what_is_published_between_replay_and_live_is_lost_unless_seamless() {
    for seamless in [false, true] {
        let server = TestServer::start().await.unwrap();
        let namespace = server.default_namespace();
        namespace
            .configure(|config| {
                config.dashtam.seamless = seamless;
                config.dashtam.replay_gap_ms = 500;
            })
            .unwrap();
        publish_three(&namespace);
        let mut stream = open(&server, &format!("?Last-Event-ID={ID_2}")).await;
        stream.read_until(&frame(ID_3)).await;
        let between = json!({"system": "dashtam", "event": "import.failed", "id": "lost"});
        let report = namespace.publish(between).unwrap();
        assert_eq!(report.receivers, [usize::from(seamless)]);
        crate::raw::eventually(|| {
            let live = json!({"system": "dashtam", "event": "import.failed", "id": "live"});
            (namespace.publish(live).unwrap().receivers == [1]).then_some(())
        })
        .await;
        let text = stream
            .read_until("id: live\nevent: import.failed\ndata: {}\n\n")
            .await;
        assert_eq!(text.contains("id: lost\n"), seamless);
    }
}

#[tokio::test]
async fn a_stream_carries_its_users_events_and_the_broadcasts() {
    let server = TestServer::start().await.unwrap();
    let mut stream = open(&server, "").await;
    let other = "018f4e6a-0000-7000-8000-000000000002";
    let report = server
        .default_namespace()
        .publish(json!([
            {"system": "dashtam", "event": "import.failed", "id": "other", "user": other},
            {"system": "dashtam", "event": "import.failed", "id": "all", "broadcast": true},
        ]))
        .unwrap();
    assert_eq!(report.receivers, [0, 1]);
    assert_eq!(
        stream.read_until("data: {}\n\n").await,
        "retry: 3000\n\nid: all\nevent: import.failed\ndata: {}\n\n"
    );
}

#[tokio::test]
async fn heartbeats_are_comments_and_off_unless_switched_on() {
    let server = TestServer::start().await.unwrap();
    let mut silent = open(&server, "").await;
    silent.read_until("retry: 3000\n\n").await;
    assert!(silent.is_silent().await);
    server
        .default_namespace()
        .configure(|config| {
            config.dashtam.heartbeat_ms = Some(5);
            config.dashtam.retry_ms = 20;
        })
        .unwrap();
    let mut beating = open(&server, "").await;
    let expected = "retry: 20\n\n:heartbeat\n\n:heartbeat\n\n";
    beating.read_bytes(expected.len()).await;
    assert_eq!(&beating.text()[..expected.len()], expected);
}

#[tokio::test]
async fn the_bucket_is_as_large_as_it_is_configured_and_auth_can_be_waived() {
    let server = TestServer::start().await.unwrap();
    server
        .default_namespace()
        .configure(|config| {
            config.dashtam.require_auth = false;
            config.dashtam.rate_limit = Some(RateLimit {
                capacity: 1,
                refill_per_min: 60.0,
            });
        })
        .unwrap();
    let mut stream = get(server.address(), "/api/v1/events", &[]).await;
    publish_three(&server.default_namespace());
    stream.read_until(&frame(ID_3)).await;
    let mut refused = get(server.address(), "/api/v1/events", &[]).await;
    refused.read_to_end().await;
    assert_eq!(refused.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn live_traffic_shows_every_category_and_only_types_that_dashtam_has() {
    use tidewire::profiles::dashtam::{Category, category_of};

    let server = TestServer::start().await.unwrap();
    server.default_namespace().traffic(Some(1_000.0)).unwrap();
    let mut stream = open(&server, "").await;
    let mut seen = Vec::new();
    while seen.len() < Category::ALL.len() {
        let next = stream.body.len() + 1;
        stream.read_bytes(next).await;
        seen = stream
            .text()
            .lines()
            .filter_map(|line| line.strip_prefix("event: "))
            .map(|name| category_of(name).expect("a type of Dashtam's"))
            .collect();
        seen.sort();
        seen.dedup();
    }
}
