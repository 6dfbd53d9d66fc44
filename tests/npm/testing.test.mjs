// What the package offers for the tests of others: the scripted server and the clock.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { EventSource } from '../../pkg/dist/eventsource.js';
import { connect, defineProfile } from '../../pkg/dist/index.js';
import {
  cortex,
  dashtam,
  hive,
  plain,
  stageChat,
  stockAgent,
} from '../../pkg/dist/profiles/index.js';
import { encodeEvent, installClock, scriptedServer, settled } from '../../pkg/dist/testing.js';

const testing = new URL('../../pkg/dist/testing.js', import.meta.url).href;
const url = 'http://test.example/events';
const imported = (name) => ({
  type: 'import.failed',
  id: name,
  data: { import_id: 'i', file_name: name, error: '' },
});

/** A stream that is listened to, its server and its first request. */
async function listening(t, profile, options = {}) {
  const server = scriptedServer({ profile });
  const stream = connect(url, { profile, fetch: server.fetch, ...options });
  t.after(() => stream.close());
  const heard = [];
  const told = [];
  stream.on('*', (event) => heard.push(event));
  for (const type of ['open', 'resumed', 'gap', 'error', 'decodeerror']) {
    stream.addEventListener(type, ({ detail }) => told.push({ ...detail, type }));
  }
  return { server, stream, heard, told, request: await server.request() };
}

function clockFor(t) {
  const clock = installClock();
  t.after(() => clock.uninstall());
  return clock;
}

// First in this file, while nobody has loaded the module yet.
test('an EventSource is answered, whose first request does not wait for the module', async (t) => {
  const server = scriptedServer();
  const source = new EventSource(url, { fetch: server.fetch });
  t.after(() => source.close());
  const heard = [];
  source.onmessage = ({ data }) => heard.push(data);
  const request = await server.request();
  await request.send(...['a', 'b', 'c'].map((data) => ({ type: 'message', data })));
  assert.deepEqual(heard, ['a', 'b', 'c']);
});

test('an event of each profile arrives as it was sent', async (t) => {
  const clock = clockFor(t);
  const inField = defineProfile({
    name: 'mine',
    categories: { all: ['tick'] },
    discriminator: 'none',
    payload: { field: 'body' },
  });
  const bareNumber = defineProfile({ name: 'number', categories: { all: ['count'] } });
  for (const [profile, ...events] of [
    [dashtam, { type: 'sync.accounts.completed', id: '1', data: { connection_id: 'c', account_count: 3 } }],
    [stockAgent, { type: 'chunk', data: { type: 'chunk', content: 'a\nb' } }],
    [cortex, { type: 'heartbeat', data: {} }, { type: 'unknown', name: 'brand_new', data: { a: 1 } }],
    [stageChat, { type: 'tool_summary', data: { stage_id: 's', tool_summary: { x: 'ä' } } }],
    [hive, { type: 'execution_started', data: { a: 1 }, meta: { stream_id: 'queen', node_id: null } }],
    [plain, { type: 'message', data: 'two\nlines' }, { type: 'unknown', name: 'other', data: 'x' }],
    [inField, { type: 'tick', data: { price: '1.0' }, meta: { at: 1 } }],
    [bareNumber, { type: 'count', data: 7 }],
  ]) {
    const { request, heard } = await listening(t, profile);
    await request.send(...events);
    // Hive's history is put in order first.
    await clock.advance(150);
    assert.deepEqual(
      heard.map(({ type, name, data, meta, id }) => ({ type, name, data, meta, id })),
      events.map(({ type, name, data, meta, id }) => ({
        type,
        name: name ?? type,
        data,
        meta,
        id: id ?? null,
      })),
      profile.name,
    );
  }
});

test('an alias goes out under its own name', async (t) => {
  const { request, heard } = await listening(t, stockAgent);
  await request.send({ type: 'chunk', name: 'token', data: { content: 'a' } });
  assert.deepEqual([heard[0].type, heard[0].raw], ['chunk', '{"type":"token","content":"a"}']);
});

