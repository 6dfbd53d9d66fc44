//! The WebAssembly module behind the npm package.
