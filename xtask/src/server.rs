//! Building the test server and running it: for a person, or for the tests.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::apps;
use crate::package;
use crate::process::{self, Failure, Outcome, step};
use crate::workspace::Workspace;

/// Builds everything and serves the page with live traffic, until stopped.
pub(crate) fn demo(workspace: &Workspace, port: u16) -> Outcome<()> {
    serve(workspace, port, &["--demo".to_owned()])
}

/// Builds the example applications and serves them with live traffic, until stopped.
pub(crate) fn apps(workspace: &Workspace, port: u16) -> Outcome<()> {
    apps::build(workspace)?;
    let program = build(workspace, Speed::AsBuilt)?;
    let mut server = workspace.command(program);
    server.args(["--demo", "--port"]).arg(port.to_string());
    for mount in apps::mounts(workspace)? {
        server.arg("--static").arg(mount);
    }
    become_it(&mut server)
}

/// Builds everything and serves the page; the endpoints say what they are told
/// to through the server's control API.
pub(crate) fn serve(workspace: &Workspace, port: u16, arguments: &[String]) -> Outcome<()> {
    package::build(workspace)?;
    let program = build(workspace, Speed::AsBuilt)?;
    let mut server = workspace.command(program);
    server
        .arg("--port")
        .arg(port.to_string())
        .args(static_folders(workspace))
        .args(arguments);
    become_it(&mut server)
}

/// A server that runs beside the tests, on a free port. Dropping it stops it.
pub(crate) struct RunningServer {
    pub(crate) address: String,
    process: Child,
    /// Unix: the server is stopped when this closes, even if we are killed.
    lifeline: Option<ChildStdin>,
}

impl RunningServer {
    /// Starts the server as `demo` would. `build` of the package is not implied.
    pub(crate) fn start(workspace: &Workspace) -> Outcome<Self> {
        let program = build(workspace, Speed::AsBuilt)?;
        let mut command = leashed(workspace.command("sh"), program);
        command
            .args(["--port", "0", "--demo"])
            .args(static_folders(workspace))
            .arg("--static")
            .arg(bench_mount(workspace)?);
        for mount in apps::mounts(workspace)? {
            command.arg("--static").arg(mount);
        }
        Self::launch(&mut command)
    }

    /// A server that is measured with: optimized, and with nothing to do of its own. It hands out
    /// `bench_folder`.
    pub(crate) fn start_fast(workspace: &Workspace) -> Outcome<Self> {
        let program = build(workspace, Speed::Optimized)?;
        let mut command = leashed(workspace.command("sh"), program);
        command
            .args(["--port", "0", "--quiet", "--static"])
            .arg(bench_mount(workspace)?);
        Self::launch(&mut command)
    }

