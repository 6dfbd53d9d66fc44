//! `types`: the TypeScript profiles, printed from the Rust tables.
//!
//! The printer is part of the library, and xtask has no dependencies; so the
//! test that holds the files fresh also writes them, when it is told to.

use crate::process::{self, Outcome};
use crate::workspace::Workspace;

/// Makes that test write instead of compare.
const WRITE: &str = "TIDEWIRE_WRITE_TYPES";

/// Writes `pkg/src/profiles`, or says which file is stale.
pub(crate) fn types(workspace: &Workspace, check: bool) -> Outcome<()> {
    let mut command = workspace.cargo();
    command
        .args(["test", "--quiet", "-p", "tidewire"])
        .args(["--no-default-features", "--features", "payloads"])
        .args(["--test", "profiles", "typescript", "--", "--nocapture"]);
    match check {
        true => command.env_remove(WRITE),
        false => command.env(WRITE, "1"),
    };
    process::run(&mut command)
}
