// The first request leaves while the module is still being fetched and compiled.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { connectWith } from '../../pkg/dist/connect.js';
import { coreLoader } from '../../pkg/dist/core.js';
import * as profiles from '../../pkg/dist/profiles/index.js';
import { settled } from './scripted.mjs';

const URL_ = 'http://test.example/events?a=b#c';
const bytes = readFileSync(new URL('../../pkg/wasm/tidewire.wasm', import.meta.url));

/** A stream whose module comes when it is told to, and what it has asked for. */
function begin(options, respond = hang) {
  let bring;
  const gate = new Promise((resolve) => {
    bring = resolve;
  });
  const load = coreLoader(async () => {
    await gate;
    return WebAssembly.compile(bytes);
  });
  const requests = [];
  const fetch = (url, init) => {
    requests.push({ url, init });
    return respond(init);
  };
  const stream = connectWith(load, URL_, { reconnect: false, fetch, ...options });
  return { stream, requests, bring: () => (bring(), load()) };
}

function hang({ signal }) {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

async function endAtOnce() {
  return new Response(new ReadableStream({ start: (controller) => controller.close() }), {
    headers: { 'content-type': 'text/event-stream' },
  });
}

function filtersOf({ categories, onRequest = [], open }) {
  const [category] = Object.keys(categories);
  const [type] = categories[category];
  const glob = `${type.slice(0, 3)}*`;
  const all = Object.values(categories).flat();
  return [
    {},
    { categories: [category] },
    { types: [type] },
    { types: [glob] },
    { types: ['*'] },
    { types: ['**'] },
    { categories: [category], types: [glob] },
    { categories: Object.keys(categories) },
    { types: all },
    { types: all.filter((type) => !onRequest.includes(type)) },
    ...onRequest.slice(0, 1).map((type) => ({ types: [type] })),
    ...(open ? [{ types: ['of no table'] }, { types: [type, 'x*'] }] : []),
  ];
}

const repeatable = Object.values(profiles).filter(
  ({ definition }) => definition !== undefined && !definition.runsOnce,
);

for (const profile of repeatable) {
  for (const filter of filtersOf(profile.definition)) {
    const words = JSON.stringify(filter).slice(0, 60);
    test(`${profile.definition.name} is asked once, and as the module asks: ${words}`, async () => {
      for (const token of [undefined, 'a b&c']) {
        let tokens = 0;
        const own = { headers: { 'X-Own': '1' }, token: token && (async () => ((tokens += 1), token)) };
        const { stream, requests, bring } = begin({ profile, ...filter, ...own }, endAtOnce);
        // Else nobody sees the stream's end.
        stream.on('*', () => {});
        stream.addEventListener('error', () => {});
        await settled();
        assert.equal(requests.length, 1);
        await bring();
        await stream.closed;
        // Had the module asked for anything else, it would have been asked for anew.
        assert.equal(requests.length, 1);
        assert.deepEqual([stream.stats.attempts, tokens], [1, token ? 1 : 0]);
        assert.equal(requests[0].init.headers.get('x-own'), '1');
      }
    });
  }
}

test('who closes at once sends nothing', async () => {
  const { stream, requests } = begin({});
  stream.close();
  await settled();
  assert.equal(requests.length, 0);
});

test('closing before the module is there gives the request up', async () => {
  const { stream, requests, bring } = begin({});
  await settled();
  stream.close();
  assert.equal(requests[0].init.signal.aborted, true);
  await bring();
  await settled();
  assert.equal(requests.length, 1);
});

test('closing after the module took the request over gives it up as well', async () => {
  const { stream, requests, bring } = begin({});
  await bring();
  await settled();
  assert.equal(requests[0].init.signal.aborted, false);
  stream.close();
  assert.equal(requests[0].init.signal.aborted, true);
});

test('a filter that is changed meanwhile is asked for anew', async () => {
  const profile = profiles.dashtam;
  const { stream, requests, bring } = begin({ profile, categories: ['ai'] });
  await settled();
  await stream.setFilter({ categories: ['security'] });
  await bring();
  await settled();
  assert.deepEqual(
    requests.map(({ url, init }) => [new URL(url).searchParams.get('categories'), init.signal.aborted]),
    [
      ['ai', true],
      ['security', false],
    ],
  );
  stream.close();
});

test('what is sent once waits for the module', async () => {
  const { stream, requests, bring } = begin({ body: { a: 1 } });
  await settled();
  assert.equal(requests.length, 0);
  await bring();
  await settled();
  assert.equal(requests.length, 1);
  stream.close();
});

test('a module that cannot be had gives the request up', async () => {
  let refuse;
  const load = coreLoader(() => new Promise((_, reject) => (refuse = reject)));
  let signal;
  const fetch = (_, init) => hang((({ signal } = init), init));
  const stream = connectWith(load, URL_, { fetch });
  stream.closed.catch(() => {});
  await settled();
  assert.equal(signal.aborted, false);
  refuse(new Error('offline'));
  assert.equal((await stream.closed).reason, 'unsupported');
  assert.equal(signal.aborted, true);
});
