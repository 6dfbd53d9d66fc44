//! Live bytes of the WebAssembly over a million real events.

use crate::live_bytes::live_bytes;
use crate::server::{Namespace, pause};
use futures::StreamExt;
use serde_json::json;
use tidewire::client::{Client, Item};
use tidewire::profiles::plain::Plain;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

const EVENT: &str = "data: x\n\n";

/// Bytes by which live ones may differ while streams are open: buffers and queues have the room of
/// the largest chunk that the browser has handed over so far, which is chance. A byte kept of each
/// event would be more.
const ROOM: usize = 512 * 1024;

/// Bytes that may stay when a stream is gone.
const STAY: usize = 16 * 1024;

/// Takes that many events of one stream, counts what is alive when all are taken, and lets it go.
async fn alive_after(server: &Namespace, events: usize) -> usize {
    let all = json!([{"repeat": {"text": EVENT, "bytes": events * EVENT.len()}}, {"stall": true}]);
    server.script("GET", "/plain", all).await;
    let mut stream = Client::<Plain>::new(server.url("/plain")).connect();
    let mut count = 0;
    while count < events {
        count += usize::from(matches!(stream.next().await, Some(Item::Event(_))));
    }
    let alive = live_bytes();
    drop(stream);
    server.streams(0).await;
    alive
}

/// What is alive when the browser has let go of what it was given: when it stays the same, and is
/// no more than `most`. Of a busy browser that is waited for; what is forgotten is alive for ever.
async fn alive_at_rest(most: usize) -> usize {
    let (mut alive, mut same) = (live_bytes(), 0);
    for _ in 0..500 {
        pause(20).await;
        let now = live_bytes();
        same = if now == alive { same + 1 } else { 0 };
        alive = now;
        if same >= 10 && alive <= most {
            break;
        }
    }
    alive
}

#[wasm_bindgen_test]
async fn a_million_events_leave_nothing_behind() {
    let server = Namespace::new("million").await;
    // What is made once and for all is made by the first stream.
    alive_after(&server, 1_000).await;
    let before = alive_at_rest(usize::MAX).await;
    let early = alive_after(&server, 100_000).await;
    let late = alive_after(&server, 1_000_000).await;
    let after = alive_at_rest(before + STAY).await;
    console_log!(
        "{early} bytes live after 100,000 events, {late} after 1,000,000; \
         {before} before these streams, {after} behind them"
    );
    assert!(late <= early + ROOM, "{early} bytes grew to {late}");
    assert!(after <= before + STAY, "of {before} bytes {after} stayed");
}
