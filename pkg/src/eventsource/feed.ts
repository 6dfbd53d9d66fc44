/** From the WebAssembly module to an `EventSource`: one connection, and what waits for its turn. */

// Comes first, for the same reason for which the default entry imports the module's text last.
import { loadInline } from '../inline.js';
import {
  KIND_LAST_EVENT_ID_CHANGED,
  KIND_TYPE_MASK,
  KIND_UNKNOWN,
  ROW_KIND,
  ROW_WIDTH,
} from '../boundary.js';
import { Connection, type Part, type Receiver } from '../connection.js';
import type { Core } from '../core.js';
import { TidewireError } from '../error.js';
import { ALL } from '../filter.js';
import { type Batch, dataAt, idAt, nameAt, releaseRows } from '../rows.js';
import { type EventStream, Futile, openEventStream, type RequestOptions } from './request.js';
import { takeTurns } from './turns.js';

/** The tasks that the standard queues. Each is called with nothing of ours on the stack. */
export interface Tasks {
  /** "Announce the connection." */
  announce(origin: string): void;
  dispatch(type: string, data: string, lastEventId: string): void;
  /** "Reestablish the connection", up to the wait. */
  reestablish(): void;
  /** "Fail the connection." */
  fail(): void;
}

/** A batch, and where its next event's row begins. */
interface Entries {
  readonly batch: Batch;
  row: number;
}

type Entry = Entries | { readonly origin: string } | 'reestablish' | 'fail';

/** What the standard says of a server, and nothing more. */
const SPEC = {
  name: 'EventSource',
  format: 'text',
  categories: { message: ['message'] },
  open: true,
} as const;

/** Nothing of it is known to a user. */
const PART: Part = {
  count: 0,
  prepared: false,
  prepare: () => Promise.resolve(null),
  headers: () => [],
  mayRetry: () => true,
  error: (_code, _status, message) => new TidewireError(message, { code: 'network' }),
  shown: (text) => text,
};

/** Milliseconds until the server names another reconnection time: that of Chromium. */
const RECONNECTION_TIME = 3_000;

/** Bytes. The browser's own has no limit; this one is for memory's sake. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024;

/** Events that may wait before reading pauses, and at which it goes on. */
const PAUSE_AT = 16_384;
const GO_ON_AT = 4_096;

/** Names that are kept, so that each crosses into the browser once. */
const MAX_NAMES = 256;

export class Feed {
  readonly #request: RequestOptions;
  readonly #tasks: Tasks;
  readonly #controller = new AbortController();
  #connection: Connection | undefined;
  /** The first request, which does not wait for the module. */
  #first: Promise<EventStream> | undefined;
  /** Where a redirect led: the standard's request keeps to it. */
  #url: string;
  /** Attempts since a stream was open, or since the beginning. */
  #attempts = 0;
  /** Nothing more comes: it failed or was closed. */
  #over = false;
  #entries: Entry[] = [];
  /** How many of the entries are gone already. */
  #gone = 0;
  #waiting = 0;
  #paused = false;
  #takingTurns = false;
  #lastEventId = '';
  readonly #names = new Map<string, string>();

  constructor(request: RequestOptions, tasks: Tasks) {
    this.#request = request;
    this.#url = request.url;
    this.#tasks = tasks;
    // In parallel to the script that constructs.
    queueMicrotask(() => this.#start());
  }

  close(): void {
    this.#over = true;
    this.#entries = [];
    this.#gone = 0;
    this.#controller.abort();
    this.#connection?.close('closed');
  }

  #start(): void {
    if (this.#over) {
      return;
    }
    this.#first = this.#attempt(null, this.#controller.signal);
    // It is dealt with where it is taken up; until then it may fail unseen.
    this.#first.catch(() => {});
    loadInline().then(
      (core) => this.#connect(core),
      (error: unknown) => this.#fail(error),
    );
  }

