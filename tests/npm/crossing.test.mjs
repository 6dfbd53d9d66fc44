// What crosses in one piece is taken apart as if each event had come by itself.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import v8 from 'node:v8';
import vm from 'node:vm';
import { connect, defineProfile } from '../../pkg/dist/index.js';
import { scriptedServer } from '../../pkg/dist/testing.js';
import { answer, scriptedFetch, settled, until } from './scripted.mjs';

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');

const URL_ = 'http://localhost/events';
const profile = defineProfile({ name: 'test', categories: { all: ['message'] } });

/** What a stream of these bytes gives, in order: payloads, and the text of those that are not JSON. */
async function delivered(bytes, options = {}) {
  const fetch = scriptedFetch(answer([bytes]));
  const stream = connect(URL_, { profile, fetch, reconnect: false, ...options });
  const seen = [];
  stream.addEventListener('decodeerror', ({ detail }) => seen.push({ bad: detail.raw }));
  stream.on('*', ({ data }) => seen.push({ data }));
  await stream.closed;
  return seen;
}

const inOneChunk = (payloads) => payloads.map((payload) => `data: ${payload}\n\n`).join('');

/** Each payload by itself. */
function parsed(payload) {
  try {
    return { data: JSON.parse(payload) };
  } catch {
    return { bad: payload };
  }
}

test('no payload breaks out of its place among those that are parsed with it', async () => {
  for (const payloads of [
    ['1],[2', '{}'],
    ['{},{}', '{"a":[{}', '{}]}'],
    ['{"a":{}', '{"b":{}}}', '{},{}'],
    ['[1', '2]', '[3],[4]'],
    ['{"a":"}', '{","b":"}', '{}'],
    ['{"a":1}', '{"a":', '{"a":3}'],
    ['{"a":1}}', '{{"a":2}', '{}'],
    ['{"a":1]', '[{"a":2}', '[]'],
    ['{"a":"\\"}', '{"b":"\\\\"}', '{"c":"\\\\\\""}'],
    ['{"__proto__":{"a":1}}', '{"a":2}'],
    ['', '{}', '{}'],
    ['{}', '\\', '{}'],
    ['{} ', ' {}', '[ ]'],
  ]) {
    const seen = await delivered(inOneChunk(payloads));
    // One space after the colon is the field's, those at the end are the payload's.
    assert.deepEqual(seen, payloads.map(parsed), payloads.join('  '));
  }
});

test('payloads of any kind are parsed together as they are by themselves', async () => {
  let seed = 7;
  const below = (limit) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % limit;
  };
  const PIECES = ['{', '}', '[', ']', '"', '\\', ',', ':', '1', '"a"', '"a":', '{"a":[', ']}', 'é', '\\"', '\\\\'];
  const value = (depth) =>
    depth === 0
      ? ['1', '"}{]["', '"\\\\"', '"\\"]"', 'null', '"é😀"', `"${'\\\\'.repeat(below(40))}${'x]'.repeat(below(40))}\\""`][below(7)]
      : below(2)
        ? `[${Array.from({ length: below(4) }, () => value(depth - 1)).join(', ')}]`
        : `{${Array.from({ length: below(4) }, (_, n) => `"${n}\\"": ${value(depth - 1)}`).join(',')}}`;
  const text = () =>
    below(4) > 0
      ? value(1 + below(3))
      : Array.from({ length: 1 + below(6) }, () => PIECES[below(PIECES.length)]).join('');
  for (let round = 0; round < 300; round += 1) {
    const payloads = Array.from({ length: 2 + below(6) }, text);
    assert.deepEqual(await delivered(inOneChunk(payloads)), payloads.map(parsed), payloads.join('  '));
  }
});

test('a character that one event breaks off within is not completed by the next', async () => {
  const latin1 = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
  const bytes = latin1('data: \xE2\x82\n\ndata: \xAC\n\nid: \xC3\ndata: \xC3\xA9\xF0\x9F\x98\x80\xEF\xBB\xBF\n\ndata: a\n\n');
  const seen = await delivered(bytes, { parse: 'text' });
  assert.deepEqual(seen.map(({ data }) => data), ['\uFFFD', '\uFFFD', 'é😀\uFEFF', 'a']);
});

