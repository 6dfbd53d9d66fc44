//! The two tables: how fast, and how large.

use std::path::PathBuf;
use std::process::Stdio;

use crate::freshness;
use crate::package;
use crate::process::{Failure, Outcome};
use crate::workspace::Workspace;

/// Prints the decoder's speed.
pub(crate) fn bench(workspace: &Workspace, json: bool) -> Outcome<()> {
    let mut cargo = workspace.cargo();
    cargo.args([
        "bench",
        "--quiet",
        "--package",
        "tidewire",
        "--bench",
        "decode",
    ]);
    if json {
        cargo.args(["--", "--json"]);
    }
    print(&mut cargo)
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
