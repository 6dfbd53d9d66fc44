/** Hive, a colony of agents: what the queen says, what her workers do, what it costs. */

// Printed from the tables in src/profiles by `cargo xtask types`. Change those.

import { profileOf } from '../profile.js';

/** Event types, and their payloads. */
export interface HiveEvents {
  /** A piece of what the queen says to the user. */
  client_output_delta: TextDelta;
  /** The user is asked. An answered question is replayed too. */
  client_input_requested: InputRequested;
  /** The user said something. */
  client_input_received: InputReceived;
  /** A piece of what a worker's model writes. */
  llm_text_delta: TextDelta;
  /** A tool is called. */
  tool_call_started: ToolCall;
  /** A tool answered, perhaps after the turn that called it. */
  tool_call_completed: ToolResult;
  /** A run began. It is replayed without its end. */
  execution_started: ExecutionInput;
  /** A run is complete. The stream goes on. */
  execution_completed: ExecutionOutput;
  /** A run failed. */
  execution_failed: Failure;
  /** A run was paused. */
  execution_paused: Reason;
  /** An agent's loop began. */
  node_loop_started: LoopStarted;
  /** An agent's loop goes round. */
  node_loop_iteration: LoopIteration;
  /** An agent's loop ended. */
  node_loop_completed: LoopCompleted;
  /** A model's turn is complete. */
  llm_turn_complete: TurnComplete;
  /** What an agent is going to do; gone in later versions. */
  node_action_plan: ActionPlan;
  /** How near the goal is. */
  goal_progress: Progress;
  /** What an agent says that is not for the user. */
  node_internal_output: InternalOutput;
  /** An agent gets nowhere. */
  node_stalled: Reason;
  /** An agent tries again. */
  node_retry: Retry;
  /** An agent calls the same tool over and over. */
  node_tool_doom_loop: DoomLoop;
  /** A model's context was made shorter. */
  context_compacted: Compacted;
  /** How full a model's context is. */
  context_usage_updated: ContextUsage;
  /** A colony was loaded. (The service's critical set still has its former name.) */
  worker_colony_loaded: ColonyLoaded;
  /** A colony was made of a session. */
  colony_created: ColonyCreatedData;
  /** An agent cannot run without credentials. */
  credentials_required: CredentialsRequiredData;
  /** A worker reports: how it goes, or what came of it. */
  subagent_report: Report;
  /** The queen does something else now. */
  queen_phase_changed: PhaseChanged;
  /** There is a trigger. */
  trigger_available: Trigger;
  /** A trigger was switched on. */
  trigger_activated: Trigger;
  /** A trigger was switched off. */
  trigger_deactivated: TriggerOff;
  /** A trigger fired. */
  trigger_fired: TriggerFiredData;
  /** A trigger was removed. */
  trigger_removed: Trigger;
  /** A trigger was changed. */
  trigger_updated: TriggerChange;
  /** A paused run goes on. */
  execution_resumed: Nothing;
  /** A run that failed was started again by itself. */
  execution_resurrected: Record<string, unknown>;
  /** Shared state changed. */
  state_changed: StateChange;
  /** Two agents changed the same state. */
  state_conflict: Record<string, unknown>;
  /** The goal is reached. */
  goal_achieved: Record<string, unknown>;
  /** An agent broke a rule. */
  constraint_violation: Violation;
  /** A stream of work began. */
  stream_started: Record<string, unknown>;
  /** A stream of work ended. */
  stream_stopped: Record<string, unknown>;
  /** A piece of what a model thinks. */
  llm_reasoning_delta: ReasoningDelta;
  /** An agent waits for input that does not come. */
  node_input_blocked: InputBlocked;
  /** A judge looked at what an agent did. */
  judge_verdict: Verdict;
  /** An agent set one of its outputs; gone in later versions. */
  output_key_set: OutputKey;
  /** A run went on from one agent to the next; gone in later versions. */
  edge_traversed: Record<string, unknown>;
  /** A worker is done. */
  worker_completed: WorkerDone;
  /** A worker failed. */
  worker_failed: WorkerFailure;
  /** A web hook was called. */
  webhook_received: Webhook;
  /** An event of an agent's own. */
  custom: Record<string, unknown>;
  /** A worker wants the queen. */
  escalation_requested: Escalation;
  /** Which queen this session has. */
  queen_identity_selected: QueenIdentity;
  /** Where the session stands: later versions send it first, unasked, on every connection. */
  session_snapshot: Snapshot;
  /** What the queen thought before she spoke; later versions. */
  client_reasoning: Reasoning;
  /** What the user said took its place in the conversation; later versions. */
  client_input_committed: InputCommitted;
  /** The plan is used up, and the run fails; later versions. */
  payment_required: Payment;
  /** A loop runs, waits for the user, or was interrupted; later versions. */
  loop_state_changed: LoopState;
  /** A model is slow to begin; later versions. */
  stream_ttft_exceeded: SlowStart;
  /** A model fell silent; later versions. */
  stream_inactive: Silence;
  /** A silent model was told to go on; later versions. */
  stream_nudge_sent: Nudge;
  /** A model is about to repeat a call that succeeded; later versions. */
  tool_call_replay_detected: CallReplay;
}

