//! Mistakes that do not compile, and what they are answered with.
//!
//! The words are those of the compiler that is used here. Where another one says the same
//! otherwise, `TRYBUILD=overwrite` writes them down anew: read them.
#![cfg(not(target_arch = "wasm32"))]
#![cfg(feature = "client")]

#[test]
fn a_mistake_in_a_profile_is_answered_with_what_helps() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
