//! The control API and its namespaces.

use serde_json::{Value, json};
use tidewire_server::TestServer;

use crate::raw::{End, get, post, request};

async fn call(server: &TestServer, method: &str, path: &str, body: Value) -> (u16, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let mut response = request(server.address(), method, path, &[], &body).await;
    response.read_to_end().await;
    let value = serde_json::from_str(response.text()).expect("JSON");
    (response.status(), value)
}

#[tokio::test]
async fn namespaces_share_nothing_whether_path_or_host_names_them() {
    let server = TestServer::start().await.unwrap();
    let address = server.address();
    let mut by_path = get(address, "/ns/a/plain", &[]).await;
    let mut by_host = get(address, "/plain", &["host: a.localhost:8788"]).await;
    let mut other = get(address, "/plain", &["host: b.localhost"]).await;
    let mut default = get(address, "/plain", &["host: localhost"]).await;
    let published = post(
        address,
        "/ns/a/_tidewire/publish",
        r#"{"system": "plain", "data": "for a"}"#,
    )
    .await;
    assert_eq!(
        published.text(),
        r#"{"published":1,"receivers":[2],"ids":[null]}"#
    );
    assert_eq!(by_path.read_until("\n\n").await, "data: for a\n\n");
    assert_eq!(by_host.read_until("\n\n").await, "data: for a\n\n");
    assert!(other.is_silent().await);
    assert!(default.is_silent().await);
    let paths = |name: &str| -> Vec<String> {
        let records = server.namespace(name).requests().unwrap();
        records.into_iter().map(|record| record.path).collect()
    };
    assert_eq!(paths("a"), ["/plain", "/plain"]);
    assert_eq!(paths("b"), ["/plain"]);
    assert_eq!(paths("default"), ["/plain"]);
}

#[tokio::test]
async fn a_name_that_is_none_is_refused() {
    let server = TestServer::start().await.unwrap();
    let (status, answer) = call(&server, "GET", "/ns/a%20b/plain", Value::Null).await;
    assert_eq!(status, 400);
    assert!(
        answer["error"].as_str().unwrap().contains("a%20b"),
        "{answer}"
    );
}

#[tokio::test]
async fn the_log_tells_what_was_asked_and_what_became_of_it() {
    let server = TestServer::start().await.unwrap();
    let headers = ["X-Twice: 1", "X-Twice: 2"];
    request(server.address(), "PUT", "/nothing?a=%20b", &headers, "body").await;
    request(server.address(), "GET", "/other", &[], "").await;
    let (_, log) = call(
        &server,
        "GET",
        "/_tidewire/requests?path=/nothing",
        Value::Null,
    )
    .await;
    let [record] = log["requests"].as_array().unwrap().as_slice() else {
        panic!("one request: {log}");
    };
    assert_eq!(record["seq"], 1);
    assert_eq!(record["method"], "PUT");
    assert_eq!(record["query"], "a=%20b");
    assert_eq!(record["headers"]["x-twice"], "1, 2");
    assert_eq!(record["body"], "body");
    assert_eq!(record["status"], 404);
    assert_eq!(record["state"], "finished");
    assert_eq!(record["bytes_sent"], 22);
    let (_, log) = call(&server, "GET", "/_tidewire/requests", Value::Null).await;
    assert_eq!(log["requests"].as_array().map(Vec::len), Some(2));
    call(&server, "DELETE", "/_tidewire/requests", Value::Null).await;
    let (_, log) = call(&server, "GET", "/_tidewire/requests", Value::Null).await;
    assert_eq!(log["requests"], json!([]));
}

