//! The traps of the documents, each met with the bytes that the services send.

use crate::wire::receive;
use tidewire::profiles::{Profile, Spec, cortex, dashtam, hive, plain, stage_chat, stock_agent};

/// The typed events in these bytes.
fn events<P: Profile>(bytes: &str) -> Vec<P::Event> {
    with_meta::<P>(bytes)
        .into_iter()
        .map(|(event, _)| event)
        .collect()
}

/// Whether these bytes end the stream.
fn end_the_stream<P: Profile>(bytes: &str) -> bool {
    receive(&P::spec(), bytes.as_bytes()).ended
}

fn with_meta<P: Profile>(bytes: &str) -> Vec<(P::Event, P::Meta)> {
    let spec: Spec = P::spec();
    let received = receive(&spec, bytes.as_bytes());
    received
        .arrivals
        .iter()
        .map(|arrival| {
            arrival
                .decode::<P>(&spec)
                .unwrap_or_else(|error| panic!("{error}"))
        })
        .collect()
}

#[test]
fn a_tool_summary_is_kept() {
    let events = events::<stage_chat::StageChat>(
        "id: 0\nevent: tool_summary\n\
         data: {\"stage_id\":\"s\",\"tool_summary\":{\"call_1\":\"14.5\"}}\n\n",
    );
    let [stage_chat::Event::ToolSummary(summary)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(summary.tool_summary["call_1"], "14.5");
}

#[test]
fn done_and_cancel_have_one_payload_and_two_types() {
    let end = stage_chat::StageEnd {
        stage_id: "s".to_owned(),
    };
    let done = "event: done\ndata: {\"stage_id\":\"s\"}\n\n";
    let cancel = "event: cancel\ndata: {\"stage_id\":\"s\"}\n\n";
    for (bytes, event) in [
        (done, stage_chat::Event::Done(end.clone())),
        (cancel, stage_chat::Event::Cancel(end)),
    ] {
        assert_eq!(events::<stage_chat::StageChat>(bytes), [event]);
        assert!(end_the_stream::<stage_chat::StageChat>(bytes));
    }
}

#[test]
fn a_string_that_was_split_at_pythons_line_ends_is_one_again() {
    let chunk = |content: &str| {
        format!(
            "id: s-chunk-0\nevent: chat_completion_chunk\ndata: {{\"stage_id\":\"s\",\"chunk\":\
             {{\"id\":\"c\",\"choices\":[{{\"delta\":{{\"content\":\"{content}\",\
             \"function_call\":null,\"refusal\":null,\"role\":null,\"tool_calls\":null}},\
             \"finish_reason\":null,\"index\":0,\"logprobs\":null}}],\"created\":1,\
             \"model\":\"m\",\"object\":\"chat.completion.chunk\",\"service_tier\":null,\
             \"system_fingerprint\":null,\"usage\":null}}}}\n\n"
        )
    };
    let content = |bytes: &str| {
        let events = events::<stage_chat::StageChat>(bytes);
        let [stage_chat::Event::ChatCompletionChunk(event)] = &events[..] else {
            panic!("{events:?}");
        };
        event.chunk.choices[0].delta.content.clone()
    };
    // The service drops the separator and begins a new data line.
    assert_eq!(
        content(&chunk("one\ndata: two")).as_deref(),
        Some("one\ntwo")
    );
    assert_eq!(
        content(&chunk("a\\\"\ndata: \ndata: b")).as_deref(),
        Some("a\"\n\nb")
    );
    // Where nothing was split, the character is kept.
    assert_eq!(
        content(&chunk("one\u{2028}two")).as_deref(),
        Some("one\u{2028}two")
    );
}

#[test]
fn a_chunk_without_choices_tells_the_usage() {
    let events = events::<stage_chat::StageChat>(
        "event: chat_completion_chunk\ndata: {\"stage_id\":\"s\",\"chunk\":{\"id\":\"c\",\
         \"choices\":[],\"created\":1,\"model\":\"m\",\"object\":\"chat.completion.chunk\",\
         \"usage\":{\"completion_tokens\":1,\"prompt_tokens\":2,\"total_tokens\":3}}}\n\n",
    );
    let [stage_chat::Event::ChatCompletionChunk(event)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(
        event.chunk.usage.as_ref().map(|usage| usage.total_tokens),
        Some(3)
    );
}

#[test]
fn done_is_no_json_and_no_event() {
    let bytes = "data: {\"type\": \"chunk\", \"content\": \"收盘价\"}\n\n: heartbeat\n\n\
         data: {\"type\": \"token\", \"content\": \"上涨\"}\n\ndata: [DONE]\n\n";
    let events = events::<stock_agent::StockAgent>(bytes);
    let chunk = |content: &str| {
        stock_agent::Event::Chunk(stock_agent::ChunkData {
            content: content.to_owned(),
        })
    };
    assert_eq!(events, [chunk("收盘价"), chunk("上涨")]);
    assert!(end_the_stream::<stock_agent::StockAgent>(bytes));
}

#[test]
fn an_unknown_status_stays_what_it_is() {
    let bytes = "data: {\"type\": \"status\", \"status\": \"recomputing\"}\n\n";
    let events = events::<stock_agent::StockAgent>(bytes);
    let [stock_agent::Event::Status(status)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(status.status, "recomputing");
    assert!(!end_the_stream::<stock_agent::StockAgent>(bytes));
}

#[test]
fn an_error_needs_no_code() {
    let events = events::<stock_agent::StockAgent>(
        "data: {\"type\": \"error\", \"message\": \"\\u5931\\u8d25\"}\n\n",
    );
    let error = stock_agent::ErrorData {
        message: "失败".to_owned(),
        code: None,
    };
    assert_eq!(events, [stock_agent::Event::Error(error)]);
}

#[test]
fn a_frame_without_a_type_is_unknown_and_keeps_its_text() {
    let events = events::<stock_agent::StockAgent>("data: {\"token\": \"a\"}\n\n");
    let [stock_agent::Event::Unknown(unknown)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!((&*unknown.name, &*unknown.data), ("", "{\"token\": \"a\"}"));
}

#[test]
fn a_type_below_another_type_is_the_payloads() {
    let events = with_meta::<hive::Hive>(
        "data: {\"data\": {\"tool_use_id\": \"tu_1\", \"tool_name\": \"search\", \"tool_input\": \
         {\"type\": \"execution_failed\"}}, \"type\": \"tool_call_started\", \"stream_id\": \
         \"queen\", \"node_id\": null, \"execution_id\": null, \"timestamp\": \
         \"2026-04-16T19:30:05.123456\", \"correlation_id\": null, \"colony_id\": null}\n\n",
    );
    let [(hive::Event::ToolCallStarted(call), meta)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(call.tool_input["type"], "execution_failed");
    // There is no zone, and none is made up.
    assert_eq!(meta.timestamp, "2026-04-16T19:30:05.123456");
    assert_eq!(
        (&*meta.stream_id, &meta.run_id, meta.seq),
        ("queen", &None, None)
    );
}

#[test]
fn pythons_not_a_number_is_null() {
    let events = events::<hive::Hive>(
        "data: {\"type\": \"goal_progress\", \"stream_id\": \"queen\", \"timestamp\": \"t\", \
         \"data\": {\"progress\": NaN, \"criteria_status\": {\"note\": \"NaN\", \
         \"weight\": -Infinity}}}\n\n",
    );
    let [hive::Event::GoalProgress(goal)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(goal.progress, None);
    assert_eq!(goal.criteria_status["note"], "NaN");
    assert!(goal.criteria_status["weight"].is_null());
}

#[test]
fn a_report_has_two_shapes_and_both_are_read() {
    let report = |data: &str| {
        let bytes = format!(
            "data: {{\"type\": \"subagent_report\", \"stream_id\": \"worker:1\", \
             \"timestamp\": \"t\", \"data\": {data}}}\n\n"
        );
        match events::<hive::Hive>(&bytes).remove(0) {
            hive::Event::SubagentReport(report) => report,
            other => panic!("{other:?}"),
        }
    };
    let on_the_way = report(r#"{"subagent_id": "a", "message": "half", "data": null}"#);
    assert_eq!(on_the_way.message.as_deref(), Some("half"));
    let at_the_end = report(
        r#"{"worker_id": "w", "colony_id": null, "task": "t", "status": "success",
            "summary": "s", "data": {}, "error": null, "duration_seconds": 12,
            "tokens_used": 7}"#
            .replace('\n', " ")
            .as_str(),
    );
    assert_eq!(at_the_end.duration_seconds, Some(12.0));
    assert_eq!((at_the_end.error, at_the_end.colony_id), (None, None));
}

#[test]
fn an_expiring_token_says_when_or_how_soon() {
    let expiring = |member: &str| {
        let bytes = format!(
            "event: provider.token.expiring\ndata: {{\"connection_id\": \"c\", \
             \"provider_slug\": \"schwab\", {member}}}\n\n"
        );
        match events::<dashtam::Dashtam>(&bytes).remove(0) {
            dashtam::Event::ProviderTokenExpiring(data) => {
                (data.expires_in_seconds, data.expires_at)
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(expiring("\"expires_in_seconds\": 60"), (Some(60), None));
    let at = "2026-01-28T09:15:00+00:00";
    assert_eq!(
        expiring(&format!("\"expires_at\": \"{at}\"")),
        (None, Some(at.to_owned()))
    );
}

#[test]
fn money_stays_the_string_it_was() {
    let events = events::<dashtam::Dashtam>(
        "event: portfolio.balance.updated\ndata: {\"account_id\": \"a\", \"previous_balance\": \
         \"0.10\", \"new_balance\": \"90071992547409931.990\", \"currency\": \"EUR\"}\n\n",
    );
    let [dashtam::Event::PortfolioBalanceUpdated(balance)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(balance.new_balance, "90071992547409931.990");
    assert_eq!(balance.delta, None);
}

#[test]
fn a_dotted_name_of_cortex_is_the_short_one() {
    let data = r#"{"id": "m", "content": "Hello", "role": "user"}"#;
    let of = |name: &str| {
        events::<cortex::Cortex>(&format!("event: {name}\r\ndata: {data}\r\n\r\n")).remove(0)
    };
    let short = of("message_received");
    assert_eq!(of("conversation.message_received"), short);
    assert_eq!(short.name(), "message_received");
    // What is behind the dot decides, not that there is one.
    assert!(matches!(
        of("robot.message_received"),
        cortex::Event::Unknown(_)
    ));
    assert!(matches!(
        of("conversation.archived"),
        cortex::Event::Unknown(_)
    ));
}

#[test]
fn both_shapes_of_a_status_update_are_read() {
    let events = events::<cortex::Cortex>(
        "event: status_update\ndata: {\"message\": \"m\", \"timestamp\": \"2025-03-08T21:25:32\", \
         \"metadata\": {}}\n\nevent: status_update\ndata: {\"status\": \"typing\", \"role\": \
         \"assistant\", \"timestamp_utc\": \"2025-03-08T21:25:31+00:00\"}\n\n",
    );
    let [
        cortex::Event::StatusUpdate(sent),
        cortex::Event::StatusUpdate(documented),
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(sent.message.as_deref(), Some("m"));
    assert_eq!(documented.status.as_deref(), Some("typing"));
}

#[test]
fn text_of_a_plain_stream_is_not_parsed() {
    let events = events::<plain::Plain>("data: {\"a\": NaN}\ndata: \"\n\nevent: tick\ndata: 1\n\n");
    assert_eq!(
        events[0],
        plain::Event::Message("{\"a\": NaN}\n\"".to_owned())
    );
    assert_eq!(events[1].name(), "tick");
    assert_eq!(events[1].payload().unwrap(), "1");
}
