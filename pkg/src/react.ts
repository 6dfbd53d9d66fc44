'use client';

/**
 * Streams of events in React: `useEvents`.
 *
 * A component opens nothing while it renders, on a server neither: a stream begins when the
 * component is mounted, and is closed when it is unmounted.
 */

import { useEffect, useState, useSyncExternalStore } from 'react';

import type { AnyName, CategoryName, Parse, Selected, StreamEvent, TypeName } from './event.js';
import type { ConnectOptions } from './options.js';
import type { AnyProfile } from './profile.js';
import type { plain } from './profiles/plain.js';
import { Folded, type Gathering, Recent, type Reduce } from './react/gathering.js';
import { type StreamStatus, Subscription } from './react/subscription.js';
import type { Connected } from './stream.js';
import { connect } from './index.js';

export type { StreamStatus } from './react/subscription.js';

/**
 * The options of `connect`, and `keep`. They are compared by value, so they may be written where the
 * component renders; of functions the latest is called. A change of `categories` or `types` changes
 * the filter of the open stream, any other one opens another stream.
 */
export interface EventsOptions<
  P extends AnyProfile = AnyProfile,
  Mode extends Parse | undefined = Parse | undefined,
  Category extends CategoryName<P> | AnyName = AnyName,
  Type extends TypeName<P> | AnyName = AnyName,
> extends ConnectOptions<P, Mode, Category, Type> {
  /** How many of the latest events `events` holds. Default 100. */
  readonly keep?: number | undefined;
  /**
   * Components that ask for the same use one connection. Default true, where a request may be
   * repeated. Functions count as the same only if they are the same one: define them outside of the
   * components, or take them from a context.
   */
  readonly share?: boolean | undefined;
  /** The component's own life takes its place. */
  readonly signal?: undefined;
}

/** What `useEvents` gives. */
export interface LatestEvents<Event = StreamEvent<AnyProfile>> extends StreamStatus {
  /** The latest event. Of several that arrive together, only the last is ever seen here. */
  readonly event: Event | undefined;
  /** The latest `keep` events, the oldest first. */
  readonly events: readonly Event[];
}

/** What `useEvents` gives with a reducer. */
export interface FoldedEvents<Value> extends StreamStatus {
  /** What the reducer made of all events. */
  readonly value: Value;
}

/** `useEvents`, as its two forms. */
export interface UseEvents {
  /**
   * The latest events of a stream, and how the stream is. Without a URL there is none.
   *
   * ```tsx
   * const { event, state } = useEvents('/api/v1/events', { profile: dashtam, types: ['sync.*'] });
   * if (event?.type === 'sync.accounts.completed') return <b>{event.data.account_count}</b>;
   * ```
   *
   * However many events arrive together, the component renders once: who has to see each of them
   * gives a reducer.
   */
  <
    P extends AnyProfile = typeof plain,
    Mode extends Parse | undefined = undefined,
    Category extends CategoryName<P> | AnyName = AnyName,
    Type extends TypeName<P> | AnyName = AnyName,
  >(
    url: string | URL | null | undefined,
    options?: EventsOptions<P, Mode, Category, Type>,
  ): LatestEvents<StreamEvent<P, Mode, Selected<P, Category, Type>>>;
  /**
   * What a reducer makes of the events. It sees every event once, in order, outside of rendering.
   *
   * ```tsx
   * const { value } = useEvents(url, { profile: dashtam }, (count, event) => count + 1, 0);
   * ```
   *
   * A reducer that throws is reported like any uncaught error, and the value stays. Another stream
   * begins with the `initial` of the render that asked for it; another filter goes on with the value.
   */
  <
    Value,
    P extends AnyProfile = typeof plain,
    Mode extends Parse | undefined = undefined,
    Category extends CategoryName<P> | AnyName = AnyName,
    Type extends TypeName<P> | AnyName = AnyName,
  >(
    url: string | URL | null | undefined,
    options: EventsOptions<P, Mode, Category, Type> | undefined,
    reduce: (value: Value, event: StreamEvent<P, Mode, Selected<P, Category, Type>>) => Value,
    initial: Value,
  ): FoldedEvents<Value>;
}

/** The `connect` of any entry. */
export type Connect = <
  P extends AnyProfile = typeof plain,
  Mode extends Parse | undefined = undefined,
  Category extends CategoryName<P> | AnyName = AnyName,
  Type extends TypeName<P> | AnyName = AnyName,
>(
  url: string | URL,
  options?: ConnectOptions<P, Mode, Category, Type>,
) => Connected<P, Mode, Category, Type>;

/** `useEvents` on another entry's `connect`, that of `tidewire/url` or `tidewire/slim`. */
export function createUseEvents(connect: Connect): UseEvents {
  return ((
    url: string | URL | null | undefined,
    options: EventsOptions = {},
    reduce?: Reduce<unknown>,
    initial?: unknown,
  ) => {
    const address = url === null || url === undefined ? undefined : String(url);
    const begin = (): Subscription => {
      const gathering: Gathering =
        reduce === undefined ? new Recent(options.keep) : new Folded(reduce, initial);
      return new Subscription(connect, address, options, gathering);
    };
    const [held, hold] = useState(begin);
    let subscription = held;
    if (!held.isFor(address, options)) {
      subscription = begin();
      hold(subscription);
    }
    // Before the one that subscribes: a stream opens with the latest options.
    useEffect(() => subscription.follow(options, reduce));
    const { subscribe, snapshot, atFirst } = subscription;
    return useSyncExternalStore(subscribe, snapshot, atFirst);
  }) as UseEvents;
}

/** The events of a stream, as a component sees them: the latest, or what a reducer makes of all. */
export const useEvents: UseEvents = /* @__PURE__ */ createUseEvents(connect);
