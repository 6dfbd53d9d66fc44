//! Every event type of every profile: published, received, decoded, compared.

use crate::server::Namespace;
use futures::StreamExt;
use serde_json::{Value, json};
use tidewire::client::{Client, Event, Events, Item, Transport};
use tidewire::profiles::cortex::{self, Cortex};
use tidewire::profiles::dashtam::{self, Dashtam};
use tidewire::profiles::hive::{self, Hive};
use tidewire::profiles::plain::{self, Plain};
use tidewire::profiles::stage_chat::{self, StageChat};
use tidewire::profiles::stock_agent::{self, StockAgent};
use tidewire::profiles::{Profile, Spec};
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

/// The samples of a profile: at least one of each of its types.
fn samples(profile: &str) -> Vec<Value> {
    let all: Vec<Value> =
        serde_json::from_str(include_str!("../samples.json")).expect("the samples are JSON");
    let of_profile = |sample: &Value| sample["profile"] == profile;
    all.into_iter().filter(of_profile).collect()
}

/// The next `count` events; anything that cannot be decoded, and any end before, is a failure.
async fn receive<P: Profile>(
    events: &mut Events<P>,
    count: usize,
) -> Vec<Event<P::Event, P::Meta>> {
    let mut received = Vec::new();
    while received.len() < count {
        match events.next().await {
            Some(Item::Event(event)) => received.push(event),
            Some(Item::Undecodable(error)) => panic!("{error}"),
            Some(Item::Closed(closed)) => {
                panic!("closed after {} of {count}: {closed:?}", received.len())
            }
            Some(_) => {}
            None => unreachable!("the end is an item of its own"),
        }
    }
    received
}

/// Compares what came with what was sent, and counts the types.
fn compare<'e>(
    spec: &Spec,
    by: &str,
    samples: &[Value],
    events: impl ExactSizeIterator<Item = (&'e str, Option<String>, String)>,
) {
    assert_eq!(events.len(), samples.len());
    let mut types = std::collections::BTreeSet::new();
    for (sample, (name, category, payload)) in samples.iter().zip(events) {
        let payload: Value = serde_json::from_str(&payload).expect("payloads are JSON");
        let (_, event) = spec
            .event(sample["event"].as_str().expect("samples name their event"))
            .expect("samples are of known events");
        assert_eq!(event.name, name);
        assert_eq!(payload, sample["data"], "{name}");
        assert_eq!(category.as_deref(), spec.category_of(name), "{name}");
        types.insert(name.to_owned());
    }
    console_log!(
        "{} by {by}: {} of {} types",
        spec.name,
        types.len(),
        spec.events.len()
    );
    assert_eq!(types.len(), spec.events.len(), "every type has a sample");
}

macro_rules! compare {
    ($module:ident, $by:expr, $samples:expr, $events:expr) => {
        compare(
            &$module::spec(),
            $by,
            $samples,
            $events.iter().map(|event| {
                let payload = event.data.payload().expect("it was JSON before");
                (
                    event.data.name(),
                    event.category.as_deref().map(str::to_owned),
                    payload,
                )
            }),
        )
    };
}

#[wasm_bindgen_test]
async fn all_of_dashtam_by_fetch() {
    let server = Namespace::new("dashtam-fetch").await;
    let token = server.token("dashtam").await;
    let mut events = Client::<Dashtam>::new(server.url("/api/v1/events"))
        .token(move |_| std::future::ready(Some(token.clone())))
        .connect();
    server.streams(1).await;
    let samples = samples("dashtam");
    let items = samples.iter().map(
        |sample| json!({"system": "dashtam", "event": sample["event"], "data": sample["data"]}),
    );
    server.publish(items.collect()).await;
    let received = receive(&mut events, samples.len()).await;
    compare!(dashtam, "fetch", &samples, received);
    assert!(received.iter().all(|event| event.id.is_some()));
}

async fn cortex(server: &Namespace, client: Client<Cortex>, by: &'static str) {
    let mut events = client.connect();
    // The first frame is the server's own.
    let connect = receive(&mut events, 1).await;
    assert_eq!(connect[0].data.name(), "connect");
    let samples = samples("cortex");
    let items = samples.iter().map(|sample| {
        json!({
            "system": "cortex", "channel": "user", "resource": "browser",
            "event": sample["event"], "data": sample["data"],
        })
    });
    server.publish(items.collect()).await;
    let received = receive(&mut events, samples.len()).await;
    compare!(cortex, by, &samples, received);
}

async fn cortex_client(server: &Namespace) -> Client<Cortex> {
    let answer = server.token_for("cortex", "browser").await;
    Client::<Cortex>::new(server.url("/v1/user/browser"))
        .token(move |_| std::future::ready(Some(answer.clone())))
}

#[wasm_bindgen_test]
async fn all_of_cortex_by_fetch() {
    let server = Namespace::new("cortex-fetch").await;
    let client = cortex_client(&server).await;
    cortex(&server, client, "fetch").await;
}

#[wasm_bindgen_test]
async fn all_of_cortex_by_event_source() {
    let server = Namespace::new("cortex-eventsource").await;
    let client = cortex_client(&server)
        .await
        .transport(Transport::EventSource);
    cortex(&server, client, "EventSource").await;
}

