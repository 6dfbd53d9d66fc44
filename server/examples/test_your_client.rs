//! How to test a client of your own against `TestServer`: script what goes wrong, let the client
//! run, and look at the requests that came.
//!
//! `cargo test -p tidewire-server --example test_your_client` runs the tests at the end, and
//! `cargo run` in place of `test` shows one of them at work. The client stands here for yours: it
//! drives tidewire's connection, which knows neither sockets nor clocks, over hyper.

use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::{Request, Response, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tidewire::{
    connection::{self, Action, Backoff, CloseReason, Config, Connection, Flow, Report, Sink},
    profiles::plain,
};
use tidewire_server::{ControlError, Ending, Script, TestNamespace, TestServer};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until},
};

/// The client under test: a stream to its end.
#[derive(Default)]
struct Client {
    messages: Vec<String>,
    /// Milliseconds that it waited before each further attempt.
    waits: Vec<u64>,
    end: Option<CloseReason>,
}

impl Sink for Client {
    fn event(&mut self, event: connection::Event<'_>) -> Flow {
        self.messages.push(event.data.to_str().into_owned());
        Flow::More
    }

    fn report(&mut self, report: Report) {
        match report {
            Report::Failed { retry_in, .. } => self.waits.extend(retry_in),
            Report::Closed { reason, .. } => self.end = Some(reason),
            _ => {}
        }
    }
}

impl Client {
    /// Listens until the stream is over.
    async fn listen(url: &str) -> Result<Client, Box<dyn std::error::Error>> {
        let url: hyper::Uri = url.parse()?;
        let mut client = Client::default();
        let mut connection = Connection::new(Config {
            backoff: Some(Backoff::new(10, 1_000)),
            ..Config::new(plain::spec())
        })?;
        let mut response: Option<Response<Incoming>> = None;
        let began = Instant::now();
        let now = || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        connection.start(now());
        loop {
            while let Some(action) = connection.poll_action() {
                match action {
                    Action::Open(request) => match open(&url, request).await {
                        Ok(opened) => {
                            connection.response(now(), &head(&opened), "");
                            response = Some(opened);
                        }
                        Err(error) => {
                            connection.failed(now(), &error.to_string(), &mut client);
                        }
                    },
                    Action::Abort | Action::Finish => response = None,
                    Action::Report(report) => client.report(report),
                    other => return Err(format!("this client does not know {other:?}").into()),
                }
            }
            if client.end.is_some() {
                return Ok(client);
            }
            let due = connection.poll_timeout();
            let due = due.map(|due| began + Duration::from_millis(due));
            tokio::select! {
                frame = next(&mut response) => match frame {
                    Some(Ok(frame)) => {
                        let bytes = frame.into_data().unwrap_or_default();
                        connection.chunk(now(), &bytes, &mut client);
                    }
                    Some(Err(error)) => {
                        response = None;
                        connection.failed(now(), &error.to_string(), &mut client);
                    }
                    None => {
                        response = None;
                        connection.ended(now(), &mut client);
                    }
                },
                () = sleep_until(due.unwrap_or(began)), if due.is_some() => {
                    connection.timeout(now(), &mut client);
                }
            }
        }
    }
}

/// Sends the request on a connection of its own.
async fn open(
    url: &hyper::Uri,
    request: connection::Request,
) -> Result<Response<Incoming>, Box<dyn std::error::Error>> {
    let authority = url.authority().ok_or("the URL names no server")?;
    let socket = TcpStream::connect(authority.as_str()).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    tokio::spawn(connection);
    let mut builder = Request::get(url.path()).header("host", authority.as_str());
    if let Some(id) = request.last_event_id {
        builder = builder.header("last-event-id", id);
    }
    let request = builder.body(Empty::<&[u8]>::new())?;
    Ok(sender.send_request(request).await?)
}

