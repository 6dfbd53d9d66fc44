use std::time::Duration;

use serde_json::{Value, json};
use tidewire_server::config::StageFault;
use tidewire_server::{Answer, ExchangeState, System, TestNamespace, TestServer};

use crate::bytes_client::{eventually, post, request};

const PROMPT: &str = r#"{"stage_id": "6c1f", "system_prompt": "be brief", "user_prompt": "Hi", "model_container": "traditional"}"#;

fn script(namespace: &TestNamespace<'_>, events: Value, delay: Duration) {
    let events = events.as_array().unwrap().clone();
    namespace
        .answer(System::Stage, Answer { events, delay })
        .unwrap();
}

/// `PROMPT` with one member added or replaced.
fn prompt_with(name: &str, value: Value) -> String {
    let mut prompt: Value = serde_json::from_str(PROMPT).unwrap();
    prompt[name] = value;
    prompt.to_string()
}

#[tokio::test]
async fn a_completion_is_framed_as_the_service_frames_it() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    script(
        &namespace,
        json!([
            {"id": "6c1f-chunk-0", "event": "chat_completion_chunk", "data": {"stage_id": "6c1f", "chunk": {
                "id": "chatcmpl-11",
                "choices": [{
                    "delta": {"content": "Hi", "function_call": null, "refusal": null, "role": "assistant", "tool_calls": null},
                    "finish_reason": null, "index": 0, "logprobs": null,
                }],
                "created": 1755290000, "model": "llama3.1:8b", "object": "chat.completion.chunk",
                "service_tier": null, "system_fingerprint": "fp_ollama", "usage": null,
            }}},
            {"id": "0", "event": "tool_summary", "data": {"stage_id": "6c1f", "tool_summary": {"call_1": "[Tool Error] é"}}},
            {"id": "0", "event": "error", "retry": 0, "data": {"stage_id": "6c1f", "error": "down"}},
            {"id": "0", "event": "cancel", "retry": 250, "data": {"stage_id": "6c1f"}},
            {"id": "1", "event": "done", "data": {"stage_id": "6c1f"}},
        ]),
        Duration::ZERO,
    );
    let response = post(&namespace, "/stream/v1/chat", PROMPT).await;
    assert_eq!(response.status, 200);
    assert_eq!(
        response.header("content-type"),
        Some("text/event-stream; charset=utf-8")
    );
    assert_eq!(response.header("cache-control"), None);
    assert_eq!(response.header("x-accel-buffering"), None);
    assert_eq!(
        response.text().await,
        "id: 6c1f-chunk-0\n\
         event: chat_completion_chunk\n\
         data: {\"stage_id\":\"6c1f\",\"chunk\":{\"id\":\"chatcmpl-11\",\"choices\":[{\"delta\":{\"content\":\"Hi\",\"function_call\":null,\"refusal\":null,\"role\":\"assistant\",\"tool_calls\":null},\"finish_reason\":null,\"index\":0,\"logprobs\":null}],\"created\":1755290000,\"model\":\"llama3.1:8b\",\"object\":\"chat.completion.chunk\",\"service_tier\":null,\"system_fingerprint\":\"fp_ollama\",\"usage\":null}}\n\n\
         id: 0\nevent: tool_summary\ndata: {\"stage_id\":\"6c1f\",\"tool_summary\":{\"call_1\":\"[Tool Error] é\"}}\n\n\
         id: 0\nevent: error\ndata: {\"stage_id\":\"6c1f\",\"error\":\"down\"}\n\n\
         id: 0\nevent: cancel\nretry: 250\ndata: {\"stage_id\":\"6c1f\"}\n\n\
         id: 1\nevent: done\ndata: {\"stage_id\":\"6c1f\"}\n\n"
    );
}

#[tokio::test]
async fn a_line_separator_tears_the_payload_over_two_lines_unless_switched_off() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let events = json!([{"id": "0", "event": "error", "data": {"stage_id": "s", "error": "a\u{2028}b\u{2029}c\u{85}d"}}]);
    script(&namespace, events.clone(), Duration::ZERO);
    script(&namespace, events, Duration::ZERO);
    assert_eq!(
        post(&namespace, "/stream/v1/chat", PROMPT)
            .await
            .text()
            .await,
        "id: 0\nevent: error\ndata: {\"stage_id\":\"s\",\"error\":\"a\ndata: b\ndata: c\ndata: d\"}\n\n"
    );
    namespace
        .configure(|config| config.stage.split_separators = false)
        .unwrap();
    assert_eq!(
        post(&namespace, "/stream/v1/chat", PROMPT)
            .await
            .text()
            .await,
        "id: 0\nevent: error\ndata: {\"stage_id\":\"s\",\"error\":\"a\u{2028}b\u{2029}c\u{85}d\"}\n\n"
    );
}

