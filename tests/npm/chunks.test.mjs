// Chunks that come in one go are told together, and those that do not wait for nobody.

import assert from 'node:assert/strict';
import test from 'node:test';
import { connect } from '../../pkg/dist/index.js';
import { settled, until } from './scripted.mjs';

const url = 'http://test.example/events';
const headers = { 'content-type': 'text/event-stream' };
const encoder = new TextEncoder();
const bytes = (text) => encoder.encode(`data: ${text}\n\n`);

/** A stream that is read from a script, and how often it was asked for a chunk. */
function scripted(pull, options) {
  const asked = { times: 0 };
  const source = {
    pull(controller) {
      asked.times += 1;
      return pull(controller, asked.times);
    },
  };
  const fetch = async () => new Response(new ReadableStream(source, { highWaterMark: 0 }), { headers });
  const stream = connect(url, { fetch, reconnect: false, parse: 'text', ...options });
  return { stream, asked };
}

const never = () => new Promise(() => {});

test('chunks that are there at once are told together', async () => {
  const { stream, asked } = scripted((controller, times) => {
    if (times > 5) return never();
    controller.enqueue(bytes(times));
  });
  const seen = [];
  stream.on('*', ({ data }) => seen.push([data, asked.times]));
  await until(() => seen.length === 5, 'all came');
  assert.deepEqual(
    seen.map(([data]) => data),
    ['1', '2', '3', '4', '5'],
  );
  // The first was told when all had been read.
  assert.equal(seen[0][1], 6);
  stream.close();
});

test('also where each waits for a few microtasks, as behind a pipe', async () => {
  let sent = 0;
  const cut = new TransformStream({
    transform(text, controller) {
      controller.enqueue(bytes(text));
    },
  });
  const body = new ReadableStream({
    pull(controller) {
      sent += 1;
      if (sent > 5) return never();
      controller.enqueue(sent);
    },
  }).pipeThrough(cut);
  const fetch = async () => new Response(body, { headers });
  const stream = connect(url, { fetch, reconnect: false, parse: 'text' });
  const batches = [];
  for await (const batch of stream.batches()) {
    batches.push(batch.map(({ data }) => data));
    if (batches.flat().length === 5) stream.close();
  }
  assert.deepEqual(batches, [['1', '2', '3', '4', '5']]);
});

test('a lone chunk is told though nothing follows it', async () => {
  let more;
  const { stream } = scripted((controller, times) => {
    if (times === 1) controller.enqueue(bytes('first'));
    else
      return new Promise((resolve) => {
        more = () => resolve(controller.enqueue(bytes('second')));
      });
  });
  const seen = [];
  stream.on('*', ({ data }) => seen.push(data));
  await until(() => seen.length === 1, 'the first came');
  more();
  await until(() => seen.length === 2, 'the second came');
  assert.deepEqual(seen, ['first', 'second']);
  stream.close();
});

test('what came before an error is told before it', async () => {
  const { stream } = scripted((controller, times) => {
    if (times < 3) controller.enqueue(bytes(times));
    else controller.error(new Error('the line is dead'));
  });
  const seen = [];
  stream.on('*', ({ data }) => seen.push(data));
  const { reason, error } = await stream.closed;
  assert.deepEqual([seen, reason], [['1', '2'], 'interrupted']);
  assert.match(error.message, /the line is dead/);
});

test('a chunk that cannot be copied takes nothing with it of those it was read with', async () => {
  const { stream } = scripted((controller, times) => {
    const chunk = bytes(times);
    controller.enqueue(chunk);
    if (times === 3) structuredClone(chunk, { transfer: [chunk.buffer] });
  });
  const seen = [];
  stream.on('*', ({ data }) => seen.push(data));
  const { reason, error } = await stream.closed;
  assert.deepEqual([seen, reason], [['1', '2'], 'interrupted']);
  assert.match(error.message, /detached/);
});

test('while nobody takes what came, hardly more is read', async () => {
  const chunk = bytes('x'.repeat(10_000));
  const { stream, asked } = scripted((controller) => controller.enqueue(chunk), { buffer: { events: 4 } });
  const events = stream.events();
  await events.next();
  let before;
  do {
    before = asked.times;
    await settled();
  } while (asked.times !== before);
  // What waits to be taken, what may be gathered then, and the one that is under way.
  assert.ok(asked.times <= 4 + 4 + 1, `${asked.times} chunks`);
  for (let taken = 0; taken < 100; taken += 1) await events.next();
  assert.ok(asked.times > 100);
  stream.close();
});

test('a chunk that is told in slices is told as a whole, whatever was read with it', async () => {
  const long = 'y'.repeat(700_000);
  const { stream } = scripted((controller, times) => {
    if (times === 4) controller.close();
    else controller.enqueue(bytes(times === 2 ? long : times));
  });
  const seen = [];
  stream.on('*', ({ data }) => seen.push(data));
  assert.equal((await stream.closed).reason, 'ended');
  assert.deepEqual(seen, ['1', long, '3']);
});
