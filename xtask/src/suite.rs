//! Every test there is, as a list of named steps. All of them run, whatever
//! fails before.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::api;
use crate::apps;
use crate::browser::{self, Browser};
use crate::cli::{Selection, Soak};
use crate::crates;
use crate::freshness;
use crate::measure;
use crate::npm;
use crate::package;
use crate::process::{self, Failure, Outcome};
use crate::server::{self, RunningServer};
use crate::tally::{self, Tally};
use crate::tools::{self, WASM_TARGET};
use crate::workspace::Workspace;

/// Runs the selected steps and prints the sum. Answers whether all passed.
pub(crate) fn run(workspace: &Workspace, selection: &Selection) -> Outcome<bool> {
    let (steps, test_filter) = select(steps(), selection.filter.as_deref());
    let mut run = Run {
        thorough: selection.thorough,
        test_filter,
        ..Run::new(workspace)
    };
    let mut results = Vec::new();
    for step in steps.iter().filter(|step| step.exists(workspace)) {
        println!("\n== {}", step.name);
        let start = Instant::now();
        let tally = run.step(step);
        results.push((step.name, tally, start.elapsed()));
    }
    let (text, success) = report(&results);
    print!("{text}");
    Ok(success)
}

/// Breaks connections for as long as is told. Answers whether all promises held; the last line has
/// the figures.
pub(crate) fn soak(workspace: &Workspace, soak: Soak) -> Outcome<bool> {
    let mut run = Run::new(workspace);
    npm::install(workspace, PAGE_TESTS)?;
    let mut node = run.node_with_page()?;
    node.arg("tests/soak/run.mjs")
        .args(["--minutes", &soak.minutes.to_string()]);
    if let Some(seed) = soak.seed {
        node.args(["--seed", &seed.to_string()]);
    }
    process::run_and_listen(&mut node).map(|(success, _)| success)
}

/// Where the driver of pages lies, which the soak uses too.
const PAGE_TESTS: &str = "tests/e2e";

/// The tests of the example applications, in pages too.
const APP_TESTS: &str = "tests/apps";

/// The crate with all that it has.
const FEATURES: &str = "--features=leptos,yew";

struct Step {
    name: &'static str,
    /// The step is one only where this lies in the workspace.
    needs: Option<&'static str>,
    work: Work,
}

