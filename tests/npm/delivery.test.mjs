// How events reach their consumers, whatever the module does. The module is scripted.

import assert from 'node:assert/strict';
import test from 'node:test';
import { connectWith } from '../../pkg/dist/connect.js';
import { defineProfile } from '../../pkg/dist/index.js';
import { all, cross, news, scriptedModule, settled } from './scripted.mjs';

const prices = defineProfile({
  name: 'prices',
  categories: { market: ['tick', 'halt'], account: ['order.filled', 'order.failed'] },
});

async function open(options) {
  const module = scriptedModule();
  const stream = connectWith(module.load, 'http://test.example/events', {
    profile: prices,
    ...options,
  });
  await settled();
  return { ...module, stream, connection: module.connections[0] };
}

/** Takes the process's uncaught errors for the length of a test: the runner would fail it. */
function uncaught(t) {
  const errors = [];
  const reportError = (error) => errors.push(error);
  globalThis.reportError = reportError;
  t.after(() => {
    delete globalThis.reportError;
  });
  return errors;
}

test('the request is sent at once, and nothing is read before there is a handler', async () => {
  const { stream, connection } = await open();
  assert.deepEqual(connection.calls, ['start']);
  stream.on('tick', () => {});
  assert.deepEqual(connection.calls, ['start'], 'not within the call');
  await settled();
  assert.deepEqual(connection.calls, ['start', 'want']);
});

test('nothing is read before there is an iterator', async () => {
  const { stream, connection } = await open();
  stream.events();
  assert.deepEqual(connection.calls, ['start', 'want']);
});

test('no handler, iterator or listener runs while the module is on the stack', async () => {
  const { stream, connection } = await open();
  let inside = false;
  const seen = [];
  const note = (what) => () => seen.push([what, inside]);
  stream.on('*', note('handler'));
  for (const type of ['open', 'state', 'resumed', 'gap', 'decodeerror', 'error']) {
    stream.addEventListener(type, note(type));
  }
  await settled();
  inside = true;
  connection.open(200, 'http://test.example/events', false);
  connection.state(1);
  connection.failed('network', 0, 'lost', '', true, 5);
  connection.resumed(2, 'a');
  connection.send('1', '{');
  connection.closed('ended', '', 0, '', '');
  inside = false;
  assert.deepEqual(seen, []);
  await settled();
  assert.deepEqual(seen.map(([what]) => what).sort(), [
    'decodeerror',
    'error',
    'gap',
    'handler',
    'open',
    'resumed',
    'state',
    'state',
  ]);
  assert.ok(seen.every(([, inside]) => !inside));
});

test('a handler is called for its type, its glob, its category, or everything', async () => {
  const { stream, connection } = await open();
  const seen = {};
  const note = (name) => (event) => (seen[name] ??= []).push(event.type);
  stream.on('tick', note('tick'));
  stream.on('order.*', note('glob'));
  stream.on('*', note('all'));
  stream.on('unknown', note('unknown'));
  stream.onCategory('account', note('category'));
  const off = stream.on('halt', note('off'));
  off();
  // Rows: tick, halt, order.filled, order.failed, and one that is unknown, named 'new'.
  const known = [0, 1, 2, 3].map((type) => ({ type, data: String(type + 1) }));
  cross(connection, ...known, { type: 0xffff, name: 'new', data: '5' });
  await settled();
  assert.deepEqual(seen, {
    tick: ['tick'],
    glob: ['order.filled', 'order.failed'],
    all: ['tick', 'halt', 'order.filled', 'order.failed', 'unknown'],
    unknown: ['unknown'],
    category: ['order.filled', 'order.failed'],
  });
});

test('a handler added by once is called once, even if two events come in one chunk', async () => {
  const { stream, connection } = await open();
  const seen = [];
  stream.once('tick', ({ data }) => seen.push(data));
  stream.on('tick', () => {});
  connection.send('1', '2');
  await settled();
  assert.deepEqual(seen, [1]);
});

test('a handler that returns a promise holds the next event back', async () => {
  const { stream, connection } = await open();
  const seen = [];
  let release;
  stream.on('tick', ({ data }) => {
    seen.push(data);
    return new Promise((resolve) => {
      release = resolve;
    });
  });
  connection.send('1', '2');
  await settled();
  assert.deepEqual(seen, [1]);
  release();
  await settled();
  assert.deepEqual(seen, [1, 2]);
});

