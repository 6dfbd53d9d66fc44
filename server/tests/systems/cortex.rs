use serde_json::{Value, json};
use tidewire_server::config::CortexGeneration;
use tidewire_server::{System, TestNamespace, TestServer};

use crate::bytes_client::{Response, eventually, get, post, request};

fn token(namespace: &TestNamespace<'_>) -> String {
    namespace.token(System::Cortex, "ada", 60).unwrap()
}

fn second_generation(namespace: &TestNamespace<'_>) {
    namespace
        .configure(|config| config.cortex.generation = CortexGeneration::V2)
        .unwrap();
}

async fn connect(namespace: &TestNamespace<'_>, path: &str) -> Response {
    let mut response = get(namespace, &format!("{path}?token={}", token(namespace))).await;
    assert_eq!(response.status, 200, "{path}");
    assert!(response.frame().await.starts_with("event: connect"));
    response
}

/// The status and the `detail` of a refusal, whose other members are checked.
async fn refusal(response: Response) -> (u16, String) {
    let status = response.status;
    let trace = response.header("x-trace-id").unwrap().to_owned();
    assert!(
        response
            .header("x-process-time")
            .unwrap()
            .parse::<f64>()
            .is_ok()
    );
    let text = response.text().await;
    let (detail, rest) = text
        .strip_prefix("{\"detail\":\"")
        .and_then(|rest| rest.split_once("\",\"code\":"))
        .unwrap();
    assert_eq!(
        rest,
        format!("\"HTTP_ERROR\",\"params\":{{}},\"trace_id\":\"{trace}\"}}")
    );
    (status, detail.to_owned())
}

#[tokio::test]
async fn events_are_framed_as_the_service_frames_them() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let path = format!("/v1/conversation/c-1?token={}", token(&namespace));
    let mut response = get(&namespace, &path).await;
    assert_eq!(response.status, 200);
    assert_eq!(
        response.header("content-type"),
        Some("text/event-stream; charset=utf-8")
    );
    assert_eq!(response.header("cache-control"), Some("no-cache"));
    assert_eq!(response.header("connection"), Some("keep-alive"));
    assert_eq!(response.header("x-accel-buffering"), None);
    assert!(response.header("x-trace-id").is_some() && response.header("x-process-time").is_some());
    assert_eq!(
        response.frame().await,
        "event: connect\ndata: {\"connected\": true}\n\n"
    );

    let report = namespace
        .publish(json!({
            "system": "cortex", "channel": "conversation", "resource": "c-1", "event": "message_received",
            "data": {"id": "7f0e", "content": "Grüße 😀", "role": "user", "created_at_utc": "2025-03-08T21:25:31.120934+00:00", "metadata": {}},
        }))
        .unwrap();
    assert_eq!(report.receivers, [1]);
    assert_eq!(
        response.frame().await,
        "event: message_received\n\
         data: {\"id\": \"7f0e\", \"content\": \"Gr\\u00fc\\u00dfe \\ud83d\\ude00\", \"role\": \"user\", \"created_at_utc\": \"2025-03-08T21:25:31.120934+00:00\", \"metadata\": {}}\n\n"
    );
}

#[tokio::test]
async fn a_channel_hears_only_what_is_its_own() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let mut conversation = connect(&namespace, "/v1/conversation/x").await;
    let mut workspace = connect(&namespace, "/v1/workspace/x").await;
    let mut user = connect(&namespace, "/v1/user/ada").await;
    let mut global = connect(&namespace, "/v1/global").await;
    let item = |channel: &str, resource: &str| json!({"system": "cortex", "channel": channel, "resource": resource, "event": channel});
    let report = namespace
        .publish(json!([
            item("conversation", "other"),
            item("conversation", "x"),
            item("workspace", "x"),
            item("user", "ada"),
            {"system": "cortex", "channel": "global", "event": "global"},
        ]))
        .unwrap();
    assert_eq!(report.receivers, [0, 1, 1, 1, 1]);
    assert_eq!(
        conversation.frame().await,
        "event: conversation\ndata: {}\n\n"
    );
    assert_eq!(workspace.frame().await, "event: workspace\ndata: {}\n\n");
    assert_eq!(user.frame().await, "event: user\ndata: {}\n\n");
    assert_eq!(global.frame().await, "event: global\ndata: {}\n\n");
}

