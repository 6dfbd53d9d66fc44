//! One sample of every event type at the least, sent and received.

use crate::wire::{Arrival, Received, receive};
use serde_json::Value;
use std::collections::BTreeSet;
use tidewire::profiles::{
    self, Format, Frame, FrameError, NoMeta, Profile, RawEvent, Spec, cortex, dashtam, hive, plain,
    stage_chat, stock_agent,
};
use tidewire::wire::LineEnding;

/// `{ profile, event, data, meta? }`: an event by any of its names, its payload, and what stands
/// around it.
fn samples(profile: &str) -> Vec<Value> {
    let all: Vec<Value> =
        serde_json::from_str(include_str!("../samples.json")).expect("the samples are JSON");
    all.into_iter()
        .filter(|sample| sample["profile"] == profile)
        .collect()
}

/// Bytes of a frame, in either kind of line.
fn bytes(frame: &Frame) -> Vec<Vec<u8>> {
    let encode = |ending| {
        let mut out = Vec::new();
        frame
            .as_event()
            .encode(ending, &mut out)
            .expect("a frame without line breaks in its fields");
        out
    };
    vec![encode(LineEnding::Lf), encode(LineEnding::CrLf)]
}

/// The text of a payload in the profile's format.
fn payload_text(spec: &Spec, data: &Value) -> String {
    match (spec.format, data) {
        (Format::Text, Value::String(text)) => text.clone(),
        _ => data.to_string(),
    }
}

/// Sends the samples as their own names and text say, then once more from the typed events.
fn round_trip<P: Profile>(
    frame: impl Fn(&P::Event, &P::Meta) -> Result<Frame, FrameError>,
    payload: impl Fn(&P::Event) -> Value,
) where
    P::Event: PartialEq + std::fmt::Debug,
    P::Meta: PartialEq + std::fmt::Debug,
{
    let spec = P::spec();
    let samples = samples(&spec.name);
    let mut types = BTreeSet::new();
    for sample in &samples {
        let name = sample["event"].as_str().expect("a sample names its event");
        let (index, known) = spec
            .event(name)
            .unwrap_or_else(|| panic!("{name} is known"));
        types.insert(known.name.to_string());
        let meta = sample.get("meta").map_or("{}".to_owned(), Value::to_string);
        let text = payload_text(&spec, &sample["data"]);
        let sent = Frame::new(&spec, name, &text, &meta).expect("a sample can be sent");
        for bytes in bytes(&sent) {
            let arrival = only(receive(&spec, &bytes));
            assert_eq!(arrival.index.map(usize::from), Some(index), "{name}");
            let (event, met) = arrival
                .decode::<P>(&spec)
                .unwrap_or_else(|error| panic!("{error}: {sample}"));
            assert_eq!(payload(&event), sample["data"], "{name}: nothing is lost");

            let again = frame(&event, &met).expect("what came can be sent");
            let again = again.with_id("019c0a51-7d3e-7b11-9f42-6a1d5c2e8f70");
            let bytes = &self::bytes(&again)[0];
            let arrival = only(receive(&spec, bytes));
            assert_eq!(arrival.id, again.id);
            assert_eq!(
                arrival.decode::<P>(&spec),
                Ok((event, met)),
                "{name} from the typed event"
            );
        }
    }
    let table: BTreeSet<String> = spec.events.iter().map(|e| e.name.to_string()).collect();
    assert_eq!(types, table, "every type of {} has a sample", spec.name);
    for event in spec.events.iter() {
        for alias in event.aliases.iter() {
            assert!(
                samples.iter().any(|sample| sample["event"] == **alias),
                "{alias} has a sample"
            );
        }
    }
}

fn only(mut received: Received) -> Arrival {
    let arrivals = &mut received.arrivals;
    assert_eq!(arrivals.len(), 1, "{arrivals:?}");
    arrivals.remove(0)
}

macro_rules! every_event {
    ($($test:ident: $module:ident, $profile:ident, $meta:ty;)+) => {$(
        #[test]
        fn $test() {
            round_trip::<$module::$profile>(
                |event, meta: &$meta| event.frame(meta),
                |event| serde_json::from_str(&event.payload().expect("a payload")).expect("JSON"),
            );
        }
    )+};
}

every_event! {
    every_event_of_dashtam_survives_the_wire: dashtam, Dashtam, NoMeta;
    every_event_of_stock_survives_the_wire: stock_agent, StockAgent, NoMeta;
    every_event_of_cortex_survives_the_wire: cortex, Cortex, NoMeta;
    every_event_of_stage_chat_survives_the_wire: stage_chat, StageChat, NoMeta;
    every_event_of_hive_survives_the_wire_with_its_envelope: hive, Hive, hive::Meta;
    every_event_of_a_plain_stream_survives_the_wire: plain, Plain, NoMeta;
}

#[test]
fn every_sample_is_of_a_profile() {
    let names: Vec<_> = profiles::all().into_iter().map(|spec| spec.name).collect();
    let all: Vec<Value> =
        serde_json::from_str(include_str!("../samples.json")).expect("the samples are JSON");
    for sample in all {
        assert!(
            names.iter().any(|name| sample["profile"] == **name),
            "{sample}"
        );
    }
}

#[test]
fn unknown_fields_are_never_fatal() {
    fn widened<P: Profile>() {
        let spec = P::spec();
        for mut sample in samples(&spec.name) {
            let Value::Object(data) = &mut sample["data"] else {
                continue;
            };
            data.insert(
                "of_a_later_version".to_owned(),
                serde_json::json!([{"x": null}]),
            );
            let name = sample["event"].as_str().expect("a name");
            let name = &spec.event(name).expect("it is known").1.name;
            let payload = sample["data"].to_string();
            if let Err(error) = P::decode(&RawEvent::new(name, &payload)) {
                panic!("{error}");
            }
        }
    }
    widened::<dashtam::Dashtam>();
    widened::<stock_agent::StockAgent>();
    widened::<cortex::Cortex>();
    widened::<stage_chat::StageChat>();
    widened::<hive::Hive>();
}

#[test]
fn dashtams_dictionary_goes_both_ways_for_every_event() {
    for sample in samples("dashtam") {
        let dict = serde_json::json!({
            "event_id": "019c0a51-7d3e-7b11-9f42-6a1d5c2e8f70",
            "event_type": sample["event"],
            "user_id": "5b0c6f4e-0b4f-4c6b-9c55-3c7f6d0a1e22",
            "data": sample["data"],
            "occurred_at": "2026-01-27T10:00:00.123456+00:00",
        });
        let event: dashtam::SseEvent = serde_json::from_str(&dict.to_string()).expect("from_dict");
        assert_eq!(serde_json::to_value(&event).expect("to_dict"), dict);
    }
}

#[test]
fn dashtams_dictionary_of_an_unknown_type_is_an_error_that_names_it() {
    let dict = r#"{"event_id": "i", "event_type": "sync.accounts.begun", "user_id": "u",
        "data": {}, "occurred_at": "o"}"#;
    let error = serde_json::from_str::<dashtam::SseEvent>(dict).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("dashtam has no event type 'sync.accounts.begun'"),
        "{error}"
    );
}
