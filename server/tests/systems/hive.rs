use serde_json::{Value, json};
use tidewire_server::config::Cors;
use tidewire_server::{ExchangeState, TestNamespace, TestServer};

use crate::bytes_client::{End, Response, eventually, get, post, request};

const EVENTS: &str = "/api/sessions/session_demo/events";

fn publish(namespace: &TestNamespace<'_>, kind: &str, data: Value) -> usize {
    let item = json!({"system": "hive", "type": kind, "data": data});
    namespace.publish(item).unwrap().receivers[0]
}

fn publish_numbered(namespace: &TestNamespace<'_>, number: usize) -> usize {
    publish(namespace, "client_output_delta", json!({ "n": number }))
}

/// The `"n"` of each of the next events.
async fn numbers(response: &mut Response, count: usize) -> Vec<u64> {
    let frames = response.frames(count).await;
    let events = frames.iter().map(|frame| event(frame));
    events
        .map(|event| event["data"]["n"].as_u64().unwrap())
        .collect()
}

fn event(frame: &str) -> Value {
    let line = frame
        .strip_prefix("data: ")
        .and_then(|rest| rest.strip_suffix("\n\n"));
    serde_json::from_str(line.unwrap()).unwrap()
}

#[tokio::test]
async fn an_event_is_framed_as_the_service_frames_it() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let mut response = get(&namespace, EVENTS).await;
    assert_eq!(response.status, 200);
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache"),
        ("connection", "keep-alive"),
        ("x-accel-buffering", "no"),
        ("transfer-encoding", "chunked"),
    ] {
        assert_eq!(response.header(name), Some(value), "{name}");
    }
    let item = json!({
        "system": "hive", "session": "session_demo", "type": "tool_call_started",
        "stream_id": "queen", "node_id": "queen", "execution_id": "session_20260416_193001_1a2b3c4d",
        "data": {"tool_use_id": "tu_1", "tool_name": "web_search", "tool_input": {"q": "é"}},
        "timestamp": "2026-04-16T19:30:05.123456",
    });
    assert_eq!(namespace.publish(item).unwrap().receivers, [1]);
    assert_eq!(
        response.frame().await,
        "data: {\"type\": \"tool_call_started\", \"stream_id\": \"queen\", \"node_id\": \"queen\", \"execution_id\": \"session_20260416_193001_1a2b3c4d\", \"data\": {\"tool_use_id\": \"tu_1\", \"tool_name\": \"web_search\", \"tool_input\": {\"q\": \"\\u00e9\"}}, \"timestamp\": \"2026-04-16T19:30:05.123456\", \"correlation_id\": null, \"colony_id\": null}\n\n"
    );
}

#[tokio::test]
async fn events_are_numbered_on_request_and_the_run_comes_last() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| config.hive.seq = true)
        .unwrap();
    let mut response = get(&namespace, EVENTS).await;
    let item = json!({"system": "hive", "type": "goal_progress", "data": {"progress": 1.0}, "run_id": "r", "timestamp": "2026-04-16T19:30:05"});
    namespace.publish(item).unwrap();
    assert_eq!(
        response.frame().await,
        "data: {\"type\": \"goal_progress\", \"stream_id\": \"queen\", \"node_id\": null, \"execution_id\": null, \"data\": {\"progress\": 1.0}, \"timestamp\": \"2026-04-16T19:30:05\", \"correlation_id\": null, \"colony_id\": null, \"seq\": 1, \"run_id\": \"r\"}\n\n"
    );
}

#[tokio::test]
async fn what_is_no_number_is_written_as_python_writes_it() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let mut response = get(&namespace, EVENTS).await;
    let data = json!({"progress": {"$float": "NaN"}, "eta": {"$float": "-Infinity"}});
    publish(&namespace, "goal_progress", data);
    let frame = response.frame().await;
    assert!(
        frame.contains("\"data\": {\"progress\": NaN, \"eta\": -Infinity}, "),
        "{frame}"
    );
}

#[tokio::test]
async fn a_silent_stream_is_kept_alive_by_comments() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| config.hive.keepalive_ms = 10)
        .unwrap();
    let mut response = get(&namespace, EVENTS).await;
    assert_eq!(
        response.frames(2).await,
        [": keepalive\n\n", ": keepalive\n\n"]
    );
}