test('an event without a name is a message', () => {
  assert.equal(encodeEvent(plain, { type: 'message', data: 'a\r\nb' }), 'data: a\ndata: b\n\n');
});

test('an event that cannot be written is refused, and the nearest type is named', () => {
  const send = (profile, event) => () => encodeEvent(profile, event);
  assert.throws(send(dashtam, { type: 'import.fialed', data: {} }), {
    name: 'TypeError',
    message:
      "send: dashtam has no event type \"import.fialed\" (did you mean 'import.failed'?). " +
      "An event that it does not know is { type: 'unknown', name, data }",
  });
  assert.throws(send(plain, { type: 'unknown', data: '' }), /needs a name/);
  assert.throws(send(plain, { type: 'message', data: '', id: 'a\nb' }), /id must be text without/);
  assert.throws(send(stockAgent, { type: 'chunk', data: 'a' }), /the data of 'chunk' must be an object/);
});

test('a request shows what was asked', async (t) => {
  const { request } = await listening(t, stockAgent, {
    body: { query: 'NVDA' },
    headers: { 'x-tenant': 'a' },
    token: 'secret',
  });
  assert.deepEqual(
    [request.number, request.method, request.url.href, request.headers.get('x-tenant'), request.json],
    [1, 'POST', url, 'a', { query: 'NVDA' }],
  );
  assert.deepEqual([request.token, request.lastEventId, request.state], ['secret', '', 'pending']);

  for (const profile of [hive, cortex]) {
    const { request: asked } = await listening(t, profile, { token: 'of its own' });
    assert.equal(asked.token, 'of its own', profile.name);
  }
  const { request: without } = await listening(t, plain);
  assert.equal(without.token, null);
  assert.throws(() => without.json, /request 1 \(GET .*, pending\): its body is no text/);
});

test('what was sent is read before the cut, and the client goes on after it', async (t) => {
  const clock = clockFor(t);
  const { server, request, heard, told } = await listening(t, dashtam, {
    reconnect: { minDelay: 4_000 },
  });
  request.send(imported('a'));
  request.sendRaw('id: b\nevent: import.failed\nda');
  await request.cut();
  assert.deepEqual(heard.map(({ id }) => id), ['a']);
  assert.equal(request.state, 'closed');

  const { delay } = told.at(-1);
  assert.ok(delay >= 4_000, `${delay}`);
  await clock.advance(delay - 1);
  assert.equal(server.requests.length, 1);
  await clock.advance(1);
  const second = await server.request();
  assert.deepEqual([second.number, second.lastEventId], [2, 'a']);
  await second.send(imported('b'));
  await clock.advance(150);
  assert.deepEqual(told.map(({ type }) => type), ['open', 'error', 'open', 'resumed', 'gap']);
});

test('a server that ends, refuses or is not there is met as in earnest', async (t) => {
  const clock = clockFor(t);
  const { server, request, stream, told } = await listening(t, plain);
  await request.retry(20_000);
  await request.end();
  const codes = () => told.filter(({ type }) => type === 'error').map(({ error }) => error.code);
  assert.deepEqual(codes(), ['ended']);
  const since = clock.now;
  const second = await clock.until(server.request());
  assert.ok(clock.now - since >= 20_000, 'the reconnection time of the server');
  await second.cut();
  assert.deepEqual(codes(), ['ended', 'network']);
  const third = await clock.until(server.request());
  await third.refuse(503, { retryAfter: 45, body: { detail: 'maintenance' } });
  const { error, delay } = told.at(-1);
  assert.deepEqual([error.status, error.body], [503, '{"detail":"maintenance"}']);
  assert.ok(delay >= 45_000, `${delay}`);
  await (await clock.until(server.request())).refuse(204);
  assert.equal((await stream.closed).reason, 'ended');
});

