/** The user's part in each attempt to connect: its headers, its token, and whether it is made. */

import { type ErrorCode, TidewireError } from './error.js';
import { headersOf, type Settings } from './options.js';
import { report } from './report.js';
import type { Pairs } from './request.js';
import { tokenFor, withoutTokens } from './tokens.js';

/** What to do about a failure, by its code. */
const ADVICE: { readonly [code: string]: string | undefined } = {
  'content-type': '. Is the URL right, and is the user signed in?',
  'too-large': ". The option 'maxEventBytes' sets it",
  timeout: ". The option 'connectTimeout' sets how long",
};

export class Attempts {
  /** How many there were. */
  count = 0;
  /** Whether `prepare` is called before each. */
  readonly prepared: boolean;
  readonly #settings: Settings;
  /**
   * What must not be read in an error, a log or an event: the token in use and the one before. Later
   * ones have replaced what could still be told of earlier ones.
   */
  #tokens: string[] = [];
  #headers: Pairs;
  /** What the first attempt's preparation comes to, if it has begun already. */
  #begun: Promise<string | null> | undefined;
  /** What comes late for an attempt before this one is of no use. */
  #latest = 0;
  /** The one in preparation cannot be made: not the token's fault, but the headers'. */
  #headersFailed = false;

  constructor(settings: Settings) {
    const { headers } = settings;
    this.#settings = settings;
    this.#headers = typeof headers === 'function' ? [] : headersOf(settings, headers);
    this.prepared =
      settings.token != null ||
      typeof headers === 'function' ||
      // It never asks for headers, and each attempt is to be counted.
      settings.transport === 'eventsource';
  }

  /** Prepares the first attempt, before the module asks for it. */
  begin(): Promise<string | null> {
    return (this.#begun = this.#prepare(1, 'connect'));
  }

  /** Calls the user's functions. The module must be off the stack. */
  prepare(attempt: number, reason: string): Promise<string | null> {
    const begun = this.#begun;
    this.#begun = undefined;
    return begun ?? this.#prepare(attempt, reason);
  }

  async #prepare(attempt: number, reason: string): Promise<string | null> {
    const { token, headers } = this.#settings;
    this.count += 1;
    const own = (this.#latest += 1);
    if (typeof headers === 'function') {
      this.#headersFailed = true;
      const flat = headersOf(this.#settings, await headers());
      if (own === this.#latest) {
        this.#headers = flat;
        this.#headersFailed = false;
      }
    }
    const given = await tokenFor(token, {
      attempt,
      reason: reason as 'connect' | 'reconnect' | 'unauthorized' | 'filter',
    });
    if (given && !this.#tokens.includes(given)) {
      this.#tokens = [given, ...this.#tokens].slice(0, 2);
    }
    return given;
  }

  /** The headers of the attempt that is about to be made. */
  headers(): Pairs {
    if (!this.prepared) {
      this.count += 1;
    }
    return this.#headers;
  }

  /** The same, but for an attempt that the module has yet to make. */
  get ownHeaders(): Pairs {
    return this.#headers;
  }

  mayRetry(attempt: number, status: number): boolean {
    const { when } = this.#settings.reconnect || {};
    try {
      return !when || when({ attempt, status: status || undefined });
    } catch (error) {
      report(error);
      return false;
    }
  }

  /** `end` is the reason of the stream's end, where this is the cause of it. */
  error(
    code: string,
    status: number,
    message: string,
    body: string,
    end?: string,
  ): TidewireError {
    const { origin, pathname } = new URL(this.#settings.url);
    const url = origin + pathname;
    const headersFailed = code === 'token' && this.#headersFailed;
    const why = headersFailed
      ? // What the function threw may hold a secret: it stays out of messages, as the token's does.
        'headers: the function threw or rejected'
      : `${url}: ${message}${this.#advice(code, status, end)}`;
    const brokeOff = end === 'interrupted' && (code === 'network' || code === 'ended');
    return new TidewireError(this.shown(why), {
      code: headersFailed ? 'options' : brokeOff ? 'interrupted' : (code as ErrorCode),
      status: status || undefined,
      body: this.shown(body) || undefined,
      url,
    });
  }

  /** What the options have to do with it. */
  #advice(code: string, status: number, end: string | undefined): string {
    if (end === 'interrupted') {
      const why = this.#settings.method === 'GET' ? '' : ': it would run twice';
      return `. The stream broke off, and is not asked for again${why}`;
    }
    if (status === 401 && this.#settings.token == null) {
      return ". The option 'token' gives one";
    }
    return ADVICE[code] ?? '';
  }

  /** The address of an answer, or a message, as it may be told. */
  shown(given: string): string {
    return withoutTokens(given, this.#tokens);
  }
}
