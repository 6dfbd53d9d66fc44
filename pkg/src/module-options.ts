/** Checked options as the WebAssembly module reads them. */

import type { ConnectionOptions } from './boundary.js';
import type { FilterNames } from './filter.js';
import type { HeadStart } from './head-start.js';
import { profileLines } from './lines.js';
import type { Settings } from './options.js';
import { type ProfileDefinition, spellingsOf, tableOf } from './profile.js';

export function connectionOptions(
  settings: Settings,
  filter: FilterNames,
  lastEventId: string,
  hasToken: boolean,
  head: HeadStart | undefined,
): ConnectionOptions {
  const { profile, reconnect, transport, fetch: given, headers, token, parse } = settings;
  return {
    ...settings,
    ...filter,
    minDelay: NaN,
    maxDelay: NaN,
    factor: NaN,
    jitter: true,
    maxAttempts: Infinity,
    ...reconnect,
    spec: profileLines(profile),
    auth: profile.auth,
    fetch: fetchOf(given && outsideOfTheModule(given), head),
    names: transport === 'eventsource' ? namesOf(profile, filter) : [],
    lastEventId,
    hasToken,
    renewsToken: [token, headers].some((given) => typeof given === 'function'),
    reconnect: reconnect !== false,
    constantDelay: false,
    isJson: (parse ?? (profile.format === 'text' ? 'text' : 'eager')) === 'eager',
  };
}

/** Every name that the server may give an event. */
function namesOf(profile: ProfileDefinition, { types }: FilterNames): string[] {
  return [
    ...types.filter((type) => !type.includes('*')),
    ...tableOf(profile).flatMap(({ type }) => spellingsOf(profile, type)),
  ];
}

/** What the module is to send by: at first what was sent already, if that is what it sends. */
function fetchOf(
  given: typeof fetch | undefined,
  head: HeadStart | undefined,
): typeof fetch | undefined {
  return head
    ? (input, init) => head.take(input as string, init ?? {}) ?? (given ?? fetch)(input, init)
    : given;
}

/** A user's `fetch`, called when the module is off the stack, unless it was given up by then. */
function outsideOfTheModule(given: typeof fetch): typeof fetch {
  return (input, init) =>
    Promise.resolve().then(() => {
      init?.signal?.throwIfAborted();
      return given(input, init);
    });
}