/** Categories, and their event types. */
export interface HiveCategories {
  client:
    | 'client_output_delta'
    | 'client_input_requested'
    | 'client_input_received'
    | 'client_reasoning'
    | 'client_input_committed';
  llm:
    | 'llm_text_delta'
    | 'llm_turn_complete'
    | 'llm_reasoning_delta'
    | 'stream_ttft_exceeded'
    | 'stream_inactive'
    | 'stream_nudge_sent';
  tool: 'tool_call_started' | 'tool_call_completed' | 'tool_call_replay_detected';
  execution:
    | 'execution_started'
    | 'execution_completed'
    | 'execution_failed'
    | 'execution_paused'
    | 'execution_resumed'
    | 'execution_resurrected'
    | 'payment_required';
  node:
    | 'node_loop_started'
    | 'node_loop_iteration'
    | 'node_loop_completed'
    | 'node_action_plan'
    | 'node_internal_output'
    | 'node_stalled'
    | 'node_retry'
    | 'node_tool_doom_loop'
    | 'node_input_blocked'
    | 'judge_verdict'
    | 'output_key_set'
    | 'edge_traversed'
    | 'loop_state_changed';
  goal: 'goal_progress' | 'goal_achieved' | 'constraint_violation';
  context: 'context_compacted' | 'context_usage_updated';
  worker: 'subagent_report' | 'worker_completed' | 'worker_failed';
  colony: 'worker_colony_loaded' | 'colony_created';
  credentials: 'credentials_required';
  queen: 'queen_phase_changed' | 'escalation_requested' | 'queen_identity_selected';
  trigger:
    | 'trigger_available'
    | 'trigger_activated'
    | 'trigger_deactivated'
    | 'trigger_fired'
    | 'trigger_removed'
    | 'trigger_updated'
    | 'webhook_received';
  state: 'state_changed' | 'state_conflict';
  session: 'stream_started' | 'stream_stopped' | 'session_snapshot';
  custom: 'custom';
}

/** What stands around a payload. */
export interface HiveMeta {
  /**
   * Whose event it is: `queen`, `worker` (the one main worker), `worker:<uuid>` (one of
   * many), `overseer`.
   */
  stream_id: string;
  /** The agent within the stream. */
  node_id: string | null;
  /** The run. */
  execution_id: string | null;
  /**
   * When, ISO 8601 **without a zone**: the server's local time. Good for ordering, not
   * for a clock: `new Date` would take it for the browser's time.
   */
  timestamp: string;
  /** What it belongs to, where that is known. */
  correlation_id: string | null;
  /** The colony. */
  colony_id: string | null;
  /** The call that started the run. */
  run_id?: string;
  /**
   * Later versions' number of the event within its session; 0 if it was made up on the
   * way.
   */
  seq?: number;
}

