//! Streams that are cut, stalled, left and never read.

use std::time::{Duration, Instant};

use serde_json::json;
use tidewire_server::{Ending, ExchangeState, Target, TestServer};
use tokio::io::AsyncWriteExt;

use crate::raw::{End, eventually, get, send};

#[tokio::test]
async fn a_stream_is_cut_at_the_byte_that_was_named() {
    for (ending, end) in [
        (Ending::Clean, End::Clean),
        (Ending::Fin, End::Closed),
        (Ending::Rst, End::Reset),
    ] {
        let server = TestServer::start().await.unwrap();
        let namespace = server.default_namespace();
        let mut stream = get(server.address(), "/plain", &[]).await;
        let cut = namespace
            .cut(&Target::path("/plain"), ending, Some(9))
            .unwrap();
        assert_eq!(cut, 1);
        namespace
            .publish(json!([
                {"system": "plain", "data": "a"},
                {"system": "plain", "data": "bcdef"},
            ]))
            .unwrap();
        assert_eq!(stream.read_to_end().await, end);
        assert_eq!(stream.text(), "data: a\n\n", "{ending:?}");
        let record = &namespace.requests().unwrap()[0];
        assert_eq!(record.bytes_sent, 9);
        let state = match ending {
            Ending::Clean => ExchangeState::Finished,
            Ending::Fin | Ending::Rst => ExchangeState::Cut,
        };
        assert_eq!(record.state, state);
    }
}

#[tokio::test]
async fn a_cut_may_fall_into_the_middle_of_a_frame() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    let mut stream = get(server.address(), "/plain", &[]).await;
    namespace
        .cut(&Target::all(), Ending::Rst, Some(12))
        .unwrap();
    namespace
        .publish(json!([{"system": "plain", "data": "a"}, {"system": "plain", "data": "b"}]))
        .unwrap();
    assert_eq!(stream.read_to_end().await, End::Reset);
    assert_eq!(stream.text(), "data: a\n\ndat");
}

#[tokio::test]
async fn an_idle_stream_is_cut_at_once() {
    for (ending, end) in [
        (Ending::Clean, End::Clean),
        (Ending::Fin, End::Closed),
        (Ending::Rst, End::Reset),
    ] {
        let server = TestServer::start().await.unwrap();
        let namespace = server.default_namespace();
        let mut idle = get(server.address(), "/plain", &[]).await;
        let mut other = get(server.address(), "/plain", &[]).await;
        let id = namespace.connections().unwrap()[0].id;
        assert_eq!(namespace.cut(&Target::id(id), ending, None).unwrap(), 1);
        assert_eq!(idle.read_to_end().await, end);
        assert!(other.is_silent().await);
        eventually(|| (namespace.connections().unwrap().len() == 1).then_some(())).await;
    }
}

#[tokio::test]
async fn a_stalled_stream_is_silent_until_it_is_released() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    let mut stream = get(server.address(), "/plain", &[]).await;
    assert_eq!(namespace.stall(&Target::all(), true).unwrap(), 1);
    assert_eq!(namespace.connections().unwrap()[0].state, "stalled");
    namespace
        .publish(json!({"system": "plain", "data": "a"}))
        .unwrap();
    assert!(stream.is_silent().await);
    namespace.stall(&Target::all(), false).unwrap();
    assert_eq!(stream.read_until("\n\n").await, "data: a\n\n");
}

#[tokio::test]
async fn a_client_that_leaves_an_idle_stream_is_noticed() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    let stream = get(server.address(), "/plain", &[]).await;
    assert_eq!(namespace.requests().unwrap()[0].state, ExchangeState::Open);
    drop(stream);
    eventually(|| {
        let state = namespace.requests().unwrap()[0].state;
        (state == ExchangeState::ClientGone).then_some(())
    })
    .await;
    assert_eq!(namespace.connections().unwrap(), []);
    let report = namespace
        .publish(json!({"system": "plain", "data": "a"}))
        .unwrap();
    assert_eq!(report.receivers, [0]);
}

#[tokio::test]
async fn a_client_that_leaves_before_its_body_was_sent_is_noticed() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    let mut stream = send(
        server.address(),
        "POST",
        "/api/chat",
        &["content-length: 100"],
        "",
    )
    .await;
    stream.write_all(b"{").await.unwrap();
    eventually(|| namespace.requests().unwrap().pop()).await;
    drop(stream);
    eventually(|| {
        let state = namespace.requests().unwrap()[0].state;
        (state == ExchangeState::ClientGone).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut_before_it_costs_much() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    let mut stream = get(server.address(), "/plain", &[]).await;
    let kilobytes_64 = "x".repeat(64 << 10);
    let item = json!({"system": "plain", "data": kilobytes_64});
    let mut published = 0;
    while namespace.publish(item.clone()).unwrap().receivers == [1] {
        published += kilobytes_64.len();
        // 16 MiB of our own and what the kernel holds on both sides.
        assert!(published < 64 << 20, "nothing was cut");
        tokio::task::yield_now().await;
    }
    let state = namespace.requests().unwrap()[0].state;
    assert_eq!(state, ExchangeState::Cut);
    assert_ne!(stream.read_to_end().await, End::Clean);
}

#[tokio::test]
async fn a_stop_ends_open_streams_in_time_even_if_nobody_reads_them() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.default_namespace();
    let mut idle = get(server.address(), "/plain", &[]).await;
    let mut stalled = get(server.address(), "/ns/a/plain", &[]).await;
    server.namespace("a").stall(&Target::all(), true).unwrap();
    let _unread = get(server.address(), "/plain", &[]).await;
    for _ in 0..128 {
        namespace
            .publish(json!({"system": "plain", "data": "x".repeat(64 << 10)}))
            .unwrap();
    }
    let reader =
        tokio::spawn(async move { (idle.read_to_end().await, stalled.read_to_end().await) });
    let began = Instant::now();
    server.shutdown().await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    reader.await.unwrap();
}

#[tokio::test]
async fn dropping_a_test_server_ends_its_streams() {
    let server = TestServer::start().await.unwrap();
    let mut stream = get(server.address(), "/plain", &[]).await;
    let address = server.address();
    drop(server);
    assert_eq!(stream.read_to_end().await, End::Clean);
    crate::raw::until(async || tokio::net::TcpStream::connect(address).await.err()).await;
}

#[tokio::test]
async fn one_connection_carries_one_request_after_another() {
    use crate::raw::RawResponse;

    let server = TestServer::start().await.unwrap();
    let stream = send(server.address(), "GET", "/nothing", &[], "").await;
    let mut first = RawResponse::read_head(stream).await.unwrap();
    assert_eq!(first.read_to_end().await, End::Clean);
    let namespace = server.default_namespace();
    assert_eq!(namespace.requests().unwrap()[0].status, Some(404));
    let mut stream = first.into_stream();
    stream
        .write_all(b"GET /plain HTTP/1.1\r\nhost: test\r\n\r\n")
        .await
        .unwrap();
    let mut second = RawResponse::read_head(stream).await.unwrap();
    namespace
        .publish(json!({"system": "plain", "data": "a"}))
        .unwrap();
    assert_eq!(second.read_until("\n\n").await, "data: a\n\n");
}
