//! The listening server: its own accept loop, so that it can cut and reset what it accepted.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use crate::{
    dispatch::{Dispatch, StaticMount},
    namespace::Namespaces,
    socket::{ControlledSocket, SocketControl},
    token::TokenSecret,
};

/// How long open responses get to end when the server stops, after the last one that has.
const GRACE: Duration = Duration::from_millis(500);

/// How long all of them together get, on a machine that is slow for so many.
const LONGEST_GRACE: Duration = Duration::from_millis(1_500);

/// What the kernel may hold for a client that does not read, so that the rest waits in our own
/// bounded queues.
const SEND_BUFFER: usize = 256 << 10;

/// What hyper may hold for such a client.
const WRITE_BUFFER: usize = 64 << 10;

/// What to serve, and where.
///
/// ```no_run
/// # async fn serve() -> std::io::Result<()> {
/// let server = tidewire_server::Server::builder()
///     .bind("127.0.0.1:0".parse().expect("an address"))
///     .static_dir("/", "www")
///     .demo(true)
///     .start()
///     .await?;
/// println!("{}", server.url());
/// server.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    address: SocketAddr,
    mounts: Vec<StaticMount>,
    token_secret: TokenSecret,
    demo: bool,
}

impl Builder {
    /// Where to listen; 127.0.0.1 and a free port unless it is said.
    #[must_use]
    pub fn bind(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Serves the files of `directory` under `mount`.
    #[must_use]
    pub fn static_dir(mut self, mount: &str, directory: impl Into<PathBuf>) -> Self {
        let mount = format!("/{}", mount.trim_matches('/'));
        self.mounts.push(StaticMount {
            mount,
            directory: directory.into(),
        });
        self
    }

    /// Live traffic in the default namespace.
    #[must_use]
    pub fn demo(mut self, demo: bool) -> Self {
        self.demo = demo;
        self
    }

    /// What tokens are signed with.
    #[must_use]
    pub fn token_secret(mut self, secret: TokenSecret) -> Self {
        self.token_secret = secret;
        self
    }

    /// Starts to listen.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(self) -> io::Result<Server> {
        let listener = TcpListener::bind(self.address).await?;
        let address = listener.local_addr()?;
        let namespaces = Arc::new(Namespaces::new(self.token_secret, self.demo));
        let dispatch = Arc::new(Dispatch::new(Arc::clone(&namespaces), self.mounts));
        let stop = watch::Sender::new(false);
        let accepting = tokio::spawn(accept(listener, dispatch, stop.subscribe()));
        Ok(Server {
            address,
            namespaces,
            stop,
            accepting,
        })
    }
}

/// A server that listens until it is shut down or dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    pub(crate) namespaces: Arc<Namespaces>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Says what to serve.
    pub fn builder() -> Builder {
        Builder {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            mounts: Vec::new(),
            token_secret: TokenSecret::default(),
            demo: false,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops listening, ends all streams and waits for the connections: for half a second after the
    /// last that has ended, and for a second and a half at the most.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        self.namespaces.close();
        // Only a panic or an abort can fail it, and both have ended it.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The task may have no runtime left to be told in, so it is told here as well.
        self.stop.send_replace(true);
        self.namespaces.close();
    }
}

async fn accept(listener: TcpListener, dispatch: Arc<Dispatch>, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&dispatch), stop.clone()));
                }
                // Out of file descriptors, most likely: some will be given back.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(LONGEST_GRACE, async {
        while let Ok(Some(_)) = tokio::time::timeout(GRACE, connections.join_next()).await {}
    })
    .await;
    connections.abort_all();
}

/// Resolves when the server is to stop, or is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn serve(stream: TcpStream, dispatch: Arc<Dispatch>, mut stop: watch::Receiver<bool>) {
    // Every write is an event that somebody waits for.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER);
    let control = Arc::new(SocketControl::default());
    let socket = ControlledSocket::new(stream, Arc::clone(&control));
    let service = {
        let control = Arc::clone(&control);
        service_fn(move |request| {
            let dispatch = Arc::clone(&dispatch);
            let control = Arc::clone(&control);
            async move { dispatch.answer(request, &control).await }
        })
    };
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .max_buf_size(WRITE_BUFFER)
        .serve_connection(TokioIo::new(socket), service);
    let mut stopping = false;
    loop {
        tokio::select! {
            _ = &mut connection => return,
            ending = control.ended() => {
                connection.into_parts().io.into_inner().end(ending).await;
                return;
            }
            () = stopped(&mut stop), if !stopping => {
                stopping = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    }
}
