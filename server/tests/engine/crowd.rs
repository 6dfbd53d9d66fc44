//! Two thousand streams at once, one of which is never read.

use std::{
    net::SocketAddr,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    binary::Running,
    raw::{End, RawResponse, get, post, request, send, until},
};

/// Streams in all.
const STREAMS: usize = 2_000;

/// Events that all of them get.
const EVENTS: usize = 400;

/// Bytes that are published for the one that does not read: more than may wait for it, here and in
/// the kernel.
const UNREAD: usize = 40 << 20;

/// The user whose stream is not read.
const SLOW: &str = "7d0f6b0e-5f0b-4f6e-9d4b-0c3c7f2a9e11";

/// Most memory that the server may have held at any moment: 16 MiB of queue for the one that does
/// not read, what hyper and the runtime need for each of the others, and a debug build.
const MEMORY: usize = 192 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_thousand_that_never_reads_costs_the_others_nothing() {
    allow_open_files(STREAMS + 500);
    let (mut server, address) = Running::start(&["--port", "0", "--quiet"]);
    let address: SocketAddr = address.parse().unwrap();
    let config =
        json!({"dashtam": {"rate_limit": null, "require_auth": false, "retention": false}});
    control(address, "PATCH", "/_tidewire/config", &config).await;

    let unread = open_as(address, SLOW).await;
    let mut streams = Vec::new();
    for _ in 1..STREAMS {
        let stream = get(address, "/api/v1/events", &[]).await;
        assert_eq!(stream.status(), 200);
        streams.push(stream);
    }
    let mut readers = JoinSet::new();
    for mut stream in streams {
        let expected = expected_body();
        readers.spawn(async move {
            stream.read_bytes(expected.len()).await;
            assert!(
                stream.text() == expected,
                "something is missing or out of order"
            );
            stream
        });
    }

    // What all get, and in between what only the one gets that does not read.
    let text = "x".repeat(64 << 10);
    let parts = 8;
    for part in 0..parts {
        let filler = json!({"system": "dashtam", "event": "import.failed", "user": SLOW, "data": {"error": text}});
        let items = vec![filler; UNREAD / text.len() / parts];
        control(address, "POST", "/_tidewire/publish", &Value::Array(items)).await;
        let events = (part * EVENTS / parts..(part + 1) * EVENTS / parts).map(event);
        let report = control(address, "POST", "/_tidewire/publish", &events.collect()).await;
        for receivers in report["receivers"].as_array().unwrap() {
            assert!(
                receivers.as_u64().unwrap() >= STREAMS as u64 - 1,
                "{receivers}"
            );
        }
    }
    let mut streams = Vec::new();
    while let Some(stream) = readers.join_next().await {
        streams.push(stream.unwrap());
    }
    assert_eq!(streams.len(), STREAMS - 1);
    until(async || {
        let log = control(address, "GET", "/_tidewire/requests", &Value::Null).await;
        (log["requests"][0]["state"] == "cut").then_some(())
    })
    .await;
    let held = peak_memory(server.id());
    assert!(held < MEMORY, "{} MiB", held >> 20);

    // All are open, and another one is not read.
    drop(unread);
    let _unread = open_as(address, SLOW).await;
    let items = vec![
        json!({"system": "dashtam", "event": "import.failed", "user": SLOW, "data": {"error": text}});
        64
    ];
    control(address, "POST", "/_tidewire/publish", &Value::Array(items)).await;
    let ends = tokio::spawn(async move {
        for stream in &mut streams {
            assert_eq!(stream.read_to_end().await, End::Clean);
        }
    });
    let (took, _) = tokio::task::spawn_blocking(move || server.signal("TERM"))
        .await
        .unwrap();
    assert!(took < Duration::from_secs(2), "{took:?}");
    ends.await.unwrap();
    println!(
        "{STREAMS} streams, {} MiB at the most, stopped in {took:?}",
        held >> 20
    );
}

async fn open_as(address: SocketAddr, user: &str) -> tokio::net::TcpStream {
    let form = json!({"system": "dashtam", "user": user});
    let answer = control(address, "POST", "/_tidewire/token", &form).await;
    let token = format!(
        "authorization: Bearer {}",
        answer["token"].as_str().unwrap()
    );
    let before = audience(address).await;
    let stream = send(address, "GET", "/api/v1/events", &[&token], "").await;
    until(async || (audience(address).await > before).then_some(())).await;
    stream
}

async fn audience(address: SocketAddr) -> usize {
    let open = control(address, "GET", "/_tidewire/connections", &Value::Null).await;
    open.as_array().unwrap().len()
}

async fn control(address: SocketAddr, method: &str, path: &str, body: &Value) -> Value {
    let mut answer: RawResponse = match (method, body) {
        ("POST", body) => post(address, path, &body.to_string()).await,
        (method, Value::Null) => request(address, method, path, &[], "").await,
        (method, body) => request(address, method, path, &[], &body.to_string()).await,
    };
    answer.read_to_end().await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    serde_json::from_str(answer.text()).unwrap()
}

fn id(number: usize) -> String {
    format!("019c0a51-7d3e-7b11-9f42-{number:012}")
}

fn event(number: usize) -> Value {
    json!({"system": "dashtam", "broadcast": true, "event": "import.progress", "id": id(number),
        "data": {"records_processed": number}})
}

fn expected_body() -> String {
    let mut body = "retry: 3000\n\n".to_owned();
    for number in 0..EVENTS {
        let id = id(number);
        body.push_str(&format!(
            "id: {id}\nevent: import.progress\ndata: {{\"records_processed\": {number}}}\n\n"
        ));
    }
    body
}

/// Raises the limit of this process, and so of the server that it starts: many systems allow 1,024.
fn allow_open_files(count: usize) {
    let process = std::process::id().to_string();
    let limit = format!("--nofile={count}:");
    // Where the limit is high enough, the program may be missing; else the connections fail.
    let _ = Command::new("prlimit")
        .args(["--pid", &process, &limit])
        .stderr(Stdio::null())
        .status();
}

/// The most memory that a process ever held, in bytes.
fn peak_memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("the peak of the resident set");
    let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
    kilobytes << 10
}
