/** What a user's program may say, and what the checker must refuse. Compiled, never run. */

import {
  connect,
  DecodeError,
  type CursorStore,
  defineProfile,
  type EventOf,
  sessionStore,
  type StreamStats,
  type StreamEvent,
  type TidewireError,
  type TidewireStream,
} from 'tidewire';
import {
  cortex,
  dashtam,
  hive,
  plain,
  stageChat,
  stockAgent,
  type Dashtam,
} from 'tidewire/profiles';
import { connect as connectSlim, initialize } from 'tidewire/slim';
import { connect as connectByUrl } from 'tidewire/url';

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function holds<_Claim extends true>(): void {}

export async function narrowing(): Promise<void> {
  const stream = connect('/api/v1/events', { profile: dashtam });
  for await (const event of stream) {
    if (event.type === 'sync.accounts.completed') {
      holds<Equal<typeof event.data, Dashtam.AccountsCompleted>>();
      holds<Equal<typeof event.category, 'data_sync'>>();
      const count: number = event.data.account_count;
      // @ts-expect-error -- a payload has the fields of its type alone
      event.data.holding_count;
    }
    if (event.category === 'security') {
      holds<Equal<Extract<typeof event.type, `sync.${string}`>, never>>();
      // @ts-expect-error -- a category's types are not those of another
      event.type === 'import.started';
    }
    if (event.type === 'unknown') {
      holds<Equal<typeof event.category, null>>();
      holds<Equal<typeof event.data, unknown>>();
      const name: string = event.name;
    }
    // @ts-expect-error -- no event of this profile is called that
    event.type === 'sync.acounts.completed';
    // @ts-expect-error -- events are not to be changed
    event.replayed = true;
    const id: string | null = event.id;
  }
}

export function handlers(): void {
  const stream = connect('/api/v1/events', { profile: dashtam });
  const off: () => void = stream.on('provider.token.expiring', (event) => {
    holds<Equal<typeof event.data, Dashtam.TokenExpiring>>();
  });
  stream.once('sync.holdings.*', (event) => {
    holds<
      Equal<
        typeof event.type,
        'sync.holdings.started' | 'sync.holdings.completed' | 'sync.holdings.failed'
      >
    >();
  });
  stream.on('*', (event) => {
    holds<Equal<typeof event, StreamEvent<typeof dashtam>>>();
  });
  stream.on('unknown', ({ name }) => name.length);
  stream.onCategory('import', (event) => {
    holds<
      Equal<
        typeof event.type,
        'import.started' | 'import.progress' | 'import.completed' | 'import.failed'
      >
    >();
  });
  stream.on('import.failed', async ({ data }) => data.error.length);
  // @ts-expect-error -- there is no such type
  stream.on('import.begun', () => {});
  // @ts-expect-error -- there is no such category
  stream.onCategory('imports', () => {});
}

export function news(stream: TidewireStream<typeof hive>): void {
  stream.addEventListener('open', ({ detail }) => detail.status.toFixed());
  stream.addEventListener('state', ({ detail }) => detail.state === 'waiting');
  stream.addEventListener('resumed', ({ detail }) => detail.recovered === 'unknown');
  stream.addEventListener('gap', ({ detail }) => detail.lastEventId, { once: true });
  stream.addEventListener('decodeerror', ({ detail }) => detail.error instanceof DecodeError);
  stream.addEventListener('error', ({ detail }) => {
    const error: TidewireError = detail.error;
    const seconds: number = detail.delay / 1000;
    return detail.willRetry;
  });
  // @ts-expect-error -- server events come by `on`
  stream.addEventListener('llm_text_delta', () => {});
}

export function envelopes(stream: TidewireStream<typeof hive>): void {
  stream.on('llm_text_delta', ({ data, meta }) => {
    const text: string = data.content + data.snapshot;
    const id: string = meta.stream_id;
  });
  connect('/', { profile: dashtam }).on('import.started', ({ meta }) => {
    holds<Equal<typeof meta, undefined>>();
  });
}

export function modes(): void {
  connect('/', { profile: dashtam, parse: 'text' }).on('import.started', ({ data }) => {
    holds<Equal<typeof data, string>>();
  });
  connect('/', { profile: dashtam, parse: 'lazy' }).on('import.started', ({ data }) => {
    holds<Equal<typeof data, Dashtam.ImportStartedData>>();
  });
  connect('/').on('message', (event) => {
    if (event.type === 'message') holds<Equal<typeof event.data, string>>();
  });
  connect('/', { parse: 'eager' }).on('message', (event) => {
    if (event.type === 'message') holds<Equal<typeof event.data, unknown>>();
  });
  connect('/', { profile: plain }).on('any name at all', ({ data }) => data);
}