test('what arrives just as the last event is done is not forgotten', async () => {
  const { stream, connection } = await open();
  const seen = [];
  stream.on('tick', async ({ data }) => {
    seen.push(data);
    if (data < 20) {
      // From within ever later microtasks, around the end of the pump.
      for (let turns = 0; turns < data; turns += 1) await undefined;
      connection.send(String(data + 1));
    }
  });
  connection.send('1');
  await settled();
  assert.equal(seen.length, 20);
});

test('a handler that throws is reported as uncaught and stops nothing', async (t) => {
  const errors = uncaught(t);
  const { stream, connection } = await open();
  const seen = [];
  stream.on('tick', () => {
    throw new Error('thrown');
  });
  stream.on('tick', async () => {
    throw new Error('rejected');
  });
  stream.on('tick', ({ data }) => seen.push(data));
  connection.send('1', '2');
  await settled();
  assert.deepEqual(seen, [1, 2]);
  assert.deepEqual(
    errors.map(({ message }) => message),
    ['thrown', 'rejected', 'thrown', 'rejected'],
  );
});

test('an iterator has what came while it was busy, in order, and beside handlers', async () => {
  const { stream, connection } = await open();
  const handled = [];
  const iterator = stream.events();
  stream.on('tick', ({ data }) => handled.push(data));
  connection.send('1', '2', '3');
  await settled();
  assert.deepEqual(handled, [1, 2, 3]);
  connection.closed('ended', '', 0, '', '');
  const data = [];
  for await (const event of iterator) data.push(event.data);
  assert.deepEqual(data, [1, 2, 3]);
});

test('calls of next that overlap are answered in order', async () => {
  const { stream, connection } = await open();
  const iterator = stream.events();
  const three = Promise.all([iterator.next(), iterator.next(), iterator.next()]);
  connection.send('1', '2');
  connection.closed('ended', '', 0, '', '');
  const results = await three;
  assert.deepEqual(
    results.map(({ done, value }) => [done, value?.data]),
    [
      [false, 1],
      [false, 2],
      [true, undefined],
    ],
  );
});

test('a second iterator is refused while the first is at work', async () => {
  const { stream } = await open();
  stream.events();
  assert.throws(() => stream.events(), {
    name: 'TypeError',
    message: 'this stream has an iterator already',
  });
});

test('leaving the loop closes the stream', async () => {
  const { stream, connection } = await open();
  connection.send('1', '2');
  for await (const event of stream) {
    assert.equal(event.data, 1);
    break;
  }
  assert.equal((await stream.closed).reason, 'closed');
  assert.ok(connection.calls.includes('close'));
});

test('with preventClose the next iterator goes on where the last one stopped', async () => {
  const { stream, connection } = await open();
  connection.send('1', '2');
  for await (const event of stream.events({ preventClose: true })) {
    assert.equal(event.data, 1);
    break;
  }
  assert.equal(stream.state, 'connecting');
  const { value } = await stream.events().next();
  assert.equal(value.data, 2);
});

test('the stream is paused above the buffer and asked on once half of it is gone', async () => {
  const { stream, connection } = await open({ buffer: { events: 4 } });
  const iterator = stream.events();
  assert.deepEqual(connection.calls, ['start', 'want']);
  assert.equal(connection.send('1', '2', '3'), true);
  assert.equal(connection.send('4'), false);
  await iterator.next();
  await iterator.next();
  assert.deepEqual(connection.calls, ['start', 'want'], 'not for every single event');
  await iterator.next();
  assert.deepEqual(connection.calls, ['start', 'want', 'want']);
});

test('bytes count as well as events', async () => {
  const { stream, connection } = await open({ buffer: { bytes: 10 } });
  stream.events();
  assert.equal(connection.send('123456789'), true);
  assert.equal(connection.send('1'), false);
});

test('without anybody to read, the stream is paused', async () => {
  const { stream, connection } = await open();
  const off = stream.on('tick', () => {});
  await settled();
  off();
  assert.equal(connection.send('1'), false);
});

test('batches gives all that is there', async () => {
  const { stream, connection } = await open();
  const batches = stream.batches();
  connection.send('1', '2');
  connection.send('3');
  const { value } = await batches.next();
  assert.deepEqual(
    value.map(({ data }) => data),
    [1, 2, 3],
  );
});

