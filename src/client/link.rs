//! What carries a stream: the driver in the browser, and nothing elsewhere.

#[cfg(target_arch = "wasm32")]
mod attempts;
#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod elsewhere;
#[cfg(all(test, not(target_arch = "wasm32")))]
pub(super) mod rehearsed;

#[cfg(target_arch = "wasm32")]
pub(super) use browser::Link;
#[cfg(not(any(test, target_arch = "wasm32")))]
pub(super) use elsewhere::Link;
#[cfg(all(test, not(target_arch = "wasm32")))]
pub(super) use rehearsed::Link;
