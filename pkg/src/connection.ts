/**
 * A connection's half in JavaScript: what the module asks of a browser, and what it is told.
 *
 * Calling the module may call this in turn. It only puts what it is told into a queue while it is
 * at work already, so nothing here has to wait until it is off the stack.
 */

import type { Address, Connection, ConnectionOptions, Host, ModuleExports } from './boundary.js';
import { EventSourceTransport } from './event-source-transport.js';
import { FetchTransport, messageOf, type Teller, type Transport } from './fetch-transport.js';
import { isHidden, watchPage } from './page.js';
import { pairs, requestInit, type RequestParts, requestUrl } from './request.js';

/** The module's memory, as both sides see it. */
export interface Memory {
  readonly exports: ModuleExports;
  /** Puts a text there: where, and how many bytes. */
  write(text: string | Uint8Array): [start: number, length: number];
  /** Gives a connection a chunk of one of its requests. */
  feed(connection: Address, transport: number, chunk: Uint8Array): void;
  read(start: number, length: number): string;
  bytes(start: number, length: number): Uint8Array;
  /** What the export gives by `give` that is called now. */
  given(call: () => void): string;
}

const REASONS = ['connect', 'reconnect', 'unauthorized', 'filter'];
const CLOSE = ['closed', 'aborted', 'slow-consumer'];

export class ModuleConnection implements Connection {
  readonly #memory: Memory;
  readonly #options: ConnectionOptions;
  readonly #host: Host;
  readonly #names: string[];
  #address: Address = 0;
  readonly #transports = new Map<number, Transport>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The module is at a chunk. */
  #isFed = false;
  #leavePage: (() => void) | undefined;
  /** The token that was asked for last, and its number. */
  #asked = 0;
  #token: string | undefined;

