// What a server may do to a client's promises, at the edges: refusals that do not end, ids that no
// header can carry, answers that go on after their end. The server is scripted, the module real.

import assert from 'node:assert/strict';
import test from 'node:test';
import { connect, defineProfile } from '../../pkg/dist/index.js';
import { cortex, dashtam, plain, stockAgent } from '../../pkg/dist/profiles/index.js';
import { connectWith } from '../../pkg/dist/connect.js';
import { all, answer, news, scriptedFetch, scriptedModule, settled, until } from './scripted.mjs';

const url = 'http://test.example/events';
/** What hangs has failed. */
const limit = { timeout: 10_000 };

/** A stream over this `fetch`, which somebody reads. */
function listening(fetch, options) {
  const stream = connect(url, { fetch, ...options });
  stream.on('*', () => {});
  return stream;
}

test(
  'a refusal whose body never ends is told within seconds, with what came of it',
  limit,
  async () => {
    const refused = (status, options) =>
      listening(
        scriptedFetch(answer(['no ', 'w'], { status, type: 'text/plain', end: 'never' })),
        options,
      );
    const began = performance.now();
    // Not even where the head may take for ever.
    const busy = refused(503, { connectTimeout: 0 });
    const [denied, dead, again] = await Promise.all([
      refused(403, { connectTimeout: 0 }).closed,
      refused(422, { connectTimeout: 500 }).closed,
      news(busy, 'error'),
    ]);
    busy.close();
    assert.ok(performance.now() - began < 5_000);
    for (const [{ reason, error }, status] of [
      [denied, 403],
      [dead, 422],
    ]) {
      assert.deepEqual([reason, error.status, error.body], ['rejected', status, 'no w']);
    }
    assert.deepEqual([again.error.status, again.willRetry], [503, true]);
  },
);

test(
  'an EventSource that cannot say where to go on tells that nothing was recovered',
  limit,
  async (t) => {
    const sources = [];
    globalThis.EventSource = class extends EventTarget {
      constructor(address) {
        super();
        this.address = address;
        sources.push(this);
      }
      close() {}
    };
    t.after(() => {
      delete globalThis.EventSource;
    });
    for (const [profile, recovered] of [
      [plain, 'no'],
      [defineProfile({ ...plain.definition, cursor: { query: 'after' } }), 'unknown'],
    ]) {
      sources.length = 0;
      const stream = connect(url, {
        profile,
        transport: 'eventsource',
        reconnect: { minDelay: 1 },
      });
      stream.on('*', () => {});
      await until(() => sources.length === 1, 'it opens');
      sources[0].dispatchEvent(new Event('open'));
      sources[0].dispatchEvent(new MessageEvent('message', { data: 'x', lastEventId: '7' }));
      sources[0].dispatchEvent(new Event('error'));
      await until(() => sources.length === 2, 'it opens again');
      const resumed = news(stream, 'resumed');
      sources[1].dispatchEvent(new Event('open'));
      assert.deepEqual(await resumed, { recovered, lastEventId: '7' });
      assert.equal(sources[1].address, recovered === 'no' ? url : `${url}?after=7`);
      stream.close();
    }
  },
);

for (const [what, profile, id, header, query, recovered] of [
  ['beyond ASCII', plain, 'é😀', 'Ã©ð\x9f\x98\x80', '', 'unknown'],
  ['of spaces and tabs within', plain, 'a b\tc', 'a b\tc', '', 'unknown'],
  ['with a control character', plain, 'a\x01b', null, '', 'no'],
  ['with a DEL', plain, 'a\x7f', null, '', 'no'],
  ['with a control character, by query', dashtam, 'a\x01é', null, 'a%01%C3%A9', 'unknown'],
]) {
  test(`after an id ${what} the stream comes back`, limit, async () => {
    const fetch = scriptedFetch(
      answer([`retry: 1\nid: ${id}\ndata: x\n\n`]),
      answer([], { end: 'never' }),
    );
    const stream = listening(fetch, { profile, reconnect: { minDelay: 1 } });
    const resumed = await news(stream, 'resumed');
    const [, { headers, url: asked }] = fetch.calls;
    assert.equal(headers.get('last-event-id'), header);
    assert.equal(new URL(asked).search, query && `?Last-Event-ID=${query}`);
    assert.deepEqual(resumed, { recovered, lastEventId: id });
    stream.close();
  });
}