/** `client_output_delta` and `llm_text_delta` */
export interface TextDelta {
  /** The text that comes next. */
  content: string;
  /** All of this turn's text so far. It replaces the one before. */
  snapshot: string;
  /** Which text of the iteration it is, from 0. */
  inner_turn: number;
  /**
   * Which round of the loop it is, from 0. It says which message the text belongs to,
   * and is never sent with `llm_text_delta`.
   */
  iteration?: number;
}

/** `client_input_requested` */
export interface InputRequested {
  /** The question; later versions send `questions` alone, or nothing. */
  prompt?: string;
  /** The answers to choose from, if there are any. */
  options?: Array<string>;
  /** The questions, if there are several. */
  questions?: Array<Question>;
  /** Why the loop waits; later versions. */
  park_reason?: string;
}

/** A question to the user. */
export interface Question {
  /** The question among its fellows. */
  id: string;
  /** The question. */
  prompt: string;
  /** The answers to choose from. */
  options?: Array<string>;
}

/** `client_input_received` */
export interface InputReceived {
  /** What the user said. */
  content: string;
  /** How many pictures came with it. */
  image_count?: number;
}

/** `tool_call_started` */
export interface ToolCall {
  /** The call. Its end may come turns later. */
  tool_use_id: string;
  /** The tool. */
  tool_name: string;
  /** What it is given. */
  tool_input: Record<string, unknown>;
}

/** `tool_call_completed` */
export interface ToolResult {
  /** The call. */
  tool_use_id: string;
  /** The tool. */
  tool_name: string;
  /** What it answered. */
  result: string;
  /** Whether it failed. */
  is_error: boolean;
}

/** `execution_started` */
export interface ExecutionInput {
  /** What the run was given. */
  input: Record<string, unknown>;
}

/** `execution_completed` */
export interface ExecutionOutput {
  /** What came of the run. */
  output: Record<string, unknown>;
}

/** `execution_failed` */
export interface Failure {
  /** What went wrong. */
  error: string;
}

/** `execution_paused` and `node_stalled` */
export interface Reason {
  /** Why. */
  reason: string;
}

/** `node_loop_started` */
export interface LoopStarted {
  /** How often it may go round; null for as often as it likes. */
  max_iterations: number | null;
}

/** `node_loop_iteration` */
export interface LoopIteration {
  /** Which round it is. */
  iteration: number;
  /** What the queen is at. */
  phase?: string;
}

/** `node_loop_completed` */
export interface LoopCompleted {
  /** How many rounds it took. */
  iterations: number;
}

/** `llm_turn_complete` */
export interface TurnComplete {
  /** Why the model stopped. */
  stop_reason: string;
  /** The model. */
  model: string;
  /** Tokens that it read. */
  input_tokens: number;
  /** Tokens that it wrote. */
  output_tokens: number;
  /** Tokens it read from a cache: a part of `input_tokens`. */
  cached_tokens?: number;
  /** Which round of the loop it was. */
  iteration?: number;
  /** Tokens it put into a cache: a part of `input_tokens`; later versions. */
  cache_creation_tokens?: number;
  /** US dollars; 0 if the provider does not say. Later versions. */
  cost_usd?: number;
  /** Hive's credits; later versions. */
  credits?: number;
  /** How many messages it was given; later versions. */
  message_count?: number;
}

/** `node_action_plan` */
export interface ActionPlan {
  /** The plan. */
  plan: string;
}

/** `goal_progress` */
export interface Progress {
  /** The part that is done, 0 to 1. */
  progress: number | null;
  /** How each criterion stands. */
  criteria_status: Record<string, unknown>;
}

/** `node_internal_output` */
export interface InternalOutput {
  /** What it says. */
  content: string;
}

/** `node_retry` */
export interface Retry {
  /** Which attempt failed. */
  retry_count: number;
  /** How many there may be. */
  max_retries: number;
  /** What went wrong. */
  error: string;
}

