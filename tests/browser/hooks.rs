//! What the tests of all hooks do.

use crate::server::{Namespace, pause};
use serde_json::json;
use tidewire::profiles::plain;

/// Waits, for as long as a busy machine may take.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        pause(10).await;
    }
    panic!("waited for {what}");
}

/// Publishes events whose id is their text.
pub(crate) async fn say(server: &Namespace, texts: &[&str]) {
    let item = |text: &&str| json!({"system": "plain", "data": text, "id": text});
    server.publish(texts.iter().map(item).collect()).await;
}

/// What a plain event says.
pub(crate) fn text(event: &plain::Event) -> &str {
    match event {
        plain::Event::Message(text) => text,
        plain::Event::Unknown(unknown) => &unknown.data,
    }
}
