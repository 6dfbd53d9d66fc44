//! The payloads that later versions of Hive send.

use super::Question;
use alloc::{string::String, vec::Vec};

payloads! {
    /// `session_snapshot`: where the session stands.
    pub struct Snapshot {
        /// The last event's number that is in it.
        snapshot_seq: u64,
        /// What the loop does: `executing`, `awaiting_user`, `interrupted`; null if it has not
        /// said yet.
        activity: Option<String>,
        /// Whether it runs.
        is_executing: bool,
        /// Whether it waits for the user.
        awaiting_input: bool,
        /// Whether it was interrupted.
        interrupted: bool,
        /// What interrupted it.
        interrupt_cause: Option<String>,
        /// The run.
        current_execution_id: Option<String>,
        /// The tool calls that have not ended.
        current_tool_calls: Vec<OpenToolCall>,
        /// Why the queen is busy: `llm`, `tool`, `awaiting_input`, `interrupted`.
        queen_busy_reason: Option<String>,
        /// Why it waits.
        park_reason: Option<String>,
        /// The questions that the user has not answered.
        pending_questions: Option<Vec<Question>>,
    } optional {
        /// The number of the last question that nobody has answered.
        last_event_seq: u64,
        /// When the last event came, ISO 8601 without a zone: the server's local time.
        last_event_at: String,
        /// When the queen's last event came, ISO 8601 without a zone.
        last_queen_event_at: String,
    }

    /// A tool call that has not ended.
    pub struct OpenToolCall {
        /// The call.
        id: String,
        /// The tool.
        name: Option<String>,
        /// When it began, ISO 8601 without a zone: the server's local time.
        started_at: String,
        /// The run.
        execution_id: Option<String>,
        /// The number of the event that told of it.
        seq: u64,
    }

    /// `client_reasoning`
    pub struct Reasoning {
        /// The thought.
        reasoning: String,
    } optional {
        /// Which text of the iteration it is, from 0.
        inner_turn: u64,
        /// Which round of the loop it is.
        iteration: u64,
    }

    /// `client_input_committed`
    pub struct InputCommitted {
        /// Its place in the conversation.
        seq: u64,
    }

    /// `payment_required`
    pub struct Payment {
        /// What the provider says.
        message: String,
        /// The status that it answered: 402.
        upstream_status: Option<u64>,
    }

    /// `loop_state_changed`
    pub struct LoopState {
        /// `executing`, `awaiting_user` or `interrupted`.
        activity: String,
        /// Why it waits.
        park_reason: Option<String>,
        /// What interrupted it.
        interrupt_cause: Option<String>,
        /// What the user is asked.
        questions: Option<Vec<Question>>,
    }

    /// `stream_ttft_exceeded`
    pub struct SlowStart {
        /// Seconds without a first token.
        ttft_seconds: Option<f64>,
        /// Seconds that are allowed.
        limit_seconds: Option<f64>,
    }

    /// `stream_inactive`
    pub struct Silence {
        /// Seconds of silence.
        idle_seconds: Option<f64>,
        /// Seconds that are allowed.
        limit_seconds: Option<f64>,
    }

    /// `stream_nudge_sent`
    pub struct Nudge {
        /// Why.
        reason: String,
        /// Which one it is.
        nudge_count: u64,
    }

    /// `tool_call_replay_detected`
    pub struct CallReplay {
        /// The tool.
        tool_name: String,
        /// The number of the call that it repeats.
        prior_seq: u64,
    }
}
