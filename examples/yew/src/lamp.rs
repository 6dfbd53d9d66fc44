//! How a stream is, for people.

use tidewire::connection::State;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub(crate) struct LampProps {
    pub(crate) state: State,
    /// What is said of a stream that is closed.
    #[prop_or("Closed")]
    pub(crate) over: &'static str,
}

#[component]
pub(crate) fn Lamp(props: &LampProps) -> Html {
    let (name, text) = match props.state {
        State::Connecting => ("connecting", "Connecting"),
        State::Open => ("open", "Live"),
        State::Waiting => ("waiting", "Waiting"),
        State::Closed => ("closed", props.over),
    };
    html! { <span class="lamp" role="status" data-state={name}>{ text }</span> }
}