/** `node_tool_doom_loop` */
export interface DoomLoop {
  /** What repeats. */
  description: string;
}

/** `context_compacted` */
export interface Compacted {
  /** How thoroughly. */
  level: string;
  /** Per cent of the context before. */
  usage_before: number;
  /** Per cent of the context after. */
  usage_after: number;
  /** What was in it. */
  message_inventory?: unknown;
}

/** `context_usage_updated` */
export interface ContextUsage {
  /** The part that is full, 0 to 1 and, when it runs over, more. */
  usage_ratio: number | null;
  /** The same in per cent, rounded. */
  usage_pct: number;
  /** Messages in it. */
  message_count: number;
  /** Tokens in it, estimated. */
  estimated_tokens: number;
  /** Tokens that it holds. */
  max_context_tokens: number;
  /** What made the service look. */
  trigger: string;
}

/** `worker_colony_loaded` */
export interface ColonyLoaded {
  /** The colony. */
  colony_id: string | null;
  /** Its name. */
  colony_name: string | null;
  /** Where its agent lies on the server. */
  agent_path: string | null;
  /** What it is for: text, or the goal with its criteria. */
  goal: unknown;
  /** How many agents it has. */
  node_count: number;
}

/** `colony_created` */
export interface ColonyCreatedData {
  /** The colony's name. */
  colony_name: string;
  /** Where it lies on the server. */
  colony_path: string | null;
  /** The session that it was made of. */
  queen_session_id: string | null;
  /** Whether it is new. */
  is_new: boolean;
  /** Whether its skill was installed, or where. */
  skill_installed: unknown;
  /** The skill. */
  skill_name: string | null;
  /** What it is to do. */
  task: string | null;
}

/** `credentials_required` */
export interface CredentialsRequiredData {
  /** `credentials_required` */
  error: string;
  /** What is missing, for people. */
  message: string;
  /** Where the agent lies on the server. */
  agent_path: string | null;
  /** What is missing. */
  missing_credentials?: Array<MissingCredential>;
}

/** A credential that is missing or wrong. */
export interface MissingCredential {
  /** The credential. */
  credential: string;
  /** The environment variable that it may stand in. */
  env_var: string;
  /** `missing`, `invalid` or `aden_not_connected`. */
  status: string;
  /** The tools that need it. */
  tools?: Array<string>;
  /** The kinds of agent that need it. */
  node_types?: Array<string>;
  /** Where to get it. */
  help_url?: string;
  /** Why it is invalid. */
  validation_message?: string;
}

/**
 * `subagent_report`, in one of two shapes: on the way, `subagent_id` and `message`; at the
 * end, `worker_id` and all that follows it.
 */
export interface Report {
  /** What the worker hands over. */
  data: unknown;
  /** The worker, on the way. */
  subagent_id?: string;
  /** How it goes. */
  message?: string;
  /** The worker, at the end. */
  worker_id?: string;
  /** Its colony. */
  colony_id?: string;
  /** What it was to do. */
  task?: string;
  /** How it ended, an open string: `success`, `partial`, `failed`, `timeout`, `stopped`. */
  status?: string;
  /** What came of it. */
  summary?: string;
  /** What went wrong. */
  error?: string;
  /** Seconds that it took. */
  duration_seconds?: number;
  /** Tokens that it used. */
  tokens_used?: number;
}

/** `queen_phase_changed` */
export interface PhaseChanged {
  /**
   * What the queen is at, an open string: `independent`, `planning`, `building`,
   * `staging`, `running`, `editing`, `working`, `reviewing`.
   */
  phase: string;
  /** Where the agent lies on the server. */
  agent_path?: string;
}

/** `trigger_available`, `trigger_activated` and `trigger_removed` */
export interface Trigger {
  /** The trigger. */
  trigger_id: string;
  /** What kind of trigger it is: `timer`, `webhook`. */
  trigger_type: string;
  /** How it is set. */
  trigger_config: Record<string, unknown>;
  /** Its name. */
  name: string;
  /** The agent that it starts. */
  entry_node?: string;
}

