//! What Tidewire adds to an application in Rust: the least one of each framework, without a stream
//! and with one, as it would be published.

use std::fs;
use std::path::{Path, PathBuf};

use crate::npm;
use crate::package;
use crate::process::{self, Failure, Outcome};
use crate::tools::{self, WASM_TARGET};
use crate::workspace::Workspace;

/// The folders in `examples/` whose own `examples/` hold the applications: `NAME_bare` without
/// Tidewire, `NAME_plain` with a stream of texts, `NAME_typed` with Dashtam's 29 types.
const FRAMEWORKS: [&str; 2] = ["leptos", "yew"];
const KINDS: [(&str, &str); 3] = [
    ("bare", "without Tidewire"),
    ("plain", "a stream of texts"),
    ("typed", "a stream of 29 typed events"),
];

/// Prints the table.
pub(crate) fn print(workspace: &Workspace) -> Outcome<()> {
    tools::wasm_target()?;
    npm::install(workspace, "pkg")?;
    let bindgen = tools::wasm_bindgen(workspace)?.join("wasm-bindgen");
    let mut lines = Vec::new();
    for framework in FRAMEWORKS {
        let folder = format!("examples/{framework}/examples");
        if !workspace.path(&folder).is_dir() {
            continue;
        }
        let mut bare = None;
        for (kind, about) in KINDS {
            let size = weigh(
                workspace,
                &bindgen,
                framework,
                &format!("{framework}_{kind}"),
            )?;
            let bare = *bare.get_or_insert(size);
            lines.push(line(framework, about, size, bare));
        }
    }
    println!("| in | what | wasm, B | and its glue, gzip, B | more than without, gzip, B |");
    println!("| --- | --- | --- | --- | --- |");
    lines.iter().for_each(|line| println!("{line}"));
    Ok(())
}

/// Bytes.
#[derive(Clone, Copy)]
struct Size {
    module: usize,
    compressed: usize,
}

/// Builds an application and weighs what a browser has to load of it.
fn weigh(workspace: &Workspace, bindgen: &Path, framework: &str, name: &str) -> Outcome<Size> {
    let package = format!("tidewire-example-{framework}");
    process::run(workspace.cargo().args([
        "build",
        "--quiet",
        "--package",
        &package,
        "--example",
        name,
        "--target",
        WASM_TARGET,
        "--profile",
        "wasm",
    ]))?;
    let compiled = workspace
        .target
        .join(WASM_TARGET)
        .join("wasm/examples")
        .join(format!("{name}.wasm"));
    let bound = workspace.scratch().join("app-size").join(name);
    process::run(
        workspace
            .command(bindgen)
            .args(["--target", "web", "--no-typescript", "--out-name", "app"])
            .arg("--out-dir")
            .arg(&bound)
            .arg(&compiled),
    )?;
    let optimized = bound.join("optimized.wasm");
    process::run(&mut package::wasm_opt(
        workspace,
        &bound.join("app_bg.wasm"),
        &optimized,
    ))?;
    let module = read(optimized)?;
    let glue = read(bound.join("app.js"))?;
    Ok(Size {
        module: module.len(),
        compressed: package::gzip(&module)?.len() + package::gzip(&glue)?.len(),
    })
}

fn read(path: PathBuf) -> Outcome<Vec<u8>> {
    fs::read(&path).map_err(|error| Failure::at(&path, &error))
}

fn line(framework: &str, about: &str, size: Size, bare: Size) -> String {
    let Size { module, compressed } = size;
    let more = compressed.saturating_sub(bare.compressed);
    format!("| {framework} | {about} | {module} | {compressed} | {more} |")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_was_added() {
        let bare = Size {
            module: 5,
            compressed: 3,
        };
        let size = Size {
            module: 9,
            compressed: 7,
        };
        assert_eq!(
            line("yew", "a stream", size, bare),
            "| yew | a stream | 9 | 7 | 4 |"
        );
        assert_eq!(
            line("yew", "nothing", bare, bare),
            "| yew | nothing | 5 | 3 | 0 |"
        );
    }
}
