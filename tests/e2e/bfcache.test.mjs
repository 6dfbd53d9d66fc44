// The browser's real back/forward cache: a page with a stream goes in, and comes back.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Blank, DASHTAM, IN_THE_MIDDLE, STOCK, cursorOf, id } from './blank.mjs';
import { until } from './server.mjs';
import { browser, server, stage } from './stage.mjs';
import { launchUntouched } from './untouched.mjs';

stage(launchUntouched);

let blank;

beforeEach(async () => {
  blank = await Blank.open(browser.context, server.url);
});
afterEach(() => blank.page.close());

/** Away from the page; `meanwhile` runs there; and back to it, as it was. */
async function leaveAndReturn(meanwhile) {
  const { page } = blank;
  await page.goto(`${server.url}/there`);
  await meanwhile();
  // A page out of the cache is not loaded, it is only shown.
  await page.goBack({ waitUntil: 'commit' });
  await page.waitForFunction(() => location.pathname === '/here');
  const { shows, reasons } = await page.evaluate(() => ({
    shows: window.shows,
    reasons: performance.getEntriesByType('navigation')[0].notRestoredReasons,
  }));
  assert.deepEqual(shows, [false, true], `loaded anew, not taken from the cache: ${JSON.stringify(reasons)}`);
}

test('a stream is given up with its page, and goes on from the last event when the page is back', async () => {
  const { control } = blank;
  await blank.connect(DASHTAM);
  await blank.inState('open');
  await blank.publish(1);
  await blank.received(1);

  await leaveAndReturn(async () => {
    await until('the connection to be gone', async () => {
      const requests = await control.requests(DASHTAM.path);
      return requests.length === 1 && requests[0].state === 'client-gone';
    });
    await blank.publish(2);
  });

  await blank.inState('open');
  await blank.received(2);
  await blank.publish(3);
  assert.deepEqual((await blank.received(3)).map((event) => event.id), [id(1), id(2), id(3)]);
  const requests = await control.requests(DASHTAM.path);
  assert.deepEqual(requests.map(({ state }) => state), ['client-gone', 'open']);
  assert.deepEqual(requests.map(cursorOf), [null, id(1)]);
});

test('an answer goes on while its page is put away, arrives whole, and is not asked for again', async () => {
  const { control } = blank;
  const words = Array.from({ length: 20 }, (_, nth) => `word ${nth} `);
  await control.arm(IN_THE_MIDDLE);
  await control.answer('stock', [...words.map((content) => ({ type: 'chunk', content })), '[DONE]'], 1);
  await blank.connect(STOCK);
  await blank.received(1);

  await leaveAndReturn(async () => {
    const [{ state }] = await control.requests(STOCK.path);
    assert.equal(state, 'open', 'the page was left in the middle of the answer');
    await control.release(STOCK.path);
    await until('the answer to be over', async () => (await control.requests(STOCK.path))[0].state !== 'open');
  });

  assert.equal((await blank.closed()).reason, 'ended');
  assert.deepEqual((await blank.received(words.length)).map(({ data }) => data.content), words);
  assert.equal((await control.requests(STOCK.path)).length, 1);
});