#[tokio::test]
async fn each_connection_begins_with_the_replay_and_a_header_changes_nothing() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    publish_numbered(&namespace, 0);
    publish(&namespace, "tool_call_started", json!({"n": 1}));
    publish(&namespace, "execution_started", json!({"n": 2}));
    publish(&namespace, "execution_completed", json!({"n": 3}));
    let mut first = get(&namespace, EVENTS).await;
    publish_numbered(&namespace, 4);
    assert_eq!(numbers(&mut first, 3).await, [0, 2, 4]);
    let mut again = request(&namespace, "GET", EVENTS, &[("Last-Event-ID", "4")], "").await;
    publish_numbered(&namespace, 5);
    assert_eq!(numbers(&mut again, 4).await, [0, 2, 4, 5]);
}

#[tokio::test]
async fn what_is_published_before_the_replay_comes_first_and_twice() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| config.hive.replay_delay_ms = 300)
        .unwrap();
    publish_numbered(&namespace, 0);
    let mut response = get(&namespace, EVENTS).await;
    assert_eq!(publish_numbered(&namespace, 1), 1);
    assert_eq!(numbers(&mut response, 3).await, [1, 0, 1]);
}

#[tokio::test]
async fn types_are_chosen_by_the_query_or_else_the_default_set() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let mut chosen = get(
        &namespace,
        &format!("{EVENTS}?types=judge_verdict,%20goal_progress,none"),
    )
    .await;
    let mut shouted = get(&namespace, &format!("{EVENTS}?types=JUDGE_VERDICT")).await;
    assert_eq!(publish(&namespace, "judge_verdict", json!({"n": 0})), 1);
    assert_eq!(publish_numbered(&namespace, 1), 1);
    assert_eq!(publish(&namespace, "goal_progress", json!({"n": 2})), 2);
    assert_eq!(numbers(&mut chosen, 2).await, [0, 2]);
    assert_eq!(numbers(&mut shouted, 2).await, [1, 2]);
}

#[tokio::test]
async fn a_parallel_workers_chatter_stays_out() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let mut response = get(&namespace, EVENTS).await;
    for (number, (stream, kind)) in [
        ("worker:7d1c", "client_output_delta"),
        ("worker:7d1c", "subagent_report"),
        ("worker", "llm_text_delta"),
        ("worker:7d1c", "tool_call_started"),
        ("worker:7d1c", "execution_failed"),
    ]
    .into_iter()
    .enumerate()
    {
        let item =
            json!({"system": "hive", "type": kind, "stream_id": stream, "data": {"n": number}});
        namespace.publish(item).unwrap();
    }
    assert_eq!(numbers(&mut response, 3).await, [1, 2, 4]);
}

/// Publishes until the client, which does not read, has no room left in socket and queue.
fn fill(namespace: &TestNamespace<'_>) -> usize {
    let text = "x".repeat(64 << 10);
    (0..)
        .find(|number| {
            publish(
                namespace,
                "client_output_delta",
                json!({"n": number, "text": text}),
            ) == 0
        })
        .unwrap()
}

#[tokio::test]
async fn a_client_without_room_loses_what_is_not_critical_and_stays() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| {
            config.hive.queue = 4;
            config.hive.history = 1;
        })
        .unwrap();
    let mut response = get(&namespace, EVENTS).await;
    let taken = fill(&namespace);
    // The writer may have moved on by one more while the queue was counted.
    let first = numbers(&mut response, taken).await;
    assert_eq!(first.first(), Some(&0));
    assert!(first.is_sorted());
    eventually(async || {
        (publish(&namespace, "goal_progress", json!({"n": 1_000_000})) == 1).then_some(())
    })
    .await;
    loop {
        if numbers(&mut response, 1).await == [1_000_000] {
            break;
        }
    }
}

#[tokio::test]
async fn a_client_without_room_for_what_is_critical_is_disconnected_without_a_word() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| {
            config.hive.queue = 4;
            config.hive.history = 1;
        })
        .unwrap();
    let mut response = get(&namespace, EVENTS).await;
    // Once the writer is stuck, the queue stays full.
    eventually(async || {
        fill(&namespace);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        (publish_numbered(&namespace, 0) == 0).then_some(())
    })
    .await;
    assert_eq!(publish(&namespace, "execution_completed", json!({})), 0);
    let (text, end) = response.rest().await;
    assert_eq!(end, End::Clean);
    assert!(!text.contains("execution_completed"));
    // What was queued is discarded; what was in the writer's hand is whole.
    assert!(text.ends_with("\n\n"));
    let mut back = get(&namespace, EVENTS).await;
    assert_eq!(publish(&namespace, "goal_progress", json!({"n": 7})), 1);
    assert_eq!(numbers(&mut back, 1).await, [7]);
}

