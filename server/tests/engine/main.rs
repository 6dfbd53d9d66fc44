//! The server, seen from a raw socket: what it sends is compared with bytes typed by hand.

mod binary;
mod connections;
mod control;
mod cors;
/// Memory is read from where Linux tells it.
#[cfg(target_os = "linux")]
mod crowd;
mod dashtam;
mod faults;
mod files;
mod raw;
mod scripts;
