/**
 * The boundary of the WebAssembly module, written by hand: what it exports and what it imports.
 *
 * Numbers cross, and text as UTF-8 in the module's memory. What comes in lies in what `allocate`
 * gave for its length, and is the module's from the next call on, but for a chunk's bytes; what goes
 * out is gone when the import returns. js/src/exports.rs and js/src/host.rs are the other side.
 */

/** The package's version, which the module has too: one of another is not to be spoken to. */
export const VERSION = '0.1.0';

/** A connection in the module: where it lies. */
export type Address = number;

/** What the module exports. */
export interface ModuleExports {
  readonly memory: WebAssembly.Memory;
  allocate(length: number): number;
  /**
   * The text is lines: the version, the last event ID, so many categories and types, and the
   * profile's lines; see `lines.ts`. `key` is what the imports know the connection by. 0 for another
   * version.
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
    // Undefined crosses as NaN: as the profile says.
    minDelay: number | undefined,
    maxDelay: number | undefined,
    factor: number | undefined,
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
  retry(key: number, attempt: number, status: number): boolean | undefined;
  /**
   * Events. The bytes are gone after the return. Answers 0 to pause, 1 to read on, 2 if a text is not
   * what it has to be: UTF-8, or as `flags` say. Data is in `text`, in `lent`, a part of a chunk, or, if
   * it is not all ASCII, in `wide`: all of it would be twice as large. In `text` there are from `namesAt`
   * on of each event the name, if its type is unknown, and the id, if it changed or is its own.
   * `size` is the sum of their lengths and of the data's. `flags`: 1 `text` up to `namesAt` is an array
   * of data, and `wide` another one, and may be parsed as such; 2 it is of the same chunk as the batch
   * before; 4 text and what is lent are ASCII, if they have as many units as bytes.
   */
  batch(
    key: number,
    text: number,
    textLength: number,
    rows: number,
    rowsLength: number,
    namesAt: number,
    size: number,
    flags: number,
    lent: number,
    lentLength: number,
    wide: number,
    wideLength: number,
  ): number | boolean | undefined;
  /**
   * News, with four texts, each a place and a length. `what` is
   * 0 a state; `number`: 0 connecting, 1 open, 2 waiting, 3 closed;
   * 1 open: the status, redirected if `delay` is not 0, the URL;
   * 2 resumed; recovered: 0 no, 1 yes, 2 unknown; the last event ID;
   * 3 a gap: the reason, the last event ID;
   * 4 what came of a `filter`, one for each, in order;
   * 5 an attempt failed: it is tried again after `delay`, never if that is below 0;
   * 6 closed: the reason.
   * Of an error, the last three have the status and from the second text on code, message and body;
   * the code is empty where there is none.
   */
  report(key: number, what: number, number: number, delay: number, ...texts: number[]): void;
  /** The answer to the export that is being called. */
  give(text: number, length: number): void;
}

/**
 * The columns of a row of `batch`: one event. Lengths and places are UTF-16 units. Data is in
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
/** Which member of its array the data is, if it is in one. */
export const ROW_MEMBER = 7;
export const ROW_WIDTH = 8;
/** A row's first column: the index of the type in the low half, flags in the high one. */
export const KIND_TYPE_MASK = 0xffff;
export const KIND_UNKNOWN = 0xffff;
export const KIND_REPLAYED = 1 << 16;
/** The event came with an id of its own. */
export const KIND_HAS_ID = 2 << 16;
/** The last event ID is from here on what stands in the id part. */
export const KIND_LAST_EVENT_ID_CHANGED = 4 << 16;
/** Its data stands in `wide`. */
export const KIND_WIDE = 8 << 16;
/** All of it stands in `lent`. */
export const KIND_LENT = 16 << 16;
