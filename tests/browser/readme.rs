//! The README's ten lines of Rust, run as they stand there.

use crate::server::Namespace;
use futures::StreamExt;
use serde_json::json;
use std::cell::RefCell;
use tidewire::client::Item;
use tidewire::filter::Filter;
use tidewire::profiles::dashtam::{Category, Dashtam, Event};
use wasm_bindgen_test::wasm_bindgen_test;

thread_local! {
    static SERVER: RefCell<String> = RefCell::default();
    static TOKEN: RefCell<Option<String>> = RefCell::default();
    static SHOWN: RefCell<Vec<Event>> = RefCell::default();
}

/// `tidewire::client::Client`, at home on the test server.
struct Client<P>(std::marker::PhantomData<P>);

impl Client<Dashtam> {
    #[expect(clippy::new_ret_no_self, reason = "it stands in for the real one")]
    fn new(path: &str) -> tidewire::client::Client<Dashtam> {
        let server = SERVER.with(|server| server.borrow().clone());
        tidewire::client::Client::new(format!("{server}{path}"))
    }
}

async fn fetch_token() -> Option<String> {
    TOKEN.with(|token| token.borrow().clone())
}

fn show(event: Event) {
    SHOWN.with(|shown| shown.borrow_mut().push(event));
}

async fn example() {
    // README
    let mut events = Client::<Dashtam>::new("/api/v1/events")
        .token(|_attempt| async { fetch_token().await })
        .filter(Filter::categories([Category::DataSync, Category::Provider]))
        .connect();
    while let Some(item) = events.next().await {
        if let Item::Event(event) = item {
            show(event.data);
        }
    } // dropping `events` closes the connection
    // README
}

#[wasm_bindgen_test]
async fn the_readmes_rust_runs() {
    let server = Namespace::new("readme").await;
    SERVER.with(|url| *url.borrow_mut() = server.url(""));
    let token = server.token("dashtam").await;
    TOKEN.with(|slot| *slot.borrow_mut() = Some(token));
    wasm_bindgen_futures::spawn_local(example());
    server.streams(1).await;
    server
        .publish(json!([
            {"system": "dashtam", "event": "import.failed", "data": {"file_name": "a", "error": "b"}},
            {"system": "dashtam", "event": "sync.holdings.started", "data": {"account_id": "a"}},
        ]))
        .await;
    while SHOWN.with(|shown| shown.borrow().is_empty()) {
        crate::server::pause(10).await;
    }
    let shown = SHOWN.with(|shown| shown.borrow()[0].name().to_owned());
    assert_eq!(
        shown, "sync.holdings.started",
        "the import was filtered out"
    );
    let requests = server.requests().await;
    assert_eq!(requests[0]["query"], "categories=data_sync,provider");
}
