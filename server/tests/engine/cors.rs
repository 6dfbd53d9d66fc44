//! What a browser on another origin is told.

use tidewire_server::{TestServer, config::Cors};

use crate::raw::{get, request};

const ORIGIN: &str = "origin: http://localhost:5173";

async fn server(cors: Cors) -> TestServer {
    let server = TestServer::start().await.unwrap();
    server
        .default_namespace()
        .configure(|config| config.cors = cors)
        .unwrap();
    server
}

async fn preflight(server: &TestServer, path: &str) -> crate::raw::RawResponse {
    let headers = [
        ORIGIN,
        "access-control-request-method: GET",
        "access-control-request-headers: authorization,last-event-id",
    ];
    request(server.address(), "OPTIONS", path, &headers, "").await
}

#[tokio::test]
async fn permissive_allows_all_headers_and_exposes_the_useful_ones() {
    let server = server(Cors::Permissive).await;
    let allowed = preflight(&server, "/api/v1/events").await;
    assert_eq!(allowed.status(), 204);
    assert_eq!(
        allowed.header("access-control-allow-headers"),
        Some("authorization,last-event-id")
    );
    assert_eq!(allowed.header("access-control-allow-methods"), Some("GET"));
    let refused = get(server.address(), "/api/v1/events", &[ORIGIN]).await;
    assert_eq!(
        refused.header("access-control-allow-origin"),
        Some("http://localhost:5173")
    );
    let exposed = refused.header("access-control-expose-headers").unwrap();
    for name in ["Retry-After", "Date", "X-RateLimit-Reset", "X-Trace-Id"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    let anybody = get(server.address(), "/plain", &[]).await;
    assert_eq!(anybody.header("access-control-allow-origin"), Some("*"));
    // A preflight is a request that somebody sent.
    let records = server.default_namespace().requests().unwrap();
    assert_eq!(records[0].method, "OPTIONS");
}

#[tokio::test]
async fn faithful_sends_what_each_system_sends() {
    let server = server(Cors::Faithful).await;
    let address = server.address();
    let dashtam = get(address, "/api/v1/events", &[ORIGIN]).await;
    assert_eq!(dashtam.header("access-control-allow-origin"), None);
    assert_eq!(preflight(&server, "/api/v1/events").await.status(), 405);
    let cortex = get(address, "/v1/global?token=x", &[ORIGIN]).await;
    assert_eq!(cortex.header("access-control-allow-origin"), Some("*"));
    assert_eq!(preflight(&server, "/stream/v1/chat").await.status(), 200);
    let hive = preflight(&server, "/api/sessions/session_demo/events").await;
    assert_eq!(hive.status(), 204);
    assert_eq!(
        hive.header("access-control-allow-headers"),
        Some("Content-Type")
    );
    let stream = get(address, "/api/sessions/session_demo/events", &[ORIGIN]).await;
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.header("access-control-allow-origin"), None);
    let unknown = get(address, "/api/sessions/nobody/events", &[ORIGIN]).await;
    assert_eq!(unknown.status(), 404);
    assert!(unknown.header("access-control-allow-origin").is_some());
}

#[tokio::test]
async fn none_sends_nothing_but_the_control_api_stays_open() {
    let server = server(Cors::None).await;
    let plain = get(server.address(), "/plain", &[ORIGIN]).await;
    assert_eq!(plain.header("access-control-allow-origin"), None);
    let control = get(server.address(), "/_tidewire/config", &[ORIGIN]).await;
    assert!(control.header("access-control-allow-origin").is_some());
    assert_eq!(preflight(&server, "/_tidewire/config").await.status(), 204);
}
