//! The payloads of Hive's events.
//!
//! Python may write `NaN` for any float; it is read as null, so that floats are `Option`s. What
//! the service turned into a string because JSON does not have it is a `Value`.

use alloc::{string::String, vec::Vec};
use serde_json::{Map, Number, Value};

payloads! {
    /// What stands around a payload.
    pub struct Meta {
        /// Whose event it is: `queen`, `worker` (the one main worker), `worker:<uuid>` (one of
        /// many), `overseer`.
        stream_id: String,
        /// The agent within the stream.
        node_id: Option<String>,
        /// The run.
        execution_id: Option<String>,
        /// When, ISO 8601 **without a zone**: the server's local time. Good for ordering, not
        /// for a clock: `new Date` would take it for the browser's time.
        timestamp: String,
        /// What it belongs to, where that is known.
        correlation_id: Option<String>,
        /// The colony.
        colony_id: Option<String>,
    } optional {
        /// The call that started the run.
        run_id: String,
        /// Later versions' number of the event within its session; 0 if it was made up on the
        /// way.
        seq: u64,
    }

    /// `client_output_delta` and `llm_text_delta`
    pub struct TextDelta {
        /// The text that comes next.
        content: String,
        /// All of this turn's text so far. It replaces the one before.
        snapshot: String,
        /// Which text of the iteration it is, from 0.
        inner_turn: u64,
    } optional {
        /// Which round of the loop it is, from 0. It says which message the text belongs to,
        /// and is never sent with `llm_text_delta`.
        iteration: u64,
    }

    /// `client_input_requested`
    pub struct InputRequested {} optional {
        /// The question; later versions send `questions` alone, or nothing.
        prompt: String,
        /// The answers to choose from, if there are any.
        options: Vec<String>,
        /// The questions, if there are several.
        questions: Vec<Question>,
        /// Why the loop waits; later versions.
        park_reason: String,
    }

    /// A question to the user.
    pub struct Question {
        /// The question among its fellows.
        id: String,
        /// The question.
        prompt: String,
    } optional {
        /// The answers to choose from.
        options: Vec<String>,
    }

    /// `client_input_received`
    pub struct InputReceived {
        /// What the user said.
        content: String,
    } optional {
        /// How many pictures came with it.
        image_count: u64,
    }

    /// `tool_call_started`
    pub struct ToolCall {
        /// The call. Its end may come turns later.
        tool_use_id: String,
        /// The tool.
        tool_name: String,
        /// What it is given.
        tool_input: Map<String, Value>,
    }

    /// `tool_call_completed`
    pub struct ToolResult {
        /// The call.
        tool_use_id: String,
        /// The tool.
        tool_name: String,
        /// What it answered.
        result: String,
        /// Whether it failed.
        is_error: bool,
    }

    /// `execution_started`
    pub struct ExecutionInput {
        /// What the run was given.
        input: Map<String, Value>,
    }

    /// `execution_completed`
    pub struct ExecutionOutput {
        /// What came of the run.
        output: Map<String, Value>,
    }

    /// `execution_failed`
    pub struct Failure {
        /// What went wrong.
        error: String,
    }

    /// `execution_paused` and `node_stalled`
    pub struct Reason {
        /// Why.
        reason: String,
    }

    /// `node_loop_started`
    pub struct LoopStarted {
        /// How often it may go round; null for as often as it likes.
        max_iterations: Option<u64>,
    }

    /// `node_loop_iteration`
    pub struct LoopIteration {
        /// Which round it is.
        iteration: u64,
    } optional {
        /// What the queen is at.
        phase: String,
    }

    /// `node_loop_completed`
    pub struct LoopCompleted {
        /// How many rounds it took.
        iterations: u64,
    }

    /// `llm_turn_complete`
    pub struct TurnComplete {
        /// Why the model stopped.
        stop_reason: String,
        /// The model.
        model: String,
        /// Tokens that it read.
        input_tokens: u64,
        /// Tokens that it wrote.
        output_tokens: u64,
    } optional {
        /// Tokens it read from a cache: a part of `input_tokens`.
        cached_tokens: u64,
        /// Which round of the loop it was.
        iteration: u64,
        /// Tokens it put into a cache: a part of `input_tokens`; later versions.
        cache_creation_tokens: u64,
        /// US dollars; 0 if the provider does not say. Later versions.
        cost_usd: f64,
        /// Hive's credits; later versions.
        credits: f64,
        /// How many messages it was given; later versions.
        message_count: u64,
    }

    /// `node_action_plan`
    pub struct ActionPlan {
        /// The plan.
        plan: String,
    }

    /// `goal_progress`
    pub struct Progress {
        /// The part that is done, 0 to 1.
        progress: Option<f64>,
        /// How each criterion stands.
        criteria_status: Map<String, Value>,
    }

    /// `node_internal_output`
    pub struct InternalOutput {
        /// What it says.
        content: String,
    }

    /// `node_retry`
    pub struct Retry {
        /// Which attempt failed.
        retry_count: u64,
        /// How many there may be.
        max_retries: u64,
        /// What went wrong.
        error: String,
    }

    /// `node_tool_doom_loop`
    pub struct DoomLoop {
        /// What repeats.
        description: String,
    }

    /// `context_compacted`
    pub struct Compacted {
        /// How thoroughly.
        level: String,
        /// Per cent of the context before.
        usage_before: u64,
        /// Per cent of the context after.
        usage_after: u64,
    } optional {
        /// What was in it.
        message_inventory: Value,
    }

    /// `context_usage_updated`
    pub struct ContextUsage {
        /// The part that is full, 0 to 1 and, when it runs over, more.
        usage_ratio: Option<f64>,
        /// The same in per cent, rounded.
        usage_pct: u64,
        /// Messages in it.
        message_count: u64,
        /// Tokens in it, estimated.
        estimated_tokens: u64,
        /// Tokens that it holds.
        max_context_tokens: u64,
        /// What made the service look.
        trigger: String,
    }

    /// `worker_colony_loaded`
    pub struct ColonyLoaded {
        /// The colony.
        colony_id: Option<String>,
        /// Its name.
        colony_name: Option<String>,
        /// Where its agent lies on the server.
        agent_path: Option<String>,
        /// What it is for: text, or the goal with its criteria.
        goal: Option<Value>,
        /// How many agents it has.
        node_count: u64,
    }

    /// `colony_created`
    pub struct ColonyCreatedData {
        /// The colony's name.
        colony_name: String,
        /// Where it lies on the server.
        colony_path: Option<String>,
        /// The session that it was made of.
        queen_session_id: Option<String>,
        /// Whether it is new.
        is_new: bool,
        /// Whether its skill was installed, or where.
        skill_installed: Option<Value>,
        /// The skill.
        skill_name: Option<String>,
        /// What it is to do.
        task: Option<String>,
    }

    /// `credentials_required`
    pub struct CredentialsRequiredData {
        /// `credentials_required`
        error: String,
        /// What is missing, for people.
        message: String,
        /// Where the agent lies on the server.
        agent_path: Option<String>,
    } optional {
        /// What is missing.
        missing_credentials: Vec<MissingCredential>,
    }

    /// A credential that is missing or wrong.
    pub struct MissingCredential {
        /// The credential.
        credential: String,
        /// The environment variable that it may stand in.
        env_var: String,
        /// `missing`, `invalid` or `aden_not_connected`.
        status: String,
    } optional {
        /// The tools that need it.
        tools: Vec<String>,
        /// The kinds of agent that need it.
        node_types: Vec<String>,
        /// Where to get it.
        help_url: String,
        /// Why it is invalid.
        validation_message: String,
    }

    /// `subagent_report`, in one of two shapes: on the way, `subagent_id` and `message`; at the
    /// end, `worker_id` and all that follows it.
    pub struct Report {
        /// What the worker hands over.
        data: Option<Value>,
    } optional {
        /// The worker, on the way.
        subagent_id: String,
        /// How it goes.
        message: String,
        /// The worker, at the end.
        worker_id: String,
        /// Its colony.
        colony_id: String,
        /// What it was to do.
        task: String,
        /// How it ended, an open string: `success`, `partial`, `failed`, `timeout`, `stopped`.
        status: String,
        /// What came of it.
        summary: String,
        /// What went wrong.
        error: String,
        /// Seconds that it took.
        duration_seconds: f64,
        /// Tokens that it used.
        tokens_used: u64,
    }

    /// `queen_phase_changed`
    pub struct PhaseChanged {
        /// What the queen is at, an open string: `independent`, `planning`, `building`,
        /// `staging`, `running`, `editing`, `working`, `reviewing`.
        phase: String,
    } optional {
        /// Where the agent lies on the server.
        agent_path: String,
    }

    /// `trigger_available`, `trigger_activated` and `trigger_removed`
    pub struct Trigger {
        /// The trigger.
        trigger_id: String,
        /// What kind of trigger it is: `timer`, `webhook`.
        trigger_type: String,
        /// How it is set.
        trigger_config: Map<String, Value>,
        /// Its name.
        name: String,
    } optional {
        /// The agent that it starts.
        entry_node: String,
    }

    /// `trigger_deactivated`
    pub struct TriggerOff {
        /// The trigger.
        trigger_id: String,
        /// Its name.
        name: Option<String>,
    }

    /// `trigger_fired`: at the described commit nothing sends it, later versions send all of it.
    pub struct TriggerFiredData {
        /// The trigger.
        trigger_id: String,
    } optional {
        /// What kind of trigger it is.
        trigger_type: String,
        /// Its name.
        name: String,
        /// What it starts.
        task: String,
        /// When it last fired, as the service writes it.
        last_fired_at: Value,
        /// How often it has fired.
        fire_count: u64,
        /// Seconds until it fires again.
        next_fire_in: Number,
        /// When it fires again, milliseconds since 1970.
        next_fire_at: Number,
    }

    /// `trigger_updated`
    pub struct TriggerChange {
        /// The trigger.
        trigger_id: String,
        /// What it starts.
        task: Option<String>,
        /// How it is set.
        trigger_config: Map<String, Value>,
        /// What kind of trigger it is.
        trigger_type: Option<String>,
        /// Its name.
        name: Option<String>,
        /// The agent that it starts.
        entry_node: Option<String>,
    }

    /// `execution_resumed`
    pub struct Nothing {}

    /// `state_changed`
    pub struct StateChange {
        /// What changed.
        key: String,
        /// What it was.
        old_value: Value,
        /// What it is.
        new_value: Value,
        /// Who shares it.
        scope: String,
    }

    /// `constraint_violation`
    pub struct Violation {
        /// The rule.
        constraint_id: String,
        /// How it was broken.
        description: String,
    }

    /// `llm_reasoning_delta`
    pub struct ReasoningDelta {
        /// The text that comes next.
        content: String,
    } optional {
        /// Which text of the iteration it is, from 0.
        inner_turn: u64,
        /// Which round of the loop it is.
        iteration: u64,
        /// The text so far, perhaps without its beginning; later versions.
        snapshot: String,
    }

    /// `node_input_blocked`
    pub struct InputBlocked {
        /// What it waits for.
        prompt: String,
    }

    /// `judge_verdict`
    pub struct Verdict {
        /// What is to be done: `ACCEPT`, `RETRY`, `ESCALATE`, `CONTINUE`.
        action: String,
        /// Why.
        feedback: String,
        /// The kind of judge: `implicit` where nobody was asked.
        judge_type: String,
        /// Which round of the loop it was.
        iteration: u64,
    }

    /// `output_key_set`
    pub struct OutputKey {
        /// The output.
        key: String,
    }

    /// `worker_completed`
    pub struct WorkerDone {
        /// The worker.
        worker_id: String,
        /// Whether it succeeded.
        success: bool,
        /// What came of it.
        output: Map<String, Value>,
        /// Whom it starts next.
        activations: Vec<Value>,
    }

    /// `worker_failed`
    pub struct WorkerFailure {
        /// The worker.
        worker_id: String,
        /// What went wrong.
        error: String,
    }

    /// `webhook_received`
    pub struct Webhook {
        /// The path that was called.
        path: String,
        /// The method that it was called with.
        method: String,
        /// The request's headers.
        headers: Map<String, Value>,
        /// The request's body.
        payload: Value,
        /// The request's query.
        query_params: Map<String, Value>,
    }

    /// `escalation_requested`
    pub struct Escalation {
        /// What an answer refers to.
        request_id: Option<String>,
        /// Why.
        reason: String,
        /// What one has to know.
        context: String,
    }

    /// `queen_identity_selected`
    pub struct QueenIdentity {
        /// The queen.
        queen_id: String,
        /// Her name.
        name: String,
        /// Her title.
        title: String,
    }
}

/// A payload of which no document names a member.
pub type Anything = Map<String, Value>;