#[tokio::test]
async fn connections_are_listed_stalled_and_cut_over_http() {
    let server = TestServer::start().await.unwrap();
    let mut stream = get(server.address(), "/plain", &[]).await;
    let (_, open) = call(&server, "GET", "/_tidewire/connections", Value::Null).await;
    assert_eq!(open[0]["path"], "/plain");
    assert_eq!(open[0]["state"], "open");
    assert_eq!(open[0]["bytes_sent"], 0);
    let target = json!({"path": "/plain", "stall": true});
    let (_, stalled) = call(&server, "POST", "/_tidewire/connections/stall", target).await;
    assert_eq!(stalled, json!({"stalled": 1}));
    let target = json!({"id": open[0]["id"], "how": "rst"});
    let (_, cut) = call(&server, "POST", "/_tidewire/connections/cut", target).await;
    assert_eq!(cut, json!({"cut": 1}));
    assert_eq!(stream.read_to_end().await, End::Reset);
}

#[tokio::test]
async fn the_configuration_is_patched_in_part_and_returned_whole() {
    let server = TestServer::start().await.unwrap();
    let (_, before) = call(&server, "GET", "/_tidewire/config", Value::Null).await;
    assert_eq!(before["cors"], "permissive");
    assert_eq!(before["dashtam"]["cursor"], "query");
    assert_eq!(
        before["dashtam"]["rate_limit"],
        json!({"capacity": 10, "refill_per_min": 5.0})
    );
    assert_eq!(before["hive"]["keepalive_ms"], 15_000);
    assert_eq!(before["cortex"]["generation"], "v1");
    let patch = json!({"hive": {"keepalive_ms": 20}, "dashtam": {"cursor": "query+header"}});
    let (status, after) = call(&server, "PATCH", "/_tidewire/config", patch).await;
    assert_eq!(status, 200);
    let mut expected = before;
    expected["hive"]["keepalive_ms"] = 20.into();
    expected["dashtam"]["cursor"] = "query+header".into();
    assert_eq!(after, expected);
}

#[tokio::test]
async fn what_is_wrong_in_a_control_request_is_named() {
    let server = TestServer::start().await.unwrap();
    for (method, path, body, named) in [
        (
            "POST",
            "publish",
            json!({"system": "mail"}),
            "system: `mail` is none of dashtam",
        ),
        (
            "POST",
            "publish",
            json!({"data": "x"}),
            "system: is missing",
        ),
        (
            "POST",
            "publish",
            json!([{"system": "plain", "data": "x"}, {"system": "plain"}]),
            "[1].data: is missing",
        ),
        (
            "POST",
            "publish",
            json!({"system": "plain", "data": "x", "event": "a\nb"}),
            "event: holds a line break",
        ),
        (
            "POST",
            "publish",
            json!({"system": "dashtam", "event": 7}),
            "event: invalid type",
        ),
        (
            "POST",
            "publish",
            json!({"system": "dashtam", "event": "import.failed", "extra": 1}),
            "extra",
        ),
        (
            "POST",
            "publish",
            json!({"system": "dashtam", "event": "a\nb"}),
            "event: ",
        ),
        (
            "POST",
            "publish",
            json!({"system": "stock"}),
            "use /_tidewire/answer",
        ),
        (
            "POST",
            "answer",
            json!({"system": "hive", "events": []}),
            "use /_tidewire/publish",
        ),
        ("POST", "answer", json!({"system": "stock"}), "events"),
        (
            "POST",
            "script",
            json!({"path": "/a", "steps": [{"write": "a"}, {"wait": 1}]}),
            "steps[1]",
        ),
        (
            "POST",
            "script",
            json!({"path": "/a", "steps": [{"status": 42}]}),
            "status: 42",
        ),
        (
            "POST",
            "connections/cut",
            json!({"how": "softly"}),
            "how: unknown variant `softly`",
        ),
        (
            "PATCH",
            "config",
            json!({"dashtam": {"retry_ms": "soon"}}),
            "dashtam.retry_ms",
        ),
        ("PATCH", "config", json!({"dashtam": {"retry": 1}}), "retry"),
        (
            "POST",
            "token",
            json!({"system": "hive"}),
            "`hive` asks for no token",
        ),
        (
            "POST",
            "traffic",
            json!({"on": true, "rate": 0}),
            "rate: 0 is not in",
        ),
    ] {
        let (status, answer) = call(&server, method, &format!("/_tidewire/{path}"), body).await;
        assert_eq!(status, 400, "{path} {named}");
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(error.contains(named), "{path}: {error}");
    }
    for (method, path, expected) in [("GET", "nothing", 404), ("PUT", "publish", 405)] {
        let path = format!("/_tidewire/{path}");
        let (status, answer) = call(&server, method, &path, Value::Null).await;
        assert_eq!(status, expected);
        assert_eq!(answer["error"], "the control API has no such call");
    }
}

