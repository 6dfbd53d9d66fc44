//! The shared conformance cases, natively. They lie beside the repository, where they are at all.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

#[path = "conformance/cases.rs"]
mod cases;

#[test]
fn every_case_from_the_standard_holds_in_every_chunking() {
    every_case_holds("standard.json");
}

#[test]
fn every_case_from_peers_holds_in_every_chunking() {
    every_case_holds("peers.json");
}

#[test]
fn a_wrong_expectation_and_an_unreadable_case_are_both_failures() {
    let right = r#"{"id":"right","chunks":["ZGF0YTp4Cgo="],"retry":null,"lastEventId":"",
        "events":[{"type":"message","data":"x","lastEventId":""}]}"#;
    let wrong = right.replace("\"x\"", "\"y\"");
    let unreadable = right.replace("ZGF0YTp4Cgo=", "?");
    let report = report_on(&format!(r#"{{"cases":[{right},{wrong},{unreadable}]}}"#));
    assert_eq!(
        (report.cases, report.runs, report.failures.len()),
        (3, 8, 5),
        "{report:#?}"
    );
    assert!(cases::read("{").is_err());
}

fn report_on(json: &str) -> cases::Report {
    let mut report = cases::Report::default();
    for case in cases::read(json).expect("the file is JSON") {
        report.run(&case);
    }
    report
}

fn every_case_holds(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/conformance")
        .join(name);
    let json = match fs::read_to_string(&path) {
        Ok(json) => json,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("conformance: no {name} beside this clone, nothing was run");
            return;
        }
        Err(error) => panic!("{}: {error}", path.display()),
    };
    let report = report_on(&json);
    println!(
        "conformance: {name}: {} cases, {} runs, {} failures",
        report.cases,
        report.runs,
        report.failures.len()
    );
    assert!(report.cases > 0, "{name} has no cases");
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
}
