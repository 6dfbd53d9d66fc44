/** A server without a network: its `fetch` asks it, and the test answers. */

import type { AnyProfile, ProfileDefinition } from '../profile.js';
import { plain } from '../profiles/plain.js';
import { Exchange, type ScriptedRequest } from './request.js';
import { realTime } from './tasks.js';

/** What the server is to be like. */
export interface ScriptedServerOptions<P extends AnyProfile = AnyProfile> {
  /** What it speaks: how events are written, where the token stands. Default `plain`. */
  readonly profile?: P | undefined;
  /**
   * Answers each request as it is made. A request that it leaves open, and every request without
   * it, is answered by whoever gets it from `request()` or `requests`.
   */
  readonly answer?: ((request: ScriptedRequest<P>) => unknown) | undefined;
}

/** A server that does what a test says. */
export interface ScriptedServer<P extends AnyProfile = AnyProfile> {
  /** For the option `fetch` of `connect`, or in place of the global one. */
  readonly fetch: typeof fetch;
  /** All requests that were made. */
  readonly requests: readonly ScriptedRequest<P>[];
  /**
   * The next request: each is given once, in their order. Waits for it, `timeout` real
   * milliseconds at most (3000), and then rejects.
   */
  request(options?: { readonly timeout?: number | undefined }): Promise<ScriptedRequest<P>>;
}

/** Real milliseconds: shorter than test runners wait, so that the reason is told. */
const TIMEOUT = 3_000;

/**
 * Makes a server that does what the test says.
 *
 * ```ts
 * const server = scriptedServer({ profile: hive });
 * vi.stubGlobal('fetch', server.fetch);            // or connect(url, { fetch: server.fetch })
 * const request = await server.request();
 * await request.send({ type: 'execution_started', data: { … }, meta: { stream_id: 'queen' } });
 * ```
 */
export function scriptedServer<P extends AnyProfile = typeof plain>(
  options: ScriptedServerOptions<P> = {},
): ScriptedServer<P> {
  const { profile = plain, answer } = options;
  return new Scripted(profile.definition, answer as ((request: Exchange) => unknown) | undefined);
}

class Scripted implements ScriptedServer<any> {
  readonly requests: Exchange[] = [];
  readonly #profile: ProfileDefinition;
  readonly #answer: ((request: Exchange) => unknown) | undefined;
  /** How many were given to somebody. */
  #given = 0;
  /** Who waits for the next ones. */
  #waiting: ((request: Exchange) => void)[] = [];

  constructor(profile: ProfileDefinition, answer: ((request: Exchange) => unknown) | undefined) {
    this.#profile = profile;
    this.#answer = answer;
  }

  // Taken off the server, and called.
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const exchange = new Exchange(this.requests.length + 1, this.#profile, input, init);
    this.requests.push(exchange);
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) {
      this.#given += 1;
      waiter(exchange);
    }
    void this.#script(exchange);
    return exchange.response;
  };

  async request({ timeout = TIMEOUT }: { timeout?: number | undefined } = {}): Promise<Exchange> {
    const made = this.requests[this.#given];
    if (made !== undefined) {
      this.#given += 1;
      return made;
    }
    const { passed, cancel } = realTime(timeout);
    let waiter!: (request: Exchange) => void;
    const coming = new Promise<Exchange>((resolve) => {
      waiter = resolve;
    });
    this.#waiting.push(waiter);
    const request = await Promise.race([coming, passed]);
    cancel();
    if (request === undefined) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      throw new Error(this.#whatIsThere(timeout));
    }
    return request;
  }

  /** Not awaited: what a script throws is reported as whatever nobody catches. */
  async #script(exchange: Exchange): Promise<void> {
    try {
      await this.#answer?.(exchange);
    } catch (error) {
      exchange.fail(error);
      throw error;
    }
  }

  #whatIsThere(timeout: number): string {
    const made = this.requests.map((request) => `\n  ${request}`).join('');
    return (
      `no further request was made within ${timeout} ms. ` +
      (made === ''
        ? 'None was made at all: does the stream use this fetch, and has it a handler or an iterator?'
        : `There were:${made}\nA reconnection waits for its delay: where the clock is a fake, advance it.`)
    );
  }
}