test('a token that was refused is renewed, and the retry carries the new one', async (t) => {
  const tokens = ['old', 'new'];
  const { server, request } = await listening(t, dashtam, { token: () => tokens.shift() });
  await request.refuse(401);
  const second = await server.request();
  assert.deepEqual([request.token, second.token], ['old', 'new']);
});

test('an answer that was redirected says where it came from', async (t) => {
  const { request, told } = await listening(t, plain);
  await request.open({ redirectedTo: '/elsewhere', headers: { 'x-a': 'b' } });
  assert.deepEqual(told, [
    { type: 'open', status: 200, url: 'http://test.example/elsewhere', redirected: true },
  ]);
});

test('silence is stale when the heartbeats stop, in no time', async (t) => {
  const clock = clockFor(t);
  const { request, told } = await listening(t, hive);
  for (let beat = 0; beat < 4; beat += 1) {
    await request.comment('keepalive');
    await clock.advance(15_000);
  }
  assert.deepEqual(told.map(({ type }) => type), ['open']);
  await clock.advance(45_000);
  assert.equal(told[1].error.code, 'stale');
  assert.equal(request.state, 'aborted');
});

test('bytes arrive as they are, cut anywhere', async (t) => {
  const { request, heard, told } = await listening(t, dashtam);
  const bytes = new TextEncoder().encode(encodeEvent(dashtam, imported('ä')));
  for (const byte of bytes) request.sendRaw(Uint8Array.of(byte));
  await request.sendRaw('event: import.failed\ndata: {"file_name": \n\n');
  assert.deepEqual([heard[0].data.file_name, told.at(-1).type], ['ä', 'decodeerror']);
});

test('a client that pauses leaves unread what was sent', async (t) => {
  const server = scriptedServer();
  const stream = connect(url, { fetch: server.fetch, buffer: { events: 1 } });
  t.after(() => stream.close());
  const events = stream.events();
  const first = events.next();
  const request = await server.request();
  for (const data of ['1', '2', '3', '4']) await request.send({ type: 'message', data });
  assert.equal((await first).value.data, '1');
  assert.ok(request.unread > 0, 'it is paused');
  for (const data of ['2', '3', '4']) assert.equal((await events.next()).value.data, data);
  assert.equal(request.unread, 0);
});

test('a stream that is closed aborts its request, and nothing is sent into it any more', async (t) => {
  const { request, stream, heard } = await listening(t, plain);
  await request.open();
  stream.close();
  await request.closed;
  assert.equal(request.state, 'aborted');
  await request.send({ type: 'message', data: 'late' });
  await request.end();
  assert.deepEqual(heard, []);

  const pending = await listening(t, plain);
  pending.stream.close();
  await settled();
  assert.equal(pending.request.state, 'aborted');
});

test('what the server has closed cannot be answered again', async (t) => {
  const { request } = await listening(t, plain, { reconnect: false });
  await request.open();
  assert.throws(() => request.open(), /is open already/);
  assert.throws(() => request.refuse(500), /too late to refuse/);
  await request.end();
  assert.throws(
    () => request.comment(),
    /request 1 \(GET http:\/\/test.example\/events, closed\) cannot be answered any more/,
  );
});

test('a server answers by itself where it was told how, each request in its turn', async (t) => {
  const clock = clockFor(t);
  const server = scriptedServer({
    answer: async (request) => {
      if (request.number === 1) return request.refuse(503);
      await request.send({ type: 'message', data: `answer ${request.number}` });
      return undefined;
    },
  });
  const stream = connect(url, { fetch: server.fetch });
  t.after(() => stream.close());
  const { value } = await clock.until(stream.events().next());
  assert.equal(value.data, 'answer 2');
  assert.deepEqual(
    [await server.request(), await server.request()],
    server.requests,
    'each is given once, answered or not',
  );
});

