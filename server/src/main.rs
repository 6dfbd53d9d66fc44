//! The test server's command line.

mod arguments;

use std::{io::Write as _, process::ExitCode};

use tidewire_server::{DEFAULT_TTL_S, Server, TEST_USER, TokenSecret};
use tokio::signal::unix::{SignalKind, signal};

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let command = match Arguments::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("tidewire-server: {error}\nTry `tidewire-server --help`.");
            return ExitCode::from(2);
        }
    };
    let outcome = match command {
        Command::Help => say(arguments::HELP),
        Command::Version => say(concat!("tidewire-server ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::PrintToken { system, secret } => {
            let secret = secret.map_or_else(TokenSecret::default, TokenSecret::new);
            match secret.issue(system, TEST_USER, DEFAULT_TTL_S) {
                Ok(token) => say(&format!("{token}\n")),
                Err(error) => Err(std::io::Error::other(error)),
            }
        }
        Command::Serve(arguments) => serve(arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidewire-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

#[tokio::main]
async fn serve(arguments: Arguments) -> std::io::Result<()> {
    let mut builder = Server::builder()
        .bind(arguments.address)
        .demo(arguments.demo);
    if let Some(secret) = arguments.token_secret {
        builder = builder.token_secret(TokenSecret::new(secret));
    }
    for (mount, directory) in arguments.static_dirs {
        builder = builder.static_dir(&mount, directory);
    }
    // Before the address is printed: who reads it may send a signal at once.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let server = builder.start().await.map_err(|error| {
        let address = arguments.address;
        std::io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    })?;
    say(&format!("{}\n", server.url()))?;
    if !arguments.quiet {
        eprintln!(
            "Listening; the control API is at {}/_tidewire",
            server.url()
        );
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    if !arguments.quiet {
        eprintln!("Stopping");
    }
    server.shutdown().await;
    Ok(())
}