#[tokio::test]
async fn the_checks_come_in_the_order_token_channel_worth_rights() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| config.cortex.forbidden = vec!["w-1".into()])
        .unwrap();
    let good = token(&namespace);
    let expired = namespace.token(System::Cortex, "ada", -60).unwrap();
    let no_user = namespace.token(System::Dashtam, "ada", 60).unwrap();
    for (path, status, detail) in [
        (
            "/v1/nonsense/x".to_owned(),
            422,
            "Missing required parameter: token",
        ),
        (
            "/v1/global".to_owned(),
            422,
            "Missing required parameter: token",
        ),
        (
            "/v1/nonsense/x?token=bad".to_owned(),
            400,
            "Invalid channel type: nonsense. Must be one of: user, workspace, conversation",
        ),
        (
            format!("/v1/global/global?token={good}"),
            400,
            "Invalid channel type: global. Must be one of: user, workspace, conversation",
        ),
        (
            "/v1/workspace/w-1?token=bad".to_owned(),
            401,
            "Invalid authentication token",
        ),
        (
            format!("/v1/global?token={expired}"),
            401,
            "Invalid authentication token",
        ),
        (
            format!("/v1/workspace/w-1?token={no_user}"),
            401,
            "Invalid token format: missing user_id",
        ),
        (
            format!("/v1/workspace/w-1?token={good}"),
            403,
            "Not authorized to access workspace events for w-1",
        ),
        (
            format!("/v1/user/grace?token={good}"),
            403,
            "Not authorized to access user events for grace",
        ),
    ] {
        let answer = refusal(get(&namespace, &path).await).await;
        assert_eq!(answer, (status, detail.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn any_method_but_get_is_refused_and_traced() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let token = token(&namespace);
    for path in ["/v1/global", "/v1/conversation/c-1", "/v1/stats"] {
        for method in ["HEAD", "POST"] {
            let path = format!("{path}?token={token}");
            let refusal = request(&namespace, method, &path, &[], "").await;
            assert_eq!(refusal.status, 405, "{method} {path}");
            assert_eq!(refusal.header("allow"), Some("GET"), "{method} {path}");
            assert!(refusal.header("x-trace-id").is_some(), "{method} {path}");
            if method != "HEAD" {
                assert_eq!(refusal.text().await, r#"{"detail":"Method Not Allowed"}"#);
            }
        }
    }
}

#[tokio::test]
async fn a_login_that_lacks_a_member_says_which() {
    let server = TestServer::start().await.unwrap();
    let body = r#"{"type": "password", "identifier": "ada"}"#;
    let response = post(&server.namespace("a"), "/auth/login", body).await;
    assert_eq!(response.status, 422);
    let problem: Value = serde_json::from_str(&response.text().await).unwrap();
    assert_eq!(problem["detail"], "Request validation failed");
    assert_eq!(problem["code"], "VALIDATION_FAILED");
    assert_eq!(
        problem["params"],
        json!({"errors": [{"field": "body.secret", "message": "Field required", "type": "missing"}]})
    );
}

#[tokio::test]
async fn the_second_generation_checks_the_parameter_first_and_knows_the_long_global_path() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    second_generation(&namespace);
    let response = get(&namespace, "/v1/nonsense/x").await;
    assert_eq!(response.status, 422);
    let body: Value = serde_json::from_str(&response.text().await).unwrap();
    assert_eq!(body["code"], "VALIDATION_FAILED");
    assert_eq!(
        body["params"]["errors"],
        json!([{"field": "query.token", "message": "Field required", "type": "missing"}])
    );
    connect(&namespace, "/v1/global/global").await;
}

#[tokio::test]
async fn the_second_generation_ends_lines_with_crlf_and_sends_everything_again() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    second_generation(&namespace);
    let path = format!("/v1/conversation/c-1?token={}", token(&namespace));
    let mut response = get(&namespace, &path).await;
    assert_eq!(response.header("x-accel-buffering"), Some("no"));
    assert_eq!(
        response.frame().await,
        "event: connect\r\ndata: {\"connected\": true}\r\n\r\n"
    );
    namespace
        .publish(json!({"system": "cortex", "channel": "conversation", "resource": "c-1", "event": "message_received", "data": {"id": "m"}}))
        .unwrap();
    let short =
        "event: message_received\r\ndata: {\"id\": \"m\", \"conversation_id\": \"c-1\"}\r\n\r\n";
    let dotted = "event: conversation.message_received\r\ndata: {\"id\": \"m\", \"conversation_id\": \"c-1\"}\r\n\r\n";
    assert_eq!(response.frames(4).await, [short, short, dotted, dotted]);
}

#[tokio::test]
async fn a_heartbeat_is_an_event_and_the_second_generation_pings_as_well() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| {
            config.cortex.heartbeat_ms = 10;
            config.cortex.ping_ms = 10;
        })
        .unwrap();
    let mut first = connect(&namespace, "/v1/conversation/c-1").await;
    for frame in first.frames(3).await {
        let time = frame
            .strip_prefix("event: heartbeat\ndata: {\"timestamp_utc\": \"")
            .and_then(|rest| rest.strip_suffix("+00:00\"}\n\n"))
            .unwrap();
        assert_eq!(time.as_bytes()[10], b'T', "{time}");
    }
    second_generation(&namespace);
    let mut second = connect(&namespace, "/v1/conversation/c-1").await;
    let mut seen = (false, false);
    while seen != (true, true) {
        let frame = second.frame().await;
        assert!(frame.ends_with("\r\n\r\n"), "{frame}");
        if frame.starts_with(": ping - 20") {
            assert!(!frame.contains('T') && frame.contains("+00:00"), "{frame}");
            seen.0 = true;
        } else {
            assert!(frame.starts_with("event: heartbeat\r\n"), "{frame}");
            seen.1 = true;
        }
    }
}

