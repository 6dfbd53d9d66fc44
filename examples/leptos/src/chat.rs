//! The chat: each question is a component, whose answer is streamed to it once.

use crate::lamp::Lamp;
use crate::place::Place;
use leptos::prelude::*;
use serde_json::json;
use tidewire::client::{Client, EventOf, Status};
use tidewire::connection::CloseReason;
use tidewire::leptos::use_events_when;
use tidewire::profiles::stock_agent::{Event, StockAgent};

const SUGGESTION: &str = "How did Kweichow Moutai trade this week?";

/// The chat.
#[component]
pub fn Chat(
    /// Where its server is.
    place: Place,
) -> impl IntoView {
    let questions = RwSignal::new(Vec::<(usize, String)>::new());
    let draft = RwSignal::new(SUGGESTION.to_owned());
    let ask = Callback::new(move |question: String| {
        questions.update(|questions| questions.push((questions.len(), question)));
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let question = draft.get().trim().to_owned();
        if !question.is_empty() {
            ask.run(question);
            draft.set(String::new());
        }
    };
    let url = format!("{}/api/chat", place.base("chat"));
    view! {
        <section class="panel chat">
            <div class="head">
                <h2>"Ask the analyst"</h2>
            </div>
            <div class="exchanges" aria-live="polite">
                <For
                    each=move || questions.get()
                    key=|(number, _)| *number
                    children=move |(number, question)| {
                        view! { <Exchange number question url=url.clone() ask /> }
                    }
                />
            </div>
            <form class="ask" on:submit=submit>
                <input aria-label="Question" autocomplete="off" bind:value=draft />
                <button class="main">"Ask"</button>
            </form>
        </section>
    }
}

/// A question and its answer. It is sent once, and given up with its component.
#[component]
fn Exchange(number: usize, question: String, url: String, ask: Callback<String>) -> impl IntoView {
    let body = json!({ "message": question, "session_id": "leptos" });
    let events = use_events_when::<StockAgent>(move || Client::new(&*url).json(&body).ok());
    let answer = events.fold(Answer::default(), Answer::take);
    let status = events.status();

    let is_over = Memo::new(move |_| status.with(|status| status.closed.is_some()));
    let phase = move || {
        let phase = answer.with(|answer| answer.phase.clone());
        phase
            .filter(|_| !is_over.get())
            .map(|phase| view! { <p class="phase">{phase}</p> })
    };
    let problem = move || {
        let problem = answer.with(|answer| answer.problem.clone());
        let problem = problem.or_else(|| status.with(remark));
        problem.map(|problem| view! { <p class="problem" role="alert">{problem}</p> })
    };
    let note = move || {
        let note = answer.with(|answer| answer.disclaimer.clone());
        note.map(|note| view! { <p class="quiet">{note}</p> })
    };
    let over = Signal::derive(move || {
        let has_problem = answer.with(|answer| answer.problem.is_some());
        match reason(&status.get()) {
            Some(CloseReason::Ended) if !has_problem => "Answered",
            Some(CloseReason::Closed) => "Stopped",
            _ => "Failed",
        }
    });
    let asked = question.clone();
    let again = move |_| ask.run(asked.clone());
    view! {
        <article class="exchange" data-number=number.to_string()>
            <p class="question">{question}</p>
            <div class="answer" aria-busy=move || (!is_over.get()).to_string()>
                {phase}
                <p class="text">{move || answer.with(|answer| answer.text.clone())}</p>
                {note}
                {problem}
            </div>
            <div class="acts">
                <Lamp state=events.state() over />
                {move || match is_over.get() {
                    true => view! { <button on:click=again.clone()>"Ask again"</button> }.into_any(),
                    false => view! { <button on:click=move |_| events.close()>"Stop"</button> }.into_any(),
                }}
            </div>
        </article>
    }
}

fn reason(status: &Status) -> Option<CloseReason> {
    status.closed.as_ref().map(|closed| closed.reason)
}

/// What is to be said of the end.
fn remark(status: &Status) -> Option<String> {
    match reason(status)? {
        CloseReason::Ended | CloseReason::Closed => None,
        // Never by itself: the agent would run twice.
        CloseReason::Interrupted => Some("The answer broke off.".to_owned()),
        _ => {
            let error = status
                .closed
                .as_ref()
                .and_then(|closed| closed.error.as_ref());
            Some(error.map_or("There is no answer.".to_owned(), ToString::to_string))
        }
    }
}

/// What has come of an answer.
#[derive(Debug, Clone, Default)]
struct Answer {
    phase: Option<String>,
    text: String,
    disclaimer: Option<String>,
    problem: Option<String>,
}

impl Answer {
    fn take(&mut self, event: &EventOf<StockAgent>) {
        match &event.data {
            Event::Status(it) => {
                let tools = it.steps.iter().flatten().map(|step| &*step.tool);
                let tools = tools.collect::<Vec<_>>().join(", ");
                self.phase = Some(match tools.is_empty() {
                    true => it.status.clone(),
                    false => format!("{}: {tools}", it.status),
                });
            }
            Event::Step(it) => self.phase = Some(it.step_name.clone()),
            Event::Chunk(it) => self.text.push_str(&it.content),
            // The whole text once more: it replaces what was put together.
            Event::Result(it) => {
                self.text.clone_from(&it.content);
                self.disclaimer.clone_from(&it.disclaimer);
            }
            Event::Error(it) => self.problem = Some(it.message.clone()),
            Event::Unknown(_) => {}
        }
    }
}
