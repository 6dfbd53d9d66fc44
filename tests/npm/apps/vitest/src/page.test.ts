// @vitest-environment jsdom

import { expect, test } from 'vitest';
import { connect } from 'tidewire';
import { scriptedServer } from 'tidewire/testing';

test('on a page of jsdom an address may be relative, and an element shows what comes', async () => {
  const server = scriptedServer();
  const stream = connect('/events', { fetch: server.fetch });
  stream.on('message', ({ raw }) => {
    document.body.textContent = raw;
  });
  const request = await server.request();
  expect(request.url.pathname).toBe('/events');

  await request.send({ type: 'message', data: 'shown' });
  expect(document.body.textContent).toBe('shown');
  stream.close();
  expect(request.state).toBe('aborted');
});
