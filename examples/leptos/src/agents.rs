//! The agents: what each of a colony is doing, as it does it.

use crate::lamp::{Lamp, Notice};
use crate::place::Place;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::collections::BTreeMap;
use tidewire::client::{Client, EventOf};
use tidewire::filter::Filter;
use tidewire::leptos::use_events;
use tidewire::profiles::hive::{Category, Event, Hive};

/// How many tool calls of an agent are shown.
const CALLS: usize = 4;

/// How many reports of workers are shown.
const REPORTS: usize = 6;

/// The agents of a session.
#[component]
pub fn Agents(
    /// Where its server is.
    place: Place,
) -> impl IntoView {
    let writes = RwSignal::new(true);
    let url = format!("{}/api/sessions/session_demo/events", place.base("agents"));
    Effect::new(move || spawn_local(place.clone().prepare("agents")));

    let events = use_events::<Hive>(move || {
        let client = Client::new(&*url);
        match writes.get() {
            true => client,
            // What an agent writes is most of what comes: who looks at the tools can do without.
            false => client.filter(Filter::categories([
                Category::Tool,
                Category::Execution,
                Category::Node,
                Category::Context,
                Category::Queen,
            ])),
        }
    });
    let colony = events.fold(Colony::default(), Colony::take);

    let names = move || colony.with(|colony| colony.agents.keys().cloned().collect::<Vec<_>>());
    let question = move || {
        let question = colony.with(|colony| colony.question.clone())?;
        let options = question
            .1
            .into_iter()
            .map(|option| view! { <li>{option}</li> });
        Some(view! {
            <aside class="question">
                <p>{question.0}</p>
                <ul>{options.collect_view()}</ul>
            </aside>
        })
    };
    let reports = move || {
        let reports = colony.with(|colony| colony.reports.clone());
        let reports = reports
            .into_iter()
            .rev()
            .map(|report| view! { <li>{report}</li> });
        let reports: Vec<_> = reports.collect();
        (!reports.is_empty()).then(|| {
            view! {
                <h3>"Reports"</h3>
                <ol class="reports">{reports}</ol>
            }
        })
    };
    view! {
        <section class="panel agents">
            <div class="head">
                <h2>"Colony"</h2>
                <Lamp state=events.state() />
                <button
                    aria-pressed=move || writes.get().to_string()
                    on:click=move |_| writes.update(|writes| *writes = !*writes)
                >
                    "Text"
                </button>
            </div>
            <Notice status=events.status() />
            {question}
            <Show
                when=move || colony.with(|colony| !colony.agents.is_empty())
                fallback=|| view! { <p class="empty">"No agent has said anything yet."</p> }
            >
                <div class="cards">
                    <For
                        each=names
                        key=String::clone
                        children=move |name| view! { <Card name colony /> }
                    />
                </div>
                {reports}
            </Show>
        </section>
    }
}

#[component]
fn Card(name: String, colony: ReadSignal<Colony>) -> impl IntoView {
    let key = name.clone();
    let agent = Memo::new(move |_| {
        colony.with(|colony| colony.agents.get(&key).cloned().unwrap_or_default())
    });
    let calls = move || {
        let calls = agent.get().calls.into_iter().rev();
        calls
            .map(|call| {
                let outcome = call.outcome.name();
                view! { <li data-outcome=outcome><code>{call.tool}</code><span>{outcome}</span></li> }
            })
            .collect_view()
    };
    let title = name.clone();
    let context = move || agent.with(|agent| agent.context);
    view! {
        <article class="card" data-agent=name data-run=move || agent.get().run.name()>
            <h3>{title}<span class="run">{move || agent.get().run.name()}</span></h3>
            <p class="text">{move || agent.get().text}</p>
            <ul class="calls">{calls}</ul>
            <dl>
                <dt>"Tokens"</dt>
                <dd>{move || agent.with(|agent| agent.tokens)}</dd>
                <dt>"Context"</dt>
                <dd><meter max="100" high="80" value=context aria-label="Context" />{context}" %"</dd>
            </dl>
        </article>
    }
}

/// What has become of a colony.
#[derive(Debug, Clone, Default)]
struct Colony {
    agents: BTreeMap<String, Agent>,
    /// What the user is asked, with the answers that are offered.
    question: Option<(String, Vec<String>)>,
    /// What workers reported at their end.
    reports: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Agent {
    run: Outcome,
    text: String,
    calls: Vec<Call>,
    tokens: u64,
    /// Per cent.
    context: u64,
}

#[derive(Debug, Clone, PartialEq)]
struct Call {
    id: String,
    tool: String,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Outcome {
    #[default]
    Idle,
    Running,
    Done,
    Failed,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Outcome::Idle => "idle",
            Outcome::Running => "running",
            Outcome::Done => "done",
            Outcome::Failed => "failed",
        }
    }
}

impl Colony {
    fn take(&mut self, event: &EventOf<Hive>) {
        match &event.data {
            Event::ClientInputRequested(it) => {
                let prompt = it.prompt.clone().unwrap_or_default();
                self.question = Some((prompt, it.options.clone().unwrap_or_default()));
            }
            Event::ClientInputReceived(_) => self.question = None,
            _ => {}
        }
        match &event.data {
            Event::SubagentReport(it) => {
                let surplus = (self.reports.len() + 1).saturating_sub(REPORTS);
                self.reports.drain(..surplus);
                let text = it.summary.as_ref().or(it.message.as_ref());
                self.reports.push(text.cloned().unwrap_or_default());
                return;
            }
            // Of the session, and no agent's.
            Event::TriggerAvailable(_) | Event::TriggerActivated(_) | Event::Unknown(_) => return,
            _ => {}
        }
        let stream = event.meta.stream_id.clone();
        let agent = self.agents.entry(stream).or_default();
        match &event.data {
            // All of the text so far: it replaces, so that a repetition does no harm.
            Event::ClientOutputDelta(it) | Event::LlmTextDelta(it) => {
                agent.text.clone_from(&it.snapshot);
            }
            Event::ToolCallStarted(it) => agent.call(&it.tool_use_id, &it.tool_name),
            Event::ToolCallCompleted(it) => agent.finish(&it.tool_use_id, it.is_error),
            Event::ExecutionStarted(_) => agent.run = Outcome::Running,
            Event::ExecutionCompleted(_) => agent.run = Outcome::Done,
            Event::ExecutionFailed(_) => agent.run = Outcome::Failed,
            Event::ExecutionPaused(_) => agent.run = Outcome::Idle,
            Event::LlmTurnComplete(it) => agent.tokens += it.input_tokens + it.output_tokens,
            Event::ContextUsageUpdated(it) => agent.context = it.usage_pct,
            _ => {}
        }
    }
}

impl Agent {
    fn call(&mut self, id: &str, tool: &str) {
        let surplus = (self.calls.len() + 1).saturating_sub(CALLS);
        self.calls.drain(..surplus);
        self.calls.push(Call {
            id: id.to_owned(),
            tool: tool.to_owned(),
            outcome: Outcome::Running,
        });
    }

    fn finish(&mut self, id: &str, is_error: bool) {
        if let Some(call) = self.calls.iter_mut().find(|call| call.id == id) {
            call.outcome = if is_error {
                Outcome::Failed
            } else {
                Outcome::Done
            };
        }
    }
}
