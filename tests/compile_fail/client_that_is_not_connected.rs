#![deny(unused_must_use)]

use tidewire::client::Client;
use tidewire::profiles::dashtam::Dashtam;

fn main() {
    Client::<Dashtam>::new("/api/v1/events").stale_after(16);
    Client::<Dashtam>::new("/api/v1/events").connect();
}
