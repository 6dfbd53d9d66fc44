use tidewire::profiles::{NoMeta, Profile, Spec};

enum Price {
    Tick { price: String },
}

struct Prices;

impl Profile for Prices {
    type Event = Price;
    type Meta = NoMeta;

    fn spec() -> Spec {
        Spec::of::<Price>("prices")
    }
}

fn main() {}
