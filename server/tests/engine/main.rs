//! The server, seen from a raw socket: what it sends is compared with bytes typed by hand.

mod binary;
mod connections;
mod control;
mod cors;
mod dashtam;
mod faults;
mod files;
mod raw;
mod scripts;
