//! What the bus knows of each event type. The client's table is the source: a type that the
//! server sends is the type that the client decodes.

use std::collections::HashMap;
use std::sync::LazyLock;

use tidewire::profiles::{Flags, hive};

/// Critical to the service under a name that it has given up. The type's name of today,
/// `worker_colony_loaded`, was forgotten there.
const RETIRED_CRITICAL: &str = "worker_graph_loaded";

/// What passes of a parallel worker.
const FROM_WORKERS: [&str; 3] = ["subagent_report", "execution_completed", "execution_failed"];

static FLAGS: LazyLock<HashMap<String, Flags>> = LazyLock::new(|| {
    let events = hive::spec().events;
    events
        .iter()
        .map(|event| (event.name.clone().into_owned(), event.flags))
        .collect()
});

/// Whether a client may name it in `?types=`.
pub(crate) fn is_known(kind: &str) -> bool {
    FLAGS.contains_key(kind)
}

/// Whether it comes to a client that names no types.
pub(crate) fn is_default(kind: &str) -> bool {
    is_known(kind) && !has(kind, Flags::ON_REQUEST)
}

/// Whether a client without room for it is disconnected: losing one would leave a page in the
/// wrong state.
pub(crate) fn is_critical(kind: &str) -> bool {
    has(kind, Flags::CRITICAL) || kind == RETIRED_CRITICAL
}

/// Whether a new client gets past ones. `execution_started` is among them without its end,
/// against the intention that the service states.
pub(crate) fn is_replayed(kind: &str) -> bool {
    has(kind, Flags::REPLAYED)
}

/// Whether it passes even when a parallel worker sent it.
pub(crate) fn passes_from_workers(kind: &str) -> bool {
    FROM_WORKERS.contains(&kind)
}

fn has(kind: &str, flag: Flags) -> bool {
    FLAGS.get(kind).is_some_and(|flags| flags.has(flag))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Typed from the service's route: a D is in the default set, a C critical, an R replayed.
    const SERVICE: &str = "
        D-R client_output_delta       DCR client_input_requested  DCR client_input_received
        D-- llm_text_delta            D-- tool_call_started       D-- tool_call_completed
        DCR execution_started         DC- execution_completed     DC- execution_failed
        DC- execution_paused          DC- node_loop_started       DC- node_loop_iteration
        D-- node_loop_completed       D-- llm_turn_complete       D-- node_action_plan
        D-- goal_progress             D-- node_internal_output    D-- node_stalled
        D-- node_retry                D-- node_tool_doom_loop     D-- context_compacted
        D-- context_usage_updated     D-- worker_colony_loaded    D-- colony_created
        DC- credentials_required      D-- subagent_report         DC- queen_phase_changed
        D-R trigger_available         D-R trigger_activated       D-R trigger_deactivated
        D-- trigger_fired             D-R trigger_removed         D-R trigger_updated
        -C- worker_graph_loaded       --- judge_verdict           --- llm_reasoning_delta
        --- state_changed             --- worker_completed";

    #[test]
    fn the_shared_table_says_what_the_service_does() {
        let words: Vec<&str> = SERVICE.split_whitespace().collect();
        let mut defaults = 0;
        for pair in words.chunks(2) {
            let (marks, kind) = (pair[0], pair[1]);
            let known = [
                if is_default(kind) { 'D' } else { '-' },
                if is_critical(kind) { 'C' } else { '-' },
                if is_replayed(kind) { 'R' } else { '-' },
            ];
            assert_eq!(String::from_iter(known), marks, "{kind}");
            defaults += usize::from(is_default(kind));
        }
        assert_eq!(defaults, 33);
        let all = FLAGS.keys().filter(|kind| is_default(kind)).count();
        assert_eq!(all, 33, "a default type that the service does not have");
    }

    #[test]
    fn a_type_on_request_is_known_and_a_retired_one_is_not() {
        assert!(is_known("judge_verdict"));
        assert!(!is_known(RETIRED_CRITICAL));
        assert!(!is_known("CLIENT_OUTPUT_DELTA"));
    }
}
