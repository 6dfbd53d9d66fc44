//! Streams of events in Yew: hooks that open a stream when their component is mounted, and close
//! it when it is gone.
//!
//! - [`use_events`]: the latest events, and how the stream is.
//! - [`use_events_keeping`]: the same, with a say in how many.
//! - [`use_events_reducer`]: what a reducer of yours makes of every event.
//!
//! ```
//! use tidewire::client::Client;
//! use tidewire::filter::Filter;
//! use tidewire::profiles::dashtam::{Category, Dashtam, Event};
//! use tidewire::yew::use_events;
//! use yew::prelude::*;
//!
//! #[derive(PartialEq, Properties)]
//! struct Props {
//!     url: AttrValue,
//! }
//!
//! #[component]
//! fn NetWorth(props: &Props) -> Html {
//!     let events = use_events::<Dashtam>(
//!         Client::new(props.url.as_str()).filter(Filter::categories([Category::Portfolio])),
//!     );
//!     match events.latest().map(|event| &event.data) {
//!         Some(Event::PortfolioNetworthUpdated(it)) => html! { <b>{ &it.new_net_worth }</b> },
//!         _ => html! { <p>{ format!("{:?}", events.state()) }</p> },
//!     }
//! }
//! ```
//!
//! # The options
//! The client may be written where the component renders: it is compared with the one before. One
//! that differs in its filter alone changes the filter of the open stream, and what was gathered
//! stays. One that asks for anything else closes the stream and begins anew. Functions (that of the
//! token, say) are not compared: those of the client that opened the stream are called as long as
//! it lasts. Without a client (`None`) there is no stream.
//!
//! # Sharing
//! Components that ask for the same use one connection, each with its own filter, and one that
//! takes another's place takes its connection over. A request that is sent once, a POST say, is
//! each component's own.
//!
//! # Servers
//! Nothing is opened while a component renders, so it may be rendered on a server: it shows the
//! beginning there, in the state [`Connecting`](State::Connecting). Effects, and with them the
//! stream, begin in the browser.

mod gathering;
mod handle;
mod subscription;

pub use handle::{RecentEvents, UseEventsHandle};

use crate::client::{Client, EventOf};
use crate::profiles::Profile;
use gathering::{Gathering, Recent, Reduced};
use std::rc::Rc;
use subscription::{Mount, Subscription};
use yew::functional::{
    Reducible, hook, use_effect, use_effect_with, use_force_update, use_mut_ref,
};

#[cfg(doc)]
use crate::connection::State;

/// How many events are held where nobody says.
const KEEP: usize = 100;

/// The latest events of a stream, up to 100, and how it is.
///
/// However many events arrive together, the component renders once for all of them, and
/// [`latest`](RecentEvents::latest) is the last: who has to see each of them takes
/// [`use_events_reducer`].
///
/// ```
/// # use tidewire::{client::Client, profiles::dashtam::Dashtam, yew::use_events};
/// # use yew::prelude::*;
/// #[component]
/// fn Feed() -> Html {
///     let events = use_events::<Dashtam>(Client::new("/api/v1/events"));
///     html! {
///         <ol data-gaps={events.status().gaps.to_string()}>
///             { for events.iter().map(|event| html! { <li>{ event.data.name() }</li> }) }
///         </ol>
///     }
/// }
/// ```
#[hook]
pub fn use_events<P>(client: impl Into<Option<Client<P>>>) -> UseEventsHandle<RecentEvents<P>>
where
    P: Profile,
    P::Event: Clone,
    P::Meta: Clone,
{
    use_events_keeping(client, KEEP)
}

/// The latest `keep` events of a stream, and how it is; see [`use_events`].
#[hook]
pub fn use_events_keeping<P>(
    client: impl Into<Option<Client<P>>>,
    keep: usize,
) -> UseEventsHandle<RecentEvents<P>>
where
    P: Profile,
    P::Event: Clone,
    P::Meta: Clone,
{
    let subscription = use_subscription(client.into(), Recent::default);
    if subscription.gathering().keep(keep) {
        subscription.look_again();
    }
    subscription.handle()
}

/// What a reducer makes of the events of a stream, and how the stream is.
///
/// The reducer sees every event once, in order, outside of rendering; the component renders once
/// for all that arrive together. The handle dereferences to what it has made, as Yew's own does.
/// Another stream begins with the `initial` of the render that asked for it; another filter goes on
/// with what was made so far.
///
/// ```
/// # use std::rc::Rc;
/// # use tidewire::client::{Client, EventOf};
/// # use tidewire::profiles::stock_agent::{Event, StockAgent};
/// # use tidewire::yew::use_events_reducer;
/// # use yew::prelude::*;
/// #[derive(Clone, Default)]
/// struct Answer {
///     text: String,
/// }
///
/// impl Reducible for Answer {
///     type Action = EventOf<StockAgent>;
///
///     fn reduce(self: Rc<Self>, event: EventOf<StockAgent>) -> Rc<Self> {
///         // In place: nobody else looks at it, unless it was rendered since the last event.
///         let mut answer = Rc::unwrap_or_clone(self);
///         match event.data {
///             Event::Chunk(chunk) => answer.text += &chunk.content,
///             Event::Result(result) => answer.text = result.content,
///             _ => {}
///         }
///         Rc::new(answer)
///     }
/// }
///
/// # #[derive(PartialEq, Properties)]
/// # struct ChatProps { question: AttrValue }
/// #[component]
/// fn Chat(props: &ChatProps) -> Html {
///     let body = serde_json::json!({ "message": props.question.as_str() });
///     let answer = use_events_reducer::<StockAgent, _>(
///         Client::new("/api/chat").json(&body).ok(),
///         Answer::default,
///     );
///     html! { <p data-state={format!("{:?}", answer.state())}>{ &answer.text }</p> }
/// }
/// ```
#[hook]
pub fn use_events_reducer<P, R>(
    client: impl Into<Option<Client<P>>>,
    initial: impl FnOnce() -> R,
) -> UseEventsHandle<R>
where
    P: Profile,
    P::Event: Clone,
    P::Meta: Clone,
    R: Reducible<Action = EventOf<P>> + 'static,
{
    let subscription = use_subscription(client.into(), || Reduced::new(initial()));
    subscription.handle()
}

/// The stream of a component, open from its mounting to its end.
#[hook]
fn use_subscription<P, G>(
    client: Option<Client<P>>,
    gathering: impl FnOnce() -> G,
) -> Rc<Subscription<P, G>>
where
    P: Profile,
    G: Gathering<P>,
{
    let render = use_force_update();
    let held = use_mut_ref(|| None::<Rc<Subscription<P, G>>>);
    let subscription = {
        let mut held = held.borrow_mut();
        match &*held {
            Some(subscription) if subscription.is_for(client.as_ref()) => Rc::clone(subscription),
            _ => {
                let subscription = Subscription::new(client.clone(), gathering(), render);
                Rc::clone(held.insert(subscription))
            }
        }
    };
    // Before the one that opens the stream: it opens with the latest client.
    let following = Rc::clone(&subscription);
    use_effect(move || following.follow(client));
    use_effect_with(Mount::of(&subscription), Mount::begin);
    subscription
}