/// What the connection has to know of a response.
fn head(response: &Response<Incoming>) -> connection::Response {
    let header = |name| {
        let value = response.headers().get(name);
        let text = value.and_then(|value| value.to_str().ok());
        text.unwrap_or_default().to_owned()
    };
    connection::Response {
        status: response.status().as_u16(),
        content_type: header("content-type"),
        retry_after: header("retry-after"),
        date: header("date"),
        ..Default::default()
    }
}

/// The next piece of the body; never, while there is none.
async fn next(
    response: &mut Option<Response<Incoming>>,
) -> Option<Result<hyper::body::Frame<hyper::body::Bytes>, hyper::Error>> {
    match response {
        Some(response) => response.body_mut().frame().await,
        None => std::future::pending().await,
    }
}

/// A server that resets the socket in the middle of an event, and has the rest for who comes back.
fn cut_in_the_middle(namespace: &TestNamespace<'_>) -> Result<(), ControlError> {
    let half = "id: 1\ndata: one\n\nid: 2\ndata: tw";
    let news = || Script::get("/news");
    namespace.script(news().write(half).pause_ms(50).end(Ending::Rst))?;
    namespace.script(news().write("id: 2\ndata: two\n\n"))?;
    namespace.script(news().status(204))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = TestServer::start().await?;
    let namespace = server.default_namespace();
    cut_in_the_middle(&namespace)?;
    let client = Client::listen(&format!("{}/news", namespace.url())).await?;
    println!("received {:?}, then {:?}", client.messages, client.end);
    for request in namespace.requests()? {
        let (id, state) = (request.headers.get("last-event-id"), request.state);
        println!("GET {} with Last-Event-ID {id:?}: {state:?}", request.path);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidewire_server::ExchangeState;

    #[tokio::test]
    async fn a_stream_that_is_cut_within_an_event_goes_on_after_the_last_whole_one() {
        let server = TestServer::start().await.unwrap();
        let namespace = server.namespace("cut");
        cut_in_the_middle(&namespace).unwrap();

        let url = format!("{}/news", namespace.url());
        let client = Client::listen(&url).await.unwrap();
        assert_eq!(client.messages, ["one", "two"]);
        assert_eq!(client.end, Some(CloseReason::Ended));

        let requests = namespace.requests().unwrap();
        let after: Vec<_> = requests
            .iter()
            .map(|request| request.headers.get("last-event-id")?.as_str())
            .collect();
        assert_eq!(after, [None, Some("1"), Some("2")]);
        assert_eq!(requests[0].state, ExchangeState::Cut);
        assert_eq!(requests[1].state, ExchangeState::Finished);
    }

    #[tokio::test]
    async fn a_busy_server_is_left_alone_for_as_long_as_it_asks() {
        let server = TestServer::start().await.unwrap();
        let namespace = server.namespace("busy");
        let busy = Script::get("/news").status(503).header("retry-after", "1");
        namespace.script(busy).unwrap();
        namespace.script(Script::get("/news").status(204)).unwrap();

        let url = format!("{}/news", namespace.url());
        let client = Client::listen(&url).await.unwrap();
        assert_eq!(client.waits.len(), 1);
        assert!(client.waits[0] >= 1_000, "{:?}", client.waits);

        let requests = namespace.requests().unwrap();
        let statuses: Vec<_> = requests.iter().map(|request| request.status).collect();
        assert_eq!(statuses, [Some(503), Some(204)]);
        assert!(requests[1].at_ms - requests[0].at_ms >= 1_000);
    }

    #[tokio::test]
    async fn a_server_that_refuses_for_good_is_asked_once() {
        let server = TestServer::start().await.unwrap();
        let namespace = server.namespace("refused");
        let refusal = Script::get("/news").status(403).write("not you");
        namespace.script(refusal).unwrap();

        let url = format!("{}/news", namespace.url());
        let client = Client::listen(&url).await.unwrap();
        assert_eq!(client.end, Some(CloseReason::Rejected));
        assert_eq!(namespace.requests().unwrap().len(), 1);
    }
}
