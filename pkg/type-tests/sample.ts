/** The package's surface as it is meant to be used, from one end to the other. */

import { connect } from 'tidewire';
import { dashtam } from 'tidewire/profiles';

declare function show(value: unknown): void;
declare const signal: AbortSignal;

export async function sample(): Promise<void> {
  const stream = connect('/api/v1/events', {
    profile: dashtam,
    categories: ['data_sync', 'provider'],
    types: ['sync.*', 'provider.token.expiring'],
    token: async ({ attempt, reason }) => `${reason} ${attempt}`,
    transport: 'fetch',
    method: 'GET',
    headers: undefined,
    query: { page: '1' },
    credentials: 'include',
    lastEventId: undefined,
    signal,
    connectTimeout: 10_000,
    staleAfter: 60_000,
    maxEventBytes: undefined,
    reconnect: { minDelay: 500, maxDelay: 30_000, factor: 2, jitter: true, maxAttempts: 9 },
    buffer: { events: 1_000, overflow: 'pause' },
    parse: 'eager',
    validate: false,
    pauseWhenHidden: false,
  });
  const off = stream.on('provider.token.expiring', (event) => show(event.data));
  stream.onCategory('security', (event) => show(event.type));
  for await (const event of stream) {
    if (event.type === 'sync.accounts.completed') show(event.data.account_count.toFixed());
    if (event.type === 'unknown') show([event.name, event.category satisfies null]);
  }
  off();
  await stream.setFilter({ categories: ['ai'] });
  show(stream.state satisfies 'connecting' | 'open' | 'waiting' | 'closed');
  stream.addEventListener('gap', ({ detail }) => show(detail.lastEventId));
  const { reason, status, error } = await stream.closed;
  show([reason, status, error]);
  stream.reconnect();
  stream.close();
  show([stream.readable(), stream.batches(), stream.text(), stream.lastEventId]);
}
