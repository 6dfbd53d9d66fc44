import { afterEach, expect, test, vi } from 'vitest';
import { EventSource } from 'tidewire/eventsource';
import { scriptedServer } from 'tidewire/testing';

afterEach(() => {
  vi.useRealTimers();
});

async function threeMessages() {
  const server = scriptedServer();
  const source = new EventSource('http://localhost/events', { fetch: server.fetch });
  const messages: string[] = [];
  source.onmessage = ({ data }) => messages.push(data);
  const request = await server.request();
  const events = ['a', 'b', 'c'].map((data) => ({ type: 'message' as const, data }));
  await request.send(...events);
  return { source, messages };
}

test('with setImmediate faked, the events behind a first come when time is advanced', async () => {
  vi.useFakeTimers();
  const { source, messages } = await threeMessages();
  expect(messages.length).toBeLessThan(3);
  await vi.advanceTimersByTimeAsync(2);
  expect(messages).toEqual(['a', 'b', 'c']);
  source.close();
});

test('without, they come at once, also after such a test', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const { source, messages } = await threeMessages();
  expect(messages).toEqual(['a', 'b', 'c']);
  source.close();
});
