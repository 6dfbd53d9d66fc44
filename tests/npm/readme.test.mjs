// The README's ten lines of JavaScript, run as they stand there.

import assert from 'node:assert/strict';
import test from 'node:test';
import { connect as connectAnywhere } from '../../pkg/dist/index.js';
import { dashtam } from '../../pkg/dist/profiles/index.js';
import { answer, scriptedFetch } from './scripted.mjs';

/** The package's `connect`, on a page of its own. */
function pageWith(fetch) {
  return (url, options) =>
    connectAnywhere(new URL(url, 'http://page.example'), { ...options, fetch, reconnect: false });
}

async function example(connect, fetchToken, show) {
  // README
  const stream = connect('/api/v1/events', {
    profile: dashtam,
    categories: ['data_sync', 'provider'],
    token: async () => await fetchToken(),
  });
  for await (const event of stream) {
    if (event.type === 'sync.accounts.completed') show(event.data.account_count);
  }
  // README
}

test("the README's JavaScript runs", async () => {
  const fetch = scriptedFetch(
    answer([
      'event: import.failed\ndata: {"file_name": "a", "error": "b"}\n\n',
      'event: sync.accounts.completed\ndata: {"connection_id": "c", "account_count": 3}\n\n',
    ]),
  );
  const shown = [];
  await example(pageWith(fetch), async () => 'secret', (count) => shown.push(count));
  assert.deepEqual(shown, [3]);
  const [call] = fetch.calls;
  assert.equal(call.url, 'http://page.example/api/v1/events?categories=data_sync,provider');
  assert.equal(call.headers.get('authorization'), 'Bearer secret');
});
