/** Checked options as the WebAssembly module reads them. */

import type { ConnectionOptions } from './boundary.js';
import type { FilterNames } from './filter.js';
import type { HeadStart } from './head-start.js';
import { profileLines } from './lines.js';
import type { Settings } from './options.js';
import type { ProfileDefinition } from './profile.js';

export function connectionOptions(
  settings: Settings,
  filter: FilterNames,
  lastEventId: string,
  hasToken: boolean,
  head: HeadStart | undefined,
): ConnectionOptions {
  const policy = settings.reconnect || {};
  return {
    spec: profileLines(settings.profile),
    auth: settings.profile.auth,
    url: settings.url,
    method: settings.method,
    body: settings.body,
    credentials: settings.credentials,
    fetch: fetchOf(settings.fetch && outsideOfTheModule(settings.fetch), head),
    transport: settings.transport,
    names: settings.transport === 'eventsource' ? namesOf(settings.profile, filter) : [],
    categories: filter.categories,
    types: filter.types,
    lastEventId,
    hasToken,
    renewsToken: typeof settings.token === 'function' || typeof settings.headers === 'function',
    connectTimeout: settings.connectTimeout,
    staleAfter: settings.staleAfter,
    maxEventBytes: settings.maxEventBytes,
    reconnect: settings.reconnect !== false,
    minDelay: policy.minDelay ?? NaN,
    maxDelay: policy.maxDelay ?? NaN,
    factor: policy.factor ?? NaN,
    jitter: policy.jitter ?? true,
    constantDelay: false,
    maxAttempts: policy.maxAttempts ?? Infinity,
    pauseWhenHidden: settings.pauseWhenHidden,
    isJson: (settings.parse ?? (settings.profile.format === 'text' ? 'text' : 'eager')) === 'eager',
  };
}

/** Every name that the server may give an event. */
function namesOf(profile: ProfileDefinition, filter: FilterNames): string[] {
  const { categories, aliases = {}, prefixes = [] } = profile;
  const known = [...Object.values(categories).flat(), ...Object.keys(aliases)];
  return [
    ...filter.types.filter((type) => !type.includes('*')),
    ...known.flatMap((name) => [name, ...prefixes.map((prefix) => `${prefix}.${name}`)]),
  ];
}

/** What the module is to send by: at first what was sent already, if that is what it sends. */
function fetchOf(
  given: typeof fetch | undefined,
  head: HeadStart | undefined,
): typeof fetch | undefined {
  return head === undefined
    ? given
    : (input, init) => head.take(input as string, init ?? {}) ?? (given ?? fetch)(input, init);
}

/** A user's `fetch`, called when the module is off the stack, unless it was given up by then. */
function outsideOfTheModule(given: typeof fetch): typeof fetch {
  return (input, init) =>
    Promise.resolve().then(() => {
      init?.signal?.throwIfAborted();
      return given(input, init);
    });
}
