//! Dashtam, a finance hub: `GET /api/v1/events`, a bearer token, resume by id.
//!
//! The category stands in a table, never in the name's prefix: `sync.*` belongs to `data_sync`.
//! Ids are UUIDs of version 7; money is a decimal string and stays one.
//!
//! ```
//! use tidewire::profiles::dashtam::{self, Category, Dashtam, Event};
//! use tidewire::profiles::{Profile, RawEvent};
//!
//! assert_eq!(dashtam::category_of("sync.accounts.started")?, Category::DataSync);
//! let payload = r#"{"account_id": "5b0c6f4e-0b4f-4c6b-9c55-3c7f6d0a1e22",
//!     "previous_balance": "10.00", "new_balance": "12.50", "currency": "EUR"}"#;
//! let raw = RawEvent::new("portfolio.balance.updated", payload);
//! let Event::PortfolioBalanceUpdated(balance) = Dashtam::decode(&raw)? else {
//!     panic!("its name says so");
//! };
//! assert_eq!(balance.new_balance, "12.50");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::{Auth, Cursor, FilterQuery, Identity, List, Recovery, Spec};
use alloc::borrow::Cow;

#[cfg(feature = "payloads")]
mod envelope;
#[cfg(feature = "payloads")]
pub use envelope::SseEvent;

profile! {
    /// Dashtam, a finance hub: accounts, imports, balances, sessions.
    Dashtam = "dashtam";
    meta: super::NoMeta;
    categories {
        /// Account, transaction and holdings synchronisation.
        DataSync = "data_sync",
        /// The health of a provider's connection and token.
        Provider = "provider",
        /// The assistant's answers.
        Ai = "ai",
        /// The progress of a file import.
        Import = "import",
        /// Balances, holdings and net worth.
        Portfolio = "portfolio",
        /// Sessions, passwords and logins.
        Security = "security",
    }
    events {
        /// The synchronisation of a connection's accounts began.
        SyncAccountsStarted(AccountsStarted) = "sync.accounts.started" in DataSync [REPLAYED];
        /// The synchronisation of a connection's accounts succeeded.
        SyncAccountsCompleted(AccountsCompleted) = "sync.accounts.completed" in DataSync [REPLAYED];
        /// The synchronisation of a connection's accounts failed.
        SyncAccountsFailed(AccountsFailed) = "sync.accounts.failed" in DataSync [REPLAYED];
        /// The synchronisation of transactions began.
        SyncTransactionsStarted(TransactionsStarted) = "sync.transactions.started" in DataSync [REPLAYED];
        /// The synchronisation of transactions succeeded.
        SyncTransactionsCompleted(TransactionsCompleted) = "sync.transactions.completed" in DataSync [REPLAYED];
        /// The synchronisation of transactions failed.
        SyncTransactionsFailed(TransactionsFailed) = "sync.transactions.failed" in DataSync [REPLAYED];
        /// The synchronisation of an account's holdings began.
        SyncHoldingsStarted(HoldingsStarted) = "sync.holdings.started" in DataSync [REPLAYED];
        /// The synchronisation of an account's holdings succeeded.
        SyncHoldingsCompleted(HoldingsCompleted) = "sync.holdings.completed" in DataSync [REPLAYED];
        /// The synchronisation of an account's holdings failed.
        SyncHoldingsFailed(HoldingsFailed) = "sync.holdings.failed" in DataSync [REPLAYED];
        /// A provider's token is about to expire. Repeats with new ids until it is renewed.
        ProviderTokenExpiring(TokenExpiring) = "provider.token.expiring" in Provider [REPLAYED];
        /// A provider's token was renewed.
        ProviderTokenRefreshed(TokenRefreshed) = "provider.token.refreshed" in Provider [REPLAYED];
        /// A provider's token could not be renewed.
        ProviderTokenFailed(TokenFailed) = "provider.token.failed" in Provider [REPLAYED];
        /// A provider was disconnected.
        ProviderDisconnected(ProviderDisconnectedData) = "provider.disconnected" in Provider [REPLAYED];
        /// A piece of the assistant's answer.
        AiResponseChunk(ResponseChunk) = "ai.response.chunk" in Ai [REPLAYED];
        /// The assistant runs a tool.
        AiToolExecuting(ToolExecuting) = "ai.tool.executing" in Ai [REPLAYED];
        /// The assistant's answer is complete.
        AiResponseComplete(ResponseComplete) = "ai.response.complete" in Ai [REPLAYED];
        /// The import of a file began.
        ImportStarted(ImportStartedData) = "import.started" in Import [REPLAYED];
        /// The import of a file went on: every 100 records or 5 per cent.
        ImportProgress(ImportProgressData) = "import.progress" in Import [REPLAYED DROPPABLE];
        /// The import of a file succeeded.
        ImportCompleted(ImportCompletedData) = "import.completed" in Import [REPLAYED];
        /// The import of a file failed.
        ImportFailed(ImportFailedData) = "import.failed" in Import [REPLAYED];
        /// An account's balance changed.
        PortfolioBalanceUpdated(BalanceUpdated) = "portfolio.balance.updated" in Portfolio [REPLAYED CRITICAL];
        /// An account's holdings changed.
        PortfolioHoldingsUpdated(HoldingsUpdated) = "portfolio.holdings.updated" in Portfolio [REPLAYED];
        /// The net worth changed.
        PortfolioNetworthUpdated(NetworthUpdated) = "portfolio.networth.updated" in Portfolio [REPLAYED CRITICAL];
        /// A session was opened.
        SecuritySessionNew(SessionNew) = "security.session.new" in Security [REPLAYED CRITICAL];
        /// A session looks suspicious.
        SecuritySessionSuspicious(SessionSuspicious) = "security.session.suspicious" in Security [REPLAYED CRITICAL];
        /// A session is about to expire. Repeats with new ids.
        SecuritySessionExpiring(SessionExpiring) = "security.session.expiring" in Security [REPLAYED CRITICAL];
        /// A session was revoked.
        SecuritySessionRevoked(SessionRevoked) = "security.session.revoked" in Security [REPLAYED CRITICAL];
        /// The password was changed.
        SecurityPasswordChanged(PasswordChanged) = "security.password.changed" in Security [REPLAYED CRITICAL];
        /// A login failed.
        SecurityLoginFailed(LoginFailed) = "security.login.failed" in Security [REPLAYED CRITICAL];
    }
}

