//! Every combination of the library's features, natively and for the browser.

use std::collections::BTreeSet;
use std::fs;

use crate::process::{self, Failure, Outcome};
use crate::tools::{self, WASM_TARGET};
use crate::workspace::Workspace;

/// Compiles the library with each set of features that can be had.
pub(crate) fn every_combination_compiles(workspace: &Workspace) -> Outcome<()> {
    tools::wasm_target()?;
    let path = workspace.path("Cargo.toml");
    let manifest = fs::read_to_string(&path).map_err(|error| Failure::at(&path, &error))?;
    let combinations = combinations(&features(&manifest));
    if combinations.len() < 2 {
        return Err(Failure::new("Cargo.toml names no features"));
    }
    for features in &combinations {
        for target in [&[][..], &["--target", WASM_TARGET]] {
            // Clippy, for what only some combination leaves unused.
            let mut arguments = vec!["clippy", "--quiet", "--package", "tidewire"];
            arguments.extend(["--no-default-features", "--features", features]);
            arguments.extend(target);
            arguments.extend(["--", "-D", "warnings"]);
            process::run(workspace.cargo().args(arguments)).map_err(|error| {
                Failure::new(format!("with the features '{features}': {error}"))
            })?;
        }
    }
    println!("{} combinations, each for two targets", combinations.len());
    Ok(())
}

/// A feature, and the features that it brings.
type Feature<'m> = (&'m str, Vec<&'m str>);

/// What stands in `[features]`, each on a line of its own.
fn features(manifest: &str) -> Vec<Feature<'_>> {
    let table = manifest.lines().skip_while(|line| *line != "[features]");
    table
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| {
            let (name, brings) = line.split_once(" = [")?;
            let brings = brings.split('"').skip(1).step_by(2);
            Some((name, brings.filter(|it| !it.contains([':', '/'])).collect()))
        })
        .filter(|(name, _)| *name != "default")
        .collect()
}

/// The sets that differ once each feature has brought what it brings, as cargo takes them.
fn combinations(features: &[Feature<'_>]) -> BTreeSet<String> {
    let subsets = 0..1_u32 << features.len();
    subsets
        .map(|chosen| {
            let mut set: BTreeSet<&str> = (0..features.len())
                .filter(|place| chosen >> place & 1 == 1)
                .map(|place| features[place].0)
                .collect();
            loop {
                let brought: Vec<&str> = features
                    .iter()
                    .filter(|(name, _)| set.contains(name))
                    .flat_map(|(_, brings)| brings.iter().copied())
                    .collect();
                let before = set.len();
                set.extend(brought);
                if set.len() == before {
                    return set.into_iter().collect::<Vec<_>>().join(",");
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
[features]
default = ["client"]
# A comment.
browser = ["dep:web-sys"]
payloads = ["dep:serde", "serde/derive"]
client = ["browser", "payloads"]

[dependencies]
serde = ["no feature"]
"#;

    #[test]
    fn features_are_read_with_what_they_bring_of_each_other() {
        assert_eq!(
            features(MANIFEST),
            [
                ("browser", vec![]),
                ("payloads", vec![]),
                ("client", vec!["browser", "payloads"]),
            ]
        );
    }

    #[test]
    fn combinations_that_come_to_the_same_are_one() {
        let all = combinations(&features(MANIFEST));
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(
            all,
            [
                "",
                "browser",
                "browser,client,payloads",
                "browser,payloads",
                "payloads"
            ]
        );
    }
}
