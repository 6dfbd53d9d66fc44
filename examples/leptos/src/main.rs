//! In the browser the app itself, which takes over what was rendered; elsewhere what renders it.

#[cfg(target_arch = "wasm32")]
fn main() {
    leptos::mount::hydrate_body(leptos_app::App);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    print!("{}", leptos_app::page());
}
