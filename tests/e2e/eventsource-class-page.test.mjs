// The package's EventSource on pages that are not as others are.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { openScenarios } from './eventsource-class.server.mjs';
import { launch } from './visit.mjs';

let scenarios;
let browser;

before(async () => {
  scenarios = await openScenarios();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await scenarios?.close();
});

async function visit(path) {
  const page = await browser.newPage();
  const errors = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.goto(scenarios.url + path);
  return { page, errors };
}

test('a page that forbids WebAssembly gets an error, closed, and the console says what helps', async () => {
  const { page, errors } = await visit('/strict');
  const state = await page.evaluate(async () => {
    const { EventSource } = await import('/pkg/dist/eventsource.js');
    const source = new EventSource('/run-strict/live/');
    const before = source.readyState;
    await new Promise((resolve) => source.addEventListener('error', resolve));
    return [before, source.readyState];
  });
  assert.deepEqual(state, [0, 2]);
  const [why] = errors.filter((text) => text.startsWith('EventSource: '));
  assert.match(why, /Content-Security-Policy.*'wasm-unsafe-eval'/);
});

test('a query is written in the encoding of its document, as the browser does', async () => {
  const { page } = await visit('/latin');
  const urls = await page.evaluate(async () => {
    const ours = (await import('/pkg/dist/eventsource.js')).EventSource;
    return [EventSource, ours].map((Source) => {
      const source = new Source('/run-latin/never/?q=ä#ä');
      source.close();
      return source.url;
    });
  });
  assert.equal(urls[1], urls[0]);
  assert.match(urls[0], /\?q=%E4#%C3%A4$/);
});

test('a burst leaves the page to do other things before it is over', async () => {
  const { page } = await visit('/');
  const { before, first, count } = await page.evaluate(async () => {
    const { EventSource } = await import('/pkg/dist/eventsource.js');
    const source = new EventSource('/run-burst/burst/');
    let count = 0;
    let first;
    let before = 0;
    const take = () => {
      count += 1;
      // Each takes its time, and together they take longer than a page may be held.
      const end = performance.now() + 0.05;
      while (performance.now() < end);
      if (count === 1) setTimeout(() => { first = count; });
      if (first === undefined) before = count;
    };
    source.addEventListener('a', take);
    source.addEventListener('b', take);
    await new Promise((resolve) => source.addEventListener('done', resolve));
    source.close();
    return { before, first, count };
  });
  assert.equal(count, 5_000);
  assert.ok(first < 5_000 && before < 5_000, `a timer of no time fired after ${first} events`);
});
