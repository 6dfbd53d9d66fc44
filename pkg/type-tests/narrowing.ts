/** What a filter and a profile tell the checker, and what it must refuse then. Compiled, never run. */

import {
  type ConnectOptions,
  connect,
  defineProfile,
  type EventOf,
  type FilterChange,
  type StreamEvent,
  type TidewireStream,
} from 'tidewire';
import { cortex, dashtam, hive, plain, stockAgent, type Dashtam } from 'tidewire/profiles';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function holds<_Claim extends true>(): void {}

type Accounts = 'sync.accounts.started' | 'sync.accounts.completed' | 'sync.accounts.failed';
type All = EventOf<TidewireStream<typeof dashtam>>['type'];

export async function byGlob(): Promise<void> {
  const stream = connect('/', { profile: dashtam, types: ['sync.accounts.*'] });
  for await (const event of stream) {
    holds<Equal<typeof event.type, Accounts | 'unknown'>>();
    holds<Equal<typeof event.category, 'data_sync' | null>>();
    if (event.category === 'data_sync') holds<Equal<typeof event.type, Accounts>>();
    if (event.type === 'sync.accounts.completed') {
      holds<Equal<typeof event.data, Dashtam.AccountsCompleted>>();
    }
    // @ts-expect-error -- the filter keeps it back
    event.type === 'sync.holdings.completed';
    // @ts-expect-error -- and the whole category
    event.category === 'security';
  }
}

export async function bySeveral(): Promise<void> {
  const stream = connect('/', {
    profile: dashtam,
    categories: ['import'],
    types: ['provider.token.expiring', 'sync.accounts.*'],
  });
  type Import = 'import.started' | 'import.progress' | 'import.completed' | 'import.failed';
  holds<
    Equal<
      EventOf<typeof stream>['type'],
      Import | Accounts | 'provider.token.expiring' | 'unknown'
    >
  >();
  stream.on('*', (event) => {
    // @ts-expect-error -- a handler for all is given what the filter lets through
    event.type === 'ai.response.chunk';
  });
  for await (const [event] of stream.batches()) {
    // @ts-expect-error -- batches hold no other
    event?.type === 'ai.response.chunk';
  }
  for await (const event of stream.events()) {
    // @ts-expect-error -- nor does an iterator
    event.type === 'ai.response.chunk';
  }
  const { value } = await stream.readable().getReader().read();
  // @ts-expect-error -- nor a readable stream
  value?.type === 'ai.response.chunk';
}

export function exhaustive(event: StreamEvent<typeof dashtam, undefined, Accounts>) {
  switch (event.type) {
    case 'sync.accounts.started':
    case 'sync.accounts.completed':
    case 'sync.accounts.failed':
      return event.data.connection_id;
    case 'unknown':
      return event.name;
    default:
      // Nothing is left.
      return event satisfies never;
  }
}

export function forgotten(event: StreamEvent<typeof dashtam, undefined, Accounts>) {
  switch (event.type) {
    case 'sync.accounts.started':
    case 'unknown':
      return;
    default:
      // @ts-expect-error -- two are left
      event satisfies never;
  }
}

export function unknownOnes(stream: TidewireStream<typeof hive>): void {
  stream.on('*', (event) => {
    if (event.type === 'unknown') {
      holds<Equal<typeof event.data, unknown>>();
      // @ts-expect-error -- what nobody described has no members
      event.data.content;
    } else {
      // @ts-expect-error -- what the profile knows has a category
      event.category satisfies null;
    }
    // @ts-expect-error -- before it is narrowed, a payload may be any
    event.data.content;
  });
}