export function options(controller: AbortController): void {
  connect(new URL('https://example.org/'), {
    profile: dashtam,
    categories: ['data_sync', 'provider'],
    types: ['sync.*', 'provider.token.expiring'],
    token: async ({ attempt, reason }) => (reason === 'unauthorized' ? `${attempt}` : null),
    transport: 'fetch',
    method: 'GET',
    headers: () => ({ 'X-Own': '1' }),
    query: { page: 1, tags: ['a', 'b'], absent: undefined },
    credentials: 'include',
    lastEventId: '7',
    signal: controller.signal,
    fetch: (input, init) => fetch(input, init),
    connectTimeout: 5_000,
    staleAfter: 45_000,
    maxEventBytes: 1_000_000,
    reconnect: {
      minDelay: 100,
      maxDelay: 5_000,
      factor: 2,
      jitter: false,
      maxAttempts: 5,
      when: ({ attempt, status }) => status !== 500 || attempt < 3,
    },
    buffer: { events: 100, bytes: 1_000_000, overflow: 'pause' },
    parse: 'eager',
  });
  // Every option may be undefined, under exactOptionalPropertyTypes too.
  connect('/', {
    profile: undefined,
    categories: undefined,
    token: undefined,
    reconnect: undefined,
  });
  connect('/', { profile: stockAgent, body: { message: 'How is it?', session_id: null } });
  connect('/', { profile: stageChat, body: JSON.stringify({}) });
  connect('/', { profile: cortex, token: 'x', transport: 'eventsource' });
  // @ts-expect-error -- an option that there is not
  connect('/', { catagories: [] });
  // @ts-expect-error -- a category of another profile
  connect('/', { profile: hive, categories: ['data_sync'] });
  // @ts-expect-error -- a type that the profile does not have
  connect('/', { profile: dashtam, types: ['sync.accounts'] });
  // @ts-expect-error -- false, or an object
  connect('/', { reconnect: true });
  // @ts-expect-error -- answers at once
  connect('/', { reconnect: { when: async () => true } });
}

interface Prices {
  tick: { symbol: string; price: string };
  halt: { symbol: string };
}

export async function ownProfile(): Promise<void> {
  const prices = defineProfile<Prices, { at: number }>({
    name: 'prices',
    payload: { field: 'body' },
    categories: { market: ['tick', 'halt'] },
    critical: ['halt'],
  });
  const stream = connect('/prices', { profile: prices, categories: ['market'] });
  stream.on('tick', ({ data, meta }) => {
    const price: string = data.price;
    const at: number = meta.at;
  });
  // @ts-expect-error -- no such type, and the profile is not open
  stream.on('tock', () => {});
  const open = defineProfile<Prices>({
    name: 'open',
    open: true,
    categories: { market: ['tick', 'halt'] },
  });
  connect('/prices', { profile: open }).on('tock', ({ data }) => data);
  const untyped = connect('/', { profile: defineProfile({ name: 'x', categories: { a: ['b'] } }) });
  for await (const event of untyped) {
    const data: unknown = event.data;
    const category: string | null = event.category;
  }
  // @ts-expect-error -- a member that there is not
  defineProfile({ name: 'x', categories: {}, terminl: [] });
}

export async function theRest(): Promise<void> {
  await using stream = connect('/', { profile: dashtam });
  holds<Equal<EventOf<typeof stream>, StreamEvent<typeof dashtam>>>();
  const closed = await stream.closed;
  if (closed.reason === 'rejected') closed.error?.body?.slice(0, closed.status);
  // @ts-expect-error -- no such reason
  closed.reason === 'done';
  await stream.setFilter({ categories: ['ai'] });
  // @ts-expect-error -- no such category
  await stream.setFilter({ categories: ['ia'] });
  for await (const batch of stream.batches()) batch[0]?.type === 'import.failed';
  for await (const event of stream.events({ preventClose: true })) event.lastEventId;
  const reader = stream.readable().getReader();
  (await reader.read()).value?.type === 'import.failed';
  const text: string = await stream.text();
  // @ts-expect-error -- the state is read, not set
  stream.state = 'closed';
  initialize(fetch('/tidewire.wasm'));
  connectSlim('/', { profile: dashtam }).close();
  connectByUrl('/', { profile: dashtam }).reconnect();
}

export function reliability(): void {
  const store: CursorStore = { get: async () => null, set: (_key, _id) => {} };
  const stream = connect('/events', { share: true, store, pauseWhenHidden: true });
  connect('/events', { store: sessionStore('app:'), buffer: { overflow: 'close' } });
  connect('/events', { method: 'POST', idempotencyKey: true });
  connect('/events', { method: 'POST', idempotencyKey: 'order-7' });
  // @ts-expect-error -- there is no such way to deal with too much
  connect('/events', { buffer: { overflow: 'block' } });
  // @ts-expect-error -- a key is made or given, or there is none
  connect('/events', { idempotencyKey: false });
  // @ts-expect-error -- a store has both
  connect('/events', { store: { get: () => null } });
  const stats: StreamStats = stream.stats;
  const counted: number = stats.delivered + stats.duplicates + stats.dropped;
  // @ts-expect-error -- what was counted is not to be changed
  stats.gaps = 0;
  holds<Equal<typeof counted, number>>();
}
