// Whole streams through the real WebAssembly module, from a server that is scripted to the byte.

import assert from 'node:assert/strict';
import test from 'node:test';
import { connect, defineProfile, DecodeError, TidewireError } from '../../pkg/dist/index.js';
import { cortex, dashtam, hive, stageChat, stockAgent } from '../../pkg/dist/profiles/index.js';
import { all, answer, news, scriptedFetch, settled } from './scripted.mjs';

const URL_ = 'http://test.example/events';

/** A stream of these answers, that ends with the first. */
function once(profile, chunks, options) {
  const fetch = scriptedFetch(answer(chunks));
  const stream = connect(URL_, { profile, fetch, reconnect: false, ...options });
  return { stream, calls: fetch.calls };
}

const SYNC =
  'retry: 3000\n\n' +
  'id: 019c0a51-7d3e-7b11-9f42-6a1d5c2e8f70\nevent: sync.accounts.completed\n' +
  'data: {"connection_id": "5b0c6f4e", "account_count": 3}\n\n' +
  ':heartbeat\n\n' +
  'event: portfolio.balance.updated\ndata: {"account_id": "a", "previous_balance": "10.10", ' +
  '"new_balance": "12.30", "delta": "2.20", "currency": "€"}\n\n';

test('events are typed objects, wherever the chunks are cut', async () => {
  const bytes = new TextEncoder().encode(SYNC);
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const chunks = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
    const events = await all(once(dashtam, chunks).stream);
    assert.deepEqual(events, [
      {
        type: 'sync.accounts.completed',
        name: 'sync.accounts.completed',
        category: 'data_sync',
        data: { connection_id: '5b0c6f4e', account_count: 3 },
        meta: undefined,
        id: '019c0a51-7d3e-7b11-9f42-6a1d5c2e8f70',
        lastEventId: '019c0a51-7d3e-7b11-9f42-6a1d5c2e8f70',
        replayed: false,
        raw: '{"connection_id": "5b0c6f4e", "account_count": 3}',
      },
      {
        type: 'portfolio.balance.updated',
        name: 'portfolio.balance.updated',
        category: 'portfolio',
        data: {
          account_id: 'a',
          previous_balance: '10.10',
          new_balance: '12.30',
          delta: '2.20',
          currency: '€',
        },
        meta: undefined,
        id: null,
        lastEventId: '019c0a51-7d3e-7b11-9f42-6a1d5c2e8f70',
        replayed: false,
        raw:
          '{"account_id": "a", "previous_balance": "10.10", "new_balance": "12.30", ' +
          '"delta": "2.20", "currency": "€"}',
      },
    ]);
  }
});

test('a filter goes to the server and is laid over what comes', async () => {
  const { stream, calls } = once(dashtam, [SYNC], {
    categories: ['data_sync', 'provider'],
    types: ['portfolio.networth.updated'],
  });
  const events = await all(stream);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['sync.accounts.completed'],
  );
  assert.equal(calls[0].url, `${URL_}?categories=data_sync,provider,portfolio`);
});

test('the envelope becomes meta, and the payload data', async () => {
  const envelope = {
    type: 'tool_call_started',
    stream_id: 'queen',
    node_id: 'queen',
    execution_id: 'session_1',
    data: { tool_use_id: 't', tool_name: 'search', tool_input: { q: 'x' }, type: 'nested' },
    timestamp: '2026-04-16T19:30:05.123456',
    correlation_id: null,
    colony_id: null,
  };
  const [event] = await all(once(hive, [`data: ${JSON.stringify(envelope)}\n\n`]).stream);
  const { type: _type, data, ...meta } = envelope;
  assert.equal(event.type, 'tool_call_started');
  assert.deepEqual(event.data, data);
  assert.deepEqual(event.meta, meta);
});

test('an event that the profile does not know is of type unknown, with its name and data', async () => {
  const [json, text] = await all(
    once(dashtam, ['event: sync.loans.started\ndata: {"n": 1}\n\nevent: ping\ndata: pong\n\n'])
      .stream,
  );
  assert.deepEqual(
    [json.type, json.name, json.category, json.data],
    ['unknown', 'sync.loans.started', null, { n: 1 }],
  );
  assert.deepEqual([text.type, text.name, text.data], ['unknown', 'ping', 'pong']);
});