/** `trigger_deactivated` */
export interface TriggerOff {
  /** The trigger. */
  trigger_id: string;
  /** Its name. */
  name: string | null;
}

/** `trigger_fired`: at the described commit nothing sends it, later versions send all of it. */
export interface TriggerFiredData {
  /** The trigger. */
  trigger_id: string;
  /** What kind of trigger it is. */
  trigger_type?: string;
  /** Its name. */
  name?: string;
  /** What it starts. */
  task?: string;
  /** When it last fired, as the service writes it. */
  last_fired_at?: unknown;
  /** How often it has fired. */
  fire_count?: number;
  /** Seconds until it fires again. */
  next_fire_in?: number;
  /** When it fires again, milliseconds since 1970. */
  next_fire_at?: number;
}

/** `trigger_updated` */
export interface TriggerChange {
  /** The trigger. */
  trigger_id: string;
  /** What it starts. */
  task: string | null;
  /** How it is set. */
  trigger_config: Record<string, unknown>;
  /** What kind of trigger it is. */
  trigger_type: string | null;
  /** Its name. */
  name: string | null;
  /** The agent that it starts. */
  entry_node: string | null;
}

/** `execution_resumed` */
export type Nothing = Record<string, never>;

/** `state_changed` */
export interface StateChange {
  /** What changed. */
  key: string;
  /** What it was. */
  old_value: unknown;
  /** What it is. */
  new_value: unknown;
  /** Who shares it. */
  scope: string;
}

/** `constraint_violation` */
export interface Violation {
  /** The rule. */
  constraint_id: string;
  /** How it was broken. */
  description: string;
}

/** `llm_reasoning_delta` */
export interface ReasoningDelta {
  /** The text that comes next. */
  content: string;
  /** Which text of the iteration it is, from 0. */
  inner_turn?: number;
  /** Which round of the loop it is. */
  iteration?: number;
  /** The text so far, perhaps without its beginning; later versions. */
  snapshot?: string;
}

/** `node_input_blocked` */
export interface InputBlocked {
  /** What it waits for. */
  prompt: string;
}

/** `judge_verdict` */
export interface Verdict {
  /** What is to be done: `ACCEPT`, `RETRY`, `ESCALATE`, `CONTINUE`. */
  action: string;
  /** Why. */
  feedback: string;
  /** The kind of judge: `implicit` where nobody was asked. */
  judge_type: string;
  /** Which round of the loop it was. */
  iteration: number;
}

/** `output_key_set` */
export interface OutputKey {
  /** The output. */
  key: string;
}

/** `worker_completed` */
export interface WorkerDone {
  /** The worker. */
  worker_id: string;
  /** Whether it succeeded. */
  success: boolean;
  /** What came of it. */
  output: Record<string, unknown>;
  /** Whom it starts next. */
  activations: Array<unknown>;
}

/** `worker_failed` */
export interface WorkerFailure {
  /** The worker. */
  worker_id: string;
  /** What went wrong. */
  error: string;
}

/** `webhook_received` */
export interface Webhook {
  /** The path that was called. */
  path: string;
  /** The method that it was called with. */
  method: string;
  /** The request's headers. */
  headers: Record<string, unknown>;
  /** The request's body. */
  payload: unknown;
  /** The request's query. */
  query_params: Record<string, unknown>;
}

/** `escalation_requested` */
export interface Escalation {
  /** What an answer refers to. */
  request_id: string | null;
  /** Why. */
  reason: string;
  /** What one has to know. */
  context: string;
}

/** `queen_identity_selected` */
export interface QueenIdentity {
  /** The queen. */
  queen_id: string;
  /** Her name. */
  name: string;
  /** Her title. */
  title: string;
}

