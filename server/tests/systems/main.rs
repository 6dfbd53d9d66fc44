//! The systems' routes, met by a client that sees bytes. What they should say is typed by hand.

mod bytes_client;
mod cortex;
mod decoding;
mod hive;
mod stage;
mod stock;
