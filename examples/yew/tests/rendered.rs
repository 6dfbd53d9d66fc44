//! What a server renders: the beginning, without a stream, a timer or a panic.

#![cfg(not(target_arch = "wasm32"))]

use tidewire::client::Client;
use tidewire::connection::State;
use tidewire::profiles::plain::Plain;
use tidewire::yew::use_events;
use yew::prelude::*;
use yew_app::{Chat, Dashboard, Place};

#[derive(Clone, PartialEq, Properties)]
struct PlaceProps {
    place: Place,
}

fn place() -> PlaceProps {
    PlaceProps {
        place: Place::new("rendered", true),
    }
}

#[component]
fn Both(props: &PlaceProps) -> Html {
    html! {
        <>
            <Dashboard place={props.place.clone()} />
            <Chat place={props.place.clone()} />
        </>
    }
}

#[tokio::test]
async fn a_server_renders_the_beginning_of_every_stream() {
    let html = yew::ServerRenderer::<Both>::with_props(place)
        .render()
        .await;
    assert!(html.contains(r#"data-state="connecting""#), "{html}");
    assert!(html.contains("Nothing yet."), "{html}");
    assert!(html.contains(r#"data-events="0""#), "{html}");
    assert!(html.contains("Ask the analyst"), "{html}");
}

#[tokio::test]
async fn many_servers_may_render_at_once() {
    let pages = (0..8).map(|_| yew::ServerRenderer::<Both>::with_props(place).render());
    let pages: Vec<_> = pages.map(tokio::spawn).collect();
    for page in pages {
        assert!(page.await.unwrap().contains("Nothing yet."));
    }
}

#[derive(Clone, PartialEq, Properties)]
struct MaybeProps {
    url: Option<&'static str>,
}

#[component]
fn Maybe(props: &MaybeProps) -> Html {
    let events = use_events::<Plain>(props.url.map(Client::new));
    let text = match events.state() {
        State::Connecting => "connecting",
        State::Closed => "closed",
        State::Open | State::Waiting => "never",
    };
    assert_eq!(events.latest(), None);
    assert_eq!(events.last_event_id(), "");
    // Neither does anything where nothing is mounted.
    events.reconnect();
    events.close();
    html! { text }
}

#[tokio::test]
async fn without_a_client_a_stream_is_closed() {
    for (url, state) in [(None, "closed"), (Some("/plain"), "connecting")] {
        let renderer = yew::ServerRenderer::<Maybe>::with_props(move || MaybeProps { url });
        assert_eq!(renderer.hydratable(false).render().await, state);
    }
}
