//! The server inside of a Rust test.

use std::{io, sync::Arc};

use serde_json::Value;

use crate::{
    body::Stall,
    config::Config,
    control::{self, ControlError, PublishReport, Target},
    faults::Fault,
    namespace::{DEFAULT_NAMESPACE, Namespace},
    requests::{ConnectionRecord, RequestRecord},
    script::Script,
    server::Server,
    stream::Ending,
    systems::{self, Answer, System},
};

/// A server on a free port of 127.0.0.1. Dropping it shuts it down.
///
/// ```
/// use serde_json::json;
/// use tidewire_server::{Ending, ExchangeState, Script, System, TEST_USER, TestServer};
/// use tokio::{
///     io::{AsyncReadExt, AsyncWriteExt},
///     net::TcpStream,
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = TestServer::start().await?;
/// let namespace = server.namespace("my-test");
/// assert!(namespace.url().ends_with("/ns/my-test"));
///
/// // The next request for the stream is cut off in the middle of a frame; the one after it is not.
/// namespace.script(Script::get("/api/v1/events").write("data: {\"half").end(Ending::Fin))?;
/// let mut client = TcpStream::connect(server.address()).await?;
/// client
///     .write_all(b"GET /ns/my-test/api/v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n")
///     .await?;
/// let mut response = String::new();
/// client.read_to_string(&mut response).await?;
/// assert!(response.ends_with("data: {\"half\r\n"));
///
/// let requests = namespace.requests()?;
/// assert_eq!(requests[0].path, "/api/v1/events");
/// assert_eq!(requests[0].state, ExchangeState::Cut);
///
/// // Live events, for whoever listens; tokens for the systems that ask for one.
/// let report = namespace.publish(json!({
///     "system": "dashtam",
///     "event": "sync.accounts.completed",
///     "data": {"connection_id": "5b0c6f4e-0b4f-4c6b-9c55-3c7f6d0a1e22", "account_count": 3},
/// }))?;
/// assert_eq!(report.receivers, [0]);
/// let token = namespace.token(System::Dashtam, TEST_USER, 60)?;
/// namespace.configure(|config| config.dashtam.heartbeat_ms = Some(20))?;
/// # let _ = token;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TestServer {
    server: Server,
}

impl TestServer {
    /// Starts one.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> io::Result<Self> {
        Ok(Self {
            server: Server::builder().start().await?,
        })
    }

    /// Its base URL, without a slash at the end.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// A namespace, created by its first use.
    pub fn namespace(&self, name: impl Into<String>) -> TestNamespace<'_> {
        TestNamespace {
            server: &self.server,
            name: name.into(),
        }
    }

    /// The namespace that [`url`](Self::url) leads to.
    pub fn default_namespace(&self) -> TestNamespace<'_> {
        self.namespace(DEFAULT_NAMESPACE)
    }

    /// Ends all streams, and waits until the server has stopped.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
    }
}

/// One namespace of a [`TestServer`].
#[derive(Clone, Debug)]
pub struct TestNamespace<'a> {
    server: &'a Server,
    name: String,
}

impl TestNamespace<'_> {
    /// Its base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("{}/ns/{}", self.server.url(), self.name)
    }

    /// Publishes one item or an array of them, as the control API's `publish` takes them.
    ///
    /// # Errors
    /// Names the wrong field.
    pub fn publish(&self, items: Value) -> Result<PublishReport, ControlError> {
        control::publish(&self.state()?, items)
    }

    /// Queues the answer to the next question.
    ///
    /// # Errors
    /// For a system that is not asked, and for events that it cannot say.
    pub fn answer(&self, system: System, answer: Answer) -> Result<(), ControlError> {
        systems::answer(&*self.state()?, system, answer)
    }

    /// Queues a response to the byte.
    ///
    /// # Errors
    /// When the namespace cannot be opened, or too many scripts wait in it.
    pub fn script(&self, script: Script) -> Result<(), ControlError> {
        self.state()?.scripts.push(script)
    }

    /// The requests so far.
    ///
    /// # Errors
    /// When the namespace cannot be opened.
    pub fn requests(&self) -> Result<Vec<RequestRecord>, ControlError> {
        Ok(self.state()?.requests.records(None))
    }

    /// The responses under way.
    ///
    /// # Errors
    /// When the namespace cannot be opened.
    pub fn connections(&self) -> Result<Vec<ConnectionRecord>, ControlError> {
        Ok(control::connections(&*self.state()?))
    }

    /// Ends the responses that `target` means at that byte of their bodies, or now.
    ///
    /// # Errors
    /// When the namespace cannot be opened.
    pub fn cut(
        &self,
        target: &Target,
        ending: Ending,
        after_bytes: Option<u64>,
    ) -> Result<usize, ControlError> {
        Ok(control::cut(&*self.state()?, target, ending, after_bytes))
    }

    /// Holds back the responses that `target` means, or lets them go on.
    ///
    /// # Errors
    /// When the namespace cannot be opened.
    pub fn stall(&self, target: &Target, stalled: bool) -> Result<usize, ControlError> {
        let stall = stalled.then(Stall::default);
        Ok(control::stall(&*self.state()?, target, stall))
    }

    /// Arms a fault for the next requests that it meets.
    ///
    /// # Errors
    /// For an answer that cannot be given, and when too many faults wait.
    pub fn fault(&self, fault: Fault) -> Result<(), ControlError> {
        self.state()?.faults.arm(fault)
    }

    /// Forgets what `system` keeps for a resume, of the test user or the demonstration's session,
    /// but for the newest `keep` events. Returns how many are gone.
    ///
    /// # Errors
    /// For a system that keeps nothing.
    pub fn forget(&self, system: System, keep: usize) -> Result<usize, ControlError> {
        systems::forget(&*self.state()?, system, None, keep)
    }

    /// Changes the configuration, and returns it.
    ///
    /// # Errors
    /// When the namespace cannot be opened.
    pub fn configure(&self, change: impl FnOnce(&mut Config)) -> Result<Config, ControlError> {
        Ok(self.state()?.configure(change))
    }

    /// A token for `user` that lives `ttl_s` seconds; a negative life gives an expired one.
    ///
    /// # Errors
    /// For a system that asks for no token.
    pub fn token(&self, system: System, user: &str, ttl_s: i64) -> Result<String, ControlError> {
        control::token(&*self.state()?, system, user, ttl_s)
    }

    /// Switches live traffic on at that rate, or off.
    ///
    /// # Errors
    /// For a rate that is no rate.
    pub fn traffic(&self, rate: Option<f64>) -> Result<(), ControlError> {
        control::set_traffic(&self.state()?, rate)
    }

    /// Closes the streams and forgets everything.
    pub fn reset(&self) {
        self.server.namespaces.reset(&self.name);
    }

    fn state(&self) -> Result<Arc<Namespace>, ControlError> {
        self.server.namespaces.open(&self.name)
    }
}
