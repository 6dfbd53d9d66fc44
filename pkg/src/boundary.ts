/**
 * The boundary of the WebAssembly module, written by hand: what it exports, what it imports, and
 * between whom the two halves of a connection stand.
 *
 * Numbers cross, and text as UTF-8 in the module's memory. What comes in lies in what `allocate`
 * gave for its length, and is the module's from the next call on, but for a chunk's bytes; what goes
 * out is gone when the import returns. js/src/exports.rs and js/src/host.rs are the other side.
 */

import type { RequestBasis } from './request.js';

/** A connection in the module: where it lies. */
export type Address = number;

/** What the module exports. */
export interface ModuleExports {
  readonly memory: WebAssembly.Memory;
  allocate(length: number): number;
  /**
   * The text is lines: the last event ID, so many categories and types, and the profile's lines;
   * see `lines.ts`. `key` is what the imports know the connection by. 0 for what the module cannot
   * read.
   */
  connect(
    key: number,
    flags: number,
    text: number,
    length: number,
    categories: number,
    types: number,
    connectTimeout: number,
    staleAfter: number,
    maxEventBytes: number,
    minDelay: number,
    maxDelay: number,
    factor: number,
    maxAttempts: number,
    seed: number,
  ): Address;
  /** The connection is gone, and its address is none any more. */
  free(connection: Address): void;
  start(connection: Address, suspended: boolean): void;
  want(connection: Address): void;
  /** 0 closed, 1 aborted, 2 too slow a consumer. */
  close(connection: Address, reason: number): void;
  reconnect(connection: Address): void;
  /** The text is lines: so many categories and types. */
  filter(
    connection: Address,
    text: number,
    length: number,
    categories: number,
    types: number,
  ): void;
  /** The time of `wake` has come. */
  timer(connection: Address): void;
  /** The token is there that was asked for by this number, or cannot be had. */
  token(connection: Address, number: number, isThere: boolean): void;
  /** 0 the network is back; 1 the page is put away; 2 it is back, or seen again. */
  page(connection: Address, event: number): void;
  /**
   * The text is lines: of a head the content type, `Retry-After` in seconds and the URL, and what
   * came of a refusal's body. `how`: 0 more of that may come, 1 it is all, 2 nothing is told, only asked.
   * Answers whether it begins an event stream.
   */
  answer(
    connection: Address,
    transport: number,
    status: number,
    redirected: boolean,
    how: number,
    text: number,
    length: number,
  ): number;
  /** The bytes are lent. `now` is milliseconds, as in the import. */
  chunk(connection: Address, transport: number, bytes: number, length: number, now: number): void;
  /** Of an `EventSource`. The text is lines: name, last event ID, and the data. */
  message(connection: Address, transport: number, text: number, length: number): void;
  /**
   * Nothing more comes, for this reason. `how`: 0 the body ended; 1 it failed; 2 it failed, and may
   * have been refused by another origin; 3 it cannot be sent.
   */
  over(connection: Address, transport: number, how: number, text: number, length: number): void;
  duplicates(connection: Address): number;
  /** The last event ID, by `give`. */
  cursor(connection: Address): void;
}

/** What the module imports from 'tidewire'. None of it may run a user's code, but for `retry`. */
export interface ModuleImports extends WebAssembly.ModuleImports {
  /** Milliseconds. */
  now(): number;
  /** Call `timer` after so many milliseconds, and not as was asked for before; -1: not at all. */
  wake(key: number, after: number): void;
  /** A token is needed; the answer goes to `token`. */
  ask(key: number, number: number, attempt: number, reason: number): void;
  /**
   * Send a request; what comes of it is told under this number. `query` has lines: name, value,
   * name, value… `id` is the Last-Event-ID, at 0 if there is to be none.
   */
  open(
    key: number,
    transport: number,
    query: number,
    queryLength: number,
    id: number,
    idLength: number,
  ): void;
  /** 0 read on, 1 give up, 2 give up, but let the body end by itself before. */
  steer(key: number, transport: number, what: number): void;
  retry(key: number, attempt: number, status: number): number;
  /** `Host.batch`: 0 pause, 1 read on, 2 the text is no UTF-8. `flags`: 1 `isArray`, 2 `continues`. */
  batch(
    key: number,
    text: number,
    textLength: number,
    rows: number,
    rowsLength: number,
    namesAt: number,
    wideAt: number,
    flags: number,
    lent: number,
    lentLength: number,
  ): number;
  /** `what` is told by its place among the methods of `Host`, from `state`; four texts. */
  report(key: number, what: number, number: number, delay: number, ...texts: number[]): void;
  /** The answer to the export that is being called. */
  give(text: number, length: number): void;
}

