//! Streams of events in Leptos: [`use_events`].
//!
//! ```
//! use reactive_graph::prelude::*; // in an application: leptos::prelude::*
//! use tidewire::client::Client;
//! use tidewire::leptos::use_events;
//! use tidewire::profiles::dashtam::{Dashtam, Event};
//!
//! # reactive_graph::owner::Owner::new().with(|| {
//! // In a component:
//! let events = use_events::<Dashtam>(|| Client::new("/api/v1/events"));
//! let worth = events.fold(String::new(), |worth, event| {
//!     if let Event::PortfolioNetworthUpdated(data) = &event.data {
//!         worth.clone_from(&data.new_net_worth);
//!     }
//! });
//! let shown = move || format!("{} ({:?})", worth.get(), events.state().get());
//! assert_eq!(shown(), " (Connecting)"); // what a server renders
//! # });
//! ```
//!
//! The stream is opened when the component is in the page, after hydration too, and closed when the
//! component is gone. On a server nothing is opened, and the signals have the values that they begin
//! with; nothing is kept there that may not go from thread to thread.
//!
//! The function that is given is called anew whenever a signal that it read has changed. If the
//! client that it returns differs in nothing but its filter, the filter of the open stream is
//! changed. Otherwise another stream takes the place of the one before, and what was gathered of
//! that one is gone. The functions of a client, such as `token`, are not compared.
//!
//! Components that ask for the same share a connection, whatever their filters are, where the
//! request may be repeated: the server is asked for what they want together. They count as the same
//! if both have a `token` function or neither has; the first one's is called.
//!
//! A component that comes back sees what happens from then on. One whose client has a
//! [`store`](Client::store) goes on after the last event that it saw.
//!
//! This feature asks for no more of Leptos than its signals, and takes no side between its features
//! `csr`, `hydrate` and `ssr`.

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod elsewhere;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

#[cfg(target_arch = "wasm32")]
use browser::Subscription;
#[cfg(not(target_arch = "wasm32"))]
use elsewhere::Subscription;

use crate::client::{Client, EventOf, Item, Status};
use crate::connection::State;
use crate::profiles::{DecodeError, Profile};
use reactive_graph::computed::Memo;
use reactive_graph::signal::{ArcRwSignal, ReadSignal};
use reactive_graph::traits::{Set, Update, With};
use std::ops::Deref;
use std::sync::Arc;

/// The stream that this client names, for as long as the component lives.
///
/// It has to be called where the component is set up, and so have the methods of what it returns
/// that gather events: whatever is asked for there sees every event from the first on.
///
/// ```
/// use reactive_graph::{prelude::*, signal::RwSignal};
/// use tidewire::client::Client;
/// use tidewire::filter::Filter;
/// use tidewire::leptos::use_events;
/// use tidewire::profiles::hive::Hive;
///
/// # reactive_graph::owner::Owner::new().with(|| {
/// let session = RwSignal::new("session_demo".to_owned());
/// let wanted = RwSignal::new(vec!["tool_call_*"]);
/// // Another session is another stream; other types change the filter of the open one.
/// let events = use_events::<Hive>(move || {
///     Client::new(format!("/api/sessions/{}/events", session.get()))
///         .filter(Filter::types(wanted.get()))
/// });
/// let latest = events.recent(20);
/// # let _ = latest.get();
/// # });
/// ```
#[must_use = "what comes has to be gathered: `latest`, `recent`, `fold`, `for_each`"]
pub fn use_events<P: Profile>(client: impl Fn() -> Client<P> + 'static) -> UseEvents<P> {
    UseEvents::new(State::Connecting, move || Some(client()))
}

/// [`use_events`], where there is not always something to ask for: without a client no stream is
/// open, and [`UseEvents::state`] is `closed`.
///
/// That is how an answer is asked for that a server gives once: a client that follows upon none is
/// always a new question.
///
/// ```
/// use reactive_graph::{prelude::*, signal::RwSignal};
/// use tidewire::client::Client;
/// use tidewire::leptos::use_events_when;
/// use tidewire::profiles::stock_agent::{Event, StockAgent};
///
/// # reactive_graph::owner::Owner::new().with(|| {
/// let question = RwSignal::new(None::<String>);
/// let events = use_events_when::<StockAgent>(move || {
///     let body = serde_json::json!({ "message": question.get()? });
///     Client::new("/api/chat").json(&body).ok()
/// });
/// let answer = events.fold(String::new(), |answer, event| match &event.data {
///     Event::Chunk(chunk) => answer.push_str(&chunk.content),
///     Event::Result(result) => answer.clone_from(&result.content),
///     _ => {}
/// });
/// # assert_eq!(answer.get(), "");
/// # });
/// ```
#[must_use = "what comes has to be gathered: `latest`, `recent`, `fold`, `for_each`"]
pub fn use_events_when<P: Profile>(
    client: impl Fn() -> Option<Client<P>> + 'static,
) -> UseEvents<P> {
    UseEvents::new(State::Closed, client)
}

/// The stream of a component, and what it gathers of it.
pub struct UseEvents<P: Profile> {
    status: ReadSignal<Status>,
    subscription: Subscription<P>,
}