test('a payload that is no JSON is a decodeerror in its place, and the stream goes on', async () => {
  const { stream } = once(dashtam, [
    'event: import.started\ndata: {"file_name": "a"}\n\n' +
      'id: 7\nevent: import.progress\ndata: {"file_name": "a", "progress_percent": }\n\n' +
      'event: import.completed\ndata: {"file_name": "a", "records_imported": 1}\n\n',
  ]);
  const order = [];
  stream.addEventListener('decodeerror', ({ detail }) => order.push(detail));
  for await (const { type } of stream) order.push(type);
  const [before, failure, after] = order;
  assert.deepEqual([before, after], ['import.started', 'import.completed']);
  assert.ok(failure.error instanceof DecodeError && failure.error instanceof TidewireError);
  assert.equal(
    failure.error.message,
    'the data of \'import.progress\' is not JSON at position 39: "s_percent\\": }"',
  );
  assert.deepEqual(
    [failure.error.code, failure.error.event, failure.error.position, failure.error.cause.name],
    ['decode', 'import.progress', 39, 'SyntaxError'],
  );
  assert.deepEqual(
    [failure.type, failure.category, failure.id],
    ['import.progress', 'import', '7'],
  );
  assert.equal(failure.raw, '{"file_name": "a", "progress_percent": }');
});

test('a payload with millions of escapes that is no JSON stops nothing else either', async () => {
  const data = `{"file_name": "${'\\n'.repeat(7_000_000)}" }}`;
  const next = 'event: import.completed\ndata: {"file_name": "a", "records_imported": 1}\n\n';
  const { stream } = once(dashtam, [`event: import.started\ndata: ${data}\n\n`, next]);
  const failure = news(stream, 'decodeerror');
  assert.deepEqual(
    (await all(stream)).map(({ type }) => type),
    ['import.completed'],
  );
  assert.equal((await failure).error.position, data.length - 1);
});

test('a buffer that is full of what is no JSON is read on from', async () => {
  const chunks = ['event: import.started\ndata: {\n\n', 'event: import.completed\ndata: {}\n\n'];
  const { stream } = once(dashtam, chunks, { buffer: { events: 1 } });
  stream.addEventListener('decodeerror', () => {});
  assert.deepEqual(
    (await all(stream)).map(({ type }) => type),
    ['import.completed'],
  );
});

test('other faults of a payload are told as exactly', async () => {
  const said = async (profile, data) => {
    const { stream } = once(profile, [data]);
    const failure = news(stream, 'decodeerror');
    const events = await all(stream).catch(() => []);
    assert.deepEqual(events, []);
    return (await failure).error.message;
  };
  assert.equal(
    await said(dashtam, 'event: import.started\ndata: {"file_name": "a\n\n'),
    "the data of 'import.started' is JSON that breaks off at position 16",
  );
  assert.equal(
    await said(dashtam, 'event: import.started\ndata:\n\n'),
    "the data of 'import.started' is empty, where JSON should be",
  );
  assert.equal(
    await said(hive, 'data: {"type": "llm_text_delta"}\n\n'),
    "the data of 'llm_text_delta' has no member 'data'",
  );
  assert.equal(
    await said(hive, 'data: oops\n\n'),
    'the data of an event without a name is not JSON at position 0: "oops"',
  );
});

test('a decode error that nobody listens for is not lost in silence', async (t) => {
  const logged = t.mock.method(console, 'error', () => {});
  await all(once(dashtam, ['event: import.started\ndata: {\n\n']).stream);
  assert.match(
    logged.mock.calls[0].arguments[0].message,
    /'import.started' is JSON that breaks off/,
  );
});

test('NaN, as Python writes it, is null', async () => {
  const [event] = await all(
    once(hive, [
      'data: {"type": "goal_progress", "data": {"progress": NaN, "criteria_status": {"a": "NaN"}}}\n\n',
    ]).stream,
  );
  assert.deepEqual(event.data, { progress: null, criteria_status: { a: 'NaN' } });
});

test('a line separator that split a JSON string over data lines is mended', async () => {
  const { stream } = once(stageChat, [
    'event: error\ndata: {"stage_id":"s","error":"a\ndata: b"}\n\n',
  ]);
  const [event] = await all(stream);
  assert.deepEqual(event.data, { stage_id: 's', error: 'a\nb' });
});

