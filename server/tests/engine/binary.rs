//! The command.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub(crate) struct Running(Child);

impl Running {
    /// The program, and the address that it printed.
    pub(crate) fn start(arguments: &[&str]) -> (Self, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tidewire-server"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim_end().strip_prefix("http://").expect("an address");
        (Self(child), address.to_owned())
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Sends a signal by name and waits for the end.
    pub(crate) fn signal(&mut self, name: &str) -> (Duration, Option<i32>) {
        let began = Instant::now();
        let id = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
        let status = self.0.wait().unwrap();
        (began.elapsed(), status.code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tidewire-server"))
        .args(arguments)
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn both_signals_end_it_within_two_seconds_though_streams_are_open() {
    for signal in ["INT", "TERM"] {
        let (mut server, address) = Running::start(&["--port", "0", "--demo", "--quiet"]);
        let mut stream = TcpStream::connect(&address).unwrap();
        stream
            .write_all(b"GET /plain HTTP/1.1\r\nhost: test\r\n\r\n")
            .unwrap();
        let mut some = [0; 16];
        stream.read_exact(&mut some).unwrap();
        assert_eq!(&some, b"HTTP/1.1 200 OK\r");
        let (took, code) = server.signal(signal);
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert_eq!(code, Some(0));
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        assert!(rest.ends_with("0\r\n\r\n"), "{rest}");
    }
}

#[test]
fn a_printed_token_opens_a_stream_of_another_process() {
    let (code, token, _) = run(&["--print-token", "dashtam"]);
    assert_eq!(code, Some(0));
    let (_server, address) = Running::start(&["--port=0"]);
    let mut stream = TcpStream::connect(&address).unwrap();
    let token = token.trim_end();
    let request = format!(
        "GET /api/v1/events HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut status = [0; 15];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200 OK");
}

#[test]
fn help_and_version_go_to_standard_output_and_mistakes_to_standard_error() {
    let (code, help, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for option in [
        "--port",
        "--demo",
        "--static",
        "--print-token",
        "--quiet",
        "--version",
    ] {
        assert!(help.contains(option), "{help}");
    }
    let (code, version, _) = run(&["--version"]);
    assert_eq!(
        (code, version.as_str()),
        (
            Some(0),
            concat!("tidewire-server ", env!("CARGO_PKG_VERSION"), "\n")
        )
    );
    let (code, out, error) = run(&["--prot", "1"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(error.contains("`--prot` is no option"), "{error}");
}

#[test]
fn a_port_that_is_taken_is_said() {
    let (_server, address) = Running::start(&["--port", "0"]);
    let port = address.rsplit(':').next().unwrap().to_owned();
    let (code, out, error) = run(&["--port", &port]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(
        error.contains(&format!("cannot listen on 127.0.0.1:{port}")),
        "{error}"
    );
}
