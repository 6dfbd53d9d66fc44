/** Stock, an analyst of stocks: one answer, as it is worked out. */

// Printed from the tables in src/profiles by `cargo xtask types`. Change those.

import { profileOf } from '../profile.js';

/** Event types, and their payloads. */
export interface StockAgentEvents {
  /** The agent entered a phase. */
  status: StatusData;
  /** A piece of the answer. */
  chunk: ChunkData;
  /** The whole answer. It replaces the pieces, and does not follow them. */
  result: ResultData;
  /** The agent failed; `[DONE]` follows. */
  error: ErrorData;
  /** The agent took a step: an older vocabulary's word for progress. */
  step: StepData;
}

/** Categories, and their event types. */
export interface StockAgentCategories {
  progress: 'status' | 'step';
  text: 'chunk';
  result: 'result';
  error: 'error';
}

/** `status` */
export interface StatusData {
  /**
   * The phase, an open string: `analyzing`, `planning`, `retrieving`, `synthesizing`; in
   * other versions `processing`, `thinking`, `completed`, `pending`, `computing`,
   * `failed`, `cancelled`.
   */
  status: string;
  /** With `retrieving`: what is being retrieved. It comes once for each layer of the plan. */
  steps?: Array<PlannedStep>;
}

/** One task of the plan. */
export interface PlannedStep {
  /** The task within the plan. */
  task_id: string;
  /** The tool that it runs, `query_stock_price` say. */
  tool: string;
}

/** `chunk`, also called `token` */
export interface ChunkData {
  /** The text that comes next. */
  content: string;
}

/** `result` */
export interface ResultData {
  /** The whole answer: it replaces the pieces that came before. */
  content: string;
  /** Where the data is from: names of the service's tables. */
  sources?: Array<string>;
  /** The notice that this is no advice. */
  disclaimer?: string;
}

/** `error` */
export interface ErrorData {
  /** What went wrong. */
  message: string;
  /** A code, where there is one. */
  code?: string;
}

/** `step` */
export interface StepData {
  /** The step. */
  step_name: string;
  /** How it goes, an open string. */
  status: string;
  /** What it was given. */
  params?: unknown;
}

/** Stock, an analyst of stocks: one answer, as it is worked out. */
export const stockAgent = /*#__PURE__*/ profileOf<StockAgentEvents, undefined, StockAgentCategories>({
  name: 'stock-agent',
  discriminator: { field: 'type' },
  categories: {
    progress: ['status', 'step'],
    text: ['chunk'],
    result: ['result'],
    error: ['error'],
  },
  aliases: { token: 'chunk' },
  critical: ['result', 'error'],
  droppable: ['status', 'step'],
  cursor: 'none',
  heartbeat: { comment: 15000 },
  end: '[DONE]',
  runsOnce: true,
  text: {
    append: { chunk: 'content' },
    replace: { result: 'content' },
    fail: { error: 'message' },
  },
});
