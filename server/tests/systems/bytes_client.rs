//! An HTTP client that hides nothing: it shows the bytes of a body, and whether the body was
//! ended properly.

use std::future::Future;
use std::time::Duration;

use tidewire_server::TestNamespace;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Long enough for a busy machine; no test waits that long when it passes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A response whose body may still be under way. Dropping it closes the socket.
pub(crate) struct Response {
    pub(crate) status: u16,
    head: String,
    socket: TcpStream,
    /// What has come and is not decoded yet.
    raw: Vec<u8>,
    /// What is decoded and not taken yet.
    body: Vec<u8>,
    framing: Framing,
    end: Option<End>,
}

enum Framing {
    Chunked,
    Length(usize),
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As HTTP ends it.
    Clean,
    /// The socket closed first.
    Cut,
}

pub(crate) async fn get(namespace: &TestNamespace<'_>, path: &str) -> Response {
    request(namespace, "GET", path, &[], "").await
}

pub(crate) async fn post(namespace: &TestNamespace<'_>, path: &str, json: &str) -> Response {
    request(
        namespace,
        "POST",
        path,
        &[("Content-Type", "application/json")],
        json,
    )
    .await
}

pub(crate) async fn request(
    namespace: &TestNamespace<'_>,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    let url = namespace.url();
    let (host, prefix) = url
        .strip_prefix("http://")
        .and_then(|url| url.split_once('/'))
        .unwrap();
    let mut socket = TcpStream::connect(host).await.unwrap();
    let mut text = format!("{method} /{prefix}{path} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    socket.write_all(text.as_bytes()).await.unwrap();

    let mut raw = Vec::new();
    let head_length = loop {
        if let Some(place) = raw.windows(4).position(|window| window == b"\r\n\r\n") {
            break place + 4;
        }
        assert!(
            read_more(&mut socket, &mut raw).await,
            "closed before the head was whole"
        );
    };
    let rest = raw.split_off(head_length);
    let head = String::from_utf8(raw).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut response = Response {
        status,
        head,
        socket,
        raw: rest,
        body: Vec::new(),
        framing: Framing::Chunked,
        end: None,
    };
    if response.header("transfer-encoding") != Some("chunked") {
        let length = response
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        response.framing = Framing::Length(length);
    }
    response
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The next `count` frames, each with the blank line that ends it.
    pub(crate) async fn frames(&mut self, count: usize) -> Vec<String> {
        let mut frames = Vec::new();
        while frames.len() < count {
            match end_of_frame(&self.body) {
                Some(end) => {
                    let frame: Vec<u8> = self.body.drain(..end).collect();
                    frames.push(String::from_utf8(frame).unwrap());
                }
                None => assert!(
                    self.decode_more().await,
                    "ended after {frames:?} and {:?}",
                    String::from_utf8_lossy(&self.body)
                ),
            }
        }
        frames
    }

    pub(crate) async fn frame(&mut self) -> String {
        self.frames(1).await.remove(0)
    }

    /// Everything up to the end of the body, and how it ended.
    pub(crate) async fn rest(&mut self) -> (String, End) {
        while self.decode_more().await {}
        let body = std::mem::take(&mut self.body);
        (String::from_utf8(body).unwrap(), self.end.unwrap())
    }

    /// Everything up to the end of a body that is ended properly.
    pub(crate) async fn text(mut self) -> String {
        let (text, end) = self.rest().await;
        assert_eq!(end, End::Clean, "{text}");
        text
    }

    /// False when the body has ended.
    async fn decode_more(&mut self) -> bool {
        while self.end.is_none() {
            if self.decode() {
                return true;
            }
            if self.end.is_none() && !read_more(&mut self.socket, &mut self.raw).await {
                self.end = Some(End::Cut);
            }
        }
        false
    }

    /// Decodes one whole chunk, if there is one.
    fn decode(&mut self) -> bool {
        match self.framing {
            Framing::Length(length) => {
                let taken = self.raw.len().min(length);
                self.body.extend(self.raw.drain(..taken));
                self.framing = Framing::Length(length - taken);
                if length == taken {
                    self.end = Some(End::Clean);
                }
                taken > 0
            }
            Framing::Chunked => {
                let Some(line) = self.raw.windows(2).position(|window| window == b"\r\n") else {
                    return false;
                };
                let size = std::str::from_utf8(&self.raw[..line]).unwrap();
                let size = usize::from_str_radix(size, 16).unwrap();
                let whole = line + 2 + size + 2;
                if self.raw.len() < whole {
                    return false;
                }
                self.body
                    .extend_from_slice(&self.raw[line + 2..line + 2 + size]);
                self.raw.drain(..whole);
                if size == 0 {
                    self.end = Some(End::Clean);
                }
                size > 0
            }
        }
    }
}

/// Asks again until `look` finds what it looks for.
pub(crate) async fn eventually<T, F>(mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let found = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, found)
        .await
        .expect("it never came to be")
}

/// Where the first frame ends: after a line end that follows a line end.
fn end_of_frame(body: &[u8]) -> Option<usize> {
    let crlf = body
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map(|place| place + 4);
    let lf = body
        .windows(2)
        .position(|window| window == b"\n\n")
        .map(|place| place + 2);
    match (crlf, lf) {
        (Some(crlf), Some(lf)) => Some(crlf.min(lf)),
        (crlf, lf) => crlf.or(lf),
    }
}

/// False at the end of the connection.
async fn read_more(socket: &mut TcpStream, into: &mut Vec<u8>) -> bool {
    let read = tokio::time::timeout(PATIENCE, socket.read_buf(into));
    // A reset is an end, too.
    read.await
        .expect("nothing more came")
        .is_ok_and(|read| read > 0)
}
