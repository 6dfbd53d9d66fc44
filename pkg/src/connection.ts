/**
 * A connection's half in JavaScript: what the module asks of a browser, what it is asked, and who
 * receives what it brings.
 *
 * Calling the module may call this in turn. It only puts what it is told into a queue while it is
 * at work already, so nothing here has to wait until it is off the stack, but while it waits for a
 * user's answer.
 */

import { type Address, type ModuleExports, VERSION } from './boundary.js';
import type { Core } from './core.js';
import { TidewireError } from './error.js';
import { EventSourceTransport } from './event-source-transport.js';
import { FetchTransport, messageOf, type Teller, type Transport } from './fetch-transport.js';
import type { FilterNames } from './filter.js';
import { bits, profileLines } from './lines.js';
import type { Settings } from './options.js';
import { isHidden, watchPage } from './page.js';
import { parseOf, spellingsOf, typesOf } from './profile.js';
import { type Pairs, pairs, requestInit, type RequestParts, requestUrl } from './request.js';
import type { Batch } from './rows.js';
import type { Closed, StreamNews, StreamState } from './stream.js';

/** Who is told. The module is on the stack: nothing of a user's may run before these return. */
export interface Receiver {
  /** Answers whether to read on. `isFed`: `fed` comes as soon as the module is off the stack. */
  batch(batch: Batch, isFed: boolean): boolean;
  /** A user's code may run. */
  fed(): void;
  /** For how many events there is room; for one at the least. */
  room(): number;
  tell(...news: News): void;
}

/** News of a connection. What comes of its end is told once, and nothing after it. */
export type News =
  | { [Type in Told]: [type: Type, detail: StreamNews[Type]] }[Told]
  | [type: 'closed', detail: Closed];
type Told = Exclude<keyof StreamNews, 'decodeerror'>;

export type CloseReason = 'closed' | 'aborted' | 'slow-consumer';

/** What a stream may ask of its connection. */
export interface Source {
  /** There is room: read on. */
  want(): void;
  close(reason: CloseReason): void;
  reconnect(): void;
  /** `done` is called once, maybe with the module on the stack: without an error if the filter holds. */
  setFilter(filter: FilterNames, done: (error?: string) => void): void;
  /** Events of this name may come: an `EventSource` has to be told. */
  listen(name: string): void;
  /** Undefined while it cannot be told. */
  readonly lastEventId: string | undefined;
  readonly attempts: number;
  readonly duplicates: number;
}

/** What a connection is made from. */
export type ConnectionSettings = Pick<
  Settings,
  | 'profile'
  | 'url'
  | 'method'
  | 'body'
  | 'credentials'
  | 'fetch'
  | 'headers'
  | 'token'
  | 'transport'
  | 'connectTimeout'
  | 'staleAfter'
  | 'maxEventBytes'
  | 'reconnect'
  | 'parse'
  | 'pauseWhenHidden'
> & {
  /** The server's `retry`, or else `minDelay`, each time: the standard's reconnection time. */
  readonly constantDelay?: boolean;
};

/** The user's part in each attempt. */
export interface Part {
  readonly count: number;
  /** `prepare` is called before each. */
  readonly prepared: boolean;
  /** Gives the token. */
  prepare(attempt: number, reason: string): PromiseLike<string | null>;
  headers(): Pairs;
  /** Never throws. */
  mayRetry(attempt: number, status: number): boolean;
  error(code: string, status: number, message: string, body: string, end?: string): TidewireError;
  /** The address of an answer, or a message, as it may be told. */
  shown(text: string): string;
}

/** A request that was sent before the module asked for it. */
export interface Head {
  /** Its answer, if it is this one. */
  take(url: string, init: RequestInit): PromiseLike<unknown> | undefined;
}

const STATES: readonly StreamState[] = ['connecting', 'open', 'waiting', 'closed'];
const RECOVERED = ['no', 'yes', 'unknown'] as const;
const REASONS = ['connect', 'reconnect', 'unauthorized', 'filter'];
const CLOSE = ['closed', 'aborted', 'slow-consumer'];

