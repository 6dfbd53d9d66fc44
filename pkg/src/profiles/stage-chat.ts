/** Stage chat, staged completions: one stage's text and tool calls. */

// Printed from the tables in src/profiles by `cargo xtask types`. Change those.

import { profileOf } from '../profile.js';

/** Event types, and their payloads. */
export interface StageChatEvents {
  /** A piece of the completion. */
  chat_completion_chunk: ChatCompletion;
  /** A piece of the tool calls; in the synthesis, of the text. */
  tool_completion_chunk: ToolCompletion;
  /** What the tools answered. */
  tool_summary: ToolSummaryData;
  /** The stage is complete. */
  done: StageEnd;
  /** The stage was cancelled. */
  cancel: StageEnd;
  /** The stage failed. */
  error: StageError;
}

/** Categories, and their event types. */
export interface StageChatCategories {
  completion: 'chat_completion_chunk';
  tool: 'tool_completion_chunk' | 'tool_summary';
  lifecycle: 'done' | 'cancel' | 'error';
}

/** `chat_completion_chunk` */
export interface ChatCompletion {
  /** The stage, as the request named it. */
  stage_id: string;
  /** The chunk, as the model's server sent it. */
  chunk: CompletionChunk;
}

/** OpenAI's `ChatCompletionChunk`. */
export interface CompletionChunk {
  /** The completion: the same in each of its chunks. */
  id: string;
  /** The alternatives; empty in a chunk that tells the usage alone. */
  choices: Array<Choice>;
  /** Seconds since 1970. */
  created: number;
  /** The model. */
  model: string;
  /** `chat.completion.chunk` */
  object: string;
  /** The tier that served the request. */
  service_tier: string | null;
  /** The configuration of the server that the model ran on. */
  system_fingerprint: string | null;
  /** What was used, in the last chunk and if it was asked for. */
  usage: Usage | null;
}

/** One alternative. */
export interface Choice {
  /** What is added to it. */
  delta: Delta;
  /** Why it ended: `stop`, `length`, `tool_calls`, `content_filter`, `function_call`. */
  finish_reason: string | null;
  /** Which one it is, from 0. */
  index: number;
  /** How likely each token was, if it was asked for. */
  logprobs: Logprobs | null;
}

/** What is added to an alternative. */
export interface Delta {
  /** The text that comes next. Some models write a tool call here, as JSON. */
  content: string | null;
  /** A piece of a function call: what tool calls were once called. */
  function_call: FunctionPart | null;
  /** The text of a refusal that comes next. */
  refusal: string | null;
  /** Whose text it is, in the first chunk: `assistant`. */
  role: string | null;
  /** Pieces of tool calls. */
  tool_calls: Array<ToolCallPart> | null;
}

/** A piece of a function call. */
export interface FunctionPart {
  /** The part of its arguments that comes next: JSON once it is whole. */
  arguments: string | null;
  /** The function, in its first piece. */
  name: string | null;
}

/** A piece of a tool call. */
export interface ToolCallPart {
  /** Which call it belongs to, from 0. */
  index: number;
  /** The call, in its first piece. */
  id: string | null;
  /** The function that is called. */
  function: FunctionPart | null;
  /** `function` */
  type: string | null;
}

/** How likely each token was. */
export interface Logprobs {
  /** Of the text. */
  content: Array<TokenLogprob> | null;
  /** Of the refusal. */
  refusal: Array<TokenLogprob> | null;
}

/** How likely a token was. */
export interface TokenLogprob {
  /** The token. */
  token: string;
  /** Its bytes in UTF-8, where it has such. */
  bytes: Array<number> | null;
  /** The natural logarithm of its probability; null where Python wrote `-Infinity`. */
  logprob: number | null;
  /** The likeliest tokens in its place. */
  top_logprobs: Array<TopLogprob> | null;
}

/** A token that could have been. */
export interface TopLogprob {
  /** The token. */
  token: string;
  /** Its bytes in UTF-8, where it has such. */
  bytes: Array<number> | null;
  /** The natural logarithm of its probability; null where Python wrote `-Infinity`. */
  logprob: number | null;
}

/** What a completion used. */
export interface Usage {
  /** Tokens of the answer. */
  completion_tokens: number;
  /** Tokens of the question. */
  prompt_tokens: number;
  /** Tokens of both. */
  total_tokens: number;
  /** What the answer's tokens were. */
  completion_tokens_details: CompletionTokens | null;
  /** What the question's tokens were. */
  prompt_tokens_details: PromptTokens | null;
}

/** What the tokens of an answer were. */
export interface CompletionTokens {
  /** Predicted tokens that came true. */
  accepted_prediction_tokens: number | null;
  /** Tokens of sound. */
  audio_tokens: number | null;
  /** Tokens of reasoning. */
  reasoning_tokens: number | null;
  /** Predicted tokens that did not come true. */
  rejected_prediction_tokens: number | null;
}

/** What the tokens of a question were. */
export interface PromptTokens {
  /** Tokens of sound. */
  audio_tokens: number | null;
  /** Tokens that the server had in its cache. */
  cached_tokens: number | null;
}

/** `tool_completion_chunk` */
export interface ToolCompletion {
  /** The stage, as the request named it. */
  stage_id: string;
  /** The chunk, as the model's server sent it: no results, in spite of its name. */
  tool_results: CompletionChunk;
}

/** `tool_summary` */
export interface ToolSummaryData {
  /** The stage, as the request named it. */
  stage_id: string;
  /**
   * The tools' answers by the id of the tool call: strings, as far as is known. One that
   * failed begins with `[Tool Error]`.
   */
  tool_summary: Record<string, unknown>;
}

/** `done` and `cancel` */
export interface StageEnd {
  /** The stage, as the request named it. */
  stage_id: string;
}

/** `error` */
export interface StageError {
  /** The stage, as the request named it. */
  stage_id: string;
  /** What went wrong. */
  error: string;
}

/** Stage chat, staged completions: one stage's text and tool calls. */
export const stageChat = /*#__PURE__*/ profileOf<StageChatEvents, undefined, StageChatCategories>({
  name: 'stage-chat',
  categories: {
    completion: ['chat_completion_chunk'],
    tool: ['tool_completion_chunk', 'tool_summary'],
    lifecycle: ['done', 'cancel', 'error'],
  },
  critical: [
    'chat_completion_chunk',
    'tool_completion_chunk',
    'tool_summary',
    'done',
    'cancel',
    'error',
  ],
  terminal: ['done', 'cancel', 'error'],
  cursor: 'none',
  runsOnce: true,
  repair: 'line-breaks',
  text: {
    append: {
      chat_completion_chunk: 'chunk.choices.0.delta.content',
      tool_completion_chunk: 'tool_results.choices.0.delta.content',
    },
    fail: { error: 'error', cancel: 'reason' },
  },
});
