//! A run of agents as a page would see it: a queen who plans and talks, a
//! worker who works, and parallel workers who report.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use uuid::Uuid;

use super::event::Event;
use super::{DEMO_SESSION, publish_if_live};
use crate::namespace::Namespace;
use crate::python_time;
use crate::traffic::Pace;

/// The tasks that the queen is given, over and over.
const TASKS: [Task; 3] = [
    Task {
        goal: "Compare three suppliers for packaging material",
        query: "recycled cardboard supplier price per 1000",
        finding: "Three suppliers quote between 212 and 268 EUR per 1,000 boxes",
        question: "Shall I ask for samples from the two cheapest?",
        options: ["Yes, both", "Only the cheapest", "Not yet"],
    },
    Task {
        goal: "Summarise this week's support tickets",
        query: "tickets created after monday status open",
        finding: "Of 83 tickets, 31 are about the export that times out",
        question: "Shall I open an issue for the export?",
        options: ["Open it", "Show me the tickets first", "Leave it"],
    },
    Task {
        goal: "Find out why the nightly import is slow",
        query: "import duration last 14 nights",
        finding: "Since Tuesday the import waits for a lock that the backup holds",
        question: "Shall I propose a new time for the backup?",
        options: ["Yes, at 04:00", "Yes, you choose", "No"],
    },
];

