//! One event of a session.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::types;
use crate::python_json::{self, Style};

/// One event, as published.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// `tool_call_started` and the like.
    pub(crate) kind: String,
    /// `queen`, `worker`, `worker:<uuid>`, `overseer`, …
    pub(crate) stream_id: String,
    pub(crate) node_id: Option<String>,
    pub(crate) execution_id: Option<String>,
    pub(crate) data: Value,
    /// Local time without a zone.
    pub(crate) timestamp: String,
    pub(crate) correlation_id: Option<String>,
    pub(crate) colony_id: Option<String>,
    /// The only member of the envelope that is left out when it is not set.
    pub(crate) run_id: Option<String>,
    /// Counted from 1 when the service numbers its events, which came later
    /// than the documents.
    pub(crate) seq: Option<u64>,
}

impl Event {
    /// The envelope, members in the order in which the service writes them.
    pub(crate) fn envelope(&self) -> Value {
        let mut members = Map::new();
        members.insert("type".into(), self.kind.as_str().into());
        members.insert("stream_id".into(), self.stream_id.as_str().into());
        members.insert("node_id".into(), self.node_id.clone().into());
        members.insert("execution_id".into(), self.execution_id.clone().into());
        members.insert("data".into(), self.data.clone());
        members.insert("timestamp".into(), self.timestamp.as_str().into());
        members.insert("correlation_id".into(), self.correlation_id.clone().into());
        members.insert("colony_id".into(), self.colony_id.clone().into());
        if let Some(seq) = self.seq {
            members.insert("seq".into(), seq.into());
        }
        if let Some(run_id) = &self.run_id {
            members.insert("run_id".into(), run_id.as_str().into());
        }
        Value::Object(members)
    }

    /// The envelope as a message of one data line.
    pub(crate) fn frame(&self) -> Bytes {
        let json = python_json::to_string(&self.envelope(), Style::Spaced { ascii: true });
        format!("data: {json}\n\n").into()
    }

    /// What a parallel worker does is kept from the queen's chat, but for its
    /// report and its end. The main worker's stream is plain `worker`.
    pub(crate) fn is_worker_noise(&self) -> bool {
        self.stream_id.starts_with("worker:") && !types::passes_from_workers(&self.kind)
    }
}
