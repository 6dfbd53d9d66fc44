//! What the built-in generators say is what the client's profiles know and can decode.

use serde_json::{Value, json};
use tidewire::profiles::{
    Profile, RawEvent, cortex::Cortex, hive::Hive, stage_chat::StageChat, stock_agent::StockAgent,
};
use tidewire_server::config::StockVocabulary;
use tidewire_server::{System, TestServer};

use crate::bytes_client::{get, post};

/// Asserts that a profile knows the type and that its payload fits.
fn decode<P: Profile>(name: &str, payload: &str) {
    assert!(
        P::spec().event(name).is_some(),
        "{name} is not in the table"
    );
    if let Err(error) = P::decode(&RawEvent::new(name, payload)) {
        panic!("{error}: {payload}");
    }
}

/// The `event` and `data` of a frame with one data line.
fn named(frame: &str) -> (&str, &str) {
    let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
    (field("event: ").unwrap(), field("data: ").unwrap())
}

#[tokio::test]
async fn hives_traffic_is_what_the_profile_decodes() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let mut stream = get(&namespace, "/api/sessions/session_demo/events").await;
    namespace.traffic(Some(1000.0)).unwrap();
    // Four runs, which have everything that not every run has.
    let mut runs = 0;
    while runs < 4 {
        let frame = stream.frame().await;
        let envelope: Value = serde_json::from_str(&frame["data: ".len()..]).unwrap();
        let name = envelope["type"].as_str().unwrap();
        decode::<Hive>(name, &envelope["data"].to_string());
        let meta: Result<<Hive as Profile>::Meta, _> = serde_json::from_value(envelope.clone());
        assert!(meta.is_ok(), "{envelope}");
        runs += usize::from(name == "execution_completed");
    }
}

#[tokio::test]
async fn cortexs_traffic_is_what_the_profile_decodes() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| config.cortex.heartbeat_ms = 50)
        .unwrap();
    namespace.traffic(Some(500.0)).unwrap();
    let token = namespace.token(System::Cortex, "ada", 60).unwrap();
    for path in [
        "/v1/conversation/c",
        "/v1/workspace/w",
        "/v1/user/ada",
        "/v1/global",
    ] {
        let mut stream = get(&namespace, &format!("{path}?token={token}")).await;
        for frame in stream.frames(20).await {
            let (name, data) = named(&frame);
            decode::<Cortex>(name, data);
        }
    }
}

#[tokio::test]
async fn the_analysts_answers_are_what_the_profile_decodes() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    for vocabulary in [StockVocabulary::Seed, StockVocabulary::Rival] {
        namespace
            .configure(|config| {
                config.stock.pace_ms = 0;
                config.stock.vocabulary = vocabulary;
            })
            .unwrap();
        let text = post(&namespace, "/api/chat", r#"{"message": "茅台"}"#)
            .await
            .text()
            .await;
        let answer = text.strip_suffix("data: [DONE]\n\n").unwrap();
        for line in answer
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
        {
            let event: Value = serde_json::from_str(line).unwrap();
            decode::<StockAgent>(event["type"].as_str().unwrap(), line);
        }
    }
}

#[tokio::test]
async fn the_models_answers_are_what_the_profile_decodes() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| config.stage.pace_ms = 0)
        .unwrap();
    let prompt = json!({
        "stage_id": "s", "system_prompt": "", "user_prompt": "Weather in Oslo?",
        "model_container": "reasoning", "synthesis": true,
    });
    for path in ["/stream/v1/chat", "/stream/v1/toolchain"] {
        let text = post(&namespace, path, &prompt.to_string())
            .await
            .text()
            .await;
        for frame in text.split_terminator("\n\n") {
            let (name, data) = named(frame);
            decode::<StageChat>(name, data);
        }
    }
}
