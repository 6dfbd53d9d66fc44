use std::time::Duration;

use serde_json::{Value, json};
use tidewire_server::config::StockVocabulary;
use tidewire_server::{Answer, ExchangeState, System, TestNamespace, TestServer};

use crate::bytes_client::{End, eventually, get, post, request};

fn script(namespace: &TestNamespace<'_>, events: Value, delay: Duration) {
    let events = events.as_array().unwrap().clone();
    namespace
        .answer(System::Stock, Answer { events, delay })
        .unwrap();
}

#[tokio::test]
async fn an_answer_is_framed_as_the_service_frames_it() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    script(
        &namespace,
        json!([
            {"type": "status", "status": "analyzing"},
            {"type": "status", "status": "retrieving", "steps": [{"task_id": "t1", "tool": "query_stock_price"}]},
            {"type": "chunk", "content": "收盘价"},
            {"type": "result", "content": "收盘价上涨", "sources": ["stock_daily_price"], "disclaimer": "仅供研究参考"},
            "[DONE]",
        ]),
        Duration::ZERO,
    );
    let response = post(&namespace, "/api/chat", r#"{"message": "茅台"}"#).await;
    assert_eq!(response.status, 200);
    for (name, value) in [
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("connection", "keep-alive"),
        ("x-accel-buffering", "no"),
        ("transfer-encoding", "chunked"),
    ] {
        assert_eq!(response.header(name), Some(value), "{name}");
    }
    assert_eq!(
        response.text().await,
        "data: {\"type\": \"status\", \"status\": \"analyzing\"}\n\n\
         data: {\"type\": \"status\", \"status\": \"retrieving\", \"steps\": [{\"task_id\": \"t1\", \"tool\": \"query_stock_price\"}]}\n\n\
         data: {\"type\": \"chunk\", \"content\": \"收盘价\"}\n\n\
         data: {\"type\": \"result\", \"content\": \"收盘价上涨\", \"sources\": [\"stock_daily_price\"], \"disclaimer\": \"仅供研究参考\"}\n\n\
         data: [DONE]\n\n"
    );
}

#[tokio::test]
async fn an_error_is_in_band_and_escaped_unless_switched_off() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let events = json!([{"type": "error", "message": "查询失败"}, "[DONE]"]);
    script(&namespace, events.clone(), Duration::ZERO);
    script(&namespace, events, Duration::ZERO);
    let body = r#"{"message": "x", "session_id": null}"#;
    assert_eq!(
        post(&namespace, "/api/chat", body).await.text().await,
        "data: {\"type\": \"error\", \"message\": \"\\u67e5\\u8be2\\u5931\\u8d25\"}\n\n\
         data: [DONE]\n\n"
    );
    namespace
        .configure(|config| config.stock.ascii_errors = false)
        .unwrap();
    assert_eq!(
        post(&namespace, "/api/chat", body).await.text().await,
        "data: {\"type\": \"error\", \"message\": \"查询失败\"}\n\ndata: [DONE]\n\n"
    );
}

#[tokio::test]
async fn what_is_queued_when_the_agent_ends_is_lost_with_a_lossy_tail() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| config.stock.lossy_tail = true)
        .unwrap();
    script(
        &namespace,
        json!([
            {"type": "chunk", "content": "a"},
            {"type": "chunk", "content": "b"},
            {"type": "result", "content": "ab", "sources": [], "disclaimer": ""},
            "[DONE]",
        ]),
        Duration::ZERO,
    );
    assert_eq!(
        post(&namespace, "/api/chat", r#"{"message": "x"}"#)
            .await
            .text()
            .await,
        "data: {\"type\": \"chunk\", \"content\": \"a\"}\n\n\
         data: {\"type\": \"result\", \"content\": \"ab\", \"sources\": [], \"disclaimer\": \"\"}\n\n\
         data: [DONE]\n\n"
    );
}

#[tokio::test]
async fn a_silent_agent_is_bridged_by_heartbeats() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| config.stock.heartbeat_ms = 10)
        .unwrap();
    script(
        &namespace,
        json!([{"type": "status", "status": "analyzing"}, "[DONE]"]),
        Duration::from_secs(1),
    );
    let mut response = post(&namespace, "/api/chat", r#"{"message": "x"}"#).await;
    assert_eq!(
        response.frames(2).await,
        [": heartbeat\n\n", ": heartbeat\n\n"]
    );
    let (rest, end) = response.rest().await;
    assert!(
        rest.contains("analyzing") && rest.ends_with("data: [DONE]\n\n"),
        "{rest}"
    );
    assert_eq!(end, End::Clean);
}

