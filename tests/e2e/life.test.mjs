// What a page with streams goes through in a browser: reloads, other tabs, sleep, no network.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Blank, DASHTAM, IN_THE_MIDDLE, STOCK, cursorOf, id } from './blank.mjs';
import { until } from './server.mjs';
import { browser, server, stage } from './stage.mjs';
import { launchUntouched } from './untouched.mjs';

stage(launchUntouched);

let blank;
/** Tabs that a test opened beside its own. */
let others;

beforeEach(async () => {
  others = [];
  blank = await Blank.open(browser.context, server.url);
});
afterEach(() => Promise.all([blank.page, ...others].map((page) => page.close())));

/** Waits until the requests for a path are in these states, and gives them. */
function requestsIn(states, path = DASHTAM.path) {
  return until(`requests in ${states}`, async () => {
    const requests = await blank.control.requests(path);
    return requests.map(({ state }) => state).join() === states.join() && requests;
  });
}

/** Puts another tab before the test's own. */
async function hide() {
  const other = await browser.context.newPage();
  others.push(other);
  await other.bringToFront();
  await blank.page.waitForFunction(() => document.visibilityState === 'hidden', undefined, { polling: 25 });
}

async function setLifecycle(state) {
  const session = await browser.context.newCDPSession(blank.page);
  await session.send('Page.setWebLifecycleState', { state });
  await session.detach();
}

function logged(news, type) {
  return news.filter((one) => one.type === type);
}

test('a page that is loaded again goes on after the last event that it had consumed', async () => {
  const stream = { ...DASHTAM, store: true };
  await blank.connect({ ...stream, holdAt: 3 });
  await blank.inState('open');
  await blank.publish(1, 2, 3, 4);
  await blank.received(3);

  await blank.page.reload();
  await blank.connect(stream);
  const received = await blank.received(2);
  assert.deepEqual(received.map((event) => event.id), [id(3), id(4)]);
  const requests = await requestsIn(['client-gone', 'open']);
  assert.deepEqual(requests.map(cursorOf), [null, id(2)]);
});

test('what one tab has stored is not where another begins', async () => {
  const stream = { ...DASHTAM, store: true };
  await blank.connect(stream);
  await blank.inState('open');
  await blank.publish(1);
  await blank.received(1);
  const other = await blank.tab(browser.context);
  others.push(other);
  await blank.connect(stream, 'stream', other);
  const requests = await requestsIn(['open', 'open']);
  assert.deepEqual(requests.map(cursorOf), [null, null]);
});

test('streams that share are one connection, each with its own filter, closed with the last of them', async () => {
  const stream = { ...DASHTAM, options: { share: true } };
  await blank.connect(stream, 'all');
  await blank.inState('open', 'all');
  await blank.connect({ ...stream, options: { share: true, types: ['provider.*'] } }, 'provider');
  await blank.inState('open', 'provider');
  await blank.publish(1);
  const refreshed = { event: 'provider.token.refreshed', id: id(2), data: { provider_slug: 'bank' } };
  await blank.control.publish({ system: 'dashtam', ...refreshed });
  await blank.received(2, 'all');
  assert.deepEqual((await blank.received(1, 'provider')).map((event) => event.id), [id(2)]);

  await blank.page.evaluate(() => window.streams.all.close());
  await blank.control.publish({ system: 'dashtam', ...refreshed, id: id(3) });
  await blank.received(2, 'provider');
  assert.equal((await blank.received(2, 'all')).length, 2, 'a closed stream receives nothing');
  await requestsIn(['open']);
  await blank.page.evaluate(() => window.streams.provider.close());
  await requestsIn(['client-gone']);
});

test('a sharer that wants more than the others widens the connection, and nobody misses or repeats anything', async () => {
  const shared = (categories) => ({ ...DASHTAM, options: { share: true, categories } });
  await blank.connect(shared(['security']), 'security');
  await blank.inState('open', 'security');
  await blank.publish(1);
  await blank.received(1, 'security');
  await blank.connect(shared(['provider']), 'provider');
  // The new connection is made before the old one is broken, and takes over once both brought an event.
  await requestsIn(['open', 'open']);
  await blank.publish(2);
  const requests = await requestsIn(['client-gone', 'open']);
  assert.deepEqual(requests.map(({ query }) => new URLSearchParams(query).get('categories')), ['security', 'provider,security']);
  await blank.control.publish({
    system: 'dashtam',
    event: 'provider.token.refreshed',
    id: id(3),
    data: { provider_slug: 'bank' },
  });
  await blank.publish(4);
  assert.deepEqual((await blank.received(3, 'security')).map((event) => event.id), [id(1), id(2), id(4)]);
  assert.deepEqual((await blank.received(1, 'provider')).map((event) => event.id), [id(3)]);
});

