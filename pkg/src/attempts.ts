/** The user's part in each attempt to connect: its headers, its token, and whether it is made. */

import { type ErrorCode, TidewireError } from './error.js';
import { flatHeaders, type Settings } from './options.js';
import { report } from './report.js';
import { Secrets, tokenFor } from './tokens.js';

export class Attempts {
  /** How many there were. */
  count = 0;
  /** Whether `prepare` is called before each. */
  readonly prepared: boolean;
  readonly #settings: Settings;
  readonly #secrets = new Secrets();
  #headers: string[];
  /** What comes late for an attempt before this one is of no use. */
  #latest = 0;
  /** The one in preparation cannot be made: not the token's fault, but the headers'. */
  #headersFailed = false;

  constructor(settings: Settings) {
    const { token, headers, transport } = settings;
    this.#settings = settings;
    this.#headers = typeof headers === 'function' ? [] : flatHeaders(settings, headers);
    this.prepared =
      (token !== undefined && token !== null) ||
      typeof headers === 'function' ||
      // It never asks for headers, and each attempt is to be counted.
      transport === 'eventsource';
  }

  /** Calls the user's functions. The module must be off the stack. */
  async prepare(attempt: number, reason: string): Promise<string | null> {
    const { token, headers } = this.#settings;
    this.count += 1;
    const own = (this.#latest += 1);
    if (typeof headers === 'function') {
      this.#headersFailed = true;
      const flat = flatHeaders(this.#settings, await headers());
      if (own === this.#latest) {
        this.#headers = flat;
        this.#headersFailed = false;
      }
    }
    const given = await tokenFor(token, {
      attempt,
      reason: reason as 'connect' | 'reconnect' | 'unauthorized' | 'filter',
    });
    this.#secrets.keep(given);
    return given;
  }

  /** The headers of the attempt that is about to be made: name, value, name, value… */
  headers(): string[] {
    if (!this.prepared) {
      this.count += 1;
    }
    return this.#headers;
  }

  mayRetry(attempt: number, status: number): boolean {
    const { reconnect } = this.#settings;
    if (reconnect === false || reconnect.when === undefined) {
      return true;
    }
    try {
      return reconnect.when({ attempt, status: status || undefined });
    } catch (error) {
      report(error);
      return false;
    }
  }

  error(code: string, status: number, message: string, body: string): TidewireError {
    const url = new URL(this.#settings.url);
    const headersFailed = code === 'token' && this.#headersFailed;
    // What the function threw may hold a secret: it stays out of messages, as the token's does.
    const why = headersFailed ? 'headers: the function threw or rejected' : message;
    return new TidewireError(this.#secrets.scrub(why), {
      code: headersFailed ? 'options' : (code as ErrorCode),
      status: status || undefined,
      body: this.#secrets.scrub(body) || undefined,
      url: url.origin + url.pathname,
    });
  }

  /** The address of an answer, as it may be told. */
  shownUrl(given: string): string {
    return this.#secrets.scrub(given);
  }
}
