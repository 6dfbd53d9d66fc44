//! A completion as a model would give it, when no script was left.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use uuid::Uuid;

use super::Prompt;

/// How many characters of the prompt the answer repeats.
const QUOTED_CHARACTERS: usize = 80;

/// A text answer: chunks, then `done`.
pub(super) fn chat(prompt: &Prompt) -> Vec<Value> {
    let model = Model::of(prompt);
    let text = format!(
        "You asked: “{}”. Here is a short answer, streamed as it is made. A staged prompt runs \
         one model at a time; each stage hands its text to the next, and the page shows them \
         side by side. Nothing is sent twice, and closing the page ends the stage.",
        quoted(&prompt.user_prompt),
    );
    let chunks = model.text(&text);
    let mut events: Vec<Value> =
        numbered(prompt, "chunk", "chat_completion_chunk", "chunk", chunks);
    events.push(done(prompt, events.len()));
    events
}

/// Tool calls, their results, and on request a text that draws on these.
pub(super) fn toolchain(prompt: &Prompt) -> Vec<Value> {
    let model = Model::of(prompt);
    let weather = format!("call_{}", short_id());
    let time = format!("call_{}", short_id());
    let place = place_in(&prompt.user_prompt);
    let calls = [
        (
            weather.as_str(),
            "get_weather",
            json!({"location": place, "unit": "celsius"}),
        ),
        (time.as_str(), "get_local_time", json!({"location": place})),
    ];
    let mut events = numbered(
        prompt,
        "chunk",
        "tool_completion_chunk",
        "tool_results",
        model.tool_calls(&calls),
    );
    let summary = json!({
        weather: format!("{place}: 14 °C, light rain, wind 12 km/h"),
        time: format!("{place}: 09:41"),
    });
    events.push(json!({
        "id": "0",
        "event": "tool_summary",
        "data": {"stage_id": prompt.stage_id, "tool_summary": summary},
    }));
    let mut count = events.len() - 1;
    if prompt.synthesis {
        let text = format!(
            "It is 09:41 in {place}, 14 °C with light rain and a breeze of 12 km/h. Take a jacket."
        );
        let chunks = model.text(&text);
        count += chunks.len();
        events.extend(numbered(
            prompt,
            "chunk-integ",
            "tool_completion_chunk",
            "tool_results",
            chunks,
        ));
    }
    events.push(done(prompt, count));
    events
}

fn numbered(
    prompt: &Prompt,
    label: &str,
    event: &str,
    member: &str,
    chunks: Vec<Value>,
) -> Vec<Value> {
    let stage_id = &prompt.stage_id;
    chunks
        .into_iter()
        .enumerate()
        .map(|(number, chunk)| {
            json!({
                "id": format!("{stage_id}-{label}-{number}"),
                "event": event,
                "data": {"stage_id": stage_id, member: chunk},
            })
        })
        .collect()
}

fn done(prompt: &Prompt, count: usize) -> Value {
    json!({"id": count.to_string(), "event": "done", "data": {"stage_id": prompt.stage_id}})
}

fn quoted(prompt: &str) -> String {
    prompt.trim().chars().take(QUOTED_CHARACTERS).collect()
}

/// The last capitalised word of the prompt, as a model would guess the place.
fn place_in(prompt: &str) -> String {
    prompt
        .split(|character: char| !character.is_alphabetic())
        .skip(1)
        .filter(|word| word.chars().next().is_some_and(char::is_uppercase))
        .last()
        .unwrap_or("Oslo")
        .chars()
        .take(QUOTED_CHARACTERS)
        .collect()
}

fn short_id() -> String {
    Uuid::new_v4()
        .simple()
        .to_string()
        .chars()
        .take(8)
        .collect()
}

/// What all chunks of one completion share.
struct Model {
    id: String,
    created: u64,
    name: &'static str,
}

