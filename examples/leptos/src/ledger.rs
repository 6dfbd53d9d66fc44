//! What the dashboard makes of all events: figures that each of them counts in.

use std::collections::BTreeMap;
use tidewire::client::EventOf;
use tidewire::profiles::dashtam::{Category, Dashtam, Event};

/// The figures of one account holder.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    pub(crate) events: u64,
    pub(crate) by_category: BTreeMap<Category, u64>,
    pub(crate) worth: Option<(String, String)>,
    /// The file, and how far it is in per cent.
    pub(crate) import: Option<(String, u8)>,
    pub(crate) synced: Option<String>,
}

impl Ledger {
    pub(crate) fn enter(&mut self, event: &EventOf<Dashtam>) {
        self.events += 1;
        if let Some(category) = event.data.category() {
            *self.by_category.entry(category).or_default() += 1;
        }
        match &event.data {
            Event::PortfolioNetworthUpdated(it) => {
                self.worth = Some((money(&it.new_net_worth, &it.currency), money(&it.delta, "")));
            }
            Event::ImportStarted(it) => self.import = Some((it.file_name.clone(), 0)),
            Event::ImportProgress(it) => {
                self.import = Some((it.file_name.clone(), it.progress_percent));
            }
            Event::ImportCompleted(it) => self.import = Some((it.file_name.clone(), 100)),
            Event::SyncAccountsCompleted(it) => {
                self.synced = Some(format!("{} accounts", it.account_count));
            }
            Event::SyncTransactionsCompleted(it) => {
                self.synced = Some(format!("{} transactions", it.transaction_count));
            }
            Event::SyncHoldingsCompleted(it) => {
                self.synced = Some(format!("{} holdings", it.holding_count));
            }
            _ => {}
        }
    }
}

/// A line for people, where there is more to say than the type.
pub(crate) fn about(event: &Event) -> Option<String> {
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
        Event::PortfolioBalanceUpdated(it) => money(&it.new_balance, &it.currency),
        Event::PortfolioNetworthUpdated(it) => money(&it.new_net_worth, &it.currency),
        Event::SecuritySessionNew(it) => it.device_info.clone()?,
        Event::SecuritySessionSuspicious(it) => it.reason.clone(),
        Event::SecurityLoginFailed(it) => it.reason.clone(),
        _ => return None,
    })
}

/// A decimal text with its thousands apart: never a number, which would round it.
fn money(value: &str, currency: &str) -> String {
    let (sign, digits) = match value.strip_prefix('-') {
        Some(digits) => ("\u{2212}", digits),
        None => ("", value),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "00"));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    let text = format!("{sign}{grouped}.{fraction} {currency}");
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::money;

    #[test]
    fn money_stays_what_it_was_to_the_last_digit() {
        assert_eq!(
            money("90071992547409931.99", "EUR"),
            "90\u{202f}071\u{202f}992\u{202f}547\u{202f}409\u{202f}931.99 EUR"
        );
        assert_eq!(money("-43.15", ""), "\u{2212}43.15");
    }
}