export interface Exports {
  Connection: new (options: ConnectionOptions, host: Host) => Connection;
}

export interface Connection {
  /** Opens; the body is not read before `want`. */
  start(): void;
  /** There is room: read on. */
  want(): void;
  close(reason: 'closed' | 'aborted' | 'slow-consumer'): void;
  reconnect(): void;
  setFilter(categories: readonly string[], types: readonly string[]): void;
  /** Events of this name may come: an `EventSource` has to be told. */
  listen(name: string): void;
  readonly lastEventId: string;
  /** Events that were dropped because they had come before. */
  readonly duplicates: number;
  free(): void;
}

/** Durations are milliseconds; 0 is none. */
export interface ConnectionOptions extends RequestBasis {
  /** The profile as lines; see `lines.ts`. */
  readonly spec: string;
  readonly fetch: typeof fetch | undefined;
  readonly transport: 'fetch' | 'eventsource';
  /** What an `EventSource` has to listen to. */
  readonly names: readonly string[];
  readonly categories: readonly string[];
  readonly types: readonly string[];
  readonly lastEventId: string;
  /** `Host.token` is to be asked before each attempt. */
  readonly hasToken: boolean;
  /** After a 401 it may give another one. */
  readonly renewsToken: boolean;
  readonly connectTimeout: number;
  readonly staleAfter: number;
  readonly maxEventBytes: number;
  readonly reconnect: boolean;
  /** NaN: as the profile says. */
  readonly minDelay: number;
  readonly maxDelay: number;
  readonly factor: number;
  readonly jitter: boolean;
  /** The server's `retry`, or else `minDelay`, each time: the standard's reconnection time. */
  readonly constantDelay: boolean;
  readonly maxAttempts: number;
  readonly pauseWhenHidden: boolean;
  /** Payloads are parsed: the module looks for what can be parsed at once. */
  readonly isJson: boolean;
}

/**
 * Whose connection it is. None of it may run a user's code before it returns, but for `when`:
 * it queues, and the queue is drained in a microtask.
 */
export interface Host {
  token(attempt: number, reason: string): PromiseLike<string | null | undefined>;
  /** Name, value, name, value… */
  headers(): string[];
  when(attempt: number, status: number): boolean;
  /**
   * Events. The bytes are gone after the return. Answers whether to
   * read on. The text is `[`, the events' data with commas between, `]`, and from `namesAt` on
   * of each event the name, if its type is unknown, and the id, if it changed or is its own. Data
   * that is not all ASCII stands apart, from the byte `wideAt` on, in brackets of its own. `lent`
   * is the part of a chunk in which all others lie.
   */
  batch(
    text: Uint8Array,
    rows: Uint32Array,
    namesAt: number,
    wideAt: number,
    isArray: boolean,
    continues: boolean,
    lent: Uint8Array,
    isFed: boolean,
  ): boolean | undefined;
  /** The module is off the stack after a chunk, whose batches had `isFed`. A user's code may run. */
  fed(): void;
  state(state: number): void;
  open(status: number, url: string, redirected: boolean): void;
  /** 0 no, 1 yes, 2 unknown. */
  resumed(recovered: number, lastEventId: string): void;
  gap(reason: string, lastEventId: string): void;
  /** What came of a `setFilter`: one call for each, in order; undefined if it holds now. */
  filtered(error: string | undefined): void;
  failed(
    code: string,
    status: number,
    message: string,
    body: string,
    willRetry: boolean,
    delay: number,
  ): void;
  closed(reason: string, code: string, status: number, message: string, body: string): void;
}
/**
 * The columns of a row of `Host.batch`: one event. Lengths and places are UTF-16 units. Data is in
 * `lent`, `wide` or `text`, as its kind says; id and name are in `lent` too, or else in `text`,
 * counted from `namesAt`.
 */
export const ROW_KIND = 0;
export const ROW_NAME = 1;
export const ROW_DATA = 2;
export const ROW_ID = 3;
export const ROW_DATA_AT = 4;
export const ROW_ID_AT = 5;
export const ROW_NAME_AT = 6;
export const ROW_WIDTH = 7;
/** A row's first column: the index of the type in the low half, flags in the high one. */
export const KIND_TYPE_MASK = 0xffff;
export const KIND_UNKNOWN = 0xffff;
export const KIND_REPLAYED = 1 << 16;
/** The event came with an id of its own. */
export const KIND_HAS_ID = 2 << 16;
/** The last event ID is from here on what stands in the id part. */
export const KIND_LAST_EVENT_ID_CHANGED = 4 << 16;
/** Its data stands apart: it is not all ASCII. */
export const KIND_WIDE = 8 << 16;
/** It lies in its chunk. */
export const KIND_LENT = 16 << 16;