let keys = 0;

export class Connection implements Source {
  readonly #core: Core;
  readonly #settings: ConnectionSettings;
  readonly #part: Part;
  readonly #receiver: Receiver;
  readonly #head: Head | undefined;
  readonly #key: number;
  readonly #transports = new Map<number, Transport>();
  /** Beside those of the profile, what an `EventSource` has to listen to. */
  readonly #names: string[];
  #address: Address = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #leavePage: (() => void) | undefined;
  readonly #releaseTrap: () => void;
  /** The module is at a chunk. */
  #isFed = false;
  /** The token that was asked for last, and its number. */
  #asked = 0;
  #token: string | undefined;
  /** The module waits for a user's answer: it is not to be called. */
  #waits = false;
  /** It is to be closed as soon as the module is off the stack. */
  #leaving = false;
  #closed = false;
  /** Changes of the filter that the module has not answered yet. */
  #changes: ((error?: string) => void)[] = [];
  #duplicates = 0;

  /** Opens; the body is not read before `want`. */
  constructor(
    core: Core,
    settings: ConnectionSettings,
    part: Part,
    receiver: Receiver,
    filter: FilterNames,
    lastEventId: string,
    names: readonly string[],
    head?: Head,
  ) {
    this.#core = core;
    this.#settings = settings;
    this.#part = part;
    this.#receiver = receiver;
    this.#head = head;
    this.#names = [...names, ...exact(filter)];
    this.#key = keys += 1;
    core.connections.set(this.#key, this);
    this.#releaseTrap = core.onTrap((error) => {
      this.#release();
      this.#end('interrupted', error);
    });
    try {
      this.#address = this.#connect(filter, lastEventId);
    } catch {
      // A trap has ended it already.
    }
    if (this.#address === 0) {
      const message = 'the WebAssembly module is of another version than the script';
      this.#end('rejected', new TidewireError(message, { code: 'options' }));
      return;
    }
    const { pauseWhenHidden } = settings;
    this.#leavePage = watchPage(pauseWhenHidden, (event) => this.#call('page', event));
    this.#call('start', pauseWhenHidden && isHidden());
  }

  get lastEventId(): string | undefined {
    return this.#waits || this.#closed
      ? undefined
      : this.#core.given(() => this.#call('cursor'));
  }

  get attempts(): number {
    return this.#part.count;
  }

  get duplicates(): number {
    if (!this.#waits) {
      this.#countDuplicates();
    }
    return this.#duplicates;
  }

  want(): void {
    this.#call('want');
  }

  close(reason: CloseReason): void {
    this.#leaving = true;
    this.#call('close', CLOSE.indexOf(reason));
  }

  reconnect(): void {
    this.#call('reconnect');
  }

  setFilter(filter: FilterNames, done: (error?: string) => void): void {
    if (this.#closed) {
      done();
      return;
    }
    this.#changes.push(done);
    exact(filter).forEach((type) => this.listen(type));
    const text = [...lines(filter), ''].join('\n');
    this.#call('filter', text, filter.categories.length, filter.types.length);
  }

  listen(name: string): void {
    this.#names.push(name);
    this.#transports.forEach((transport) => transport.listen(name));
  }

  // ---- what the module calls

  wake(after: number): void {
    clearTimeout(this.#timer);
    if (after >= 0) {
      this.#timer = setTimeout(() => this.#call('timer'), after);
    }
  }

  async ask(number: number, attempt: number, reason: number): Promise<void> {
    let isThere = false;
    this.#asked = number;
    try {
      // The module is on the stack now.
      await undefined;
      const token = await this.#part.prepare(attempt, REASONS[reason] ?? '');
      if (this.#asked === number) {
        this.#token = typeof token === 'string' ? token : undefined;
      }
      isThere = true;
    } catch {
      // The module makes an error of it, and tells that.
    }
    this.#call('token', number, isThere);
  }

  open(number: number, query: number, queryLength: number, id: number, idLength: number): void {
    const { read, bytes } = this.#core;
    const settings = this.#settings;
    const tell = this.#teller(number);
    const isFetched = settings.transport === 'fetch';
    const parts = {
      query: pairs(read(query, queryLength).split('\n')),
      token: this.#token,
      // Of a Last-Event-ID.
      id: id === 0 ? undefined : bytes(id, idLength),
      headers: isFetched ? this.#part.headers() : [],
    };
    try {
      const url = requestUrl(settings, parts);
      this.#transports.set(
        number,
        isFetched
          ? this.#fetch(url, parts, tell)
          : new EventSourceTransport(url, settings.credentials === 'include', this.#allNames(), tell),
      );
    } catch (error) {
      tell.over(3, isFetched ? messageOf(error) : 'the URL is none that EventSource can open');
    }
  }

  steer(number: number, what: number): void {
    const transport = this.#transports.get(number);
    if (what === 0) {
      transport?.read();
    } else {
      // Out of the table first: aborting may call a custom fetch's listeners.
      this.#transports.delete(number);
      if (what === 1) transport?.abort();
      else transport?.finish();
    }
  }

  /** The one place where the module has to wait for a user's answer. */
  retry(attempt: number, status: number): boolean {
    this.#waits = true;
    const wanted = this.#part.mayRetry(attempt, status);
    this.#waits = false;
    // It may have closed the stream itself.
    return wanted && !this.#leaving;
  }

  batch(batch: Batch): boolean {
    return this.#receiver.batch(batch, this.#isFed);
  }

  report(what: number, number: number, delay: number, ...texts: number[]): void {
    const { read } = this.#core;
    const part = this.#part;
    const receiver = this.#receiver;
    const [first = '', code = '', message = '', body = ''] = [0, 2, 4, 6].map((at) =>
      read(texts[at] as number, texts[at + 1] as number),
    );
    const error = (end?: string) => part.error(code, number, message, body, end);
    switch (what) {
      case 0:
        return receiver.tell('state', { state: STATES[number] as StreamState });
      case 1:
        return receiver.tell('open', {
          status: number,
          url: part.shown(first),
          redirected: delay > 0,
        });
      case 2:
        return receiver.tell('resumed', {
          recovered: RECOVERED[number] ?? 'unknown',
          lastEventId: first,
        });
      case 3:
        return receiver.tell('gap', { reason: first, lastEventId: code });
      case 4:
        return this.#changes.shift()?.(code === '' ? undefined : part.shown(message));
      case 5:
        return receiver.tell('error', {
          error: error(),
          willRetry: delay >= 0,
          delay: Math.max(delay, 0),
        });
      default:
        this.#end(first as Closed['reason'], code === '' ? undefined : error(first));
        queueMicrotask(() => this.#free());
    }
  }

  // ---- the module

  #connect(filter: FilterNames, lastEventId: string): Address {
    const { exports, write } = this.#core;
    const settings = this.#settings;
    const { profile, reconnect } = settings;
    const { minDelay, maxDelay, factor, jitter = true, maxAttempts = Infinity } = reconnect || {};
    return exports.connect(
      this.#key,
      bits([
        this.#part.prepared,
        // After a 401 there may be another token.
        [settings.token, settings.headers].some((given) => typeof given === 'function'),
        settings.method === 'GET',
        reconnect,
        jitter,
        settings.constantDelay,
        settings.transport === 'fetch',
        (settings.parse ?? parseOf(profile)) === 'eager',
      ]),
      ...write([VERSION, lastEventId, ...lines(filter), profileLines(profile)].join('\n')),
      filter.categories.length,
      filter.types.length,
      settings.connectTimeout,
      settings.staleAfter,
      settings.maxEventBytes,
      minDelay,
      maxDelay,
      factor,
      maxAttempts,
      Math.random() * 9e15,
    );
  }

  /** Calls the module, unless the connection is over, once it is off the stack. */
  #call(name: Command, ...values: Value[]): number | undefined {
    if (this.#waits) {
      queueMicrotask(() => this.#call(name, ...values));
    } else if (!this.#closed) {
      return this.#ask(name, ...values);
    }
    return undefined;
  }

  /** Calls the module, if it is there. A trap in it ends the stream by itself. Text crosses as its place and length. */
  #ask(name: Command, ...values: Value[]): number | undefined {
    const { exports, write } = this.#core;
    const call = exports[name] as (...values: unknown[]) => number | undefined;
    try {
      return this.#address === 0
        ? undefined
        : call(
            this.#address,
            ...values.flatMap<unknown>((value) =>
              typeof value === 'string' ? write(value) : value,
            ),
          );
    } catch {
      return undefined;
    }
  }

  #countDuplicates(): void {
    // After a trap, what was counted last stands.
    this.#duplicates = this.#ask('duplicates') ?? this.#duplicates;
  }

  #end(reason: Closed['reason'], error?: TidewireError): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#receiver.tell('closed', { reason, error });
      // It does not matter any more.
      this.#changes.splice(0).forEach((done) => done());
    }
  }

  #free(): void {
    this.#countDuplicates();
    this.#ask('free');
    this.#release();
  }

  /** Lets go of all that is the browser's. */
  #release(): void {
    this.#address = 0;
    this.#core.connections.delete(this.#key);
    this.#releaseTrap();
    this.wake(-1);
    this.#leavePage?.();
    this.#transports.forEach((transport) => transport.abort());
    this.#transports.clear();
  }

  // ---- requests

  #teller(number: number): Teller {
    return {
      answer: ({ status, redirected, lines }, body, how) =>
        this.#call('answer', number, status, redirected, how, [...lines, body].join('\n')) === 1,
      room: () => this.#receiver.room(),
      chunk: (parts) => {
        // Nothing is made for the call: each chunk goes by here.
        this.#isFed = true;
        try {
          if (this.#address !== 0) this.#core.feed(this.#address, number, parts);
        } catch (error) {
          // A trap has released this, and has been told. Else the bytes are gone: another has them.
          if (this.#address !== 0) throw error;
        } finally {
          this.#isFed = false;
          this.#receiver.fed();
        }
      },
      message: (...parts) => this.#call('message', number, parts.join('\n')),
      over: (how, why) => this.#call('over', number, how, why),
    };
  }

  #fetch(url: string, parts: RequestParts, tell: Teller): FetchTransport {
    const controller = new AbortController();
    const { signal } = controller;
    const init = requestInit(this.#settings, parts, signal);
    const { fetch: given } = this.#settings;
    // A user's `fetch` is called when the module is off the stack, unless it was given up by then.
    const call = async () => {
      await undefined;
      signal.throwIfAborted();
      return given?.(url, init);
    };
    const answer = this.#head?.take(url, init) ?? (given ? call() : fetch(url, init));
    const isElsewhere =
      Boolean(globalThis.location) && new URL(url).origin !== location.origin;
    return new FetchTransport(answer, controller, isElsewhere, tell);
  }

  /** Every name that the server may give an event. */
  #allNames(): string[] {
    const { profile } = this.#settings;
    return [...this.#names, ...typesOf(profile).flatMap((type) => spellingsOf(profile, type))];
  }
}

type Command = Exclude<keyof ModuleExports, 'memory' | 'allocate' | 'connect' | 'chunk'>;
type Value = string | number | boolean;

/** The types that a filter has the very names of. */
function exact({ types }: FilterNames): string[] {
  return types.filter((type) => !type.includes('*'));
}

/** Names, each a line. One with a line break in it is none that a stream can bring. */
function lines({ categories, types }: FilterNames): string[] {
  return [...categories, ...types].map((name) => name.replaceAll('\n', '\r'));
}
