use serde::Deserialize;
use tidewire::profiles::Spec;

struct Tick {
    price: String,
}

#[derive(Deserialize)]
enum Price {
    Tick(Tick),
}

fn main() {
    let _ = Spec::of::<Price>("prices");
}
