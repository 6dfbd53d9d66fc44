//! The npm packages that building and testing need.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;
use std::process::Command;

use crate::process::{self, Failure, Outcome};
use crate::tools;
use crate::workspace::Workspace;

/// Where the last installation left word of what it installed.
const STAMP: &str = "node_modules/.tidewire-installed";

/// Installs what a folder's package.json asks for, unless just that is there.
pub(crate) fn install(workspace: &Workspace, folder: &str) -> Outcome<()> {
    tools::node()?;
    let path = workspace.path(folder);
    let wanted = digest(&path)?;
    let stamp = path.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    eprintln!("  installing the npm packages of {folder}/");
    let locked = path.join("package-lock.json").is_file();
    let mut npm = Command::new("npm");
    npm.current_dir(&path).args([
        if locked { "ci" } else { "install" },
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        // What npm's cache holds is not asked for again: works without a network.
        "--prefer-offline",
        // Nothing here needs a script of a dependency to run.
        "--ignore-scripts",
    ]);
    process::run_quietly(&mut npm)?;
    // `npm install` has just written a lock file if there was none.
    let installed = digest(&path)?;
    crate::freshness::create_parent(&stamp)?;
    fs::write(&stamp, installed).map_err(|error| Failure::at(&stamp, &error))
}

/// A program that the npm packages of `folder` brought.
pub(crate) fn program(workspace: &Workspace, folder: &str, name: &str) -> Command {
    let path = workspace.path(folder).join("node_modules/.bin").join(name);
    workspace.command(if cfg!(windows) {
        path.with_extension("cmd")
    } else {
        path
    })
}

fn digest(folder: &Path) -> Outcome<String> {
    let mut hasher = DefaultHasher::new();
    for name in ["package.json", "package-lock.json"] {
        let path = folder.join(name);
        match fs::read(&path) {
            Ok(bytes) => bytes.hash(&mut hasher),
            Err(error) if error.kind() == io::ErrorKind::NotFound && name != "package.json" => {}
            Err(error) => return Err(Failure::at(&path, &error)),
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}
