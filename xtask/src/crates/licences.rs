//! Whether the dependencies may be had: their licences, where they come from, and the oldest Rust
//! that compiles them.
//!
//! Known vulnerabilities are not looked for here: the database of advisories is no crate. Where
//! there is a network, `cargo deny check` reads the same `deny.toml` and asks it.

use std::fs;

use crate::process::{self, Failure, Outcome};
use crate::workspace::Workspace;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Looks at every package in Cargo.lock, those of other platforms and of tests included.
pub(crate) fn dependencies_are_fit(workspace: &Workspace) -> Outcome<()> {
    let read = |name: &str| {
        let path = workspace.path(name);
        fs::read_to_string(&path).map_err(|error| Failure::at(&path, &error))
    };
    let mut faults = foreign(&read("Cargo.lock")?);

    let deny = read("deny.toml")?;
    let allowed = allowed(&deny);
    let tree = ask(
        workspace,
        &[
            "tree",
            "--locked",
            "--workspace",
            "--all-features",
            "--target=all",
            "--prefix=none",
            "--no-dedupe",
            "--format={p}|{l}",
        ],
    )?;
    let packages = packages(&tree);
    faults.extend(
        packages
            .iter()
            .filter(|(_, licence)| !is_satisfied(licence, &allowed))
            .map(|(package, licence)| format!("{package}: the licence is '{licence}'")),
    );

    let manifest = read("Cargo.toml")?;
    let ours = version(&manifest, "rust-version = \"")
        .ok_or_else(|| Failure::new("Cargo.toml has no rust-version"))?;
    let metadata = ask(
        workspace,
        &[
            "metadata",
            "--locked",
            "--all-features",
            "--format-version=1",
        ],
    )?;
    let oldest = rust_versions(&metadata);
    if packages.is_empty() || oldest.is_empty() {
        return Err(Failure::new("cargo names no packages"));
    }
    faults.extend(
        oldest
            .iter()
            .filter(|(_, needed)| *needed > ours)
            .map(|(package, (major, minor))| format!("{package} needs Rust {major}.{minor}")),
    );

    println!(
        "{} packages, {} of which say which Rust they need",
        packages.len(),
        oldest.len()
    );
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(faults.join("\n"))),
    }
}

fn ask(workspace: &Workspace, arguments: &[&str]) -> Outcome<String> {
    let mut cargo = workspace.cargo();
    cargo.args(arguments);
    process::answer(&mut cargo)
        .ok_or_else(|| Failure::new(format!("`cargo {}` failed", arguments.join(" "))))
}

/// What in a lockfile does not come from the registry.
fn foreign(lockfile: &str) -> Vec<String> {
    lockfile
        .lines()
        .filter_map(|line| line.strip_prefix("source = \"")?.strip_suffix('"'))
        .filter(|source| *source != REGISTRY)
        .map(|source| format!("a dependency comes from {source}"))
        .collect()
}

/// The licences of `[licenses]`.
fn allowed(deny: &str) -> Vec<&str> {
    let table = deny.split("[licenses]").nth(1).unwrap_or_default();
    let list = table.split_once("allow = [").map_or("", |(_, rest)| rest);
    let list = list.split(']').next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).collect()
}

/// The packages that `cargo tree` lists, each once, with their licences.
fn packages(tree: &str) -> Vec<(&str, &str)> {
    let mut packages: Vec<_> = tree
        .lines()
        .filter_map(|line| line.split_once('|'))
        .collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// Whether these licences are enough for what an SPDX expression asks, or the older spelling
/// with a stroke for `OR`.
fn is_satisfied(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    any(&mut words, allowed) && words.next().is_none()
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

fn any(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut satisfied = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        // Both sides are read, whatever the first one says.
        satisfied |= all(words, allowed);
    }
    satisfied
}

fn all(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut satisfied = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        satisfied &= one(words, allowed);
    }
    satisfied
}

fn one(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let satisfied = any(words, allowed);
        return satisfied && words.next() == Some(")");
    }
    let satisfied = words.next().is_some_and(|name| allowed.contains(&name));
    // An exception only ever permits more.
    if words.next_if_eq(&"WITH").is_some() {
        words.next();
    }
    satisfied
}

/// Of each package in the metadata that says so, its folder's name and the oldest Rust for it.
/// A package's `manifest_path` stands before its `rust_version`.
fn rust_versions(metadata: &str) -> Vec<(&str, (u32, u32))> {
    metadata
        .split("\"manifest_path\":\"")
        .skip(1)
        .filter_map(|package| {
            let path = package.split('"').next()?;
            let folder = path.rsplit(['/', '\\']).nth(1)?;
            Some((folder, version(package, "\"rust_version\":\"")?))
        })
        .collect()
}

/// The major and minor version behind this key.
fn version(text: &str, key: &str) -> Option<(u32, u32)> {
    let (_, rest) = text.split_once(key)?;
    let mut numbers = rest.split(['"', '.']).map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next().flatten().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_enough_where_the_expression_leaves_the_choice() {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"];
        for (expression, expected) in [
            ("MIT", true),
            ("MIT OR GPL-3.0", true),
            ("GPL-3.0 OR MIT", true),
            ("Unlicense/MIT", true),
            ("MIT AND GPL-3.0", false),
            ("GPL-3.0 AND MIT OR MIT", true),
            ("(MIT OR GPL-3.0) AND Unicode-3.0", true),
            ("(MIT OR Apache-2.0) AND GPL-3.0", false),
            ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true),
            ("GPL-3.0", false),
            ("", false),
            ("MIT) OR (MIT", false),
        ] {
            assert_eq!(is_satisfied(expression, &allowed), expected, "{expression}");
        }
    }

    #[test]
    fn the_allowed_licences_are_those_of_deny_toml() {
        let deny = "[graph]\nall-features = true\n[licenses]\nallow = [\n    \"MIT\",\n    \
                    \"Zlib\",\n]\n[bans]\nallow = [\"no licence\"]\n";
        assert_eq!(allowed(deny), ["MIT", "Zlib"]);
    }

    #[test]
    fn a_dependency_from_elsewhere_is_named() {
        let lockfile = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
                        source = \"git+https://example.com/a\"\n";
        assert_eq!(
            foreign(lockfile),
            ["a dependency comes from git+https://example.com/a"]
        );
    }

    #[test]
    fn the_rust_that_a_package_needs_is_read_off_the_metadata() {
        let metadata = r#"{"packages":[{"name":"a","targets":[{"name":"x"}],
            "manifest_path":"/registry/a-1.0.0/Cargo.toml","rust_version":"1.63"},
            {"name":"b","manifest_path":"/registry/b-2.0.0/Cargo.toml","rust_version":null},
            {"name":"c","manifest_path":"/registry/c-3.0.0/Cargo.toml","rust_version":"1.90.1"}]}"#;
        assert_eq!(
            rust_versions(metadata),
            [("a-1.0.0", (1, 63)), ("c-3.0.0", (1, 90))]
        );
        assert_eq!(
            version("rust-version = \"1.88\"\n", "rust-version = \""),
            Some((1, 88))
        );
    }
}
