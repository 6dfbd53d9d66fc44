/** The WebAssembly module's exports, and what it calls in return. */

export interface Exports {
  Connection: new (options: ConnectionOptions, host: Host) => Connection;
  /** Makes JSON of the text that Python takes for it: `NaN` and `Infinity` become null. */
  repairJson(text: string): string;
}

export interface Connection {
  /** Opens; the body is not read before `want`. */
  start(): void;
  /** There is room: read on. */
  want(): void;
  close(): void;
  abort(): void;
  reconnect(): void;
  setFilter(categories: string[], types: string[]): void;
  /** Events of this name may come: an `EventSource` has to be told. */
  listen(name: string): void;
  /** Closes with the reason `slow-consumer`. */
  slowConsumer(): void;
  readonly lastEventId: string;
  /** Events that were dropped because they had come before. */
  readonly duplicates: number;
  free(): void;
}

/** Read once, by getters. Durations are milliseconds; 0 is none. */
export interface ConnectionOptions {
  /** The profile as lines; see `lines.ts`. */
  readonly spec: string;
  /** Absolute. */
  readonly url: string;
  readonly method: string;
  readonly body: BodyInit | undefined;
  readonly credentials: RequestCredentials | undefined;
  readonly fetch: typeof fetch | undefined;
  readonly transport: 'fetch' | 'eventsource';
  readonly withCredentials: boolean;
  readonly categories: string[];
  readonly types: string[];
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
  /** The module listens to the page's life itself. */
  readonly pauseWhenHidden: boolean;
  /** Payloads are parsed: the module looks for what can be parsed at once. */
  readonly isJson: boolean;
}

/**
 * What the module calls. None of it may run a user's code before it returns:
 * it queues, and the queue is drained in a microtask.
 */
export interface Host {
  token(attempt: number, reason: string): PromiseLike<string | null | undefined>;
  /** Name, value, name, value… */
  headers(): string[];
  when(attempt: number, status: number): boolean;
  /**
   * Events. `text` and `rows` are gone after the return. Answers whether to
   * read on. The text is `[`, the events' data with commas between, `]`, and from `namesAt` on
   * of each event the name, if its type is unknown, and the id, if it changed or is its own.
   */
  batch(
    text: Uint8Array,
    rows: Uint32Array,
    namesAt: number,
    isArray: boolean,
    continues: boolean,
  ): boolean | undefined;
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

/** The columns of a row of `Host.batch`: one event. Lengths are units of its text. */
export const ROW = { kind: 0, name: 1, data: 2, id: 3, width: 4 } as const;
/** A row's first column: the index of the type in the low half, flags in the high one. */
export const KIND = {
  typeMask: 0xffff,
  unknown: 0xffff,
  replayed: 1 << 16,
  /** The event came with an id of its own. */
  hasId: 2 << 16,
  /** The last event ID is from here on what stands in the id part. */
  lastEventIdChanged: 4 << 16,
} as const;