test('a kept event keeps no more of its chunk alive than 64 KiB', async () => {
  const CHUNKS = 8;
  const line = `data: ${'x'.repeat(1_000)}\n\n`;
  const fetch = scriptedFetch(answer(Array(CHUNKS).fill(line.repeat(4_000)), { end: 'open' }));
  const stream = connect(URL_, { profile, fetch, parse: 'text' });
  const kept = [];
  let count = 0;
  const used = () => {
    gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = used();
  stream.on('*', (event) => {
    count += 1;
    if (count % 4_000 === 1) kept.push(event);
  });
  while (count < CHUNKS * 4_000) await settled();
  stream.close();
  await stream.closed;
  await settled();
  assert.equal(kept.length, CHUNKS);
  // What is let go of takes a moment. The module's own memory, and what a stream costs, are in
  // it too: 32 MB came, of which each kept event alone could hold 4.
  let more = used() - before;
  for (let rounds = 0; more > 8 * 1024 * 1024 && rounds < 20; rounds += 1) {
    await settled();
    more = used() - before;
  }
  assert.ok(more < 8 * 1024 * 1024, `${more} bytes`);
});

test('what is not ASCII crosses apart, and is back in its place', async () => {
  const texts = ['plain', 'é', '', '市場', 'plain again', '😀', 'x'.repeat(70_000), 'ü'.repeat(40_000), 'end'];
  const payloads = texts.map((text, n) => JSON.stringify({ n, text }));
  assert.deepEqual(await delivered(inOneChunk(payloads)), payloads.map(parsed));
  const bare = texts.map((text) => ({ data: text }));
  assert.deepEqual(await delivered(inOneChunk(texts), { parse: 'text' }), bare);
  for (const all of [['é', 'ü'], ['é'], ['a', 'é'], ['é', 'a']]) {
    const quoted = all.map((text) => JSON.stringify([text]));
    assert.deepEqual(await delivered(inOneChunk(quoted)), quoted.map(parsed), all.join());
  }
  // One of them is no JSON: each is read by itself.
  const broken = ['{"a":"é"}', '{"a":1}', '{"b":"ü"', '{"c":2}'];
  assert.deepEqual(await delivered(inOneChunk(broken)), broken.map(parsed));
});

test('what is not ASCII is shed and filtered like the rest', async () => {
  const profile = defineProfile({
    name: 'test',
    categories: { all: ['kept', 'shed'] },
    droppable: ['shed'],
    format: 'text',
  });
  const fetch = scriptedFetch(
    answer([
      ['é', 'a', 'ü', 'b', '市', 'c']
        .map((text, n) => `id: ${n}\nevent: ${n % 3 === 0 ? 'shed' : 'kept'}\ndata: ${text}${n}\n\n`)
        .join(''),
    ]),
  );
  const stream = connect(URL_, {
    profile,
    fetch,
    reconnect: false,
    buffer: { events: 4, overflow: 'drop' },
  });
  const seen = [];
  for await (const { data, id } of stream) {
    seen.push(`${data} ${id}`);
  }
  assert.deepEqual(seen, ['a1 1', 'ü2 2', '市4 4', 'c5 5']);
});

test('an event is the same whether it is read where it lies or put together', async () => {
  let seed = 3;
  const below = (limit) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % limit;
  };
  const named = defineProfile({ name: 'named', categories: { some: ['tick', 'account.balance.updated'] } });
  // In every other stream most of the data is not ASCII, and then it may all stay where it lies.
  const stream = (round) => {
    const texts = round % 2 === 0 ? ['plain', 'plain', 'plain', 'é😀'] : ['市', 'é😀', 'plain', 'ü', '\u{10FFFF}'];
    let text = '';
    for (let at = 0; at < 40; at += 1) {
      if (below(4) > 0) text += `id: ${['event', 'événement'][Number(below(20) === 0)]}-${at}\n`;
      text += ['event: tick\n', 'event: account.balance.updated\n', 'event: nobody.knows.this\n', ''][below(4)];
      text += `data: {"n":${at},"text":"${texts[below(texts.length)]}"}\n`;
      text += [': a comment, é\n\n', '\n', '\n', '\n', 'data\n\n'][below(5)];
    }
    return text;
  };
  const all = async (bytes, size, options) => {
    const chunks = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
    const fetch = scriptedFetch(answer(chunks));
    const events = connect(URL_, { profile: named, fetch, reconnect: false, ...options });
    const seen = [];
    events.addEventListener('decodeerror', ({ detail }) => seen.push(detail.raw));
    events.on('*', ({ type, name, category, data, meta, id, lastEventId, replayed, raw }) =>
      seen.push({ type, name, category, data, meta, id, lastEventId, replayed, raw }),
    );
    await events.closed;
    return [seen, events.lastEventId, events.stats.delivered];
  };
  let events = 0;
  for (let round = 0; round < 20; round += 1) {
    const bytes = new TextEncoder().encode(stream(round));
    for (const options of [{ parse: 'text' }, { parse: 'lazy' }, { parse: 'eager' }, { parse: 'text', types: ['tick'] }]) {
      const whole = await all(bytes, bytes.length, options);
      events += whole[0].length;
      for (const size of [1, 61, 1000]) assert.deepEqual(await all(bytes, size, options), whole);
    }
  }
  assert.ok(events > 2_000, `${events} events`);
});

