//! What the dashboard makes of all events: figures that each of them counts in.

use std::collections::BTreeMap;
use std::rc::Rc;
use tidewire::client::EventOf;
use tidewire::profiles::dashtam::{Category, Dashtam, Event};
use yew::Reducible;

/// The figures of one account holder.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Ledger {
    pub(crate) events: u64,
    pub(crate) by_category: BTreeMap<Category, u64>,
    pub(crate) net_worth: Option<Amount>,
    pub(crate) import: Option<Import>,
    pub(crate) last_sync: Option<String>,
    pub(crate) warnings: u64,
}

/// Money, as the text that it came as.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Amount {
    pub(crate) value: String,
    pub(crate) change: String,
    pub(crate) currency: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Import {
    pub(crate) file: String,
    pub(crate) percent: u8,
    pub(crate) outcome: Option<String>,
}

impl Reducible for Ledger {
    type Action = EventOf<Dashtam>;

    fn reduce(self: Rc<Self>, event: EventOf<Dashtam>) -> Rc<Self> {
        let mut ledger = Rc::unwrap_or_clone(self);
        ledger.enter(event.data);
        Rc::new(ledger)
    }
}

impl Ledger {
    fn enter(&mut self, event: Event) {
        self.events += 1;
        if let Some(category) = event.category() {
            *self.by_category.entry(category).or_default() += 1;
        }
        match event {
            Event::PortfolioNetworthUpdated(it) => {
                self.net_worth = Some(Amount {
                    value: it.new_net_worth,
                    change: it.delta,
                    currency: it.currency,
                });
            }
            Event::ImportStarted(it) => self.import = Some(Import::of(it.file_name, 0, None)),
            Event::ImportProgress(it) => {
                self.import = Some(Import::of(it.file_name, it.progress_percent, None));
            }
            Event::ImportCompleted(it) => {
                let outcome = format!("{} records", it.records_imported);
                self.import = Some(Import::of(it.file_name, 100, Some(outcome)));
            }
            Event::ImportFailed(it) => {
                self.import = Some(Import::of(it.file_name, 0, Some(it.error)));
            }
            Event::SyncAccountsCompleted(it) => self.synced(it.account_count, "accounts"),
            Event::SyncTransactionsCompleted(it) => {
                self.synced(it.transaction_count, "transactions")
            }
            Event::SyncHoldingsCompleted(it) => self.synced(it.holding_count, "holdings"),
            Event::SecuritySessionSuspicious(_) | Event::SecurityLoginFailed(_) => {
                self.warnings += 1;
            }
            _ => {}
        }
    }

    fn synced(&mut self, count: u64, what: &str) {
        self.last_sync = Some(format!("{count} {what}"));
    }
}

impl Import {
    fn of(file: String, percent: u8, outcome: Option<String>) -> Self {
        Import {
            file,
            percent,
            outcome,
        }
    }
}
