//! From bytes to typed events, by the way that a connection goes.

use tidewire::connection::{Config, Connection, Event, Flow, Report, Response, Sink};
use tidewire::profiles::{DecodeError, Profile, Spec, decode_data};

/// An event as it came, still to be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Its place in the table.
    pub(crate) index: Option<u16>,
    /// Its name as it came.
    pub(crate) name: String,
    /// Its data, mended.
    pub(crate) data: String,
    /// Its own id.
    pub(crate) id: Option<String>,
}

impl Arrival {
    /// The typed event, and what stood around its payload.
    pub(crate) fn decode<P: Profile>(
        &self,
        spec: &Spec,
    ) -> Result<(P::Event, P::Meta), DecodeError> {
        decode_data::<P>(spec, self.index, &self.name, &self.data)
    }
}

#[derive(Default)]
struct Arrivals(Vec<Arrival>);

impl Sink for Arrivals {
    fn event(&mut self, event: Event<'_>) -> Flow {
        self.0.push(Arrival {
            index: event.index,
            name: event.name.to_str().into_owned(),
            data: event.data.to_str().into_owned(),
            id: event.id.map(str::to_owned),
        });
        Flow::More
    }

    fn report(&mut self, _: Report) {}
}

/// What came of a stream.
pub(crate) struct Received {
    /// Its events.
    pub(crate) arrivals: Vec<Arrival>,
    /// Whether it was ended by what it said.
    pub(crate) ended: bool,
}

/// What a connection to a server of this kind makes of the bytes.
pub(crate) fn receive(spec: &Spec, bytes: &[u8]) -> Received {
    let mut connection = Connection::new(Config::new(spec.clone())).expect("a profile that fits");
    connection.start(0);
    while connection.poll_action().is_some() {}
    let head = Response {
        status: 200,
        content_type: "text/event-stream".to_owned(),
        ..Response::default()
    };
    connection.response(1, &head, "");
    let mut arrivals = Arrivals::default();
    connection.chunk(2, bytes, &mut arrivals);
    // A history that comes first is held back until it is complete.
    let _ = connection.timeout(10_000, &mut arrivals);
    Received {
        arrivals: arrivals.0,
        ended: connection.is_closed(),
    }
}
