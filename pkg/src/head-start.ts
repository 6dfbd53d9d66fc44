/**
 * The first request, which does not wait for the module: while that is fetched and compiled, it is
 * on its way. The module composes it anew; only if that comes to the very same is the answer its.
 */

import type { Attempts } from './attempts.js';
import { filterQuery, type FilterNames } from './filter.js';
import type { Settings } from './options.js';
import { isHidden } from './page.js';
import { requestInit, requestUrl } from './request.js';

export class HeadStart {
  readonly #attempts: Attempts;
  readonly #controller = new AbortController();
  #url = '';
  #headers = '';
  #answer: Promise<Response> | undefined;
  /** It was taken or given up. */
  #isOver = false;

  /** None for what is sent once, and for what begins with something that is known later. */
  static isPossible(settings: Settings): boolean {
    return (
      settings.method === 'GET' &&
      settings.transport === 'fetch' &&
      !settings.profile.runsOnce &&
      !settings.share &&
      settings.lastEventId === '' &&
      (!settings.store || settings.hasLastEventId) &&
      !(settings.pauseWhenHidden && isHidden())
    );
  }

  constructor(attempts: Attempts) {
    this.#attempts = attempts;
  }

  /** Sends it, once there is a token if one is needed. */
  async send(settings: Settings, filter: FilterNames): Promise<void> {
    const attempts = this.#attempts;
    const { signal } = this.#controller;
    try {
      const token = attempts.prepared ? ((await attempts.begin()) ?? undefined) : undefined;
      const query = filterQuery(settings.profile, filter);
      if (signal.aborted) {
        return;
      }
      const parts = { query, token, headers: attempts.ownHeaders };
      const url = requestUrl(settings, parts);
      const init = requestInit(settings, parts, signal);
      // An async function, so that one that throws is one that rejects.
      this.#answer = (async () => (settings.fetch ?? fetch)(url, init))();
      this.#url = url;
      this.#headers = inWords(init);
      // The module hears of it when it asks.
      await this.#answer;
    } catch {
      // Nor is anything else that fails here lost: the module comes to it again.
    }
  }

  /** The answer, if this is the request that was sent; once. */
  take(url: string, init: RequestInit): Promise<Response> | undefined {
    if (this.#isOver) {
      return undefined;
    }
    const isSame = url === this.#url && inWords(init) === this.#headers;
    if (!isSame) {
      this.abort();
      return undefined;
    }
    this.#isOver = true;
    init.signal?.addEventListener('abort', () => this.#controller.abort());
    return this.#answer;
  }

  /** Nobody wants the answer, unless it was taken. */
  abort(): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#controller.abort();
    }
  }
}

function inWords({ headers }: RequestInit): string {
  return JSON.stringify([...new Headers(headers)]);
}
