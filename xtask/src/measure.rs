//! The two tables: how fast, and how large.

use std::fs::File;
use std::path::PathBuf;
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

/// The decoder beside those of other crates.
const NATIVE_BENCH: &str = "tidewire-native-bench";

/// Prints how fast we are beside others: in Chromium, and, where all is asked for, natively, with
/// the sizes.
pub(crate) fn bench(workspace: &Workspace, bench: &Bench) -> Outcome<()> {
    let whole = !bench.quick && bench.only.is_none();
    if bench.write && !whole {
        return Err(Failure::new(
            "`--write` is for a whole run: without `--quick` and `--only`",
        ));
    }
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
        .args(bench.json.then_some("--json"))
        .args(bench.write.then_some("--write"));
    for (option, value) in [("--only", &bench.only), ("--profile", &bench.profile)] {
        if let Some(value) = value {
            node.args([option, value]);
        }
    }
    if bench.profile.is_some() {
        let module = package::packed_named_module(workspace)?;
        node.env("PACKED_NAMED_MODULE", module);
    }
    if whole {
        node.arg("--size").arg(size_as_data(workspace)?);
        node.arg("--native").arg(native(workspace)?);
    }
    print(&mut node)
}

/// Runs the native bench, whose table goes to standard error, and gives the file with its data.
fn native(workspace: &Workspace) -> Outcome<PathBuf> {
    let data = workspace.scratch().join("native.json");
    let mut cargo = workspace.cargo();
    cargo
        .args(["run", "--quiet", "--release", "--package", NATIVE_BENCH])
        .args(["--", "--json"])
        .arg(&data);
    process::run(&mut cargo)?;
    Ok(data)
}

/// The file with the sizes.
fn size_as_data(workspace: &Workspace) -> Outcome<PathBuf> {
    let data = workspace.scratch().join("size.json");
    let file = File::create(&data).map_err(|error| Failure::at(&data, &error))?;
    let mut program = size_program(workspace)?;
    print(program.arg("--json").stdout(file))?;
    Ok(data)
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
