//! The example applications: each becomes a folder that any server of files can hand out.
//!
//! ```text
//! examples/NAME/ ──cargo──> .wasm ──wasm-bindgen──> target/apps/NAME/app.js, app_bg.wasm
//! examples/NAME/public/ ──────────────────────────> target/apps/NAME/
//! examples/NAME/ ──cargo──> a program that prints ─> target/apps/NAME/index.html
//! ```
//!
//! They are compiled as fast as may be, and so that a panic tells where: the tests want both.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use crate::freshness;
use crate::process::{self, Failure, Outcome, step};
use crate::tools::{self, WASM_TARGET};
use crate::workspace::Workspace;

/// An application in `examples/`. The test server hands it out under its name.
struct App {
    name: &'static str,
    package: &'static str,
    /// What cargo makes of it: a module for the browser, a program elsewhere.
    /// It prints its page, rendered before it is hydrated.
    binary: &'static str,
}

const APPS: [App; 2] = [
    App {
        name: "leptos",
        package: "tidewire-example-leptos",
        binary: "leptos-app",
    },
    App {
        name: "yew",
        package: "tidewire-example-yew",
        binary: "yew-app",
    },
];

/// Builds all of them, skipping what is up to date.
pub(crate) fn build(workspace: &Workspace) -> Outcome<()> {
    tools::wasm_target()?;
    let bindgen = tools::wasm_bindgen(workspace)?.join("wasm-bindgen");
    // Together: what they share is then compiled once.
    step("example apps: cargo", || {
        process::run(
            workspace
                .cargo()
                .args(["build", "--quiet", "--target", WASM_TARGET])
                .args(packages()),
        )?;
        process::run(
            workspace
                .cargo()
                .args(["build", "--quiet"])
                .args(packages()),
        )?;
        Ok(true)
    })?;
    for app in &APPS {
        step(&format!("{} app: wasm-bindgen", app.name), || {
            bind(workspace, app, &bindgen)
        })?;
        step(&format!("{} app: page", app.name), || {
            lay_out(workspace, app)
        })?;
    }
    Ok(())
}

/// What the test server is to hand out, as its `--static` wants it. The folders are there
/// afterwards, also before anything was built.
pub(crate) fn mounts(workspace: &Workspace) -> Outcome<Vec<OsString>> {
    APPS.iter()
        .map(|app| {
            let folder = folder(workspace, app);
            fs::create_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
            let mut mount = OsString::from(format!("/{}=", app.name));
            mount.push(folder);
            Ok(mount)
        })
        .collect()
}

fn folder(workspace: &Workspace, app: &App) -> PathBuf {
    workspace.target.join("apps").join(app.name)
}

fn packages() -> impl Iterator<Item = &'static str> {
    APPS.iter().flat_map(|app| ["--package", app.package])
}

fn stamp(workspace: &Workspace, app: &App, step: &str) -> PathBuf {
    let name = format!("app-{}-{step}", app.name);
    workspace.scratch().join("stamps").join(name)
}

fn bind(workspace: &Workspace, app: &App, bindgen: &std::path::Path) -> Outcome<bool> {
    let folder = folder(workspace, app);
    let compiled = workspace
        .target
        .join(WASM_TARGET)
        .join("debug")
        .join(format!("{}.wasm", app.binary));
    let inputs = [compiled];
    let outputs = ["app.js", "app_bg.wasm"].map(|name| folder.join(name));
    let recipe = bindgen.display().to_string();
    let stamp = stamp(workspace, app, "bind");
    freshness::unless_fresh(&stamp, &recipe, &inputs, &outputs, || {
        process::run(
            workspace
                .command(bindgen)
                .args(["--target", "web", "--no-typescript", "--out-name", "app"])
                .arg("--out-dir")
                .arg(&folder)
                .args(&inputs),
        )
    })
}

/// Lays the page and what belongs to it beside the module.
fn lay_out(workspace: &Workspace, app: &App) -> Outcome<bool> {
    let folder = folder(workspace, app);
    let public = workspace.path("examples").join(app.name).join("public");
    let program = workspace.target.join("debug").join(format!(
        "{}{}",
        app.binary,
        std::env::consts::EXE_SUFFIX
    ));
    let inputs = [public.clone(), program.clone()];
    let index = folder.join("index.html");
    let stamp = stamp(workspace, app, "page");
    freshness::unless_fresh(&stamp, "1", &inputs, std::slice::from_ref(&index), || {
        for file in freshness::files_below(&public)? {
            let below = file.strip_prefix(&public).unwrap_or(&file);
            let to = folder.join(below);
            freshness::create_parent(&to)?;
            fs::copy(&file, &to).map_err(|error| Failure::at(&file, &error))?;
        }
        let page = process::answer(&mut workspace.command(&program))
            .ok_or_else(|| Failure::new(format!("`{}` did not print its page", app.binary)))?;
        fs::write(&index, page).map_err(|error| Failure::at(&index, &error))
    })
}
