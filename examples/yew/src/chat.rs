//! The chat: each question is a component, whose answer is streamed to it once.

use crate::lamp::Lamp;
use crate::place::Place;
use serde_json::json;
use std::rc::Rc;
use tidewire::client::{Client, EventOf};
use tidewire::connection::{CloseReason, State};
use tidewire::profiles::stock_agent::{Event, StockAgent};
use tidewire::yew::use_events_reducer;
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

const SUGGESTION: &str = "How did Kweichow Moutai trade this week?";

/// What the chat is given.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct ChatProps {
    /// Where its server is.
    pub place: Place,
}

/// The chat.
#[component]
pub fn Chat(props: &ChatProps) -> Html {
    let questions = use_state(Vec::<AttrValue>::new);
    let draft = use_state(|| SUGGESTION.to_owned());

    let ask = {
        let questions = questions.clone();
        Callback::from(move |question: AttrValue| {
            let mut all = (*questions).clone();
            all.push(question);
            questions.set(all);
        })
    };
    let oninput = {
        let draft = draft.clone();
        move |input: InputEvent| {
            draft.set(input.target_unchecked_into::<HtmlInputElement>().value())
        }
    };
    let onsubmit = {
        let (ask, draft) = (ask.clone(), draft.clone());
        move |submit: SubmitEvent| {
            submit.prevent_default();
            if !draft.trim().is_empty() {
                ask.emit(draft.trim().to_owned().into());
                draft.set(String::new());
            }
        }
    };
    let url = format!("{}/api/chat", props.place.base("chat"));
    let exchanges = questions.iter().enumerate().map(|(number, question)| {
        html! {
            <Exchange
                key={number}
                {number}
                url={url.clone()}
                question={question.clone()}
                ask={ask.clone()}
            />
        }
    });
    html! {
        <section class="chat">
            <div class="head"><h2>{ "Ask the analyst" }</h2></div>
            <div class="exchanges" aria-live="polite">{ for exchanges }</div>
            <form class="ask" {onsubmit}>
                <input
                    aria-label="Question"
                    autocomplete="off"
                    value={(*draft).clone()}
                    {oninput}
                />
                <button class="main">{ "Ask" }</button>
            </form>
        </section>
    }
}

#[derive(PartialEq, Properties)]
struct ExchangeProps {
    number: usize,
    url: String,
    question: AttrValue,
    ask: Callback<AttrValue>,
}

/// A question and its answer. It is sent once, and given up with its component.
#[component]
fn Exchange(props: &ExchangeProps) -> Html {
    let body = json!({ "message": props.question.as_str(), "session_id": "yew" });
    let client = Client::<StockAgent>::new(&props.url).json(&body);
    let answer = use_events_reducer(client.ok(), Answer::default);

    // The question at the top, and room below for what is answered.
    let article = use_node_ref();
    use_effect_with(article.clone(), |article| {
        if let Some(article) = article.cast::<Element>() {
            article.scroll_into_view();
        }
    });

    let stop = {
        let answer = answer.clone();
        move |_: MouseEvent| answer.close()
    };
    let again = {
        let (ask, question) = (props.ask.clone(), props.question.clone());
        move |_: MouseEvent| ask.emit(question.clone())
    };
    let is_over = answer.state() == State::Closed;
    let over = match answer.status().closed.as_ref().map(|closed| closed.reason) {
        Some(CloseReason::Ended) if answer.problem.is_none() => "Answered",
        Some(CloseReason::Closed) => "Stopped",
        _ => "Failed",
    };
    let remark = answer.status().closed.as_ref().and_then(|closed| {
        let error = closed.error.as_ref().map(ToString::to_string);
        match closed.reason {
            CloseReason::Ended | CloseReason::Closed => None,
            // Never by itself: the agent would run twice.
            CloseReason::Interrupted => Some("The answer broke off.".to_owned()),
            _ => error.or_else(|| Some("There is no answer.".to_owned())),
        }
    });
    html! {
        <article ref={article} class="exchange" data-number={props.number.to_string()}>
            <p class="question">{ &props.question }</p>
            <div class="answer" aria-busy={(!is_over).to_string()}>
                if let Some(phase) = answer.phase.as_ref().filter(|_| !is_over) {
                    <p class="phase">{ phase }</p>
                }
                <p class="text">{ &answer.text }</p>
                if let Some(note) = &answer.disclaimer {
                    <p class="quiet">{ note }</p>
                }
                if let Some(problem) = answer.problem.clone().or(remark) {
                    <p class="problem" role="alert">{ problem }</p>
                }
            </div>
            <div class="acts">
                <Lamp state={answer.state()} {over} />
                if is_over {
                    <button onclick={again}>{ "Ask again" }</button>
                } else {
                    <button onclick={stop}>{ "Stop" }</button>
                }
            </div>
        </article>
    }
}

/// What has come of an answer.
#[derive(Clone, Default)]
struct Answer {
    phase: Option<String>,
    text: String,
    disclaimer: Option<String>,
    problem: Option<String>,
}

impl Reducible for Answer {
    type Action = EventOf<StockAgent>;

    fn reduce(self: Rc<Self>, event: EventOf<StockAgent>) -> Rc<Self> {
        let mut answer = Rc::unwrap_or_clone(self);
        match event.data {
            Event::Status(it) => {
                let tools = it.steps.unwrap_or_default();
                let tools: Vec<_> = tools.into_iter().map(|step| step.tool).collect();
                answer.phase = Some(match tools.is_empty() {
                    true => it.status,
                    false => format!("{}: {}", it.status, tools.join(", ")),
                });
            }
            Event::Step(it) => answer.phase = Some(it.step_name),
            Event::Chunk(it) => answer.text += &it.content,
            // The whole text once more: it replaces what was put together.
            Event::Result(it) => {
                answer.text = it.content;
                answer.disclaimer = it.disclaimer;
            }
            Event::Error(it) => answer.problem = Some(it.message),
            Event::Unknown(_) => {}
        }
        Rc::new(answer)
    }
}
