//! A day in the life of a bank dashboard, in a minute.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{control, namespace::Namespace, traffic::Pace};

const CONNECTION: &str = "5b0c6f4e-0b4f-4c6b-9c55-3c7f6d0a1e22";
const SESSION: &str = "018f4e6a-90aa-7cc1-8d7e-52f0a6b3c914";

/// The accounts, and what lies in them at the start, in cents.
const ACCOUNTS: [(&str, i64); 3] = [
    ("018f4e6a-8a01-7d52-a3b4-0c9d1e2f3a41", 421_377),
    ("018f4e6a-8a02-7f13-b6c8-7a5b4c3d2e10", 1_850_000),
    ("018f4e6a-8a03-7e94-91d2-e8f7a6b5c4d3", 7_312_048),
];

const ANSWER: &str = "You spent 14 % less on groceries than last month, and your emergency fund \
                      now covers four months — well done. Shall I move the rest to savings?";

/// Syncs, imports, balances, an assistant's answer, warnings: about three events a second.
pub(crate) async fn traffic(namespace: Arc<Namespace>, pace: Pace) {
    let mut household = Household {
        feed: Feed { namespace, pace },
        balances: ACCOUNTS.map(|(_, balance)| balance),
        random: 0x9e37_79b9,
        round: 0,
    };
    loop {
        household.sync().await;
        household.ask().await;
        household.import().await;
        household.warn().await;
        household.round += 1;
    }
}

struct Household {
    feed: Feed,
    balances: [i64; 3],
    random: u32,
    round: u64,
}

struct Feed {
    namespace: Arc<Namespace>,
    pace: Pace,
}

impl Feed {
    async fn say(&self, pause: u64, event: &str, data: Value) {
        self.pace.pause(pause).await;
        let item = json!({"system": "dashtam", "event": event, "data": data});
        let published = control::publish(&self.namespace, item);
        debug_assert!(published.is_ok(), "{event}: {published:?}");
    }
}

impl Household {
    async fn sync(&mut self) {
        self.feed
            .say(
                300,
                "sync.accounts.started",
                json!({"connection_id": CONNECTION}),
            )
            .await;
        if self.round % 4 == 3 {
            self.feed
                .say(
                    900,
                    "sync.accounts.failed",
                    json!({"connection_id": CONNECTION, "error": "provider_error:gateway timeout"}),
                )
                .await;
            return;
        }
        self.feed
            .say(
                700,
                "sync.accounts.completed",
                json!({"connection_id": CONNECTION, "account_count": ACCOUNTS.len()}),
            )
            .await;
        for (index, (account, _)) in ACCOUNTS.into_iter().enumerate() {
            self.feed
                .say(
                    300,
                    "sync.transactions.started",
                    json!({"connection_id": CONNECTION, "account_id": account}),
                )
                .await;
            let count = 1 + self.random(40);
            self.feed
                .say(
                    500,
                    "sync.transactions.completed",
                    json!({
                        "connection_id": CONNECTION,
                        "account_id": account,
                        "transaction_count": count,
                    }),
                )
                .await;
            self.change_balance(index).await;
        }
        self.sync_holdings().await;
    }

    async fn change_balance(&mut self, index: usize) {
        let delta = i64::from(self.random(40_000)) - 18_000;
        let worth: i64 = self.balances.iter().sum();
        let balance = self.balances[index];
        self.balances[index] += delta;
        self.feed
            .say(
                250,
                "portfolio.balance.updated",
                json!({
                    "account_id": ACCOUNTS[index].0,
                    "previous_balance": money(balance),
                    "new_balance": money(balance + delta),
                    "delta": money(delta),
                    "currency": "USD",
                }),
            )
            .await;
        self.feed
            .say(
                250,
                "portfolio.networth.updated",
                json!({
                    "previous_net_worth": money(worth),
                    "new_net_worth": money(worth + delta),
                    "delta": money(delta),
                    "currency": "USD",
                    "account_count": ACCOUNTS.len(),
                }),
            )
            .await;
    }

