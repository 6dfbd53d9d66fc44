use serde::Deserialize;
use tidewire::profiles::{NoMeta, Profile};

#[derive(Deserialize)]
enum Price {
    Tick { price: String },
}

impl Profile for Price {
    type Event = Self;
    type Meta = NoMeta;
}

fn main() {}