test('parse text leaves payloads as they came, and lazy parses when one is looked at', async () => {
  const chunks = ['event: import.failed\ndata: {"error": 1}\n\nevent: import.failed\ndata: {\n\n'];
  const texts = await all(once(dashtam, chunks, { parse: 'text' }).stream);
  assert.deepEqual(
    texts.map(({ data }) => data),
    ['{"error": 1}', '{'],
  );
  const [good, bad] = await all(once(dashtam, chunks, { parse: 'lazy' }).stream);
  assert.deepEqual(good.data, { error: 1 });
  assert.equal(good.data, good.data, 'parsed once');
  assert.throws(() => bad.data, { name: 'DecodeError', event: 'import.failed', position: 1 });
});

test('a plain stream gives text, and JSON on request', async () => {
  const chunks = ['data: {"a":1}\n\n'];
  const [text] = await all(once(undefined, chunks).stream);
  assert.equal(text.data, '{"a":1}');
  const [json] = await all(once(undefined, chunks, { parse: 'eager' }).stream);
  assert.deepEqual(json.data, { a: 1 });
});

test('a profile of your own enters by the same door', async () => {
  const prices = defineProfile({
    name: 'prices',
    discriminator: { field: 'kind' },
    payload: { field: 'body' },
    categories: { market: ['tick', 'halt'], account: ['fill'] },
    aliases: { t: 'tick' },
    terminal: ['halt'],
    filter: { by: 'types', parameter: 'only', list: 'repeated' },
    auth: { query: 'key' },
  });
  const { stream, calls } = once(
    prices,
    [
      'data: {"body": 1, "kind": "t", "at": 5}\n\ndata: {"kind": "fill", "body": 2}\n\n',
      'data: {"kind": "halt", "body": 3}\n\ndata: {"kind": "tick", "body": 4}\n\n',
    ],
    { categories: ['market'], token: 'a b' },
  );
  const events = await all(stream);
  assert.deepEqual(
    events.map(({ type, category, data, meta }) => [type, category, data, meta]),
    [
      ['tick', 'market', 1, { at: 5 }],
      ['halt', 'market', 3, {}],
    ],
  );
  assert.equal(calls[0].url, `${URL_}?only=tick&only=halt&key=a%20b`);
});

test('the request carries method, headers, token, query and JSON body', async () => {
  const { stream, calls } = once(stockAgent, ['data: [DONE]\n\n'], {
    body: { message: '你好', session_id: null },
    headers: { 'X-Own': '1' },
    query: { a: [1, 'b'], none: null, yes: true },
    token: async () => 'secret',
    credentials: 'include',
    reconnect: undefined,
  });
  assert.deepEqual(await all(stream), []);
  const [{ url, init, headers }] = calls;
  assert.equal(url, `${URL_}?a=1&a=b&yes=true`);
  assert.equal(init.method, 'POST');
  assert.equal(init.body, '{"message":"你好","session_id":null}');
  assert.equal(init.credentials, 'include');
  assert.equal(init.cache, 'no-store');
  assert.deepEqual(
    ['content-type', 'accept', 'x-own', 'authorization'].map((name) => headers.get(name)),
    ['application/json', 'text/event-stream', '1', 'Bearer secret'],
  );
  assert.equal((await stream.closed).reason, 'ended');
});

test('a refused status ends the stream with the status and the start of the body', async () => {
  const body = '{"title":"Forbidden","detail":"not yours"}';
  const fetch = scriptedFetch(answer([body], { status: 403, type: 'application/json' }));
  const stream = connect(`${URL_}?private=1`, { profile: dashtam, fetch });
  const failed = news(stream, 'error');
  const error = await all(stream).then(
    () => assert.fail('it must throw'),
    (error) => error,
  );
  assert.match(error.message, /403/);
  assert.deepEqual(
    [error.name, error.code, error.status, error.body, error.url],
    ['TidewireError', 'status', 403, body, URL_],
  );
  assert.deepEqual(await stream.closed, { reason: 'rejected', status: 403, error });
  const { willRetry, error: told } = await failed;
  assert.deepEqual([willRetry, told.status], [false, 403]);
});

test('204 ends the stream quietly', async () => {
  const fetch = scriptedFetch(answer([], { status: 204, type: null }));
  const stream = connect(URL_, { fetch });
  assert.deepEqual(await all(stream), []);
  const { reason } = await stream.closed;
  assert.equal(reason, 'ended');
});

