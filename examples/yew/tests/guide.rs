//! The Rust of `docs/yew.md`, rendered as it stands there.

#![cfg(not(target_arch = "wasm32"))]
#![expect(
    unreachable_pub,
    reason = "the guide shows components as an application has them"
)]

use yew::ServerRenderer;

const GUIDE: &str = include_str!("../../../docs/yew.md");

mod latest {
    // GUIDE
    use tidewire::client::Client;
    use tidewire::filter::Filter;
    use tidewire::profiles::dashtam::{Category, Dashtam, Event};
    use tidewire::yew::use_events;
    use yew::prelude::*;

    #[component]
    pub fn NetWorth() -> Html {
        let events = use_events::<Dashtam>(
            Client::new("/api/v1/events")
                .token(|_| fetch_token())
                .filter(Filter::categories([Category::Portfolio])),
        );
        match events.latest().map(|event| &event.data) {
            Some(Event::PortfolioNetworthUpdated(it)) => html! { <b>{ &it.new_net_worth }</b> },
            _ => html! { <p>{ format!("{:?}", events.state()) }</p> },
        }
    }
    // GUIDE

    async fn fetch_token() -> Option<String> {
        None
    }
}

mod list {
    use tidewire::client::Client;
    use tidewire::profiles::dashtam::Dashtam;
    use tidewire::yew::use_events_keeping;
    use yew::prelude::*;

    // GUIDE
    #[component]
    pub fn Feed() -> Html {
        let events = use_events_keeping::<Dashtam>(Client::new("/api/v1/events"), 20);
        let rows = events
            .iter()
            .map(|event| html! { <li>{ event.data.name() }</li> });
        html! { <ol>{ for rows }</ol> }
    }
    // GUIDE
}

mod reducer {
    // GUIDE
    use std::rc::Rc;
    use tidewire::client::{Client, EventOf};
    use tidewire::connection::State;
    use tidewire::profiles::stock_agent::{Event, StockAgent};
    use tidewire::yew::use_events_reducer;
    use yew::prelude::*;

    #[derive(Clone, Default)]
    struct Answer {
        text: String,
    }

    impl Reducible for Answer {
        type Action = EventOf<StockAgent>;

        fn reduce(self: Rc<Self>, event: EventOf<StockAgent>) -> Rc<Self> {
            let mut answer = Rc::unwrap_or_clone(self);
            match event.data {
                Event::Chunk(chunk) => answer.text += &chunk.content,
                Event::Result(result) => answer.text = result.content,
                Event::Error(error) => answer.text += &error.message,
                _ => {}
            }
            Rc::new(answer)
        }
    }

    #[component]
    pub fn Reply(props: &ReplyProps) -> Html {
        let body = serde_json::json!({ "message": props.question.as_str() });
        let client = Client::<StockAgent>::new("/api/chat").json(&body).ok();
        let answer = use_events_reducer(client, Answer::default);
        let stop = {
            let answer = answer.clone();
            move |_: MouseEvent| answer.close()
        };
        html! {
            <>
                <p>{ &answer.text }</p>
                <button disabled={answer.state() == State::Closed} onclick={stop}>{ "Stop" }</button>
            </>
        }
    }

    #[derive(PartialEq, Properties)]
    pub struct ReplyProps {
        pub question: AttrValue,
    }
    // GUIDE
}

mod gaps {
    use tidewire::client::Client;
    use tidewire::profiles::dashtam::Dashtam;
    use tidewire::yew::use_events;
    use yew::prelude::*;

    #[component]
    pub fn Balances() -> Html {
        let refetch = Callback::from(|()| {});
        // GUIDE
        let events = use_events::<Dashtam>(Client::new("/api/v1/events"));
        use_effect_with(events.status().gaps, move |gaps| {
            if *gaps > 0 {
                refetch.emit(());
            }
        });
        // GUIDE
        html! { <p>{ events.len() }</p> }
    }
}

mod changing {
    use tidewire::client::Client;
    use tidewire::profiles::hive::Hive;
    use tidewire::yew::use_events;
    use yew::prelude::*;

    // GUIDE
    #[component]
    pub fn Agents(props: &AgentsProps) -> Html {
        let events = use_events::<Hive>(props.session.as_ref().map(|session| {
            // Another session is another stream; other types are another filter of the same.
            Client::new(format!("/api/sessions/{session}/events")).types(props.types.clone())
        }));
        html! { <p>{ events.len() }</p> }
    }

    #[derive(PartialEq, Properties)]
    pub struct AgentsProps {
        pub session: Option<AttrValue>,
        pub types: Vec<String>,
    }
    // GUIDE
}

mod resumed {
    use tidewire::client::{Client, SessionStore};
    use tidewire::profiles::dashtam::Dashtam;
    use tidewire::yew::use_events;
    use yew::prelude::*;

    #[component]
    pub fn Feed() -> Html {
        // GUIDE
        let events =
            use_events::<Dashtam>(Client::new("/api/v1/events").store(SessionStore::default()));
        // GUIDE
        html! { <p>{ events.len() }</p> }
    }
}

/// What stands between two marks, less the indentation of its first line.
fn marked(source: &str) -> Vec<String> {
    let parts = source.split("    // GUIDE\n").skip(1).step_by(2);
    let level = |part: &str| {
        let part = part.trim_end_matches(' ');
        let indentation = part.len() - part.trim_start_matches(' ').len();
        let lines = part.lines();
        lines
            .map(|line| format!("{}\n", line.get(indentation..).unwrap_or("")))
            .collect()
    };
    parts.map(level).collect()
}

#[test]
fn the_rust_of_the_guide_is_what_is_rendered_here() {
    let blocks: Vec<_> = GUIDE
        .split("```rust\n")
        .skip(1)
        .map(|rest| rest.split_once("```").expect("a block ends").0)
        .collect();
    let tested = marked(
        include_str!("guide.rs")
            .split("/// What stands")
            .next()
            .unwrap(),
    );
    assert_eq!(tested.len(), 6);
    assert_eq!(blocks, tested);
}

#[tokio::test]
async fn what_the_guide_shows_renders_on_a_server() {
    let worth = ServerRenderer::<latest::NetWorth>::new().hydratable(false);
    assert_eq!(worth.render().await, "<p>Connecting</p>");
    let feed = ServerRenderer::<list::Feed>::new().hydratable(false);
    assert_eq!(feed.render().await, "<ol></ol>");
    let reply = ServerRenderer::<reducer::Reply>::with_props(|| reducer::ReplyProps {
        question: "How is it?".into(),
    });
    let reply = reply.hydratable(false).render().await;
    assert_eq!(reply, "<p></p><button>Stop</button>");
    let balances = ServerRenderer::<gaps::Balances>::new().hydratable(false);
    assert_eq!(balances.render().await, "<p>0</p>");
    let agents = ServerRenderer::<changing::Agents>::with_props(|| changing::AgentsProps {
        session: None,
        types: Vec::new(),
    });
    let agents = agents.hydratable(false);
    assert_eq!(agents.render().await, "<p>0</p>");
    let feed = ServerRenderer::<resumed::Feed>::new().hydratable(false);
    assert_eq!(feed.render().await, "<p>0</p>");
}
