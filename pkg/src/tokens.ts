/** Tokens: asked for once at a time, and kept out of whatever is told. */

import type { ConnectOptions, Token, TokenRequest } from './options.js';

type TokenFunction = Extract<ConnectOptions['token'], (request: TokenRequest) => unknown>;

interface Call {
  readonly token: Promise<Token>;
  readonly since: number;
}

/** As long as the module waits for one. What never answers must not be waited for by later attempts too. */
const CALL_LIMIT = 10_000;

const calls = /* @__PURE__ */ new WeakMap<TokenFunction, Call>();

/** A token for one attempt. Whoever asks while a call of the same function is pending gets what that gives. */
export async function tokenFor(
  token: ConnectOptions['token'],
  request: TokenRequest,
): Promise<string | null> {
  if (typeof token !== 'function') {
    return token ?? null;
  }
  const now = performance.now();
  let call = calls.get(token);
  if (!call || now - call.since >= CALL_LIMIT) {
    // An async function, so that one that throws is one that rejects.
    const asked: Call = { token: (async () => token(request))(), since: now };
    const forget = () => {
      if (calls.get(token) === asked) calls.delete(token);
    };
    asked.token.then(forget, forget);
    calls.set(token, asked);
    call = asked;
  }
  return (await call.token) ?? null;
}

/** What must not be read in an error, a log or an event. */
export class Secrets {
  #tokens: string[] = [];

  /** The one in use and the one before: later ones have replaced what could still be told of earlier ones. */
  keep(token: string | null | undefined): void {
    if (token && !this.#tokens.includes(token)) {
      this.#tokens = [token, ...this.#tokens].slice(0, 2);
    }
  }

  /** The text without them, also as they stand in a URL. */
  scrub(text: string): string {
    let scrubbed = text;
    for (const token of this.#tokens) {
      for (const form of [token, encodeURIComponent(token), inForm(token)]) {
        scrubbed = scrubbed.replaceAll(form, '…');
      }
    }
    return scrubbed;
  }
}

function inForm(token: string): string {
  return new URLSearchParams({ '': token }).toString().slice(1);
}
