//! Hive, a colony of agents: `GET /api/sessions/{session_id}/events`.
//!
//! The type stands in the JSON, the payload in its `data`, and what remains is the envelope,
//! [`Meta`]. There are no ids: every connection begins with a part of the session's history, and
//! a reconnection repeats what was seen. The snapshot in a delta is all of the text so far, so
//! that a client replaces and never appends.
//!
//! Which types are critical and which are replayed is what the service at the described commit
//! does. Two of its types it may drop although nothing makes up for them, `llm_turn_complete` and
//! `tool_call_completed`; later versions don't, and here they are not called droppable.
//!
//! ```
//! use tidewire::profiles::hive::{Event, Hive, spec};
//! use tidewire::profiles::decode_data;
//!
//! let spec = spec();
//! let data = r#"{"type": "llm_text_delta", "stream_id": "queen", "node_id": null,
//!     "execution_id": null, "data": {"content": "lo", "snapshot": "Hello", "inner_turn": 0},
//!     "timestamp": "2026-04-16T19:30:01", "correlation_id": null, "colony_id": null}"#;
//! let index = spec.event("llm_text_delta").map(|(index, _)| index as u16);
//! let (event, meta) = decode_data::<Hive>(&spec, index, "llm_text_delta", data)?;
//! assert_eq!(meta.stream_id, "queen");
//! assert!(matches!(event, Event::LlmTextDelta(text) if text.snapshot == "Hello"));
//! # Ok::<(), tidewire::profiles::DecodeError>(())
//! ```

use super::{Auth, Cursor, Discriminator, FilterQuery, Heartbeat, Identity, List};
use super::{Payload, Recovery, Spec};
use alloc::borrow::Cow;

#[cfg(feature = "payloads")]
mod later;
#[cfg(feature = "payloads")]
mod payloads;
#[cfg(feature = "payloads")]
pub use {later::*, payloads::*};

