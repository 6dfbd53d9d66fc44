//! Profiles of one's own, as the guide shows them: compiled, and run from bytes to typed events by
//! the way that a connection goes.
#![cfg(not(target_arch = "wasm32"))]
#![cfg(feature = "payloads")]

#[path = "profiles/wire.rs"]
#[expect(
    dead_code,
    reason = "the other tests ask for more of what was received"
)]
mod wire;

use tidewire::profiles::{NoMeta, Profile, Unknown};

/// A typed event with its envelope, or why it is none.
type Decoded<P> = Result<(<P as Profile>::Event, <P as Profile>::Meta), String>;

/// What a connection with this profile makes of a stream.
fn decoded<P: Profile>(stream: &str) -> Vec<Decoded<P>> {
    let spec = P::spec();
    let arrivals = wire::receive(&spec, stream.as_bytes()).arrivals;
    let decode = |arrival: &wire::Arrival| arrival.decode::<P>(&spec);
    let decoded = arrivals.iter().map(decode);
    decoded
        .map(|event| event.map_err(|error| error.to_string()))
        .collect()
}

#[expect(unreachable_pub, reason = "as it stands in the guide")]
mod by_name {
    // GUIDE
    use serde::Deserialize;
    use tidewire::profiles::{Flags, NoMeta, Profile, Spec, Unknown};

    #[derive(Debug, PartialEq, Deserialize)]
    pub enum Shop {
        #[serde(rename = "order.placed")]
        Placed { order: String, total: String },
        #[serde(rename = "order.shipped")]
        Shipped { order: String, carrier: String },
        #[serde(rename = "stock.low")]
        StockLow { item: String, left: u32 },
        #[serde(rename = "unknown")]
        Unknown(Unknown),
    }

    impl Profile for Shop {
        type Event = Self;
        type Meta = NoMeta;

        fn spec() -> Spec {
            Spec::of::<Self>("shop")
                .category("orders", ["order.*"])
                .category("stock", ["stock.low"])
                .flag(Flags::CRITICAL, ["order.*"])
                .flag(Flags::DROPPABLE, ["stock.low"])
        }
    }
    // GUIDE
}

#[test]
fn events_come_typed_by_their_names() {
    use by_name::Shop;
    let stream = "event: order.shipped\ndata: {\"order\": \"7\", \"carrier\": \"sea\"}\n\n\
                  event: stock.low\ndata: {\"item\": \"rope\", \"left\": -1}\n\n\
                  event: order.lost\ndata: overboard\n\n";
    let [shipped, low, lost] = &decoded::<Shop>(stream)[..] else {
        panic!("three events were sent");
    };
    let (order, carrier) = ("7".to_owned(), "sea".to_owned());
    assert_eq!(shipped, &Ok((Shop::Shipped { order, carrier }, NoMeta {})));
    let message = "cannot decode the payload of 'stock.low': invalid value: integer `-1`, \
                   expected u32 at line 1 column 27";
    assert_eq!(low, &Err(message.to_owned()));
    let unknown = Unknown {
        name: "order.lost".to_owned(),
        data: "overboard".to_owned(),
    };
    assert_eq!(lost, &Ok((Shop::Unknown(unknown), NoMeta {})));
}

#[expect(unreachable_pub, reason = "as it stands in the guide")]
mod by_field {
    // GUIDE
    use serde::Deserialize;
    use tidewire::profiles::{Discriminator, Payload, Profile, Spec, Unknown};

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Game {
        Moved { x: i32 },
        Unknown(Unknown),
    }

    #[derive(Debug, PartialEq, Default, Deserialize)]
    pub struct Envelope {
        pub at: u64,
    }

    // data: {"kind": "moved", "at": 7, "body": {"x": 1}}
    impl Profile for Game {
        type Event = Self;
        type Meta = Envelope;

        fn spec() -> Spec {
            Spec {
                discriminator: Discriminator::Field("kind".into()),
                payload: Payload::Field("body".into()),
                ..Spec::of::<Self>("board").category("game", ["moved"])
            }
        }
    }
    // GUIDE
}

#[test]
fn events_come_typed_by_a_member_of_their_data() {
    use by_field::{Envelope, Game};
    let stream = "data: {\"kind\": \"moved\", \"at\": 7, \"body\": {\"x\": 1}}\n\n\
                  data: {\"kind\": \"resigned\", \"at\": 8, \"body\": {\"by\": \"white\"}}\n\n\
                  data: {\"kind\": \"moved\", \"at\": 9}\n\n";
    let unknown = Unknown {
        name: "resigned".to_owned(),
        data: "{\"by\": \"white\"}".to_owned(),
    };
    assert_eq!(
        decoded::<Game>(stream),
        [
            Ok((Game::Moved { x: 1 }, Envelope { at: 7 })),
            Ok((Game::Unknown(unknown), Envelope::default())),
            Err("cannot decode the payload of 'moved': the data has no member 'body'".to_owned()),
        ]
    );
}

#[expect(unreachable_pub, reason = "as it stands in the guide")]
mod untyped {
    // GUIDE
    use serde_json::Value;
    use tidewire::profiles::{DecodeError, NoMeta, Profile, RawEvent, Spec};

    pub struct Anything;

    impl Profile for Anything {
        type Event = (String, Value);
        type Meta = NoMeta;

        fn spec() -> Spec {
            Spec {
                open: true, // a filter may name any type
                ..Spec::new("anything")
            }
        }

        fn decode(raw: &RawEvent<'_>) -> Result<Self::Event, DecodeError> {
            Ok((raw.name().to_owned(), raw.payload_as()?))
        }
    }
    // GUIDE
}

#[test]
fn events_come_untyped_under_any_name() {
    use serde_json::json;
    let stream = "event: one\ndata: {\"a\": [1]}\n\ndata: 2\n\nevent: three\ndata: no JSON\n\n";
    assert_eq!(
        decoded::<untyped::Anything>(stream),
        [
            Ok((("one".to_owned(), json!({"a": [1]})), NoMeta {})),
            Ok((("message".to_owned(), json!(2)), NoMeta {})),
            Err(
                "cannot decode the payload of 'three': expected ident at line 1 column 2"
                    .to_owned()
            ),
        ]
    );
}