#[tokio::test]
async fn statistics_count_connections_and_ask_for_no_token() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let conversation = connect(&namespace, "/v1/conversation/c-1").await;
    let _second = connect(&namespace, "/v1/conversation/c-1").await;
    let _user = connect(&namespace, "/v1/user/ada").await;
    let _global = connect(&namespace, "/v1/global").await;
    assert_eq!(
        get(&namespace, "/v1/stats").await.text().await,
        r#"{"global":1,"channels":{"user":{"ada":1},"workspace":{},"conversation":{"c-1":2}},"total":4}"#
    );
    drop(conversation);
    eventually(async || {
        let stats = get(&namespace, "/v1/stats").await.text().await;
        stats.ends_with("\"total\":3}").then_some(())
    })
    .await;
    second_generation(&namespace);
    let stats = get(&namespace, "/v1/stats").await.text().await;
    let stats: Value = serde_json::from_str(&stats).unwrap();
    // The rewrite counts each connection twice.
    assert_eq!(stats["total_connections"], 6);
    assert_eq!(
        stats["connections_by_channel"],
        json!({"global": 2, "conversation:c-1": 2, "user:ada": 2, "user": 2, "workspace": 0, "conversation": 2})
    );
    assert_eq!(stats["connections_by_user"], json!({"ada": 6}));
}

