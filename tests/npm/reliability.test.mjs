// What a stream does with too much, with tokens, with a reload, and with an end at any point.

import assert from 'node:assert/strict';
import test from 'node:test';
import { connectWith } from '../../pkg/dist/connect.js';
import { connect, defineProfile, sessionStore } from '../../pkg/dist/index.js';
import { cortex, dashtam, stockAgent } from '../../pkg/dist/profiles/index.js';
import { all, answer, cross, scriptedFetch, scriptedModule, settled } from './scripted.mjs';

const URL_ = 'http://test.example/events';
const prices = defineProfile({
  name: 'prices',
  categories: { market: ['tick', 'halt', 'note'] },
  critical: ['halt'],
  droppable: ['tick'],
});

async function open(options) {
  const module = scriptedModule();
  const stream = connectWith(module.load, URL_, { profile: prices, ...options });
  await settled();
  return { ...module, stream, connection: module.connections[0] };
}

/** A chunk of events: the index of each one's type, its text and perhaps its id. */
function send(connection, ...events) {
  return cross(connection, ...events.map(([type, data, id]) => ({ type, data, id })));
}

const [TICK, HALT, NOTE] = [0, 1, 2];

test('drop sheds the oldest droppable events alone, counts them, and reads on', async () => {
  const { stream, connection } = await open({ buffer: { events: 4, overflow: 'drop' } });
  const iterator = stream.events();
  send(connection, [TICK, '1', 'a'], [HALT, '2', 'b'], [TICK, '3', 'c']);
  assert.equal(send(connection, [NOTE, '4', 'd'], [TICK, '5', 'e'], [HALT, '6']), true);
  assert.equal(stream.stats.dropped, 2);
  connection.closed('ended', '', 0, '', '');
  const seen = [];
  for await (const { data, lastEventId } of iterator) seen.push([data, lastEventId]);
  assert.deepEqual(seen, [
    [2, 'b'],
    [4, 'd'],
    [5, 'e'],
    [6, 'e'],
  ]);
});

test('where only critical and unflagged events are left, drop pauses', async () => {
  const { stream, connection } = await open({ buffer: { events: 2, overflow: 'drop' } });
  const iterator = stream.events();
  assert.equal(send(connection, [HALT, '1'], [TICK, '2'], [NOTE, '3'], [HALT, '4']), false);
  assert.equal(stream.stats.dropped, 1);
  for (const data of [1, 3, 4]) assert.equal((await iterator.next()).value.data, data);
  assert.equal(connection.calls.at(-1), 'want');
});

test('the last event ID of a dropped event goes on to the event behind it', async () => {
  const { stream, connection } = await open({ buffer: { events: 1, overflow: 'drop' } });
  const iterator = stream.events();
  send(connection, [TICK, '1', 'first']);
  send(connection, [HALT, '2']);
  const { value } = await iterator.next();
  assert.deepEqual([value.data, value.id, value.lastEventId], [2, null, 'first']);
});

test('drop sheds what handlers have had and a slow iterator has not', async () => {
  const { stream, connection } = await open({ buffer: { events: 2, overflow: 'drop' } });
  const iterator = stream.events();
  stream.on('*', () => {});
  for (const text of ['1', '2', '3', '4']) {
    send(connection, [TICK, text]);
    await settled();
  }
  assert.equal(stream.stats.dropped, 2);
  assert.equal((await iterator.next()).value.data, 3);
});

test('close ends a stream whose consumer is too slow, after what waits', async () => {
  const { stream, connection } = await open({ buffer: { events: 2, overflow: 'close' } });
  const iterator = stream.events();
  assert.equal(send(connection, [TICK, '1'], [TICK, '2']), true);
  assert.equal(send(connection, [TICK, '3']), false);
  const seen = [];
  const error = await (async () => {
    for await (const { data } of iterator) seen.push(data);
  })().then(
    () => assert.fail('it must throw'),
    (error) => error,
  );
  assert.deepEqual(seen, [1, 2]);
  assert.deepEqual([error.name, error.code], ['TidewireError', 'slow-consumer']);
  assert.deepEqual(await stream.closed, { reason: 'slow-consumer', error });
  assert.ok(connection.calls.includes('slow-consumer'));
});