async fn hive(server: &Namespace, client: Client<Hive>, by: &'static str) {
    // Asked for by name, so that what is sent on request only comes too.
    let names = hive::EventType::ALL.iter().map(|event| event.as_str());
    let mut events = client
        .filter(tidewire::filter::Filter::types(names))
        .connect();
    server.streams(1).await;
    let samples = samples("hive");
    let items = samples.iter().map(|sample| {
        json!({
            "system": "hive", "session": "session_demo",
            "type": sample["event"], "data": sample["data"], "stream_id": "queen",
            "node_id": "queen", "execution_id": "session_20260416_193001_1a2b3c4d",
        })
    });
    server.publish(items.collect()).await;
    let received = receive(&mut events, samples.len()).await;
    compare!(hive, by, &samples, received);
    assert!(received.iter().all(|event| event.meta.stream_id == "queen"));
}

#[wasm_bindgen_test]
async fn all_of_hive_by_fetch() {
    let server = Namespace::new("hive-fetch").await;
    let client = Client::<Hive>::new(server.url("/api/sessions/session_demo/events"));
    hive(&server, client, "fetch").await;
}

#[wasm_bindgen_test]
async fn all_of_hive_by_event_source() {
    let server = Namespace::new("hive-eventsource").await;
    let client = Client::<Hive>::new(server.url("/api/sessions/session_demo/events"));
    hive(
        &server,
        client.transport(Transport::EventSource),
        "EventSource",
    )
    .await;
}

#[wasm_bindgen_test]
async fn all_of_the_stock_agent_by_fetch() {
    let server = Namespace::new("stock").await;
    let samples = samples("stock-agent");
    let mut script: Vec<Value> = samples
        .iter()
        .map(|sample| {
            let mut event = json!({"type": sample["event"]});
            let fields = sample["data"].as_object().expect("payloads are objects");
            for (name, value) in fields {
                event[name] = value.clone();
            }
            event
        })
        .collect();
    script.push(json!("[DONE]"));
    server.answer("stock", Value::Array(script)).await;
    let mut events = Client::<StockAgent>::new(server.url("/api/chat"))
        .json(&json!({"message": "How did it close?", "session_id": null}))
        .expect("it is JSON")
        .connect();
    let received = receive(&mut events, samples.len()).await;
    compare!(stock_agent, "fetch", &samples, received);
}

#[wasm_bindgen_test]
async fn all_of_stage_chat_by_fetch() {
    let server = Namespace::new("stage").await;
    // Each of the three ends needs an answer of its own.
    let spec = stage_chat::spec();
    let samples = samples("stage-chat");
    let (ends, others): (Vec<Value>, Vec<Value>) = samples.into_iter().partition(|sample| {
        let name = sample["event"].as_str().unwrap_or_default();
        let flags = spec.event(name).expect("it is known").1.flags;
        flags.has(tidewire::profiles::Flags::TERMINAL)
    });
    let mut seen = Vec::new();
    for end in &ends {
        let mut round: Vec<Value> = others.clone();
        round.push(end.clone());
        let script = round
            .iter()
            .map(|sample| json!({"event": sample["event"], "id": "0", "data": sample["data"]}));
        server.answer("stage", script.collect()).await;
        let mut events = Client::<StageChat>::new(server.url("/stream/v1/chat"))
            .json(&json!({
                "stage_id": "s", "system_prompt": "p", "user_prompt": "q",
                "model_container": "traditional",
            }))
            .expect("it is JSON")
            .connect();
        let received = receive(&mut events, round.len()).await;
        let skipped = if seen.is_empty() { 0 } else { others.len() };
        seen.extend(received.into_iter().skip(skipped));
    }
    let order: Vec<Value> = others.into_iter().chain(ends).collect();
    compare!(stage_chat, "fetch", &order, seen);
}

async fn plain(server: &Namespace, client: Client<Plain>, by: &str) {
    let mut events = client
        .filter(tidewire::filter::Filter::types(["message", "tick"]))
        .connect();
    server.streams(1).await;
    server
        .publish(json!([
            {"system": "plain", "event": null, "data": "one\ntwo", "id": "7"},
            {"system": "plain", "event": "tock", "data": "not asked for"},
            {"system": "plain", "event": "tick", "data": "{}"},
        ]))
        .await;
    let received = receive(&mut events, 2).await;
    let message = plain::Event::Message("one\ntwo".to_owned());
    assert_eq!(
        (&received[0].data, received[0].id.as_deref()),
        (&message, Some("7"))
    );
    let tick = tidewire::profiles::Unknown {
        name: "tick".to_owned(),
        data: "{}".to_owned(),
    };
    assert_eq!(received[1].data, plain::Event::Unknown(tick));
    assert_eq!(&*received[1].last_event_id, "7");
    console_log!("plain by {by}: 1 of 1 types, and one unknown");
}

#[wasm_bindgen_test]
async fn a_plain_stream_by_fetch() {
    let server = Namespace::new("plain-fetch").await;
    let client = Client::<Plain>::new(server.url("/plain"));
    plain(&server, client, "fetch").await;
}

#[wasm_bindgen_test]
async fn a_plain_stream_by_event_source_with_names_of_its_own() {
    let server = Namespace::new("plain-eventsource").await;
    let client = Client::<Plain>::new(server.url("/plain")).transport(Transport::EventSource);
    plain(&server, client, "EventSource").await;
}
