//! A history that the server sends first, and what is told of a stream that is open again.

use super::*;

/// One of Hive's events, as it stands on the wire.
fn hive_event(kind: &str, time: &str, note: &str) -> String {
    format!(
        "data: {{\"type\": \"{kind}\", \"stream_id\": \"queen\", \"data\": {{\"content\": \"{note}\"}}, \
         \"timestamp\": \"2026-04-16T19:30:{time}\"}}\n\n"
    )
}

#[test]
fn hives_doubled_and_disordered_start_is_put_right() {
    let mut life = Life::new(Config::new(hive::spec()));
    life.open();
    let live = hive_event("client_output_delta", "07.5", "live");
    let tool = hive_event("tool_call_started", "08", "tool");
    let first = hive_event("execution_started", "05", "one");
    let second = hive_event("client_output_delta", "06.25", "two");
    life.chunk(&live);
    life.chunk(&tool);
    life.chunk(&format!("{first}{second}{live}"));
    assert!(life.events.data.is_empty(), "the burst is held back");
    life.wait(150);
    let notes = |life: &Life| -> Vec<(String, bool)> {
        let note = |data: &String| {
            let at = data.find("content\": \"").expect("it has content") + 11;
            data[at..].split('"').next().unwrap_or_default().to_owned()
        };
        let notes = life.events.data.iter().map(note);
        notes.zip(life.events.replayed.iter().copied()).collect()
    };
    let expected = |all: &[(&str, bool)]| -> Vec<(String, bool)> {
        all.iter()
            .map(|(note, replayed)| (note.to_string(), *replayed))
            .collect()
    };
    assert_eq!(
        notes(&life),
        expected(&[
            ("one", true),
            ("two", true),
            ("live", false),
            ("tool", false)
        ])
    );
    // From now on nothing is held back.
    life.chunk(&hive_event("llm_text_delta", "09", "later"));
    assert_eq!(life.events.data.len(), 5);
    // The next connection repeats all of it, and something that was missed.
    life.end();
    life.wait(60_000);
    life.open();
    let missed = hive_event("client_input_received", "20", "missed");
    life.chunk(&format!("{first}{second}{live}{missed}"));
    life.wait(150);
    assert_eq!(notes(&life)[5..], expected(&[("missed", true)]));
    let told = (5, Recovered::Unknown, String::new());
    assert_eq!(life.resumed(), Some(told), "before what was missed");
}

#[test]
fn what_is_held_back_is_not_lost_when_the_stream_breaks() {
    let broken = |backoff: Option<Backoff>| {
        let mut config = Config::new(hive::spec());
        config.backoff = backoff;
        let mut life = Life::new(config);
        life.open();
        life.chunk(&hive_event("execution_started", "05", "one"));
        life.fail("reset");
        life
    };
    assert_eq!(broken(None).events.data.len(), 1, "no other stream comes");
    let mut life = broken(Some(Backoff::new(1_000, 2_000)));
    life.wait(3_000);
    life.open();
    life.wait(150);
    assert_eq!(life.events.data.len(), 1);
    let mut life = broken(Some(Backoff::new(1_000, 2_000)));
    life.wait(3_000);
    life.respond(404, "", "");
    assert_eq!(
        life.events.data.len(),
        1,
        "the session is gone, and what came of it is not"
    );
}

#[test]
fn a_cut_inside_of_hives_history_puts_nothing_before_what_it_follows() {
    let mut life = Life::new(Config::new(hive::spec()));
    let event = |second: &str| hive_event("client_output_delta", second, second);
    let (one, two, three, live) = (event("01"), event("02"), event("03"), event("04"));
    life.open();
    life.chunk(&one);
    life.wait(1_000);
    life.fail("cut");
    life.wait(29_000);
    life.open();
    // What happened between subscription and replay comes first, then the history, cut short.
    life.chunk(&format!("{live}{one}{two}"));
    life.fail("cut");
    life.wait(29_000);
    life.open();
    life.chunk(&format!("{one}{two}{three}{live}"));
    life.wait(1_000);
    let order: Vec<bool> = ["01", "02", "03", "04"]
        .iter()
        .zip(&life.events.data)
        .map(|(second, data)| data.contains(&format!("30:{second}")))
        .collect();
    assert_eq!(order, [true; 4], "{:#?}", life.events.data);
}

#[test]
fn a_return_that_is_cut_before_it_is_told_is_told_at_the_cut() {
    let mut life = Life::new(Config::new(dashtam::spec()));
    let event = |id: &str| format!("id: {id}\nevent: import.failed\ndata: {{}}\n\n");
    life.open();
    for id in ["b", "c", "d"] {
        life.chunk(&event(id));
        life.fail("cut");
        life.wait(29_000);
        life.open();
    }
    life.wait(150);
    let told = |report: &Report| match report {
        Report::Resumed { last_event_id, .. } => Some(last_event_id.clone()),
        _ => None,
    };
    let mut all: Vec<String> = life.reports.iter().filter_map(told).collect();
    all.extend(
        life.events
            .told
            .iter()
            .filter_map(|(_, report)| told(report)),
    );
    assert_eq!(all, ["b", "c", "d"], "each return is told, and once");
}

#[test]
fn each_return_within_a_history_that_is_kept_is_told_in_its_place() {
    let mut life = Life::new(Config::new(hive::spec()));
    let live = |second: &str| hive_event("tool_call_started", second, second);
    life.open();
    life.chunk(&live("01"));
    life.wait(1_000);
    for second in ["10", "20"] {
        life.fail("cut");
        life.wait(29_000);
        life.open();
        life.chunk(&live(second));
    }
    life.wait(150);
    assert_eq!(life.events.data.len(), 3);
    let places: Vec<usize> = life.events.told.iter().map(|(at, _)| *at).collect();
    assert_eq!(
        places,
        [1, 2],
        "before what each of the two streams brought"
    );
}

#[test]
fn numbers_without_a_hole_prove_that_nothing_is_missing() {
    let (delta, tool) = ("client_output_delta", "tool_call_started");
    let numbered = |seq: u64, kind: &str| {
        format!(
            "data: {{\"type\": \"{kind}\", \"seq\": {seq}, \"timestamp\": \"19:30:{seq:02}\"}}\n\n"
        )
    };
    let history = [(1, delta), (2, delta), (3, delta)];
    let resume = |events: &[(u64, &str)]| {
        let mut life = Life::new(Config::new(hive::spec()));
        life.open();
        for (seq, kind) in history {
            life.chunk(&numbered(seq, kind));
        }
        life.wait(1_000);
        life.fail("cut");
        life.wait(29_000);
        life.open();
        for &(seq, kind) in events {
            life.chunk(&numbered(seq, kind));
        }
        life.wait(1_000);
        life.resumed().expect("it is told").1
    };
    let after = |more: &[(u64, &'static str)]| resume(&[&history[..], more].concat());
    assert_eq!(after(&[(4, delta), (5, tool)]), Recovered::Yes);
    assert_eq!(after(&[(4, tool)]), Recovered::Yes);
    // What may be history says nothing of the types that are not sent again.
    assert_eq!(after(&[]), Recovered::Unknown);
    assert_eq!(after(&[(4, delta)]), Recovered::Unknown);
    assert_eq!(after(&[(4, delta), (6, tool)]), Recovered::Unknown);
    let live_first = [&[(9, delta)], &history[..], &[(5, delta), (7, delta)]].concat();
    assert_eq!(resume(&live_first), Recovered::Unknown);
}
