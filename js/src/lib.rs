//! The WebAssembly module behind the npm package: an engine, and the batches that cross.
//!
//! A whole chunk crosses at once: the text of the events that passed, and a table that says what each
//! is and where it stands. What the filter kept back never becomes a JavaScript object.
//!
//! The boundary is written by hand, in `exports` and `host` here and in `boundary.ts` there:
//! numbers, and text as bytes in this module's memory. What a browser does for a connection
//! (requests, timers, the page's life) the package's TypeScript does itself, so nothing here holds
//! a JavaScript object, a promise or a closure, nor any of the code that would take.

#![cfg(target_arch = "wasm32")]
// Without std, its panic machinery and its allocator: half of a small module.
#![no_std]

extern crate alloc;

mod exports;
mod host;

#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// A panic is a trap, which the package reports with a stack. A message would have to be written
/// by the formatting machinery, and could have a secret in it.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