    fn launch(command: &mut Command) -> Outcome<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let unstartable = |error| Failure::new(format!("cannot start the test server: {error}"));
        let mut process = command.spawn().map_err(unstartable)?;
        let lifeline = process.stdin.take();
        let mut address = String::new();
        if let Some(output) = process.stdout.take() {
            let mut output = BufReader::new(output);
            output.read_line(&mut address).map_err(unstartable)?;
            // What it logs later must find a reader, or the server would block.
            std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        }
        let mut server = Self {
            address: address.trim().to_owned(),
            process,
            lifeline,
        };
        if server.address.starts_with("http://") {
            return Ok(server);
        }
        server.stop();
        Err(Failure::new(match server.address.as_str() {
            "" => "the test server ended before it printed its address".to_owned(),
            other => format!("the test server printed `{other}` where its address was expected"),
        }))
    }

    fn stop(&mut self) {
        if let Some(mut lifeline) = self.lifeline.take() {
            // Either the newline or the end of the pipe ends it.
            let _ = lifeline.write_all(b"\n");
        }
        if cfg!(not(unix)) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.stop();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Speed {
    AsBuilt,
    Optimized,
}

fn build(workspace: &Workspace, speed: Speed) -> Outcome<PathBuf> {
    let (option, folder) = match speed {
        Speed::AsBuilt => (None, "debug"),
        Speed::Optimized => (Some("--release"), "release"),
    };
    step("test server: cargo", || {
        process::run(
            workspace
                .cargo()
                .args(["build", "--quiet", "--package", "tidewire-server"])
                .args(option),
        )
        .map(|()| true)
    })?;
    let name = format!("tidewire-server{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace.target.join(folder).join(name))
}

/// The pages that are measured, as they were bundled.
pub(crate) fn bench_folder(workspace: &Workspace) -> PathBuf {
    workspace.scratch().join("bench")
}

/// The server wants the folder to be there, also before anything was bundled.
fn bench_mount(workspace: &Workspace) -> Outcome<OsString> {
    let folder = bench_folder(workspace);
    std::fs::create_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
    let mut mount = OsString::from("/bench=");
    mount.push(folder);
    Ok(mount)
}

/// What the server hands out beside its endpoints.
fn static_folders(workspace: &Workspace) -> Vec<String> {
    let mut folders = vec![("/", "www"), ("/pkg", "pkg"), ("/soak", "tests/soak")];
    // The shared conformance cases lie beside the checkout, where they do.
    if workspace.path("../shared/conformance").is_dir() {
        folders.push(("/conformance", "../shared/conformance"));
    }
    folders
        .into_iter()
        .flat_map(|(mount, folder)| ["--static".to_owned(), format!("{mount}={folder}")])
        .collect()
}

/// Gives this process over to the server: signals meant for us reach it, and
/// its end is ours.
#[cfg(unix)]
fn become_it(server: &mut Command) -> Outcome<()> {
    use std::os::unix::process::CommandExt;
    Err(Failure::new(format!(
        "cannot start the test server: {}",
        server.exec()
    )))
}

#[cfg(not(unix))]
fn become_it(server: &mut Command) -> Outcome<()> {
    let status = server
        .status()
        .map_err(|error| Failure::new(format!("cannot start the test server: {error}")))?;
    std::process::exit(status.code().unwrap_or(1));
}

/// The server under a shell that stops it when our end of the pipe closes,
/// however we end: a killed test run leaves nothing behind.
#[cfg(unix)]
fn leashed(mut shell: Command, program: PathBuf) -> Command {
    // The shell lets go of the outputs, so that the server's end is theirs.
    const LEASH: &str = "\"$@\" & server=$!; exec >/dev/null 2>&1; trap 'kill $server' INT TERM; \
                         read -r _; kill $server; wait $server";
    shell.args(["-c", LEASH, "leash"]).arg(program);
    shell
}

#[cfg(not(unix))]
fn leashed(shell: Command, program: PathBuf) -> Command {
    let mut command = Command::new(program);
    if let Some(folder) = shell.get_current_dir() {
        command.current_dir(folder);
    }
    command
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A shell script in the place of the server.
    fn launch(script: &str) -> Outcome<RunningServer> {
        let mut command = leashed(Command::new("sh"), PathBuf::from("sh"));
        RunningServer::launch(command.args(["-c", script]))
    }

    #[test]
    fn a_server_runs_until_it_is_dropped_and_is_asked_to_stop() {
        let folder = std::env::temp_dir().join(format!("tidewire-leash-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let sign = folder.join("stopped");
        let server = launch(&format!(
            "trap 'echo yes > {}; exit' TERM; echo http://127.0.0.1:7; \
             while :; do sleep 0.05; done",
            sign.display()
        ));
        assert_eq!(server.as_ref().unwrap().address, "http://127.0.0.1:7");
        assert!(!sign.exists());
        drop(server);
        assert!(sign.exists(), "dropping waits for the server's end");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_server_that_ends_or_says_something_else_is_reported() {
        let error = launch("exit 3").err().unwrap();
        assert_eq!(
            error.to_string(),
            "the test server ended before it printed its address"
        );
        let error = launch("echo port taken").err().unwrap();
        assert_eq!(
            error.to_string(),
            "the test server printed `port taken` where its address was expected"
        );
    }
}
