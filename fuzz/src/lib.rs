//! Fuzz targets as plain functions, and a small driver that any toolchain can run.
//!
//! ```text
//! cargo run -p tidewire-fuzz --profile fuzz -- --seconds 60 --seed 7
//! cargo run -p tidewire-fuzz --profile fuzz -- connection lines --seconds 600
//! ```
//!
//! A target takes any bytes and panics when something does not hold. What was found lies as a
//! file in `corpus/<target>/` from then on, and is run first the next time.

mod connection;
mod decode;
mod driver;
mod mutate;
#[path = "../../tests/connection/rig.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod rig;
#[path = "../../tests/connection/rules.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod rules;
mod text;
mod wire;

pub use connection::connection;
pub use decode::{
    decode_cortex, decode_dashtam, decode_hive, decode_plain, decode_stage_chat, decode_stock_agent,
};
pub use driver::{Find, Outcome, run};
pub use text::{json, lines};
pub use wire::wire;

/// A target and its name, which is that of its folder.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 10] = [
    ("wire", wire),
    ("json", json),
    ("lines", lines),
    ("connection", connection),
    ("decode_dashtam", decode_dashtam),
    ("decode_stock_agent", decode_stock_agent),
    ("decode_cortex", decode_cortex),
    ("decode_stage_chat", decode_stage_chat),
    ("decode_hive", decode_hive),
    ("decode_plain", decode_plain),
];