  #connect(core: Core): void {
    if (this.#over) {
      return;
    }
    const { url, method } = this.#request;
    const settings = {
      profile: SPEC,
      url,
      method,
      body: undefined,
      transport: 'fetch',
      connectTimeout: 0,
      staleAfter: 0,
      maxEventBytes: MAX_EVENT_BYTES,
      // What is not a GET may run something, and is sent once.
      reconnect: method === 'GET' && {
        minDelay: RECONNECTION_TIME,
        maxDelay: Infinity,
        factor: 1,
        jitter: false,
      },
      constantDelay: true,
      pauseWhenHidden: false,
    } as const;
    const receiver = this.#receiver();
    this.#connection = new Connection(core, settings, PART, receiver, ALL, '', [], this);
    this.#connection.want();
  }

  /** What the module calls for each request: it is on the stack. */
  take(_url: string, init: RequestInit): Promise<unknown> {
    const signal = init.signal ?? this.#controller.signal;
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      signal.addEventListener('abort', () => this.#controller.abort());
      return first;
    }
    const lastEventId = new Headers(init.headers).get('last-event-id');
    return Promise.resolve().then(() => this.#attempt(lastEventId, signal));
  }

  async #attempt(lastEventId: string | null, signal: AbortSignal): Promise<EventStream> {
    try {
      this.#attempts += 1;
      // Once: a server that is down is not asked twice as often.
      const attempt = { url: this.#url, lastEventId, isProbed: this.#attempts === 1 };
      const stream = await openEventStream(this.#request, attempt, signal);
      this.#attempts = 0;
      if (stream.redirected) {
        this.#url = stream.url;
      }
      return stream;
    } catch (error) {
      if (error instanceof Futile) {
        this.#fail(error);
      }
      throw error;
    }
  }

  #receiver(): Receiver {
    const { origin } = new URL(this.#request.url);
    return {
      batch: (batch) => this.#batch(batch),
      fed: () => {},
      room: () => PAUSE_AT,
      tell: (type, detail) => {
        if (type === 'state' && detail.state === 'waiting') {
          this.#push('reestablish');
        } else if (type === 'open') {
          // A custom fetch may not say where it got the response from.
          this.#push({ origin: detail.url === '' ? origin : new URL(detail.url).origin });
        } else if (type === 'closed') {
          this.#fail(detail.error);
        }
      },
    };
  }

  #batch(batch: Batch): boolean {
    const { length } = batch.rows;
    if (length > 0) {
      this.#waiting += length / ROW_WIDTH;
      this.#push({ batch, row: 0 });
    }
    this.#paused = this.#waiting >= PAUSE_AT;
    return !this.#paused;
  }

  #fail(error: unknown): void {
    if (this.#over) {
      return;
    }
    if (error instanceof Error && error.message !== '') {
      // Where the browser writes of its own EventSource: the event itself cannot say it.
      console.error(`EventSource: ${error.message}`);
    }
    this.#push('fail');
    this.#over = true;
    this.#controller.abort();
    queueMicrotask(() => this.#connection?.close('closed'));
  }

  #push(entry: Entry): void {
    if (this.#over) {
      return;
    }
    this.#entries.push(entry);
    if (!this.#takingTurns) {
      this.#takingTurns = true;
      takeTurns(() => (this.#takingTurns = this.#step()));
    }
  }

  /** Does the task that is next. Answers whether there is another. */
  #step(): boolean {
    const entry = this.#entries[this.#gone];
    if (entry === undefined) {
      return false;
    }
    if (typeof entry === 'object' && 'batch' in entry) {
      this.#waiting -= 1;
      if (entry.row + ROW_WIDTH >= entry.batch.rows.length) {
        this.#drop();
      }
      this.#dispatch(entry);
      if (this.#paused && this.#waiting <= GO_ON_AT) {
        this.#paused = false;
        this.#connection?.want();
      }
    } else {
      this.#drop();
      if (entry === 'reestablish') {
        this.#tasks.reestablish();
      } else if (entry === 'fail') {
        this.#tasks.fail();
      } else {
        this.#tasks.announce(entry.origin);
      }
    }
    return this.#entries.length > 0;
  }

  #dispatch(entries: Entries): void {
    const { batch, row } = entries;
    const kind = batch.rows[row + ROW_KIND] ?? KIND_UNKNOWN;
    entries.row = row + ROW_WIDTH;
    if (kind & KIND_LAST_EVENT_ID_CHANGED) {
      this.#lastEventId = idAt(batch, row);
    }
    const isMessage = (kind & KIND_TYPE_MASK) !== KIND_UNKNOWN;
    const type = isMessage ? 'message' : this.#name(nameAt(batch, row));
    const data = dataAt(batch, row);
    if (entries.row >= batch.rows.length) {
      releaseRows(batch);
    }
    this.#tasks.dispatch(type, data, this.#lastEventId);
  }

  #name(name: string): string {
    const known = this.#names.get(name);
    if (known === undefined && this.#names.size < MAX_NAMES) {
      this.#names.set(name, name);
    }
    return known ?? name;
  }

  #drop(): void {
    this.#gone += 1;
    if (this.#gone === this.#entries.length) {
      this.#entries = [];
      this.#gone = 0;
    }
  }
}
