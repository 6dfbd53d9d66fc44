//! A filter that the open stream does not carry: make before break.

use super::*;

fn event(id: &str, name: &str) -> String {
    format!("id: {id}\nevent: {name}\ndata: {{\"id\": \"{id}\"}}\n\n")
}

fn import(id: &str) -> String {
    event(id, "import.failed")
}

fn security(id: &str) -> String {
    event(id, "security.login.failed")
}

/// An open stream of imports, to which security is to be added.
fn changing() -> Life {
    let mut config = Config::new(dashtam::spec());
    config.filter = Filter::categories(["import"]);
    let mut life = Life::new(config);
    life.open();
    life.chunk(&import("a"));
    life.set_filter(Filter::categories(["import", "security"]));
    life
}

impl Life {
    fn set_filter(&mut self, filter: Filter) {
        self.connection
            .set_filter(self.now, &filter)
            .expect("it fits");
        self.poll();
    }

    fn open_candidate(&mut self, status: u16) {
        let head = Response {
            status,
            content_type: "text/event-stream".to_owned(),
            ..Response::default()
        };
        let (now, events) = (self.now, &mut self.events);
        let _ = self.connection.candidate_response(now, &head, "", events);
        self.poll();
    }

    fn candidate_chunk(&mut self, text: &str) {
        let (now, events) = (self.now, &mut self.events);
        let _ = self
            .connection
            .candidate_chunk(now, text.as_bytes(), events);
        self.poll();
    }

    fn ids(&self) -> Vec<&str> {
        let id = |data: &'_ String| data.len() - 3;
        self.events
            .data
            .iter()
            .map(|data| &data[id(data)..data.len() - 2])
            .collect()
    }

    /// What came of the last change: `None` while it is under way.
    fn outcome(&self) -> Option<Result<(), String>> {
        self.reports.iter().rev().find_map(|report| match report {
            Report::FilterChanged { error: None } => Some(Ok(())),
            Report::FilterChanged { error: Some(error) } => Some(Err(error.message.clone())),
            _ => None,
        })
    }
}

#[test]
fn the_new_stream_takes_over_when_an_event_was_seen_on_both() {
    let mut life = changing();
    assert_eq!(life.candidates[0].last_event_id.as_deref(), Some("a"));
    assert_eq!(life.candidates[0].query[0].1, "import,security");
    life.open_candidate(200);
    // The new one is held back while the old one goes on.
    life.candidate_chunk(&(security("b") + &import("c")));
    assert_eq!((life.ids(), life.promoted), (vec!["a"], 0));
    life.chunk(&import("c"));
    assert_eq!(life.promoted, 1);
    assert_eq!(
        life.ids(),
        ["a", "c", "b"],
        "the old stream, and then the new"
    );
    assert_eq!(life.outcome(), Some(Ok(())));
    // From now on the new one is the stream.
    life.chunk(&security("d"));
    assert_eq!(life.ids(), ["a", "c", "b", "d"]);
    assert_eq!(
        life.requests.len(),
        1,
        "nothing was broken before the new one was made"
    );
}

#[test]
fn what_the_old_stream_brought_first_is_recognised_on_the_new_one() {
    let mut life = changing();
    life.open_candidate(200);
    life.chunk(&(import("b") + &import("c")));
    life.candidate_chunk(&(import("b") + &import("c") + &security("d")));
    assert_eq!((life.ids(), life.promoted), (vec!["a", "b", "c", "d"], 1));
}

#[test]
fn two_streams_overlap_for_five_seconds_at_the_most() {
    let mut life = changing();
    life.open_candidate(200);
    life.candidate_chunk(&security("b"));
    life.wait(4_999);
    assert_eq!(life.promoted, 0);
    life.wait(1);
    assert_eq!((life.ids(), life.promoted), (vec!["a", "b"], 1));
}

#[test]
fn a_new_stream_that_does_not_open_leaves_the_old_one_and_its_filter() {
    let mut life = changing();
    life.wait(5_000);
    assert_eq!(
        life.outcome(),
        Some(Err(
            "the stream for the new filter did not open within 5000 ms".to_owned()
        ))
    );
    assert_eq!((life.promoted, life.aborted), (0, 1));
    life.chunk(&import("b"));
    assert_eq!(life.ids(), ["a", "b"]);
    assert!(life.connection.is_open());
}

#[test]
fn a_refusal_of_the_new_filter_leaves_the_old_one() {
    let mut life = changing();
    life.open_candidate(422);
    assert_eq!(
        life.outcome(),
        Some(Err("the server answered 422".to_owned()))
    );
    assert!(life.connection.is_open());
}

#[test]
fn when_the_old_stream_breaks_the_new_one_takes_over_at_once() {
    let mut life = changing();
    life.open_candidate(200);
    life.candidate_chunk(&security("b"));
    life.fail("reset");
    assert_eq!((life.ids(), life.promoted), (vec!["a", "b"], 1));
    assert!(life.connection.is_open());
}

#[test]
fn when_the_old_stream_breaks_before_the_new_one_is_open_the_next_attempt_has_the_new_filter() {
    let mut life = changing();
    life.fail("reset");
    assert_eq!((life.outcome(), life.aborted), (Some(Ok(())), 1));
    life.wait(29_000);
    assert_eq!(life.requests[1].query[0].1, "import,security");
}

#[test]
fn a_later_filter_supersedes_an_earlier_one() {
    let mut life = changing();
    life.set_filter(Filter::categories(["security"]));
    let outcomes = life
        .reports
        .iter()
        .filter(|report| matches!(report, Report::FilterChanged { error: Some(_) }));
    assert_eq!((outcomes.count(), life.aborted), (1, 1));
    life.open_candidate(200);
    // Nothing can be on both streams: there is nothing to wait for.
    assert_eq!((life.promoted, life.outcome()), (1, Some(Ok(()))));
}

#[test]
fn where_events_have_no_identity_the_change_is_a_gap() {
    let mut spec = dashtam::spec();
    spec.identity = crate::profiles::Identity::None;
    let mut config = Config::new(spec);
    config.filter = Filter::categories(["import"]);
    let mut life = Life::new(config);
    life.open();
    life.set_filter(Filter::categories(["import", "security"]));
    life.open_candidate(200);
    assert_eq!(life.promoted, 1);
    let gap = |report: &&Report| {
        matches!(
            report,
            Report::Gap {
                reason: GapReason::Filter,
                ..
            }
        )
    };
    assert_eq!(life.reports.iter().filter(gap).count(), 1);
}

#[test]
fn closing_while_the_filter_changes_closes_both_streams() {
    let mut life = changing();
    life.open_candidate(200);
    life.connection.close(CloseReason::Closed);
    life.poll();
    assert_eq!(life.aborted, 1);
    assert!(life.outcome().is_some_and(|outcome| outcome.is_err()));
    life.candidate_chunk(&security("b"));
    assert_eq!(life.ids(), ["a"]);
}
