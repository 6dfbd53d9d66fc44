//! The README's examples are the ones that are tested.

#![cfg(not(target_arch = "wasm32"))]

const README: &str = include_str!("../README.md");

/// The first block of code in this language.
fn block(language: &str) -> &str {
    let (_, rest) = README
        .split_once(&format!("```{language}\n"))
        .expect("the README has such a block");
    rest.split_once("```").expect("and it ends").0
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
    assert_eq!(block("rust"), marked(source, "// README\n"));
}

#[test]
fn the_javascript_of_the_readme_is_what_node_runs() {
    let source = include_str!("npm/readme.test.mjs");
    let (_, body) = block("js").split_once("\n\n").expect("imports come first");
    assert_eq!(body, marked(source, "// README\n"));
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

/// What stands between backticks in the last column of the table of faults: of each row, one test
/// or more.
fn tests_of_faults() -> Vec<Vec<&'static str>> {
    let rows = include_str!("../docs/faults.md")
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| fault"));
    rows.map(|row| {
        let (_, cell) = row
            .trim_end_matches(" |")
            .rsplit_once("| ")
            .expect("a row has columns");
        cell.split('`').skip(1).step_by(2).collect()
    })
    .collect()
}

/// The text of every file with tests.
fn sources() -> String {
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
    for folder in ["src", "tests"] {
        below(&root.join(folder), &mut text);
    }
    text
}

#[test]
fn every_fault_of_the_table_has_a_test_that_exists() {
    let (rows, sources) = (tests_of_faults(), sources());
    assert!(rows.len() >= 60, "{} rows", rows.len());
    for tests in rows {
        assert!(!tests.is_empty(), "a row names no test");
        for test in tests {
            let rust = sources.contains(&format!("fn {test}()"));
            let node = ["test('", "test(\"", "test(`", "${name} "]
                .iter()
                .any(|start| sources.contains(&format!("{start}{test}")));
            assert!(rust || node, "no test is called '{test}'");
        }
    }
}
