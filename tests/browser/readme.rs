//! The README's Rust, and that of the guide to the client, run as they stand there.

use crate::server::Namespace;
use futures::StreamExt;
use serde_json::json;
use std::cell::RefCell;
use tidewire::client::{Handle, Item, SessionStore};
use tidewire::filter::Filter;
use tidewire::profiles::Profile;
use tidewire::profiles::dashtam::{Category, Dashtam, Event};
use wasm_bindgen_test::wasm_bindgen_test;

thread_local! {
    static SERVER: RefCell<String> = RefCell::default();
    static TOKEN: RefCell<Option<String>> = RefCell::default();
    static SHOWN: RefCell<Vec<Event>> = RefCell::default();
    static NOTES: RefCell<Vec<String>> = RefCell::default();
    static HANDLE: RefCell<Option<Handle>> = RefCell::default();
}

/// `tidewire::client::Client`, at home on the test server.
struct Client<P>(std::marker::PhantomData<P>);

impl<P: Profile> Client<P> {
    #[expect(clippy::new_ret_no_self, reason = "it stands in for the real one")]
    fn new(path: &str) -> tidewire::client::Client<P> {
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

fn note(text: String) {
    NOTES.with(|notes| notes.borrow_mut().push(text));
}

async fn own_events() {
    // README: own events
    use serde::Deserialize;
    use tidewire::profiles::{NoMeta, Profile, Spec, Unknown};

    #[derive(Deserialize)]
    enum Shop {
        #[serde(rename = "order.placed")]
        Placed { order: String, total: String },
        #[serde(rename = "stock.low")]
        StockLow { item: String, left: u32 },
        #[serde(rename = "unknown")] // what a newer server sends
        Unknown(Unknown),
    }

    impl Profile for Shop {
        type Event = Self;
        type Meta = NoMeta; // nothing stands around the payload

        fn spec() -> Spec {
            Spec::of::<Self>("shop")
                .category("orders", ["order.*"])
                .category("stock", ["stock.low"])
        }
    }

    let mut events = Client::<Shop>::new("/shop/events")
        .filter(Filter::categories(["orders"]))
        .connect();
    while let Some(item) = events.next().await {
        match item {
            Item::Event(event) => match event.data {
                Shop::Placed { order, total } => note(format!("{order} for {total}")),
                Shop::StockLow { item, left } => note(format!("{left} of {item} left")),
                Shop::Unknown(event) => note(format!("a new kind of event: {}", event.name)),
            },
            Item::Gap { last_event_id, .. } => {
                note(format!("something is missing after {last_event_id}"))
            }
            _ => {}
        }
    }
    // README: own events
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

#[wasm_bindgen_test]
async fn the_readmes_events_of_ones_own_arrive() {
    let server = Namespace::new("readme-own").await;
    SERVER.with(|url| *url.borrow_mut() = server.url(""));
    let frames = [
        "id: 1\nevent: stock.low\ndata: {\"item\": \"rope\", \"left\": 3}\n\n",
        "id: 2\nevent: order.placed\ndata: {\"order\": \"7\", \"total\": \"12.50\"}\n\n",
    ];
    let pause = json!({"pause_ms": 200});
    let steps = json!([{"write": frames.concat()}, pause, {"end": "clean"}]);
    server.script("GET", "/shop/events", steps).await;
    let later = json!([{"write": ": nothing new\n\n"}, {"stall": true}]);
    server.script("GET", "/shop/events", later).await;
    wasm_bindgen_futures::spawn_local(own_events());
    while NOTES.with(|notes| notes.borrow().len() < 2) {
        crate::server::pause(10).await;
    }
    assert_eq!(
        NOTES.with(RefCell::take),
        ["7 for 12.50", "something is missing after 2"],
        "what is low in stock was filtered out"
    );
}

fn keep(handle: Handle) {
    HANDLE.with(|kept| *kept.borrow_mut() = Some(handle));
}

async fn guide() {
    // GUIDE
    let mut events = Client::<Dashtam>::new("/api/v1/events")
        .token(|_attempt| async { fetch_token().await })
        .categories([Category::Security])
        .stale_after(45_000)
        .store(SessionStore::default()) // a reload goes on from there
        .connect();
    keep(events.handle()); // to close it, say, in answer to a click
    while let Some(item) = events.next().await {
        match item {
            Item::Event(event) => show(event.data),
            Item::Gap { reason, .. } => note(format!("maybe missing: {}", reason.as_str())),
            Item::Closed(closed) => note(format!("the end: {}", closed.reason.as_str())),
            _ => {}
        }
    }
    // GUIDE
}

#[wasm_bindgen_test]
async fn the_rust_of_the_guide_to_the_client_runs() {
    let server = Namespace::new("client-guide").await;
    SERVER.with(|url| *url.borrow_mut() = server.url(""));
    let token = server.token("dashtam").await;
    TOKEN.with(|slot| *slot.borrow_mut() = Some(token));
    SHOWN.take();
    NOTES.take();
    wasm_bindgen_futures::spawn_local(guide());
    server.streams(1).await;
    let login =
        json!({"system": "dashtam", "event": "security.login.failed", "data": {"reason": "r"}});
    server.publish(json!([login])).await;
    while SHOWN.with(|shown| shown.borrow().is_empty()) {
        crate::server::pause(10).await;
    }
    let shown = SHOWN.take();
    assert_eq!(shown[0].name(), "security.login.failed");
    let handle = HANDLE.take().expect("it was kept");
    handle.close();
    while NOTES.with(|notes| notes.borrow().is_empty()) {
        crate::server::pause(10).await;
    }
    assert_eq!(NOTES.take(), ["the end: closed"]);
    let requests = server.requests().await;
    assert_eq!(requests[0]["query"], "categories=security");
}
