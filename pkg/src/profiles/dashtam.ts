/** Dashtam, a finance hub: accounts, imports, balances, sessions. */

// Printed from the tables in src/profiles by `cargo xtask types`. Change those.

import { profileOf } from '../profile.js';

/** Event types, and their payloads. */
export interface DashtamEvents {
  /** The synchronisation of a connection's accounts began. */
  'sync.accounts.started': AccountsStarted;
  /** The synchronisation of a connection's accounts succeeded. */
  'sync.accounts.completed': AccountsCompleted;
  /** The synchronisation of a connection's accounts failed. */
  'sync.accounts.failed': AccountsFailed;
  /** The synchronisation of transactions began. */
  'sync.transactions.started': TransactionsStarted;
  /** The synchronisation of transactions succeeded. */
  'sync.transactions.completed': TransactionsCompleted;
  /** The synchronisation of transactions failed. */
  'sync.transactions.failed': TransactionsFailed;
  /** The synchronisation of an account's holdings began. */
  'sync.holdings.started': HoldingsStarted;
  /** The synchronisation of an account's holdings succeeded. */
  'sync.holdings.completed': HoldingsCompleted;
  /** The synchronisation of an account's holdings failed. */
  'sync.holdings.failed': HoldingsFailed;
  /** A provider's token is about to expire. Repeats with new ids until it is renewed. */
  'provider.token.expiring': TokenExpiring;
  /** A provider's token was renewed. */
  'provider.token.refreshed': TokenRefreshed;
  /** A provider's token could not be renewed. */
  'provider.token.failed': TokenFailed;
  /** A provider was disconnected. */
  'provider.disconnected': ProviderDisconnectedData;
  /** A piece of the assistant's answer. */
  'ai.response.chunk': ResponseChunk;
  /** The assistant runs a tool. */
  'ai.tool.executing': ToolExecuting;
  /** The assistant's answer is complete. */
  'ai.response.complete': ResponseComplete;
  /** The import of a file began. */
  'import.started': ImportStartedData;
  /** The import of a file went on: every 100 records or 5 per cent. */
  'import.progress': ImportProgressData;
  /** The import of a file succeeded. */
  'import.completed': ImportCompletedData;
  /** The import of a file failed. */
  'import.failed': ImportFailedData;
  /** An account's balance changed. */
  'portfolio.balance.updated': BalanceUpdated;
  /** An account's holdings changed. */
  'portfolio.holdings.updated': HoldingsUpdated;
  /** The net worth changed. */
  'portfolio.networth.updated': NetworthUpdated;
  /** A session was opened. */
  'security.session.new': SessionNew;
  /** A session looks suspicious. */
  'security.session.suspicious': SessionSuspicious;
  /** A session is about to expire. Repeats with new ids. */
  'security.session.expiring': SessionExpiring;
  /** A session was revoked. */
  'security.session.revoked': SessionRevoked;
  /** The password was changed. */
  'security.password.changed': PasswordChanged;
  /** A login failed. */
  'security.login.failed': LoginFailed;
}

/** Categories, and their event types. */
export interface DashtamCategories {
  data_sync:
    | 'sync.accounts.started'
    | 'sync.accounts.completed'
    | 'sync.accounts.failed'
    | 'sync.transactions.started'
    | 'sync.transactions.completed'
    | 'sync.transactions.failed'
    | 'sync.holdings.started'
    | 'sync.holdings.completed'
    | 'sync.holdings.failed';
  provider:
    | 'provider.token.expiring'
    | 'provider.token.refreshed'
    | 'provider.token.failed'
    | 'provider.disconnected';
  ai: 'ai.response.chunk' | 'ai.tool.executing' | 'ai.response.complete';
  import: 'import.started' | 'import.progress' | 'import.completed' | 'import.failed';
  portfolio:
    | 'portfolio.balance.updated'
    | 'portfolio.holdings.updated'
    | 'portfolio.networth.updated';
  security:
    | 'security.session.new'
    | 'security.session.suspicious'
    | 'security.session.expiring'
    | 'security.session.revoked'
    | 'security.password.changed'
    | 'security.login.failed';
}

/** `sync.accounts.started` */
export interface AccountsStarted {
  /** The provider connection, a UUID. */
  connection_id: string;
}

/** `sync.accounts.completed` */
export interface AccountsCompleted {
  /** The provider connection, a UUID. */
  connection_id: string;
  /** How many accounts the connection has. */
  account_count: number;
}

