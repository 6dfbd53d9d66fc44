//! How many requests there are, and what goes with them.

use super::*;
use crate::profiles::{EventSpec, Flags, cortex};

/// Dashtam's manners, for a request that must not be repeated.
fn sent_once() -> Config {
    let mut config = Config::new(dashtam::spec());
    config.repeatable = false;
    config.backoff = None;
    config.filter = Filter::categories(["data_sync", "provider"]);
    config
}

#[test]
fn what_is_sent_once_is_not_sent_again_in_the_other_form_of_its_query() {
    let mut life = Life::new(sent_once());
    life.open();
    life.fail("cut");
    assert_eq!(life.requests.len(), 1);
    let (reason, _) = life.closed().expect("it is over");
    assert_eq!(reason, CloseReason::Interrupted);
}

#[test]
fn what_is_sent_once_is_not_sent_again_for_a_wider_filter() {
    let mut life = Life::new(sent_once());
    life.open();
    let now = life.now;
    life.connection
        .set_filter(now, &Filter::all())
        .expect("it fits");
    life.poll();
    assert_eq!(life.requests.len(), 1);
    life.chunk("event: import.failed\ndata: {}\n\n");
    assert_eq!(life.events.data, ["{}"], "the new filter holds here");
}

#[test]
fn giving_up_leaves_nothing_to_be_sent() {
    for has_token in [false, true] {
        let mut config = Config::new(dashtam::spec());
        config.filter = Filter::categories(["data_sync", "provider"]);
        config.has_token = has_token;
        let mut connection = Connection::new(config).expect("the configuration is good");
        connection.start(0);
        connection.token_ready(0);
        let head = Response {
            status: 200,
            content_type: "text/event-stream".to_owned(),
            ..Response::default()
        };
        connection.response(1, &head, "");
        while connection.poll_action().is_some() {}
        connection.failed(2, "cut", &mut Events::default());
        // The owner does not want another attempt, and says so before the rest is polled.
        let error = loop {
            match connection.poll_action() {
                Some(Action::Report(Report::Failed { error, .. })) => break error,
                Some(_) => {}
                None => panic!("no failure"),
            }
        };
        connection.give_up(error);
        while let Some(action) = connection.poll_action() {
            assert!(
                matches!(action, Action::Abort | Action::Report(_)),
                "{action:?}"
            );
        }
    }
}

#[test]
fn an_id_that_cannot_be_a_cursor_does_not_become_one_by_the_event_after_it() {
    let mut spec = cortex::spec();
    spec.cursor = crate::profiles::Cursor::Header;
    spec.categories = vec!["all".into()].into();
    let mut broadcast = EventSpec::new("broadcast", 0);
    broadcast.flags = Flags::NO_CURSOR;
    spec.events = vec![EventSpec::new("stored", 0), broadcast].into();
    let mut life = Life::new(Config::new(spec));
    life.open();
    life.chunk("id: 1\nevent: stored\ndata: 1\n\n");
    life.chunk("id: 2\nevent: broadcast\ndata: 2\n\n");
    life.chunk("event: stored\ndata: 3\n\n");
    life.end();
    life.wait(60_000);
    assert_eq!(life.requests[1].last_event_id.as_deref(), Some("1"));
}

#[test]
fn what_the_filter_drops_moves_the_cursor_on_all_the_same() {
    let mut spec = cortex::spec();
    spec.cursor = crate::profiles::Cursor::Header;
    spec.identity = crate::profiles::Identity::Id;
    spec.categories = vec!["all".into()].into();
    let mut broadcast = EventSpec::new("broadcast", 0);
    broadcast.flags = Flags::NO_CURSOR;
    spec.events = vec![
        EventSpec::new("wanted", 0),
        EventSpec::new("other", 0),
        broadcast,
    ]
    .into();
    let event = |id: &str, name: &str| {
        // Long enough for a block of the search.
        format!("{id}event: {name}\ndata: {}\n\n", "x".repeat(70))
    };
    let cursors = |stream: &str| {
        let mut config = Config::new(spec.clone());
        config.filter = Filter::types(["wanted"]);
        let mut life = Life::new(config);
        life.open();
        life.chunk(&(event("", "wanted") + stream));
        let last = life.connection.last_event_id().to_owned();
        let delivered = life.events.data.len();
        life.end();
        life.wait(60_000);
        (last, life.requests[1].last_event_id.clone(), delivered)
    };
    let dropped = event("id: 1\n", "other") + &event("id: 2\n", "other") + &event("", "other");
    let seen =
        |last: &str, cursor: &str, delivered| (last.to_owned(), Some(cursor.to_owned()), delivered);
    assert_eq!(cursors(&dropped), seen("2", "2", 1));
    assert_eq!(
        cursors(&(dropped.clone() + &event("", "wanted"))),
        seen("2", "2", 2)
    );
    assert_eq!(cursors(&(dropped.clone() + "id: 3\n\n")), seen("3", "3", 1));
    let broadcast = event("id: 4\n", "broadcast");
    assert_eq!(cursors(&(dropped.clone() + &broadcast)), seen("4", "2", 1));
    assert_eq!(
        cursors(&(dropped + ": heartbeat\n\n" + &broadcast)),
        seen("4", "2", 1)
    );
}

