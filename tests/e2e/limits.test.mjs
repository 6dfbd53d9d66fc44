// What never answers is waited for ten seconds, and no longer: by the clock on the wall.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Blank, DASHTAM, cursorOf } from './blank.mjs';
import { browser, server, stage } from './stage.mjs';
import { launch } from './visit.mjs';

/** Milliseconds. A timer is never early; a busy machine is late. */
const LIMIT = { least: 9_990, most: 18_000 };

stage(launch);

async function openBlank(t) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const blank = await Blank.open(context, server.url);
  blank.errors = [];
  blank.page.on('pageerror', ({ message }) => blank.errors.push(message));
  return blank;
}

// Side by side: each of them waits.
test('what never answers', { concurrency: true }, async (t) => {
  await Promise.all([
    t.test('a token that never comes is a failed attempt after ten seconds, and is asked for again', async (t) => {
      const blank = await openBlank(t);
      await blank.connect({ ...DASHTAM, hang: 'token', options: { reconnect: { minDelay: 10, maxDelay: 20 } } });
      await blank.inState('open');
      const { news, began } = await blank.record();
      const failures = news.filter(({ type }) => type === 'error');
      assert.deepEqual(failures.map(({ code, willRetry }) => [code, willRetry]), [['token', true]]);
      assert.match(failures[0].message, /token/);
      const waited = failures[0].at - began;
      assert.ok(waited >= LIMIT.least && waited <= LIMIT.most, `${waited} ms`);
      assert.equal((await blank.control.requests(DASHTAM.path)).length, 1, 'nothing is sent without it');
      assert.deepEqual(blank.errors, []);
    }),
    t.test('a store that never answers holds a stream up for ten seconds, is reported, and is done without', async (t) => {
      const blank = await openBlank(t);
      await blank.connect({ ...DASHTAM, hang: 'store' });
      await blank.inState('open');
      const { news, began } = await blank.record();
      const waited = news.find(({ type }) => type === 'open').at - began;
      assert.ok(waited >= LIMIT.least && waited <= LIMIT.most, `${waited} ms`);
      assert.deepEqual(blank.errors, ['store: get did not answer for 10 s']);
      await blank.publish(1);
      await blank.received(1);
      assert.deepEqual((await blank.control.requests(DASHTAM.path)).map(cursorOf), [null]);
    }),
  ]);
});
