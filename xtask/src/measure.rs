//! The two tables: how fast, and how large.

use std::process::{Command, Stdio};

use crate::browser;
use crate::cli::Bench;
use crate::npm;
use crate::package;
use crate::process::{self, Failure, Outcome};
use crate::server::{self, RunningServer};
use crate::workspace::Workspace;

/// Where the page that is measured and its driver lie.
pub(crate) const BROWSER_BENCH: &str = "benches/browser";

/// Prints how fast we are beside others, in Chromium and, unless it is to be quick, natively.
pub(crate) fn bench(workspace: &Workspace, bench: &Bench) -> Outcome<()> {
    package::build(workspace)?;
    npm::install(workspace, BROWSER_BENCH)?;
    let browser = browser::ensure()?;
    let server = RunningServer::start_fast(workspace)?;
    let mut node = workspace.command("node");
    node.arg(format!("{BROWSER_BENCH}/run.mjs"))
        .env("TIDEWIRE_URL", &server.address)
        .env("BENCH_FOLDER", server::bench_folder(workspace))
        .env("CHROMIUM", browser.chromium)
        .args(bench.quick.then_some("--quick"))
        .args(bench.json.then_some("--json"));
    for (option, value) in [("--only", &bench.only), ("--profile", &bench.profile)] {
        if let Some(value) = value {
            node.args([option, value]);
        }
    }
    print(&mut node)
}

/// Prints the size of what the npm package ships, and of what an application gets of it.
pub(crate) fn size(workspace: &Workspace, json: bool) -> Outcome<()> {
    print(size_program(workspace)?.args(json.then_some("--json")))
}

/// Fails where an application would get more than the budget allows.
pub(crate) fn check_size(workspace: &Workspace) -> Outcome<()> {
    process::run(size_program(workspace)?.arg("--check"))
}

fn size_program(workspace: &Workspace) -> Outcome<Command> {
    package::build(workspace)?;
    npm::install(workspace, BROWSER_BENCH)?;
    let mut node = workspace.command("node");
    node.arg(format!("{BROWSER_BENCH}/size.mjs"))
        .env("NAMED_MODULE", package::named_module(workspace)?);
    Ok(node)
}

/// Runs a program whose standard output is the result.
fn print(command: &mut Command) -> Outcome<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| Failure::new(format!("cannot start the measurement: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("the measurement failed ({status})")))
    }
}
