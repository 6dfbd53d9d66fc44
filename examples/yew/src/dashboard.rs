//! The dashboard: one account holder's events, filtered by category.

use crate::lamp::Lamp;
use crate::ledger::{Import, Ledger};
use crate::place::{self, Place};
use tidewire::client::{Client, EventOf, SessionStore, Status};
use tidewire::filter::Filter;
use tidewire::profiles::dashtam::{self, Category, Dashtam};
use tidewire::yew::{use_events_keeping, use_events_reducer};
use yew::platform::spawn_local;
use yew::prelude::*;

/// How many events the list shows.
const SHOWN: usize = 50;

/// Those whose accounts may be looked at; each has a server of its own.
const HOLDERS: [(&str, &str); 2] = [("household", "Household"), ("business", "Business")];

/// What the dashboard is given.
#[derive(Debug, Clone, PartialEq, Properties)]
pub struct DashboardProps {
    /// Where its servers are.
    pub place: Place,
}

/// The dashboard.
#[component]
pub fn Dashboard(props: &DashboardProps) -> Html {
    let holder = use_state(|| HOLDERS[0].0);
    let wanted = use_state(|| Category::ALL.to_vec());

    let choices = HOLDERS.iter().map(|&(id, name)| {
        let onclick = {
            let holder = holder.clone();
            move |_: MouseEvent| holder.set(id)
        };
        html! {
            <button class="choice" aria-pressed={(*holder == id).to_string()} {onclick}>
                { name }
            </button>
        }
    });
    let toggle = {
        let wanted = wanted.clone();
        Callback::from(move |category| {
            let is_wanted = |other: &Category| wanted.contains(other) != (*other == category);
            wanted.set(Category::ALL.iter().copied().filter(is_wanted).collect());
        })
    };
    html! {
        <section class="dashboard">
            <div class="choices" role="group" aria-label="Account holder">{ for choices }</div>
            <Account
                place={props.place.clone()}
                holder={*holder}
                wanted={(*wanted).clone()}
                {toggle}
            />
        </section>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct AccountProps {
    place: Place,
    holder: &'static str,
    wanted: Vec<Category>,
    toggle: Callback<Category>,
}

/// What asks for the events of an account holder.
fn client(props: &AccountProps) -> Client<Dashtam> {
    let base = props.place.base(props.holder);
    let filter = match props.wanted.len() == Category::ALL.len() {
        true => Filter::all(),
        false => Filter::categories(props.wanted.iter().copied()),
    };
    Client::new(format!("{base}/api/v1/events"))
        .token(move |_| place::token(base.clone()))
        // When the dashboard comes back, or the page is loaded anew, it goes on where it was left.
        .store(SessionStore::default())
        .filter(filter)
}

/// The figures, the filter and the list: one connection for them all.
#[component]
fn Account(props: &AccountProps) -> Html {
    let ledger = use_events_reducer(client(props), Ledger::default);

    use_effect_with((props.place.clone(), props.holder), |(place, holder)| {
        let (place, holder) = (place.clone(), *holder);
        spawn_local(async move { place.prepare(holder).await });
    });

    let reconnect = {
        let ledger = ledger.clone();
        move |_: MouseEvent| ledger.reconnect()
    };
    let chips = Category::ALL.iter().map(|&category| {
        let count = ledger.by_category.get(&category).copied().unwrap_or(0);
        let is_on = props.wanted.contains(&category);
        html! {
            <button
                class={classes!("chip", hue(category))}
                data-category={category.as_str()}
                aria-pressed={is_on.to_string()}
                onclick={props.toggle.reform(move |_| category)}
            >
                <span class="name">{ name(category) }</span>
                <span class="count">{ count }</span>
            </button>
        }
    });
    html! {
        <>
            <div class="head">
                <h2>{ "Accounts" }</h2>
                <Lamp state={ledger.state()} />
                <button class="reconnect" onclick={reconnect}>{ "Reconnect" }</button>
            </div>
            { notice(ledger.status()) }
            { figures(&ledger) }
            <div class="chips" role="group" aria-label="Categories">{ for chips }</div>
            <Latest ..props.clone() />
        </>
    }
}

/// The latest events. It asks for what the figures ask for, and shares their connection.
#[component]
fn Latest(props: &AccountProps) -> Html {
    let events = use_events_keeping(client(props), SHOWN);
    if events.is_empty() {
        return html! { <p class="empty">{ "Nothing yet." }</p> };
    }
    let rows = events.iter().rev().map(|event| row(event));
    html! { <ol class="rows">{ for rows }</ol> }
}

fn row(event: &EventOf<Dashtam>) -> Html {
    let key = event.id.as_deref().unwrap_or_default();
    let category = event.data.category();
    html! {
        <li
            key={key}
            class={classes!("row", category.map(hue))}
            data-type={event.data.name().to_owned()}
            data-id={key.to_owned()}
        >
            <code>{ event.data.name() }</code>
            <span class="category">{ category.map(name) }</span>
            if let Some(about) = about(&event.data) {
                <p>{ about }</p>
            }
        </li>
    }
}

/// What went wrong, and what may be missing.
fn notice(status: &Status) -> Html {
    let text = match (&status.closed, &status.error) {
        (Some(closed), _) => match &closed.error {
            Some(error) => format!("The stream has ended: {error}."),
            None => "The stream has ended.".to_owned(),
        },
        (None, Some(error)) => format!("{error}. Trying again."),
        (None, None) if status.gaps > 0 => {
            "Events may have been missed: fetch anew what has to be complete.".to_owned()
        }
        (None, None) => return Html::default(),
    };
    html! { <p class="notice" role="alert" data-gaps={status.gaps.to_string()}>{ text }</p> }
}

fn figures(ledger: &Ledger) -> Html {
    let figure = |name: &str, value: Html, below: Html| {
        html! {
            <div class="figure">
                <dt>{ name }</dt>
                <dd>{ value }</dd>
                <dd class="below">{ below }</dd>
            </div>
        }
    };
    let dash = || html! { <span class="none">{ "\u{2013}" }</span> };
    let (worth, change) = match &ledger.net_worth {
        Some(amount) => {
            let sign = if amount.change.starts_with('-') {
                "down"
            } else {
                "up"
            };
            let change = format!("{} {}", money(&amount.change), amount.currency);
            (
                html! { money(&amount.value) },
                html! { <span class={sign}>{ change }</span> },
            )
        }
        None => (dash(), Html::default()),
    };
    let (import, outcome) = match &ledger.import {
        Some(Import {
            file,
            percent,
            outcome,
        }) => (
            html! { <progress max="100" value={percent.to_string()} aria-label={file.clone()} /> },
            html! { outcome.clone().unwrap_or_else(|| format!("{file}, {percent} %")) },
        ),
        None => (dash(), Html::default()),
    };
    let sync = ledger.last_sync.as_ref();
    html! {
        <dl class="figures" data-events={ledger.events.to_string()}>
            { figure("Net worth", worth, change) }
            { figure("Import", import, outcome) }
            { figure("Last sync", sync.map_or_else(dash, |it| html! { it }), Html::default()) }
            { figure("Warnings", html! { ledger.warnings }, Html::default()) }
        </dl>
    }
}

/// A decimal text with its thousands apart; what is no number stays as it is.
fn money(value: &str) -> String {
    let (sign, digits) = match value.strip_prefix('-') {
        Some(digits) => ("\u{2212}", digits),
        None => ("", value),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut text = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push('.');
        text += fraction;
    }
    text
}

/// A line for people, where there is more to say than the type.
fn about(event: &dashtam::Event) -> Option<String> {
    use dashtam::Event;
    Some(match event {
        Event::SyncAccountsCompleted(it) => format!("{} accounts are up to date", it.account_count),
        Event::SyncTransactionsCompleted(it) => format!("{} transactions", it.transaction_count),
        Event::SyncHoldingsCompleted(it) => format!("{} holdings", it.holding_count),
        Event::SyncAccountsFailed(it) => it.error.clone(),
        Event::SyncTransactionsFailed(it) => it.error.clone(),
        Event::SyncHoldingsFailed(it) => it.error.clone(),
        Event::ProviderTokenExpiring(it) => format!("{}: sign in again soon", it.provider_slug),
        Event::ProviderTokenRefreshed(it) => format!("{} is signed in", it.provider_slug),
        Event::ProviderTokenFailed(it) => format!("{}: signing in failed", it.provider_slug),
        Event::ProviderDisconnected(it) => format!("{} is gone", it.provider_slug),
        Event::AiResponseChunk(it) => it.chunk.clone(),
        Event::AiToolExecuting(it) => it.tool_name.clone(),
        Event::ImportStarted(it) => it.file_name.clone(),
        Event::ImportProgress(it) => format!("{}: {} %", it.file_name, it.progress_percent),
        Event::ImportCompleted(it) => format!("{}: {} records", it.file_name, it.records_imported),
        Event::ImportFailed(it) => format!("{}: {}", it.file_name, it.error),
        Event::PortfolioBalanceUpdated(it) => format!("{} {}", money(&it.new_balance), it.currency),
        Event::PortfolioHoldingsUpdated(it) => format!("{} holdings", it.holdings_count),
        Event::PortfolioNetworthUpdated(it) => {
            format!("{} {}", money(&it.new_net_worth), it.currency)
        }
        Event::SecuritySessionNew(it) => it.device_info.clone()?,
        Event::SecuritySessionSuspicious(it) => it.reason.clone(),
        Event::SecuritySessionExpiring(it) => format!("in {} s", it.expires_in_seconds),
        Event::SecuritySessionRevoked(it) => it.reason.clone(),
        Event::SecurityPasswordChanged(it) => format!("by {}", it.initiated_by),
        Event::SecurityLoginFailed(it) => it.reason.clone(),
        _ => return None,
    })
}

fn name(category: Category) -> String {
    category.as_str().replace('_', " ")
}

fn hue(category: Category) -> &'static str {
    match category {
        Category::DataSync => "c-sync",
        Category::Provider => "c-provider",
        Category::Ai => "c-ai",
        Category::Import => "c-import",
        Category::Portfolio => "c-portfolio",
        Category::Security => "c-security",
    }
}
