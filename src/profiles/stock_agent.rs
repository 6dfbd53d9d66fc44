//! Stock, an analyst of stocks: `POST /api/chat`, answered by one event stream.
//!
//! The type stands in the JSON, the events have no name, and `[DONE]`, which is no JSON, ends the
//! stream. The request runs an agent: it is never sent twice.
//!
//! The project's documents disagree with each other; what the skill document says is the default,
//! and the words of the others (`token` for `chunk`, `step`, an `error` without `code`) are met.
//!
//! ```
//! use tidewire::profiles::stock_agent::{Event, StockAgent, spec};
//! use tidewire::profiles::{Profile, RawEvent};
//!
//! let payload = r#"{"type": "token", "content": "Revenue "}"#;
//! let Event::Chunk(piece) = StockAgent::decode(&RawEvent::new("token", payload))? else {
//!     panic!("a token is a chunk by another name");
//! };
//! assert_eq!(piece.content, "Revenue ");
//! assert!(spec().runs_once && spec().end.as_deref() == Some("[DONE]"));
//! # Ok::<(), tidewire::profiles::DecodeError>(())
//! ```

use super::{Cursor, Discriminator, Heartbeat, Spec};
use alloc::borrow::Cow;

profile! {
    /// Stock, an analyst of stocks: one answer, as it is worked out.
    StockAgent = "stock-agent";
    meta: super::NoMeta;
    categories {
        /// What the agent is doing.
        Progress = "progress",
        /// The answer as it is written.
        Text = "text",
        /// The answer, whole.
        Result = "result",
        /// That there will be no answer.
        Error = "error",
    }
    events {
        /// The agent entered a phase.
        Status(StatusData) = "status" in Progress [DROPPABLE];
        /// A piece of the answer.
        Chunk(ChunkData) = "chunk" | "token" in Text;
        /// The whole answer. It replaces the pieces, and does not follow them.
        Result(ResultData) = "result" in Result [CRITICAL];
        /// The agent failed; `[DONE]` follows.
        Error(ErrorData) = "error" in Error [CRITICAL];
        /// The agent took a step: an older vocabulary's word for progress.
        Step(StepData) = "step" in Progress [DROPPABLE];
    }
}

/// What the connection, the filter and the driver know of Stock.
pub fn spec() -> Spec {
    Spec {
        categories: Cow::Borrowed(CATEGORIES),
        events: Cow::Borrowed(EVENTS),
        discriminator: Discriminator::Field(Cow::Borrowed("type")),
        cursor: Cursor::None,
        // A comment once 15 s have passed since the last event, looked for every 0.5 s.
        heartbeat: Heartbeat::Comment(15_000),
        end: Some(Cow::Borrowed("[DONE]")),
        runs_once: true,
        ..Spec::new("stock-agent")
    }
}

payloads! {
    /// `status`
    pub struct StatusData {
        /// The phase, an open string: `analyzing`, `planning`, `retrieving`, `synthesizing`; in
        /// other versions `processing`, `thinking`, `completed`, `pending`, `computing`,
        /// `failed`, `cancelled`.
        status: String,
    } optional {
        /// With `retrieving`: what is being retrieved. It comes once for each layer of the plan.
        steps: Vec<PlannedStep>,
    }

    /// One task of the plan.
    pub struct PlannedStep {
        /// The task within the plan.
        task_id: String,
        /// The tool that it runs, `query_stock_price` say.
        tool: String,
    }

    /// `chunk`, also called `token`
    pub struct ChunkData {
        /// The text that comes next.
        content: String,
    }

    /// `result`
    pub struct ResultData {
        /// The whole answer: it replaces the pieces that came before.
        content: String,
    } optional {
        /// Where the data is from: names of the service's tables.
        sources: Vec<String>,
        /// The notice that this is no advice.
        disclaimer: String,
    }

    /// `error`
    pub struct ErrorData {
        /// What went wrong.
        message: String,
    } optional {
        /// A code, where there is one.
        code: String,
    }

    /// `step`
    pub struct StepData {
        /// The step.
        step_name: String,
        /// How it goes, an open string.
        status: String,
    } optional {
        /// What it was given.
        params: serde_json::Value,
    }
}
