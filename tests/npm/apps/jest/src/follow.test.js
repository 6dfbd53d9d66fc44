import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { connect } from 'tidewire';
import { installClock, scriptedServer } from 'tidewire/testing';

function follow() {
  const server = scriptedServer();
  const stream = connect('http://localhost/events', { fetch: server.fetch });
  const messages = [];
  stream.on('message', ({ data }) => messages.push(data));
  return { server, stream, messages };
}

test('with the clock of tidewire/testing', async () => {
  const clock = installClock();
  const { server, stream, messages } = follow();
  await (await server.request()).cut();
  const second = await clock.until(server.request());
  await second.send({ type: 'message', data: 'back' });
  expect(messages).toEqual(['back']);
  stream.close();
  clock.uninstall();
});

describe('with fake timers', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('that leave the microtasks alone', async () => {
    const { server, stream, messages } = follow();
    await (await server.request()).cut();
    await jest.advanceTimersByTimeAsync(30_000);
    const second = await server.request();
    await second.send({ type: 'message', data: 'back' });
    expect(messages).toEqual(['back']);
    stream.close();
  });
});
