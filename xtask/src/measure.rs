//! The two tables: how fast, and how large.

use std::path::PathBuf;
use std::process::Stdio;

use crate::browser;
use crate::cli::Bench;
use crate::freshness;
use crate::npm;
use crate::package;
use crate::process::{Failure, Outcome};
use crate::server::{self, RunningServer};
use crate::workspace::Workspace;

/// Where the page that is measured and its driver lie.
const BROWSER_BENCH: &str = "benches/browser";

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

/// Prints the size of what the npm package ships.
pub(crate) fn size(workspace: &Workspace, json: bool) -> Outcome<()> {
    package::build(workspace)?;
    let mut node = workspace.command("node");
    node.arg("xtask/size.mjs").args(json.then_some("--json"));
    for file in shipped(workspace)? {
        node.arg(file.strip_prefix(&workspace.root).unwrap_or(&file));
    }
    print(&mut node)
}

/// The code in the package. Declarations and maps stay on the developer's disk.
fn shipped(workspace: &Workspace) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in ["pkg/dist", "pkg/wasm"] {
        files.extend(freshness::files_below(&workspace.path(folder))?);
    }
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| ["js", "mjs", "wasm"].iter().any(|kind| extension == *kind))
    });
    Ok(files)
}

/// Runs a program whose standard output is the result.
fn print(command: &mut std::process::Command) -> Outcome<()> {
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
