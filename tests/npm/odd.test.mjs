// What a custom `fetch`, an EventSource or an application's timing may do to a stream. The server
// is scripted, the module is the real one.

import assert from 'node:assert/strict';
import { createContext, runInContext } from 'node:vm';
import test from 'node:test';
import { connect } from '../../pkg/dist/index.js';
import { cortex, dashtam } from '../../pkg/dist/profiles/index.js';
import { all, answer, news, scriptedFetch, settled } from './scripted.mjs';

const url = 'http://test.example/events';
const type = { 'content-type': 'text/event-stream' };
const encoder = new TextEncoder();

/** A stream over this `fetch`, which somebody reads. */
function listening(fetch, options) {
  const stream = connect(url, { fetch, reconnect: false, ...options });
  stream.on('*', () => {});
  return stream;
}

for (const [what, response, code] of [
  ['nothing', () => undefined, 'network'],
  ['null', () => null, 'network'],
  ['an error response', () => Response.error(), 'network'],
  ['no headers', () => ({ status: 200, body: null }), 'content-type'],
  ['no body to be read', () => ({ status: 200, headers: new Headers(type) }), 'network'],
  ['a body that is none', () => ({ status: 200, headers: new Headers(type), body: 7 }), 'network'],
  [
    'a body that somebody else reads',
    () => {
      const response = new Response('data: 1\n\n', { headers: type });
      response.body.getReader();
      return response;
    },
    'network',
  ],
  [
    'a body that was read already',
    async () => {
      const response = new Response('data: 1\n\n', { headers: type });
      await response.text();
      return response;
    },
    'network',
  ],
]) {
  test(`a fetch that gives ${what} fails its own stream and no other`, async () => {
    const other = listening(scriptedFetch());
    const { reason, error } = await listening(async () => response()).closed;
    assert.notEqual(reason, 'ended');
    assert.equal(error.code, code, error.message);
    assert.equal(other.state, 'connecting');
    other.close();
  });
}

test('a stream whose body cannot be read never counts as open', async () => {
  const states = [];
  const response = { status: 200, headers: new Headers(type), body: 7 };
  const stream = listening(async () => response);
  stream.addEventListener('state', ({ detail }) => states.push(detail.state ?? detail));
  const { error } = await stream.closed;
  assert.match(error.message, /cannot be read as a stream/);
  assert.ok(states.length > 0 && !states.includes('open'), states.join());
});

for (const [what, headers, delay] of [
  ['seconds', { 'retry-after': '45' }, 45_000],
  [
    "a date by the server's own clock",
    {
      'retry-after': 'Mon, 01 Mar 2032 00:01:00 GMT',
      date: 'Sun, 29 Feb 2032 23:59:30 GMT',
    },
    90_000,
  ],
  ['a date without a clock', { 'retry-after': 'Mon, 01 Mar 2032 00:01:00 GMT' }, 1],
  ['no time at all', { 'retry-after': 'soon', date: 'Sun, 29 Feb 2032 23:59:30 GMT' }, 1],
]) {
  test(`Retry-After may be ${what}`, async () => {
    const fetch = async () => new Response(null, { status: 503, headers });
    const reconnect = { minDelay: 1, maxDelay: 30_000, factor: 1, jitter: false };
    const stream = listening(fetch, { reconnect });
    const { detail } = await new Promise((resolve) => {
      stream.addEventListener('error', resolve, { once: true });
    });
    stream.close();
    assert.equal(detail.delay, delay);
  });
}

test('a response without a body is a stream that has ended', async () => {
  const fetch = async () => new Response(null, { headers: type });
  assert.deepEqual(await listening(fetch).closed, { reason: 'ended' });
});

test("a fetch may return a response of its own kind, with a URL object and a Map's headers", async () => {
  const { body } = new Response('data: 1\n\n');
  const headers = new Map(Object.entries(type));
  const fetch = async () => ({ status: 200, headers, body, url: new URL(url) });
  const events = await all(connect(url, { fetch, reconnect: false }));
  assert.deepEqual(
    events.map(({ data }) => data),
    ['1'],
  );
});

test('a reader of its own kind that throws, or gives nothing, ends its stream and no other', async () => {
  const other = listening(scriptedFetch(answer(['data: there\n\n'], { end: 'never' })));
  await news(other, 'open');
  const reads = {
    'out of order': () => {
      throw new Error('out of order');
    },
    'not made of bytes': () => undefined,
  };
  for (const [why, read] of Object.entries(reads)) {
    const body = { getReader: () => ({ read, cancel: async () => {} }) };
    const stream = listening(async () => ({ status: 200, headers: new Headers(type), body }));
    const { reason, error } = await stream.closed;
    assert.equal(reason, 'interrupted');
    assert.match(error.message, new RegExp(why));
    assert.equal(other.state, 'open');
  }
  other.close();
});

