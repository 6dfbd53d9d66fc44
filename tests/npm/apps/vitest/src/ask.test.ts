import { afterEach, expect, test, vi } from 'vitest';
import { stockAgent } from 'tidewire/profiles';
import { scriptedServer } from 'tidewire/testing';
import { ask } from './ask.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function agent() {
  const server = scriptedServer({ profile: stockAgent });
  vi.stubGlobal('fetch', server.fetch);
  vi.stubGlobal('location', new URL('http://localhost/'));
  return server;
}

test('an answer is put together', async () => {
  const server = agent();
  const answer = ask('How is NVDA?');
  const request = await server.request();
  expect([request.method, request.json]).toEqual(['POST', { query: 'How is NVDA?' }]);

  await request.send({ type: 'chunk', data: { content: 'Up ' } });
  await request.send({ type: 'chunk', data: { content: '3 %' } });
  await request.sendRaw('data: [DONE]\n\n');
  expect(await answer).toBe('Up 3 %');
});

test('an agent is never run twice', async () => {
  vi.useFakeTimers();
  const server = agent();
  const failure = expect(ask('How is NVDA?')).rejects.toMatchObject({ code: 'interrupted' });
  const request = await server.request();
  await request.send({ type: 'chunk', data: { content: 'Up ' } });
  await request.cut();
  await failure;

  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(server.requests).toHaveLength(1);
});