impl Model {
    fn of(prompt: &Prompt) -> Self {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            id: format!("chatcmpl-{}", since_epoch.subsec_millis()),
            created: since_epoch.as_secs(),
            name: match prompt.model.as_str() {
                "traditional" => "llama3.1:8b",
                "traditional_alt" => "mistral-nemo:12b",
                "reasoning" => "qwen3:8b",
                "reasoning_alt" => "deepseek-r1:8b",
                _ => "qwen2.5:7b-instruct",
            },
        }
    }

    /// A word at a time, the reason for the end, and the usage, whose chunk
    /// has no choices at all.
    fn text(&self, text: &str) -> Vec<Value> {
        let mut chunks: Vec<Value> = text
            .split_inclusive(' ')
            .map(|word| self.chunk(delta(Some(word), Value::Null), None))
            .collect();
        chunks.push(self.chunk(delta(Some(""), Value::Null), Some("stop")));
        chunks.push(self.usage(text.len() / 4));
        chunks
    }

    /// Each call's name first, then its arguments in two halves.
    fn tool_calls(&self, calls: &[(&str, &str, Value)]) -> Vec<Value> {
        let mut chunks = Vec::new();
        for (index, (id, name, arguments)) in calls.iter().enumerate() {
            let call = |arguments: &str, id: Value, name: Value| {
                json!([{
                    "index": index,
                    "id": id,
                    "function": {"arguments": arguments, "name": name},
                    "type": "function",
                }])
            };
            let arguments = arguments.to_string();
            let middle = (0..=arguments.len() / 2)
                .rev()
                .find(|place| arguments.is_char_boundary(*place))
                .unwrap_or(0);
            let (first, second) = arguments.split_at(middle);
            chunks.push(self.chunk(delta(None, call("", (*id).into(), (*name).into())), None));
            chunks.push(self.chunk(delta(None, call(first, Value::Null, Value::Null)), None));
            chunks.push(self.chunk(delta(None, call(second, Value::Null, Value::Null)), None));
        }
        chunks.push(self.chunk(delta(None, Value::Null), Some("tool_calls")));
        chunks
    }

    fn chunk(&self, delta: Value, finish_reason: Option<&str>) -> Value {
        let choice = json!({
            "delta": delta,
            "finish_reason": finish_reason,
            "index": 0,
            "logprobs": null,
        });
        self.with(json!([choice]), Value::Null)
    }

    fn usage(&self, completion_tokens: usize) -> Value {
        let prompt_tokens = 48;
        let usage = json!({
            "completion_tokens": completion_tokens,
            "prompt_tokens": prompt_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
            "completion_tokens_details": null,
            "prompt_tokens_details": null,
        });
        self.with(json!([]), usage)
    }

    fn with(&self, choices: Value, usage: Value) -> Value {
        json!({
            "id": self.id,
            "choices": choices,
            "created": self.created,
            "model": self.name,
            "object": "chat.completion.chunk",
            "service_tier": null,
            "system_fingerprint": "fp_ollama",
            "usage": usage,
        })
    }
}

fn delta(content: Option<&str>, tool_calls: Value) -> Value {
    json!({
        "content": content,
        "function_call": null,
        "refusal": null,
        "role": "assistant",
        "tool_calls": tool_calls,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(synthesis: bool) -> Prompt {
        Prompt {
            stage_id: "s".into(),
            user_prompt: "What is the weather in Bergen today?".into(),
            model: "traditional".into(),
            synthesis,
        }
    }

    fn names(events: &[Value]) -> Vec<&str> {
        let mut names: Vec<&str> = events
            .iter()
            .filter_map(|event| event["event"].as_str())
            .collect();
        names.dedup();
        names
    }

    #[test]
    fn a_chat_is_chunks_and_done_with_their_count() {
        let events = chat(&prompt(false));
        assert_eq!(names(&events), ["chat_completion_chunk", "done"]);
        assert_eq!(events[0]["id"], "s-chunk-0");
        assert_eq!(events.last().unwrap()["id"], (events.len() - 1).to_string());
        let text: String = events
            .iter()
            .filter_map(|event| event["data"]["chunk"]["choices"][0]["delta"]["content"].as_str())
            .collect();
        assert!(text.contains("What is the weather in Bergen today?"));
    }

    #[test]
    fn a_toolchain_calls_tools_and_sums_them_up_by_call_id() {
        let events = toolchain(&prompt(false));
        assert_eq!(
            names(&events),
            ["tool_completion_chunk", "tool_summary", "done"]
        );
        let call = &events[0]["data"]["tool_results"]["choices"][0]["delta"]["tool_calls"][0];
        let summary = &events[events.len() - 2]["data"]["tool_summary"];
        let result = summary[call["id"].as_str().unwrap()].as_str().unwrap();
        assert!(result.starts_with("Bergen"), "{result}");
    }

    #[test]
    fn the_pieces_of_a_calls_arguments_make_json() {
        let events = toolchain(&prompt(false));
        let arguments: String = events
            .iter()
            .flat_map(|event| {
                event["data"]["tool_results"]["choices"][0]["delta"]["tool_calls"].as_array()
            })
            .flatten()
            .filter(|call| call["index"] == 0)
            .filter_map(|call| call["function"]["arguments"].as_str())
            .collect();
        let arguments: Value = serde_json::from_str(&arguments).unwrap();
        assert_eq!(arguments["location"], "Bergen");
    }

    #[test]
    fn a_synthesis_counts_its_chunks_from_nought_again() {
        let events = toolchain(&prompt(true));
        assert_eq!(
            names(&events),
            [
                "tool_completion_chunk",
                "tool_summary",
                "tool_completion_chunk",
                "done"
            ]
        );
        assert!(events.iter().any(|event| event["id"] == "s-chunk-integ-0"));
    }
}
