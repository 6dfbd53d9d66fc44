//! What the promises come to at the edges: refusals that never end, cursors that cannot be sent,
//! answers that have said all.

use super::*;
use crate::profiles::{Cursor, cortex};

fn refusal(status: u16) -> Response {
    Response {
        status,
        content_type: "text/plain".to_owned(),
        retry_after: "7".to_owned(),
        ..Response::default()
    }
}

#[test]
fn a_refusal_whose_body_never_ends_is_told_after_two_seconds_with_what_came_of_it() {
    for (status, connect_timeout) in [(403, 0), (403, 500), (404, 30_000), (503, 0)] {
        let mut config = Config::new(plain::spec());
        config.connect_timeout = connect_timeout;
        let mut life = Life::new(config);
        life.connection.refused(life.now, &refusal(status), "");
        life.wait(400);
        life.connection.refused(life.now, &refusal(status), "no w");
        life.wait(1_599);
        let told = |life: &Life| {
            life.reports.iter().find_map(|report| match report {
                Report::Failed { error, retry_in } => {
                    Some((error.status, error.body.clone(), *retry_in))
                }
                _ => None,
            })
        };
        assert_eq!(told(&life), None, "the rest may still come");
        life.wait(1);
        let retry_in = (status == 503).then_some(7_000);
        assert_eq!(told(&life), Some((status, "no w".to_owned(), retry_in)));
        assert_eq!(life.closed().is_some(), status != 503);
    }
}

#[test]
fn a_401_whose_body_never_ends_is_answered_by_a_new_token() {
    let mut config = Config::new(dashtam::spec());
    config.has_token = true;
    let mut life = Life::new(config);
    life.connection.token_ready(life.now);
    life.poll();
    life.connection.refused(life.now, &refusal(401), "");
    life.wait(2_000);
    assert_eq!(life.tokens, [Reason::Connect, Reason::Unauthorized]);
    life.connection.token_ready(life.now);
    life.poll();
    // The new attempt has its own time.
    life.wait(29_999);
    assert_eq!(life.requests.len(), 2);
    life.open();
    assert!(life.connection.is_open());
}

#[test]
fn a_refused_filter_whose_refusal_never_ends_is_told_by_its_status() {
    let mut config = Config::new(dashtam::spec());
    config.filter = Filter::categories(["import"]);
    let mut life = Life::new(config);
    life.open();
    life.connection
        .set_filter(life.now, &Filter::all())
        .expect("it fits");
    life.poll();
    life.connection.candidate_refused(&refusal(422), "no");
    life.wait(5_000);
    let kept = life.reports.iter().find_map(|report| match report {
        Report::FilterChanged { error } => error.clone(),
        _ => None,
    });
    let error = kept.expect("it is refused");
    assert_eq!((error.status, error.body.as_str()), (422, "no"));
    assert!(life.connection.is_open());
}

#[test]
fn a_token_that_cannot_be_renewed_is_not_asked_for_again() {
    let mut config = Config::new(dashtam::spec());
    config.has_token = true;
    config.renews_token = false;
    let mut life = Life::new(config);
    life.connection.token_ready(life.now);
    life.poll();
    life.respond(401, "application/json", "expired");
    assert_eq!(life.tokens, [Reason::Connect]);
    let (reason, _) = life.closed().expect("it is final");
    assert_eq!(reason, CloseReason::Rejected);
}

