// What the EventSource of the package takes beyond the standard's, in Node.js. That it does what the
// browser's own does is shown in a browser, in tests/e2e/eventsource-class.test.mjs.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { connect } from '../../pkg/dist/index.js';
import { EventSource } from '../../pkg/dist/eventsource.js';
import { answer, scriptedFetch } from './scripted.mjs';

const url = 'http://test.example/events?a#b';

/** The next event of this type. */
async function next(source, type) {
  const [event] = await once(source, type);
  return event;
}

function quietly(t) {
  return t.mock.method(console, 'error', () => {}).mock;
}

test('it runs on the same module as connect does', async (t) => {
  const { mock } = t.mock.method(WebAssembly, 'instantiate');
  // Both are the first of their kind here.
  const stream = connect(url, { fetch: scriptedFetch(answer(['data: x\n\n'])), reconnect: false });
  stream.on('*', () => {});
  const source = new EventSource(url, { fetch: scriptedFetch(answer(['data: x\n\n'], { end: 'open' })) });
  t.after(() => source.close());
  await Promise.all([stream.closed, next(source, 'message')]);
  // Node.js has modules of its own.
  const ours = mock.calls.filter(({ arguments: [, imports] }) => imports?.tidewire);
  assert.equal(ours.length, 1);
});

test('headers go along with every request, and a function is asked before each', async (t) => {
  const stream = answer(['retry: 100\nid: 7\ndata: x\n\n']);
  for (const headers of [{ 'X-Own': '1' }, new Headers({ 'x-own': '1' }), [['x-own', '1']]]) {
    const fetch = scriptedFetch(stream);
    const { calls } = fetch;
    const source = new EventSource(url, { fetch, headers });
    t.after(() => source.close());
    await next(source, 'message');
    source.close();
    assert.equal(calls[0].headers.get('x-own'), '1');
    assert.equal(calls[0].headers.get('accept'), 'text/event-stream');
  }
  const fetch = scriptedFetch(stream, stream);
    const { calls } = fetch;
  let asked = 0;
  const headers = async () => ({ authorization: `Bearer ${(asked += 1)}`, accept: 'text/*' });
  const source = new EventSource(url, { fetch, headers });
  t.after(() => source.close());
  await next(source, 'error');
  await next(source, 'message');
  source.close();
  assert.deepEqual(
    calls.map(({ headers }) => ['authorization', 'accept', 'last-event-id'].map((name) => headers.get(name))),
    [
      ['Bearer 1', 'text/*', null],
      ['Bearer 2', 'text/*', '7'],
    ],
  );
});

test('what is no GET is sent once: when it ends or breaks, it is closed', async (t) => {
  quietly(t);
  for (const script of [
    answer(['retry: 100\n\n']),
    answer(['retry: 100\n\n'], { end: 'error' }),
    answer([], { status: 503 }),
    new TypeError('fetch failed'),
  ]) {
    const fetch = scriptedFetch(script, answer(['data: again\n\n']));
    const { calls } = fetch;
    const source = new EventSource(url, { fetch, body: '{}', headers: { 'content-type': 'application/json' } });
    t.after(() => source.close());
    await next(source, 'error');
    assert.equal(source.readyState, source.CLOSED);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(calls.length, 1);
    assert.equal(calls[0].init.method, 'POST');
    assert.equal(calls[0].init.body, '{}');
  }
});

test('a fetch of the application is asked as the browser would ask', async (t) => {
  const fetch = scriptedFetch(answer(['data: x\n\n'], { end: 'open' }));
    const { calls } = fetch;
  const source = new EventSource(new URL(url), { fetch, withCredentials: true });
  t.after(() => source.close());
  const { origin } = await next(source, 'message');
  assert.equal(origin, 'http://test.example', 'its response does not say where it came from');
  const [{ url: asked, init }] = calls;
  assert.equal(asked, url);
  assert.deepEqual(
    { method: init.method, credentials: init.credentials, cache: init.cache, body: init.body },
    { method: 'GET', credentials: 'include', cache: 'no-store', body: null },
  );
  assert.equal(calls[0].aborted, false);
  source.close();
  assert.equal(calls[0].aborted, true);
});

test('a fetch that fails is tried again after the reconnection time; one that gives up is not', async (t) => {
  const fetch = scriptedFetch(
    answer(['retry: 100\n\n']),
    new TypeError('fetch failed'),
    answer(['data: x\n\n'], { end: 'open' }),
  );
    const { calls } = fetch;
  const source = new EventSource(url, { fetch });
  t.after(() => source.close());
  const states = [];
  source.onerror = () => states.push(source.readyState);
  await next(source, 'message');
  source.close();
  assert.deepEqual(states, [source.CONNECTING, source.CONNECTING]);
  assert.equal(calls.length, 3);

  const aborted = new EventSource(url, { fetch: async () => Promise.reject(new DOMException('', 'AbortError')) });
  await next(aborted, 'error');
  assert.equal(aborted.readyState, aborted.CLOSED);
});