test('payloads of several types are each their own event\'s, though parsed side by side', async () => {
  const types = Array.from({ length: 7 }, (_, at) => `type.${at}`);
  const several = defineProfile({ name: 'several', categories: { all: types } });
  const events = Array.from({ length: 200 }, (_, at) => {
    const type = [...types, 'unknown.to.it'][(at * 5 + (at >> 3)) % 8];
    return { type, data: { at, type, text: at % 11 === 0 ? '市' : 'x' } };
  });
  const chunk = events.map(({ type, data }) => `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  for (const parse of ['eager', 'lazy']) {
    const fetch = scriptedFetch(answer([chunk.join('')]));
    const stream = connect(URL_, { profile: several, fetch, parse, reconnect: false });
    const seen = [];
    stream.on('*', ({ name, data }) => seen.push({ type: name, data }));
    await stream.closed;
    assert.deepEqual(seen, events);
  }
});

test('text that is broken is mended though most of it would have stayed in its chunk', async () => {
  const chunk = Buffer.concat([
    Buffer.from('data: 市一\n\ndata: '),
    Buffer.from([0xe5, 0xb8]),
    Buffer.from('\n\ndata: 市二\n\nevent: '),
    Buffer.from([0xc3]),
    Buffer.from('\ndata: é\n\n'),
  ]);
  const seen = await delivered(chunk, { parse: 'text' });
  assert.deepEqual(seen.map(({ data }) => data), new TextDecoder().decode(chunk).match(/data: .*/g).map((line) => line.slice(6)));
});

test('a chunk is put where it is copied fast', async (t) => {
  // Where what is written begins at no multiple of 16 bytes, some processors copy ten times as slowly.
  const { instantiate } = WebAssembly;
  const starts = [];
  t.mock.method(WebAssembly, 'instantiate', async (module, imports) => {
    const { exports } = await instantiate(module, imports);
    const chunk = (connection, transport, start, length, now) => {
      starts.push([start % 16, length]);
      return exports.chunk(connection, transport, start, length, now);
    };
    return { exports: { ...exports, chunk } };
  });
  const { connectWith } = await import('../../pkg/dist/connect.js');
  const { coreLoader } = await import('../../pkg/dist/core.js');
  const bytes = await readFile(new URL('../../pkg/wasm/tidewire.wasm', import.meta.url));
  const load = coreLoader(() => WebAssembly.compile(bytes));
  for (const size of [10, 5_000, 70_000]) {
    const fetch = scriptedFetch(answer([`data: ${'x'.repeat(size)}\n\n`]));
    const stream = connectWith(load, URL_, { profile, fetch, parse: 'text', reconnect: false });
    stream.on('*', () => {});
    await stream.closed;
  }
  assert.deepEqual(starts.map(([place]) => place), [0, 0, 0], JSON.stringify(starts));
});

test('batches that wait keep their rows, though others have come and gone', async () => {
  const chunks = Array.from({ length: 40 }, (_, chunk) =>
    Array.from({ length: 5 + chunk }, (_, at) => `id: ${chunk}-${at}\ndata: ${'x'.repeat(at)}${chunk}\n\n`).join(''),
  );
  const options = { profile, parse: 'text', reconnect: false };
  // The first waits until all have come, the others take theirs at once.
  const slow = connect(URL_, { ...options, fetch: scriptedFetch(answer(chunks)) });
  const quick = Array.from({ length: 3 }, () => connect(URL_, { ...options, fetch: scriptedFetch(answer(chunks)) }));
  const seen = quick.map(() => []);
  const waiting = [];
  slow.on('*', async (event) => {
    waiting.push(event);
    await settled();
  });
  quick.forEach((stream, at) => stream.on('*', (event) => seen[at].push(event)));
  await Promise.all([slow, ...quick].map(({ closed }) => closed));
  const expected = chunks.join('').match(/data: .*/g).map((line) => line.slice(6));
  for (const events of [waiting, ...seen]) assert.deepEqual(events.map(({ data }) => data), expected);
});

test('batches that come while others wait do not take the room of their rows', async () => {
  let request;
  const server = scriptedServer({
    answer(asked) {
      request = asked;
      asked.open({ headers: { 'content-type': 'text/event-stream' } });
    },
  });
  const stream = connect(URL_, { profile, parse: 'text', reconnect: false, fetch: server.fetch });
  const events = stream.events();
  const first = events.next();
  await until(() => request, 'the request was sent');
  const chunk = (number, count) =>
    Array.from({ length: count }, (_, at) => `${'x'.repeat(at)}${number}`);
  const send = async (payloads) => {
    request.sendRaw(inOneChunk(payloads));
    await until(() => request.unread === 0, 'the chunk was read');
    await settled();
  };
  const taken = [];
  const sent = [];
  for (let round = 0; round < 3; round += 1) {
    // Of each round the first is taken as a whole, and so leaves its room to those that follow.
    for (const count of [9, 7, 5, 8]) {
      const payloads = chunk(sent.length, count);
      sent.push(...payloads);
      await send(payloads);
      if (count === 9) {
        while (taken.length < sent.length) {
          taken.push((taken.length === 0 ? await first : await events.next()).value.data);
        }
      }
    }
    while (taken.length < sent.length) taken.push((await events.next()).value.data);
  }
  request.end();
  assert.deepEqual(taken, sent);
});