enum Work {
    /// Counts as one test.
    Check(fn(&mut Run<'_>) -> Outcome<()>),
    /// A test runner: its command, and the reader of what it prints.
    Tests(fn(&mut Run<'_>) -> Outcome<Command>, fn(&str) -> Tally),
}

/// Cheap and telling ones first.
fn steps() -> Vec<Step> {
    use Work::{Check, Tests};
    let step = |name, work| Step {
        name,
        needs: None,
        work,
    };
    let step_where = |name, needs, work| Step {
        name,
        needs: Some(needs),
        work,
    };
    vec![
        step(
            "format",
            Check(|run| run.cargo(&["fmt", "--all", "--check"])),
        ),
        step("lint: native", Check(lint_native)),
        step("lint: wasm", Check(lint_wasm)),
        step("docs: native", Check(|run| run.document(&["--workspace"]))),
        step("docs: wasm", Check(document_wasm)),
        step("docs: api", Check(|run| api::api(run.workspace, true))),
        step(
            "features",
            Check(|run| crates::every_combination_compiles(run.workspace)),
        ),
        step(
            "crates: dependencies",
            Check(|run| crates::dependencies_are_fit(run.workspace)),
        ),
        step(
            "crates: packages",
            Check(|run| crates::packages_hold_what_they_should(run.workspace, run.thorough)),
        ),
        step(
            "crates: exports",
            Check(|run| crates::nothing_of_ours_is_exported(run.workspace)),
        ),
        step("native tests", Tests(native_tests, tally::of_rust)),
        step("compile errors", Tests(compile_errors, tally::of_rust)),
        step_where("fuzz", "fuzz", Check(fuzz)),
        step("package", Check(|run| run.built_package())),
        step_where(
            "size",
            measure::BROWSER_BENCH,
            Check(|run| measure::check_size(run.workspace)),
        ),
        step("browser tests", Tests(browser_tests, tally::of_rust)),
        step_where("types", "pkg/type-tests", Check(type_tests)),
        step_where("npm tests", "tests/npm", Tests(npm_tests, tally::of_node)),
        step_where(
            "page tests",
            PAGE_TESTS,
            Tests(|run| run.node(PAGE_TESTS), tally::of_node),
        ),
        step_where("apps", APP_TESTS, Tests(app_tests, tally::of_node)),
        step_where("soak", "tests/soak", Tests(soak_tests, tally::of_node)),
        step_where(
            "bench",
            measure::BROWSER_BENCH,
            Tests(|run| run.node(measure::BROWSER_BENCH), tally::of_node),
        ),
    ]
}

impl Step {
    fn exists(&self, workspace: &Workspace) -> bool {
        self.needs.is_none_or(|path| workspace.path(path).exists())
    }
}

/// A filter that is part of a step's name selects steps; any other one goes to
/// the test runners, as part of a test's name.
fn select(steps: Vec<Step>, filter: Option<&str>) -> (Vec<Step>, Option<String>) {
    let Some(filter) = filter else {
        return (steps, None);
    };
    let lower = filter.to_lowercase();
    if steps.iter().any(|step| step.name.contains(&lower)) {
        (
            steps
                .into_iter()
                .filter(|step| step.name.contains(&lower))
                .collect(),
            None,
        )
    } else {
        let tests = |step: &Step| matches!(step.work, Work::Tests(..));
        (
            steps.into_iter().filter(tests).collect(),
            Some(filter.to_owned()),
        )
    }
}

/// What the steps share, made when the first of them asks for it.
struct Run<'a> {
    workspace: &'a Workspace,
    thorough: bool,
    test_filter: Option<String>,
    server: Option<RunningServer>,
    browser: Option<Browser>,
    package: bool,
}

impl<'a> Run<'a> {
    fn new(workspace: &'a Workspace) -> Self {
        Self {
            workspace,
            thorough: false,
            test_filter: None,
            server: None,
            browser: None,
            package: false,
        }
    }

    fn step(&mut self, step: &Step) -> Tally {
        let failed = |error: Failure| {
            println!("{error}");
            Tally {
                passed: 0,
                failed: 1,
            }
        };
        match step.work {
            Work::Check(check) => match check(self) {
                Ok(()) => Tally {
                    passed: 1,
                    failed: 0,
                },
                Err(error) => failed(error),
            },
            Work::Tests(command, read) => {
                let outcome =
                    command(self).and_then(|mut command| process::run_and_listen(&mut command));
                match outcome {
                    Ok((success, output)) => self.judge(success, read(&output)),
                    Err(error) => failed(error),
                }
            }
        }
    }

    /// A runner that broke down, or had nothing to run, is a failure too.
    fn judge(&self, success: bool, mut tally: Tally) -> Tally {
        if !success && tally.failed == 0 {
            tally.failed = 1;
        } else if success && tally == Tally::default() && self.test_filter.is_none() {
            println!("no test was run");
            tally.failed = 1;
        }
        tally
    }

    fn cargo(&self, arguments: &[&str]) -> Outcome<()> {
        process::run(self.workspace.cargo().args(arguments))
    }

    fn document(&self, arguments: &[&str]) -> Outcome<()> {
        let mut cargo = self.workspace.cargo();
        cargo.args(["doc", "--quiet", "--no-deps"]).args(arguments);
        process::run(cargo.env("RUSTDOCFLAGS", "-D warnings"))
    }

    fn built_package(&mut self) -> Outcome<()> {
        if !self.package {
            package::build(self.workspace)?;
            self.package = true;
        }
        Ok(())
    }

    fn address(&mut self) -> Outcome<String> {
        if self.server.is_none() {
            self.server = Some(RunningServer::start(self.workspace)?);
        }
        Ok(self
            .server
            .as_ref()
            .map(|server| server.address.clone())
            .unwrap_or_default())
    }

    fn browser(&mut self) -> Outcome<&Browser> {
        if self.browser.is_none() {
            self.browser = Some(browser::ensure()?);
        }
        self.browser
            .as_ref()
            .ok_or_else(|| Failure::new("Chromium is not found"))
    }

    /// The tests of a folder by Node's own runner.
    fn node(&mut self, folder: &str) -> Outcome<Command> {
        if self.workspace.path(folder).join("package.json").exists() {
            npm::install(self.workspace, folder)?;
        }
        let mut node = self.node_with_page()?;
        node.args(["--test", "--test-reporter=spec"]);
        if let Some(filter) = &self.test_filter {
            node.arg(format!("--test-name-pattern={filter}"));
        }
        Ok(self.with_files(node, node_tests(self.workspace, folder)?))
    }

    /// Node, with the package built, the server's address in TIDEWIRE_URL and the browser in
    /// CHROMIUM.
    fn node_with_page(&mut self) -> Outcome<Command> {
        self.built_package()?;
        let address = self.address()?;
        let browser = self.browser()?;
        let (chromium, driver) = (browser.chromium.clone(), browser.driver.clone());
        let mut node = self.workspace.command("node");
        node.env("TIDEWIRE_URL", address)
            .env("CHROMIUM", chromium)
            .env("BENCH_FOLDER", server::bench_folder(self.workspace))
            .env("CHROMEDRIVER", driver);
        if self.thorough {
            node.env("TIDEWIRE_THOROUGH", "1");
        }
        Ok(node)
    }

    fn with_files(&self, mut command: Command, files: Vec<PathBuf>) -> Command {
        command.args(
            files
                .iter()
                .map(|file| file.strip_prefix(&self.workspace.root).unwrap_or(file)),
        );
        command
    }
}

fn lint_native(run: &mut Run<'_>) -> Outcome<()> {
    run.cargo(&[
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])
}

fn lint_wasm(run: &mut Run<'_>) -> Outcome<()> {
    tools::wasm_target()?;
    // Not both at once: the tests of the one bring std, which the other is without.
    for selection in [
        &["--package", "tidewire", "--all-targets", FEATURES][..],
        &["--package", "tidewire-js", "--package", "tidewire-crossing"],
        &["--package", "tidewire-validate"],
        &["--package", "tidewire-example-leptos"],
        &["--package", "tidewire-example-yew"],
    ] {
        let mut arguments = vec!["clippy", "--quiet", "--target", WASM_TARGET];
        arguments.extend(selection);
        arguments.extend(["--", "-D", "warnings"]);
        run.cargo(&arguments)?;
    }
    Ok(())
}

/// The driver, the transports and the client exist only there.
fn document_wasm(run: &mut Run<'_>) -> Outcome<()> {
    tools::wasm_target()?;
    run.document(&["--package", "tidewire", FEATURES, "--target", WASM_TARGET])
}

fn native_tests(run: &mut Run<'_>) -> Outcome<Command> {
    let mut cargo = run.workspace.cargo();
    cargo.args(["test", "--quiet", "--workspace", "--no-fail-fast"]);
    // It has no tests, and brings all its peers.
    cargo.args(["--exclude", "tidewire-native-bench"]);
    if run.thorough {
        cargo.env("PROPTEST_CASES", "10000");
    }
    if run.test_filter.is_some() || run.thorough {
        cargo
            .arg("--")
            .args(&run.test_filter)
            .args(run.thorough.then_some("--include-ignored"));
    }
    Ok(cargo)
}

/// Of the library alone: the workspace's native tests have the hooks, and this is not theirs.
fn compile_errors(run: &mut Run<'_>) -> Outcome<Command> {
    let mut cargo = run.workspace.cargo();
    cargo.args(["test", "--quiet", "--package", "tidewire"]);
    cargo.args(["--test", "compile_fail"]);
    if let Some(filter) = &run.test_filter {
        cargo.arg("--").arg(filter);
    }
    Ok(cargo)
}

/// A minute for all targets together; ten where it is to be thorough. Another seed each time would
/// make a failure depend on the day.
fn fuzz(run: &mut Run<'_>) -> Outcome<()> {
    let seconds = if run.thorough { "600" } else { "60" };
    let mut arguments = vec!["run", "--quiet", "--package", "tidewire-fuzz"];
    arguments.extend([
        "--profile",
        "fuzz",
        "--",
        "--seconds",
        seconds,
        "--seed",
        "1",
    ]);
    run.cargo(&arguments)
}

fn browser_tests(run: &mut Run<'_>) -> Outcome<Command> {
    tools::wasm_target()?;
    let wasm_pack = tools::wasm_pack(run.workspace)?;
    let wasm_bindgen = tools::wasm_bindgen(run.workspace)?;
    let path = process::path_with(&[wasm_pack.clone(), wasm_bindgen])?;
    let browser = run.browser()?;
    let (chromium, driver) = (browser.chromium.clone(), browser.driver.clone());
    let address = run.address()?;

    let capabilities = run.workspace.scratch().join("webdriver.json");
    freshness::create_parent(&capabilities)?;
    // The debug form of a path is its JSON, for any path that is UTF-8.
    let json = format!(
        r#"{{"goog:chromeOptions":{{"binary":{chromium:?},"args":["disable-gpu","disable-quic","no-first-run","disable-background-networking","disable-component-update","disable-sync"]}}}}"#
    );
    fs::write(&capabilities, json).map_err(|error| Failure::at(&capabilities, &error))?;

    let mut wasm_pack = run.workspace.command(wasm_pack.join("wasm-pack"));
    // `no-install`: everything is here, and nothing may be downloaded unasked.
    wasm_pack
        .args([
            "test",
            "--headless",
            "--chrome",
            "--mode",
            "no-install",
            "--chromedriver",
        ])
        .arg(driver)
        .env("PATH", path)
        .env("TIDEWIRE_SERVER", address)
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities)
        // Seconds, for all tests of one file together.
        .env("WASM_BINDGEN_TEST_TIMEOUT", "900");
    // The tests say how many event types they compared.
    wasm_pack.args(["--", FEATURES, "--", "--nocapture"]);
    wasm_pack.args(&run.test_filter);
    Ok(wasm_pack)
}

/// Some of them open pages.
fn npm_tests(run: &mut Run<'_>) -> Outcome<Command> {
    npm::install(run.workspace, PAGE_TESTS)?;
    run.node("tests/npm")
}

fn app_tests(run: &mut Run<'_>) -> Outcome<Command> {
    npm::install(run.workspace, PAGE_TESTS)?;
    apps::build(run.workspace)?;
    run.node(APP_TESTS)
}

/// One round of the soak, from a seed that it prints.
fn soak_tests(run: &mut Run<'_>) -> Outcome<Command> {
    npm::install(run.workspace, PAGE_TESTS)?;
    run.node("tests/soak")
}

/// As each way of resolving modules sees the package, for users of bundlers and of Node.
fn type_tests(run: &mut Run<'_>) -> Outcome<()> {
    run.built_package()?;
    for (module, resolution) in [
        ("esnext", "bundler"),
        ("node16", "node16"),
        ("nodenext", "nodenext"),
    ] {
        process::run(npm::program(run.workspace, "pkg", "tsc").args([
            "--noEmit",
            "--project",
            "pkg/type-tests",
            "--module",
            module,
            "--moduleResolution",
            resolution,
        ]))?;
    }
    Ok(())
}

/// The files that hold tests; those beside them that only help do not say so.
fn node_tests(workspace: &Workspace, folder: &str) -> Outcome<Vec<PathBuf>> {
    let mut tests = Vec::new();
    for file in freshness::files_below(&workspace.path(folder))? {
        if file.extension().is_some_and(|extension| extension == "mjs") {
            let text = fs::read_to_string(&file).map_err(|error| Failure::at(&file, &error))?;
            if text.contains("'node:test'") || text.contains("\"node:test\"") {
                tests.push(file);
            }
        }
    }
    if tests.is_empty() {
        return Err(Failure::new(format!(
            "no file in {folder}/ imports node:test"
        )));
    }
    Ok(tests)
}

/// A line for each step and the sum, and whether all passed.
fn report(results: &[(&str, Tally, Duration)]) -> (String, bool) {
    let mut total = Tally::default();
    let mut text = String::from("\n");
    for (name, tally, time) in results {
        let Tally { passed, failed } = tally;
        let mark = if *failed == 0 { "ok    " } else { "FAILED" };
        let seconds = time.as_secs_f64();
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "{mark} {name:<20} {passed:>5} ok {failed:>4} bad {seconds:>7.1} s"
        );
        total += *tally;
    }
    if total == Tally::default() {
        text.push_str("no test matches the filter\n");
        total.failed = 1;
    }
    let _ = writeln!(text, "{} passed, {} failed", total.passed, total.failed);
    (text, total.failed == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(steps: &[Step]) -> Vec<&str> {
        steps.iter().map(|step| step.name).collect()
    }

    #[test]
    fn a_filter_that_names_steps_runs_those_alone() {
        let (selected, filter) = select(steps(), Some("Lint"));
        assert_eq!(names(&selected), ["lint: native", "lint: wasm"]);
        assert_eq!(filter, None);
    }

    #[test]
    fn any_other_filter_goes_to_the_test_runners() {
        let (selected, filter) = select(steps(), Some("a_crlf_split"));
        assert_eq!(
            names(&selected),
            [
                "native tests",
                "compile errors",
                "browser tests",
                "npm tests",
                "page tests",
                "apps",
                "soak",
                "bench"
            ]
        );
        assert_eq!(filter.as_deref(), Some("a_crlf_split"));
    }

    #[test]
    fn only_a_sum_of_some_passed_and_none_failed_is_a_success() {
        let of = |passed, failed| [("step", Tally { passed, failed }, Duration::ZERO)];
        assert!(report(&of(2, 0)).1);
        assert!(!report(&of(2, 1)).1);
        assert!(!report(&of(0, 0)).1);
    }

    #[test]
    fn the_sum_is_the_last_line_and_the_only_one_of_its_form() {
        let step = |passed, failed| ("step", Tally { passed, failed }, Duration::ZERO);
        let (text, _) = report(&[step(1, 0), step(20, 3)]);
        assert_eq!(text.lines().last(), Some("21 passed, 3 failed"));
        assert_eq!(text.matches(" passed, ").count(), 1);
    }
}
