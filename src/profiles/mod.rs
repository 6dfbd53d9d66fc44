//! What each kind of server speaks: a [`Spec`], which is data, and typed payloads.
//!
//! | profile | server | events | transport |
//! |---|---|---|---|
//! | [`dashtam`] | a finance hub | `event:` names, ids, resume | fetch |
//! | [`stock_agent`] | a stock analyst | `type` in JSON, `[DONE]` | fetch, POST |
//! | [`cortex`] | conversations | `event:` names | fetch or `EventSource` |
//! | [`stage_chat`] | staged completions | `event:` names | fetch, POST |
//! | [`hive`] | a colony of agents | `type` in JSON, replay | fetch or `EventSource` |
//! | [`plain`] | any other | `event:` names, text | fetch or `EventSource` |
//!
//! A profile of your own is a serde enum and one small `impl`: see [`Profile`]. What no enum fits is
//! a [`Spec`] filled by hand.
//!
//! ```
//! use tidewire::filter::Filter;
//! use tidewire::profiles::{EventSpec, Spec, all};
//!
//! let mut spec = Spec::new("clock");
//! spec.categories = vec!["time".into()].into();
//! spec.events = vec![EventSpec::new("tick", 0)].into();
//! assert!(Filter::types(["tick"]).compile(&spec).is_ok());
//! assert!(all().iter().all(|built_in| built_in.check().is_ok()));
//! ```

#[macro_use]
mod table;

pub mod cortex;
pub mod dashtam;
pub mod hive;
// No part of the stable interface: they serve the crates of this repository.
#[doc(hidden)]
pub mod json;
#[doc(hidden)]
pub mod lines;
pub mod plain;
mod spec;
pub mod stage_chat;
pub mod stock_agent;

#[cfg(feature = "payloads")]
mod decode;
// No part of the stable interface: the printer of this repository's TypeScript needs it.
#[cfg(feature = "payloads")]
#[doc(hidden)]
pub mod describe;
#[cfg(feature = "payloads")]
mod encode;
#[cfg(feature = "payloads")]
mod own;
// No part of the stable interface: it prints this repository's TypeScript.
#[cfg(feature = "payloads")]
#[doc(hidden)]
pub mod typescript;

#[cfg(feature = "payloads")]
pub use decode::{DecodeError, NoMeta, Profile, RawEvent, Unknown, decode_by, decode_data};
#[cfg(feature = "payloads")]
pub use encode::{Frame, FrameError};
pub use spec::*;
pub use table::{UnknownCategory, UnknownEventType};

/// Every built-in profile's spec, in the order of the table above.
pub fn all() -> [Spec; 6] {
    [
        dashtam::spec(),
        stock_agent::spec(),
        cortex::spec(),
        stage_chat::spec(),
        hive::spec(),
        plain::spec(),
    ]
}