test('a last event ID of before that no header can carry is told as a gap', limit, async () => {
  const fetch = scriptedFetch(answer([], { end: 'never' }));
  const stream = listening(fetch, { lastEventId: 'a\x01' });
  const gap = await news(stream, 'gap');
  assert.deepEqual(gap, { reason: 'not recovered', lastEventId: 'a\x01' });
  assert.equal(fetch.calls[0].headers.get('last-event-id'), null);
  stream.close();
});

test(
  'headers that come late for an attempt that was given up are not those of the next',
  limit,
  async () => {
    const waiting = [];
    const { connections, load } = scriptedModule();
    const headers = () => new Promise((resolve) => waiting.push(resolve));
    const stream = connectWith(load, url, { headers });
    stream.on('*', () => {});
    await settled();
    const [connection] = connections;
    const first = connection.token(1, 'connect');
    const second = connection.token(2, 'reconnect');
    await settled();
    waiting[1]({ n: '2' });
    await second;
    waiting[0]({ n: '1' });
    await first;
    assert.equal(connection.request().get('n'), '2');
    stream.close();
  },
);

test('a glob means the dotted and the short names of known types alike', limit, async () => {
  const frame = (name, id) =>
    `event: ${name}\ndata: {"id": "${id}", "content": "", "role": ""}\n\n`;
  const chunks = [
    frame('conversation.message_received', 'a'),
    frame('message_received', 'b'),
    frame('workspace.message_received', 'c'),
    frame('conversation.of_my_own', 'd'),
    frame('status_update', 'e'),
  ];
  for (const [types, ids] of [
    [['conversation.message_*'], ['a', 'b', 'c']],
    [['message_*'], ['a', 'b', 'c']],
    [['*.message_received'], ['a', 'b', 'c']],
    [['conversation.*'], ['a', 'b', 'c', 'd', 'e']],
    [['workspace.*'], ['a', 'b', 'c', 'e']],
  ]) {
    const open = () => scriptedFetch(answer(chunks));
    const profile = cortex;
    const filtered = await all(connect(url, { profile, types, fetch: open(), reconnect: false }));
    assert.deepEqual(
      filtered.map(({ data }) => data.id),
      ids,
      `filter ${types}`,
    );
    const heard = [];
    const stream = connect(url, { profile, fetch: open(), reconnect: false });
    stream.on(types[0], ({ data }) => heard.push(data.id));
    await stream.closed;
    assert.deepEqual(heard, ids, `handler ${types}`);
  }
});

test(
  'a list that is empty names nothing, and one that is left out does not narrow',
  limit,
  async () => {
    const events = 'event: import.failed\ndata: {"file_name": "f", "error": "e"}\n\n';
    const fetch = () => scriptedFetch(answer([events]));
    for (const [filter, count] of [
      [{}, 1],
      [{ categories: undefined }, 1],
      [{ categories: [] }, 0],
      [{ types: [] }, 0],
      [{ categories: [], types: [] }, 0],
      [{ categories: [], types: ['import.*'] }, 1],
    ]) {
      const options = { profile: dashtam, reconnect: false };
      const given = await all(connect(url, { ...options, ...filter, fetch: fetch() }));
      assert.equal(given.length, count, `connect ${JSON.stringify(filter)}`);

      const stream = connect(url, { ...options, categories: ['import'], fetch: fetch() });
      await stream.setFilter(filter);
      assert.equal((await all(stream)).length, count, `setFilter ${JSON.stringify(filter)}`);
    }
  },
);

