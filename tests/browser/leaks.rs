//! What stays when streams are dropped, at whatever stage of their lives: nothing.
//!
//! Each stage is gone through ten thousand times. Bytes, references to the browser's objects,
//! timers, listeners, requests, readers and event sources are counted, before and behind them.

use crate::live_bytes::live_bytes;
use crate::server::{Namespace, pause};
use futures::{FutureExt, StreamExt};
use std::future;
use tidewire::client::{Client, Events, Transport};
use tidewire::connection::{Backoff, State};
use tidewire::profiles::plain::Plain;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

#[wasm_bindgen(module = "/tests/browser/census.js")]
extern "C" {
    fn census() -> Vec<u32>;
    #[wasm_bindgen(js_name = startCounting)]
    fn start_counting();
    fn answering() -> js_sys::Function;
    #[wasm_bindgen(js_name = replaceEventSource)]
    fn replace_event_source() -> js_sys::Function;
}

const ROUNDS: usize = 10_000;

/// How many streams live at a time.
const AT_ONCE: usize = 100;

/// What is alive.
#[derive(Debug, Clone, PartialEq)]
struct Alive {
    /// References to the browser's objects: those to closures are among them.
    references: u32,
    /// Timers, listeners, requests, readers, event sources.
    browser: Vec<u32>,
    bytes: usize,
}

impl Alive {
    fn now() -> Self {
        let browser = census();
        Alive {
            references: wasm_bindgen::externref_heap_live_count(),
            browser,
            bytes: live_bytes(),
        }
    }

    /// When all that is under way is done: when it stays the same.
    async fn at_rest() -> Self {
        let (mut alive, mut same) = (Alive::now(), 0);
        while same < 5 {
            pause(10).await;
            let now = Alive::now();
            same = if now == alive { same + 1 } else { 0 };
            alive = now;
        }
        alive
    }

    /// When no more is left than `before`, but for less than so many bytes. A busy browser takes
    /// its time; what is forgotten is alive for ever.
    async fn after(before: &Alive, bytes: usize) -> Self {
        for _ in 0..200 {
            let after = Alive::at_rest().await;
            if after.is_no_more_than(before, bytes) {
                return after;
            }
        }
        panic!("of {before:?} came {:?}", Alive::now());
    }

    /// It may be less: what other tests left under way may be done by now.
    fn is_no_more_than(&self, before: &Alive, bytes: usize) -> bool {
        let mut counts = self.browser.iter().zip(&before.browser);
        counts.all(|(after, before)| after <= before)
            && self.references <= before.references
            && self.bytes < before.bytes + bytes
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    /// Options, and no stream.
    Unconnected,
    /// The application was asked for a token, and never gives one.
    Token,
    /// The server was asked, and never answers.
    Requested,
    Open,
    /// Somebody waits for the next item.
    Awaited,
    /// An event waits to be taken, and half of another has come.
    Halfway,
    /// The next attempt is an hour away.
    Waiting,
    Closed,
    EventSource,
    /// On one connection with all others.
    Shared,
}

impl Stage {
    fn client(self) -> Client<Plain> {
        let url = match self {
            Stage::Waiting => "/busy",
            Stage::Closed => "/nothing",
            Stage::Requested => "/pending",
            Stage::Halfway => "/halfway",
            _ => "/open",
        };
        let client = Client::new(url).reconnect(Backoff::new(3_600_000, 3_600_000));
        match self {
            Stage::EventSource => client.transport(Transport::EventSource),
            Stage::Token => client.fetch(answering()).token(|_| future::pending()),
            Stage::Shared => client.fetch(ANSWERING.with(Clone::clone)).share(true),
            Stage::Unconnected => client
                .fetch(answering())
                .token(|_| future::ready(None))
                .headers(|| future::ready(Vec::new()))
                .reconnect_when(|_| true)
                .body(JsValue::from(js_sys::Object::new())),
            _ => client.fetch(answering()),
        }
    }

    fn is_reached(self, events: &mut Events<Plain>) -> bool {
        match self {
            Stage::Unconnected => true,
            Stage::Token | Stage::Requested => events.stats().attempts == 1,
            Stage::Open | Stage::EventSource | Stage::Shared => events.state() == State::Open,
            Stage::Awaited => {
                while let Some(Some(_)) = events.next().now_or_never() {}
                events.state() == State::Open
            }
            Stage::Halfway => events.stats().waiting == 1,
            Stage::Waiting => events.state() == State::Waiting,
            Stage::Closed => events.state() == State::Closed,
        }
    }

