//! A test server that speaks five Server-Sent Events systems, and misbehaves on command.
//!
//! [`TestServer`] is the server inside of a test, [`Server`] the one behind the command, and
//! [`systems`] tells how to add a system.

mod body;
pub mod config;
pub mod control;
mod cors;
mod dispatch;
mod fastapi;
mod faults;
pub mod namespace;
pub mod python_json;
mod python_time;
pub mod requests;
mod script;
mod server;
mod socket;
mod stream;
pub mod systems;
mod test_server;
mod token;
pub mod traffic;

pub use control::{ControlError, PublishReport, Target};
pub use faults::{Fault, FaultKind};
pub use requests::{ConnectionRecord, ExchangeState, RequestRecord};
pub use script::{Script, Step};
pub use server::{Builder, Server};
pub use stream::{Ending, EventSender, EventStream, Limits, SendError};
pub use systems::{Answer, System};
pub use test_server::{TestNamespace, TestServer};
pub use token::{DEFAULT_TTL_S, InvalidToken, TEST_USER, TokenSecret};

/// The examples of the README are tested like any other.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