test('an answer that is no event stream is refused, with its type and its start', async () => {
  const fetch = scriptedFetch(answer(['<!doctype html><p>Log in'], { type: 'text/html' }));
  const stream = connect(URL_, { fetch });
  const error = await all(stream).then(
    () => assert.fail('it must throw'),
    (error) => error,
  );
  assert.match(error.message, /text\/html/);
  assert.deepEqual(
    [error.code, error.status, error.body],
    ['content-type', 200, '<!doctype html><p>Log in'],
  );
  assert.equal((await stream.closed).reason, 'rejected');
});

test('an event above maxEventBytes is an error that names the limit', async () => {
  const { stream } = once(undefined, [`data: ${'x'.repeat(200)}`], { maxEventBytes: 100 });
  await assert.rejects(all(stream), { code: 'too-large', message: /100/ });
});

test('an answer that breaks off before its end is interrupted, and not asked for again', async () => {
  const fetch = scriptedFetch(
    answer(['data: {"type": "chunk", "content": "a"}\n\n'], { end: 'error' }),
  );
  const stream = connect(URL_, { profile: stockAgent, body: { message: 'x' }, fetch });
  const seen = [];
  stream.on('chunk', ({ data }) => seen.push(data.content));
  const { reason, error } = await stream.closed;
  assert.deepEqual([reason, error instanceof TidewireError], ['interrupted', true]);
  assert.deepEqual(seen, ['a']);
  assert.equal(fetch.calls.length, 1);
});

test('a token that cannot be had is an error that does not tell the secret', async () => {
  const fetch = scriptedFetch();
  const stream = connect(URL_, {
    fetch,
    reconnect: false,
    token: () => {
      throw new Error('secret-123');
    },
  });
  const error = await all(stream).then(
    () => assert.fail('it must throw'),
    (error) => error,
  );
  assert.equal(error.code, 'token');
  assert.doesNotMatch(JSON.stringify([error.message, error.body, error.url]), /secret-123/);
  assert.equal(fetch.calls.length, 0);
});

test('headers that cannot be had are told as such', async () => {
  const fetch = scriptedFetch();
  const headers = () => Promise.reject(new Error('secret-123'));
  const stream = connect(URL_, { fetch, reconnect: false, headers });
  await assert.rejects(all(stream), {
    name: 'TidewireError',
    code: 'options',
    message: 'headers: the function threw or rejected',
  });
  assert.equal(fetch.calls.length, 0);
});

test('a stream that is lost is opened again from the last event ID, and says so', async () => {
  const fetch = scriptedFetch(
    answer(['id: 1\nevent: import.started\ndata: {}\n\n']),
    answer(['id: 2\nevent: import.failed\ndata: {}\n\n'], { end: 'hang' }),
  );
  const stream = connect(URL_, {
    profile: dashtam,
    fetch,
    reconnect: { minDelay: 1, maxDelay: 2 },
  });
  const told = [];
  for (const type of ['error', 'resumed', 'gap']) {
    stream.addEventListener(type, ({ detail }) => told.push([type, detail]));
  }
  const types = [];
  for await (const { type } of stream.events({ preventClose: true })) {
    types.push(type);
    if (types.length === 2) break;
  }
  // It is told when the replay is over, as far as that can be told.
  stream.on('*', () => {});
  while (!told.some(([type]) => type === 'resumed')) {
    await new Promise((resolve) => stream.addEventListener('resumed', resolve, { once: true }));
  }
  await settled();
  stream.close();
  assert.deepEqual(types, ['import.started', 'import.failed']);
  assert.equal(fetch.calls[1].headers.get('last-event-id'), '1');
  assert.equal(new URL(fetch.calls[1].url).searchParams.get('Last-Event-ID'), '1');
  assert.equal(told[0][0], 'error');
  assert.equal(told[0][1].willRetry, true);
  const resumed = told.find(([type]) => type === 'resumed');
  assert.equal(resumed[1].lastEventId, '1');
  assert.ok(resumed[1].recovered === 'yes' || told.some(([type]) => type === 'gap'));
});

