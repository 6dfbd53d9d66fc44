//! A connection's life in virtual time: no socket, no clock, no sleeping.

mod change;
mod history;
mod promises;
mod requests;
mod short_way;

use super::*;
use crate::profiles::{dashtam, hive, plain, stock_agent};

/// A connection with everything that came out of it.
struct Life {
    connection: Connection,
    now: Millis,
    requests: Vec<Request>,
    candidates: Vec<Request>,
    promoted: usize,
    aborted: usize,
    /// Streams that had said all, and were left to end by themselves.
    finished: usize,
    tokens: Vec<Reason>,
    reports: Vec<Report>,
    events: Events,
}

#[derive(Default)]
struct Events {
    data: Vec<String>,
    replayed: Vec<bool>,
    /// What was told between two events, and how many came before it.
    told: Vec<(usize, Report)>,
    /// Asks to pause after each event.
    pausing: bool,
}

impl Sink for Events {
    fn event(&mut self, event: Event<'_>) -> Flow {
        self.data.push(event.data.to_string());
        self.replayed.push(event.replayed);
        match self.pausing {
            true => Flow::Pause,
            false => Flow::More,
        }
    }

    fn report(&mut self, report: Report) {
        self.told.push((self.data.len(), report));
    }
}

impl Life {
    fn new(config: Config) -> Life {
        let mut life = Life {
            connection: Connection::new(config).expect("the configuration is good"),
            now: 1_000,
            requests: Vec::new(),
            candidates: Vec::new(),
            promoted: 0,
            aborted: 0,
            finished: 0,
            tokens: Vec::new(),
            reports: Vec::new(),
            events: Events::default(),
        };
        life.connection.start(life.now);
        life.settle()
    }

    fn settle(mut self) -> Life {
        self.poll();
        self
    }

    fn poll(&mut self) {
        let _ = self.connection.drain(&mut self.events);
        while let Some(action) = self.connection.poll_action() {
            match action {
                Action::Open(request) => self.requests.push(request),
                Action::Token { reason, .. } => self.tokens.push(reason),
                Action::Report(report) => self.reports.push(report),
                Action::OpenCandidate(request) => self.candidates.push(request),
                Action::Promote => self.promoted += 1,
                Action::AbortCandidate => self.aborted += 1,
                Action::Finish => self.finished += 1,
                Action::Abort => {}
            }
        }
    }

    fn respond(&mut self, status: u16, content_type: &str, body: &str) {
        let response = Response {
            status,
            content_type: content_type.to_owned(),
            ..Response::default()
        };
        self.connection.response(self.now, &response, body);
        self.poll();
    }

    fn open(&mut self) {
        self.respond(200, "text/event-stream; charset=utf-8", "");
    }

    fn chunk(&mut self, text: &str) -> usize {
        let used = self
            .connection
            .chunk(self.now, text.as_bytes(), &mut self.events);
        self.poll();
        used
    }

    fn end(&mut self) {
        self.connection.ended(self.now, &mut self.events);
        self.poll();
    }

    fn fail(&mut self, message: &str) {
        let (now, events) = (self.now, &mut self.events);
        self.connection.failed(now, message, events);
        self.poll();
    }

    fn wait(&mut self, millis: Millis) {
        let until = self.now + millis;
        while let Some(due) = self.connection.poll_timeout().filter(|&due| due <= until) {
            self.now = due.max(self.now);
            let _ = self.connection.timeout(self.now, &mut self.events);
            self.poll();
        }
        self.now = until;
    }

    fn delay(&self) -> Millis {
        self.connection.poll_timeout().expect("it waits") - self.now
    }

    fn last(&self) -> &Report {
        self.reports.last().expect("something was reported")
    }

    /// What was told last of a stream that is open again, and how many events came before it.
    fn resumed(&self) -> Option<(usize, Recovered, String)> {
        self.events
            .told
            .iter()
            .rev()
            .find_map(|(at, report)| match report {
                Report::Resumed {
                    recovered,
                    last_event_id,
                } => Some((*at, *recovered, last_event_id.clone())),
                _ => None,
            })
    }

