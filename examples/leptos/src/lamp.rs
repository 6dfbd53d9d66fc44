//! How a stream is, for people.

use leptos::prelude::*;
use tidewire::client::Status;
use tidewire::connection::State;

/// The state.
#[component]
pub(crate) fn Lamp(
    #[prop(into)] state: Signal<State>,
    /// What is said of a stream that is closed.
    #[prop(into, default = "Closed".into())]
    over: Signal<&'static str>,
) -> impl IntoView {
    let name = move || match state.get() {
        State::Connecting => "connecting",
        State::Open => "open",
        State::Waiting => "waiting",
        State::Closed => "closed",
    };
    let text = move || match state.get() {
        State::Connecting => "Connecting",
        State::Open => "Live",
        State::Waiting => "Waiting",
        State::Closed => over.get(),
    };
    view! { <span class="lamp" role="status" data-state=name>{text}</span> }
}

/// What went wrong, and what may be missing.
#[component]
pub(crate) fn Notice(#[prop(into)] status: Signal<Status>) -> impl IntoView {
    move || {
        let status = status.get();
        let text = match (&status.closed, &status.error) {
            (Some(closed), _) => match &closed.error {
                Some(error) => format!("The stream has ended: {error}."),
                None => "The stream has ended.".to_owned(),
            },
            (None, Some(error)) => format!("{error}. Trying again."),
            (None, None) if status.gaps > 0 => {
                "Events may have been missed: fetch anew what has to be complete.".to_owned()
            }
            (None, None) => return None,
        };
        let gaps = status.gaps.to_string();
        Some(view! { <p class="notice" role="alert" data-gaps=gaps>{text}</p> })
    }
}