test('news of a stream comes after the events that came before it, in the same chunk too', async (t) => {
  // However slow the machine is: where the page has to have its turn in between, news goes first.
  t.mock.method(performance, 'now', () => 1_000);
  const profile = defineProfile({ name: 'ending', format: 'text', categories: { some: ['tick'] }, end: '[DONE]' });
  const event = (data) => `event: tick\ndata: ${data}\n\n`;
  const ends = [
    [event('[DONE]'), ['state: closed']],
    [event('x'.repeat(3_000)), ['error', 'state: closed']],
  ];
  for (const [end, expected] of ends) {
    const { stream } = once(profile, [event('first'), event('second') + end], { maxEventBytes: 2_000 });
    const seen = [];
    stream.on('tick', ({ data }) => seen.push(data));
    stream.addEventListener('open', () => seen.push('open'));
    stream.addEventListener('error', () => seen.push('error'));
    stream.addEventListener('state', ({ detail }) => seen.push(`state: ${detail.state}`));
    await stream.closed;
    assert.deepEqual(seen, ['state: open', 'open', 'first', 'second', ...expected]);
  }
});

test('close aborts the request at once', async () => {
  const fetch = scriptedFetch(answer(['data: 1\n\n'], { end: 'hang' }));
  const stream = connect(URL_, { fetch });
  const first = await stream.events({ preventClose: true }).next();
  assert.equal(first.value.data, '1');
  assert.equal(fetch.calls[0].aborted, false);
  stream.close();
  assert.equal(fetch.calls[0].aborted, true);
  assert.equal((await stream.closed).reason, 'closed');
});

test('a slow consumer pauses the reading of the body', async () => {
  const chunks = Array.from({ length: 50 }, (_, index) => `data: ${index}\n\n`);
  const fetch = scriptedFetch(answer(chunks));
  const stream = connect(URL_, { fetch, reconnect: false, buffer: { events: 4 } });
  const iterator = stream.events();
  await iterator.next();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(fetch.calls[0].read < 10, `read ${fetch.calls[0].read} of 50 chunks`);
  let count = 1;
  for await (const _event of iterator) count += 1;
  assert.equal(count, 50);
});

test('text gives the answer whole: the result replaces the pieces', async () => {
  const { stream } = once(stockAgent, [
    'data: {"type": "status", "status": "analyzing"}\n\n',
    'data: {"type": "chunk", "content": "收盘价"}\n\ndata: {"type": "token", "content": "上"}\n\n',
    'data: {"type": "result", "content": "收盘价上涨", "sources": [], "disclaimer": ""}\n\n',
    'data: [DONE]\n\n',
  ]);
  assert.equal(await stream.text(), '收盘价上涨');
});

test('text puts the deltas of a completion together', async () => {
  const chunk = (content) =>
    `event: chat_completion_chunk\ndata: ${JSON.stringify({ stage_id: 's', chunk: { choices: content === null ? [] : [{ delta: { content } }] } })}\n\n`;
  const { stream } = once(stageChat, [
    chunk('Hel'),
    chunk('lo'),
    chunk(null),
    'event: done\ndata: {"stage_id":"s"}\n\n',
  ]);
  assert.equal(await stream.text(), 'Hello');
});

test('text rejects when the server says that there is no answer, or breaks off', async () => {
  const failing = once(stockAgent, [
    'data: {"type": "error", "message": "no model"}\n\ndata: [DONE]\n\n',
  ]);
  await assert.rejects(failing.stream.text(), {
    name: 'TidewireError',
    code: 'server',
    message: 'stock-agent has no answer: no model',
  });
  const cancelled = once(stageChat, ['event: cancel\ndata: {"stage_id":"s"}\n\n']);
  await assert.rejects(cancelled.stream.text(), {
    code: 'server',
    message: 'stage-chat has no answer: cancel',
  });
  const broken = once(stockAgent, ['data: {"type": "chunk", "content": "a"}\n\n']);
  await assert.rejects(broken.stream.text(), { name: 'TidewireError' });
  assert.equal((await broken.stream.closed).reason, 'interrupted');
  await assert.rejects(once(dashtam, []).stream.text(), {
    name: 'TypeError',
    message: 'text: dashtam does not say where it stands',
  });
});

test('aliases and dotted names are the types that they mean', async () => {
  const [event] = await all(
    once(cortex, ['event: conversation.message_received\ndata: {"id": "1", "content": "x"}\n\n'])
      .stream,
  );
  assert.equal(event.type, 'message_received');
  assert.equal(event.category, 'message');
});

test('EventSource is refused as unsupported where there is none', async () => {
  const stream = connect(URL_, { transport: 'eventsource' });
  await assert.rejects(all(stream), { name: 'TidewireError', code: 'unsupported' });
  assert.equal((await stream.closed).reason, 'unsupported');
});
