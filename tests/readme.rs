//! The README's examples are the ones that are tested.

#![cfg(not(target_arch = "wasm32"))]

const README: &str = include_str!("../README.md");

/// The blocks of code in this language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}\n");
    let starts = text.split(&fence).skip(1);
    starts
        .map(|rest| rest.split_once("```").expect("a block ends").0)
        .collect()
}

/// What stands between the two marks, less the indentation of the first line.
fn marked(source: &str, mark: &str) -> String {
    let between = source.split(mark).nth(1).expect("the source has two marks");
    let between = between
        .trim_end_matches([' ', '\t'])
        .trim_start_matches('\n');
    let indentation = between.len() - between.trim_start_matches(' ').len();
    between
        .lines()
        .map(|line| format!("{}\n", line.get(indentation..).unwrap_or(line.trim_start())))
        .collect()
}

#[test]
fn the_rust_of_the_readme_is_what_the_browser_runs() {
    let source = include_str!("browser/readme.rs");
    assert_eq!(
        blocks(README, "rust"),
        ["// README\n", "// README: own events\n"].map(|mark| marked(source, mark))
    );
}

#[test]
fn the_rust_of_the_guide_to_events_of_ones_own_is_what_is_tested() {
    let source = include_str!("own_events.rs");
    let tested: Vec<_> = source
        .split("mod ")
        .filter(|part| part.contains("// GUIDE\n"))
        .map(|part| marked(part, "// GUIDE\n"))
        .collect();
    assert_eq!(tested.len(), 3);
    assert_eq!(
        blocks(include_str!("../docs/own-events.md"), "rust"),
        tested
    );
}

#[test]
fn the_rust_of_the_guide_to_the_client_is_what_the_browser_runs() {
    let source = include_str!("browser/readme.rs");
    assert_eq!(
        blocks(include_str!("../docs/rust-client.md"), "rust"),
        [marked(source, "// GUIDE\n")]
    );
}

#[test]
fn every_file_that_the_readme_names_is_there() {
    for path in README.split(['`', '(', ')']).filter(|path| {
        ["tests/", "src/", "server/", "pkg/", "docs/"]
            .iter()
            .any(|folder| path.starts_with(folder))
    }) {
        let full = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        assert!(full.exists(), "the README names {path}");
    }
}

/// The pages that a text links to, by their names in `docs/`.
fn linked_pages(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).chain(text.split("]: ").skip(1));
    let targets = targets.filter_map(|rest| rest.split([')', '\n', '#']).next());
    targets
        .map(|target| {
            target
                .strip_prefix("https://github.com/tidewire/tidewire/blob/main/docs/")
                .unwrap_or(target)
        })
        .filter(|target| target.ends_with(".md") && !target.contains('/'))
}

#[test]
fn every_page_that_a_guide_or_the_packages_readme_links_to_is_there() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let pages = std::fs::read_dir(&docs).expect("the folder is there");
    let mut paths: Vec<_> = pages
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|it| it == "md"))
        .collect();
    paths.push(docs.join("../pkg/README.md"));
    let mut links = 0;
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        for page in linked_pages(&text) {
            assert!(docs.join(page).exists(), "{}: {page}", path.display());
            links += 1;
        }
    }
    assert!(links >= 20, "{links} links were found");
}

/// A row of the table of faults: the tests that show it without a browser, and in one.
struct Fault {
    row: &'static str,
    without: Vec<&'static str>,
    within: Vec<&'static str>,
}

fn faults() -> Vec<Fault> {
    let rows = include_str!("../docs/faults.md")
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| fault"));
    let names = |cell: &'static str| cell.split('`').skip(1).step_by(2).collect();
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').collect();
        assert_eq!(cells.len(), 5, "{row}");
        Fault {
            row,
            without: names(cells[3]),
            within: names(cells[4]),
        }
    })
    .collect()
}

/// The text of every file with tests below these folders.
fn sources(folders: &[&str]) -> String {
    fn below(folder: &std::path::Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() && !path.ends_with("node_modules") {
                below(&path, text);
            } else if path.extension().is_some_and(|it| it == "rs" || it == "mjs") {
                text.push_str(&std::fs::read_to_string(&path).expect("it can be read"));
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    for folder in folders {
        below(&root.join(folder), &mut text);
    }
    text
}

#[test]
fn every_fault_of_the_table_has_tests_that_exist_and_most_are_shown_on_both_sides() {
    let without = sources(&["src", "tests/connection", "tests/profiles", "tests/wire"]);
    let within = sources(&["tests/browser", "tests/npm", "tests/e2e", "tests/soak"]);
    let is_rust = |text: &str, test: &str| text.contains(&format!("fn {test}()"));
    let faults = faults();
    for Fault {
        row,
        without: native,
        within: browser,
    } in &faults
    {
        assert!(!native.is_empty() || !browser.is_empty(), "no test: {row}");
        for test in native {
            assert!(is_rust(&without, test), "no native test is called '{test}'");
        }
        for test in browser {
            let node = [
                "test('",
                "test(\"",
                "test(`",
                "test(\n  '",
                "test(\n  \"",
                "${name} ",
            ]
            .iter()
            .any(|start| within.contains(&format!("{start}{test}")));
            let known = node || is_rust(&within, test);
            assert!(known, "no test in a browser is called '{test}'");
        }
    }
    let both = |fault: &&Fault| !fault.without.is_empty() && !fault.within.is_empty();
    let counted = (faults.len(), faults.iter().filter(both).count());
    assert!(
        counted.0 >= 60 && counted.1 >= 76,
        "rows, both: {counted:?}"
    );
    println!("{} faults, {} shown on both sides", counted.0, counted.1);
}
