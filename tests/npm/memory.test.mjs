// A million events through the real WebAssembly module: what is alive at the end is what was
// alive after the first hundred thousand.

import assert from 'node:assert/strict';
import test from 'node:test';
import v8 from 'node:v8';
import vm from 'node:vm';
import { connect } from '../../pkg/dist/index.js';
import { dashtam } from '../../pkg/dist/profiles/index.js';

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');

const EVENTS = 1_000_000;
const EVENTS_A_CHUNK = 400;
/** The server cuts after so many chunks, and the next request goes on. */
const CHUNKS_A_STREAM = 100;

test('a million events over many connections leave no memory behind', async () => {
  const encoder = new TextEncoder();
  let sent = 0;
  const chunk = () => {
    let text = '';
    for (let n = 0; n < EVENTS_A_CHUNK; n += 1, sent += 1) {
      const id = String(sent).padStart(12, '0');
      text += `id: ${id}\nevent: sync.accounts.completed\ndata: {"connection_id": "${id}", "account_count": ${n}}\n\n`;
    }
    return encoder.encode(text);
  };
  let requests = 0;
  const fetch = async () => {
    requests += 1;
    let chunks = 0;
    const body = new ReadableStream(
      {
        pull(controller) {
          if (chunks === CHUNKS_A_STREAM || sent === EVENTS) controller.close();
          else controller.enqueue(chunk());
          chunks += 1;
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  const alive = () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  let delivered = 0;
  let early = 0;
  const stream = connect('http://test.example/events', {
    profile: dashtam,
    fetch,
    reconnect: { minDelay: 1, maxDelay: 2 },
  });
  await new Promise((done) => {
    stream.on('*', () => {
      delivered += 1;
      if (delivered === EVENTS / 10) early = alive();
      if (delivered === EVENTS) done();
    });
  });
  const late = alive();
  stream.close();
  await stream.closed;
  console.log(`${early} bytes alive after 100,000 events, ${late} after 1,000,000, ${requests} requests`);
  assert.equal(delivered, EVENTS);
  // A leak of three bytes an event would show; the engine itself moves by a megabyte.
  assert.ok(late < early + 2.5 * 1024 * 1024, `${early} bytes grew to ${late}`);
});
