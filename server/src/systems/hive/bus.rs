//! A session's event bus: its history, and the queue of each client.
//!
//! Nothing here waits or writes: the routes own the waiting, so that every
//! rule about what is queued, dropped, replayed or discarded is a plain
//! function of what was called.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::Notify;

use super::event::Event;
use super::types;

/// Events that the history route reads back, live or not. The service has
/// them on disk without end; here they are in memory and so have one.
const LOG_EVENTS: usize = 5000;

/// Bytes of these, as they are on the wire.
const LOG_BYTES: usize = 32 << 20;

/// The types that a client asked for with `?types=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Requested {
    /// Nothing valid was named.
    Default,
    /// These, each of them known to the service.
    Named(HashSet<String>),
}

impl Requested {
    /// Reads the query parameter. Unknown names are dropped without a word,
    /// and so are names in upper case, which are unknown too.
    pub(crate) fn parse(parameter: Option<&str>) -> Self {
        let named: HashSet<String> = parameter
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|name| types::is_known(name))
            .map(str::to_owned)
            .collect();
        if named.is_empty() {
            Self::Default
        } else {
            Self::Named(named)
        }
    }

    /// A type that no table knows counts among the defaults, as it would on
    /// the newer service that sends it.
    fn wants(&self, kind: &str) -> bool {
        match self {
            Self::Default => types::is_default(kind) || !types::is_known(kind),
            Self::Named(named) => named.contains(kind),
        }
    }
}

/// What a client's stream does next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Write this frame.
    Frame(Bytes),
    /// Wait for an event, or for the keepalive.
    Idle,
    /// End: the client fell behind on an event that must not be lost. What was
    /// queued is discarded, and nothing on the wire says so.
    Disconnected,
}

/// One client's subscription and queue. Dropping it unsubscribes.
#[derive(Debug)]
pub(crate) struct Client {
    requested: Requested,
    limit: usize,
    state: Mutex<ClientState>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct ClientState {
    queue: VecDeque<Bytes>,
    /// Set by a critical event that found the queue full; never unset.
    disconnected: bool,
}

impl Client {
    fn new(requested: Requested, limit: usize) -> Self {
        Self {
            requested,
            limit,
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// The next thing to do. Whether the client was disconnected is looked at
    /// before the queue is: the write under way is finished, the rest is not.
    pub(crate) fn next(&self) -> Next {
        let mut state = self.state();
        if state.disconnected {
            state.queue.clear();
            return Next::Disconnected;
        }
        state.queue.pop_front().map_or(Next::Idle, Next::Frame)
    }

    /// Resolves when [`Client::next`] may have something new to say.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// A live event: queued, dropped without a word when there is no room, or
    /// the end of the connection when it must not be dropped. True if queued.
    fn offer(&self, event: &Event, frame: &Bytes) -> bool {
        if !self.requested.wants(&event.kind) {
            return false;
        }
        let mut state = self.state();
        if state.disconnected || event.is_worker_noise() {
            return false;
        }
        if state.queue.len() < self.limit {
            state.queue.push_back(frame.clone());
        } else if types::is_critical(&event.kind) {
            state.disconnected = true;
        } else {
            return false;
        }
        let queued = !state.disconnected;
        drop(state);
        self.changed.notify_one();
        queued
    }

    /// Queues the past events that make a chat visible, oldest first, until
    /// there is no room.
    fn replay<'a>(&self, history: impl Iterator<Item = &'a Event>) {
        let mut state = self.state();
        for event in history {
            if !types::is_replayed(&event.kind)
                || !self.requested.wants(&event.kind)
                || event.is_worker_noise()
            {
                continue;
            }
            if state.queue.len() >= self.limit {
                break;
            }
            state.queue.push_back(event.frame());
        }
        drop(state);
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, ClientState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bus of one session.
#[derive(Debug)]
pub(crate) struct EventBus {
    history: VecDeque<Arc<Event>>,
    /// How many events the history keeps.
    capacity: usize,
    /// Each event with its length on the wire.
    log: VecDeque<(Arc<Event>, usize)>,
    log_bytes: usize,
    clients: Vec<Weak<Client>>,
    published: u64,
}

impl EventBus {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            history: VecDeque::new(),
            capacity,
            log: VecDeque::new(),
            log_bytes: 0,
            clients: Vec::new(),
            published: 0,
        }
    }

    /// Keeps `event` and hands it to every client that asked for its type; the
    /// number of those whose queue took it.
    pub(crate) fn publish(&mut self, mut event: Event, numbered: bool) -> usize {
        self.published += 1;
        event.seq = numbered.then_some(self.published);
        let frame = event.frame();
        let event = Arc::new(event);
        self.history.push_back(event.clone());
        self.keep(self.capacity);
        self.write_down(event.clone(), frame.len());
        self.clients.retain(|client| client.strong_count() > 0);
        self.clients
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|client| client.offer(&event, &frame))
            .count()
    }