  constructor(memory: Memory, options: ConnectionOptions, host: Host, key: number) {
    this.#memory = memory;
    this.#options = options;
    this.#host = host;
    this.#names = [...options.names];
    const { categories, types, lastEventId, spec } = options;
    const flags = [
      options.hasToken,
      options.renewsToken,
      options.method === 'GET',
      options.reconnect,
      options.jitter,
      options.constantDelay,
      options.transport === 'fetch',
      options.isJson,
    ];
    this.#address = memory.exports.connect(
      key,
      flags.reduce((bits, flag, place) => bits | (flag ? 1 << place : 0), 0),
      ...memory.write([lastEventId, ...lines(categories, types), spec].join('\n')),
      categories.length,
      types.length,
      options.connectTimeout,
      options.staleAfter,
      options.maxEventBytes,
      options.minDelay,
      options.maxDelay,
      options.factor,
      options.maxAttempts,
      Math.random() * 9e15,
    );
    if (this.#address === 0) {
      throw new Error('the module does not take these options: is it of the package\'s own version?');
    }
  }

  start(): void {
    const { pauseWhenHidden } = this.#options;
    this.#leavePage = watchPage(pauseWhenHidden, (event) =>
      this.#tell(() => this.#exports.page(this.#address, event)),
    );
    this.#exports.start(this.#address, pauseWhenHidden && isHidden());
  }

  want(): void {
    this.#exports.want(this.#address);
  }

  close(reason: 'closed' | 'aborted' | 'slow-consumer'): void {
    this.#exports.close(this.#address, CLOSE.indexOf(reason));
  }

  reconnect(): void {
    this.#exports.reconnect(this.#address);
  }

  setFilter(categories: readonly string[], types: readonly string[]): void {
    types.filter((type) => !type.includes('*')).forEach((type) => this.listen(type));
    const text = [...lines(categories, types), ''].join('\n');
    this.#exports.filter(
      this.#address,
      ...this.#memory.write(text),
      categories.length,
      types.length,
    );
  }

  listen(name: string): void {
    this.#names.push(name);
    this.#transports.forEach((transport) => transport.listen(name));
  }

  get lastEventId(): string {
    return this.#memory.given(() => this.#exports.cursor(this.#address));
  }

  get duplicates(): number {
    return this.#exports.duplicates(this.#address);
  }

  free(): void {
    const address = this.#address;
    this.release();
    this.#exports.free(address);
  }

  /** Lets go of all that is the browser's. */
  release(): void {
    this.#address = 0;
    this.wake(-1);
    this.#leavePage?.();
    this.#transports.forEach((transport) => transport.abort());
    this.#transports.clear();
  }

  // ---- what the module calls

  wake(after: number): void {
    clearTimeout(this.#timer);
    if (after >= 0) {
      this.#timer = setTimeout(
        () => this.#tell(() => this.#exports.timer(this.#address)),
        after,
      );
    }
  }

  ask(number: number, attempt: number, reason: number): void {
    this.#asked = number;
    const tell = (isThere: boolean) =>
      this.#tell(() => this.#exports.token(this.#address, number, isThere));
    this.#host.token(attempt, REASONS[reason] ?? '').then(
      (token) => {
        if (this.#asked === number) {
          this.#token = typeof token === 'string' ? token : undefined;
        }
        tell(true);
      },
      () => tell(false),
    );
  }

  /** `id` is the bytes of a Last-Event-ID. */
  open(number: number, query: string, id: Uint8Array | undefined): void {
    const options = this.#options;
    const tell = this.#teller(number);
    const isFetched = options.transport === 'fetch';
    const parts = {
      query: pairs(query.split('\n')),
      token: this.#token,
      id,
      headers: isFetched ? this.#host.headers() : [],
    };
    try {
      const url = requestUrl(options, parts);
      this.#transports.set(
        number,
        isFetched
          ? this.#fetch(url, parts, tell)
          : new EventSourceTransport(url, options.credentials === 'include', this.#names, tell),
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

  retry(attempt: number, status: number): boolean {
    return this.#host.when(attempt, status);
  }

  batch(
    text: Uint8Array,
    rows: Uint32Array,
    namesAt: number,
    wideAt: number,
    isArray: boolean,
    continues: boolean,
    lent: Uint8Array,
  ): boolean | undefined {
    return this.#host.batch(text, rows, namesAt, wideAt, isArray, continues, lent, this.#isFed);
  }

  report(what: number, number: number, delay: number, texts: readonly string[]): void {
    const host = this.#host;
    const [first = '', code = '', message = '', body = ''] = texts;
    switch (what) {
      case 0:
        return host.state(number);
      case 1:
        return host.open(number, first, delay > 0);
      case 2:
        return host.resumed(number, first);
      case 3:
        return host.gap(first, code);
      case 4:
        return host.filtered(code === '' ? undefined : message);
      case 5:
        return host.failed(code, number, message, body, delay >= 0, Math.max(delay, 0));
      default:
        this.#leavePage?.();
        return host.closed(first, code, number, message, body);
    }
  }

  // ---- requests

  get #exports(): ModuleExports {
    return this.#memory.exports;
  }

  /** Calls the module from a task of its own, unless it is gone. */
  #tell<T>(call: () => T): T | undefined {
    try {
      return this.#address === 0 ? undefined : call();
    } catch {
      // A trap: whoever has to know has been told.
      return undefined;
    }
  }

  #teller(number: number): Teller {
    const { write } = this.#memory;
    return {
      answer: ({ status, redirected, lines }, body, how) =>
        this.#tell(() =>
          this.#exports.answer(
            this.#address,
            number,
            status,
            redirected,
            how,
            ...write([...lines, body].join('\n')),
          ),
        ) === 1,
      chunk: (bytes) => {
        // Nothing is made for the call: each chunk goes by here.
        this.#isFed = true;
        try {
          if (this.#address !== 0) this.#memory.feed(this.#address, number, bytes);
        } catch (error) {
          // A trap has released this, and has been told. Else the bytes are gone: another has them.
          if (this.#address !== 0) throw error;
        } finally {
          this.#isFed = false;
          this.#host.fed();
        }
      },
      message: (...parts) =>
        this.#tell(() => this.#exports.message(this.#address, number, ...write(parts.join('\n')))),
      over: (how, why) =>
        this.#tell(() => this.#exports.over(this.#address, number, how, ...write(why))),
    };
  }

  #fetch(url: string, parts: RequestParts, tell: Teller): FetchTransport {
    const controller = new AbortController();
    const init = requestInit(this.#options, parts, controller.signal);
    const { fetch: given } = this.#options;
    const answer = given === undefined ? fetch(url, init) : Promise.resolve(given(url, init));
    const isElsewhere =
      globalThis.location !== undefined && new URL(url).origin !== location.origin;
    return new FetchTransport(answer, controller, isElsewhere, tell);
  }
}

/** Names, each a line. One with a line break in it is none that a stream can bring. */
function lines(...lists: (readonly string[])[]): string[] {
  return lists.flat().map((name) => name.replaceAll('\n', '\r'));
}