/** `session_snapshot`: where the session stands. */
export interface Snapshot {
  /** The last event's number that is in it. */
  snapshot_seq: number;
  /**
   * What the loop does: `executing`, `awaiting_user`, `interrupted`; null if it has not
   * said yet.
   */
  activity: string | null;
  /** Whether it runs. */
  is_executing: boolean;
  /** Whether it waits for the user. */
  awaiting_input: boolean;
  /** Whether it was interrupted. */
  interrupted: boolean;
  /** What interrupted it. */
  interrupt_cause: string | null;
  /** The run. */
  current_execution_id: string | null;
  /** The tool calls that have not ended. */
  current_tool_calls: Array<OpenToolCall>;
  /** Why the queen is busy: `llm`, `tool`, `awaiting_input`, `interrupted`. */
  queen_busy_reason: string | null;
  /** Why it waits. */
  park_reason: string | null;
  /** The questions that the user has not answered. */
  pending_questions: Array<Question> | null;
  /** The number of the last question that nobody has answered. */
  last_event_seq?: number;
  /** When the last event came, ISO 8601 without a zone: the server's local time. */
  last_event_at?: string;
  /** When the queen's last event came, ISO 8601 without a zone. */
  last_queen_event_at?: string;
}

/** A tool call that has not ended. */
export interface OpenToolCall {
  /** The call. */
  id: string;
  /** The tool. */
  name: string | null;
  /** When it began, ISO 8601 without a zone: the server's local time. */
  started_at: string;
  /** The run. */
  execution_id: string | null;
  /** The number of the event that told of it. */
  seq: number;
}

/** `client_reasoning` */
export interface Reasoning {
  /** The thought. */
  reasoning: string;
  /** Which text of the iteration it is, from 0. */
  inner_turn?: number;
  /** Which round of the loop it is. */
  iteration?: number;
}

/** `client_input_committed` */
export interface InputCommitted {
  /** Its place in the conversation. */
  seq: number;
}

/** `payment_required` */
export interface Payment {
  /** What the provider says. */
  message: string;
  /** The status that it answered: 402. */
  upstream_status: number | null;
}

/** `loop_state_changed` */
export interface LoopState {
  /** `executing`, `awaiting_user` or `interrupted`. */
  activity: string;
  /** Why it waits. */
  park_reason: string | null;
  /** What interrupted it. */
  interrupt_cause: string | null;
  /** What the user is asked. */
  questions: Array<Question> | null;
}

/** `stream_ttft_exceeded` */
export interface SlowStart {
  /** Seconds without a first token. */
  ttft_seconds: number | null;
  /** Seconds that are allowed. */
  limit_seconds: number | null;
}

/** `stream_inactive` */
export interface Silence {
  /** Seconds of silence. */
  idle_seconds: number | null;
  /** Seconds that are allowed. */
  limit_seconds: number | null;
}

/** `stream_nudge_sent` */
export interface Nudge {
  /** Why. */
  reason: string;
  /** Which one it is. */
  nudge_count: number;
}

/** `tool_call_replay_detected` */
export interface CallReplay {
  /** The tool. */
  tool_name: string;
  /** The number of the call that it repeats. */
  prior_seq: number;
}

