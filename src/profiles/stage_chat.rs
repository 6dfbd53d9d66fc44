//! Stage chat, staged completions: `POST /stream/v1/chat` and `POST /stream/v1/toolchain`.
//!
//! Each event carries a `ChatCompletionChunk` as OpenAI's Python library writes it, nulls and
//! all. The ids are labels: they repeat and jump, and no connection goes on after one. The request
//! runs models: it is never sent twice.
//!
//! The service splits its JSON at every character that ends a line for Python, U+2028 say, so
//! that one JSON string may come in several `data` lines. `done` and `cancel` have the same
//! payload: the event's name alone tells them apart.
//!
//! ```
//! use tidewire::profiles::stage_chat::{Event, StageChat};
//! use tidewire::profiles::{Profile, RawEvent};
//!
//! let payload = r#"{"stage_id": "6c1f"}"#;
//! let ended = ["done", "cancel"].map(|name| StageChat::decode(&RawEvent::new(name, payload)));
//! assert!(matches!(ended, [Ok(Event::Done(_)), Ok(Event::Cancel(_))]));
//! ```

use super::{Cursor, Repair, Spec};
use alloc::borrow::Cow;

profile! {
    /// Stage chat, staged completions: one stage's text and tool calls.
    StageChat = "stage-chat";
    meta: super::NoMeta;
    categories {
        /// The text as it is written.
        Completion = "completion",
        /// Tool calls, and what came of them.
        Tool = "tool",
        /// How the stage ended.
        Lifecycle = "lifecycle",
    }
    events {
        /// A piece of the completion.
        ChatCompletionChunk(ChatCompletion) = "chat_completion_chunk" in Completion [CRITICAL];
        /// A piece of the tool calls; in the synthesis, of the text.
        ToolCompletionChunk(ToolCompletion) = "tool_completion_chunk" in Tool [CRITICAL];
        /// What the tools answered.
        ToolSummary(ToolSummaryData) = "tool_summary" in Tool [CRITICAL];
        /// The stage is complete.
        Done(StageEnd) = "done" in Lifecycle [TERMINAL CRITICAL];
        /// The stage was cancelled.
        Cancel(StageEnd) = "cancel" in Lifecycle [TERMINAL CRITICAL];
        /// The stage failed.
        Error(StageError) = "error" in Lifecycle [TERMINAL CRITICAL];
    }
}

/// What the connection, the filter and the driver know of Stage chat.
pub fn spec() -> Spec {
    Spec {
        categories: Cow::Borrowed(CATEGORIES),
        events: Cow::Borrowed(EVENTS),
        cursor: Cursor::None,
        runs_once: true,
        repair: Repair::LineBreaks,
        ..Spec::new("stage-chat")
    }
}

