//! A test server that speaks five Server-Sent Events systems, and misbehaves on command.
//!
//! [`TestServer`] is the server inside of a test, and [`Server`] the one behind the command. A
//! [`TestNamespace`] is steered: it takes a [`Script`], a [`Fault`] or another
//! [configuration](config), publishes, cuts and stalls, and lists the requests that came.

mod body;
pub mod config;
mod control;
mod cors;
mod dispatch;
mod fastapi;
mod faults;
mod namespace;
mod python_json;
mod python_time;
mod requests;
mod script;
mod server;
mod socket;
mod stream;
mod systems;
mod test_server;
mod token;
mod traffic;

pub use control::{ControlError, PublishReport, Target};
pub use faults::{Fault, FaultKind};
pub use requests::{ConnectionRecord, ExchangeState, RequestRecord};
pub use script::{Script, Step};
pub use server::{Builder, Server};
pub use stream::Ending;
pub use systems::{Answer, System};
pub use test_server::{TestNamespace, TestServer};
pub use token::{DEFAULT_TTL_S, InvalidToken, TEST_USER, TokenSecret};

/// The examples of the README are tested like any other.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
