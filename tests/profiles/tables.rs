//! What the tables say of the event types.

use tidewire::profiles::{
    self, Auth, Cursor, Flags, Heartbeat, Spec, cortex, dashtam, hive, stage_chat, stock_agent,
};

fn flagged(spec: &Spec, flag: Flags) -> Vec<&str> {
    let events = spec.events.iter();
    events
        .filter(|event| event.flags.has(flag))
        .map(|event| event.name.as_ref())
        .collect()
}

#[test]
fn every_built_in_profile_is_free_of_contradictions() {
    for spec in profiles::all() {
        assert_eq!(spec.check(), Ok(()));
        for (index, name) in spec.categories.iter().enumerate() {
            assert!(
                spec.events
                    .iter()
                    .any(|event| usize::from(event.category) == index),
                "{}: nothing is in category {name}",
                spec.name
            );
        }
        for event in spec.events.iter() {
            assert!(
                !event.flags.has(Flags::CRITICAL.with(Flags::DROPPABLE)),
                "{} cannot be both critical and droppable",
                event.name
            );
        }
    }
}

#[test]
fn dashtam_has_29_types_in_6_categories_and_the_prefix_is_not_the_category() {
    assert_eq!(
        (dashtam::EventType::ALL.len(), dashtam::Category::ALL.len()),
        (29, 6)
    );
    for (name, category) in [
        ("sync.holdings.failed", dashtam::Category::DataSync),
        ("provider.disconnected", dashtam::Category::Provider),
        ("ai.tool.executing", dashtam::Category::Ai),
        ("import.progress", dashtam::Category::Import),
        ("portfolio.networth.updated", dashtam::Category::Portfolio),
        ("security.login.failed", dashtam::Category::Security),
    ] {
        assert_eq!(dashtam::category_of(name), Ok(category));
    }
}

#[test]
fn a_name_that_no_table_has_is_an_error_in_every_profile() {
    let errors = [
        dashtam::category_of("data_sync").unwrap_err(),
        stock_agent::category_of("[DONE]").unwrap_err(),
        cortex::category_of("message_sent").unwrap_err(),
        stage_chat::category_of("finished").unwrap_err(),
        hive::category_of("EXECUTION_STARTED").unwrap_err(),
        profiles::plain::category_of("tick").unwrap_err(),
    ];
    let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "dashtam has no event type 'data_sync'",
            "stock-agent has no event type '[DONE]'",
            "cortex has no event type 'message_sent'",
            "stage-chat has no event type 'finished'",
            "hive has no event type 'EXECUTION_STARTED'",
            "plain has no event type 'tick'",
        ]
    );
    let error = "sync".parse::<dashtam::Category>().unwrap_err();
    assert_eq!(error.to_string(), "dashtam has no category 'sync'");
}

#[test]
fn an_alias_has_the_category_of_its_type() {
    assert_eq!(
        stock_agent::category_of("token"),
        Ok(stock_agent::Category::Text)
    );
    let spec = stock_agent::spec();
    assert_eq!(
        spec.event("token").unwrap().0,
        spec.event("chunk").unwrap().0
    );
}

#[test]
fn hive_sends_33_types_unasked() {
    let spec = hive::spec();
    let unasked = spec
        .events
        .iter()
        .filter(|event| !event.flags.has(Flags::ON_REQUEST));
    assert_eq!(unasked.count(), 33);
    let on_request = flagged(&spec, Flags::ON_REQUEST);
    for name in [
        "judge_verdict",
        "llm_reasoning_delta",
        "state_changed",
        "worker_completed",
    ] {
        assert!(on_request.contains(&name), "{name}");
    }
}

#[test]
fn hives_critical_and_replayed_types_are_the_services() {
    let spec = hive::spec();
    let mut critical = flagged(&spec, Flags::CRITICAL);
    critical.sort_unstable();
    assert_eq!(
        critical,
        [
            "client_input_received",
            "client_input_requested",
            "credentials_required",
            "execution_completed",
            "execution_failed",
            "execution_paused",
            "execution_started",
            "node_loop_iteration",
            "node_loop_started",
            "queen_phase_changed",
        ]
    );
    let mut replayed = flagged(&spec, Flags::REPLAYED);
    replayed.sort_unstable();
    assert_eq!(
        replayed,
        [
            "client_input_received",
            "client_input_requested",
            "client_output_delta",
            "execution_started",
            "trigger_activated",
            "trigger_available",
            "trigger_deactivated",
            "trigger_removed",
            "trigger_updated",
        ]
    );
}

#[test]
fn what_runs_an_agent_or_a_model_runs_once() {
    let once: Vec<String> = profiles::all()
        .into_iter()
        .filter(|spec| spec.runs_once)
        .map(|spec| spec.name.to_string())
        .collect();
    assert_eq!(once, ["stock-agent", "stage-chat"]);
    assert_eq!(
        flagged(&stage_chat::spec(), Flags::TERMINAL),
        ["done", "cancel", "error"]
    );
    assert_eq!(stock_agent::spec().end.as_deref(), Some("[DONE]"));
}

#[test]
fn a_heartbeat_is_a_comment_or_an_event_as_the_service_has_it() {
    assert_eq!(stock_agent::spec().heartbeat, Heartbeat::Comment(15_000));
    assert_eq!(hive::spec().heartbeat, Heartbeat::Comment(15_000));
    assert_eq!(cortex::spec().heartbeat, Heartbeat::Event(30_000));
    assert_eq!(flagged(&cortex::spec(), Flags::HEARTBEAT), ["heartbeat"]);
    // Documented, and sent by no code: nothing is to be missed there.
    assert_eq!(dashtam::spec().heartbeat, Heartbeat::None);
}

#[test]
fn a_token_comes_into_the_url_of_cortex_alone() {
    for spec in profiles::all() {
        let in_url = matches!(spec.auth, Auth::Query(_));
        assert_eq!(in_url, spec.name == "cortex", "{}", spec.name);
    }
}

#[test]
fn ids_are_cursors_for_dashtam_and_labels_for_stage_chat() {
    assert_eq!(
        dashtam::spec().cursor,
        Cursor::HeaderAndQuery("Last-Event-ID".into())
    );
    assert_eq!(stage_chat::spec().cursor, Cursor::None);
}

#[test]
fn a_conversation_that_changes_twice_is_no_repetition_and_a_message_is() {
    let spec = cortex::spec();
    let recurring = flagged(&spec, Flags::RECURRING);
    assert!(recurring.contains(&"conversation_update"));
    assert!(!recurring.contains(&"message_received"));
}