payloads! {
    /// `chat_completion_chunk`
    pub struct ChatCompletion {
        /// The stage, as the request named it.
        stage_id: String,
        /// The chunk, as the model's server sent it.
        chunk: CompletionChunk,
    }

    /// `tool_completion_chunk`
    pub struct ToolCompletion {
        /// The stage, as the request named it.
        stage_id: String,
        /// The chunk, as the model's server sent it: no results, in spite of its name.
        tool_results: CompletionChunk,
    }

    /// `tool_summary`
    pub struct ToolSummaryData {
        /// The stage, as the request named it.
        stage_id: String,
        /// The tools' answers by the id of the tool call: strings, as far as is known. One that
        /// failed begins with `[Tool Error]`.
        tool_summary: serde_json::Map<String, serde_json::Value>,
    }

    /// `done` and `cancel`
    pub struct StageEnd {
        /// The stage, as the request named it.
        stage_id: String,
    }

    /// `error`
    pub struct StageError {
        /// The stage, as the request named it.
        stage_id: String,
        /// What went wrong.
        error: String,
    }

    /// OpenAI's `ChatCompletionChunk`.
    pub struct CompletionChunk {
        /// The completion: the same in each of its chunks.
        id: String,
        /// The alternatives; empty in a chunk that tells the usage alone.
        choices: Vec<Choice>,
        /// Seconds since 1970.
        created: u64,
        /// The model.
        model: String,
        /// `chat.completion.chunk`
        object: String,
        /// The tier that served the request.
        service_tier: Option<String>,
        /// The configuration of the server that the model ran on.
        system_fingerprint: Option<String>,
        /// What was used, in the last chunk and if it was asked for.
        usage: Option<Usage>,
    }

    /// One alternative.
    pub struct Choice {
        /// What is added to it.
        delta: Delta,
        /// Why it ended: `stop`, `length`, `tool_calls`, `content_filter`, `function_call`.
        finish_reason: Option<String>,
        /// Which one it is, from 0.
        index: u64,
        /// How likely each token was, if it was asked for.
        logprobs: Option<Logprobs>,
    }

    /// What is added to an alternative.
    pub struct Delta {
        /// The text that comes next. Some models write a tool call here, as JSON.
        content: Option<String>,
        /// A piece of a function call: what tool calls were once called.
        function_call: Option<FunctionPart>,
        /// The text of a refusal that comes next.
        refusal: Option<String>,
        /// Whose text it is, in the first chunk: `assistant`.
        role: Option<String>,
        /// Pieces of tool calls.
        tool_calls: Option<Vec<ToolCallPart>>,
    }

    /// A piece of a tool call.
    pub struct ToolCallPart {
        /// Which call it belongs to, from 0.
        index: u64,
        /// The call, in its first piece.
        id: Option<String>,
        /// The function that is called.
        function: Option<FunctionPart>,
        /// `function`
        kind as "type": Option<String>,
    }

    /// A piece of a function call.
    pub struct FunctionPart {
        /// The part of its arguments that comes next: JSON once it is whole.
        arguments: Option<String>,
        /// The function, in its first piece.
        name: Option<String>,
    }

    /// How likely each token was.
    pub struct Logprobs {
        /// Of the text.
        content: Option<Vec<TokenLogprob>>,
        /// Of the refusal.
        refusal: Option<Vec<TokenLogprob>>,
    }

    /// How likely a token was.
    pub struct TokenLogprob {
        /// The token.
        token: String,
        /// Its bytes in UTF-8, where it has such.
        bytes: Option<Vec<u8>>,
        /// The natural logarithm of its probability; null where Python wrote `-Infinity`.
        logprob: Option<f64>,
        /// The likeliest tokens in its place.
        top_logprobs: Option<Vec<TopLogprob>>,
    }

    /// A token that could have been.
    pub struct TopLogprob {
        /// The token.
        token: String,
        /// Its bytes in UTF-8, where it has such.
        bytes: Option<Vec<u8>>,
        /// The natural logarithm of its probability; null where Python wrote `-Infinity`.
        logprob: Option<f64>,
    }

    /// What a completion used.
    pub struct Usage {
        /// Tokens of the answer.
        completion_tokens: u64,
        /// Tokens of the question.
        prompt_tokens: u64,
        /// Tokens of both.
        total_tokens: u64,
        /// What the answer's tokens were.
        completion_tokens_details: Option<CompletionTokens>,
        /// What the question's tokens were.
        prompt_tokens_details: Option<PromptTokens>,
    }

    /// What the tokens of an answer were.
    pub struct CompletionTokens {
        /// Predicted tokens that came true.
        accepted_prediction_tokens: Option<u64>,
        /// Tokens of sound.
        audio_tokens: Option<u64>,
        /// Tokens of reasoning.
        reasoning_tokens: Option<u64>,
        /// Predicted tokens that did not come true.
        rejected_prediction_tokens: Option<u64>,
    }

    /// What the tokens of a question were.
    pub struct PromptTokens {
        /// Tokens of sound.
        audio_tokens: Option<u64>,
        /// Tokens that the server had in its cache.
        cached_tokens: Option<u64>,
    }
}