    fn closed(&self) -> Option<(CloseReason, Option<String>)> {
        self.reports.iter().find_map(|report| match report {
            Report::Closed { reason, error } => {
                Some((*reason, error.as_ref().map(|error| error.message.clone())))
            }
            _ => None,
        })
    }
}

#[test]
fn a_stream_that_breaks_goes_on_after_its_last_id() {
    let mut life = Life::new(Config::new(dashtam::spec()));
    life.open();
    life.chunk("retry: 3000\n\nid: a1\nevent: import.failed\ndata: {}\n\n");
    life.end();
    assert_eq!(life.requests.len(), 1);
    life.wait(30_000);
    assert_eq!(life.requests.len(), 2);
    assert_eq!(life.requests[1].last_event_id.as_deref(), Some("a1"));
    assert_eq!(
        life.requests[1].query,
        [("Last-Event-ID".to_owned(), "a1".to_owned())]
    );
    life.open();
    assert_eq!(life.resumed(), None, "the server may be replaying");
    life.wait(150);
    assert_eq!(
        life.resumed(),
        Some((1, Recovered::Unknown, "a1".to_owned()))
    );
}

#[test]
fn the_servers_reconnection_time_is_the_floor_of_the_delay() {
    for seed in 0..50 {
        let mut config = Config::new(plain::spec());
        config.seed = seed;
        let mut life = Life::new(config);
        life.open();
        life.chunk("retry: 7000\n");
        life.end();
        assert!((7_000..=14_000).contains(&life.delay()), "{}", life.delay());
    }
}

#[test]
fn a_huge_or_zero_reconnection_time_is_clamped() {
    let mut life = Life::new(Config::new(plain::spec()));
    life.open();
    life.chunk("retry: 99999999999999999999999\n\n");
    life.end();
    assert_eq!(life.delay(), 30_000);
    life.wait(30_000);
    life.open();
    life.chunk("retry: 0\n\n");
    life.end();
    assert!(life.delay() >= 3_000, "the profile's own floor holds");
}

#[test]
fn the_standards_delay_is_what_the_server_named_last_and_does_not_grow() {
    let mut config = Config::new(plain::spec());
    let mut backoff = Backoff::new(3_000, Millis::MAX);
    backoff.constant = true;
    config.backoff = Some(backoff);
    let mut life = Life::new(config);
    for _ in 0..5 {
        life.fail("refused");
        assert_eq!(life.delay(), 3_000);
        life.wait(3_000);
    }
    for (named, delay) in [
        ("700", 700),
        ("86400000", 86_400_000),
        ("0", 100),
        ("x", 100),
    ] {
        life.open();
        life.chunk(&format!("retry: {named}\n"));
        life.end();
        assert_eq!(life.delay(), delay);
        life.wait(delay);
    }
}

#[test]
fn opening_and_dying_at_once_does_not_become_a_hot_loop() {
    let mut life = Life::new(Config::new(plain::spec()));
    for _ in 0..200 {
        life.open();
        life.end();
        life.wait(life.delay());
    }
    // With delays of 3 s and up, drawn towards a cap of 30 s.
    assert!(life.now > 200 * 5_000, "{} ms for 200 attempts", life.now);
}

#[test]
fn the_attempts_in_a_row_are_limited() {
    let mut config = Config::new(plain::spec());
    config
        .backoff
        .as_mut()
        .expect("plain reconnects")
        .max_attempts = 3;
    let mut life = Life::new(config);
    for _ in 0..3 {
        life.fail("no route");
        life.poll();
        life.wait(60_000);
    }
    assert_eq!(life.requests.len(), 3);
    assert_eq!(
        life.closed(),
        Some((CloseReason::Exhausted, Some("no route".to_owned())))
    );
}

