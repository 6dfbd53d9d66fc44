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

/** A text without these tokens, also as they stand in a URL. */
export function withoutTokens(text: string, tokens: readonly string[]): string {
  return tokens
    .flatMap((token) => [token, encodeURIComponent(token), inForm(token)])
    .reduce((rest, token) => rest.replaceAll(token, '…'), text);
}

function inForm(token: string): string {
  return new URLSearchParams({ '': token }).toString().slice(1);
}