#[tokio::test]
async fn a_session_that_is_not_there_is_not_found() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let response = get(&namespace, "/api/sessions/session_x/events").await;
    assert_eq!(response.status, 404);
    assert_eq!(
        response.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(
        response.text().await,
        r#"{"error": "Session 'session_x' not found"}"#
    );
    let item = json!({"system": "hive", "session": "session_x", "type": "goal_progress"});
    namespace.publish(item).unwrap();
    assert_eq!(
        get(&namespace, "/api/sessions/session_x/events")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_method_that_the_stream_does_not_have_is_refused_in_aiohttps_words() {
    let server = TestServer::start().await.unwrap();
    let path = "/api/sessions/session_demo/events";
    let refusal = request(&server.namespace("a"), "POST", path, &[], "").await;
    assert_eq!(refusal.status, 405);
    assert_eq!(refusal.header("allow"), Some("GET,HEAD"));
    assert_eq!(
        refusal.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(refusal.text().await, "405: Method Not Allowed");
}

#[tokio::test]
async fn a_stopped_session_keeps_its_open_streams_and_turns_away_new_ones() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| config.hive.keepalive_ms = 10)
        .unwrap();
    let created = post(&namespace, "/api/sessions", "{}").await;
    assert_eq!(created.status, 201);
    let created: Value = serde_json::from_str(&created.text().await).unwrap();
    let id = created["session_id"].as_str().unwrap();
    let again = post(
        &namespace,
        "/api/sessions",
        &json!({"session_id": id}).to_string(),
    )
    .await;
    assert_eq!(again.status, 409);
    assert!(again.text().await.contains("\"loading\": true"));

    let events = format!("/api/sessions/{id}/events");
    let mut open = get(&namespace, &events).await;
    let path = format!("/api/sessions/{id}");
    let stopped = request(&namespace, "DELETE", &path, &[], "").await;
    assert_eq!(stopped.status, 200);
    assert_eq!(
        stopped.text().await,
        format!("{{\"session_id\": \"{id}\", \"stopped\": true}}")
    );
    assert_eq!(open.frame().await, ": keepalive\n\n");
    let chat = post(&namespace, &format!("{path}/chat"), r#"{"message": "a"}"#).await;
    assert_eq!(chat.status, 404);
    assert_eq!(get(&namespace, &events).await.status, 404);
    assert_eq!(
        request(&namespace, "DELETE", &path, &[], "").await.status,
        404
    );
}

#[tokio::test]
async fn the_history_has_every_type_and_of_a_text_only_its_last_delta() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let delta = |snapshot: &str| json!({"snapshot": snapshot, "inner_turn": 0, "iteration": 1});
    publish(&namespace, "client_output_delta", delta("a"));
    publish(&namespace, "judge_verdict", json!({}));
    publish(&namespace, "client_output_delta", delta("ab"));
    request(&namespace, "DELETE", "/api/sessions/session_demo", &[], "").await;
    let text = get(&namespace, &format!("{EVENTS}/history"))
        .await
        .text()
        .await;
    let history: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(history["session_id"], "session_demo");
    let events = history["events"].as_array().unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0]["type"], "judge_verdict");
    assert_eq!(events[1]["data"]["snapshot"], "ab");
    assert_eq!(
        get(&namespace, "/api/sessions/session_x/events/history")
            .await
            .text()
            .await,
        r#"{"events": [], "session_id": "session_x"}"#
    );
    assert_eq!(
        get(&namespace, "/api/sessions/../events/history")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_message_is_echoed_before_it_is_answered_and_the_queen_replies() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let mut stream = get(&namespace, EVENTS).await;
    let path = "/api/sessions/session_demo/chat";
    let answer = post(
        &namespace,
        path,
        r#"{"message": "stop", "display_message": "Stop!"}"#,
    )
    .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.text().await,
        r#"{"status": "queen", "delivered": true}"#
    );
    let echo = event(&stream.frame().await);
    assert_eq!(echo["type"], "client_input_received");
    assert_eq!(echo["data"], json!({"content": "Stop!", "image_count": 0}));
    let mut snapshot = Value::Null;
    loop {
        let event = event(&stream.frame().await);
        match event["type"].as_str() {
            Some("client_output_delta") => snapshot = event["data"]["snapshot"].clone(),
            Some("execution_completed") => break,
            _ => {}
        }
    }
    assert!(snapshot.as_str().unwrap().contains("“stop”"), "{snapshot}");

    let empty = post(&namespace, path, r#"{"message": ""}"#).await;
    assert_eq!(empty.status, 400);
    assert_eq!(empty.text().await, r#"{"error": "message is required"}"#);
    let unknown = post(&namespace, "/api/sessions/x/chat", r#"{"message": "a"}"#).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_token_is_asked_for_where_one_is_set() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| config.hive.token = Some("t-1".into()))
        .unwrap();
    for headers in [&[][..], &[("X-Hive-Token", "t-2")][..]] {
        let refused = request(&namespace, "GET", EVENTS, headers, "").await;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.text().await, r#"{"error": "unauthorized"}"#);
    }
    let accepted = request(&namespace, "GET", EVENTS, &[("X-Hive-Token", "t-1")], "").await;
    assert_eq!(accepted.status, 200);
}

#[tokio::test]
async fn in_faithful_mode_a_404_may_be_read_from_elsewhere_and_the_stream_may_not() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| config.cors = Cors::Faithful)
        .unwrap();
    let origin = [("Origin", "http://localhost:5173")];
    let stream = request(&namespace, "GET", EVENTS, &origin, "").await;
    assert_eq!(stream.status, 200);
    assert_eq!(stream.header("access-control-allow-origin"), None);
    let missing = request(&namespace, "GET", "/api/sessions/x/events", &origin, "").await;
    assert_eq!(missing.status, 404);
    assert_eq!(
        missing.header("access-control-allow-origin"),
        Some("http://localhost:5173")
    );
    let elsewhere = [("Origin", "https://example.org")];
    let missing = request(&namespace, "GET", "/api/sessions/x/events", &elsewhere, "").await;
    assert_eq!(missing.header("access-control-allow-origin"), None);
    let preflight = [origin[0], ("Access-Control-Request-Method", "GET")];
    let preflight = request(&namespace, "OPTIONS", EVENTS, &preflight, "").await;
    assert_eq!(preflight.status, 204);
    assert_eq!(
        preflight.header("access-control-allow-headers"),
        Some("Content-Type")
    );
    assert_eq!(preflight.header("access-control-max-age"), Some("3600"));
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_and_counted_no_more() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let response = get(&namespace, EVENTS).await;
    assert_eq!(publish_numbered(&namespace, 0), 1);
    drop(response);
    eventually(async || {
        let gone = namespace.requests().unwrap()[0].state == ExchangeState::ClientGone;
        (gone && publish_numbered(&namespace, 1) == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn traffic_shows_a_run_of_agents_while_somebody_listens() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let mut stream = get(&namespace, EVENTS).await;
    namespace.traffic(Some(500.0)).unwrap();
    let mut kinds = Vec::new();
    while kinds.last() != Some(&"execution_completed".to_owned()) {
        let event = event(&stream.frame().await);
        kinds.push(event["type"].as_str().unwrap().to_owned());
    }
    for kind in [
        "queen_phase_changed",
        "execution_started",
        "client_output_delta",
        "tool_call_started",
        "tool_call_completed",
        "context_usage_updated",
        "subagent_report",
        "goal_progress",
        "client_input_requested",
        "client_input_received",
    ] {
        assert!(kinds.iter().any(|seen| seen == kind), "{kind}: {kinds:?}");
    }
}

#[tokio::test]
async fn an_item_that_cannot_be_published_names_its_field() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    for (item, field) in [
        (json!({"system": "hive"}), "type"),
        (
            json!({"system": "hive", "type": "x", "stream_id": 5}),
            "stream_id",
        ),
        (
            json!({"system": "hive", "type": "x", "sesion": "s"}),
            "sesion",
        ),
    ] {
        let error = namespace.publish(item.clone()).unwrap_err().to_string();
        assert!(error.contains(field), "{item}: {error}");
    }
}
