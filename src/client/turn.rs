//! What is done later: when whoever is on the stack is done.

#[cfg(target_arch = "wasm32")]
pub(super) use browser::{next_turn, spawn};
#[cfg(not(target_arch = "wasm32"))]
pub(super) use elsewhere::{next_turn, spawn};

#[cfg(target_arch = "wasm32")]
mod browser {
    use crate::driver::set_timeout;
    use js_sys::Promise;
    use wasm_bindgen_futures::JsFuture;
    pub(crate) use wasm_bindgen_futures::spawn_local as spawn;

    /// All that is under way now is done first, the microtasks too.
    pub(crate) async fn next_turn() {
        let promise = Promise::new(&mut |resolve, _| {
            set_timeout(&resolve, 0);
        });
        // A timer is never rejected.
        let _ = JsFuture::from(promise).await;
    }
}

/// There is no event loop, and nothing that would have to be done in one.
#[cfg(not(target_arch = "wasm32"))]
mod elsewhere {
    pub(crate) fn spawn(_: impl Future<Output = ()> + 'static) {}

    pub(crate) async fn next_turn() {}
}