/// What the connection, the filter and the driver know of Dashtam.
pub fn spec() -> Spec {
    Spec {
        categories: Cow::Borrowed(CATEGORIES),
        events: Cow::Borrowed(EVENTS),
        filter: FilterQuery::Categories {
            parameter: Cow::Borrowed("categories"),
            list: List::CommaThenRepeated,
        },
        cursor: Cursor::HeaderAndQuery(Cow::Borrowed("Last-Event-ID")),
        auth: Auth::Bearer,
        identity: Identity::Id,
        recovery: Recovery::Cursor,
        retry: 3_000,
        ..Spec::new("dashtam")
    }
}

payloads! {
    /// `sync.accounts.started`
    pub struct AccountsStarted {
        /// The provider connection, a UUID.
        connection_id: String,
    }

    /// `sync.accounts.completed`
    pub struct AccountsCompleted {
        /// The provider connection, a UUID.
        connection_id: String,
        /// How many accounts the connection has.
        account_count: u64,
    }

    /// `sync.accounts.failed`
    pub struct AccountsFailed {
        /// The provider connection, a UUID.
        connection_id: String,
        /// Why, an open string: `credentials_invalid`, `recently_synced`, `provider_error:…`.
        error: String,
    }

    /// `sync.transactions.started`
    pub struct TransactionsStarted {
        /// The provider connection, a UUID.
        connection_id: String,
        /// The account, a UUID; null for all of the connection's.
        account_id: Option<String>,
    }

    /// `sync.transactions.completed`
    pub struct TransactionsCompleted {
        /// The provider connection, a UUID.
        connection_id: String,
        /// The account, a UUID; null for all of the connection's.
        account_id: Option<String>,
        /// How many transactions were synchronised.
        transaction_count: u64,
    }

    /// `sync.transactions.failed`
    pub struct TransactionsFailed {
        /// The provider connection, a UUID.
        connection_id: String,
        /// The account, a UUID; null for all of the connection's.
        account_id: Option<String>,
        /// Why, an open string.
        error: String,
    }

    /// `sync.holdings.started`
    pub struct HoldingsStarted {
        /// The account, a UUID.
        account_id: String,
    }

    /// `sync.holdings.completed`
    pub struct HoldingsCompleted {
        /// The account, a UUID.
        account_id: String,
        /// How many holdings the account has.
        holding_count: u64,
    }

    /// `sync.holdings.failed`
    pub struct HoldingsFailed {
        /// The account, a UUID.
        account_id: String,
        /// Why, an open string.
        error: String,
    }

    /// `provider.token.expiring`: the registry names the seconds left, the running service the
    /// moment; one of the two is there.
    pub struct TokenExpiring {
        /// The provider connection, a UUID.
        connection_id: String,
        /// The provider, `schwab` say.
        provider_slug: String,
    } optional {
        /// Seconds until the token expires.
        expires_in_seconds: i64,
        /// When the token expires, ISO 8601 with offset.
        expires_at: String,
    }

    /// `provider.token.refreshed`
    pub struct TokenRefreshed {
        /// The provider connection, a UUID.
        connection_id: String,
        /// The provider.
        provider_slug: String,
    }

    /// `provider.token.failed`
    pub struct TokenFailed {
        /// The provider connection, a UUID.
        connection_id: String,
        /// The provider.
        provider_slug: String,
        /// Whether the user has to sign in at the provider again.
        needs_reauth: bool,
    } optional {
        /// Why, where it is said.
        reason: String,
    }

    /// `provider.disconnected`
    pub struct ProviderDisconnectedData {
        /// The provider connection, a UUID.
        connection_id: String,
        /// The provider.
        provider_slug: String,
    }

    /// `ai.response.chunk`
    pub struct ResponseChunk {
        /// The conversation, a UUID.
        conversation_id: String,
        /// The text that comes next.
        chunk: String,
        /// Whether it is the last.
        is_final: bool,
    }

    /// `ai.tool.executing`
    pub struct ToolExecuting {
        /// The conversation, a UUID.
        conversation_id: String,
        /// The tool.
        tool_name: String,
    }

    /// `ai.response.complete`
    pub struct ResponseComplete {
        /// The conversation, a UUID.
        conversation_id: String,
    } optional {
        /// What the assistant did, where it is said.
        actions_taken: serde_json::Value,
    }

    /// `import.started`
    pub struct ImportStartedData {
        /// The file's name.
        file_name: String,
        /// `qfx`, `ofx` or `csv`.
        file_format: String,
    }

    /// `import.progress`
    pub struct ImportProgressData {
        /// The file's name.
        file_name: String,
        /// Per cent, 0 to 100.
        progress_percent: u8,
        /// Records read so far.
        records_processed: u64,
    }

    /// `import.completed`
    pub struct ImportCompletedData {
        /// The file's name.
        file_name: String,
        /// Records that were created; those that were known already don't count.
        records_imported: u64,
    }

    /// `import.failed`
    pub struct ImportFailedData {
        /// The file's name.
        file_name: String,
        /// Why, an open string.
        error: String,
    }

    /// `portfolio.balance.updated`
    pub struct BalanceUpdated {
        /// The account, a UUID.
        account_id: String,
        /// The balance before, a decimal string in `currency`.
        previous_balance: String,
        /// The balance now, a decimal string in `currency`.
        new_balance: String,
        /// The currency's code.
        currency: String,
    } optional {
        /// The difference, a decimal string in `currency`.
        delta: String,
    }

    /// `portfolio.holdings.updated`
    pub struct HoldingsUpdated {
        /// The account, a UUID.
        account_id: String,
        /// How many holdings the account has.
        holdings_count: u64,
    } optional {
        /// How many were created.
        created_count: u64,
        /// How many were changed.
        updated_count: u64,
        /// How many are no longer held.
        deactivated_count: u64,
    }

    /// `portfolio.networth.updated`
    pub struct NetworthUpdated {
        /// The net worth before, a decimal string in `currency`.
        previous_net_worth: String,
        /// The net worth now, a decimal string in `currency`.
        new_net_worth: String,
        /// The difference, a decimal string in `currency`.
        delta: String,
        /// The currency's code.
        currency: String,
        /// How many accounts were added up.
        account_count: u64,
    }

    /// `security.session.new`
    pub struct SessionNew {
        /// The session, a UUID.
        session_id: Option<String>,
        /// The device, as it named itself.
        device_info: Option<String>,
        /// The address it came from.
        ip_address: Option<String>,
        /// The place that the address points to.
        location: Option<String>,
    }

    /// `security.session.suspicious`
    pub struct SessionSuspicious {
        /// The session, a UUID.
        session_id: String,
        /// Why.
        reason: String,
    }

    /// `security.session.expiring`
    pub struct SessionExpiring {
        /// The session, a UUID.
        session_id: String,
        /// Seconds until the session expires, 0 or more.
        expires_in_seconds: u64,
    }

    /// `security.session.revoked`
    pub struct SessionRevoked {
        /// The session, a UUID.
        session_id: String,
        /// The device, as it named itself.
        device_info: Option<String>,
        /// Why.
        reason: String,
    }

    /// `security.password.changed`
    pub struct PasswordChanged {
        /// `user` or `admin`.
        initiated_by: String,
    }

    /// `security.login.failed`
    pub struct LoginFailed {
        /// Why.
        reason: String,
    }
}
