//! An HTTP/1.1 client that hides nothing.

use std::{io::ErrorKind, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Longest wait for anything; a test that gets here has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// How the response's body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The last chunk, or the last byte of a known length.
    Clean,
    /// The socket was closed first.
    Closed,
    /// ECONNRESET.
    Reset,
}

/// A response as it comes in.
#[derive(Debug)]
pub(crate) struct RawResponse {
    pub(crate) status_line: String,
    pub(crate) headers: Vec<(String, String)>,
    /// The body so far, out of its chunks.
    pub(crate) body: Vec<u8>,
    pub(crate) end: Option<End>,
    framing: Framing,
    raw: Vec<u8>,
    stream: TcpStream,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    Chunked,
    Length(usize),
    UntilClosed,
}

/// A GET with further header lines.
pub(crate) async fn get(address: SocketAddr, path: &str, headers: &[&str]) -> RawResponse {
    request(address, "GET", path, headers, "").await
}

/// A POST of JSON.
pub(crate) async fn post(address: SocketAddr, path: &str, body: &str) -> RawResponse {
    request(
        address,
        "POST",
        path,
        &["content-type: application/json"],
        body,
    )
    .await
}

/// Any request; the answer's head is read.
pub(crate) async fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &str,
) -> RawResponse {
    let stream = send(address, method, path, headers, body).await;
    RawResponse::read_head(stream).await.expect("a response")
}

/// Sends a request and reads nothing.
pub(crate) async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &str,
) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|header| header.starts_with("host:")) {
        text.push_str("host: test\r\n");
    }
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    if !body.is_empty() {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    stream.write_all(text.as_bytes()).await.expect("to send");
    stream
}

impl RawResponse {
    /// The response on `stream`, or how the socket ended before its head was there.
    pub(crate) async fn read_head(mut stream: TcpStream) -> Result<Self, End> {
        let mut raw = Vec::new();
        let head = loop {
            if let Some(end) = find(&raw, b"\r\n\r\n") {
                break end;
            }
            read(&mut stream, &mut raw).await?;
        };
        let text = String::from_utf8(raw[..head].to_vec()).expect("a head of text");
        raw.drain(..head + 4);
        let mut lines = text.split("\r\n");
        let status_line = lines.next().unwrap_or_default().to_owned();
        let headers: Vec<_> = lines
            .map(|line| line.split_once(": ").expect("a header"))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut response = Self {
            status_line,
            headers,
            body: Vec::new(),
            end: None,
            framing: Framing::UntilClosed,
            raw,
            stream,
        };
        response.framing = match response.header("content-length") {
            Some(length) => Framing::Length(length.parse().expect("a length")),
            None if response.header("transfer-encoding") == Some("chunked") => Framing::Chunked,
            None => Framing::UntilClosed,
        };
        response.unframe();
        Ok(response)
    }

    /// The socket, for a further request.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn status(&self) -> u16 {
        self.status_line[9..12].parse().expect("a status")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    /// Reads until the body holds `count` bytes.
    pub(crate) async fn read_bytes(&mut self, count: usize) -> &[u8] {
        while self.body.len() < count && self.end.is_none() {
            self.read_more().await;
        }
        &self.body
    }

    /// Reads until the body ends with `text`.
    pub(crate) async fn read_until(&mut self, text: &str) -> &str {
        while !self.body.ends_with(text.as_bytes()) && self.end.is_none() {
            self.read_more().await;
        }
        self.text()
    }

    /// Reads to the end, however it comes.
    pub(crate) async fn read_to_end(&mut self) -> End {
        loop {
            if let Some(end) = self.end {
                return end;
            }
            self.read_more().await;
        }
    }

    /// Whether nothing comes for a while. Silence cannot be waited for but by the clock.
    pub(crate) async fn is_silent(&mut self) -> bool {
        let before = self.body.len();
        let more = tokio::time::timeout(Duration::from_millis(100), self.read_more()).await;
        more.is_err() && self.body.len() == before
    }

    async fn read_more(&mut self) {
        if let Err(end) = read(&mut self.stream, &mut self.raw).await {
            self.end = Some(end);
        }
        self.unframe();
    }

    fn unframe(&mut self) {
        match self.framing {
            Framing::UntilClosed => self.body.append(&mut self.raw),
            Framing::Length(length) => {
                self.body.append(&mut self.raw);
                if self.body.len() == length {
                    self.end = Some(End::Clean);
                }
            }
            Framing::Chunked => {
                while let Some(line) = find(&self.raw, b"\r\n") {
                    let size = std::str::from_utf8(&self.raw[..line]).expect("a chunk's size");
                    let size = usize::from_str_radix(size, 16).expect("a chunk's size");
                    let whole = line + 2 + size + 2;
                    if self.raw.len() < whole {
                        return;
                    }
                    self.body.extend(&self.raw[line + 2..whole - 2]);
                    self.raw.drain(..whole);
                    if size == 0 {
                        self.end = Some(End::Clean);
                    }
                }
            }
        }
    }
}

async fn read(stream: &mut TcpStream, into: &mut Vec<u8>) -> Result<(), End> {
    let read = tokio::time::timeout(PATIENCE, stream.read_buf(into)).await;
    match read.expect("something within two minutes") {
        Ok(0) => Err(End::Closed),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Err(End::Reset),
        Err(error) => panic!("{error}"),
    }
}

/// Waits until `condition` gives something.
pub(crate) async fn eventually<T>(mut condition: impl FnMut() -> Option<T>) -> T {
    until(async || condition()).await
}

/// Waits until `condition` gives something.
pub(crate) async fn until<T>(mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("the condition within two minutes")
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