test('readable is a web stream whose cancelling closes this one', async () => {
  const { stream, connection } = await open();
  const reader = stream.readable().getReader();
  connection.send('1');
  assert.equal((await reader.read()).value.data, 1);
  await reader.cancel();
  assert.equal((await stream.closed).reason, 'closed');
});

test('closed waits for handlers to have had every event', async () => {
  const { stream, connection } = await open();
  const seen = [];
  stream.on('tick', async ({ data }) => {
    await settled();
    seen.push(data);
  });
  connection.send('1', '2');
  connection.closed('ended', '', 0, '', '');
  assert.equal((await stream.closed).reason, 'ended');
  assert.deepEqual(seen, [1, 2]);
});

test('closed resolves on close even if a handler never comes back', async () => {
  const { stream, connection } = await open();
  stream.on('tick', () => new Promise(() => {}));
  connection.send('1', '2');
  await settled();
  stream.close();
  assert.deepEqual(await stream.closed, { reason: 'closed' });
});

test('closed resolves without anybody who ever reads', async () => {
  const { stream, connection } = await open();
  connection.send('1');
  connection.closed('ended', '', 0, '', '');
  assert.deepEqual(await stream.closed, { reason: 'ended' });
});

test('ended, closed and aborted finish an iteration quietly, after what waits', async () => {
  for (const reason of ['ended', 'closed', 'aborted']) {
    const { stream, connection } = await open();
    const events = all(stream);
    connection.send('1');
    await settled();
    connection.closed(reason, '', 0, '', '');
    assert.equal((await events).length, 1, reason);
  }
});

test('any other end throws the very error that closed tells, after what waits', async () => {
  for (const reason of ['interrupted', 'rejected', 'exhausted', 'unsupported']) {
    const { stream, connection } = await open();
    const seen = [];
    const run = (async () => {
      for await (const event of stream) seen.push(event.data);
    })();
    connection.send('1');
    connection.closed(reason, 'status', 403, 'refused', '{"detail":"no"}');
    const error = await run.then(
      () => assert.fail('it must throw'),
      (error) => error,
    );
    assert.deepEqual(seen, [1]);
    const closed = await stream.closed;
    assert.equal(closed.error, error);
    assert.equal(closed.reason, reason);
    assert.equal(closed.status, 403);
    assert.equal(error.name, 'TidewireError');
    assert.equal(error.code, 'status');
    assert.equal(error.body, '{"detail":"no"}');
    assert.equal(error.url, 'http://test.example/events');
  }
});

test('close works from within a handler, and nothing more is delivered', async () => {
  const { stream, connection } = await open();
  const seen = [];
  stream.on('tick', ({ data }) => {
    seen.push(data);
    stream.close();
    assert.equal(stream.state, 'closed');
  });
  connection.send('1', '2');
  await settled();
  assert.deepEqual(seen, [1]);
  assert.ok(connection.calls.includes('close'));
  assert.equal(connection.calls.at(-1), 'free');
});

test('close before the module is there sends nothing', async () => {
  const module = scriptedModule();
  const stream = connectWith(module.load, 'http://test.example/', undefined);
  stream.close();
  await settled();
  assert.equal(module.connections.length, 0);
  assert.deepEqual(await stream.closed, { reason: 'closed' });
});

test('an aborted signal ends the stream, before and after it has begun', async () => {
  const early = await open({ signal: AbortSignal.abort() });
  assert.equal(early.connections.length, 0);
  assert.deepEqual(await early.stream.closed, { reason: 'aborted' });
  const controller = new AbortController();
  const { stream, connection } = await open({ signal: controller.signal });
  const events = all(stream);
  controller.abort();
  assert.deepEqual(await events, []);
  assert.ok(connection.calls.includes('aborted'));
});

test('await using closes the stream', async () => {
  const { stream } = await open();
  await stream[Symbol.asyncDispose]();
  assert.equal(stream.state, 'closed');
});