    /// Changes how many events the history keeps.
    pub(crate) fn keep(&mut self, capacity: usize) {
        self.capacity = capacity;
        while self.history.len() > capacity {
            self.history.pop_front();
        }
    }

    /// Forgets the history but for the newest `keep` events, and returns how many are gone.
    pub(crate) fn forget(&mut self, keep: usize) -> usize {
        let gone = self.history.len().saturating_sub(keep);
        self.history.drain(..gone);
        gone
    }

    /// Adds to the log, from which the oldest goes first.
    fn write_down(&mut self, event: Arc<Event>, length: usize) {
        self.log.push_back((event, length));
        self.log_bytes += length;
        while self.log.len() > LOG_EVENTS || self.log_bytes > LOG_BYTES {
            let oldest = self.log.pop_front();
            self.log_bytes -= oldest.map_or(self.log_bytes, |(_, length)| length);
        }
    }

    /// A new client, to which live events come from now on. The history is
    /// asked for apart ([`EventBus::replay`]): what is published in between is
    /// queued before it, and then comes once more out of it.
    pub(crate) fn subscribe(&mut self, requested: Requested, limit: usize) -> Arc<Client> {
        let client = Arc::new(Client::new(requested, limit));
        self.clients.push(Arc::downgrade(&client));
        client
    }

    /// Queues the history for `client`.
    pub(crate) fn replay(&self, client: &Client) {
        client.replay(self.history.iter().map(Arc::as_ref));
    }

    /// The clients that are subscribed now.
    pub(crate) fn clients(&self) -> usize {
        self.clients
            .iter()
            .filter(|client| client.strong_count() > 0)
            .count()
    }