test('a request that never comes is told, with those that came', async (t) => {
  const { server } = await listening(t, plain);
  await assert.rejects(server.request({ timeout: 5 }), {
    message:
      'no further request was made within 5 ms. There were:\n' +
      '  request 1 (GET http://test.example/events, pending)\n' +
      'A reconnection waits for its delay: where the clock is a fake, advance it.',
  });
  const nobody = scriptedServer();
  await assert.rejects(nobody.request({ timeout: 5 }), /None was made at all/);
  void nobody.fetch(url);
  assert.equal((await nobody.request()).number, 1, 'who has given up gets none');
});

test('several wait for requests, and each gets its own', async () => {
  const server = scriptedServer();
  const both = Promise.all([server.request(), server.request()]);
  for (const path of ['a', 'b']) void server.fetch(`http://test.example/${path}`);
  assert.deepEqual((await both).map(({ url: { pathname } }) => pathname), ['/a', '/b']);
});

test('a plain fetch is answered, too', async () => {
  const server = scriptedServer({ profile: dashtam });
  const asked = server.fetch(new Request(`${url}?Last-Event-ID=7`, { method: 'PUT', body: 'x' }));
  const request = await server.request();
  assert.deepEqual([request.method, request.url.search], ['PUT', '?Last-Event-ID=7']);
  assert.equal(request.lastEventId, '7', 'as an EventSource of the browser says it');
  request.sendRaw('whole ', 'answer');
  request.end();
  assert.equal(await (await asked).text(), 'whole answer');
});

test('a script that fails fails its request, and is reported', async () => {
  const program = `
    import { scriptedServer } from ${JSON.stringify(testing)};
    const server = scriptedServer({ answer: () => { throw new Error('a slip'); } });
    process.on('unhandledRejection', ({ message }) => console.log('reported:', message));
    await server.fetch('http://test.example/').catch(({ message }) => console.log(message));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program]);
  assert.deepEqual(output.toString().trim().split('\n').sort(), [
    'reported: a slip',
    'request 1 (GET http://test.example/, pending): its script failed',
  ]);
});

test('the clock calls timers in their order, and what they lead to in between', async (t) => {
  const clock = clockFor(t);
  const start = clock.now;
  assert.equal(performance.now(), start);
  const called = [];
  const note = (name) => called.push([name, performance.now() - start]);
  setTimeout(note, 20, 'late');
  const gone = setTimeout(note, 5, 'never');
  const every = setInterval(() => note('every'), 8);
  setTimeout(async () => {
    note('first');
    await null;
    setTimeout(note, 3, 'led to');
  }, 10);
  clearTimeout(gone);
  await clock.advance(17);
  clearInterval(Number(every));
  await clock.advance(100);
  assert.deepEqual(called, [
    ['every', 8],
    ['first', 10],
    ['led to', 13],
    ['every', 16],
    ['late', 20],
  ]);
  assert.equal(clock.now - start, 117);
  await assert.rejects(clock.advance(-1), RangeError);
});

test('the clock goes until something has come to be, and says when it never will', async (t) => {
  const clock = clockFor(t);
  const in5s = new Promise((resolve) => setTimeout(resolve, 5_000, 'there'));
  const start = clock.now;
  assert.equal(await clock.until(in5s), 'there');
  assert.equal(clock.now - start, 5_000);
  assert.equal(await clock.until(Promise.resolve(1)), 1);
  await assert.rejects(clock.until(Promise.reject(new Error('of its own'))), /of its own/);
  setTimeout(() => {}, 2_000);
  const never = new Promise(() => {});
  await assert.rejects(clock.until(never, { limit: 1_000 }), /took more than 1000 ms/);
});

test('the real clock is back when the clock is uninstalled, and there is one at a time', async () => {
  const before = [setTimeout, clearTimeout, setInterval, clearInterval, performance.now];
  const real = setTimeout(() => assert.fail('it was cleared'), 1);
  const clock = installClock();
  assert.throws(() => installClock(), /there is one already/);
  clearTimeout(real);
  clock.uninstall();
  assert.deepEqual(
    [setTimeout, clearTimeout, setInterval, clearInterval, performance.now],
    before,
  );
  await new Promise((resolve) => setTimeout(resolve, 5));
});
