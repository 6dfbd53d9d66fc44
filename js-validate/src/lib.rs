//! The WebAssembly module behind `validate`: payloads through the Rust types and back.
//!
//! A whole batch crosses at once, as one text, and comes back as one: an array with a member for
//! each event, which JavaScript's own `JSON.parse` reads. What the types do not take is there with
//! its place, what was expected and what was found.

#![cfg(target_arch = "wasm32")]

mod check;
mod misfit;
mod place;

use check::System;
use wasm_bindgen::prelude::*;

/// The check of one stream's payloads.
#[wasm_bindgen]
pub struct Checker {
    system: &'static System,
    types: Vec<String>,
}

#[wasm_bindgen]
impl Checker {
    /// For the profile of this name, whose types are counted as in `types`.
    #[wasm_bindgen(constructor)]
    pub fn new(profile: &str, types: Vec<String>) -> Result<Checker, JsError> {
        match check::system(profile) {
            Some(system) => Ok(Checker { system, types }),
            None => Err(JsError::new("the module has no types of this profile")),
        }
    }

    /// Checks a batch: the text of an array of payloads, and the batch's rows. Answers an array
    /// as JSON, with a member for each row: its payload as the type has it, or why it does not fit.
    pub fn check(&self, text: &str, rows: &[u32]) -> String {
        check::batch(self.system, &self.types, text, rows)
    }
}
