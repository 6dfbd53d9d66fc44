/** The stream at run time: between the module, which pushes, and consumers, who take. */

import type { Connection, Host } from './boundary.js';
import type { Core, LoadCore } from './core.js';
import { Decoder } from './decode.js';
import { type ErrorCode, TidewireError } from './error.js';
import type { AnyEvent } from './event.js';
import { checkFilter, checkType, filterMatcher, matcher, type Passes } from './filter.js';
import { iterate, readable } from './iterate.js';
import { connectionOptions } from './module-options.js';
import { flatHeaders, type Settings } from './options.js';
import { EventQueue, Notice } from './queue.js';
import { report } from './report.js';
import type { Closed, StreamState } from './stream.js';
import { gatherText } from './text.js';

interface Handler {
  readonly passes: Passes;
  readonly call: (event: AnyEvent) => unknown;
}

const STATES: readonly StreamState[] = ['connecting', 'open', 'waiting', 'closed'];
const QUIET: readonly Closed['reason'][] = ['closed', 'aborted', 'ended'];

export class LiveStream {
  readonly closed: Promise<Closed>;
  #resolveClosed!: (closed: Closed) => void;
  #state: StreamState = 'connecting';
  readonly #settings: Settings;
  readonly #news = new EventTarget();
  #decodeErrorsHeard = false;

  #core: Core | undefined;
  #connection: Connection | undefined;
  /** The headers for the attempt that is about to be made. */
  #headers: string[] = [];
  /** That attempt cannot be made: not the token's fault, but the headers'. */
  #headersFailed = false;
  /** The module is on the stack: it is not to be called, and no user's code is to run. */
  #inHost = false;
  /** The module waits for `want`. */
  #paused = true;
  /** The filter names nothing, though it is there: everything arrives, and nothing passes. */
  #nothing: boolean;
  #filter: { categories: string[]; types: string[] };
  /** Names that handlers were given for, until the module is there. */
  #listened: string[] = [];

  readonly #queue: EventQueue;
  readonly #decoder: Decoder;
  /** Replaced, never changed: it is walked while handlers come and go. */
  #handlers: readonly Handler[] = [];
  #pumping = false;
  /** Lets go of the handlers that the next event waits for. */
  #stopWaiting: ((_: undefined) => void) | undefined;
  #draining = false;
  /** What handlers have had and the iterator has not. */
  #behind: AnyEvent[] = [];
  #iterating = false;
  #waiters: (() => void)[] = [];
  #end: Closed | undefined;
  #releaseTrap: (() => void) | undefined;
  #releaseSignal: (() => void) | undefined;
  #delivered: string;

  constructor(settings: Settings, load: LoadCore) {
    this.#settings = settings;
    this.#filter = { categories: settings.categories, types: settings.types };
    this.#nothing = false;
    this.#delivered = settings.lastEventId;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#decoder = new Decoder(settings.profile, settings.parse, settings.lastEventId, (text) =>
      this.#repairJson(text),
    );
    this.#queue = new EventQueue(this.#decoder);
    // Where the symbol is missing, so is the statement that would use it.
    if (Symbol.asyncDispose) {
      Object.defineProperty(this, Symbol.asyncDispose, { value: () => this.#dispose() });
    }
    if (this.#obeySignal()) {
      load().then(
        (core) => this.#start(core),
        (error: unknown) => this.#finish('unsupported', asTidewireError(error)),
      );
    }
  }

  get state(): StreamState {
    return this.#state;
  }

  get lastEventId(): string {
    const upToDate = this.#queue.events === 0 && this.#behind.length === 0;
    if (!upToDate || this.#inHost || this.#connection === undefined || this.#end !== undefined) {
      return this.#delivered;
    }
    try {
      // Ids also come without an event, and with events that the filter keeps back.
      return this.#connection.lastEventId;
    } catch {
      // A trap: it has ended the stream.
      return this.#delivered;
    }
  }

  close(): void {
    this.#finish('closed');
  }

  reconnect(): void {
    this.#command((connection) => connection.reconnect());
  }

  async setFilter(change: { categories?: string[]; types?: string[] }): Promise<void> {
    const filter = namesOf(change);
    checkFilter(this.#settings.profile, filter);
    this.#filter = filter;
    const named = filter.categories.length + filter.types.length > 0;
    this.#nothing = !named && (change.categories !== undefined || change.types !== undefined);
    const passes = this.#nothing ? () => false : filterMatcher(this.#settings.profile, filter);
    this.#queue.filter(passes);
    this.#behind = this.#behind.filter(passes);
    if (!this.#nothing) {
      this.#command((connection) => connection.setFilter(filter.categories, filter.types));
    }
  }

  on(name: string, handler: (event: AnyEvent) => unknown): () => void {
    const off = this.#handle(this.#passesFor(name, 'on'), handler);
    this.#listen(name);
    return off;
  }

  once(name: string, handler: (event: AnyEvent) => unknown): () => void {
    checkHandler(handler);
    const off = this.#handle(this.#passesFor(name, 'once'), (event) => {
      off();
      return handler(event);
    });
    this.#listen(name);
    return off;
  }