impl<P: Profile> Clone for UseEvents<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Profile> Copy for UseEvents<P> {}

impl<P: Profile> UseEvents<P> {
    fn new(state: State, client: impl Fn() -> Option<Client<P>> + 'static) -> Self {
        let status = ArcRwSignal::new(Status {
            state,
            ..Status::default()
        });
        UseEvents {
            status: status.read_only().into(),
            subscription: Subscription::new(status, client),
        }
    }

    /// How the connection is: its state, the last error, gaps, how it ended.
    pub fn status(self) -> ReadSignal<Status> {
        self.status
    }

    /// The state alone. It tells of changes alone.
    pub fn state(self) -> Memo<State> {
        Memo::new(move |_| self.status.with(|status| status.state))
    }

    /// How often events may have been missed. When it grows, it is time to fetch anew what they
    /// told of. Another stream begins with none.
    pub fn gaps(self) -> Memo<u64> {
        Memo::new(move |_| self.status.with(|status| status.gaps))
    }

    /// The latest event.
    ///
    /// It coalesces: of several events that come together, whoever reads it sees the last one
    /// alone. What has to see each of them is [`fold`](Self::fold).
    pub fn latest(self) -> ReadSignal<Option<Arc<EventOf<P>>>>
    where
        P::Event: Clone + Send + Sync,
        P::Meta: Clone + Send + Sync,
    {
        let latest = ArcRwSignal::new(None);
        let value = latest.clone();
        self.subscription.gather(
            {
                let latest = latest.clone();
                move |event| latest.set(Some(Arc::new(event.clone())))
            },
            move || latest.set(None),
        );
        value.read_only().into()
    }

    /// The latest events, so many at most, the oldest first. Their numbers can be the keys of a
    /// `<For>`.
    pub fn recent(self, keep: usize) -> ReadSignal<Vec<Numbered<P>>>
    where
        P::Event: Clone + Send + Sync,
        P::Meta: Clone + Send + Sync,
    {
        let recent = ArcRwSignal::new(Vec::<Numbered<P>>::new());
        let value = recent.clone();
        let mut number = 0;
        self.subscription.gather(
            {
                let recent = recent.clone();
                move |event| {
                    number += 1;
                    let event = Arc::new(event.clone());
                    recent.update(|recent| {
                        let surplus = (recent.len() + 1).saturating_sub(keep.max(1));
                        recent.drain(..surplus);
                        recent.push(Numbered { number, event });
                    });
                }
            },
            move || recent.set(Vec::new()),
        );
        value.read_only().into()
    }

    /// What becomes of a value by all events: each is seen once, in order, however many come
    /// together. Another stream begins with the first value again; another filter goes on.
    ///
    /// The function may not read or set the signal that is returned. It may well close the stream,
    /// or set other signals.
    pub fn fold<T>(
        self,
        first: T,
        mut take: impl FnMut(&mut T, &EventOf<P>) + 'static,
    ) -> ReadSignal<T>
    where
        T: Clone + Send + Sync + 'static,
    {
        let folded = ArcRwSignal::new(first.clone());
        let value = folded.clone();
        self.subscription.gather(
            {
                let folded = folded.clone();
                move |event| folded.update(|value| take(value, event))
            },
            move || folded.set(first.clone()),
        );
        value.read_only().into()
    }

    /// The latest event whose payload does not fit its type. The stream goes on without it.
    pub fn undecodable(self) -> ReadSignal<Option<Arc<DecodeError>>> {
        let latest = ArcRwSignal::new(None);
        let value = latest.clone();
        self.subscription.take(
            {
                let latest = latest.clone();
                move |item| {
                    if let Item::Undecodable(error) = item {
                        latest.set(Some(Arc::new(error.clone())));
                    }
                }
            },
            move || latest.set(None),
        );
        value.read_only().into()
    }

    /// Tells of everything as it comes, once and in order: events, those that do not fit their type,
    /// and what happens to the connection. It is called outside of any effect, so that nothing that
    /// it reads makes it run again.
    pub fn for_each(self, take: impl FnMut(&Item<P::Event, P::Meta>) + 'static) {
        self.subscription.take(take, || {});
    }

    /// Opens anew at once. A stream that has ended begins again, without what was gathered of it. A
    /// request that runs something is not repeated while it is answered.
    pub fn reconnect(self) {
        self.subscription.reconnect();
    }

    /// Closes the stream, until the client is another one or `reconnect` is called.
    pub fn close(self) {
        self.subscription.close();
    }
}

/// An event of a list, and its number there.
pub struct Numbered<P: Profile> {
    /// From 1 on, as they come. No two of one component have the same.
    pub number: u64,
    /// The event.
    pub event: Arc<EventOf<P>>,
}

impl<P: Profile> Clone for Numbered<P> {
    fn clone(&self) -> Self {
        Numbered {
            number: self.number,
            event: Arc::clone(&self.event),
        }
    }
}

impl<P: Profile> Deref for Numbered<P> {
    type Target = EventOf<P>;

    fn deref(&self) -> &Self::Target {
        &self.event
    }
}
