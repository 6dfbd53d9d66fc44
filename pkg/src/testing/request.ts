/** A request to the scripted server, and what the test answers to it. */

import type { AnyProfile, ProfileDefinition } from '../profile.js';
import { type AnyEventToSend, encode, type EventToSend } from './encode.js';
import { settled } from './tasks.js';

/** How a request is opened. */
export interface Answer {
  /** Default 200. */
  readonly status?: number | undefined;
  /** Beside `Content-Type: text/event-stream`, or in its place. */
  readonly headers?: HeadersInit | undefined;
  /** The address that answered, where redirects led to another one. */
  readonly redirectedTo?: string | URL | undefined;
}

/** How a request is refused. */
export interface Refusal {
  /** The `Retry-After` header: seconds, or a date. */
  readonly retryAfter?: number | string | Date | undefined;
  /** Further headers. */
  readonly headers?: HeadersInit | undefined;
  /** An object is sent as JSON. */
  readonly body?: string | object | undefined;
}

/**
 * `pending`: not answered yet. `open`: answered, and the answer goes on. `closed`: by the server,
 * which refused, ended or cut it. `aborted`: by the client, which wants nothing more of it.
 */
export type RequestState = 'pending' | 'open' | 'closed' | 'aborted';

/**
 * One request that was made. What answers it takes effect in the order of the calls; the promises
 * resolve when the client has dealt with it, as far as it does so without time passing. To answer
 * a request that the client gave up does nothing; to answer one that the server has closed throws.
 */
export interface ScriptedRequest<P extends AnyProfile = AnyProfile> {
  /** From 1, in the order in which the server was asked. */
  readonly number: number;
  /** What was asked for. */
  readonly url: URL;
  /** In capitals. */
  readonly method: string;
  /** As they were sent. */
  readonly headers: Headers;
  /** As `fetch` was given it, or null. */
  readonly body: unknown;
  /** The body, parsed. Throws if it is not JSON. */
  readonly json: any;
  /** Where the client goes on: from the header or, where the profile says so, the query. */
  readonly lastEventId: string;
  /** The token, from where the profile puts it; null if none was sent. */
  readonly token: string | null;
  /** How far its answer is. */
  readonly state: RequestState;
  /** Resolves when it is closed or aborted. */
  readonly closed: Promise<void>;
  /** Chunks that were sent and not read yet: a client that pauses leaves them where they are. */
  readonly unread: number;

  /** Answers with the head of an event stream. Sending does it too, with 200. */
  open(answer?: Answer): Promise<void>;
  /** Sends events as one chunk. */
  send(...events: EventToSend<P>[]): Promise<void>;
  /** Sends text or bytes as they are, each as a chunk: broken events, half events, half characters. */
  sendRaw(...chunks: (string | Uint8Array)[]): Promise<void>;
  /** Sends a comment, as servers do to show that they are alive. */
  comment(text?: string): Promise<void>;
  /** Sends a `retry` field: the reconnection time in milliseconds. */
  retry(milliseconds: number): Promise<void>;
  /** Ends the stream as a server does that has said all, or restarts. What was sent is read first. */
  end(): Promise<void>;
  /**
   * Breaks the connection; before it is open: there is no connection. What was sent is read first.
   * `error` is what the client is told, a TypeError if left out.
   */
  cut(error?: Error): Promise<void>;
  /** Answers with a status that is no stream. */
  refuse(status: number, refusal?: Refusal): Promise<void>;
}

/** The statuses whose answers have no body. */
const WITHOUT_BODY = [204, 205, 304];

const END = Symbol('the body ends');

/** What a body is made of: chunks, and its end or what breaks it off. */
type Piece = Uint8Array | Error | typeof END;

