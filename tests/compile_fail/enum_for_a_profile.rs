use tidewire::client::Client;
use tidewire::profiles::dashtam;

fn main() {
    // The profile is `dashtam::Dashtam`.
    let _ = Client::<dashtam::Event>::new("/api/v1/events");
}
