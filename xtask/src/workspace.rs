//! Where things are.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Failure, Outcome};

pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Cargo's target directory: where this very program was built.
    pub(crate) target: PathBuf,
    /// Tools that are kept across clones and `cargo clean`.
    pub(crate) tools: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> Outcome<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest
            .parent()
            .filter(|root| root.join("Cargo.lock").is_file())
            .ok_or_else(|| {
                Failure::new(format!(
                    "{} is no longer in the workspace it was built from: run it by `cargo xtask`",
                    manifest.display()
                ))
            })?;
        // CARGO_TARGET_DIR, `build.target-dir` and `--target-dir` all move it;
        // the program itself always lies in it, as `<target>/debug/xtask`.
        let program = std::env::current_exe()
            .map_err(|error| Failure::new(format!("cannot tell where xtask lies: {error}")))?;
        let target = program
            .ancestors()
            .nth(2)
            .ok_or_else(|| Failure::new("xtask lies outside of a target directory"))?;
        Ok(Self {
            root: root.to_owned(),
            target: target.to_owned(),
            tools: cache()?.join("tools"),
        })
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Intermediate files of the package's build.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// `cargo`, of the toolchain that built this program, at the root.
    pub(crate) fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        self.settle(&mut command);
        command
    }

    /// Any other program, at the root.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        self.settle(&mut command);
        command
    }

    fn settle(&self, command: &mut Command) {
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target);
        // `cargo run` describes xtask to us in these. Children that build other
        // crates must not see them: a build script may depend on their values.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
    }
}

fn cache() -> Outcome<PathBuf> {
    let given = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    given("XDG_CACHE_HOME")
        .or_else(|| given("HOME").map(|home| home.join(".cache")))
        .or_else(|| given("LOCALAPPDATA"))
        .map(|base| base.join("tidewire"))
        .ok_or_else(|| Failure::new("neither XDG_CACHE_HOME nor HOME is set: no place for tools"))
}
