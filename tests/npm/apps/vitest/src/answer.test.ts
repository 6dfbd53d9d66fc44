import { expect, test } from 'vitest';
import { connect } from 'tidewire';
import { installClock, scriptedServer } from 'tidewire/testing';

test('a server that is up again is found', async () => {
  using clock = installClock();
  const server = scriptedServer({
    answer: (request) =>
      request.number < 3
        ? request.refuse(503)
        : request.send({ type: 'message', data: 'hello' }),
  });
  const stream = connect('http://localhost/events', { fetch: server.fetch });
  const { value } = await clock.until(stream.events().next());
  expect(value.data).toBe('hello');
  expect(server.requests).toHaveLength(3);
  stream.close();
});
