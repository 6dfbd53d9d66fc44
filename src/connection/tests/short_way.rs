//! A message that is there as a whole goes a shorter way than one that the chunks cut: both ways
//! come to the same.

use super::*;
use crate::filter::Filter;
use crate::profiles::{Spec, cortex};

/// All that can be seen of an event.
#[derive(Default)]
struct Seen(Vec<String>);

impl Sink for Seen {
    fn event(&mut self, event: Event<'_>) -> Flow {
        let Event {
            index,
            name,
            data,
            id,
            last_event_id,
            replayed,
        } = event;
        let all = format!("{index:?} {name} {data} {id:?} {last_event_id} {replayed}");
        self.0.push(all);
        Flow::More
    }

    fn report(&mut self, report: Report) {
        self.0.push(format!("{report:?}"));
    }
}

/// What comes of a stream in chunks of this length, and what the connection knows at the end.
fn outcome(spec: &Spec, filter: &Filter, stream: &str, chunk: usize) -> (Vec<String>, String) {
    let mut config = Config::new(spec.clone());
    config.filter = filter.clone();
    let mut life = Life::new(config);
    life.open();
    let mut seen = Seen::default();
    for chunk in stream.as_bytes().chunks(chunk) {
        life.connection.chunk(life.now, chunk, &mut seen);
        let _ = life.connection.drain(&mut seen);
    }
    life.poll();
    let known = (
        life.connection.last_event_id().to_owned(),
        life.connection.duplicates(),
        life.connection.is_closed(),
    );
    // What the next request asks for.
    life.fail("the line is cut");
    life.wait(60_000);
    let asked = life.requests.last().map(|request| &request.last_event_id);
    let end = format!("{known:?} {asked:?} {:?}", life.reports.last());
    (seen.0, end)
}

#[test]
fn a_stream_comes_to_the_same_wherever_the_chunks_cut_it() {
    let profiles = [
        dashtam::spec(),
        cortex::spec(),
        hive::spec(),
        stock_agent::spec(),
        plain::spec(),
    ];
    let mut seed = 11_u64;
    let mut below = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % limit
    };
    let mut events = 0;
    for round in 0..400 {
        let spec = &profiles[round % profiles.len()];
        let known: Vec<&str> = spec.events.iter().map(|event| &*event.name).collect();
        // A category or two, some types, a glob, or everything.
        let category = usize::from(spec.events[below(spec.events.len())].category);
        let category = spec.categories[category].to_string();
        let filter = match below(4) {
            0 => Filter::all().and_categories([category]),
            1 => Filter::all().and_types([known[below(known.len())].to_owned()]),
            2 => Filter::all().and_types(["*e*".to_owned()]),
            _ => Filter::all(),
        };
        let mut stream = String::new();
        for at in 0..30 {
            match below(12) {
                0 => stream.push_str(": a heartbeat\n\n"),
                1 => stream.push_str("retry: 2000\n\n"),
                2 => stream.push_str("id: alone\n\n"),
                _ => {}
            }
            let name = match below(5) {
                0 => "no.such.type",
                1 => "message",
                _ => known[below(known.len())],
            };
            if below(8) > 0 {
                stream.push_str(&format!("event: {name}\n"));
            }
            match below(8) {
                0 => {}
                1 => stream.push_str("id: caf\u{e9}\n"),
                2 => stream.push_str("id:\n"),
                // Some come again.
                3 => stream.push_str(&format!("id: event-{}\n", below(at + 1))),
                _ => stream.push_str(&format!("id: event-{at}\n")),
            }
            let text = ["an answer", "Gr\u{fc}\u{df}e \u{5e02}\u{1f980}", ""][below(3)];
            let number = below(at + 2);
            stream.push_str(&format!(
                "data: {{\"type\": \"{name}\", \"id\": \"m{number}\", \"seq\": {number}, \"content\": \"{text}\"}}\n"
            ));
            stream.push_str(["\n", "\n", "\n", "\r\n", "data: more\n\n"][below(5)]);
        }
        let short = outcome(spec, &filter, &stream, stream.len());
        events += short.0.len();
        for chunk in [1, 7, 64, 500] {
            let other = outcome(spec, &filter, &stream, chunk);
            assert_eq!(other, short, "{} {filter:?} {chunk} {stream}", spec.name);
        }
    }
    assert!(events > 2_000, "{events}");
}