test('resumed and gap come in their place among the events', async () => {
  const { stream, connection } = await open();
  const order = [];
  stream.addEventListener('resumed', ({ detail }) => order.push(detail));
  stream.addEventListener('gap', ({ detail }) => order.push(detail));
  const iterator = stream.events();
  connection.send('1');
  connection.resumed(1, 'a');
  connection.resumed(0, 'b');
  connection.send('2');
  connection.closed('ended', '', 0, '', '');
  for await (const { data } of iterator) order.push(data);
  assert.deepEqual(order, [
    1,
    { recovered: 'yes', lastEventId: 'a' },
    { recovered: 'no', lastEventId: 'b' },
    { reason: 'not recovered', lastEventId: 'b' },
    2,
  ]);
});

test('a gap is told even if nobody reads', async () => {
  const { stream, connection } = await open();
  const gap = news(stream, 'gap');
  connection.resumed(2, 'x');
  assert.deepEqual(await gap, { reason: 'recovery unproven', lastEventId: 'x' });
});

test('each failed attempt is an error event that says whether it is tried again', async () => {
  const { stream, connection } = await open();
  const failed = news(stream, 'error');
  connection.failed('network', 0, 'the connection broke', '', true, 1500);
  const { error, willRetry, delay } = await failed;
  assert.deepEqual(
    [error.code, error.message, willRetry, delay],
    ['network', 'http://test.example/events: the connection broke', true, 1500],
  );
});

test('setFilter drops what waits and does not fit, and asks the module', async () => {
  const { stream, connection } = await open();
  cross(connection, { type: 0, data: '1' }, { type: 2, data: '2' });
  await stream.setFilter({ categories: ['account'] });
  assert.deepEqual(connection.calls.at(-1), ['setFilter', ['account'], []]);
  const { value } = await stream.events().next();
  assert.equal(value.type, 'order.filled');
});

test('setFilter with empty lists delivers nothing until it is changed again', async () => {
  const { stream, connection } = await open();
  const seen = [];
  stream.on('*', ({ data }) => seen.push(data));
  await stream.setFilter({ categories: [] });
  connection.send('1');
  await stream.setFilter({});
  connection.send('2');
  await settled();
  assert.deepEqual(seen, [2]);
});

test('setFilter rejects names that the profile does not have, and keeps the old filter', async () => {
  const { stream, connection } = await open();
  await assert.rejects(stream.setFilter({ categories: ['markt'] }), {
    name: 'TypeError',
    message:
      "categories: prices has no category 'markt' (did you mean 'market'?). Allowed: market, account",
  });
  assert.deepEqual(connection.calls, ['start']);
});

test('a token and headers are asked for before each attempt, outside of the module', async () => {
  let inside = false;
  const asked = [];
  const { connection } = await open({
    token: (request) => {
      asked.push([request, inside]);
      return 'secret';
    },
    headers: async () => ({ 'X-Attempt': String(asked.length + 1) }),
  });
  assert.equal(connection.options.hasToken, true);
  inside = true;
  const token = connection.token(1, 'connect');
  inside = false;
  assert.equal(await token, true);
  assert.deepEqual(asked, [[{ attempt: 1, reason: 'connect' }, false]]);
  assert.equal(connection.request().get('authorization'), 'Bearer secret');
  assert.equal(connection.request().get('x-attempt'), '1');
  await connection.token(2, 'unauthorized');
  assert.equal(connection.request().get('x-attempt'), '2');
});

test('what reconnect.when asks of the stream waits until the module is off the stack', async () => {
  let stream;
  const failures = [];
  const opened = await open({
    reconnect: {
      when: (failure) => {
        failures.push(failure);
        stream.close();
        return false;
      },
    },
  });
  ({ stream } = opened);
  const { connection } = opened;
  assert.equal(connection.retry(3, 503), false);
  assert.deepEqual(failures, [{ attempt: 3, status: 503 }]);
  assert.deepEqual(connection.calls, ['start']);
  await settled();
  assert.deepEqual(connection.calls, ['start', 'close', 'free']);
});

test('lastEventId is that of the last event delivered, not of the last received', async () => {
  const { stream, connection } = await open({ lastEventId: 'start' });
  assert.equal(connection.options.lastEventId, 'start');
  const iterator = stream.events();
  cross(connection, { data: '1', id: 'a' }, { data: '2', id: 'b' });
  connection.lastEventId = 'b';
  await iterator.next();
  assert.equal(stream.lastEventId, 'a');
  await iterator.next();
  assert.equal(stream.lastEventId, 'b');
});