    /// The whole log as the history route answers it: of the deltas of one
    /// text only the last, whose snapshot holds all the others.
    pub(crate) fn log(&self) -> Vec<Value> {
        let mut seen = HashSet::new();
        let mut envelopes: Vec<Value> = self
            .log
            .iter()
            .rev()
            .map(|(event, _)| event)
            .filter(|event| text_of(event).is_none_or(|text| seen.insert(text)))
            .map(|event| event.envelope())
            .collect();
        envelopes.reverse();
        envelopes
    }
}

/// What tells the text that a delta belongs to; nothing for other events.
fn text_of(event: &Event) -> Option<String> {
    matches!(
        event.kind.as_str(),
        "client_output_delta" | "llm_text_delta"
    )
    .then(|| {
        format!(
            "{}|{}|{:?}|{:?}|{}|{}",
            event.kind,
            event.stream_id,
            event.node_id,
            event.execution_id,
            event.data["iteration"],
            event.data["inner_turn"],
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, stream_id: &str, data: Value) -> Event {
        Event {
            kind: kind.into(),
            stream_id: stream_id.into(),
            node_id: Some("queen".into()),
            execution_id: None,
            data,
            timestamp: "2026-04-16T19:30:05.123456".into(),
            correlation_id: None,
            colony_id: None,
            run_id: None,
            seq: None,
        }
    }

    fn delta(number: usize) -> Event {
        event("client_output_delta", "queen", json!({ "n": number }))
    }

    fn drain(client: &Client) -> Vec<String> {
        let mut frames = Vec::new();
        while let Next::Frame(frame) = client.next() {
            frames.push(String::from_utf8(frame.to_vec()).unwrap());
        }
        frames
    }

    /// The `"n"` of each frame that is queued.
    fn drain_numbers(client: &Client) -> Vec<usize> {
        drain(client)
            .iter()
            .map(|frame| {
                let json: Value =
                    serde_json::from_str(frame.strip_prefix("data: ").unwrap()).unwrap();
                json["data"]["n"].as_u64().unwrap() as usize
            })
            .collect()
    }

    #[test]
    fn an_event_is_one_data_line_with_every_member_of_the_envelope() {
        let mut bus = EventBus::new(10);
        let client = bus.subscribe(Requested::Default, 10);
        assert_eq!(
            bus.publish(
                event("tool_call_started", "queen", json!({"q": "é"})),
                false
            ),
            1
        );
        assert_eq!(
            drain(&client),
            [
                "data: {\"type\": \"tool_call_started\", \"stream_id\": \"queen\", \
              \"node_id\": \"queen\", \"execution_id\": null, \"data\": {\"q\": \"\\u00e9\"}, \
              \"timestamp\": \"2026-04-16T19:30:05.123456\", \"correlation_id\": null, \
              \"colony_id\": null}\n\n"
            ]
        );
    }

    #[test]
    fn seq_counts_from_one_and_run_id_comes_last_and_only_when_set() {
        let mut bus = EventBus::new(10);
        let client = bus.subscribe(Requested::Default, 10);
        let mut with_run = delta(0);
        with_run.run_id = Some("r-1".into());
        bus.publish(with_run, true);
        bus.publish(delta(1), true);
        let frames = drain(&client);
        assert!(frames[0].ends_with("\"colony_id\": null, \"seq\": 1, \"run_id\": \"r-1\"}\n\n"));
        assert!(frames[1].ends_with("\"colony_id\": null, \"seq\": 2}\n\n"));
    }

    #[test]
    fn a_full_queue_drops_what_is_not_critical_and_goes_on() {
        let mut bus = EventBus::new(1000);
        let client = bus.subscribe(Requested::Default, 3);
        let taken: Vec<usize> = (0..5).map(|n| bus.publish(delta(n), false)).collect();
        assert_eq!(taken, [1, 1, 1, 0, 0]);
        assert_eq!(drain_numbers(&client), [0, 1, 2]);
        bus.publish(delta(5), false);
        assert_eq!(drain_numbers(&client), [5]);
    }

    #[test]
    fn a_critical_event_on_a_full_queue_disconnects_and_discards_the_rest() {
        let mut bus = EventBus::new(1000);
        let client = bus.subscribe(Requested::Default, 3);
        for n in 0..3 {
            bus.publish(delta(n), false);
        }
        // The item that the writer holds when it happens is still written.
        assert!(matches!(client.next(), Next::Frame(_)));
        bus.publish(delta(3), false);
        assert_eq!(
            bus.publish(event("execution_completed", "queen", json!({})), false),
            0
        );
        assert_eq!(client.next(), Next::Disconnected);
        assert_eq!(bus.publish(delta(4), false), 0);
        assert_eq!(client.next(), Next::Disconnected);
    }

    #[test]
    fn a_retired_name_is_critical_and_its_successor_is_not() {
        let mut bus = EventBus::new(1000);
        let client = bus.subscribe(Requested::Default, 1);
        bus.publish(delta(0), false);
        bus.publish(event("worker_colony_loaded", "queen", json!({})), false);
        assert!(matches!(client.next(), Next::Frame(_)));
        bus.publish(delta(1), false);
        bus.publish(event("worker_graph_loaded", "queen", json!({})), false);
        assert_eq!(client.next(), Next::Disconnected);
    }

    #[test]
    fn only_the_replay_set_is_replayed_and_in_order() {
        let mut bus = EventBus::new(1000);
        for (n, kind) in [
            "client_output_delta",
            "execution_started",
            "tool_call_started",
            "execution_completed",
            "client_input_requested",
            "client_input_received",
            "llm_text_delta",
            "trigger_available",
            "trigger_activated",
            "trigger_deactivated",
            "trigger_fired",
            "trigger_removed",
            "trigger_updated",
            "queen_phase_changed",
        ]
        .into_iter()
        .enumerate()
        {
            bus.publish(event(kind, "queen", json!({ "n": n })), false);
        }
        let client = bus.subscribe(Requested::Default, 1000);
        bus.replay(&client);
        assert_eq!(drain_numbers(&client), [0, 1, 4, 5, 7, 8, 9, 11, 12]);
    }

    #[test]
    fn the_replay_keeps_to_the_requested_types() {
        let mut bus = EventBus::new(1000);
        bus.publish(delta(0), false);
        bus.publish(event("execution_started", "queen", json!({"n": 1})), false);
        let client = bus.subscribe(
            Requested::parse(Some("execution_started,goal_progress")),
            10,
        );
        bus.replay(&client);
        assert_eq!(drain_numbers(&client), [1]);
    }

    #[test]
    fn an_event_between_subscription_and_replay_comes_first_and_twice() {
        let mut bus = EventBus::new(1000);
        bus.publish(delta(0), false);
        bus.publish(delta(1), false);
        let client = bus.subscribe(Requested::Default, 1000);
        bus.publish(delta(2), false);
        bus.replay(&client);
        bus.publish(delta(3), false);
        assert_eq!(drain_numbers(&client), [2, 0, 1, 2, 3]);
    }

    #[test]
    fn the_history_is_a_ring_and_a_full_one_leaves_a_queue_of_its_size_no_room() {
        let mut bus = EventBus::new(4);
        for n in 0..6 {
            bus.publish(delta(n), false);
        }
        let client = bus.subscribe(Requested::Default, 4);
        bus.replay(&client);
        assert_eq!(bus.publish(delta(6), false), 0);
        assert_eq!(drain_numbers(&client), [2, 3, 4, 5]);
    }

    #[test]
    fn a_replay_that_fills_the_queue_stops_without_disconnecting() {
        let mut bus = EventBus::new(10);
        for n in 0..5 {
            bus.publish(
                event("execution_started", "queen", json!({ "n": n })),
                false,
            );
        }
        let client = bus.subscribe(Requested::Default, 3);
        bus.replay(&client);
        assert_eq!(drain_numbers(&client), [0, 1, 2]);
        assert_eq!(client.next(), Next::Idle);
    }

    #[test]
    fn of_a_parallel_worker_only_reports_and_ends_pass_live_and_replayed() {
        let mut bus = EventBus::new(1000);
        let live = bus.subscribe(Requested::Default, 1000);
        for (n, (kind, stream)) in [
            ("client_output_delta", "worker:7d"),
            ("execution_started", "worker:7d"),
            ("subagent_report", "worker:7d"),
            ("execution_completed", "worker:7d"),
            ("execution_failed", "worker:7d"),
            ("execution_started", "worker"),
            ("client_output_delta", "workers"),
        ]
        .into_iter()
        .enumerate()
        {
            bus.publish(event(kind, stream, json!({ "n": n })), false);
        }
        assert_eq!(drain_numbers(&live), [2, 3, 4, 5, 6]);
        let late = bus.subscribe(Requested::Default, 1000);
        bus.replay(&late);
        assert_eq!(drain_numbers(&late), [5, 6]);
    }

    #[test]
    fn unknown_and_upper_case_names_fall_back_to_the_default_set() {
        assert_eq!(Requested::parse(None), Requested::Default);
        assert_eq!(Requested::parse(Some("")), Requested::Default);
        assert_eq!(
            Requested::parse(Some("CLIENT_OUTPUT_DELTA,EXECUTION_STARTED")),
            Requested::Default
        );
        let named = Requested::parse(Some(" judge_verdict , nonsense,goal_progress"));
        assert!(named.wants("judge_verdict") && named.wants("goal_progress"));
        assert!(!named.wants("nonsense") && !named.wants("client_output_delta"));
    }

    #[test]
    fn a_known_type_outside_the_default_set_must_be_asked_for() {
        let mut bus = EventBus::new(10);
        let usual = bus.subscribe(Requested::Default, 10);
        let asking = bus.subscribe(Requested::parse(Some("judge_verdict")), 10);
        bus.publish(event("judge_verdict", "queen", json!({"n": 1})), false);
        bus.publish(event("of_a_later_version", "queen", json!({"n": 2})), false);
        assert_eq!(drain_numbers(&usual), [2]);
        assert_eq!(drain_numbers(&asking), [1]);
    }

    #[test]
    fn a_client_that_is_dropped_is_counted_no_more() {
        let mut bus = EventBus::new(10);
        let client = bus.subscribe(Requested::Default, 10);
        assert_eq!(bus.clients(), 1);
        drop(client);
        assert_eq!(bus.clients(), 0);
        assert_eq!(bus.publish(delta(0), false), 0);
    }

    #[test]
    fn the_log_has_an_end_in_bytes() {
        let mut bus = EventBus::new(1);
        let text = "x".repeat(LOG_BYTES / 4);
        for n in 0..8 {
            bus.publish(
                event("goal_progress", "queen", json!({"n": n, "text": text})),
                false,
            );
        }
        let log = bus.log();
        let numbers: Vec<&Value> = log.iter().map(|event| &event["data"]["n"]).collect();
        assert_eq!(numbers, [5, 6, 7]);
    }

    #[test]
    fn the_log_keeps_only_the_last_delta_of_each_text() {
        let mut bus = EventBus::new(2);
        let text = |snapshot: &str, iteration: u64| {
            event(
                "client_output_delta",
                "queen",
                json!({"snapshot": snapshot, "inner_turn": 0, "iteration": iteration}),
            )
        };
        bus.publish(text("a", 1), false);
        bus.publish(text("ab", 1), false);
        bus.publish(event("tool_call_started", "queen", json!({})), false);
        bus.publish(text("c", 2), false);
        bus.publish(text("cd", 2), false);
        let log = bus.log();
        let snapshots: Vec<&Value> = log.iter().map(|event| &event["data"]["snapshot"]).collect();
        assert_eq!(snapshots, [&json!("ab"), &Value::Null, &json!("cd")]);
    }
}
