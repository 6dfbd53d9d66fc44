//! Responses scripted to the byte.

use std::time::{Duration, Instant};

use serde_json::json;
use tidewire_server::{Ending, ExchangeState, Script, TestServer};

use crate::raw::{End, RawResponse, eventually, get, post, send};

#[tokio::test]
async fn a_script_sends_its_status_its_headers_and_its_bytes() {
    let server = TestServer::start().await.unwrap();
    let script = json!({"path": "/api/v1/events", "steps": [
        {"status": 503, "headers": {"retry-after": "7", "content-type": "text/plain"}},
        {"write": "da"},
        {"pause_ms": 1},
        {"write_base64": "/wA="},
        {"drip": {"text": "äx", "bytes": 1, "every_ms": 1}},
        {"end": "fin"},
    ]});
    let accepted = post(server.address(), "/_tidewire/script", &script.to_string()).await;
    assert_eq!(accepted.status(), 200);
    let mut scripted = get(server.address(), "/api/v1/events", &[]).await;
    assert_eq!(scripted.status_line, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(scripted.header("retry-after"), Some("7"));
    assert_eq!(scripted.header("content-type"), Some("text/plain"));
    assert_eq!(scripted.read_to_end().await, End::Closed);
    assert_eq!(scripted.body, b"da\xff\0\xc3\xa4x");
    let record = &server.default_namespace().requests().unwrap()[0];
    assert_eq!(
        (record.status, record.bytes_sent, record.state),
        (Some(503), 7, ExchangeState::Cut)
    );
    // It answered once.
    assert_eq!(
        get(server.address(), "/api/v1/events", &[]).await.status(),
        401
    );
}

#[tokio::test]
async fn a_script_without_status_or_end_is_an_event_stream_that_ends_cleanly() {
    let server = TestServer::start().await.unwrap();
    let script = Script::get("/any/*").write("data: x\r\n\r\n").times(0);
    server.default_namespace().script(script).unwrap();
    for path in ["/any/thing", "/any/"] {
        let mut scripted = get(server.address(), path, &[]).await;
        assert_eq!(scripted.status(), 200);
        assert_eq!(scripted.header("content-type"), Some("text/event-stream"));
        assert_eq!(scripted.read_to_end().await, End::Clean);
        assert_eq!(scripted.text(), "data: x\r\n\r\n");
    }
}

#[tokio::test]
async fn scripts_are_played_in_the_order_they_came() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    for text in ["1", "2"] {
        namespace.script(Script::get("/a").write(text)).unwrap();
    }
    for text in ["1", "2"] {
        let mut scripted = get(server.address(), "/a", &[]).await;
        scripted.read_to_end().await;
        assert_eq!(scripted.text(), text);
    }
    assert_eq!(get(server.address(), "/a", &[]).await.status(), 404);
}

#[tokio::test]
async fn a_refused_request_sees_the_socket_closed_and_no_byte() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    namespace.script(Script::post("/a").refuse()).unwrap();
    namespace
        .script(Script::post("/a").end(Ending::Rst))
        .unwrap();
    for end in [End::Closed, End::Reset] {
        let stream = send(server.address(), "POST", "/a", &[], "{}").await;
        assert_eq!(RawResponse::read_head(stream).await.unwrap_err(), end);
    }
    let records = namespace.requests().unwrap();
    assert_eq!(records.len(), 2);
    for record in records {
        assert_eq!((record.status, record.state), (None, ExchangeState::Cut));
        assert_eq!(record.body, "{}");
    }
}

#[tokio::test]
async fn a_stalled_script_lasts_until_the_client_leaves() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    namespace
        .script(Script::post("/a").write(": x\n").stall())
        .unwrap();
    let mut stalled = post(server.address(), "/a", "{}").await;
    assert_eq!(stalled.read_bytes(4).await, b": x\n");
    assert!(stalled.is_silent().await);
    drop(stalled);
    eventually(|| {
        let state = namespace.requests().unwrap()[0].state;
        (state == ExchangeState::ClientGone).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_pause_before_the_status_holds_the_head_back() {
    let server = TestServer::start().await.unwrap();
    let script = Script::get("/a").pause_ms(60).status(204);
    server.default_namespace().script(script).unwrap();
    let began = Instant::now();
    let response = get(server.address(), "/a", &[]).await;
    assert_eq!(response.status(), 204);
    assert!(began.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_body_longer_than_any_queue_arrives_whole() {
    let server = TestServer::start().await.unwrap();
    let mut script = Script::get("/a");
    for _ in 0..24 {
        script = script.write("x".repeat(1 << 20));
    }
    server.default_namespace().script(script).unwrap();
    let mut long = get(server.address(), "/a", &[]).await;
    assert_eq!(long.read_to_end().await, End::Clean);
    assert_eq!(long.body.len(), 24 << 20);
}

#[tokio::test]
async fn cleared_scripts_answer_nothing() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    namespace.script(Script::get("/a").write("x")).unwrap();
    let cleared =
        crate::raw::request(server.address(), "DELETE", "/_tidewire/script", &[], "").await;
    assert_eq!(cleared.status(), 200);
    assert_eq!(get(server.address(), "/a", &[]).await.status(), 404);
}