/** `sync.accounts.failed` */
export interface AccountsFailed {
  /** The provider connection, a UUID. */
  connection_id: string;
  /** Why, an open string: `credentials_invalid`, `recently_synced`, `provider_error:…`. */
  error: string;
}

/** `sync.transactions.started` */
export interface TransactionsStarted {
  /** The provider connection, a UUID. */
  connection_id: string;
  /** The account, a UUID; null for all of the connection's. */
  account_id: string | null;
}

/** `sync.transactions.completed` */
export interface TransactionsCompleted {
  /** The provider connection, a UUID. */
  connection_id: string;
  /** The account, a UUID; null for all of the connection's. */
  account_id: string | null;
  /** How many transactions were synchronised. */
  transaction_count: number;
}

/** `sync.transactions.failed` */
export interface TransactionsFailed {
  /** The provider connection, a UUID. */
  connection_id: string;
  /** The account, a UUID; null for all of the connection's. */
  account_id: string | null;
  /** Why, an open string. */
  error: string;
}

/** `sync.holdings.started` */
export interface HoldingsStarted {
  /** The account, a UUID. */
  account_id: string;
}

/** `sync.holdings.completed` */
export interface HoldingsCompleted {
  /** The account, a UUID. */
  account_id: string;
  /** How many holdings the account has. */
  holding_count: number;
}

/** `sync.holdings.failed` */
export interface HoldingsFailed {
  /** The account, a UUID. */
  account_id: string;
  /** Why, an open string. */
  error: string;
}

/**
 * `provider.token.expiring`: the registry names the seconds left, the running service the
 * moment; one of the two is there.
 */
export interface TokenExpiring {
  /** The provider connection, a UUID. */
  connection_id: string;
  /** The provider, `schwab` say. */
  provider_slug: string;
  /** Seconds until the token expires. */
  expires_in_seconds?: number;
  /** When the token expires, ISO 8601 with offset. */
  expires_at?: string;
}

/** `provider.token.refreshed` */
export interface TokenRefreshed {
  /** The provider connection, a UUID. */
  connection_id: string;
  /** The provider. */
  provider_slug: string;
}

/** `provider.token.failed` */
export interface TokenFailed {
  /** The provider connection, a UUID. */
  connection_id: string;
  /** The provider. */
  provider_slug: string;
  /** Whether the user has to sign in at the provider again. */
  needs_reauth: boolean;
  /** Why, where it is said. */
  reason?: string;
}

/** `provider.disconnected` */
export interface ProviderDisconnectedData {
  /** The provider connection, a UUID. */
  connection_id: string;
  /** The provider. */
  provider_slug: string;
}

/** `ai.response.chunk` */
export interface ResponseChunk {
  /** The conversation, a UUID. */
  conversation_id: string;
  /** The text that comes next. */
  chunk: string;
  /** Whether it is the last. */
  is_final: boolean;
}

/** `ai.tool.executing` */
export interface ToolExecuting {
  /** The conversation, a UUID. */
  conversation_id: string;
  /** The tool. */
  tool_name: string;
}

/** `ai.response.complete` */
export interface ResponseComplete {
  /** The conversation, a UUID. */
  conversation_id: string;
  /** What the assistant did, where it is said. */
  actions_taken?: unknown;
}

/** `import.started` */
export interface ImportStartedData {
  /** The file's name. */
  file_name: string;
  /** `qfx`, `ofx` or `csv`. */
  file_format: string;
}

/** `import.progress` */
export interface ImportProgressData {
  /** The file's name. */
  file_name: string;
  /** Per cent, 0 to 100. */
  progress_percent: number;
  /** Records read so far. */
  records_processed: number;
}

/** `import.completed` */
export interface ImportCompletedData {
  /** The file's name. */
  file_name: string;
  /** Records that were created; those that were known already don't count. */
  records_imported: number;
}

/** `import.failed` */
export interface ImportFailedData {
  /** The file's name. */
  file_name: string;
  /** Why, an open string. */
  error: string;
}

/** `portfolio.balance.updated` */
export interface BalanceUpdated {
  /** The account, a UUID. */
  account_id: string;
  /** The balance before, a decimal string in `currency`. */
  previous_balance: string;
  /** The balance now, a decimal string in `currency`. */
  new_balance: string;
  /** The currency's code. */
  currency: string;
  /** The difference, a decimal string in `currency`. */
  delta?: string;
}