#[test]
fn a_token_is_asked_for_before_every_attempt_and_once_after_a_401() {
    let mut config = Config::new(dashtam::spec());
    config.has_token = true;
    config.last_event_id = "e0".to_owned();
    let mut life = Life::new(config);
    assert!(life.requests.is_empty(), "nothing is sent before the token");
    life.connection.token_ready(life.now);
    life.poll();
    life.respond(401, "application/json", "expired");
    life.connection.token_ready(life.now);
    life.poll();
    assert_eq!(life.tokens, [Reason::Connect, Reason::Unauthorized]);
    assert_eq!(life.requests[1].last_event_id.as_deref(), Some("e0"));
    life.respond(401, "application/json", "expired");
    let (reason, message) = life.closed().expect("a second 401 is final");
    assert_eq!(reason, CloseReason::Rejected);
    assert_eq!(
        message.as_deref(),
        Some("the server answered 401: the token was missing or refused")
    );
}

#[test]
fn a_token_that_never_comes_is_a_failed_attempt() {
    let mut config = Config::new(dashtam::spec());
    config.has_token = true;
    let mut life = Life::new(config);
    life.wait(10_000);
    assert!(matches!(
        &life.reports[..],
        [
            ..,
            Report::Failed {
                error: Error {
                    kind: ErrorKind::Token,
                    ..
                },
                retry_in: Some(_)
            },
            Report::State(State::Waiting)
        ]
    ));
}

#[test]
fn a_one_shot_is_sent_once_whatever_happens() {
    let cut = |answer: &dyn Fn(&mut Life)| {
        let mut life = Life::new(Config::new(stock_agent::spec()));
        answer(&mut life);
        life.wait(3_600_000);
        assert_eq!(life.requests.len(), 1);
        life.closed().expect("it is over").0
    };
    let failed = |life: &mut Life| {
        life.fail("reset");
        life.poll();
    };
    assert_eq!(cut(&|life| failed(life)), CloseReason::Exhausted);
    assert_eq!(
        cut(&|life| life.respond(503, "", "")),
        CloseReason::Rejected
    );
    assert_eq!(
        cut(&|life| life.respond(401, "", "")),
        CloseReason::Rejected
    );
    assert_eq!(
        cut(&|life| {
            life.open();
            life.chunk("data: {\"type\": \"status\", \"status\": \"analyzing\"}\n\n");
            life.end();
        }),
        CloseReason::Interrupted
    );
    assert_eq!(
        cut(&|life| {
            life.open();
            life.chunk("data: [DONE]\n\n");
            life.end();
        }),
        CloseReason::Ended
    );
}

#[test]
fn asking_a_one_shot_to_reconnect_is_an_error() {
    let mut config = Config::new(stock_agent::spec());
    config.backoff = Some(Backoff::new(1, 2));
    let error = Connection::new(config).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this request to stock-agent runs something, so it is sent once: leave 'reconnect' out"
    );
}

#[test]
fn refusals_are_told_apart() {
    let refused = |status: u16, content_type: &str, body: &str| {
        let mut life = Life::new(Config::new(hive::spec()));
        life.respond(status, content_type, body);
        life.closed()
    };
    assert_eq!(refused(204, "", ""), Some((CloseReason::Ended, None)));
    assert_eq!(
        refused(404, "application/json", "{}"),
        Some((
            CloseReason::Rejected,
            Some("the server answered 404: what was asked for is gone".to_owned())
        ))
    );
    assert_eq!(
        refused(200, "text/html", "<html>"),
        Some((
            CloseReason::Rejected,
            Some("the response is 'text/html', not text/event-stream".to_owned())
        ))
    );
    assert_eq!(refused(503, "", ""), None, "503 may get better");
}

#[test]
fn a_paused_reader_keeps_the_rest_of_the_chunk() {
    let mut life = Life::new(Config::new(plain::spec()));
    life.open();
    life.events.pausing = true;
    let text = "data: 1\n\ndata: 2\n\n";
    let used = life.chunk(text);
    assert_eq!(life.events.data, ["1"]);
    assert_eq!(life.chunk(&text[used..]), text.len() - used);
    assert_eq!(life.events.data, ["1", "2"]);
}