/** Hive, a colony of agents: what the queen says, what her workers do, what it costs. */
export const hive = /*#__PURE__*/ profileOf<HiveEvents, HiveMeta, HiveCategories>({
  name: 'hive',
  discriminator: { field: 'type' },
  payload: { field: 'data' },
  categories: {
    client: [
      'client_output_delta',
      'client_input_requested',
      'client_input_received',
      'client_reasoning',
      'client_input_committed',
    ],
    llm: [
      'llm_text_delta',
      'llm_turn_complete',
      'llm_reasoning_delta',
      'stream_ttft_exceeded',
      'stream_inactive',
      'stream_nudge_sent',
    ],
    tool: ['tool_call_started', 'tool_call_completed', 'tool_call_replay_detected'],
    execution: [
      'execution_started',
      'execution_completed',
      'execution_failed',
      'execution_paused',
      'execution_resumed',
      'execution_resurrected',
      'payment_required',
    ],
    node: [
      'node_loop_started',
      'node_loop_iteration',
      'node_loop_completed',
      'node_action_plan',
      'node_internal_output',
      'node_stalled',
      'node_retry',
      'node_tool_doom_loop',
      'node_input_blocked',
      'judge_verdict',
      'output_key_set',
      'edge_traversed',
      'loop_state_changed',
    ],
    goal: ['goal_progress', 'goal_achieved', 'constraint_violation'],
    context: ['context_compacted', 'context_usage_updated'],
    worker: ['subagent_report', 'worker_completed', 'worker_failed'],
    colony: ['worker_colony_loaded', 'colony_created'],
    credentials: ['credentials_required'],
    queen: ['queen_phase_changed', 'escalation_requested', 'queen_identity_selected'],
    trigger: [
      'trigger_available',
      'trigger_activated',
      'trigger_deactivated',
      'trigger_fired',
      'trigger_removed',
      'trigger_updated',
      'webhook_received',
    ],
    state: ['state_changed', 'state_conflict'],
    session: ['stream_started', 'stream_stopped', 'session_snapshot'],
    custom: ['custom'],
  },
  critical: [
    'client_input_requested',
    'client_input_received',
    'execution_started',
    'execution_completed',
    'execution_failed',
    'execution_paused',
    'node_loop_started',
    'node_loop_iteration',
    'credentials_required',
    'queen_phase_changed',
  ],
  droppable: [
    'client_output_delta',
    'llm_text_delta',
    'tool_call_started',
    'node_loop_completed',
    'node_action_plan',
    'goal_progress',
    'node_internal_output',
    'node_stalled',
    'node_retry',
    'node_tool_doom_loop',
    'context_compacted',
    'context_usage_updated',
    'worker_colony_loaded',
    'colony_created',
    'subagent_report',
    'trigger_available',
    'trigger_activated',
    'trigger_deactivated',
    'trigger_fired',
    'trigger_removed',
    'trigger_updated',
    'execution_resumed',
    'execution_resurrected',
    'state_changed',
    'state_conflict',
    'goal_achieved',
    'constraint_violation',
    'stream_started',
    'stream_stopped',
    'llm_reasoning_delta',
    'node_input_blocked',
    'judge_verdict',
    'output_key_set',
    'edge_traversed',
    'worker_completed',
    'worker_failed',
    'webhook_received',
    'custom',
    'escalation_requested',
    'queen_identity_selected',
    'session_snapshot',
    'client_reasoning',
    'client_input_committed',
    'payment_required',
    'loop_state_changed',
    'stream_ttft_exceeded',
    'stream_inactive',
    'stream_nudge_sent',
    'tool_call_replay_detected',
  ],
  replayed: [
    'client_output_delta',
    'client_input_requested',
    'client_input_received',
    'execution_started',
    'trigger_available',
    'trigger_activated',
    'trigger_deactivated',
    'trigger_removed',
    'trigger_updated',
  ],
  onRequest: [
    'execution_resumed',
    'execution_resurrected',
    'state_changed',
    'state_conflict',
    'goal_achieved',
    'constraint_violation',
    'stream_started',
    'stream_stopped',
    'llm_reasoning_delta',
    'node_input_blocked',
    'judge_verdict',
    'output_key_set',
    'edge_traversed',
    'worker_completed',
    'worker_failed',
    'webhook_received',
    'custom',
    'escalation_requested',
    'queen_identity_selected',
    'session_snapshot',
    'client_reasoning',
    'client_input_committed',
    'payment_required',
    'loop_state_changed',
    'stream_ttft_exceeded',
    'stream_inactive',
    'stream_nudge_sent',
    'tool_call_replay_detected',
  ],
  filter: { by: 'types', parameter: 'types', list: 'comma' },
  cursor: 'none',
  auth: { header: 'X-Hive-Token' },
  heartbeat: { comment: 15000 },
  gone: [404],
  identity: { sequence: 'seq' },
  recovery: 'history',
  maxRetry: 15000,
});