#[tokio::test]
async fn without_a_script_a_model_answers_and_done_counts_its_chunks() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    namespace
        .configure(|config| config.stage.pace_ms = 0)
        .unwrap();
    let text = post(&namespace, "/stream/v1/chat", PROMPT)
        .await
        .text()
        .await;
    let chunks = text.matches("\nevent: chat_completion_chunk\n").count();
    assert!(chunks > 10, "{text}");
    let last = format!("id: {chunks}\nevent: done\ndata: {{\"stage_id\":\"6c1f\"}}\n\n");
    assert!(text.ends_with(&last), "{text}");
    assert!(text.starts_with("id: 6c1f-chunk-0\n"));

    let prompt = prompt_with("synthesis", true.into());
    let text = post(&namespace, "/stream/v1/toolchain", &prompt)
        .await
        .text()
        .await;
    assert!(text.contains(
        "id: 0\nevent: tool_summary\ndata: {\"stage_id\":\"6c1f\",\"tool_summary\":{\"call_"
    ));
    assert!(text.contains("id: 6c1f-chunk-integ-0\nevent: tool_completion_chunk\n"));
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_refused_in_pydantics_words() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    for (name, value, error) in [
        (
            "model_container",
            json!("gpt"),
            r#"{"type":"literal_error","loc":["body","model_container"],"msg":"Input should be 'traditional', 'traditional_alt', 'reasoning', 'reasoning_alt' or 'local_gpu'","input":"gpt","ctx":{"expected":"'traditional', 'traditional_alt', 'reasoning', 'reasoning_alt' or 'local_gpu'"}}"#,
        ),
        (
            "prompts",
            json!([]),
            r#"{"type":"too_short","loc":["body","prompts"],"msg":"List should have at least 2 items after validation, not 0","input":[],"ctx":{"field_type":"List","min_length":2,"actual_length":0}}"#,
        ),
        (
            "max_tokens",
            json!([1, 2.5]),
            r#"{"type":"int_from_float","loc":["body","max_tokens",1],"msg":"Input should be a valid integer, got a number with a fractional part","input":2.5}"#,
        ),
        (
            "temperature",
            json!("hot"),
            r#"{"type":"list_type","loc":["body","temperature"],"msg":"Input should be a valid list","input":"hot"}"#,
        ),
        (
            "stage_id",
            json!(null),
            r#"{"type":"string_type","loc":["body","stage_id"],"msg":"Input should be a valid string","input":null}"#,
        ),
    ] {
        let response = post(&namespace, "/stream/v1/chat", &prompt_with(name, value)).await;
        assert_eq!(response.status, 422, "{name}");
        assert_eq!(response.text().await, format!("{{\"detail\":[{error}]}}"));
    }
    let response = post(&namespace, "/stream/v1/toolchain", "{}").await;
    assert_eq!(response.status, 422);
    assert_eq!(
        response.text().await,
        r#"{"detail":[{"type":"missing","loc":["body","stage_id"],"msg":"Field required","input":{}},{"type":"missing","loc":["body","system_prompt"],"msg":"Field required","input":{}},{"type":"missing","loc":["body","user_prompt"],"msg":"Field required","input":{}},{"type":"missing","loc":["body","model_container"],"msg":"Field required","input":{}}]}"#
    );
}

#[tokio::test]
async fn what_is_no_part_of_the_model_is_ignored() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    script(&namespace, json!([]), Duration::ZERO);
    let response = post(
        &namespace,
        "/stream/v1/chat",
        &prompt_with("strategy", "fast".into()),
    )
    .await;
    assert_eq!(response.status, 200);
    assert_eq!(response.text().await, "");
}

#[tokio::test]
async fn a_model_out_of_service_is_refused_with_its_reason() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    for (model, fault, status, detail) in [
        (
            "traditional",
            StageFault::NotConfigured,
            400,
            "Model traditional is not configured. Check environment variables.",
        ),
        (
            "reasoning",
            StageFault::NoService,
            400,
            "No service configured for model: reasoning",
        ),
        (
            "local_gpu",
            StageFault::Unknown,
            400,
            "Unknown model: local_gpu. Available models: ['traditional', 'traditional_alt', 'reasoning', 'reasoning_alt']",
        ),
        (
            "reasoning_alt",
            StageFault::UnsupportedProtocol,
            501,
            "Unsupported protocol: mcp",
        ),
    ] {
        namespace
            .configure(|config| {
                config.stage.faults = [(model.to_owned(), fault)].into();
            })
            .unwrap();
        let prompt = prompt_with("model_container", model.into());
        let response = post(&namespace, "/stream/v1/chat", &prompt).await;
        assert_eq!(response.status, status);
        assert_eq!(
            response.text().await,
            format!("{{\"detail\":\"{detail}\"}}")
        );
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_while_nothing_is_written() {
    let server = TestServer::start().await.unwrap();
    let namespace = server.namespace("a");
    let done = json!({"id": "0", "event": "done", "data": {}});
    script(&namespace, json!([done]), Duration::from_secs(3600));
    let response = post(&namespace, "/stream/v1/chat", PROMPT).await;
    assert_eq!(response.status, 200);
    drop(response);
    eventually(async || {
        let requests = namespace.requests().unwrap();
        (requests[0].state == ExchangeState::ClientGone).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_get_is_not_allowed() {
    let server = TestServer::start().await.unwrap();
    let response = request(&server.namespace("a"), "GET", "/stream/v1/chat", &[], "").await;
    assert_eq!(response.status, 405);
    assert_eq!(response.text().await, r#"{"detail":"Method Not Allowed"}"#);
}

#[tokio::test]
async fn a_script_that_would_break_the_framing_is_named() {
    let server = TestServer::start().await.unwrap();
    let events = vec![json!({"event": "done\ndata: x", "data": {}})];
    let answer = Answer {
        events,
        delay: Duration::ZERO,
    };
    let error = server
        .namespace("a")
        .answer(System::Stage, answer)
        .unwrap_err();
    assert!(error.to_string().contains("events[0].event"), "{error}");
}