  onCategory(category: string, handler: (event: AnyEvent) => unknown): () => void {
    checkFilter(this.#settings.profile, { categories: [category], types: [] });
    return this.#handle((event) => event.category === category, handler);
  }

  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    this.#decodeErrorsHeard ||= type === 'decodeerror' && listener !== null;
    this.#news.addEventListener(type, listener, options);
  }

  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void {
    this.#news.removeEventListener(type, listener, options);
  }

  events(options?: { preventClose?: boolean | undefined }): AsyncIterableIterator<AnyEvent> {
    return iterate(
      this.#consumer(() => this.#take()),
      options,
    );
  }

  batches(options?: { preventClose?: boolean | undefined }): AsyncIterableIterator<AnyEvent[]> {
    const takeAll = () => {
      const all: AnyEvent[] = [];
      for (let event = this.#take(); event !== undefined; event = this.#take()) {
        all.push(event);
      }
      return all.length === 0 ? undefined : all;
    };
    return iterate(this.#consumer(takeAll), options);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<AnyEvent> {
    return this.events();
  }

  readable(): ReadableStream<AnyEvent> {
    return readable(this.events());
  }

  text(): Promise<string> {
    const { profile, parse } = this.#settings;
    return gatherText(profile, parse, () => this.events());
  }

  // ---- the module's side

  #start(core: Core): void {
    if (this.#end !== undefined) {
      return;
    }
    this.#core = core;
    this.#releaseTrap = core.onTrap((error) => {
      this.#connection = undefined;
      this.#finish('interrupted', error);
    });
    const settings = this.#settings;
    try {
      this.#connection = new core.Connection(
        connectionOptions(settings, this.#filter, this.#asksBeforeAttempts()),
        this.#host(),
      );
      if (typeof settings.headers !== 'function') {
        this.#headers = flatHeaders(settings.headers, settings.jsonBody);
      }
      for (const name of this.#listened) {
        this.#connection.listen(name);
      }
      this.#connection.start();
    } catch (cause) {
      // A trap has ended the stream already, and says more.
      const message = cause instanceof Error ? cause.message : String(cause);
      this.#finish('rejected', new TidewireError(message, { code: 'options', cause }));
      return;
    }
    this.#refill();
  }

  #host(): Host {
    const later =
      <T extends unknown[]>(call: (...values: T) => void) =>
      (...values: T): void =>
        queueMicrotask(() => call(...values));
    return {
      token: (attempt, reason) =>
        // In a microtask: the module is on the stack now.
        Promise.resolve().then(() => this.#prepareAttempt(attempt, reason)),
      headers: () => this.#headers,
      when: (attempt, status) => this.#mayRetry(attempt, status),
      batch: (text, rows) => {
        if (this.#end !== undefined) {
          return false;
        }
        if (this.#nothing) {
          this.#queue.pushIdOf(text, rows);
        } else {
          this.#queue.pushBatch(text, rows);
          this.#drainSoon();
        }
        this.#paused = !this.#hasRoom(1);
        return !this.#paused;
      },
      state: (state) => this.#setState(STATES[state] ?? 'closed'),
      open: later((status, url, redirected) => this.#tell('open', { status, url, redirected })),
      resumed: (code, lastEventId) => {
        const recovered = (['no', 'yes', 'unknown'] as const)[code] ?? 'unknown';
        this.#queue.pushNotice(new Notice('resumed', { recovered, lastEventId }));
        if (recovered !== 'yes') {
          const reason = recovered === 'no' ? 'not recovered' : 'recovery unproven';
          this.#queue.pushNotice(new Notice('gap', { reason, lastEventId }));
        }
        this.#drainSoon();
      },
      filtered: () => {},
      gap: (reason, lastEventId) => {
        this.#queue.pushNotice(new Notice('gap', { reason, lastEventId }));
        this.#drainSoon();
      },
      failed: later((code, status, message, body, willRetry, delay) => {
        if (this.#end?.reason !== 'closed' && this.#end?.reason !== 'aborted') {
          const error = this.#error(code, status, message, body);
          this.#tell('error', { error, willRetry, delay });
        }
      }),
      closed: (reason, code, status, message, body) => {
        const error = code === '' ? undefined : this.#error(code, status, message, body);
        this.#finish(reason as Closed['reason'], error, status || undefined);
        queueMicrotask(() => this.#free());
      },
    };
  }

  #error(code: string, status: number, message: string, body: string): TidewireError {
    const url = new URL(this.#settings.url);
    const headersFailed = code === 'token' && this.#headersFailed;
    // What the function threw may hold a secret: it stays out of messages, as the token's does.
    return new TidewireError(headersFailed ? 'headers: the function threw or rejected' : message, {
      code: headersFailed ? 'options' : (code as ErrorCode),
      status: status || undefined,
      body: body || undefined,
      url: url.origin + url.pathname,
    });
  }

  #asksBeforeAttempts(): boolean {
    const { token, headers } = this.#settings;
    return (token !== undefined && token !== null) || typeof headers === 'function';
  }

  /** The user's functions for one attempt: its headers, and its token. */
  async #prepareAttempt(attempt: number, reason: string): Promise<string | null> {
    const { token, headers, jsonBody } = this.#settings;
    if (typeof headers === 'function') {
      this.#headersFailed = true;
      this.#headers = flatHeaders(await headers(), jsonBody);
      this.#headersFailed = false;
    }
    const request = {
      attempt,
      reason: reason as 'connect' | 'reconnect' | 'unauthorized' | 'filter',
    };
    return (typeof token === 'function' ? await token(request) : token) ?? null;
  }

  #mayRetry(attempt: number, status: number): boolean {
    const { reconnect } = this.#settings;
    if (reconnect === false || reconnect.when === undefined) {
      return true;
    }
    // The one place where the module has to wait for a user's answer: what that asks of
    // the stream is done once the module is off the stack.
    this.#inHost = true;
    try {
      const wanted = reconnect.when({ attempt, status: status || undefined });
      // It may have closed the stream itself.
      return wanted && this.#end === undefined;
    } catch (error) {
      report(error);
      return false;
    } finally {
      this.#inHost = false;
    }
  }

  #repairJson(text: string): string {
    try {
      return this.#core?.repairJson(text) ?? text;
    } catch {
      // A trap: it has ended the stream, and what was received before is still delivered.
      return text;
    }
  }

  /** Asks something of the module, unless the stream is over. */
  #command(command: (connection: Connection) => void): void {
    if (this.#end === undefined) {
      this.#call(command);
    }
  }

  /** Calls the module, if it is there, once it is off the stack. */
  #call(command: (connection: Connection) => void): void {
    const connection = this.#connection;
    if (connection === undefined) {
      return;
    }
    const run = () => {
      try {
        command(connection);
      } catch {
        // A trap: it has ended the stream.
      }
    };
    if (this.#inHost) {
      queueMicrotask(run);
    } else {
      run();
    }
  }

  #free(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    try {
      connection?.free();
    } catch {
      // A trap: there is nothing left to be freed.
    }
  }

  // ---- the end

  #finish(reason: Closed['reason'], error?: TidewireError, status = error?.status): void {
    if (this.#end !== undefined) {
      return;
    }
    const lastEventId = this.lastEventId;
    this.#end = {
      reason,
      ...(status === undefined ? {} : { status }),
      ...(error === undefined ? {} : { error }),
    };
    this.#setState('closed');
    this.#releaseSignal?.();
    this.#releaseTrap?.();
    if (reason === 'closed' || reason === 'aborted') {
      this.#delivered = lastEventId;
      this.#queue.clear();
      this.#behind = [];
      // Not even a handler that never comes back holds this up.
      this.#resolveClosed(this.#end);
      this.#stopWaiting?.(undefined);
      this.#call((connection) => (reason === 'closed' ? connection.close() : connection.abort()));
    }
    this.#drainSoon();
  }

  /** Whether the stream is to begin at all. */
  #obeySignal(): boolean {
    const { signal } = this.#settings;
    const abort = () => this.#finish('aborted');
    if (signal?.aborted) {
      abort();
      return false;
    }
    signal?.addEventListener('abort', abort, { once: true });
    this.#releaseSignal = () => signal?.removeEventListener('abort', abort);
    return true;
  }

  async #dispose(): Promise<void> {
    this.close();
    await this.closed;
  }

  #setState(state: StreamState): void {
    if (state !== this.#state && this.#state !== 'closed') {
      this.#state = state;
      queueMicrotask(() => this.#tell('state', { state }));
    }
  }

  // ---- the consumers' side

  #passesFor(name: string, where: string): Passes {
    if (name !== '*' && name !== 'unknown') {
      checkType(this.#settings.profile, name, where);
    }
    return matcher(this.#settings.profile, name);
  }

  /** An `EventSource` gives only what is asked for by its very name. */
  #listen(name: string): void {
    if (this.#settings.transport === 'eventsource' && !name.includes('*')) {
      this.#listened.push(name);
      this.#command((connection) => connection.listen(name));
    }
  }

  #handle(passes: Passes, call: (event: AnyEvent) => unknown): () => void {
    checkHandler(call);
    const handler = { passes, call };
    this.#handlers = [...this.#handlers, handler];
    this.#drainSoon();
    return () => {
      this.#handlers = this.#handlers.filter((other) => other !== handler);
    };
  }

  #consumer<T>(take: () => T | undefined) {
    if (this.#iterating) {
      throw new TypeError('this stream is being iterated already: one iterator at a time');
    }
    this.#iterating = true;
    this.#refill();
    return {
      take,
      end: () => {
        const over = this.#end !== undefined && this.#behind.length === 0 && this.#queueIsDone();
        return over ? this.#end : undefined;
      },
      isQuiet: (end: Closed) => QUIET.includes(end.reason),
      wait: (waiter: () => void) => {
        this.#waiters.push(waiter);
      },
      release: (close: boolean) => {
        this.#iterating = false;
        if (close) {
          this.close();
          return;
        }
        if (this.#handlers.length > 0) {
          // Handlers go on without waiting for an iterator that may never come.
          this.#behind = [];
        }
        // A `next` that waits is answered: its iterator is done.
        this.#wake();
      },
    };
  }

  #queueIsDone(): boolean {
    return this.#queue.isEmpty && !this.#pumping;
  }

  /** The next event for the iterator. Where handlers are, they have it first. */
  #take(): AnyEvent | undefined {
    const event = this.#behind.shift() ?? this.#takeFromQueue();
    if (event !== undefined) {
      this.#delivered = event.lastEventId;
      this.#refill();
    }
    return event;
  }

  #takeFromQueue(): AnyEvent | undefined {
    if (this.#pumping || this.#handlers.length > 0) {
      return undefined;
    }
    for (;;) {
      const next = this.#queue.next();
      if (!(next instanceof Notice)) {
        return next;
      }
      this.#tellNotice(next);
    }
  }

  #drainSoon(): void {
    if (!this.#draining) {
      this.#draining = true;
      queueMicrotask(() => {
        this.#draining = false;
        void this.#drain();
      });
    }
  }

  /** Gives what waits to whoever wants it, and asks for more. */
  async #drain(): Promise<void> {
    if (this.#pumping) {
      return;
    }
    if (this.#handlers.length > 0) {
      this.#pumping = true;
      await this.#pump();
    } else if (!this.#iterating) {
      this.#tellLeadingNotices();
    }
    this.#wake();
    this.#refill();
    if (this.#end !== undefined) {
      this.#settle(this.#end);
    }
  }

  async #pump(): Promise<void> {
    while (this.#handlers.length > 0) {
      const next = this.#queue.next();
      if (next === undefined) {
        break;
      }
      if (next instanceof Notice) {
        this.#tellNotice(next);
        continue;
      }
      if (this.#iterating) {
        this.#behind.push(next);
        this.#wake();
      } else {
        this.#delivered = next.lastEventId;
      }
      const waits = this.#callHandlers(next);
      if (waits.length > 0) {
        // Closing does not wait for a handler that never comes back. (A race with `closed`
        // would leave a reaction on it for each event.)
        await new Promise<unknown>((resolve) => {
          this.#stopWaiting = resolve;
          void Promise.all(waits).then(resolve);
        });
      }
      this.#refill();
    }
    // Not where this is awaited: what arrives until then would wait for ever.
    this.#pumping = false;
  }

  #callHandlers(event: AnyEvent): PromiseLike<unknown>[] {
    const waits: PromiseLike<unknown>[] = [];
    const handlers = this.#handlers;
    for (const handler of handlers) {
      // One of the others may just have taken it off.
      const off = this.#handlers !== handlers && !this.#handlers.includes(handler);
      if (off || !handler.passes(event)) {
        continue;
      }
      try {
        const result = handler.call(event) as PromiseLike<unknown> | undefined;
        if (typeof result?.then === 'function') {
          waits.push(Promise.resolve(result).catch(report));
        }
      } catch (error) {
        report(error);
      }
    }
    return waits;
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    waiters.forEach((waiter) => waiter());
  }

  #settle(end: Closed): void {
    const handlersHaveMore = this.#handlers.length > 0 && !this.#queueIsDone();
    if (!handlersHaveMore) {
      this.#resolveClosed(end);
    }
  }

  /** Whether somebody reads, and less than this share of the buffer is taken. */
  #hasRoom(share: number): boolean {
    const { events, bytes } = this.#settings.buffer;
    return (
      (this.#handlers.length > 0 || this.#iterating) &&
      this.#queue.events + this.#behind.length < Math.max(events * share, 1) &&
      this.#queue.size < Math.max(bytes * share, 1)
    );
  }

  #refill(): void {
    // Not at every single event: each start costs a turn of the network's loop.
    if (this.#paused && this.#connection !== undefined && this.#hasRoom(1 / 2)) {
      this.#paused = false;
      this.#command((connection) => connection.want());
    }
  }

  // ---- news of the stream's own life

  #tellLeadingNotices(): void {
    for (let notice = this.#queue.nextNotice(); notice; notice = this.#queue.nextNotice()) {
      this.#tellNotice(notice);
    }
  }

  #tellNotice(notice: Notice): void {
    if (notice.type === 'decodeerror' && !this.#decodeErrorsHeard) {
      // Nobody listens: it must not be lost in silence.
      console.error((notice.detail as { error: unknown }).error);
    }
    this.#tell(notice.type, notice.detail);
  }

  #tell(type: string, detail: object): void {
    this.#news.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function checkHandler(handler: unknown): void {
  if (typeof handler !== 'function') {
    throw new TypeError('a handler must be a function');
  }
}

function namesOf(change: { categories?: string[]; types?: string[] } | undefined): {
  categories: string[];
  types: string[];
} {
  const names = { categories: change?.categories ?? [], types: change?.types ?? [] };
  for (const [option, value] of Object.entries(change ?? {})) {
    if (!(option in names)) {
      throw new TypeError(`setFilter: unknown option '${option}'. Allowed: categories, types`);
    }
    if (value !== undefined && !Array.isArray(value)) {
      throw new TypeError(`setFilter: ${option} must be a list of names`);
    }
  }
  return { categories: [...names.categories], types: [...names.types] };
}

function asTidewireError(error: unknown): TidewireError {
  return error instanceof TidewireError
    ? error
    : new TidewireError(String(error), { code: 'unsupported', cause: error });
}