/** What is not told apart narrows nothing. */
export function asWideAsBefore(options: ConnectOptions<typeof dashtam>): void {
  type EventType<S> = EventOf<S> extends { readonly type: infer Type } ? Type : never;
  const names: Dashtam.DashtamCategories[keyof Dashtam.DashtamCategories][] = [];
  const one = connect('/', { profile: dashtam, types: names });
  const two = connect('/', { profile: dashtam, categories: undefined, types: undefined });
  const three = connect('/', { profile: dashtam, categories: [] });
  const four = connect('/', options as ConnectOptions<typeof dashtam, undefined>);
  const five = connect<typeof dashtam>('/', { profile: dashtam, types: ['sync.*'] });
  const six = connect('/', { profile: dashtam, types: ['*'] });
  holds<Equal<EventType<typeof one>, All>>();
  holds<Equal<EventType<typeof two>, All>>();
  holds<Equal<EventType<typeof three>, All>>();
  holds<Equal<EventType<typeof four>, All>>();
  holds<Equal<EventType<typeof five>, All>>();
  holds<Equal<EventType<typeof six>, All>>();
  // What a glob means may be an alias (`token` is `chunk`), or have a prefix: then all may come.
  const seven = connect('/', { profile: stockAgent, types: ['tok*'] });
  holds<Equal<EventType<typeof seven>, EventType<TidewireStream<typeof stockAgent>>>>();
  const eight = connect('/', { profile: cortex, types: ['conversation.*'] });
  holds<Equal<EventType<typeof eight>, EventType<TidewireStream<typeof cortex>>>>();
  const nine = connect('/', { profile: plain, types: ['price'] });
  holds<Equal<EventType<typeof nine>, 'message' | 'unknown'>>();
  // A narrowed stream stands where any stream of the profile is asked for.
  const wide: TidewireStream<typeof dashtam> = connect('/', {
    profile: dashtam,
    types: ['sync.accounts.*'],
  });
  void wide;
}

export async function changes(live: FilterChange<typeof dashtam>): Promise<void> {
  const narrow = connect('/', { profile: dashtam, categories: ['import', 'ai'] });
  await narrow.setFilter({ categories: ['import'] });
  // Its type cannot follow, but the filter may be any.
  await narrow.setFilter({ categories: ['security'] });
  await narrow.setFilter(live);
  await narrow.setFilter({});
  // @ts-expect-error -- no category of the profile
  await narrow.setFilter({ categories: ['imports'] });
  const wide = connect<typeof dashtam>('/', { profile: dashtam, categories: ['import', 'ai'] });
  await wide.setFilter(live);
  for await (const event of wide) {
    if (event.type === 'security.login.failed') security(event.data);
  }
  // @ts-expect-error -- no narrower than the profile, and no wider
  connect<typeof dashtam>('/', { profile: dashtam, categories: ['imports'] });
}

declare function security(data: object): void;

interface Orders {
  'order.placed': { order: string; total: string };
  'order.shipped': { order: string; carrier: string };
  'stock.low': { item: string };
}

interface OrderCategories {
  orders: 'order.placed' | 'order.shipped';
  stock: 'stock.low';
}

export async function ownEvents(): Promise<void> {
  const shop = defineProfile<Orders>({
    name: 'shop',
    categories: { orders: ['order.placed', 'order.shipped'], stock: ['stock.low'] },
  });
  for await (const event of connect('/', { profile: shop, types: ['order.*'] })) {
    if (event.type === 'order.shipped') {
      const carrier: string = event.data.carrier;
      // @ts-expect-error -- a shipped order has no total
      event.data.total;
    }
    holds<Equal<typeof event.type, 'order.placed' | 'order.shipped' | 'unknown'>>();
    // @ts-expect-error -- the filter keeps it back
    event.type === 'stock.low';
    // @ts-expect-error -- no event is called that
    event.type === 'order.lost';
  }
  const sorted = defineProfile<Orders, undefined, OrderCategories>({
    name: 'shop',
    categories: { orders: ['order.placed', 'order.shipped'], stock: ['stock.low'] },
  });
  for await (const event of connect('/', { profile: sorted, categories: ['orders'] })) {
    holds<Equal<typeof event.type, 'order.placed' | 'order.shipped' | 'unknown'>>();
    if (event.category === 'orders') event.data.order.length;
    // @ts-expect-error -- of no category that was asked for
    event.category === 'stock';
  }
  // @ts-expect-error -- a category that the types do not name
  connect('/', { profile: sorted, categories: ['order'] });
  // @ts-expect-error -- a type that they do not name
  connect('/', { profile: sorted, types: ['order.lost'] });
}
