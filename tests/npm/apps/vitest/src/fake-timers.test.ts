import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connect } from 'tidewire';
import { scriptedServer } from 'tidewire/testing';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('it is back after half a minute at most', async () => {
  const server = scriptedServer();
  const stream = connect('http://localhost/events', { fetch: server.fetch });
  const messages: unknown[] = [];
  stream.on('message', ({ data }) => messages.push(data));
  const first = await server.request();
  await first.cut();

  await vi.advanceTimersByTimeAsync(30_000);
  const second = await server.request();
  await second.send({ type: 'message', data: 'back' });
  expect(messages).toEqual(['back']);
  stream.close();
});