    /// Streams at this stage.
    async fn reach(self, count: usize) -> Vec<Events<Plain>> {
        let clients = (0..count).map(|_| self.client());
        if self == Stage::Unconnected {
            clients.for_each(drop);
            return Vec::new();
        }
        let mut streams: Vec<_> = clients.map(Client::connect).collect();
        loop {
            pause(0).await;
            if streams.iter_mut().all(|events| self.is_reached(events)) {
                return streams;
            }
        }
    }

    /// Goes through it so often, and compares what is alive before and after.
    async fn leaves_nothing(self) {
        start_counting();
        let restore = replace_event_source();
        // What is made once and for all is made by the first.
        drop(self.reach(AT_ONCE).await);
        let before = Alive::at_rest().await;
        for _ in 0..ROUNDS / AT_ONCE {
            drop(self.reach(AT_ONCE).await);
        }
        // A table may have grown. A byte of each stream would be more.
        let after = Alive::after(&before, ROUNDS).await;
        restore.call0(&JsValue::UNDEFINED).expect("it is put back");
        console_log!("{self:?}: {before:?} before {ROUNDS} streams, {after:?} behind them");
    }
}

thread_local! {
    /// Streams share only what is the same function.
    static ANSWERING: js_sys::Function = answering();
}

macro_rules! stages {
    ($($test:ident: $stage:ident),* $(,)?) => {
        $(
            #[wasm_bindgen_test]
            async fn $test() {
                Stage::$stage.leaves_nothing().await;
            }
        )*
    };
}

stages! {
    options_without_a_stream_leave_nothing: Unconnected,
    streams_dropped_while_a_token_is_awaited_leave_nothing: Token,
    streams_dropped_while_the_server_is_awaited_leave_nothing: Requested,
    streams_dropped_while_open_leave_nothing: Open,
    streams_dropped_while_an_item_is_awaited_leave_nothing: Awaited,
    streams_dropped_in_the_middle_of_an_event_leave_nothing: Halfway,
    streams_dropped_while_the_next_attempt_is_awaited_leave_nothing: Waiting,
    streams_dropped_after_their_end_leave_nothing: Closed,
    event_sources_dropped_while_open_leave_nothing: EventSource,
    streams_that_shared_a_connection_leave_nothing: Shared,
}

#[wasm_bindgen_test]
async fn what_is_forgotten_is_counted() {
    start_counting();
    let restore = replace_event_source();
    for (stage, what) in [
        (Stage::Requested, Some(2)),
        (Stage::Open, Some(3)),
        (Stage::Waiting, Some(0)),
        (Stage::EventSource, Some(4)),
        (Stage::Shared, Some(1)),
        (Stage::Token, None),
    ] {
        drop(stage.reach(1).await);
        let before = Alive::at_rest().await;
        let forgotten = stage.reach(1).await.remove(0);
        let handle = forgotten.handle();
        std::mem::forget(forgotten);
        let after = Alive::at_rest().await;
        assert!(after.bytes > before.bytes, "{stage:?}");
        assert!(after.references > before.references, "{stage:?}");
        if let Some(what) = what {
            assert!(after.browser[what] > before.browser[what], "{stage:?}");
        }
        // What it still has of the browser's would change under other tests.
        handle.close();
    }
    restore.call0(&JsValue::UNDEFINED).expect("it is put back");
}

#[wasm_bindgen_test]
async fn streams_dropped_on_the_network_leave_no_connection() {
    /// A browser opens six at a time.
    const PAIRS: usize = 100;
    start_counting();
    let server = Namespace::new("leaks").await;
    let open = |transport| {
        let client = Client::<Plain>::new(server.url("/plain"));
        client.transport(transport).connect()
    };
    let mut before = None;
    for round in 0..=PAIRS {
        let pair = [open(Transport::Fetch), open(Transport::EventSource)];
        // Every other is dropped before it is open.
        while round % 2 == 0 && pair.iter().any(|events| events.state() != State::Open) {
            pause(0).await;
        }
        drop(pair);
        if round == 0 {
            server.streams(0).await;
            before = Some(Alive::at_rest().await);
        }
    }
    server.streams(0).await;
    let before = before.expect("of the first");
    // A table may have grown. Eight bytes of each stream would be more.
    let after = Alive::after(&before, 2 * PAIRS * 8).await;
    console_log!("network: {before:?} before {PAIRS} pairs of streams, {after:?} behind them");
}