#[test]
fn silence_is_noticed_only_once_a_heartbeat_was_seen() {
    let mut life = Life::new(Config::new(hive::spec()));
    life.open();
    life.wait(3_600_000);
    assert_eq!(
        life.last(),
        &Report::Opened {
            status: 200,
            url: String::new(),
            redirected: false
        }
    );
    life.chunk(": keepalive\n\n");
    life.wait(45_499);
    assert!(life.connection.is_open());
    life.wait(1);
    assert!(!life.connection.is_open(), "three keepalives were missed");
}

#[test]
fn silence_does_not_count_while_reading_is_paused() {
    let mut config = Config::new(plain::spec());
    config.stale_after = 10_000;
    let mut life = Life::new(config);
    life.open();
    life.connection.set_paused(life.now, true);
    life.wait(60_000);
    assert!(life.connection.is_open());
    life.connection.set_paused(life.now, false);
    life.wait(10_499);
    assert!(life.connection.is_open());
    life.wait(1);
    assert!(!life.connection.is_open());
}

#[test]
fn a_head_that_never_comes_is_a_failure() {
    let mut life = Life::new(Config::new(plain::spec()));
    life.wait(30_000);
    assert!(life.reports.iter().any(|report| matches!(
        report,
        Report::Failed { error, .. } if error.message == "no response within 30000 ms"
    )));
}

#[test]
fn a_filter_that_is_cut_at_once_is_asked_for_by_repeated_keys_and_that_is_remembered() {
    let mut config = Config::new(dashtam::spec());
    config.filter = Filter::categories(["data_sync", "provider"]);
    let mut life = Life::new(config);
    let keys = |request: &Request| request.query.len();
    assert_eq!(keys(&life.requests[0]), 1);
    life.open();
    life.chunk("retry: 3000\n\n");
    life.fail("cut");
    life.poll();
    assert_eq!(keys(&life.requests[1]), 2, "at once, and repeated");
    life.open();
    life.chunk("id: a\nevent: import.failed\ndata: {}\n\n");
    life.end();
    life.wait(30_000);
    assert_eq!(
        keys(&life.requests[2]),
        3,
        "with the cursor, still repeated"
    );
}

#[test]
fn a_narrower_filter_holds_at_once_and_a_wider_one_asks_again() {
    let mut config = Config::new(dashtam::spec());
    config.filter = Filter::categories(["import", "security"]);
    let mut life = Life::new(config);
    life.open();
    let now = life.now;
    life.connection
        .set_filter(now, &Filter::categories(["security"]))
        .expect("it fits");
    life.poll();
    assert_eq!(life.requests.len(), 1);
    life.chunk("event: import.failed\ndata: {}\n\n");
    assert!(life.events.data.is_empty());
    life.connection
        .set_filter(now, &Filter::all())
        .expect("it fits");
    life.poll();
    assert_eq!((life.requests.len(), life.candidates.len()), (1, 1));
    assert!(life.candidates[0].query.is_empty());
}

#[test]
fn nothing_happens_after_the_end() {
    let mut life = Life::new(Config::new(plain::spec()));
    life.open();
    life.connection.close(CloseReason::Closed);
    life.poll();
    let before = life.reports.len();
    life.connection.close(CloseReason::Aborted);
    life.connection.reconnect(life.now);
    life.fail("late");
    assert_eq!(
        life.chunk("data: late\n\n"),
        12,
        "what is late is swallowed"
    );
    life.open();
    life.wait(3_600_000);
    assert_eq!((life.reports.len(), life.requests.len()), (before, 1));
    assert!(life.events.data.is_empty());
}

#[test]
fn an_event_without_end_meets_the_limit() {
    let mut config = Config::new(plain::spec());
    config.max_event_bytes = 100;
    let mut life = Life::new(config);
    life.open();
    life.chunk("data: before\n\n");
    life.chunk(&format!("data: {}", "x".repeat(200)));
    let (reason, message) = life.closed().expect("it is over");
    assert_eq!(reason, CloseReason::Rejected);
    assert!(message.is_some_and(|message| message.contains("100")));
    assert_eq!(life.events.data, ["before"]);
}

