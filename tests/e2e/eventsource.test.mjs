// The package by the browser's own EventSource, which Node does not have.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { root } from './server.mjs';
import { browser, server, stage } from './stage.mjs';
import { launch } from './visit.mjs';

let page;

stage(launch, async () => {
  page = await browser.newPage();
  // A page of the server's origin with nothing on it.
  await page.route('**/blank', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
  await page.goto(`${server.url}/blank`);
});

async function samples(profile) {
  const all = JSON.parse(await readFile(`${root}tests/samples.json`, 'utf8'));
  return all.filter((sample) => sample.profile === profile);
}

/** In the page: publishes once the stream is open, and gives what came after `skip` events, up to `count`. */
function receive({ namespace, path, profile, types, tokenOf, publish, skip, count }) {
  const base = `${location.origin}/ns/${namespace}`;
  const control = async (call, body) => {
    const response = await fetch(`${base}/_tidewire/${call}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  };
  const run = async () => {
    const { connect } = await import('/pkg/dist/index.js');
    const profiles = await import('/pkg/dist/profiles/index.js');
    const stream = connect(base + path, {
      profile: profiles[profile],
      transport: 'eventsource',
      types,
      token: tokenOf && (async () => (await control('token', tokenOf)).token),
      reconnect: false,
    });
    stream.addEventListener('open', () => void control('publish', publish));
    const received = [];
    for await (const { type, name, category, data, id } of stream) {
      received.push({ type, name, category, data, id });
      if (received.length === skip + count) break;
    }
    return { received: received.slice(skip), closed: await stream.closed };
  };
  return run();
}

function compare(t, profile, sent, { received, closed }) {
  assert.deepEqual(
    received.map(({ type, data }) => ({ type, data })),
    // Cortex may put the channel before the name.
    sent.map(({ event, data }) => ({ type: event.split('.').at(-1), data })),
  );
  assert.ok(received.every(({ category }) => typeof category === 'string'));
  assert.deepEqual(closed, { reason: 'closed' });
  t.diagnostic(`${profile} by EventSource: ${new Set(received.map(({ type }) => type)).size} types`);
}

test('every event type of Cortex comes by EventSource, with the token in the URL', async (t) => {
  const sent = await samples('cortex');
  const result = await page.evaluate(receive, {
    namespace: `es-cortex-${process.pid}`,
    path: '/v1/user/ada',
    profile: 'cortex',
    tokenOf: { system: 'cortex', user: 'ada' },
    publish: sent.map(({ event, data }) => ({ system: 'cortex', channel: 'user', resource: 'ada', event, data })),
    // The first frame, `connect`, is the server's own.
    skip: 1,
    count: sent.length,
  });
  compare(t, 'cortex', sent, result);
});

test('every event type of Hive comes by EventSource, those on request too', async (t) => {
  const sent = await samples('hive');
  const result = await page.evaluate(receive, {
    namespace: `es-hive-${process.pid}`,
    path: '/api/sessions/session_demo/events',
    profile: 'hive',
    types: [...new Set(sent.map(({ event }) => event))],
    publish: sent.map(({ event, data }) => ({
      system: 'hive',
      session: 'session_demo',
      type: event,
      stream_id: 'queen',
      data,
    })),
    skip: 0,
    count: sent.length,
  });
  compare(t, 'hive', sent, result);
});

test('names that no profile knows come by EventSource if they are asked for, and no others', async () => {
  const { received } = await page.evaluate(receive, {
    namespace: `es-plain-${process.pid}`,
    path: '/plain',
    profile: 'plain',
    types: ['message', 'tick'],
    publish: [
      { system: 'plain', id: '7', data: 'one\ntwo' },
      { system: 'plain', event: 'tock', data: 'not asked for' },
      { system: 'plain', event: 'tick', data: '{}' },
    ],
    skip: 0,
    count: 2,
  });
  assert.deepEqual(received, [
    { type: 'message', name: 'message', category: 'message', data: 'one\ntwo', id: '7' },
    { type: 'unknown', name: 'tick', category: null, data: '{}', id: null },
  ]);
});

test('a stream that EventSource cannot open ends with an error that names the way to learn why', async () => {
  const end = await page.evaluate(async (path) => {
    const { connect } = await import('/pkg/dist/index.js');
    const { hive } = await import('/pkg/dist/profiles/index.js');
    const stream = connect(path, { profile: hive, transport: 'eventsource', reconnect: false });
    const { reason, error } = await stream.closed;
    return { reason, message: error.message };
  }, `/ns/es-none-${process.pid}/api/sessions/gone/events`);
  assert.match(end.message, /EventSource failed; .* transport 'fetch'/);
  assert.equal(end.reason, 'exhausted');
});