test('what no request can have is a TypeError at once', () => {
  for (const init of [
    { headers: { 'no name': 'x' } },
    { headers: { x: 'a\nb' } },
    { method: 'GET', body: 'x' },
    { method: 'head', body: 'x' },
    7,
  ]) {
    assert.throws(() => new EventSource(url, init), TypeError, JSON.stringify(init));
  }
  // Node.js has no page that it could be relative to.
  assert.throws(() => new EventSource('/x'), { name: 'SyntaxError', code: 12 });
});

test('a refusal says in the console why, where an event cannot', async (t) => {
  const console = quietly(t);
  const fetch = scriptedFetch(answer(['<p>'], { type: 'text/html' }));
  const source = new EventSource(url, { fetch });
  await next(source, 'error');
  assert.equal(source.readyState, source.CLOSED);
  assert.deepEqual(
    console.calls.map(({ arguments: [text] }) => text),
    ["EventSource: the response has the type 'text/html', not text/event-stream"],
  );
});

test('of several content types the last that is one counts', async (t) => {
  quietly(t);
  for (const [type, state] of [
    ['text/html, text/event-stream', 1],
    ['text/event-stream, text/html', 2],
    ['text/event-stream, bogus', 1],
    ['text/event-stream, */*', 1],
    ['text/event-stream;x=", text/html"', 1],
    ['text/event-stream;x="\\", text/html', 1],
    ['text/event stream', 2],
    ['/event-stream', 2],
  ]) {
    const fetch = scriptedFetch(answer([], { type, end: 'open' }));
    const source = new EventSource(url, { fetch });
    t.after(() => source.close());
    await Promise.race([next(source, 'open'), next(source, 'error')]);
    assert.equal(source.readyState, state, type);
    source.close();
  }
});

test('a slow page holds the server back, and loses nothing', async (t) => {
  const events = 2_000;
  const chunk = 'data: x\n\n'.repeat(events);
  const fetch = scriptedFetch(answer(Array(40).fill(chunk), { end: 'open' }));
    const { calls } = fetch;
  const source = new EventSource(url, { fetch });
  t.after(() => source.close());
  let count = 0;
  let readAtFirst;
  await new Promise((resolve) => {
    source.onmessage = () => {
      count += 1;
      readAtFirst ??= calls[0].read;
      // While this event is worked at, no more is read than may wait.
      assert.ok(calls[0].read * events <= count + 16_384 + events, `${calls[0].read} chunks at ${count}`);
      if (count === 40 * events) resolve();
    };
  });
  assert.equal(calls[0].read, 40);
});

test('closing stops what waits, lets the module go, and the same class opens again', async (t) => {
  const fetch = scriptedFetch(...Array(3).fill(answer(['data: 1\n\ndata: 2\n\ndata: 3\n\n'], { end: 'open' })));
  for (let round = 0; round < 3; round += 1) {
    const source = new EventSource(url, { fetch });
    t.after(() => source.close());
    const seen = [];
    source.onmessage = ({ data }) => {
      seen.push(data);
      if (data === '2') source.close();
    };
    await next(source, 'message');
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(seen, ['1', '2']);
  }
});

test('the example of its page runs as it stands', async (t) => {
  const page = await readFile(new URL('../../docs/eventsource.md', import.meta.url), 'utf8');
  const [, example] = /```js\n(.*?)```/s.exec(page);
  const fetch = scriptedFetch(answer(['retry: 100\nevent: price\ndata: {"eur": "1.10"}\n\n']), answer([], { status: 404 }));
  t.mock.method(globalThis, 'fetch', fetch);
  const [, statement, body] = /^import \{ EventSource \} from '(.*?)';\n(.*)/s.exec(example);
  assert.equal(statement, 'tidewire/eventsource');
  const shown = [];
  const source = new Function('EventSource', 'token', 'show', `${body}\nreturn source;`)(
    EventSource,
    't-1',
    (what) => shown.push(what),
  );
  await next(source, 'error');
  await next(source, 'error');
  assert.deepEqual(shown, [{ eur: '1.10' }, 'closed']);
  assert.equal(fetch.calls[0].headers.get('authorization'), 'Bearer t-1');
});