#[tokio::test]
async fn the_agent_runs_on_when_the_client_has_left_and_that_is_seen() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    script(
        &namespace,
        json!([
            {"type": "chunk", "content": "one "},
            {"type": "chunk", "content": "two "},
            {"type": "chunk", "content": "three"},
            {"type": "result", "content": "one two three", "sources": [], "disclaimer": ""},
            "[DONE]",
        ]),
        Duration::from_millis(300),
    );
    let mut response = post(
        &namespace,
        "/api/chat",
        r#"{"message": "count", "session_id": "s-1"}"#,
    )
    .await;
    response.frame().await;
    drop(response);
    eventually(async || {
        let requests = namespace.requests().unwrap();
        (requests[0].state == ExchangeState::ClientGone).then_some(())
    })
    .await;
    let session = eventually(async || {
        let text = get(&namespace, "/api/sessions/s-1").await.text().await;
        let session: Value = serde_json::from_str(&text).unwrap();
        (session["messages"]
            .as_array()
            .is_some_and(|messages| messages.len() == 2))
        .then_some(session)
    })
    .await;
    assert_eq!(session["session"]["id"], "s-1");
    assert_eq!(session["messages"][0]["content"], "count");
    assert_eq!(session["messages"][1]["content"], "one two three");
}

#[tokio::test]
async fn without_a_script_the_analyst_answers_the_question() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| config.stock.pace_ms = 0)
        .unwrap();
    let text = post(&namespace, "/api/chat", r#"{"message": "贵州茅台"}"#)
        .await
        .text()
        .await;
    let statuses: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: {\"type\": \"status\", \"status\": \""))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(
        statuses,
        [
            "analyzing",
            "planning",
            "retrieving",
            "retrieving",
            "synthesizing"
        ]
    );
    assert!(text.contains("关于“贵州茅台”"), "{text}");
    assert!(text.ends_with("data: [DONE]\n\n"));

    namespace
        .configure(|config| config.stock.vocabulary = StockVocabulary::Rival)
        .unwrap();
    let text = post(&namespace, "/api/chat", r#"{"message": "AAPL"}"#)
        .await
        .text()
        .await;
    assert!(
        text.contains("data: {\"type\": \"token\", \"content\": "),
        "{text}"
    );
    assert!(
        text.contains("data: {\"type\": \"step\", \"step_name\": "),
        "{text}"
    );
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_refused_before_any_stream() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    for (body, detail) in [
        (
            "",
            r#"{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}"#,
        ),
        (
            "{}",
            r#"{"detail":[{"type":"missing","loc":["body","message"],"msg":"Field required","input":{}}]}"#,
        ),
        (
            r#"{"message": 1, "session_id": 2}"#,
            r#"{"detail":[{"type":"string_type","loc":["body","message"],"msg":"Input should be a valid string","input":1},{"type":"string_type","loc":["body","session_id"],"msg":"Input should be a valid string","input":2}]}"#,
        ),
    ] {
        let response = post(&namespace, "/api/chat", body).await;
        assert_eq!(response.status, 422, "{body}");
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(response.text().await, detail);
    }
}

#[tokio::test]
async fn a_get_as_native_event_source_sends_it_is_not_allowed() {
    let server = TestServer::start().await.unwrap();
    let response = get(&server.namespace("a"), "/api/chat").await;
    assert_eq!(response.status, 405);
    assert_eq!(response.header("allow"), Some("POST"));
    assert_eq!(response.text().await, r#"{"detail":"Method Not Allowed"}"#);
}

#[tokio::test]
async fn sessions_are_listed_read_and_archived() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    assert_eq!(get(&namespace, "/api/sessions/").await.text().await, "[]");
    script(
        &namespace,
        json!([{"type": "chunk", "content": "b"}, "[DONE]"]),
        Duration::ZERO,
    );
    let body = r#"{"message": "a", "session_id": "s-2"}"#;
    post(&namespace, "/api/chat", body).await.text().await;
    let listed = get(&namespace, "/api/sessions/").await.text().await;
    assert!(
        listed.starts_with(r#"[{"id":"s-2","user_id":"default","title":"a","#),
        "{listed}"
    );
    let gone = request(&namespace, "DELETE", "/api/sessions/s-2", &[], "").await;
    assert_eq!(gone.status, 204);
    let missing = get(&namespace, "/api/sessions/s-2").await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.text().await, r#"{"detail":"Session not found"}"#);
    assert_eq!(
        get(&namespace, "/api/health").await.text().await,
        r#"{"status":"ok"}"#
    );
}

#[tokio::test]
async fn a_script_that_no_service_would_say_is_named() {
    let server = TestServer::start().await.unwrap();
    let events = vec![json!("[DONE]"), json!(3)];
    let answer = Answer {
        events,
        delay: Duration::ZERO,
    };
    let error = server
        .namespace("a")
        .answer(System::Stock, answer)
        .unwrap_err();
    assert!(error.to_string().contains("events[1]"), "{error}");
}