test('a chunk whose bytes another has taken breaks the stream off, behind what came before', async () => {
  const taken = encoder.encode('data: 2\n\n');
  structuredClone(taken, { transfer: [taken.buffer] });
  const body = new ReadableStream({
    start(controller) {
      [encoder.encode('data: 1\n\n'), taken].forEach((chunk) => controller.enqueue(chunk));
    },
  });
  const stream = connect(url, { fetch: async () => new Response(body, { headers: type }), reconnect: false });
  const seen = [];
  stream.on('*', ({ data }) => seen.push(data));
  const { reason, error } = await stream.closed;
  assert.deepEqual([seen, reason], [['1'], 'interrupted']);
  assert.match(error.message, /detached/);
});

test('chunks may be of another realm, shared, or views of something larger', async () => {
  const foreign = runInContext(
    `Uint8Array.from(text, (character) => character.charCodeAt(0))`,
    createContext({ text: 'data: 1\n\n' }),
  );
  const shared = new Uint8Array(new SharedArrayBuffer(9));
  shared.set(encoder.encode('data: 2\n\n'));
  const within = runInContext(
    `new Uint8Array(Uint8Array.from(text, (character) => character.charCodeAt(0)).buffer, 2, 9)`,
    createContext({ text: '??data: 3\n\n??' }),
  );
  const chunks = [foreign, shared, within, Buffer.from('data: 4\n\n')];
  const body = new ReadableStream({
    pull: (controller) =>
      chunks.length > 0 ? controller.enqueue(chunks.shift()) : controller.close(),
  });
  const fetch = async () => ({ status: 200, headers: new Headers(type), body });
  const events = await all(connect(url, { fetch, reconnect: false }));
  assert.deepEqual(
    events.map(({ data }) => data),
    ['1', '2', '3', '4'],
  );
});

test('an id of any length is sent back', async () => {
  const id = 'é'.repeat(150_000);
  const fetch = scriptedFetch(answer([`id: ${id}\ndata: 1\n\n`]), answer([], { status: 204 }));
  const stream = connect(url, { profile: dashtam, fetch, reconnect: { minDelay: 1, maxDelay: 1 } });
  stream.on('*', () => {});
  await stream.closed;
  const sent = fetch.calls[1].headers.get('last-event-id');
  assert.equal(Buffer.from(sent, 'latin1').toString(), id);
});

test('a refusal stands even if its body breaks off', async () => {
  const fetch = scriptedFetch(answer(['no w'], { status: 403, type: 'text/plain', end: 'error' }));
  const { reason, error } = await listening(fetch, { reconnect: { minDelay: 1 } }).closed;
  assert.deepEqual([reason, error.status, error.body], ['rejected', 403, 'no w']);
});

test('a token in the URL is not told, neither by errors nor by open', async () => {
  const options = { profile: cortex, token: 's3cret+/' };
  const fails = async (address) => {
    throw new Error(`request to ${address} failed`);
  };
  const { error } = await listening(fails, options).closed;
  assert.equal(error.message, `${url}: request to ${url}?token=… failed`);

  const opens = async (address) => {
    const response = new Response(new ReadableStream(), { headers: type });
    return Object.defineProperty(response, 'url', { value: address });
  };
  const stream = listening(opens, options);
  const opened = await news(stream, 'open');
  stream.close();
  assert.equal(opened.url, `${url}?token=…`);
});

test('what reconnect.when refuses is not even begun', async () => {
  // Cut at once, as Dashtam cuts a list of categories that it does not know: asked for anew at once.
  const fetch = scriptedFetch(answer(['retry: 1\n\n'], { end: 'error' }));
  const stream = listening(fetch, {
    profile: dashtam,
    categories: ['ai', 'import'],
    reconnect: { when: () => false },
  });
  assert.equal((await stream.closed).reason, 'exhausted');
  assert.equal(fetch.calls.length, 1);
});

test('a stream that is closed within reconnect.when asks for no further token', async () => {
  const asked = [];
  const stream = listening(scriptedFetch(answer(['no'], { status: 401 })), {
    profile: dashtam,
    token: ({ reason }) => {
      asked.push(reason);
      return 't';
    },
    reconnect: {
      when: () => {
        stream.close();
        return true;
      },
    },
  });
  await stream.closed;
  await settled();
  assert.deepEqual(asked, ['connect']);
});

