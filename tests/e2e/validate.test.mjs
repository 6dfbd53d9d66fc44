// Checked payloads in a browser, from the test server.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Control } from './server.mjs';
import { browser, server, stage } from './stage.mjs';
import { launch } from './visit.mjs';

const CONNECTION = '5b0c6f4e-0b4f-4c6b-9c55-3c7f6d0a1e22';

stage(launch);

test('payloads are checked before they are delivered, and what does not fit is told in its place', async () => {
  const name = `validate-${process.pid}`;
  const control = new Control(server.url, name);
  const frame = (id, event, data) => `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  await control.script('GET', '/api/v1/events', [
    {
      write:
        frame(1, 'sync.accounts.completed', { connection_id: CONNECTION, account_count: 3, more: true }) +
        frame(2, 'sync.accounts.completed', { connection_id: CONNECTION, account_count: '3' }) +
        frame(3, 'import.started', { file_name: 'ä.qfx', file_format: 'qfx' }),
    },
    { pause_ms: 60_000 },
  ]);
  const page = await browser.newPage();
  await page.route('**/here', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
  await page.goto(`${server.url}/here`);
  const seen = await page.evaluate(async (url) => {
    const [{ connect }, { dashtam }, { validator }] = await Promise.all(
      ['index', 'profiles/index', 'validate'].map((entry) => import(`/pkg/dist/${entry}.js`)),
    );
    const stream = connect(url, { profile: dashtam, validate: validator });
    const seen = [];
    stream.addEventListener('decodeerror', ({ detail: { id, error } }) => {
      seen.push([id, error.path, error.expected, error.found]);
    });
    for await (const { id, data } of stream) {
      seen.push([id, data]);
      if (seen.length === 3) break;
    }
    return seen;
  }, `${server.url}/ns/${name}/api/v1/events`);
  assert.deepEqual(seen, [
    ['1', { connection_id: CONNECTION, account_count: 3 }],
    ['2', '$.account_count', 'a whole number, 0 or more', '"3"'],
    ['3', { file_name: 'ä.qfx', file_format: 'qfx' }],
  ]);
});
