use serde::Deserialize;
use tidewire::profiles::{Profile, Spec};

#[derive(Deserialize)]
enum Price {
    Tick { price: String },
}

#[derive(Deserialize)]
struct Envelope {
    at: u64,
}

impl Profile for Price {
    type Event = Self;
    type Meta = Envelope;

    fn spec() -> Spec {
        Spec::of::<Self>("prices")
    }
}

fn main() {}
