// A burst leaves the page its turn: no task of it keeps the main thread for long.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Blank } from './blank.mjs';
import { browser, server, stage } from './stage.mjs';
import { launch } from './visit.mjs';

const EVENTS = 200_000;

stage(launch);

for (const consumer of ['handler', 'iterator']) {
  test(`200,000 events at once are taken by ${consumer} in many short tasks`, async () => {
    const context = await browser.newContext();
    const { page } = await Blank.open(context, server.url);
    const { count, longest, took } = await page.evaluate(burst, { consumer, events: EVENTS });
    await context.close();
    assert.equal(count, EVENTS);
    // On a busy machine a task is late with everything: it is a share of the whole then.
    assert.ok(longest < Math.max(50, took / 2), `a task of ${longest} ms, of ${took} ms in all`);
  });
}

/** In the page: everything is there at once, as after a long pause of the page. */
async function burst({ consumer, events }) {
  const { connect } = await import('/pkg/dist/index.js');
  const chunk = new TextEncoder().encode('data: {"a": 1, "b": "some text of a payload"}\n\n'.repeat(1_000));
  let left = events / 1_000;
  const pull = (body) => {
    left -= 1;
    body.enqueue(chunk);
    if (left === 0) body.close();
  };
  const fetch = async () =>
    new Response(new ReadableStream({ pull }), { headers: { 'content-type': 'text/event-stream' } });
  let longest = 0;
  const told = (list) => list.getEntries().forEach(({ duration }) => (longest = Math.max(longest, duration)));
  const observer = new PerformanceObserver(told);
  // The module is compiled before, as on a page that is running.
  await new Promise((resolve) => {
    const fetch = () => {
      resolve();
      return new Promise(() => {});
    };
    connect('/', { fetch, signal: AbortSignal.timeout(10_000) }).on('*', () => {});
  });
  await new Promise(requestAnimationFrame);
  observer.observe({ entryTypes: ['longtask'] });
  let count = 0;
  const start = performance.now();
  const stream = connect('/', { fetch, reconnect: false, parse: 'eager' });
  if (consumer === 'handler') {
    stream.on('*', ({ data }) => {
      count += data.a;
    });
    await stream.closed;
  } else {
    for await (const { data } of stream) count += data.a;
  }
  const took = Math.round(performance.now() - start);
  // A task is told of when it is over, by another.
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  told({ getEntries: () => observer.takeRecords() });
  return { count, longest, took };
}