#[tokio::test]
async fn a_login_gives_a_token_that_opens_the_users_channel() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let body = r#"{"type": "password", "identifier": "grace", "secret": "s"}"#;
    let answer = post(&namespace, "/auth/login", body).await.text().await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["success"], true);
    assert_eq!(answer["user_id"], "grace");
    assert_eq!(answer["error"], Value::Null);
    assert!(
        answer["expires_at_utc"]
            .as_str()
            .unwrap()
            .ends_with("+00:00")
    );
    let token = answer["token"].as_str().unwrap();
    let stream = get(&namespace, &format!("/v1/user/grace?token={token}")).await;
    assert_eq!(stream.status, 200);

    let body = r#"{"type": "password", "identifier": "grace", "secret": ""}"#;
    assert_eq!(
        post(&namespace, "/auth/login", body).await.text().await,
        r#"{"success":false,"user_id":null,"token":null,"expires_at_utc":null,"error":"Invalid credentials"}"#
    );
}

#[tokio::test]
async fn a_posted_message_is_heard_echoed_and_found_again() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let mut stream = connect(&namespace, "/v1/conversation/c-1").await;
    let bearer = format!("Bearer {}", token(&namespace));
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    let body = r#"{"content": "Hello", "metadata": {"priority": 6}}"#;
    let path = "/conversations/c-1/messages";
    let response = request(&namespace, "POST", path, &headers, body).await;
    assert_eq!(response.status, 201);
    let frames = stream.frames(3).await;
    assert!(
        frames[0].starts_with("event: message_received\ndata: {\"id\": "),
        "{frames:?}"
    );
    assert!(
        frames[0].contains("\"content\": \"Hello\", \"role\": \"user\""),
        "{frames:?}"
    );
    assert!(
        frames[1].starts_with("event: status_update\n"),
        "{frames:?}"
    );
    assert!(
        frames[2].contains("\"content\": \"ECHO: Hello\", \"role\": \"assistant\""),
        "{frames:?}"
    );

    let page = request(&namespace, "GET", path, &headers, "")
        .await
        .text()
        .await;
    let page: Value = serde_json::from_str(&page).unwrap();
    assert_eq!(page["total"], 2);
    assert_eq!(page["messages"][1]["content"], "ECHO: Hello");
    let answer = refusal(get(&namespace, path).await).await;
    assert_eq!(answer, (401, "Not authenticated".to_owned()));

    let path = "/conversations/c-1/messages/stream";
    let text = request(&namespace, "POST", path, &headers, body)
        .await
        .text()
        .await;
    assert_eq!(text.matches("data: ").count(), 4);
    assert!(
        text.ends_with("\"finish_reason\": \"listen_for_sse\"}]}\n\n"),
        "{text}"
    );
}

#[tokio::test]
async fn an_item_that_cannot_be_published_names_its_field() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    for (item, field) in [
        (
            json!({"system": "cortex", "channel": "room", "event": "x"}),
            "channel",
        ),
        (
            json!({"system": "cortex", "channel": "user", "event": "x"}),
            "resource",
        ),
        (
            json!({"system": "cortex", "channel": "global", "event": "x\ndata: y"}),
            "event",
        ),
        (
            json!({"system": "cortex", "channel": "global", "event": 5}),
            "event",
        ),
    ] {
        let error = namespace.publish(item.clone()).unwrap_err().to_string();
        assert!(error.contains(field), "{item}: {error}");
    }
}

#[tokio::test]
async fn traffic_holds_a_conversation_while_somebody_listens() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace.traffic(Some(200.0)).unwrap();
    let mut conversation = connect(&namespace, "/v1/conversation/c-1").await;
    let mut workspace = connect(&namespace, "/v1/workspace/w-1").await;
    let frames = conversation.frames(14).await.concat();
    for name in [
        "message_received",
        "typing_indicator",
        "status_update",
        "conversation_update",
    ] {
        assert!(
            frames.contains(&format!("event: {name}\n")),
            "{name}: {frames}"
        );
    }
    assert!(frames.contains("\"role\": \"assistant\""), "{frames}");
    let frames = workspace.frames(6).await.concat();
    for name in ["workspace_update", "conversation_"] {
        assert!(
            frames.contains(&format!("event: {name}")),
            "{name}: {frames}"
        );
    }
}
