//! What the crate says of itself is so.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const MANIFEST: &str = include_str!("../Cargo.toml");
const LIBRARY: &str = include_str!("../src/lib.rs");

/// The files of Rust below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it can be listed").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|it| it == "rs"))
        .collect()
}

#[test]
fn one_module_of_the_published_crates_may_be_unsafe_and_the_documentation_names_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["src", "server/src"];
    let files = folders
        .iter()
        .flat_map(|folder| sources(&root.join(folder)));
    let unsafe_ones: Vec<_> = files
        .filter(|path| {
            let text = fs::read_to_string(path).expect("it can be read");
            text.contains("(unsafe_code")
        })
        .map(|path| path.strip_prefix(root).expect("below the root").to_owned())
        .collect();
    assert!(MANIFEST.contains("unsafe_code = \"deny\""));
    assert_eq!(unsafe_ones, [Path::new("src/wire/scan.rs")]);
    assert!(LIBRARY.contains("`wire/scan.rs`"));
}

#[test]
fn the_table_of_features_has_each_of_them() {
    let lines = MANIFEST.lines().skip_while(|line| *line != "[features]");
    let features: BTreeSet<_> = lines
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = ["))
        .map(|(name, _)| name)
        .filter(|name| *name != "default")
        .collect();
    let rows: BTreeSet<_> = LIBRARY
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `")?.split('`').next())
        .collect();
    assert!(features.len() >= 3);
    assert_eq!(rows, features);
}

#[test]
fn the_documentation_names_the_oldest_rust_that_will_do() {
    let (_, rest) = MANIFEST
        .split_once("rust-version = \"")
        .expect("there is one");
    let version = rest.split('"').next().expect("it ends");
    assert!(
        LIBRARY.contains(&format!("//! {version} or later")),
        "{version}"
    );
    let readme = include_str!("../README.md");
    assert!(readme.contains(&format!("Rust {version}")), "{version}");
}
