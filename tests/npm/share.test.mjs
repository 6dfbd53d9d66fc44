// Streams of one page that share a connection.

import assert from 'node:assert/strict';
import test from 'node:test';
import { connectWith } from '../../pkg/dist/connect.js';
import { connect, defineProfile } from '../../pkg/dist/index.js';
import { dashtam } from '../../pkg/dist/profiles/index.js';
import { answer, cross, news, scriptedFetch, scriptedModule, settled } from './scripted.mjs';

const URL_ = 'http://test.example/events';
const prices = defineProfile({
  name: 'prices',
  categories: { market: ['tick', 'halt'], account: ['order', 'audit'] },
  droppable: ['tick'],
  onRequest: ['audit'],
});

/** A page: streams with one module. */
function page() {
  const module = scriptedModule();
  const open = async (options) => {
    const stream = connectWith(module.load, URL_, { profile: prices, share: true, ...options });
    await settled();
    return stream;
  };
  return { ...module, open };
}

function collect(stream) {
  const seen = [];
  stream.on('*', ({ data, lastEventId }) => seen.push(lastEventId ? [data, lastEventId] : data));
  return seen;
}

/** The last change of the filter that the module was asked for. */
function asked({ calls }) {
  return calls.findLast(([name]) => name === 'setFilter');
}


test('streams with the same options use one connection, each with its own filter', async () => {
  const { open, connections } = page();
  const market = collect(await open({ categories: ['market'] }));
  const [connection] = connections;
  assert.deepEqual(connection.options.categories, ['market']);
  const orders = collect(await open({ types: ['order'] }));
  assert.equal(connections.length, 1);
  assert.deepEqual(asked(connection), ['setFilter', ['market'], ['order']]);
  // tick 1 with the id a, order 2 without one, halt 3.
  cross(connection, { data: '1', id: 'a' }, { type: 2, data: '2' }, { type: 1, data: '3' });
  await settled();
  assert.deepEqual(market, [
    [1, 'a'],
    [3, 'a'],
  ]);
  assert.deepEqual(orders, [[2, 'a']], 'the id of what was kept back counts on');
});

test('the connection is closed with the last of its streams, and the next opens anew', async () => {
  const { open, connections } = page();
  const first = await open();
  const second = await open();
  first.close();
  assert.ok(!connections[0].calls.includes('close'));
  second.close();
  assert.ok(connections[0].calls.includes('close'));
  await open();
  assert.equal(connections.length, 2);
});

test('other options are another connection', async () => {
  const { open, connections } = page();
  const token = () => 't';
  const all = [
    {},
    { share: false },
    { token },
    { token: () => 't' },
    { headers: { a: '1' } },
    { query: { a: '1' } },
    { credentials: 'include' },
    { lastEventId: '7' },
    { reconnect: { minDelay: 5 } },
    { staleAfter: 5 },
  ];
  for (const options of all) await open(options);
  assert.equal(connections.length, all.length);
  for (const options of [{ token }, { headers: new Headers({ A: '1' }) }, { parse: 'text' }]) {
    await open(options);
  }
  assert.equal(connections.length, all.length);
});

test('a full stream pauses all, and one that closes lets the others go on', async () => {
  const { open, connections } = page();
  const slow = await open({ buffer: { events: 2 } });
  slow.events();
  const seen = collect(await open());
  await settled();
  const [connection] = connections;
  assert.equal(connection.send('1'), true);
  assert.equal(connection.send('2'), false);
  await settled();
  assert.deepEqual(seen, [1, 2]);
  const wants = () => connection.calls.filter((call) => call === 'want').length;
  const before = wants();
  slow.close();
  assert.equal(wants(), before + 1);
});

test('a stream that drops by its own overflow pauses nobody', async () => {
  const { open, connections } = page();
  const slow = await open({ buffer: { events: 2, overflow: 'drop' } });
  slow.events();
  collect(await open());
  await settled();
  assert.equal(connections[0].send('1', '2', '3', '4'), true);
  assert.equal(slow.stats.dropped, 2);
});

test('who asks for everything does not get what another asked for by name', async () => {
  const { open, connections } = page();
  const everything = collect(await open());
  const audit = collect(await open({ types: ['audit'] }));
  const [connection] = connections;
  assert.deepEqual(asked(connection), ['setFilter', [], ['**']]);
  cross(connection, { data: '1' }, { type: 3, data: '2' });
  await settled();
  assert.deepEqual([everything, audit], [[1], [2]]);
});

test('what was held for a wider filter reaches the stream that set it', async () => {
  const { open, connections } = page();
  const stream = await open({ types: ['order'] });
  const orders = collect(stream);
  const others = collect(await open({ types: ['order'] }));
  const [connection] = connections;
  connection.filterError = null;
  const changed = stream.setFilter({ types: ['tick'] });
  // The stream that takes over hands on what it held, and then the change is told.
  cross(connection, { data: '1' }, { type: 1, data: '2' }, { type: 2, data: '3' });
  connection.filtered();
  await changed;
  cross(connection, { data: '4' }, { type: 2, data: '5' });
  await settled();
  assert.deepEqual(orders, [1, 4], 'and what waits is delivered only if it is still wanted');
  assert.deepEqual(others, [3, 5]);

  const refused = stream.setFilter({ types: ['halt'] });
  connection.filtered('no');
  await assert.rejects(refused, /no/);
  cross(connection, { data: '6' }, { type: 1, data: '7' });
  await settled();
  assert.deepEqual(orders, [1, 4, 6]);
});

test('news go to all, and one that joins later hears that the stream is open', async () => {
  const { open, connections } = page();
  const first = await open();
  const gaps = [news(first, 'gap')];
  connections[0].state(1);
  connections[0].open(200, URL_, false);
  const module = connections.length;
  const later = await open();
  assert.equal(connections.length, module);
  assert.equal(later.state, 'open');
  gaps.push(news(later, 'gap'));
  connections[0].gap('paused', 'x');
  assert.deepEqual(await Promise.all(gaps), Array(2).fill({ reason: 'paused', lastEventId: 'x' }));
});

test('a stream that joins elsewhere than it asked for is told of a gap', async () => {
  const { open, connections } = page();
  const options = { lastEventId: '3' };
  await open(options);
  connections[0].lastEventId = '8';
  const later = await open(options);
  assert.equal(connections.length, 1);
  assert.equal(later.stats.gaps, 1);
});

test('the end of the connection is the end of all', async () => {
  const { open, connections } = page();
  const streams = [await open(), await open()];
  connections[0].closed('rejected', 'status', 403, 'no', '');
  for (const stream of streams) assert.equal((await stream.closed).reason, 'rejected');
});

test('through the real module: one request, and the filter widened live', async () => {
  const chunk = 'event: import.failed\ndata: {}\n\nevent: security.login.failed\ndata: {}\n\n';
  const fetch = scriptedFetch(answer([], { end: 'hang' }), answer([chunk], { end: 'hang' }));
  const options = { profile: dashtam, fetch, share: true };
  const one = connect(URL_, { ...options, categories: ['import'] });
  await news(one, 'open');
  const two = connect(URL_, { ...options, categories: ['security'] });
  const next = await Promise.all([one, two].map((stream) => stream.events().next()));
  assert.deepEqual(
    next.map(({ value }) => value.type),
    ['import.failed', 'security.login.failed'],
  );
  assert.equal(new URL(fetch.calls.at(-1).url).searchParams.get('categories'), 'import,security');
  assert.equal(fetch.calls.length, 2);
  one.close();
  two.close();
  assert.ok(fetch.calls.every(({ aborted }) => aborted));
});