#[test]
fn an_event_source_that_was_opened_anew_does_not_forget_the_cursor() {
    let mut config = Config::new(dashtam::spec());
    config.last_event_id = "7".to_owned();
    let mut life = Life::new(config);
    life.respond(0, "", "");
    // The browser's object has seen no id since it was made.
    life.connection
        .message(life.now, "import.failed", "{}", "", &mut life.events);
    assert_eq!(life.connection.last_event_id(), "7");
    life.connection
        .message(life.now, "import.failed", "{}", "8", &mut life.events);
    assert_eq!(life.connection.last_event_id(), "8");
    life.connection
        .message(life.now, "import.failed", "{}", "", &mut life.events);
    assert_eq!(life.connection.last_event_id(), "", "an empty id resets it");
}

#[test]
fn a_one_shot_whose_profile_knows_no_end_mark_ends_with_its_body() {
    let mut spec = plain::spec();
    spec.runs_once = true;
    let mut life = Life::new(Config::new(spec));
    life.open();
    life.chunk("data: all of it\n\n");
    life.end();
    assert_eq!(life.closed(), Some((CloseReason::Ended, None)));
}

#[test]
fn what_was_held_back_comes_before_an_event_that_is_too_large() {
    let mut config = Config::new(hive::spec());
    config.max_event_bytes = 200;
    let mut life = Life::new(config);
    life.open();
    life.chunk("data: {\"type\": \"execution_started\", \"data\": {}}\n\n");
    life.chunk(&"x".repeat(300));
    assert_eq!(life.events.data.len(), 1);
    assert!(life.closed().is_some());
}

/// A server that begins anew counts from 1 again.
#[test]
fn a_server_that_counts_anew_loses_nothing() {
    let mut life = Life::new(Config::new(hive::spec()));
    let event = |seq: u64, reason: &str| {
        format!(
            "data: {{\"type\": \"node_stalled\", \"seq\": {seq}, \"data\": {{\"reason\": \"{reason}\"}}}}\n\n"
        )
    };
    life.open();
    life.chunk(&event(1, "a"));
    life.chunk(&event(2, "b"));
    life.wait(10_000);
    life.end();
    life.wait(60_000);
    life.open();
    life.chunk(&event(1, "c"));
    life.chunk(&event(2, "d"));
    life.wait(10_000);
    assert_eq!(life.events.data.len(), 4);
    let proven = |report: &Report| matches!(report, Report::Resumed { recovered, .. } if *recovered == Recovered::Yes);
    assert!(!life.reports.iter().any(proven));
}

#[test]
fn the_largest_number_a_server_can_count_to_is_no_trouble() {
    let mut life = Life::new(Config::new(hive::spec()));
    life.open();
    for seq in [u64::MAX, 1, u64::MAX] {
        life.chunk(&format!(
            "data: {{\"type\": \"node_stalled\", \"seq\": {seq}, \"data\": {{}}}}\n\n"
        ));
    }
    life.wait(10_000);
    assert_eq!(life.events.data.len(), 2);
}

#[test]
fn a_one_shot_is_not_sent_again_by_asking_to_reconnect() {
    let mut life = Life::new(sent_once());
    life.open();
    life.connection.reconnect(life.now);
    life.poll();
    assert_eq!(life.requests.len(), 1);
    assert!(life.connection.is_open());
}