#[test]
fn an_id_that_cannot_be_sent_is_not_gone_on_after() {
    let header = plain::spec;
    let query = || {
        let mut spec = plain::spec();
        spec.cursor = Cursor::HeaderAndQuery("after".into());
        spec
    };
    let unknown = Recovered::Unknown;
    for (spec, sends_headers, id, in_header, in_query, recovered) in [
        (header(), true, "7", true, false, unknown),
        (header(), true, "é😀", true, false, unknown),
        (header(), true, "a b\tc", true, false, unknown),
        (header(), true, "a\u{1}", false, false, Recovered::No),
        (header(), true, "a\u{7f}", false, false, Recovered::No),
        // An EventSource has no headers, and a new one does not know the ids of the last.
        (header(), false, "7", false, false, Recovered::No),
        (query(), true, "a\u{1}", false, true, unknown),
        (query(), false, "7", false, true, unknown),
    ] {
        let mut config = Config::new(spec);
        config.sends_headers = sends_headers;
        let mut life = Life::new(config);
        life.open();
        life.chunk(&format!("id: {id}\ndata: x\n\n"));
        life.end();
        life.wait(60_000);
        let request = &life.requests[1];
        assert_eq!(request.last_event_id.is_some(), in_header, "{id:?}");
        assert_eq!(!request.query.is_empty(), in_query, "{id:?}");
        life.open();
        life.wait(150);
        assert_eq!(life.resumed(), Some((1, recovered, id.to_owned())));
    }
}

#[test]
fn a_beginning_that_cannot_be_sent_is_told_as_a_return_that_recovers_nothing() {
    for (id, told) in [("7", None), ("a\u{1}", Some(Recovered::No))] {
        let mut config = Config::new(plain::spec());
        config.last_event_id = id.to_owned();
        let mut life = Life::new(config);
        life.open();
        life.wait(150);
        assert_eq!(life.resumed().map(|(_, recovered, _)| recovered), told);
    }
}

#[test]
fn what_has_said_all_may_end_by_itself_and_what_is_closed_is_given_up() {
    for (last, finished) in [("data: [DONE]\n\n", 1), ("data: more\n\n", 0)] {
        let mut life = Life::new(Config::new(stock_agent::spec()));
        life.open();
        life.chunk(last);
        life.connection.close(CloseReason::Closed);
        life.poll();
        assert_eq!(life.finished, finished);
        assert!(life.connection.is_closed());
        assert_eq!(life.chunk("data: late\n\n"), 12);
        assert!(life.events.data.is_empty() || finished == 0);
    }
}

/// Each event that is held has the last id with it: it counts as what it takes.
#[test]
fn a_huge_id_that_sticks_does_not_multiply_what_is_held_back() {
    let mut life = Life::new(Config::new(hive::spec()));
    life.open();
    let id = "x".repeat(4 * 1024 * 1024);
    life.chunk(&format!("id: {id}\n\n"));
    for n in 0..4 {
        assert!(life.events.data.is_empty(), "it is held back for a moment");
        let data = format!("{{\"type\": \"execution_started\", \"data\": {{\"n\": {n}}}}}");
        life.chunk(&format!("data: {data}\n\n"));
    }
    assert_eq!(life.events.data.len(), 4, "16 MiB is all that is held");
}

#[test]
fn a_filter_that_names_nothing_lets_nothing_through_and_asks_for_nothing_more() {
    let mut config = Config::new(dashtam::spec());
    config.filter = Filter::categories(["import"]);
    let mut life = Life::new(config);
    life.open();
    life.connection
        .set_filter(life.now, &Filter::types(Vec::<String>::new()))
        .expect("it fits");
    life.poll();
    life.chunk("id: 1\nevent: import.failed\ndata: {}\n\n");
    assert!(life.events.data.is_empty());
    assert_eq!((life.requests.len(), life.candidates.len()), (1, 0));
    life.connection
        .set_filter(life.now, &Filter::categories(["import"]))
        .expect("it fits");
    life.poll();
    life.chunk("id: 2\nevent: import.failed\ndata: {}\n\n");
    assert_eq!(life.events.data, ["{}"]);
    assert!(life.candidates.is_empty(), "the open stream carries it");
}

#[test]
fn a_glob_means_dotted_names_too() {
    let mut config = Config::new(cortex::spec());
    config.filter = Filter::types(["conversation.message_*"]);
    let mut life = Life::new(config);
    life.open();
    for name in [
        "message_received",
        "conversation.message_received",
        "status_update",
        "conversation.message_of_my_own",
        "workspace.message_of_my_own",
    ] {
        life.chunk(&format!("event: {name}\ndata: {name}\n\n"));
    }
    assert_eq!(
        life.events.data,
        [
            "message_received",
            "conversation.message_received",
            "conversation.message_of_my_own"
        ]
    );
}
