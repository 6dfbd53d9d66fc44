/** The functions among the options, of which each call goes to the one of the latest render. */

import type { EventsOptions } from '../react.js';

type Anything = (...given: any[]) => any;

/** Stands for a function, and for those that later take its place. */
class Latest {
  current: Anything;

  constructor(first: Anything) {
    this.current = first;
  }

  readonly call: Anything = (...given) => {
    // `fetch` is to be called without a `this`.
    const { current } = this;
    return current(...given);
  };
}

const SLOTS = ['token', 'headers', 'fetch', 'when'] as const;
type Slot = (typeof SLOTS)[number];

/**
 * Components that were given the same function get the same one to stand for it, else they could not
 * share a connection.
 */
const known = /* @__PURE__ */ new Map<Slot, WeakMap<Anything, Latest>>();

/** Those of one component. */
export class LatestFunctions {
  readonly #latest = new Map<Slot, Latest>();
  readonly #given = new Map<Slot, Anything>();

  /** The options with what stands for their functions. */
  standIns(options: EventsOptions): EventsOptions {
    const functions = functionsOf(options);
    const standIns: { [slot in Slot]?: Anything } = {};
    for (const slot of SLOTS) {
      const given = functions[slot];
      if (given !== undefined) {
        const latest = knownIn(slot).get(given) ?? new Latest(given);
        this.#latest.set(slot, latest);
        standIns[slot] = latest.call;
        this.#remember(slot, given, latest);
      }
    }
    const { when, ...others } = standIns;
    return {
      ...options,
      ...others,
      ...(when && { reconnect: { ...(options.reconnect as object), when } }),
    };
  }

  /** From now on, these are called. */
  follow(options: EventsOptions): void {
    const functions = functionsOf(options);
    for (const [slot, latest] of this.#latest) {
      const given = functions[slot];
      // Who keeps to the one it had does not take back what another has put in its place.
      if (given !== undefined && given !== this.#given.get(slot)) {
        latest.current = given;
        this.#remember(slot, given, latest);
      }
    }
  }

  #remember(slot: Slot, given: Anything, latest: Latest): void {
    this.#given.set(slot, given);
    knownIn(slot).set(given, latest);
  }
}

function knownIn(slot: Slot): WeakMap<Anything, Latest> {
  let all = known.get(slot);
  if (all === undefined) {
    all = new WeakMap();
    known.set(slot, all);
  }
  return all;
}

function functionsOf(options: EventsOptions): { readonly [slot in Slot]: Anything | undefined } {
  const { token, headers, fetch, reconnect } = options;
  const when = reconnect ? reconnect.when : undefined;
  const ifFunction = (value: unknown) =>
    typeof value === 'function' ? (value as Anything) : undefined;
  return {
    token: ifFunction(token),
    headers: ifFunction(headers),
    fetch: ifFunction(fetch),
    when: ifFunction(when),
  };
}