profile! {
    /// Hive, a colony of agents: what the queen says, what her workers do, what it costs.
    Hive = "hive";
    meta: Meta;
    categories {
        /// What is said to the user, and what the user says.
        Client = "client",
        /// What the models write.
        Llm = "llm",
        /// Tool calls.
        Tool = "tool",
        /// Runs: how they begin and end.
        Execution = "execution",
        /// The loops in which agents work.
        Node = "node",
        /// Goals, and how near they are.
        Goal = "goal",
        /// How full a model's context is.
        Context = "context",
        /// Workers, and what they report.
        Worker = "worker",
        /// Colonies.
        Colony = "colony",
        /// Credentials that are missing.
        Credentials = "credentials",
        /// The queen: who she is, what she is at.
        Queen = "queen",
        /// What starts runs.
        Trigger = "trigger",
        /// State that agents share.
        State = "state",
        /// The session and its streams.
        Session = "session",
        /// Events of an agent's own.
        Custom = "custom",
    }
    events {
        /// A piece of what the queen says to the user.
        ClientOutputDelta(TextDelta) = "client_output_delta" in Client [REPLAYED DROPPABLE];
        /// The user is asked. An answered question is replayed too.
        ClientInputRequested(InputRequested) = "client_input_requested" in Client [CRITICAL REPLAYED];
        /// The user said something.
        ClientInputReceived(InputReceived) = "client_input_received" in Client [CRITICAL REPLAYED];
        /// A piece of what a worker's model writes.
        LlmTextDelta(TextDelta) = "llm_text_delta" in Llm [DROPPABLE];
        /// A tool is called.
        ToolCallStarted(ToolCall) = "tool_call_started" in Tool [DROPPABLE];
        /// A tool answered, perhaps after the turn that called it.
        ToolCallCompleted(ToolResult) = "tool_call_completed" in Tool;
        /// A run began. It is replayed without its end.
        ExecutionStarted(ExecutionInput) = "execution_started" in Execution [CRITICAL REPLAYED];
        /// A run is complete. The stream goes on.
        ExecutionCompleted(ExecutionOutput) = "execution_completed" in Execution [CRITICAL];
        /// A run failed.
        ExecutionFailed(Failure) = "execution_failed" in Execution [CRITICAL];
        /// A run was paused.
        ExecutionPaused(Reason) = "execution_paused" in Execution [CRITICAL];
        /// An agent's loop began.
        NodeLoopStarted(LoopStarted) = "node_loop_started" in Node [CRITICAL];
        /// An agent's loop goes round.
        NodeLoopIteration(LoopIteration) = "node_loop_iteration" in Node [CRITICAL];
        /// An agent's loop ended.
        NodeLoopCompleted(LoopCompleted) = "node_loop_completed" in Node [DROPPABLE];
        /// A model's turn is complete.
        LlmTurnComplete(TurnComplete) = "llm_turn_complete" in Llm;
        /// What an agent is going to do; gone in later versions.
        NodeActionPlan(ActionPlan) = "node_action_plan" in Node [DROPPABLE];
        /// How near the goal is.
        GoalProgress(Progress) = "goal_progress" in Goal [DROPPABLE];
        /// What an agent says that is not for the user.
        NodeInternalOutput(InternalOutput) = "node_internal_output" in Node [DROPPABLE];
        /// An agent gets nowhere.
        NodeStalled(Reason) = "node_stalled" in Node [DROPPABLE];
        /// An agent tries again.
        NodeRetry(Retry) = "node_retry" in Node [DROPPABLE];
        /// An agent calls the same tool over and over.
        NodeToolDoomLoop(DoomLoop) = "node_tool_doom_loop" in Node [DROPPABLE];
        /// A model's context was made shorter.
        ContextCompacted(Compacted) = "context_compacted" in Context [DROPPABLE];
        /// How full a model's context is.
        ContextUsageUpdated(ContextUsage) = "context_usage_updated" in Context [DROPPABLE];
        /// A colony was loaded. (The service's critical set still has its former name.)
        WorkerColonyLoaded(ColonyLoaded) = "worker_colony_loaded" in Colony [DROPPABLE];
        /// A colony was made of a session.
        ColonyCreated(ColonyCreatedData) = "colony_created" in Colony [DROPPABLE];
        /// An agent cannot run without credentials.
        CredentialsRequired(CredentialsRequiredData) = "credentials_required" in Credentials [CRITICAL];
        /// A worker reports: how it goes, or what came of it.
        SubagentReport(Report) = "subagent_report" in Worker [DROPPABLE];
        /// The queen does something else now.
        QueenPhaseChanged(PhaseChanged) = "queen_phase_changed" in Queen [CRITICAL];
        /// There is a trigger.
        TriggerAvailable(Trigger) = "trigger_available" in Trigger [REPLAYED DROPPABLE];
        /// A trigger was switched on.
        TriggerActivated(Trigger) = "trigger_activated" in Trigger [REPLAYED DROPPABLE];
        /// A trigger was switched off.
        TriggerDeactivated(TriggerOff) = "trigger_deactivated" in Trigger [REPLAYED DROPPABLE];
        /// A trigger fired.
        TriggerFired(TriggerFiredData) = "trigger_fired" in Trigger [DROPPABLE];
        /// A trigger was removed.
        TriggerRemoved(Trigger) = "trigger_removed" in Trigger [REPLAYED DROPPABLE];
        /// A trigger was changed.
        TriggerUpdated(TriggerChange) = "trigger_updated" in Trigger [REPLAYED DROPPABLE];

        /// A paused run goes on.
        ExecutionResumed(Nothing) = "execution_resumed" in Execution [ON_REQUEST DROPPABLE];
        /// A run that failed was started again by itself.
        ExecutionResurrected(Anything) = "execution_resurrected" in Execution [ON_REQUEST DROPPABLE];
        /// Shared state changed.
        StateChanged(StateChange) = "state_changed" in State [ON_REQUEST DROPPABLE];
        /// Two agents changed the same state.
        StateConflict(Anything) = "state_conflict" in State [ON_REQUEST DROPPABLE];
        /// The goal is reached.
        GoalAchieved(Anything) = "goal_achieved" in Goal [ON_REQUEST DROPPABLE];
        /// An agent broke a rule.
        ConstraintViolation(Violation) = "constraint_violation" in Goal [ON_REQUEST DROPPABLE];
        /// A stream of work began.
        StreamStarted(Anything) = "stream_started" in Session [ON_REQUEST DROPPABLE];
        /// A stream of work ended.
        StreamStopped(Anything) = "stream_stopped" in Session [ON_REQUEST DROPPABLE];
        /// A piece of what a model thinks.
        LlmReasoningDelta(ReasoningDelta) = "llm_reasoning_delta" in Llm [ON_REQUEST DROPPABLE];
        /// An agent waits for input that does not come.
        NodeInputBlocked(InputBlocked) = "node_input_blocked" in Node [ON_REQUEST DROPPABLE];
        /// A judge looked at what an agent did.
        JudgeVerdict(Verdict) = "judge_verdict" in Node [ON_REQUEST DROPPABLE];
        /// An agent set one of its outputs; gone in later versions.
        OutputKeySet(OutputKey) = "output_key_set" in Node [ON_REQUEST DROPPABLE];
        /// A run went on from one agent to the next; gone in later versions.
        EdgeTraversed(Anything) = "edge_traversed" in Node [ON_REQUEST DROPPABLE];
        /// A worker is done.
        WorkerCompleted(WorkerDone) = "worker_completed" in Worker [ON_REQUEST DROPPABLE];
        /// A worker failed.
        WorkerFailed(WorkerFailure) = "worker_failed" in Worker [ON_REQUEST DROPPABLE];
        /// A web hook was called.
        WebhookReceived(Webhook) = "webhook_received" in Trigger [ON_REQUEST DROPPABLE];
        /// An event of an agent's own.
        Custom(Anything) = "custom" in Custom [ON_REQUEST DROPPABLE];
        /// A worker wants the queen.
        EscalationRequested(Escalation) = "escalation_requested" in Queen [ON_REQUEST DROPPABLE];
        /// Which queen this session has.
        QueenIdentitySelected(QueenIdentity) = "queen_identity_selected" in Queen [ON_REQUEST DROPPABLE];

        /// Where the session stands: later versions send it first, unasked, on every connection.
        SessionSnapshot(Snapshot) = "session_snapshot" in Session [ON_REQUEST DROPPABLE];
        /// What the queen thought before she spoke; later versions.
        ClientReasoning(Reasoning) = "client_reasoning" in Client [ON_REQUEST DROPPABLE];
        /// What the user said took its place in the conversation; later versions.
        ClientInputCommitted(InputCommitted) = "client_input_committed" in Client [ON_REQUEST DROPPABLE];
        /// The plan is used up, and the run fails; later versions.
        PaymentRequired(Payment) = "payment_required" in Execution [ON_REQUEST DROPPABLE];
        /// A loop runs, waits for the user, or was interrupted; later versions.
        LoopStateChanged(LoopState) = "loop_state_changed" in Node [ON_REQUEST DROPPABLE];
        /// A model is slow to begin; later versions.
        StreamTtftExceeded(SlowStart) = "stream_ttft_exceeded" in Llm [ON_REQUEST DROPPABLE];
        /// A model fell silent; later versions.
        StreamInactive(Silence) = "stream_inactive" in Llm [ON_REQUEST DROPPABLE];
        /// A silent model was told to go on; later versions.
        StreamNudgeSent(Nudge) = "stream_nudge_sent" in Llm [ON_REQUEST DROPPABLE];
        /// A model is about to repeat a call that succeeded; later versions.
        ToolCallReplayDetected(CallReplay) = "tool_call_replay_detected" in Tool [ON_REQUEST DROPPABLE];
    }
}

/// What the connection, the filter and the driver know of Hive.
pub fn spec() -> Spec {
    Spec {
        categories: Cow::Borrowed(CATEGORIES),
        events: Cow::Borrowed(EVENTS),
        discriminator: Discriminator::Field(Cow::Borrowed("type")),
        payload: Payload::Field(Cow::Borrowed("data")),
        filter: FilterQuery::Types {
            parameter: Cow::Borrowed("types"),
            list: List::Comma,
        },
        cursor: Cursor::None,
        // Asked for by later versions, where a desktop application starts the server.
        auth: Auth::Header(Cow::Borrowed("X-Hive-Token")),
        // A comment whenever no event was ready for 15 s.
        heartbeat: Heartbeat::Comment(15_000),
        // An unknown session; one that was stopped answers so from then on.
        gone: Cow::Borrowed(&[404]),
        identity: Identity::SequenceOrText(Cow::Borrowed("seq")),
        recovery: Recovery::History,
        retry: 1_000,
        max_retry: 15_000,
        ..Spec::new("hive")
    }
}