    async fn sync_holdings(&mut self) {
        let (account, _) = ACCOUNTS[2];
        let (created, updated) = (self.random(3), 4 + self.random(8));
        self.feed
            .say(300, "sync.holdings.started", json!({"account_id": account}))
            .await;
        self.feed
            .say(
                500,
                "sync.holdings.completed",
                json!({"account_id": account, "holding_count": 12 + created}),
            )
            .await;
        self.feed
            .say(
                250,
                "portfolio.holdings.updated",
                json!({
                    "account_id": account,
                    "holdings_count": 12 + created,
                    "created_count": created,
                    "updated_count": updated,
                    "deactivated_count": 0,
                }),
            )
            .await;
    }

    async fn ask(&self) {
        let conversation = format!("018f4e6a-aaaa-7000-8000-{:012x}", self.round);
        self.feed
            .say(
                500,
                "ai.tool.executing",
                json!({"conversation_id": conversation, "tool_name": "summarise_spending"}),
            )
            .await;
        let words: Vec<&str> = ANSWER.split_inclusive(' ').collect();
        let mut pieces = words.chunks(3).peekable();
        while let Some(piece) = pieces.next() {
            self.feed
                .say(
                    280,
                    "ai.response.chunk",
                    json!({
                        "conversation_id": conversation,
                        "chunk": piece.concat(),
                        "is_final": pieces.peek().is_none(),
                    }),
                )
                .await;
        }
        self.feed
            .say(
                250,
                "ai.response.complete",
                json!({"conversation_id": conversation}),
            )
            .await;
    }

    async fn import(&mut self) {
        let name = format!("statement-{:03}.qfx", self.round + 1);
        self.feed
            .say(
                500,
                "import.started",
                json!({"file_name": name, "file_format": "qfx"}),
            )
            .await;
        if self.round % 5 == 4 {
            self.feed
                .say(
                    600,
                    "import.failed",
                    json!({"file_name": name, "error": "unexpected end of file"}),
                )
                .await;
            return;
        }
        let records = 300 + u64::from(self.random(500));
        // Never for the last record: `import.completed` ends it.
        for percent in (10..100).step_by(10) {
            self.feed
                .say(
                    300,
                    "import.progress",
                    json!({
                        "file_name": name,
                        "progress_percent": percent,
                        "records_processed": records * percent / 100,
                    }),
                )
                .await;
        }
        self.feed
            .say(
                300,
                "import.completed",
                json!({"file_name": name, "records_imported": records - 7}),
            )
            .await;
    }

    /// Provider and security, one of each a round.
    async fn warn(&self) {
        let (event, data) = match self.round % 4 {
            0 => (
                "provider.token.expiring",
                json!({
                    "connection_id": CONNECTION,
                    "provider_slug": "schwab",
                    "expires_in_seconds": 86_400 - 900 * (self.round % 90),
                }),
            ),
            1 => (
                "provider.token.refreshed",
                json!({"connection_id": CONNECTION, "provider_slug": "schwab"}),
            ),
            2 => (
                "provider.token.failed",
                json!({
                    "connection_id": CONNECTION,
                    "provider_slug": "schwab",
                    "needs_reauth": true,
                }),
            ),
            _ => (
                "provider.disconnected",
                json!({"connection_id": CONNECTION, "provider_slug": "schwab"}),
            ),
        };
        self.feed.say(400, event, data).await;
        let (event, data) = match self.round % 6 {
            0 => (
                "security.session.new",
                json!({
                    "session_id": SESSION,
                    "device_info": "Firefox on Linux",
                    "ip_address": "203.0.113.24",
                    "location": "Zürich, CH",
                }),
            ),
            1 => (
                "security.login.failed",
                json!({"reason": "invalid_password"}),
            ),
            2 => (
                "security.session.suspicious",
                json!({"session_id": SESSION, "reason": "new_country"}),
            ),
            3 => (
                "security.session.expiring",
                json!({"session_id": SESSION, "expires_in_seconds": 900}),
            ),
            4 => ("security.password.changed", json!({"initiated_by": "user"})),
            _ => (
                "security.session.revoked",
                json!({"session_id": SESSION, "device_info": null, "reason": "user_logout"}),
            ),
        };
        self.feed.say(400, event, data).await;
    }

    /// A number below `bound`, the same in every run.
    fn random(&mut self, bound: u32) -> u32 {
        self.random = self
            .random
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        (self.random >> 8) % bound
    }
}

/// Cents as the decimal string that Dashtam sends.
fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_a_decimal_string_with_two_places() {
        assert_eq!(money(421_377), "4213.77");
        assert_eq!(money(-5), "-0.05");
    }
}
