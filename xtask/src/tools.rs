//! The programs that a build needs. Each is used where it is found, else
//! installed once, else asked for by name.

use std::path::PathBuf;
use std::process::Command;

use crate::lockfile;
use crate::process::{self, Failure, Outcome};
use crate::workspace::Workspace;

/// The oldest Node.js that is supported upstream.
const NODE: u32 = 20;
const WASM_PACK: &str = "0.15.1";
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Makes sure that Rust can compile for the browser.
pub(crate) fn wasm_target() -> Outcome<()> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let library = process::answer(Command::new(rustc).args([
        "--print",
        "target-libdir",
        "--target",
        WASM_TARGET,
    ]));
    if library.is_some_and(|folder| PathBuf::from(folder).is_dir()) {
        return Ok(());
    }
    eprintln!("  installing the Rust target {WASM_TARGET}");
    process::run_quietly(Command::new("rustup").args(["target", "add", WASM_TARGET])).map_err(
        |error| {
            Failure::new(format!(
                "{error}\nThe Rust target {WASM_TARGET} is needed: `rustup target add {WASM_TARGET}`, \
                 or your distribution's package of Rust's standard library for it"
            ))
        },
    )
}

/// The folder with `wasm-bindgen` and `wasm-bindgen-test-runner` of the very
/// version in Cargo.lock: the two ends of the glue must agree.
pub(crate) fn wasm_bindgen(workspace: &Workspace) -> Outcome<PathBuf> {
    let path = workspace.path("Cargo.lock");
    let text = std::fs::read_to_string(&path).map_err(|error| Failure::at(&path, &error))?;
    let version = lockfile::version_of(&text, "wasm-bindgen")
        .ok_or_else(|| Failure::new("Cargo.lock has no wasm-bindgen: run `cargo update -w`"))?;
    installed(
        workspace,
        "wasm-bindgen-cli",
        version,
        &["wasm-bindgen", "wasm-bindgen-test-runner"],
    )
}

/// The folder with `wasm-pack`, which runs the tests in the browser as a user
/// of Rust would.
pub(crate) fn wasm_pack(workspace: &Workspace) -> Outcome<PathBuf> {
    installed(workspace, "wasm-pack", WASM_PACK, &["wasm-pack"])
}

/// Makes sure of Node.js and npm.
pub(crate) fn node() -> Outcome<()> {
    let wanted = format!("Node.js {NODE} or later is needed, with npm");
    let Some(version) = process::answer(Command::new("node").arg("--version")) else {
        return Err(Failure::new(format!("{wanted}; no `node` is on the PATH")));
    };
    if major(&version).is_none_or(|major| major < NODE) {
        return Err(Failure::new(format!(
            "{wanted}; the one on the PATH is {version}"
        )));
    }
    if process::find_on_path("npm").is_none() {
        return Err(Failure::new(format!("{wanted}; no `npm` is on the PATH")));
    }
    Ok(())
}

/// Finds the programs of a crate on the PATH or among our tools, at exactly
/// this version, else compiles them.
fn installed(
    workspace: &Workspace,
    krate: &str,
    version: &str,
    programs: &[&str],
) -> Outcome<PathBuf> {
    let name = krate.trim_end_matches("-cli");
    let root = workspace.tools.join(format!("{name}-{version}"));
    let ours = root.join("bin");
    let on_path = process::find_on_path(name).and_then(|path| Some(path.parent()?.to_owned()));
    for folder in [Some(ours.clone()), on_path].into_iter().flatten() {
        let fits = programs.iter().all(|program| {
            process::answer(Command::new(folder.join(program)).arg("--version"))
                .is_some_and(|answer| answer.split_whitespace().last() == Some(version))
        });
        if fits {
            return Ok(folder);
        }
    }
    eprintln!("  installing {krate} {version} (some minutes, once)");
    // Of our own, so that an installation that was interrupted goes on.
    let scratch = workspace.scratch().join("tools");
    let install = || {
        let mut command = workspace.cargo();
        command
            .args(["install", krate, "--version", version, "--quiet", "--root"])
            .arg(&root)
            // These run for a second at a time: compiling them fast matters more.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_TARGET_DIR", &scratch);
        command
    };
    // A lock file of the tool's own may name crates that were yanked since.
    if process::answer(install().arg("--locked")).is_none() {
        process::run_quietly(&mut install()).map_err(|error| {
            Failure::new(format!(
                "{error}\n{krate} {version} is needed: \
                 `cargo install {krate} --version {version}`"
            ))
        })?;
    }
    // Some hundred megabytes that nobody will need; if they stay, no harm is done.
    let _ = std::fs::remove_dir_all(&scratch);
    Ok(ours)
}

fn major(version: &str) -> Option<u32> {
    version
        .trim_start_matches('v')
        .split('.')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_of_node_is_read_from_what_it_prints() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("v9.0.0-nightly"), Some(9));
        assert_eq!(major("node"), None);
    }
}
