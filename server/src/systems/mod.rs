//! The systems that the server speaks, one module each.
//!
//! To add one:
//! 1. Give it a variant in [`System`] and a row in [`System::ALL`].
//! 2. Write a module with these, as far as they apply:
//!    - `#[derive(Default)] pub struct State`: what the system remembers in one namespace. Put a
//!      field of that type into [`Namespace`].
//!    - `pub fn router() -> axum::Router`: its routes at their true paths. A handler takes the
//!      namespace as `Extension<Arc<Namespace>>`, reads `namespace.config()`, and the body of a POST
//!      as `Bytes`. A stream is made with [`EventStream::open`](crate::EventStream::open): keep the
//!      [`EventSender`](crate::EventSender), answer with `(headers, event_stream).into_response()`.
//!      The request log, CORS, scripts, cuts and stalls happen underneath.
//!    - `pub fn publish(namespace: &Arc<Namespace>, item: &Map<String, Value>) -> Result<Published, ControlError>`
//!      for endless streams, or `pub fn answer(namespace: &Namespace, answer: Answer) -> Result<(), ControlError>`
//!      for one-shot answers.
//!    - `pub async fn traffic(namespace: Arc<Namespace>, pace: Pace)`: realistic live traffic. It
//!      never returns; between events it awaits `pace.pause(milliseconds)`, which also waits until
//!      somebody is connected. It is dropped when traffic is switched off.
//! 3. Name it in the functions below.

pub(crate) mod cortex;
pub(crate) mod dashtam;
pub(crate) mod hive;
pub(crate) mod plain;
pub(crate) mod stage;
pub(crate) mod stock;

use std::{sync::Arc, time::Duration};

use axum::Router;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{control::ControlError, namespace::Namespace, traffic::Pace};

/// A system that the server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// Dashtam: a bank dashboard's stream, `GET /api/v1/events`.
    Dashtam,
    /// The stock agent's answers, `POST /api/chat`.
    Stock,
    /// Cortex's channels, `GET /v1/{channel}/{resource}`.
    Cortex,
    /// The staged chat's completions, `POST /stream/v1/chat`.
    Stage,
    /// Hive's agents, `GET /api/sessions/{id}/events`.
    Hive,
    /// Any other stream, `GET /plain`.
    Plain,
}

impl System {
    /// Every system, in the order of their declaration.
    pub const ALL: [Self; 6] = [
        Self::Dashtam,
        Self::Stock,
        Self::Cortex,
        Self::Stage,
        Self::Hive,
        Self::Plain,
    ];

    /// The name that the control API knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dashtam => "dashtam",
            Self::Stock => "stock",
            Self::Cortex => "cortex",
            Self::Stage => "stage",
            Self::Hive => "hive",
            Self::Plain => "plain",
        }
    }

    /// The system whose stream is at that path, or whose answer.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let is_hive = |path: &str| {
            path.strip_prefix("/api/sessions/")
                .and_then(|rest| rest.split_once('/'))
                .is_some_and(|(_, rest)| rest == "events")
        };
        match path {
            "/api/v1/events" => Some(Self::Dashtam),
            "/api/chat" => Some(Self::Stock),
            "/plain" => Some(Self::Plain),
            _ if path.starts_with("/stream/v1/") => Some(Self::Stage),
            _ if path.starts_with("/v1/") => Some(Self::Cortex),
            _ if is_hive(path) => Some(Self::Hive),
            _ => None,
        }
    }

    /// The system of that name.
    ///
    /// # Errors
    /// Lists the names there are.
    pub fn from_name(name: &str) -> Result<Self, ControlError> {
        Self::ALL
            .into_iter()
            .find(|system| system.name() == name)
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::name).join(", ");
                ControlError::field("system", format!("`{name}` is none of {names}"))
            })
    }
}

/// What became of one published item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Published {
    /// Streams that it was queued for.
    pub receivers: usize,
    /// Its id, where the system has one.
    pub id: Option<String>,
}

/// The script of the next answer of a one-shot system.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Event objects as the service would produce them; a string is sent as it stands.
    pub events: Vec<Value>,
    /// The pause before each event.
    pub delay: Duration,
}

/// The routes of all systems.
pub(crate) fn router() -> Router {
    Router::new()
        .merge(dashtam::router())
        .merge(stock::router())
        .merge(cortex::router())
        .merge(stage::router())
        .merge(hive::router())
        .merge(plain::router())
}

/// Publishes one item of the control API's `publish`.
pub(crate) fn publish(
    namespace: &Arc<Namespace>,
    system: System,
    item: &Map<String, Value>,
) -> Result<Published, ControlError> {
    match system {
        System::Dashtam => dashtam::publish(namespace, item),
        System::Cortex => cortex::publish(namespace, item),
        System::Hive => hive::publish(namespace, item),
        System::Plain => plain::publish(namespace, item),
        System::Stock | System::Stage => Err(ControlError::field(
            "system",
            format!(
                "`{}` answers when asked; use /_tidewire/answer",
                system.name()
            ),
        )),
    }
}

/// Forgets what a system keeps for a resume, but for the newest `keep` events.
pub(crate) fn forget(
    namespace: &Namespace,
    system: System,
    whose: Option<&str>,
    keep: usize,
) -> Result<usize, ControlError> {
    match system {
        System::Dashtam => Ok(dashtam::forget(namespace, whose, keep)),
        System::Hive => Ok(hive::forget(namespace, whose, keep)),
        System::Stock | System::Cortex | System::Stage | System::Plain => Err(ControlError::field(
            "system",
            format!("`{}` keeps nothing for a resume", system.name()),
        )),
    }
}

/// Queues the answer to the next question.
pub(crate) fn answer(
    namespace: &Namespace,
    system: System,
    answer: Answer,
) -> Result<(), ControlError> {
    match system {
        System::Stock => stock::answer(namespace, answer),
        System::Stage => stage::answer(namespace, answer),
        System::Dashtam | System::Cortex | System::Hive | System::Plain => {
            Err(ControlError::field(
                "system",
                format!(
                    "`{}` is a live stream; use /_tidewire/publish",
                    system.name()
                ),
            ))
        }
    }
}

/// Produces live traffic until it is dropped.
pub(crate) async fn traffic(namespace: Arc<Namespace>, system: System, pace: Pace) {
    match system {
        System::Dashtam => dashtam::traffic(namespace, pace).await,
        System::Cortex => cortex::traffic(namespace, pace).await,
        System::Hive => hive::traffic(namespace, pace).await,
        System::Plain => plain::traffic(namespace, pace).await,
        // These answer when asked.
        System::Stock | System::Stage => {}
    }
}