test('EventSource, which cannot pause, closes by default, and so does drop with nothing to drop', async () => {
  for (const overflow of [undefined, 'drop']) {
    const { stream, connection } = await open({
      profile: defineProfile({ ...prices.definition, cursor: { query: 'at' } }),
      transport: 'eventsource',
      buffer: { events: 1, overflow },
    });
    stream.events();
    send(connection, [HALT, '1']);
    send(connection, [HALT, '2']);
    await settled();
    assert.equal(stream.state, 'closed', `overflow: ${overflow}`);
  }
});

test('stats counts what happened, as a fresh object each time', async () => {
  const fetch = scriptedFetch(
    answer(['id: 1\nevent: import.failed\ndata: {}\n\n']),
    answer(['id: 1\nevent: import.failed\ndata: {}\n\nid: 2\nevent: import.failed\ndata: {}\n\n'], {
      end: 'hang',
    }),
  );
  const stream = connect(URL_, {
    profile: dashtam,
    fetch,
    reconnect: { minDelay: 1, maxDelay: 2 },
  });
  let count = 0;
  for await (const _event of stream) if ((count += 1) === 2) break;
  const { stats } = stream;
  assert.deepEqual(
    { ...stats, gaps: 0 },
    { delivered: 2, duplicates: 1, dropped: 0, reconnections: 1, gaps: 0, attempts: 2 },
  );
  assert.notEqual(stream.stats, stats);
});

test('calls of one token function that overlap are one', async () => {
  let calls = 0;
  let give;
  const token = () => {
    calls += 1;
    return new Promise((resolve) => {
      give = resolve;
    });
  };
  const first = await open({ token });
  const second = await open({ token });
  const asked = [first, second].map(({ connection }) => connection.token(1, 'connect'));
  await settled();
  assert.equal(calls, 1);
  give('secret');
  assert.deepEqual(await Promise.all(asked), [true, true]);
  const sent = ({ connection }) => connection.request().get('authorization');
  assert.deepEqual([first, second].map(sent), ['Bearer secret', 'Bearer secret']);
  const again = first.connection.token(2, 'reconnect');
  await settled();
  assert.equal(calls, 2);
  give('new');
  assert.equal(await again, true);
  assert.equal(sent(first), 'Bearer new');
});

test('a rejected token is a failed attempt, and is asked for again', async () => {
  let calls = 0;
  const fetch = scriptedFetch(answer(['data: 1\n\n']));
  const stream = connect(URL_, {
    fetch,
    reconnect: { minDelay: 1, maxDelay: 2 },
    token: async () => {
      calls += 1;
      if (calls === 1) throw new Error('the vault is closed');
      return 'given';
    },
  });
  const failures = [];
  stream.addEventListener('error', ({ detail }) => failures.push(detail));
  for await (const _event of stream) break;
  assert.deepEqual([failures[0].error.code, failures[0].willRetry], ['token', true]);
  assert.equal(fetch.calls.length, 1);
});

test('no token is in any error, event or log', async (t) => {
  const token = 'T0ken+/= of ours';
  const said = [];
  for (const method of ['log', 'info', 'warn', 'error', 'debug']) {
    t.mock.method(console, method, (...values) => said.push(values));
  }
  const note = (value) => said.push(value);
  const refusal = (body, status) => async () =>
    new Response(body, { status, headers: { 'content-type': 'text/plain' } });
  const rude = [
    async (address, { headers }) => {
      throw new TypeError(`${address} ${JSON.stringify([...new Headers(headers)])} ${token}`);
    },
    refusal(`you said ${token}`, 403),
    refusal(`no: ${encodeURIComponent(token)}`, 401),
  ];
  for (const profile of [dashtam, cortex]) {
    for (const given of [token, () => token, () => Promise.reject(new Error(token))]) {
      for (const fetch of rude) {
        const stream = connect(URL_, {
          profile,
          token: given,
          fetch,
          reconnect: { maxAttempts: 2, minDelay: 1, maxDelay: 2 },
        });
        for (const type of ['open', 'state', 'resumed', 'gap', 'decodeerror', 'error']) {
          stream.addEventListener(type, ({ detail }) => note(detail));
        }
        await all(stream).catch(note);
        note(await stream.closed);
      }
    }
  }
  const deep = (value) =>
    value instanceof Error
      ? [value.message, value.stack, deep(value.cause), Object.entries(value).map(deep)]
      : Array.isArray(value)
        ? value.map(deep)
        : value !== null && typeof value === 'object'
          ? Object.entries(value).map(deep)
          : String(value);
  const text = JSON.stringify(said.map(deep));
  assert.match(text, /403/);
  for (const form of [token, encodeURIComponent(token), 'T0ken%2B', 'T0ken+']) {
    assert.ok(!text.includes(form), form);
  }
});

