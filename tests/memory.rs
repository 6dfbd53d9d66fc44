//! Live bytes after hours of a connection's life: where they were after the first minutes.

#![cfg(not(target_arch = "wasm32"))]

mod live_bytes;

use live_bytes::live_bytes;
use std::sync::Mutex;
use tidewire::connection::{Action, Config, Connection, Event, Flow, Report, Response, Sink};
use tidewire::profiles::{Spec, dashtam, hive};

/// The allocator counts for the whole process: one measurement at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[derive(Default)]
struct Count(u64);

impl Sink for Count {
    fn event(&mut self, _: Event<'_>) -> Flow {
        self.0 += 1;
        Flow::More
    }

    fn report(&mut self, _: Report) {}
}

/// A connection on which `events` come, cut after every `per_stream`; calls `measure` after each.
fn live(
    spec: Spec,
    events: u64,
    per_stream: u64,
    text: impl Fn(u64) -> String,
    mut measure: impl FnMut(u64),
) -> u64 {
    let mut config = Config::new(spec);
    config.last_event_id = "start".to_owned();
    let mut connection = Connection::new(config).expect("the configuration is good");
    let mut sink = Count::default();
    let mut now = 0;
    let head = Response {
        status: 200,
        content_type: "text/event-stream".to_owned(),
        ..Response::default()
    };
    connection.start(now);
    for number in 0..events {
        if number % per_stream == 0 {
            if number > 0 {
                connection.failed(now, "cut", &mut sink);
            }
            loop {
                let mut opens = false;
                while let Some(action) = connection.poll_action() {
                    opens |= matches!(action, Action::Open(_));
                }
                if opens {
                    break;
                }
                now = connection.poll_timeout().expect("it waits");
                let _ = connection.timeout(now, &mut sink);
            }
            connection.response(now, &head, "");
        }
        now += 3;
        let text = text(number);
        assert_eq!(
            connection.chunk(now, text.as_bytes(), &mut sink),
            text.len()
        );
        while connection.poll_timeout().is_some_and(|due| due <= now) {
            let _ = connection.timeout(now, &mut sink);
        }
        while connection.poll_action().is_some() {}
        measure(number);
    }
    let _ = connection.timeout(now + 10_000, &mut sink);
    sink.0
}

/// Runs a million events over an hour of virtual time, and compares what is alive at the end
/// with what was after the first hundred thousand.
fn stays_where_it_was(name: &str, spec: Spec, text: impl Fn(u64) -> String) {
    const EVENTS: u64 = 1_000_000;
    let _alone = ALONE.lock();
    let (mut early, mut late) = (0, 0);
    let taken = live(spec, EVENTS, 2_000, text, |number| {
        let live = live_bytes();
        match number {
            // The most of a stretch: what is alive moves with the window of known events.
            90_000..100_000 => early = early.max(live),
            990_000..1_000_000 => late = late.max(live),
            _ => {}
        }
    });
    println!("{name}: {early} bytes live after 100,000 events, {late} after 1,000,000");
    assert_eq!(taken, EVENTS);
    assert!(
        late <= early + 64 * 1024,
        "{name}: {early} bytes grew to {late}"
    );
}

#[test]
fn a_million_events_with_ids_leave_nothing_behind() {
    stays_where_it_was("dashtam", dashtam::spec(), |number| {
        format!("id: {number:020}\nevent: import.failed\ndata: {{\"file_name\": \"{number}\"}}\n\n")
    });
}

#[test]
fn a_million_events_with_a_history_leave_nothing_behind() {
    stays_where_it_was("hive", hive::spec(), |number| {
        format!(
            "data: {{\"type\": \"client_output_delta\", \"stream_id\": \"queen\", \"data\": \
             {{\"content\": \"{number}\"}}, \"timestamp\": \"{number:020}\"}}\n\n"
        )
    });
}