test('a page that nobody sees gives up the streams that are to pause, and no others', async () => {
  await blank.connect({ ...DASHTAM, options: { pauseWhenHidden: true } }, 'pausing');
  await blank.connect(DASHTAM, 'staying');
  for (const name of ['pausing', 'staying']) await blank.inState('open', name);
  await blank.publish(1);
  for (const name of ['pausing', 'staying']) await blank.received(1, name);

  await hide();
  await blank.inState('waiting', 'pausing');
  await until('one connection to be gone', async () => (await blank.control.connections()).length === 1);
  await blank.publish(2);
  await blank.received(2, 'staying');
  assert.equal((await blank.record('pausing')).events.length, 1);

  await blank.page.bringToFront();
  assert.deepEqual((await blank.received(2, 'pausing')).map((event) => event.id), [id(1), id(2)]);
  const requests = await blank.control.requests(DASHTAM.path);
  assert.deepEqual(requests.map(cursorOf), [null, null, id(1)]);
  assert.deepEqual(logged((await blank.record('pausing')).news, 'error'), [], 'it is no failure');
});

test('a stream that is to pause, begun where nobody sees it, waits until somebody does', async () => {
  await hide();
  await blank.connect({ ...DASHTAM, options: { pauseWhenHidden: true } });
  await blank.inState('waiting');
  assert.deepEqual(await blank.control.requests(DASHTAM.path), []);
  await blank.page.bringToFront();
  await blank.inState('open');
  await requestsIn(['open']);
});

test('without a network a stream waits, and tries at once when the network is back', async (t) => {
  // So long that only the news of the network can be what ends the wait.
  await blank.connect({ ...DASHTAM, options: { reconnect: { minDelay: 30_000, jitter: false } } });
  await blank.inState('open');
  await blank.publish(1);
  await blank.received(1);
  t.after(() => browser.context.setOffline(false));
  await browser.context.setOffline(true);
  // A browser does not break what is open by itself: the cut is what a network that is gone would do.
  await blank.control.cut(DASHTAM.path, 'rst');
  await blank.inState('waiting');
  const [{ delay, willRetry }] = logged((await blank.record()).news, 'error');
  assert.deepEqual([willRetry, delay], [true, 30_000]);
  await blank.publish(2);

  const back = await blank.page.evaluate(() => performance.now());
  await browser.context.setOffline(false);
  assert.deepEqual((await blank.received(2)).map((event) => event.id), [id(1), id(2)]);
  const again = logged((await blank.record()).news, 'open').at(-1).at - back;
  assert.ok(again < 10_000, `${again} ms after the network was back`);
  assert.equal(cursorOf((await blank.control.requests(DASHTAM.path)).at(-1)), id(1));
});

test('a page that is frozen gives its stream up, and goes on after the last id when it thaws', async () => {
  await blank.connect(DASHTAM);
  await blank.inState('open');
  await blank.publish(1);
  await blank.received(1);
  await hide();
  await setLifecycle('frozen');
  await requestsIn(['client-gone']);
  await blank.publish(2);
  await setLifecycle('active');
  // Still hidden: a stream that is not to pause comes back all the same.
  assert.deepEqual((await blank.received(2)).map((event) => event.id), [id(1), id(2)]);
  const requests = await requestsIn(['client-gone', 'open']);
  assert.deepEqual(requests.map(cursorOf), [null, id(1)]);
  assert.deepEqual(await blank.page.evaluate(() => window.lifecycle), ['freeze', 'resume']);
});

test('an answer to a page that is frozen is neither broken off nor asked for again', async () => {
  const words = Array.from({ length: 20 }, (_, nth) => `word ${nth} `);
  await blank.control.arm(IN_THE_MIDDLE);
  await blank.control.answer('stock', [...words.map((content) => ({ type: 'chunk', content })), '[DONE]'], 1);
  await blank.connect(STOCK);
  await blank.received(1);
  await hide();
  await setLifecycle('frozen');
  await requestsIn(['open'], STOCK.path);
  await blank.control.release(STOCK.path);
  await requestsIn(['finished'], STOCK.path);
  await setLifecycle('active');
  assert.equal((await blank.closed()).reason, 'ended');
  assert.deepEqual((await blank.received(words.length)).map(({ data }) => data.content), words);
  await requestsIn(['finished'], STOCK.path);
  assert.deepEqual(await blank.page.evaluate(() => window.lifecycle), ['freeze', 'resume']);
});
