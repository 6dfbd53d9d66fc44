//! The dashboard: one account holder's events, filtered by category.

use crate::lamp::{Lamp, Notice};
use crate::ledger::{Ledger, about};
use crate::place::{self, Place};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::collections::BTreeSet;
use tidewire::client::{Client, SessionStore};
use tidewire::filter::Filter;
use tidewire::leptos::{Numbered, use_events};
use tidewire::profiles::dashtam::{Category, Dashtam};

/// How many events the list shows.
const SHOWN: usize = 50;

/// Those whose accounts may be looked at; each has a server of its own.
const HOLDERS: [(&str, &str); 2] = [("household", "Household"), ("business", "Business")];

/// What asks for the events of an account holder.
fn client(place: &Place, holder: &str) -> Client<Dashtam> {
    let base = place.base(holder);
    Client::new(format!("{base}/api/v1/events")).token(move |_| place::token(base.clone()))
}

/// The dashboard.
#[component]
pub fn Dashboard(
    /// Where its servers are.
    place: Place,
) -> impl IntoView {
    let holder = RwSignal::new(HOLDERS[0].0);
    let hidden = RwSignal::new(BTreeSet::new());

    let prepared = place.clone();
    Effect::new(move || spawn_local(prepared.clone().prepare(holder.get())));

    // Another holder is another stream; other categories are another filter for the same one.
    let source = place.clone();
    let events = use_events::<Dashtam>(move || {
        let is_shown = |category: &Category| hidden.with(|hidden| !hidden.contains(category));
        let filter = match hidden.with(BTreeSet::is_empty) {
            true => Filter::all(),
            false => Filter::categories(Category::ALL.iter().copied().filter(is_shown)),
        };
        // When the dashboard comes back, or the page is loaded anew, it goes on where it was left.
        let client = client(&source, holder.get()).store(SessionStore::default());
        client.filter(filter)
    });
    let ledger = events.fold(Ledger::default(), Ledger::enter);
    let recent = events.recent(SHOWN);

    let choices = HOLDERS.map(|(id, name)| {
        view! {
            <button
                class="choice"
                aria-pressed=move || (holder.get() == id).to_string()
                on:click=move |_| holder.set(id)
            >
                {name}
            </button>
        }
    });
    let newest_first = move || recent.get().into_iter().rev().collect::<Vec<_>>();
    view! {
        <section class="panel dashboard">
            <div class="head">
                <h2>"Accounts"</h2>
                <Lamp state=events.state() />
                <button on:click=move |_| events.reconnect()>"Reconnect"</button>
            </div>
            <div class="head">
                <div class="choices" role="group" aria-label="Account holder">{choices}</div>
                <Warnings place holder />
            </div>
            <Notice status=events.status() />
            <Figures ledger />
            <div class="chips" role="group" aria-label="Categories">
                {Category::ALL.iter().map(|&category| chip(category, hidden, ledger)).collect_view()}
            </div>
            <Show
                when=move || !recent.with(Vec::is_empty)
                fallback=|| view! { <p class="empty">"Nothing yet."</p> }
            >
                <ol class="rows">
                    <For each=newest_first key=|event| event.number children=row />
                </ol>
            </Show>
        </section>
    }
}

/// Failed and suspicious logins, whatever the list leaves out. It has a stream of its own, with a
/// filter of its own, on the connection of the list.
#[component]
fn Warnings(place: Place, #[prop(into)] holder: Signal<&'static str>) -> impl IntoView {
    let events = use_events::<Dashtam>(move || {
        let wanted = ["security.login.failed", "security.session.suspicious"];
        client(&place, holder.get()).filter(Filter::types(wanted))
    });
    let count = events.fold(0_u64, |count, _| *count += 1);
    let text = move || match count.get() {
        0 => "No warnings".to_owned(),
        1 => "1 warning".to_owned(),
        count => format!("{count} warnings"),
    };
    let is_quiet = move || count.get() == 0;
    view! { <span class="warnings" class:none=is_quiet>{text}</span> }
}

fn chip(
    category: Category,
    hidden: RwSignal<BTreeSet<Category>>,
    ledger: ReadSignal<Ledger>,
) -> impl IntoView {
    let is_shown = move || hidden.with(|hidden| !hidden.contains(&category));
    let toggle = move |_| {
        hidden.update(|hidden| {
            if !hidden.remove(&category) {
                hidden.insert(category);
            }
        });
    };
    let count = move || ledger.with(|ledger| ledger.by_category.get(&category).copied());
    view! {
        <button
            class=format!("chip {category}")
            data-category=category.as_str()
            aria-pressed=move || is_shown().to_string()
            on:click=toggle
        >
            {name(category)}
            <span class="count">{move || count().unwrap_or(0)}</span>
        </button>
    }
}

fn row(event: Numbered<Dashtam>) -> impl IntoView {
    let category = event.data.category();
    let class = category.map_or("row".to_owned(), |category| format!("row {category}"));
    let id = event.id.as_deref().unwrap_or_default().to_owned();
    let about = about(&event.data).map(|about| view! { <p>{about}</p> });
    view! {
        <li class=class data-id=id>
            <code>{event.data.name().to_owned()}</code>
            <span class="category">{category.map(name)}</span>
            {about}
        </li>
    }
}

#[component]
fn Figures(ledger: ReadSignal<Ledger>) -> impl IntoView {
    let part = move |part: fn(&Ledger) -> Option<String>| {
        move || ledger.with(part).unwrap_or_else(|| "\u{2013}".to_owned())
    };
    let worth = part(|ledger| ledger.worth.as_ref().map(|(worth, _)| worth.clone()));
    let change =
        move || ledger.with(|ledger| ledger.worth.as_ref().map(|(_, change)| change.clone()));
    let file = part(|ledger| ledger.import.as_ref().map(|(file, _)| file.clone()));
    let percent = move || ledger.with(|ledger| ledger.import.as_ref().map(|(_, percent)| *percent));
    let synced = part(|ledger| ledger.synced.clone());
    view! {
        <dl class="figures" data-events=move || ledger.with(|ledger| ledger.events.to_string())>
            <div>
                <dt>"Net worth"</dt>
                <dd>{worth}</dd>
                <dd class="below">{change}</dd>
            </div>
            <div>
                <dt>"Import"</dt>
                <dd>{file}</dd>
                <dd class="below">
                    <progress max="100" value=move || percent().unwrap_or(0) aria-label="Import" />
                </dd>
            </div>
            <div>
                <dt>"Last sync"</dt>
                <dd>{synced}</dd>
                <dd class="below"></dd>
            </div>
        </dl>
    }
}

fn name(category: Category) -> String {
    category.as_str().replace('_', " ")
}
