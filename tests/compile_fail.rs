//! Mistakes that do not compile, and what they are answered with.
//!
//! The words are those of the compiler that is used here. Where another one says the same
//! otherwise, `TRYBUILD=overwrite` writes them down anew: read them.
//!
//! With the hooks, which change none of it, everything that those need would be compiled once more:
//! `cargo test --test compile_fail` runs it without, and so does a step of `cargo xtask test`.
#![cfg(not(target_arch = "wasm32"))]
#![cfg(all(feature = "client", not(any(feature = "leptos", feature = "yew"))))]

#[test]
fn a_mistake_in_a_profile_is_answered_with_what_helps() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