test('an idempotency key goes with the request: the one given, or a UUID', async () => {
  const keys = [];
  for (const idempotencyKey of ['order-7', true, true]) {
    const fetch = scriptedFetch(answer(['data: [DONE]\n\n']));
    await all(
      connect(URL_, { profile: stockAgent, body: { message: '?' }, fetch, idempotencyKey }),
    );
    assert.equal(fetch.calls.length, 1);
    keys.push(fetch.calls[0].headers.get('idempotency-key'));
  }
  assert.equal(keys[0], 'order-7');
  assert.match(keys[1], /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(keys[1], keys[2]);
});

function memory(entries = {}) {
  const kept = new Map(Object.entries(entries));
  return {
    kept,
    get: (key) => kept.get(key) ?? null,
    set: (key, id) => void kept.set(key, id),
    cursor: () => [...kept.values()][0],
  };
}

test('the stored cursor moves on when the iterator asks for the next event', async () => {
  const store = memory();
  const { stream, connection } = await open({ store });
  const iterator = stream.events();
  send(connection, [TICK, '1', 'a'], [TICK, '2', 'b']);
  await iterator.next();
  await settled();
  assert.equal(store.cursor(), undefined, 'received and taken, but not dealt with');
  await iterator.next();
  await settled();
  assert.equal(store.cursor(), 'a');
});

test('the stored cursor moves on when the handlers have finished', async () => {
  const store = memory();
  const { stream, connection } = await open({ store });
  let finish;
  stream.on('*', () => new Promise((resolve) => (finish = resolve)));
  send(connection, [TICK, '1', 'a'], [TICK, '2', 'b']);
  await settled();
  assert.equal(store.cursor(), undefined);
  finish();
  await settled();
  assert.equal(store.cursor(), 'a');
});

test('with handlers and an iterator the stored cursor waits for both', async () => {
  const store = memory();
  const { stream, connection } = await open({ store });
  const iterator = stream.events();
  const finish = [];
  stream.on('*', () => new Promise((resolve) => finish.push(resolve)));
  send(connection, [TICK, '1', 'a'], [TICK, '2', 'b']);
  await iterator.next();
  const second = iterator.next();
  await settled();
  assert.equal(store.cursor(), undefined);
  finish.shift()();
  await second;
  await settled();
  assert.equal(store.cursor(), 'a');
});

test('an event whose type is no cursor never moves the stored one', async () => {
  const profile = defineProfile({ ...prices.definition, noCursor: ['note'] });
  const store = memory();
  const { stream, connection } = await open({ profile, store });
  stream.on('*', () => {});
  send(connection, [TICK, '1', 'a'], [NOTE, '2', 'never']);
  await settled();
  assert.equal(store.cursor(), 'a');
});

test('a reload goes on from the store, unless lastEventId is given', async () => {
  const store = memory();
  const options = { profile: dashtam, store, reconnect: false };
  const once = async (extra) => {
    const fetch = scriptedFetch(answer(['id: 9\nevent: import.failed\ndata: {}\n\n']));
    await all(connect(`${URL_}?token=hidden&of=me`, { ...options, fetch, ...extra }));
    return fetch.calls[0].headers.get('last-event-id');
  };
  assert.equal(await once(), null);
  assert.equal(await once(), '9');
  assert.equal(await once({ lastEventId: '5' }), '5');
  assert.equal(await once({ lastEventId: '' }), null);
  assert.deepEqual([...store.kept.keys()], [`dashtam ${URL_}?of=me`]);
  assert.equal(await once({ types: ['import.*'] }), null, 'another filter is another cursor');
});

test('a store that fails is reported once, and the stream does without it', async (t) => {
  const errors = [];
  globalThis.reportError = (error) => errors.push(error.message);
  t.after(() => delete globalThis.reportError);
  const store = {
    get: () => Promise.reject(new Error('get')),
    set: () => {
      throw new Error('set');
    },
  };
  const fetch = scriptedFetch(answer(['id: 1\ndata: 1\n\nid: 2\ndata: 2\n\n']));
  assert.equal((await all(connect(URL_, { fetch, store, reconnect: false }))).length, 2);
  assert.deepEqual(errors, ['get']);
});

test('sessionStore throws nothing where sessionStorage is missing or full', (t) => {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'sessionStorage');
  t.after(() =>
    own
      ? Object.defineProperty(globalThis, 'sessionStorage', own)
      : delete globalThis.sessionStorage,
  );
  const put = (value) =>
    Object.defineProperty(globalThis, 'sessionStorage', { configurable: true, ...value });
  put({
    get() {
      throw new Error('denied');
    },
  });
  const store = sessionStore('app:');
  assert.equal(store.get('k'), null);
  store.set('k', '1');
  const kept = new Map();
  put({
    value: { getItem: (key) => kept.get(key) ?? null, setItem: (key, v) => kept.set(key, v) },
  });
  store.set('k', '1');
  assert.deepEqual([store.get('k'), [...kept.keys()]], ['1', ['app:k']]);
});

