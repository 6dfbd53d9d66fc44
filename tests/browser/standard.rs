//! The decoder against the shared cases, as WebAssembly.

use crate::server::{self, pause};
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

#[path = "../conformance/cases.rs"]
mod cases;

#[wasm_bindgen_test]
async fn every_shared_case_decodes_as_the_standard_says() {
    for file in ["standard.json", "peers.json"] {
        let Some(json) = server::file(&format!("/conformance/{file}")).await else {
            console_log!("{file} is not on the server: it was started without the shared cases");
            continue;
        };
        let mut report = cases::Report::default();
        for case in cases::read(&json).expect("the file is JSON") {
            report.run(&case);
            // They take long without optimisation, and who drives the browser asks how it goes.
            pause(0).await;
        }
        console_log!("{file}: {} cases, {} runs", report.cases, report.runs);
        assert!(report.cases > 0);
        assert!(report.failures.is_empty(), "{:#?}", report.failures);
    }
}
