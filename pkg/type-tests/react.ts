/** What a component may say to the hook, and what the checker must refuse. Compiled, never run. */

import type { StreamEvent, StreamState, TidewireError } from 'tidewire';
import { dashtam, plain, stockAgent, type Dashtam } from 'tidewire/profiles';
import { createUseEvents, useEvents, type EventsOptions } from 'tidewire/react';
import { connect as connectSlim } from 'tidewire/slim';
import { connect as connectByUrl } from 'tidewire/url';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function holds<_Claim extends true>(): void {}

export function latest(url: URL | string | null): number | undefined {
  const { event, events, state, error, gaps, gap, resumed, closed, reconnect } = useEvents(url, {
    profile: dashtam,
    token: async ({ attempt }) => String(attempt),
    keep: 5,
  });
  holds<Equal<typeof event, StreamEvent<typeof dashtam> | undefined>>();
  holds<Equal<typeof state, StreamState>>();
  holds<Equal<typeof error, TidewireError | undefined>>();
  const told: [number, string | undefined, string | undefined] = [gaps, gap?.reason, closed?.reason];
  if (resumed?.recovered === 'unknown') reconnect();
  // @ts-expect-error -- the list is not to be changed
  events.push(event);
  // @ts-expect-error -- there may be none yet
  event.type;
  if (event?.type === 'sync.accounts.completed') {
    holds<Equal<typeof event.data, Dashtam.AccountsCompleted>>();
    // @ts-expect-error -- a payload has the fields of its type alone
    event.data.holding_count;
    return event.data.account_count;
  }
  // @ts-expect-error -- no event of this profile is called that
  events[0]?.type === 'sync.acounts.completed';
  // @ts-expect-error -- without a reducer there is no value
  useEvents(url).value;
  return told[0];
}

export function folded(url: string): void {
  const { value, state } = useEvents(
    url,
    { profile: dashtam },
    (total, event) =>
      event.type === 'sync.accounts.completed' ? total + event.data.account_count : total,
    0,
  );
  holds<Equal<typeof value, number>>();
  holds<Equal<typeof state, StreamState>>();
  const names = useEvents(url, undefined, (all: string[], { name }) => [...all, name], []);
  holds<Equal<typeof names.value, string[]>>();
  // @ts-expect-error -- a reducer begins with something
  useEvents(url, {}, (count: number) => count + 1);
  // @ts-expect-error -- a reducer answers the next value
  useEvents(url, {}, (count: number) => String(count), 0);
  // @ts-expect-error -- with a reducer no event is kept
  useEvents(url, {}, (count: number) => count + 1, 0).events;
}

export function filtered(url: string, all: boolean): void {
  const given = { profile: dashtam, types: ['sync.accounts.*'] } as const;
  const { event } = useEvents(url, { profile: dashtam, types: ['sync.accounts.*'] });
  holds<Equal<typeof event, StreamEvent<typeof dashtam, undefined, AccountsSync> | undefined>>();
  holds<Equal<typeof event, ReturnType<typeof useFiltered>['event']>>();
  // @ts-expect-error -- the filter does not let that through
  event?.type === 'import.started';
  const either = useEvents(url, { profile: dashtam, categories: all ? ['import', 'ai'] : ['ai'] });
  holds<Equal<NonNullable<typeof either.event>['category'], 'import' | 'ai' | null>>();
  // @ts-expect-error -- neither here
  useEvents(url, given, (count, { type }) => (type === 'import.started' ? count : 0), 0);
}

type AccountsSync = Extract<
  StreamEvent<typeof dashtam>,
  { type: `sync.accounts.${string}` }
>['type'];

function useFiltered() {
  return useEvents('/', { profile: dashtam, types: ['sync.accounts.*'], keep: 1 });
}

export function options(url: string): void {
  useEvents(undefined);
  useEvents(url, { profile: stockAgent, body: { message: 'a' }, share: undefined });
  const text = useEvents(url, { profile: plain }).event?.data;
  holds<Equal<typeof text, unknown>>();
  const raw = useEvents(url, { profile: dashtam, parse: 'text' }).event;
  if (raw?.category === 'import') holds<Equal<typeof raw.data, string>>();
  // @ts-expect-error -- no category of this profile
  useEvents(url, { profile: dashtam, categories: ['data_sink'] });
  // @ts-expect-error -- no type of this profile
  useEvents(url, { profile: dashtam, types: ['sync.acounts.completed'] });
  // @ts-expect-error -- the component's own life takes its place
  useEvents(url, { signal: new AbortController().signal });
  // @ts-expect-error -- a number
  useEvents(url, { keep: '5' });
  // @ts-expect-error -- no such option
  useEvents(url, { kep: 5 });
}

export const useEventsSlim: typeof useEvents = createUseEvents(connectSlim);
export const useEventsByUrl: typeof useEvents = createUseEvents(connectByUrl);
export const kept: EventsOptions<typeof dashtam> = { categories: ['import'], keep: 1 };