/** A request, and the promise of its answer. */
export class Exchange implements ScriptedRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: unknown;
  readonly closed: Promise<void>;
  readonly response: Promise<Response>;
  readonly #profile: ProfileDefinition;
  #state: RequestState = 'pending';
  #resolve!: (response: Response) => void;
  #reject!: (reason: unknown) => void;
  #close!: () => void;
  #pieces: Piece[] = [];
  /** The client reads: it waits for the next piece. */
  #give: ((piece: Piece) => void) | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(
    readonly number: number,
    profile: ProfileDefinition,
    input: string | URL | Request,
    init: RequestInit = {},
  ) {
    const request = typeof input === 'object' && 'method' in input ? input : undefined;
    this.#profile = profile;
    this.url = new URL(request?.url ?? String(input), globalThis.location?.href);
    this.method = (init.method ?? request?.method ?? 'GET').toUpperCase();
    this.headers = new Headers(init.headers ?? request?.headers);
    this.body = init.body ?? request?.body ?? null;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
    const signal = init.signal ?? request?.signal;
    const abort = () => this.#abort(signal?.reason);
    if (signal?.aborted) {
      abort();
    }
    signal?.addEventListener('abort', abort, { once: true });
  }

  get state(): RequestState {
    return this.#state;
  }

  get unread(): number {
    return this.#pieces.filter(isChunk).length;
  }

  get json(): unknown {
    if (typeof this.body !== 'string') {
      throw new TypeError(`${this}: its body is no text that could be JSON`);
    }
    return JSON.parse(this.body);
  }

  get lastEventId(): string {
    const { cursor } = this.#profile;
    const asked = typeof cursor === 'object' ? this.url.searchParams.get(cursor.query) : null;
    return this.headers.get('last-event-id') ?? asked ?? '';
  }

  get token(): string | null {
    const { auth = 'bearer' } = this.#profile;
    if (auth === 'bearer') {
      const header = this.headers.get('authorization');
      return header?.replace(/^Bearer /i, '') ?? null;
    }
    return 'header' in auth
      ? this.headers.get(auth.header)
      : this.url.searchParams.get(auth.query);
  }

  open({ status = 200, headers, redirectedTo }: Answer = {}): Promise<void> {
    if (this.#state === 'open') {
      throw new Error(`${this} is open already`);
    }
    if (this.#mayAnswer()) {
      this.#answer(status, withDefault(headers, 'content-type', 'text/event-stream'), redirectedTo);
    }
    return settled();
  }

  send(...events: AnyEventToSend[]): Promise<void> {
    return this.sendRaw(events.map((event) => encode(this.#profile, event)).join(''));
  }

  sendRaw(...chunks: (string | Uint8Array)[]): Promise<void> {
    if (this.#mayAnswer()) {
      this.#openIfPending();
      const encoder = new TextEncoder();
      for (const chunk of chunks) {
        this.#put(typeof chunk === 'string' ? encoder.encode(chunk) : chunk);
      }
    }
    return settled();
  }

  comment(text = ''): Promise<void> {
    return this.sendRaw(`${text.replace(/^/gm, ': ')}\n\n`);
  }

  retry(milliseconds: number): Promise<void> {
    return this.sendRaw(`retry: ${milliseconds}\n\n`);
  }

  end(): Promise<void> {
    if (this.#mayAnswer()) {
      this.#openIfPending();
      this.#put(END);
      this.#over('closed');
    }
    return settled();
  }

  cut(error: Error = new TypeError('network error: the connection was cut')): Promise<void> {
    if (this.#mayAnswer()) {
      this.#break(error);
    }
    return settled();
  }

  refuse(status: number, { retryAfter, headers, body = '' }: Refusal = {}): Promise<void> {
    if (this.#state === 'open') {
      throw new Error(`${this} is open: it is too late to refuse it`);
    }
    if (this.#mayAnswer()) {
      const isText = typeof body === 'string';
      const all = withDefault(headers, 'content-type', isText ? 'text/plain' : 'application/json');
      if (retryAfter !== undefined) {
        const when = retryAfter instanceof Date ? retryAfter.toUTCString() : String(retryAfter);
        all.set('retry-after', when);
      }
      this.#answer(status, all);
      this.#put(new TextEncoder().encode(isText ? body : JSON.stringify(body)));
      this.#put(END);
      this.#over('closed');
    }
    return settled();
  }

  /** The script for it has failed: the client is not kept waiting. */
  fail(cause: unknown): void {
    if (this.#state === 'pending' || this.#state === 'open') {
      this.#break(new TypeError(`${this}: its script failed`, { cause }));
    }
  }

  toString(): string {
    return `request ${this.number} (${this.method} ${this.url.href}, ${this.#state})`;
  }

  /** Whether anybody hears it. */
  #mayAnswer(): boolean {
    if (this.#state === 'closed') {
      throw new Error(`${this} cannot be answered any more`);
    }
    return this.#state !== 'aborted';
  }

  #openIfPending(): void {
    if (this.#state === 'pending') {
      void this.open();
    }
  }

  #answer(status: number, headers: Headers, redirectedTo?: string | URL): void {
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: (controller) =>
          new Promise((resolve) => {
            this.#give = (piece) => {
              this.#give = undefined;
              if (isChunk(piece)) controller.enqueue(piece);
              else if (piece === END) controller.close();
              else controller.error(piece);
              resolve();
            };
            this.#feed();
          }),
        cancel: () => this.#leave(),
      },
      // Nothing is taken before it is asked for.
      { highWaterMark: 0 },
    );
    const response = new Response(WITHOUT_BODY.includes(status) ? null : body, { status, headers });
    // A script cannot make a response that says where it came from.
    Object.defineProperties(response, {
      url: { value: new URL(redirectedTo ?? '', this.url).href },
      redirected: { value: redirectedTo !== undefined },
    });
    this.#state = 'open';
    this.#resolve(response);
  }

  #put(piece: Piece): void {
    this.#pieces.push(piece);
    this.#feed();
  }

  #feed(): void {
    const piece = this.#pieces[0];
    if (this.#give !== undefined && piece !== undefined) {
      this.#pieces.shift();
      this.#give(piece);
    }
  }

  #break(error: Error): void {
    if (this.#state === 'pending') {
      this.#reject(error);
    } else {
      this.#put(error);
    }
    this.#over('closed');
  }

  #abort(reason: unknown): void {
    this.#reject(reason);
    try {
      this.#controller?.error(reason);
    } catch {
      // The body has ended.
    }
    this.#leave();
  }

  /** The client wants nothing more. */
  #leave(): void {
    this.#pieces = [];
    if (this.#state !== 'closed') {
      this.#over('aborted');
    }
  }

  #over(state: 'closed' | 'aborted'): void {
    this.#state = state;
    this.#close();
  }
}

/** Not by its class: jsdom's Uint8Array is not that of what Node encodes. */
function isChunk(piece: Piece): piece is Uint8Array {
  return ArrayBuffer.isView(piece);
}

function withDefault(given: HeadersInit | undefined, name: string, value: string): Headers {
  const headers = new Headers(given);
  if (!headers.has(name)) {
    headers.set(name, value);
  }
  return headers;
}