test('handlers that return promises leave nothing behind on closed', async () => {
  const stream = connect(url, {
    fetch: scriptedFetch(answer(['data: 1\n\n'.repeat(100)], { end: 'never' })),
  });
  let reactions = 0;
  stream.closed.then = function (...handlers) {
    reactions += 1;
    return Promise.prototype.then.apply(this, handlers);
  };
  let events = 0;
  await new Promise((resolve) => {
    stream.on('message', async () => {
      events += 1;
      if (events === 100) resolve();
    });
  });
  stream.close();
  assert.equal(reactions, 0);
});

test('the last event ID counts on through events that nobody wants', async () => {
  let controller;
  const body = new ReadableStream({
    start(given) {
      controller = given;
    },
  });
  const stream = connect(url, { fetch: async () => new Response(body, { headers: type }) });
  const seen = [];
  stream.on('message', ({ data, lastEventId }) => seen.push([data, lastEventId]));
  const send = async (text) => {
    controller.enqueue(encoder.encode(text));
    await settled();
    await settled();
  };
  await news(stream, 'open');
  await send('id: 1\ndata: a\n\n');
  await stream.setFilter({ types: [] });
  await send('id: 2\ndata: b\n\n');
  await stream.setFilter({});
  await send('data: c\n\n');
  stream.close();
  assert.deepEqual(seen, [
    ['a', '1'],
    ['c', '2'],
  ]);
});

test('a next that waits is answered when its iterator returns', async () => {
  const stream = connect(url, { fetch: scriptedFetch(answer([], { end: 'never' })) });
  const events = stream.events({ preventClose: true });
  const waits = events.next();
  await settled();
  await events.return();
  assert.deepEqual(await waits, { done: true, value: undefined });
  assert.notEqual(stream.state, 'closed');
  stream.close();
});

test('a byte order mark at the start of data, four-byte characters and broken ones arrive', async () => {
  const fetch = scriptedFetch(
    answer([
      'data: \uFEFFx\n\n',
      'data: \uFEFF😀\n\ndata: é\n\n',
      Buffer.from('data: a\xed\xa0\x80b\n\n', 'latin1'),
      'id: 😀é\nevent: 😀\ndata: 😀\n\ndata: end\n\n',
    ]),
  );
  const events = await all(connect(url, { fetch, reconnect: false }));
  assert.deepEqual(
    events.map(({ data, lastEventId }) => [data, lastEventId]),
    [
      ['\uFEFFx', ''],
      ['\uFEFF😀', ''],
      ['é', ''],
      ['a\uFFFD\uFFFD\uFFFDb', ''],
      ['😀', '😀é'],
      ['end', '😀é'],
    ],
  );
});

test('an EventSource hears names that come by handlers and filters, before and after it opened', async (t) => {
  const made = new Promise((resolve) => {
    globalThis.EventSource = class extends EventTarget {
      constructor() {
        super();
        resolve(this);
      }
      close() {}
    };
  });
  t.after(() => {
    delete globalThis.EventSource;
  });
  const stream = connect(url, { transport: 'eventsource' });
  const seen = [];
  const note = ({ name, data }) => seen.push([name, data]);
  stream.on('before', note);
  const source = await made;
  await settled();
  source.dispatchEvent(new Event('open'));
  stream.once('once', note);
  stream.on('after', note);
  const send = async (name, data) => {
    source.dispatchEvent(new MessageEvent(name, { data }));
    await settled();
  };
  await send('before', '1');
  await send('once', '2');
  await send('once', '3');
  await send('after', '4');
  await stream.setFilter({ types: ['filtered', 'open', 'error'] });
  stream.on('*', note);
  for (const name of ['before', 'filtered', 'open', 'error']) {
    await send(name, name);
  }
  stream.close();
  assert.deepEqual(seen, [
    ['before', '1'],
    ['once', '2'],
    ['after', '4'],
    ['filtered', 'filtered'],
    ['open', 'open'],
    ['error', 'error'],
  ]);
});

test('a burst is handed over whole where there is no MessageChannel', async (t) => {
  const { MessageChannel } = globalThis;
  globalThis.MessageChannel = undefined;
  t.after(() => {
    globalThis.MessageChannel = MessageChannel;
  });
  const body = 'data: 1\n\n'.repeat(20_000);
  const headers = { 'content-type': 'text/event-stream' };
  const stream = connect('http://test.example/events', {
    fetch: async () => new Response(body, { headers }),
    reconnect: false,
  });
  let seen = 0;
  // Slow enough for turns to end.
  stream.on('*', () => {
    seen += 1;
    const until = performance.now() + (seen % 100 === 0 ? 1 : 0);
    while (performance.now() < until);
  });
  await stream.closed;
  assert.equal(seen, 20_000);
});
