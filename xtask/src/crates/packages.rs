//! What `cargo publish` would send.

use crate::process::{self, Failure, Outcome};
use crate::workspace::Workspace;

/// A crate that is published, and what it may hold beside what cargo adds: folders and files.
struct Package {
    name: &'static str,
    holds: &'static [&'static str],
}

const PACKAGES: [Package; 2] = [
    Package {
        name: "tidewire",
        holds: &["src/"],
    },
    Package {
        name: "tidewire-server",
        holds: &["src/", "examples/", "tests/"],
    },
];

/// What every package has to hold, and what cargo puts beside it.
const NEEDED: [&str; 5] = [
    "Cargo.toml",
    "Cargo.toml.orig",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
];
const ADDED: [&str; 2] = [".cargo_vcs_info.json", "Cargo.lock"];

/// Packs both, looks at what is in them, and compiles the library from its package; the server
/// too, where that is worth the time.
pub(crate) fn packages_hold_what_they_should(workspace: &Workspace, thorough: bool) -> Outcome<()> {
    for package in &PACKAGES {
        let mut cargo = workspace.cargo();
        cargo.args(["package", "--quiet", "--list", "--allow-dirty"]);
        let list = process::answer(cargo.args(["--package", package.name]))
            .ok_or_else(|| Failure::new(format!("{} cannot be packed", package.name)))?;
        let list: Vec<&str> = list.lines().collect();
        let faults = package.faults(&list);
        if !faults.is_empty() {
            let faults = faults.join("\n");
            return Err(Failure::new(format!("{}: {faults}", package.name)));
        }
        println!("{}: {} files", package.name, list.len());
    }
    let packed = if thorough {
        &PACKAGES[..]
    } else {
        &PACKAGES[..1]
    };
    let names = packed.iter().flat_map(|it| ["--package", it.name]);
    let mut cargo = workspace.cargo();
    process::run(
        cargo
            .args(["package", "--quiet", "--allow-dirty"])
            .args(names),
    )
}

impl Package {
    /// What is wrong with the files of this package.
    fn faults(&self, files: &[&str]) -> Vec<String> {
        let belongs = |file: &str| {
            NEEDED.contains(&file)
                || ADDED.contains(&file)
                || self.holds.iter().any(|folder| file.starts_with(folder))
        };
        let astray = files
            .iter()
            .filter(|file| !belongs(file))
            .map(|file| format!("{file} does not belong into it"));
        let missing = NEEDED
            .iter()
            .filter(|needed| !files.contains(needed))
            .map(|needed| format!("{needed} is missing"));
        astray.chain(missing).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_astray_and_one_that_is_missing_are_named() {
        let package = Package {
            name: "a",
            holds: &["src/"],
        };
        let mut files = NEEDED.to_vec();
        files.extend(["src/lib.rs", "Cargo.lock"]);
        assert!(package.faults(&files).is_empty());
        files.push("pkg/README.md");
        files.retain(|file| *file != "LICENSE-MIT");
        assert_eq!(
            package.faults(&files),
            [
                "pkg/README.md does not belong into it",
                "LICENSE-MIT is missing"
            ]
        );
    }
}
