/** The request of an attempt. */

import { type ProfileDefinition, queryOf } from './profile.js';

/** Names, each with a value. */
export type Pairs = readonly (readonly [name: string, value: string])[];

/** What is the same in every attempt. */
export interface RequestBasis {
  readonly url: string;
  readonly method: string;
  readonly body: BodyInit | undefined;
  readonly credentials?: RequestCredentials | undefined;
  /** It says where the token goes. */
  readonly profile: ProfileDefinition;
}

/** What an attempt adds to it. */
export interface RequestParts {
  readonly query: Pairs;
  readonly token: string | undefined;
  /** The bytes of a Last-Event-ID. */
  readonly id?: Uint8Array | undefined;
  readonly headers: Pairs;
}

/** The URL with what the attempt adds to it, token included. */
export function requestUrl(basis: RequestBasis, { query, token }: RequestParts): string {
  const name = queryOf(basis.profile.auth);
  const all = name === undefined || token === undefined ? query : [...query, [name, token] as const];
  return withQuery(basis.url, all);
}

/** @throws Error for a header that cannot be sent. */
export function requestInit(
  basis: RequestBasis,
  { token, id, headers: own }: RequestParts,
  signal: AbortSignal,
): RequestInit {
  const { auth = 'bearer' } = basis.profile;
  const headers = new Headers({ Accept: 'text/event-stream' });
  const set = (name: string, value: string) => {
    try {
      headers.set(name, value);
    } catch {
      // The value may be a secret.
      throw new Error(`the header '${name}' cannot be sent: its name or its value is not allowed`);
    }
  };
  if (token !== undefined) {
    if (auth === 'bearer') set('Authorization', `Bearer ${token}`);
    else if ('header' in auth) set(auth.header, token);
  }
  if (id) {
    // A header's characters are bytes; the standard sends the id as UTF-8.
    set('Last-Event-ID', Array.from(id, (byte) => String.fromCharCode(byte)).join(''));
  }
  own.forEach(([name, value]) => set(name, value));
  // What is undefined counts as left out.
  return {
    method: basis.method,
    headers,
    body: basis.body,
    credentials: basis.credentials,
    // A Cache-Control header would make a cross-origin request be asked for beforehand.
    cache: 'no-store',
    signal,
  } as RequestInit;
}

/** Name and value, name and value… */
export function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((value, at) => (at % 2 ? [[flat[at - 1] as string, value]] : []));
}

/** With these parameters at the end of its query. */
function withQuery(url: string, query: Pairs): string {
  const [base = '', ...fragment] = url.split(/(?=#)/);
  const add = (all: string, [name, value]: readonly [string, string]) =>
    `${all}${all.includes('?') ? '&' : '?'}${escape(name)}=${escape(value)}`;
  return query.reduce(add, base) + fragment.join('');
}

/** Percent-encoded, all but what a query may hold as it is; commas and colons stay legible. */
function escape(text: string): string {
  // A half of a pair of surrogates is no text.
  const whole = text.replace(/\p{Surrogate}/gu, '\ufffd');
  return encodeURIComponent(whole).replace(/%(2C|3A)/g, decodeURIComponent);
}
