/** The request of an attempt. */

import type { ProfileDefinition } from './profile.js';

/** The URL with these parameters at the end of its query. */
export function withQuery(url: string, query: readonly (readonly [string, string])[]): string {
  const [, base = '', fragment = ''] = /^([^#]*)(.*)/s.exec(url) ?? [];
  return query.reduce(
    (all, [name, value]) => `${all}${all.includes('?') ? '&' : '?'}${escape(name)}=${escape(value)}`,
    base,
  ) + fragment;
}

/** Percent-encoded, all but what a query may hold as it is; commas and colons stay legible. */
function escape(text: string): string {
  // A half of a pair of surrogates is no text.
  const whole = text.replace(/\p{Surrogate}/gu, '\ufffd');
  return encodeURIComponent(whole).replace(/%(2C|3A)/g, decodeURIComponent);
}

/** Where a profile wants its token: the headers and the parameters to be added. */
export function credentials(
  auth: ProfileDefinition['auth'],
  token: string,
): { readonly headers: [string, string][]; readonly query: [string, string][] } {
  if (typeof auth !== 'object') {
    return { headers: [['Authorization', `Bearer ${token}`]], query: [] };
  }
  return 'header' in auth
    ? { headers: [[auth.header, token]], query: [] }
    : { headers: [], query: [[auth.query, token]] };
}
