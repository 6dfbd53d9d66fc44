// The package's EventSource beside the browser's own: the same server, the same script, the same
// transcript of what the page saw and of what the server was asked, in a window and in workers.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { SCENARIOS, WINDOW } from './eventsource-class.page.js';
import { openScenarios } from './eventsource-class.server.mjs';
import { launch } from './visit.mjs';

/**
 * Where the two differ, and why. The lines that only the one or the other tells, in order; whatever
 * else they tell must be the same.
 */
const DIFFERENCES = {
  // By the standard the charset counts for nothing; Chromium refuses all but UTF-8.
  'a content type is taken or refused': {
    browser: ['error CLOSED'],
    package: ['open OPEN', 'message OPEN "x" "" HERE'],
  },
  // An origin that Chromium is given it parses, for every event: ours inherit it.
  'an event is what the standard makes of it': {
    browser: Array(3).fill('prototype true'),
    package: Array(3).fill('prototype false'),
  },
  // No script can make a trusted event.
  'only the browser is trusted': {
    browser: ['isTrusted true', 'isTrusted true'],
    package: ['isTrusted false', 'isTrusted false'],
  },
  // An event that a script dispatches has that script on the stack until its last listener was called.
  'microtasks run between two listeners of one event': {
    order: ['listener 1', 'listener 2', 'microtask of 1', 'microtask of 2'],
  },
  // Only the browser's own class sends the header to another origin without asking first.
  'a reconnection to another origin carries the id': {
    browser: [],
    package: ['asked {"method":"OPTIONS","path":"preflight/","accept":"*/*","cache":"no-cache"}'],
  },
  // No script is told why a request failed: that is found out by asking again, first for nothing.
  'another origin that refuses': {
    browser: [],
    package: ['none', 'other', 'any'].flatMap((rule) => {
      const cookie = rule === 'any' ? ',"cookie":"crumb=1"' : '';
      return ['*/*', 'text/event-stream'].map(
        (accept) => `asked {"method":"GET","path":"cors/${rule}","accept":"${accept}","cache":"no-cache"${cookie}}`,
      );
    }),
  },
  'another origin that refuses from the second request on': {
    browser: [],
    package: ['*/*', 'text/event-stream'].map(
      (accept) => `asked {"method":"GET","path":"cors/lost","accept":"${accept}","cache":"no-cache"}`,
    ),
  },
  // To fetch, being stopped is a network error like any other: it goes on.
  ...Object.fromEntries(
    Object.keys(WINDOW).map((name) => [
      name,
      { browser: ['error CLOSED', 'CLOSED'], package: ['error CONNECTING', 'CONNECTING'] },
    ]),
  ),
};

let scenarios;
let browser;

const PLACES = {
  'window': () => async (...args) => (await import('/eventsource-class.page.js')).play(...args),
  'dedicated worker': (by) => by(new Worker('/eventsource-class.worker.js', { type: 'module' })),
  'shared worker': (by) => by(new SharedWorker('/eventsource-class.worker.js', { type: 'module' }).port),
};
/** By place and class: a page, each of a browser of its own as far as connections and cookies go. */
const pages = {};

before(async () => {
  scenarios = await openScenarios();
  browser = await launch();
  for (const [where, player] of Object.entries(PLACES)) {
    pages[where] = {};
    for (const which of ['native', 'ours']) {
      const page = await (await browser.newContext()).newPage();
      await page.goto(`${scenarios.url}/`);
      await page.evaluate(`(() => {
        const by = ${calls};
        globalThis.play = (${player})(by);
      })()`);
      pages[where][which] = page;
    }
  }
});
after(async () => {
  await browser?.close();
  await scenarios?.close();
});

/** In the page: plays by a worker that is behind a port. */
function calls(port) {
  return (...args) =>
    new Promise((resolve) => {
      const call = Math.random();
      port.addEventListener('message', ({ data }) => data.call === call && resolve(data.log));
      port.start?.();
      port.postMessage({ call, args });
    });
}

let runs = 0;

/** What the page and the server tell of a scenario. */
async function transcript(where, name, which) {
  const id = `run-${(runs += 1)}`;
  const args = [name, which, id, scenarios.other];
  const seen = await pages[where][which].evaluate((args) => globalThis.play(...args), args);
  const asked = scenarios.requests(id).map((request) => `asked ${JSON.stringify(request)}`);
  return [...seen, ...asked];
}

/** Lines of `one` that are not in `two`, as often as they are in it, in order. */
function only(one, two) {
  const left = [...two];
  return one.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

describe('EventSource', { concurrency: true }, () => {
  for (const where of Object.keys(PLACES)) {
    describe(where, { concurrency: false }, () => {
      const all = { ...SCENARIOS, ...(where === 'window' ? WINDOW : {}) };
      for (const name of Object.keys(all)) test(name, () => compare(where, name));
    });
  }
});

async function compare(where, name) {
  const [native, ours] = await Promise.all([transcript(where, name, 'native'), transcript(where, name, 'ours')]);
  assert.ok(native.length > 0 && !native.includes('TIMEOUT'), native.join('\n'));
  const difference = DIFFERENCES[name];
  if (difference === undefined) {
    assert.deepEqual(ours, native);
  } else if (difference.order !== undefined) {
    assert.deepEqual(ours.slice(0, difference.order.length), difference.order);
    assert.notDeepEqual(ours, native);
    assert.deepEqual(ours.toSorted(), native.toSorted());
  } else {
    assert.deepEqual({ browser: only(native, ours), package: only(ours, native) }, difference);
  }
}
