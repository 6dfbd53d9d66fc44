// A million events through the package in a page: what is alive at the end is what was alive
// after the first hundred thousand, by the browser's own count.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Blank, DASHTAM, id } from './blank.mjs';
import { until } from './server.mjs';
import { browser, server, stage } from './stage.mjs';
import { launch } from './visit.mjs';

const EARLY = 100_000;
const LATE = 1_000_000;
/** The server ends the stream after so many, and the next request goes on. */
const EVENTS_A_STREAM = 50_000;

stage(launch);

function events(from, to) {
  let text = '';
  for (let number = from; number < to; number += 1) {
    const data = `{"connection_id": "${id(number)}", "account_count": ${number}}`;
    text += `id: ${id(number)}\nevent: sync.accounts.completed\ndata: ${data}\n\n`;
  }
  return text;
}

test('a million events over many connections leave no memory of the page behind', async (t) => {
  const context = await browser.newContext();
  t.after(() => context.close());
  const blank = await Blank.open(context, server.url);
  const { control, page } = blank;
  const session = await context.newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await control.configure({ dashtam: { retry_ms: 1, rate_limit: null } });
  /** Has the server send these events, and waits until they and a last one are delivered. */
  const deliver = async (from, to) => {
    for (let number = from; number < to; number += EVENTS_A_STREAM) {
      const upTo = Math.min(number + EVENTS_A_STREAM, to);
      await control.script('GET', DASHTAM.path, [{ write: events(number, upTo) }]);
    }
    await control.cut(DASHTAM.path, 'clean');
    await has(to - 1);
    // Alone in its chunk: a text lives as long as any part of it, and the last id is one.
    await until('the stream to be idle', async () => (await control.connections()).length === 1);
    await blank.publish(to);
    await has(to);
  };
  /** Waits until the event of this number, and one for each before it, has been delivered. */
  const has = (number) =>
    until(`${number} events`, () => page.evaluate((all) => window.streams.stream.stats.delivered === all, number + 1), 180_000);
  /** What is alive after a forced collection. */
  const alive = async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = await session.send('Runtime.getHeapUsage');
    const wasm = await page.evaluate(() => window.memory.buffer.byteLength);
    return { heap: usedSize + embedderHeapUsedSize + backingStorageSize, wasm };
  };
  await blank.connect({ ...DASHTAM, forget: true, options: { reconnect: { minDelay: 1, maxDelay: 2 } } });
  await blank.inState('open');

  const fresh = await alive();
  await deliver(0, EARLY);
  const early = await alive();
  await deliver(EARLY + 1, LATE);
  const late = await alive();
  const { delivered, reconnections } = await page.evaluate(() => window.streams.stream.stats);
  assert.equal(delivered, LATE + 1);
  assert.ok(reconnections >= LATE / EVENTS_A_STREAM);
  const told = ({ heap, wasm }) => `${heap} bytes of heap, ${wasm} of WebAssembly`;
  t.diagnostic(`alive before: ${told(fresh)}`);
  t.diagnostic(`alive after ${EARLY} events: ${told(early)}`);
  t.diagnostic(`alive after ${LATE} events: ${told(late)}`);
  // A byte for each event would be more.
  assert.ok(late.heap < early.heap + 512 * 1024, `the heap grew from ${early.heap} to ${late.heap} bytes`);
  // It never shrinks; of the chunks of 2 MiB that Chromium makes, it takes slices.
  assert.ok(late.wasm < 5 * 1024 * 1024, `the module grew from ${early.wasm} to ${late.wasm} bytes`);
});