#[test]
fn what_comes_again_by_its_id_is_delivered_once() {
    let mut life = Life::new(Config::new(dashtam::spec()));
    life.open();
    let event = |id: &str| format!("id: {id}\nevent: import.failed\ndata: {{}}\n\n");
    life.chunk(&(event("a") + &event("b") + &event("b") + &event("a") + &event("c")));
    assert_eq!(life.events.data.len(), 3);
    life.end();
    life.wait(60_000);
    life.open();
    life.chunk(&(event("c") + &event("d")));
    assert_eq!(life.events.data.len(), 4);
}

#[test]
fn a_filter_that_is_cut_at_once_again_and_again_is_reported_as_what_it_is() {
    let mut config = Config::new(dashtam::spec());
    config.filter = Filter::categories(["data_sync", "provider"]);
    let mut life = Life::new(config);
    while life.closed().is_none() {
        life.open();
        life.chunk("retry: 3000\n\n");
        life.fail("cut");
        life.wait(29_000);
    }
    assert_eq!(life.requests.len(), 3, "no looping into the server's limit");
    let (reason, message) = life.closed().expect("it is over");
    assert_eq!(reason, CloseReason::Rejected);
    assert_eq!(
        message.as_deref(),
        Some(
            "the server cut the stream at once 3 times, as it does when it does not know a \
             category: data_sync, provider"
        )
    );
}

#[test]
fn a_timer_that_slept_with_the_machine_gives_the_connection_one_more_chance() {
    let mut config = Config::new(plain::spec());
    config.stale_after = 10_000;
    let mut life = Life::new(config);
    life.open();
    // The lid was closed for an hour.
    life.now += 3_600_000;
    let _ = life.connection.timeout(life.now, &mut life.events);
    assert!(life.connection.is_open());
    life.wait(9_999);
    life.chunk(": still there\n\n");
    life.wait(10_499);
    assert!(life.connection.is_open());
    life.wait(1);
    assert!(!life.connection.is_open());
}

#[test]
fn a_pause_so_long_that_hive_sheds_is_a_gap() {
    let mut life = Life::new(Config::new(hive::spec()));
    life.open();
    let pause = |life: &mut Life, millis: Millis| {
        life.connection.set_paused(life.now, true);
        life.wait(millis);
        life.connection.set_paused(life.now, false);
        life.poll();
        let gap = |report: &&Report| {
            matches!(
                report,
                Report::Gap {
                    reason: GapReason::Paused,
                    ..
                }
            )
        };
        life.reports.iter().filter(gap).count()
    };
    assert_eq!(pause(&mut life, 1_999), 0);
    assert_eq!(pause(&mut life, 2_000), 1);
}

#[test]
fn when_the_network_is_back_what_waits_tries_within_a_second() {
    let mut life = Life::new(Config::new(plain::spec()));
    for _ in 0..6 {
        life.fail("offline");
        life.wait(life.delay());
    }
    life.fail("offline");
    life.connection.online(life.now);
    assert!(life.delay() <= 1_000, "{}", life.delay());
    let before = life.requests.len();
    life.wait(1_000);
    assert_eq!(life.requests.len(), before + 1);
}

#[test]
fn a_page_that_is_put_away_gives_up_its_stream_and_takes_it_up_again() {
    let mut life = Life::new(Config::new(dashtam::spec()));
    life.open();
    life.chunk("id: a\nevent: import.failed\ndata: {}\n\n");
    life.connection.suspend();
    life.poll();
    assert_eq!(life.last(), &Report::State(State::Waiting));
    life.wait(3_600_000);
    assert_eq!(life.requests.len(), 1, "nothing is sent meanwhile");
    life.connection.resume(life.now);
    life.poll();
    assert_eq!(life.requests[1].last_event_id.as_deref(), Some("a"));
}

#[test]
fn a_one_shot_is_left_alone_when_the_page_is_put_away() {
    let mut life = Life::new(Config::new(stock_agent::spec()));
    life.open();
    life.connection.suspend();
    life.connection.resume(life.now);
    life.poll();
    assert!(life.connection.is_open());
    assert_eq!(life.requests.len(), 1);
}