test('a filter that names nothing at first is widened live', limit, async () => {
  let controller;
  const body = new ReadableStream({
    start(given) {
      controller = given;
    },
  });
  const type = { 'content-type': 'text/event-stream' };
  const fetch = async () => new Response(body, { headers: type });
  const stream = connect(url, { fetch, types: [] });
  const seen = [];
  stream.on('message', ({ data }) => seen.push(data));
  const send = async (text) => {
    controller.enqueue(new TextEncoder().encode(text));
    await settled();
    await settled();
  };
  await news(stream, 'open');
  await send('data: a\n\n');
  await stream.setFilter({});
  await send('data: b\n\n');
  stream.close();
  assert.deepEqual(seen, ['b']);
});

test(
  'a token that is text is not sent again after a 401, and one of a function is asked for anew',
  limit,
  async () => {
    const refused = () => scriptedFetch(...[1, 2].map(() => answer(['no'], { status: 401 })));
    for (const [options, requests] of [
      [{ token: 't' }, 1],
      [{ token: () => 't' }, 2],
      // It may bring another one itself.
      [{ headers: () => ({ authorization: 't' }) }, 2],
      [{ token: 't', headers: { a: 'b' } }, 1],
    ]) {
      const fetch = refused();
      const { reason, status } = await listening(fetch, options).closed;
      assert.deepEqual([reason, status, fetch.calls.length], ['rejected', 401, requests]);
    }
  },
);

test(
  'an answer that has ended by its mark may end its body, and is aborted if it does not',
  limit,
  async () => {
    for (const [end, aborted] of [
      ['close', false],
      ['never', true],
    ]) {
      // The rest of the body is not delivered, whatever it is.
      const fetch = scriptedFetch(
        answer(['data: [DONE]\n\n', 'data: {"type": "chunk"}\n\n'], { end }),
      );
      const began = performance.now();
      const events = await all(connect(url, { profile: stockAgent, fetch }));
      assert.deepEqual(events, []);
      const [call] = fetch.calls;
      assert.equal(call.aborted, false, 'the end is told before the body has had its second');
      await until(() => call.read === 2, 'the body is read on');
      if (aborted) {
        await until(() => call.aborted, 'it is aborted');
        assert.ok(performance.now() - began > 900);
      }
    }
  },
);

test('an answer that the application closes is aborted at once', limit, async () => {
  const fetch = scriptedFetch(
    answer(['data: {"type": "chunk", "content": "a"}\n\n'], { end: 'never' }),
  );
  const stream = connect(url, { profile: stockAgent, fetch });
  for await (const _ of stream) break;
  assert.equal(fetch.calls[0].aborted, true);
});

for (const [what, definition, message] of [
  [
    'categories',
    { categories: Object.fromEntries(Array.from({ length: 257 }, (_, n) => [`c${n}`, [`t${n}`]])) },
    "defineProfile('many'): 257 categories are more than a profile can have. Allowed: 256",
  ],
  [
    'types',
    { categories: { c: Array.from({ length: 65_535 }, (_, n) => `t${n}`) } },
    "defineProfile('many'): 65535 event types are more than a profile can have. Allowed: 65534",
  ],
]) {
  test(`a profile with too many ${what} is refused when it is defined`, () => {
    assert.throws(() => defineProfile({ name: 'many', ...definition }), {
      name: 'TypeError',
      message,
    });
  });
}

test('a profile may have 256 categories', limit, async () => {
  const names = Array.from({ length: 256 }, (_, n) => [`c${n}`, [`t${n}`]]);
  const profile = defineProfile({
    name: 'many',
    categories: Object.fromEntries(names),
    filter: { by: 'categories', parameter: 'c', list: 'comma' },
  });
  const fetch = scriptedFetch(answer(['event: t255\ndata: 1\n\nevent: t0\ndata: 0\n\n']));
  const events = await all(
    connect(url, { profile, categories: ['c255'], fetch, reconnect: false }),
  );
  assert.deepEqual(
    events.map(({ type, category }) => [type, category]),
    [['t255', 'c255']],
  );
  assert.equal(fetch.calls[0].url, `${url}?c=c255`);
});