struct Task {
    goal: &'static str,
    query: &'static str,
    finding: &'static str,
    question: &'static str,
    options: [&'static str; 3],
}

/// One event and the pause before it, in milliseconds.
struct Step {
    pause: u64,
    kind: &'static str,
    stream: String,
    data: Value,
}

/// Publishes run after run; the end is its being dropped.
pub(super) async fn run_after_run(namespace: Arc<Namespace>, pace: Pace) {
    for number in 0_usize.. {
        let execution = format!("exec_{}", short_id());
        for step in run(&TASKS[number % TASKS.len()], number) {
            pace.pause(step.pause).await;
            let mut sessions = namespace.hive.with_sessions(|sessions| sessions.watched());
            if sessions.is_empty() {
                sessions.push(DEMO_SESSION.to_owned());
            }
            for session in sessions {
                publish_if_live(&namespace, &session, step.event(&execution));
            }
        }
    }
}

/// The queen's answer to a message of the user.
pub(super) async fn reply(namespace: Arc<Namespace>, session: String, message: String) {
    let quoted: String = message.chars().take(80).collect();
    let text = format!("Noted: “{quoted}”. I will take it into account in the current run.");
    let mut steps = vec![step(
        20,
        "execution_started",
        json!({"input": {"message": message}}),
    )];
    // The iteration is what keeps this answer apart from others in one execution.
    steps.extend(speech("client_output_delta", "queen", &text, 20, Some(0)));
    steps.push(step(20, "llm_turn_complete", turn(1, text.len())));
    steps.push(step(
        20,
        "execution_completed",
        json!({"output": {"reply": text}}),
    ));
    let execution = format!("exec_{}", short_id());
    for step in steps {
        tokio::time::sleep(Duration::from_millis(step.pause)).await;
        publish_if_live(&namespace, &session, step.event(&execution));
    }
}

impl Step {
    fn event(&self, execution: &str) -> Event {
        let node = if self.stream == "queen" {
            "queen"
        } else {
            "researcher"
        };
        Event {
            kind: self.kind.to_owned(),
            stream_id: self.stream.clone(),
            node_id: Some(node.to_owned()),
            execution_id: Some(execution.to_owned()),
            data: self.data.clone(),
            timestamp: python_time::naive(SystemTime::now()),
            correlation_id: None,
            colony_id: (node != "queen").then(|| "colony_research".to_owned()),
            run_id: None,
            seq: None,
        }
    }
}

fn step(pause: u64, kind: &'static str, data: Value) -> Step {
    Step {
        pause,
        kind,
        stream: "queen".to_owned(),
        data,
    }
}

fn worker_step(pause: u64, kind: &'static str, data: Value) -> Step {
    Step {
        pause,
        kind,
        stream: "worker".to_owned(),
        data,
    }
}

/// A text as it grows: each delta with the snapshot of all so far.
fn speech(
    kind: &'static str,
    stream: &str,
    text: &str,
    pause: u64,
    iteration: Option<usize>,
) -> Vec<Step> {
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    let mut snapshot = String::new();
    let deltas = words.chunks(3).map(|words| {
        let content = words.concat();
        snapshot.push_str(&content);
        let mut data = json!({"content": content, "snapshot": snapshot, "inner_turn": 0});
        if let Some(iteration) = iteration {
            data["iteration"] = iteration.into();
        }
        Step {
            pause,
            kind,
            stream: stream.to_owned(),
            data,
        }
    });
    deltas.collect()
}

fn turn(iteration: usize, characters: usize) -> Value {
    json!({
        "stop_reason": "end_turn",
        "model": "claude-sonnet-4-5",
        "input_tokens": 3_200 + 410 * iteration,
        "output_tokens": characters / 4,
        "cached_tokens": 2_048,
        "iteration": iteration,
    })
}

fn context(messages: u64, trigger: &str) -> Value {
    let tokens = 2_900 + 1_350 * messages;
    let limit = 180_000;
    json!({
        "usage_ratio": (tokens as f64 / limit as f64 * 1e4).round() / 1e4,
        "usage_pct": tokens * 100 / limit,
        "message_count": messages,
        "estimated_tokens": tokens,
        "max_context_tokens": limit,
        "trigger": trigger,
    })
}

/// One run, from the user's wish to its end.
fn run(task: &Task, number: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let trigger = json!({
        "trigger_id": "daily_review",
        "trigger_type": "timer",
        "trigger_config": {"cron": "0 9 * * 1-5"},
        "name": "Daily review",
    });
    if number == 0 {
        steps.push(step(200, "trigger_available", trigger.clone()));
        steps.push(step(300, "trigger_activated", trigger));
    } else if number.is_multiple_of(3) {
        steps.push(step(
            300,
            "trigger_fired",
            json!({"trigger_id": "daily_review"}),
        ));
    }
    steps.push(step(
        400,
        "client_input_received",
        json!({"content": task.goal, "image_count": 0}),
    ));
    steps.push(step(
        250,
        "queen_phase_changed",
        json!({"phase": "planning"}),
    ));
    steps.push(step(
        250,
        "execution_started",
        json!({"input": {"goal": task.goal}}),
    ));
    steps.push(step(
        250,
        "node_loop_started",
        json!({"max_iterations": 50}),
    ));
    steps.push(step(
        200,
        "node_loop_iteration",
        json!({"iteration": 1, "phase": "planning"}),
    ));
    let plan = format!(
        "I will {}. First I look for the facts, then I report.",
        lower(task.goal)
    );
    steps.extend(speech("client_output_delta", "queen", &plan, 220, Some(1)));
    steps.push(step(250, "llm_turn_complete", turn(1, plan.len())));
    steps.push(step(
        250,
        "context_usage_updated",
        context(4, "turn_complete"),
    ));
    steps.push(step(
        300,
        "queen_phase_changed",
        json!({"phase": "running"}),
    ));
    steps.extend(work(task));
    steps.extend(reports(task));
    steps.push(step(250, "goal_progress", progress(0.75, "met", "pending")));
    if number % 4 == 3 {
        let compaction = json!({"level": "light", "usage_before": 82, "usage_after": 47});
        steps.push(step(300, "context_compacted", compaction));
    }
    steps.push(step(
        250,
        "node_loop_iteration",
        json!({"iteration": 2, "phase": "running"}),
    ));
    let answer = format!("{}. {}", task.finding, task.question);
    steps.extend(speech(
        "client_output_delta",
        "queen",
        &answer,
        220,
        Some(2),
    ));
    let request = json!({"prompt": task.question, "options": task.options});
    steps.push(step(300, "client_input_requested", request));
    let choice = task.options[number % task.options.len()];
    steps.push(step(
        1500,
        "client_input_received",
        json!({"content": choice, "image_count": 0}),
    ));
    steps.push(step(250, "llm_turn_complete", turn(2, answer.len())));
    steps.push(step(
        250,
        "context_usage_updated",
        context(11, "turn_complete"),
    ));
    steps.push(step(250, "goal_progress", progress(1.0, "met", "met")));
    steps.push(step(250, "node_loop_completed", json!({"iterations": 2})));
    let output = json!({"output": {"finding": task.finding, "decision": choice}});
    steps.push(step(300, "execution_completed", output));
    steps.push(step(
        300,
        "queen_phase_changed",
        json!({"phase": "independent"}),
    ));
    steps
}

/// What the one main worker does; his stream is let through.
fn work(task: &Task) -> Vec<Step> {
    let mut steps = Vec::new();
    let call = format!("tu_{}", short_id());
    let search = json!({
        "tool_use_id": call,
        "tool_name": "web_search",
        "tool_input": {"q": task.query, "limit": 5},
    });
    steps.push(worker_step(250, "tool_call_started", search));
    let found = json!({
        "tool_use_id": call,
        "tool_name": "web_search",
        "result": format!("5 results for “{}”", task.query),
        "is_error": false,
    });
    steps.push(worker_step(900, "tool_call_completed", found));
    let thought = format!("The results are consistent. {}.", task.finding);
    steps.extend(speech("llm_text_delta", "worker", &thought, 220, None));
    steps.push(worker_step(
        250,
        "node_internal_output",
        json!({"content": task.finding}),
    ));
    steps.push(step(250, "goal_progress", progress(0.4, "met", "pending")));
    steps
}

/// Two parallel workers. Of their chatter, published like everything else,
/// only the reports reach the queen's page.
fn reports(task: &Task) -> Vec<Step> {
    let mut steps = Vec::new();
    for (number, seconds) in [(1, 12.4), (2, 15.0)] {
        let worker = Uuid::new_v4().to_string();
        let stream = format!("worker:{worker}");
        let chatter = format!("Checking source {number} for “{}”.", task.query);
        steps.extend(speech("llm_text_delta", &stream, &chatter, 60, None));
        let data = json!({
            "worker_id": worker,
            "colony_id": "colony_research",
            "task": format!("Check source {number}"),
            "status": "success",
            "summary": format!("Source {number} agrees: {}", task.finding),
            "data": {"source": number},
            "error": null,
            "duration_seconds": seconds,
            "tokens_used": 1_840 + 250 * number,
        });
        steps.push(Step {
            pause: 350,
            kind: "subagent_report",
            stream,
            data,
        });
    }
    steps
}

fn progress(share: f64, facts: &str, decision: &str) -> Value {
    json!({"progress": share, "criteria_status": {"facts": facts, "decision": decision}})
}

fn lower(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}

fn short_id() -> String {
    Uuid::new_v4()
        .simple()
        .to_string()
        .chars()
        .take(8)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_text_grows_to_the_snapshot_of_its_last_delta() {
        let steps = speech(
            "client_output_delta",
            "queen",
            "one two three four five",
            1,
            Some(3),
        );
        let deltas: String = steps
            .iter()
            .filter_map(|step| step.data["content"].as_str())
            .collect();
        assert_eq!(deltas, "one two three four five");
        assert_eq!(steps.last().unwrap().data["snapshot"], deltas);
        assert_eq!(steps[0].data["iteration"], 3);
    }

    #[test]
    fn a_run_shows_many_types_and_closes_what_it_opens() {
        for (number, task) in TASKS.iter().enumerate() {
            let steps = run(task, number);
            let kinds: HashSet<&str> = steps.iter().map(|step| step.kind).collect();
            assert!(kinds.len() >= 17, "{}", kinds.len());
            assert!(kinds.contains("execution_started") && kinds.contains("execution_completed"));
            assert!(
                kinds
                    .iter()
                    .all(|kind| super::super::types::is_default(kind)),
                "{kinds:?}"
            );
        }
    }

    #[test]
    fn a_run_brings_two_to_five_events_a_second() {
        let steps = run(&TASKS[0], 1);
        let milliseconds: u64 = steps.iter().map(|step| step.pause).sum();
        let rate = steps.len() as f64 * 1000.0 / milliseconds as f64;
        assert!((2.0..5.0).contains(&rate), "{rate}");
    }
}
