//! Dashtam.

use std::sync::Arc;

use axum::Router;
use serde_json::{Map, Value};

use crate::{control::ControlError, namespace::Namespace, systems::Published, traffic::Pace};

/// What Dashtam remembers in one namespace.
#[derive(Debug, Default)]
pub struct State;

/// The routes.
pub fn router() -> Router {
    Router::new()
}

/// Publishes one item.
///
/// # Errors
/// Names the wrong field.
pub fn publish(
    _namespace: &Arc<Namespace>,
    _item: &Map<String, Value>,
) -> Result<Published, ControlError> {
    Err(ControlError::bad_request("not here yet"))
}

/// Live traffic.
pub async fn traffic(_namespace: Arc<Namespace>, _pace: Pace) {}