test('a stream may be closed at any point, twice, and sends and delivers nothing more', async () => {
  const chunk = 'event: import.failed\ndata: {"error": "x"}\n\n';
  const points = {
    'before the module is there': () => {},
    'before the request is sent': () => {},
    'in the token call': () => {},
    'in connect': () => settled(),
    'mid-chunk': () => settled(),
    'in backoff': () => settled(),
    'inside a handler': () => settled(),
  };
  for (const [point, reach] of Object.entries(points)) {
    const fetch = scriptedFetch(
      ...({
        'mid-chunk': [answer([chunk.slice(0, 20)], { end: 'hang' })],
        'in backoff': [new TypeError('down')],
        'inside a handler': [answer([chunk + chunk], { end: 'hang' })],
      }[point] ?? []),
    );
    let seen = 0;
    let stream;
    const reached = new Promise((resolve) => {
      stream = connect(URL_, {
        profile: dashtam,
        fetch,
        reconnect: { minDelay: 1, maxDelay: 1 },
        ...(point === 'in the token call' && {
          token: () => {
            resolve();
            return new Promise((give) => setImmediate(give, 'late'));
          },
        }),
      });
      stream.on('*', () => {
        seen += 1;
        stream.close();
        resolve();
      });
      stream.addEventListener('state', ({ detail }) => {
        if (detail.state === { 'mid-chunk': 'open', 'in backoff': 'waiting' }[point]) resolve();
      });
      if (point === 'before the module is there') stream.close();
      if (point.startsWith('before') || point === 'in connect') resolve();
    });
    await reached;
    await reach(stream);
    const before = fetch.calls.length;
    stream.close();
    stream.close();
    stream.reconnect();
    assert.deepEqual(await stream.closed, { reason: 'closed' }, point);
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(fetch.calls.length, point === 'in the token call' ? 0 : before, point);
    assert.equal(seen, point === 'inside a handler' ? 1 : 0, point);
    assert.ok(
      fetch.calls.every(({ aborted }) => aborted || point === 'in backoff'),
      point,
    );
  }
});

test("React's strict mode, which connects, closes and connects, sends one request", async () => {
  for (const share of [false, true]) {
    const fetch = scriptedFetch(answer(['data: 1\n\n']));
    const options = { fetch, share, reconnect: false };
    connect(URL_, options).close();
    assert.equal((await all(connect(URL_, options))).length, 1);
    assert.equal(fetch.calls.length, 1);
  }
});

test('pauseWhenHidden reaches the module', async () => {
  globalThis.document = { visibilityState: 'hidden' };
  try {
    assert.equal((await open({})).connection.isSuspended, false);
    assert.equal((await open({ pauseWhenHidden: true })).connection.isSuspended, true);
  } finally {
    delete globalThis.document;
  }
});

test('setFilter settles when the module says what came of it, and a refusal keeps the old filter', async () => {
  const { stream, connection } = await open();
  connection.filterError = null;
  send(connection, [TICK, '1'], [HALT, '2']);
  const change = stream.setFilter({ types: ['halt'] });
  const refused = assert.rejects(change, {
    name: 'TidewireError',
    code: 'filter',
    message: 'late',
  });
  connection.filtered('late');
  await refused;
  assert.equal((await stream.events().next()).value.data, 1);
});
