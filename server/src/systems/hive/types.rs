//! What the bus knows of each event type.

/// The names of the default set, as the route streams them when a client
/// names none.
const DEFAULT: &[&str] = &[
    "client_output_delta",
    "client_input_requested",
    "client_input_received",
    "llm_text_delta",
    "tool_call_started",
    "tool_call_completed",
    "execution_started",
    "execution_completed",
    "execution_failed",
    "execution_paused",
    "node_loop_started",
    "node_loop_iteration",
    "node_loop_completed",
    "llm_turn_complete",
    "node_action_plan",
    "goal_progress",
    "node_internal_output",
    "node_stalled",
    "node_retry",
    "node_tool_doom_loop",
    "context_compacted",
    "context_usage_updated",
    "worker_colony_loaded",
    "colony_created",
    "credentials_required",
    "subagent_report",
    "queen_phase_changed",
    "trigger_available",
    "trigger_activated",
    "trigger_deactivated",
    "trigger_fired",
    "trigger_removed",
    "trigger_updated",
];

/// Names that exist, and come only to who asks for them.
const ON_REQUEST: &[&str] = &[
    "execution_resumed",
    "execution_resurrected",
    "state_changed",
    "state_conflict",
    "goal_achieved",
    "constraint_violation",
    "stream_started",
    "stream_stopped",
    "llm_reasoning_delta",
    "node_input_blocked",
    "judge_verdict",
    "output_key_set",
    "edge_traversed",
    "worker_completed",
    "worker_failed",
    "webhook_received",
    "custom",
    "escalation_requested",
    "queen_identity_selected",
];

/// Losing one of these would leave a page in the wrong state, so that a client
/// without room for it is disconnected. `worker_graph_loaded` is a retired
/// name; that of today, `worker_colony_loaded`, was forgotten.
const CRITICAL: &[&str] = &[
    "execution_started",
    "execution_completed",
    "execution_failed",
    "execution_paused",
    "client_input_requested",
    "client_input_received",
    "node_loop_iteration",
    "node_loop_started",
    "credentials_required",
    "worker_graph_loaded",
    "queen_phase_changed",
];

/// What a new client gets out of the history. `execution_started` is among
/// them without its end, against the intention that the service states.
const REPLAYED: &[&str] = &[
    "client_output_delta",
    "execution_started",
    "client_input_requested",
    "client_input_received",
    "trigger_available",
    "trigger_activated",
    "trigger_deactivated",
    "trigger_removed",
    "trigger_updated",
];

/// What passes of a parallel worker.
const FROM_WORKERS: &[&str] = &["subagent_report", "execution_completed", "execution_failed"];

/// Whether a client may name it in `?types=`.
pub(crate) fn is_known(kind: &str) -> bool {
    is_default(kind) || ON_REQUEST.contains(&kind)
}

/// Whether it comes to a client that names no types.
pub(crate) fn is_default(kind: &str) -> bool {
    DEFAULT.contains(&kind)
}

/// Whether a client without room for it is disconnected.
pub(crate) fn is_critical(kind: &str) -> bool {
    CRITICAL.contains(&kind)
}

/// Whether a new client gets past ones.
pub(crate) fn is_replayed(kind: &str) -> bool {
    REPLAYED.contains(&kind)
}

/// Whether it passes even when a parallel worker sent it.
pub(crate) fn passes_from_workers(kind: &str) -> bool {
    FROM_WORKERS.contains(&kind)
}