#[tokio::test]
async fn a_token_from_the_control_api_opens_the_stream_of_its_user() {
    let server = TestServer::start().await.unwrap();
    let user = "018f4e6a-0000-7000-8000-000000000009";
    let form = json!({"system": "dashtam", "user": user, "ttl_s": 60});
    let (_, answer) = call(&server, "POST", "/_tidewire/token", form).await;
    assert_eq!(answer["user"], user);
    let authorization = format!(
        "authorization: Bearer {}",
        answer["token"].as_str().unwrap()
    );
    let mut stream = get(server.address(), "/api/v1/events", &[&authorization]).await;
    let item = json!({"system": "dashtam", "event": "import.failed", "id": "x", "user": user});
    let (_, report) = call(&server, "POST", "/_tidewire/publish", item).await;
    assert_eq!(
        report,
        json!({"published": 1, "receivers": [1], "ids": ["x"]})
    );
    stream.read_until("data: {}\n\n").await;
}

#[tokio::test]
async fn a_reset_closes_the_streams_and_forgets_the_rest() {
    let server = TestServer::start().await.unwrap();
    let mut stream = get(server.address(), "/ns/a/plain", &[]).await;
    let mut neighbour = get(server.address(), "/ns/b/plain", &[]).await;
    server
        .namespace("a")
        .configure(|config| config.hive.queue = 3)
        .unwrap();
    call(
        &server,
        "POST",
        "/ns/a/_tidewire/traffic",
        json!({"on": true}),
    )
    .await;
    call(&server, "POST", "/ns/a/_tidewire/reset", Value::Null).await;
    stream.read_to_end().await;
    assert_eq!(stream.end, Some(End::Clean));
    assert!(neighbour.is_silent().await);
    let (_, traffic) = call(&server, "GET", "/ns/a/_tidewire/traffic", Value::Null).await;
    assert_eq!(traffic, json!({"on": false, "rate": null}));
    let namespace = server.namespace("a");
    assert_eq!(namespace.requests().unwrap(), []);
    assert_eq!(namespace.configure(|_| {}).unwrap(), Default::default());
}

#[tokio::test]
async fn live_traffic_waits_for_somebody_to_listen() {
    let server = TestServer::start().await.unwrap();
    let form = json!({"on": true, "rate": 1000});
    let (_, traffic) = call(&server, "POST", "/_tidewire/traffic", form).await;
    assert_eq!(traffic, json!({"on": true, "rate": 1000.0}));
    // Five beats' time, in which nobody listens: the count still begins at 1.
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let mut stream = get(server.address(), "/plain", &[]).await;
    let expected = "id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n";
    stream.read_bytes(expected.len()).await;
    assert_eq!(&stream.text()[..expected.len()], expected);
    call(&server, "POST", "/_tidewire/traffic", json!({"on": false})).await;
}

#[tokio::test]
async fn ten_thousand_items_are_published_at_once_and_arrive_in_order() {
    let server = TestServer::start().await.unwrap();
    let mut stream = get(server.address(), "/plain", &[]).await;
    let text = "x".repeat(400);
    let items: Vec<_> = (0..10_000)
        .map(|count| json!({"system": "plain", "id": count.to_string(), "data": text}))
        .collect();
    let (status, report) = call(&server, "POST", "/_tidewire/publish", items.into()).await;
    assert_eq!((status, &report["published"]), (200, &json!(10_000)));
    let last = format!("id: 9999\ndata: {text}\n\n");
    let ids: Vec<_> = stream
        .read_until(&last)
        .await
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .collect();
    assert!((0..10_000).map(|count| count.to_string()).eq(ids));
}