/** `portfolio.holdings.updated` */
export interface HoldingsUpdated {
  /** The account, a UUID. */
  account_id: string;
  /** How many holdings the account has. */
  holdings_count: number;
  /** How many were created. */
  created_count?: number;
  /** How many were changed. */
  updated_count?: number;
  /** How many are no longer held. */
  deactivated_count?: number;
}

/** `portfolio.networth.updated` */
export interface NetworthUpdated {
  /** The net worth before, a decimal string in `currency`. */
  previous_net_worth: string;
  /** The net worth now, a decimal string in `currency`. */
  new_net_worth: string;
  /** The difference, a decimal string in `currency`. */
  delta: string;
  /** The currency's code. */
  currency: string;
  /** How many accounts were added up. */
  account_count: number;
}

/** `security.session.new` */
export interface SessionNew {
  /** The session, a UUID. */
  session_id: string | null;
  /** The device, as it named itself. */
  device_info: string | null;
  /** The address it came from. */
  ip_address: string | null;
  /** The place that the address points to. */
  location: string | null;
}

/** `security.session.suspicious` */
export interface SessionSuspicious {
  /** The session, a UUID. */
  session_id: string;
  /** Why. */
  reason: string;
}

/** `security.session.expiring` */
export interface SessionExpiring {
  /** The session, a UUID. */
  session_id: string;
  /** Seconds until the session expires, 0 or more. */
  expires_in_seconds: number;
}

/** `security.session.revoked` */
export interface SessionRevoked {
  /** The session, a UUID. */
  session_id: string;
  /** The device, as it named itself. */
  device_info: string | null;
  /** Why. */
  reason: string;
}

/** `security.password.changed` */
export interface PasswordChanged {
  /** `user` or `admin`. */
  initiated_by: string;
}

/** `security.login.failed` */
export interface LoginFailed {
  /** Why. */
  reason: string;
}

/** Dashtam, a finance hub: accounts, imports, balances, sessions. */
export const dashtam = /*#__PURE__*/ profileOf<DashtamEvents, undefined, DashtamCategories>({
  name: 'dashtam',
  categories: {
    data_sync: [
      'sync.accounts.started',
      'sync.accounts.completed',
      'sync.accounts.failed',
      'sync.transactions.started',
      'sync.transactions.completed',
      'sync.transactions.failed',
      'sync.holdings.started',
      'sync.holdings.completed',
      'sync.holdings.failed',
    ],
    provider: [
      'provider.token.expiring',
      'provider.token.refreshed',
      'provider.token.failed',
      'provider.disconnected',
    ],
    ai: ['ai.response.chunk', 'ai.tool.executing', 'ai.response.complete'],
    import: ['import.started', 'import.progress', 'import.completed', 'import.failed'],
    portfolio: [
      'portfolio.balance.updated',
      'portfolio.holdings.updated',
      'portfolio.networth.updated',
    ],
    security: [
      'security.session.new',
      'security.session.suspicious',
      'security.session.expiring',
      'security.session.revoked',
      'security.password.changed',
      'security.login.failed',
    ],
  },
  critical: [
    'portfolio.balance.updated',
    'portfolio.networth.updated',
    'security.session.new',
    'security.session.suspicious',
    'security.session.expiring',
    'security.session.revoked',
    'security.password.changed',
    'security.login.failed',
  ],
  droppable: ['import.progress'],
  replayed: [
    'sync.accounts.started',
    'sync.accounts.completed',
    'sync.accounts.failed',
    'sync.transactions.started',
    'sync.transactions.completed',
    'sync.transactions.failed',
    'sync.holdings.started',
    'sync.holdings.completed',
    'sync.holdings.failed',
    'provider.token.expiring',
    'provider.token.refreshed',
    'provider.token.failed',
    'provider.disconnected',
    'ai.response.chunk',
    'ai.tool.executing',
    'ai.response.complete',
    'import.started',
    'import.progress',
    'import.completed',
    'import.failed',
    'portfolio.balance.updated',
    'portfolio.holdings.updated',
    'portfolio.networth.updated',
    'security.session.new',
    'security.session.suspicious',
    'security.session.expiring',
    'security.session.revoked',
    'security.password.changed',
    'security.login.failed',
  ],
  filter: { by: 'categories', parameter: 'categories', list: 'comma-then-repeated' },
  cursor: { query: 'Last-Event-ID' },
  identity: 'id',
  recovery: 'cursor',
  retry: 3000,
});
