// The page's view of its connections' lives, and what it can do at their other end.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { afterEach, beforeEach, test } from 'node:test';

import { root, until } from './server.mjs';
import { browser, server, stage } from './stage.mjs';
import { ENDLESS, PANELS, Visit, count, delivered, inState, launch, panel } from './visit.mjs';

stage(launch);

let visit;

beforeEach(() => {
  visit = new Visit(browser, server.url);
});
afterEach(() => visit.end());

const loginFailed = { system: 'dashtam', event: 'security.login.failed', data: { reason: 'wrong password' } };

/** One panel's connection section, opened. */
async function opened(page, name) {
  const toggle = panel(page, name).locator('.life-toggle');
  await toggle.click();
  assert.equal(await toggle.getAttribute('aria-expanded'), 'true');
  const life = panel(page, name).locator('.life');
  await life.waitFor({ state: 'visible' });
  return {
    press: (act) => life.locator(`.life-${act}`).click(),
    label: (act) => life.locator(`.life-${act}`).textContent(),
    /** Entries of a kind, oldest first. */
    async log(kind) {
      const texts = await life.locator(`li[data-kind="${kind}"] p`).allTextContents();
      return texts.reverse();
    },
    /** Waits for an entry of a kind that matches, and gives it. */
    entry(kind, pattern) {
      return until(`${pattern} in the log`, async () => (await this.log(kind)).find((text) => pattern.test(text)));
    },
    count: (name) => life.locator(`[data-count="${name}"]`).textContent(),
    /** Waits for a count: it is drawn a frame after what is counted has entered the log. */
    counted(name, count) {
      return until(`${count} ${name}`, async () => (await this.count(name)) === String(count));
    },
  };
}

/** The states that a panel's timeline shows, oldest first. */
function timeline(page, name) {
  return panel(page, name).locator('[data-span]').evaluateAll((spans) => spans.map((span) => span.dataset.span));
}

/** What went wrong, beside what the browser itself logs of broken and refused requests. */
function unexpected() {
  return visit.errors.filter((text) => !/net::ERR_|status of 503/.test(text));
}

test('a cut shows: the wait, the attempt with its reason and delay, the way back, and the gap', async () => {
  const page = await visit.quietTab();
  const control = visit.control('dashtam');
  await control.publish(loginFailed);
  await delivered(page, 'dashtam', 1);
  const life = await opened(page, 'dashtam');
  assert.equal(await life.count('reconnections'), '0');
  assert.equal(await life.count('gaps'), '0');

  await life.press('cut');
  await life.entry('server', /^Server reset 1 stream$/);
  await life.entry('failed', /^Failed network, .+; again in \d+\.\d s$/);
  await until('the wait on the timeline', async () => (await timeline(page, 'dashtam')).includes('waiting'));
  await life.entry('resumed', /^Resumed with/);
  await inState(page, 'dashtam', 'open');
  // The server keeps events, but nothing proves that none was lost.
  await life.entry('gap', /^Gap .+, after [0-9a-f]{8}…$/);
  await life.counted('reconnections', 1);
  await life.counted('gaps', 1);
  assert.equal((await life.log('open')).length, 2);

  const states = await until('the timeline to end open', async () => {
    const found = await timeline(page, 'dashtam');
    return found.at(-1) === 'open' && found;
  });
  assert.ok(states.indexOf('waiting') > states.indexOf('open'), states.join());
  const spoken = await panel(page, 'dashtam').locator('.timeline').getAttribute('aria-label');
  assert.match(spoken, /^Dashtam connection over the last minute: .*open .*, waiting .* s, .*open .* s$/);
  await control.publish(loginFailed);
  await delivered(page, 'dashtam', 2);
  assert.ok((await page.evaluate('window.shifted')) < 0.02);
  assert.deepEqual(unexpected(), []);
});

test('a stalled stream stays open and silent, and goes on where it was', async () => {
  const page = await visit.quietTab();
  const control = visit.control('dashtam');
  const life = await opened(page, 'dashtam');
  await life.press('stall');
  await life.entry('server', /^Server stalls 1 stream$/);
  assert.equal(await life.label('stall'), 'Go on');
  assert.deepEqual((await control.connections()).map(({ state }) => state), ['stalled']);
  await control.publish(loginFailed, loginFailed);
  // What was published after it elsewhere has long come.
  await visit.control('hive').publish({ system: 'hive', session: 'session_demo', type: 'tool_call_started', data: {} });
  await delivered(page, 'hive', 1);
  assert.equal(await count(page, 'dashtam'), 0);
  assert.equal(await panel(page, 'dashtam').getAttribute('data-state'), 'open');

  await life.press('stall');
  await life.entry('server', /^Server goes on with 1 stream$/);
  await delivered(page, 'dashtam', 2);
  assert.equal(await life.label('stall'), 'Stall');
  assert.deepEqual(await life.log('failed'), []);
  assert.deepEqual(unexpected(), []);
});

test('a stall ends with its connection, and the button says so', async () => {
  const page = await visit.quietTab();
  const life = await opened(page, 'cortex');
  await life.press('stall');
  await life.entry('server', /stalls 1 stream$/);
  await life.press('cut');
  await life.entry('failed', /network/);
  await until('the button to offer a stall', async () => (await life.label('stall')) === 'Stall');
  await life.entry('resumed', /./);
  assert.deepEqual(unexpected(), []);
});

test('a failing attempt shows its status, and the delay that the server asked for', async () => {
  const page = await visit.quietTab();
  const life = await opened(page, 'cortex');
  await life.press('fail');
  await life.entry('server', /^Server will answer the next attempt with 503$/);
  await life.press('cut');
  const failed = await life.entry('failed', /503/);
  assert.match(failed, /^Failed 503, .+; again in \d+\.\d s$/);
  assert.ok(Number(/in (\d+\.\d) s/.exec(failed)[1]) >= 2, `Retry-After is honoured: ${failed}`);
  await life.entry('resumed', /./);
  await inState(page, 'cortex', 'open');
  await life.counted('reconnections', 1);
  assert.deepEqual(unexpected(), []);
});

test('a restart ends the stream, loses what was kept, refuses once, and the stream comes back', async () => {
  const page = await visit.quietTab();
  const control = visit.control('hive');
  // Of a type that Hive keeps and sends again.
  const said = (content) => ({ system: 'hive', session: 'session_demo', type: 'client_output_delta', stream_id: 'queen', data: { content } });
  await control.publish(said('before'));
  await delivered(page, 'hive', 1);
  const life = await opened(page, 'hive');
  await life.press('restart');
  await life.entry('server', /^Server restarts, ending 1 stream and forgetting what it kept$/);
  await life.entry('failed', /503/);
  await life.entry('resumed', /./);
  await inState(page, 'hive', 'open');
  await control.publish(said('after'));
  await delivered(page, 'hive', 2);
  // Who comes now is sent the whole history, oldest first.
  const newcomer = await visit.quietTab();
  await delivered(newcomer, 'hive', 1);
  const rows = panel(newcomer, 'hive').locator('.row-fields');
  await until('its rows', () => rows.count());
  assert.deepEqual((await rows.allTextContents()).map((text) => /before|after/.exec(text)?.[0]), ['after']);
  assert.deepEqual(unexpected(), []);
});

test('a question that is cut is not asked again, and the log says how it ended', async () => {
  const page = await visit.tab();
  const name = 'stock-agent';
  const control = visit.control(name);
  await until('the sample to be answered', async () => (await panel(page, name).locator('.state-text').textContent()) === 'Answered');
  const words = Array.from({ length: 40 }, (_, index) => ({ type: 'chunk', content: `word ${index} ` }));
  await control.answer('stock', words, 300);
  await panel(page, name).locator('.send').click();
  await until('the first words', async () => /^word 0/.test(await panel(page, name).locator('.reply').textContent()));
  const life = await opened(page, name);
  await life.press('cut');
  await life.entry('closed', /^Closed interrupted/);
  await until('the panel to say so', async () => (await panel(page, name).locator('.state-text').textContent()) === 'Interrupted');
  await until('the timeline to end closed', async () => (await timeline(page, name)).at(-1) === 'closed');
  assert.equal(await life.count('reconnections'), '0');
  const asked = (await control.requests('/api/chat')).filter(({ method }) => method === 'POST');
  assert.equal(asked.length, 2); // the sample, and this one
  assert.deepEqual(unexpected(), []);
});

test('what is done while nothing is open says that there was nothing', async () => {
  const page = await visit.quietTab();
  await panel(page, 'dashtam').locator('.toggle').click();
  await inState(page, 'dashtam', 'closed');
  await until('the server to see it', async () => (await visit.control('dashtam').connections()).length === 0);
  const life = await opened(page, 'dashtam');
  await life.press('cut');
  await life.entry('server', /none is open/);
  await life.press('stall');
  await life.entry('server', /stalls no stream/);
  assert.equal(await life.label('stall'), 'Stall');
  assert.deepEqual(visit.errors, []);
});

test('what a stream counts itself is shown, and summed up with the streams before it', async () => {
  const page = await visit.quietTab();
  const shown = await page.evaluate(async () => {
    const { Life } = await import('/life.js');
    const element = document.createElement('section');
    element.append(document.querySelector('#panel').content.cloneNode(true));
    const life = new Life(element, { title: 'Any', request: 'GET /any' });
    const streamWith = (stats) =>
      Object.assign(new EventTarget(), { state: 'open', closed: new Promise(() => {}), stats });
    const shown = [];
    for (const stats of [
      undefined,
      { reconnections: 2, gaps: 1, duplicates: 3, dropped: 0 },
      { reconnections: 5, gaps: 0, duplicates: 1000, dropped: 7 },
    ]) {
      life.follow(streamWith(stats));
      life.tick(performance.now());
      shown.push([...element.querySelectorAll('[data-count]')].map((count) => count.textContent));
    }
    return shown;
  });
  assert.deepEqual(shown, [
    ['0', '0', '–', '–'],
    ['2', '1', '3', '0'],
    ['7', '1', '1,003', '7'],
  ]);
  assert.deepEqual(visit.errors, []);
});

test('the connection section opens, reads and acts by the keyboard', async () => {
  const page = await visit.quietTab();
  const focused = () => page.evaluate('document.activeElement.className');
  await panel(page, 'cortex').locator('.life-toggle').focus();
  await page.keyboard.press('Enter');
  const reached = [];
  while (reached.at(-1) !== 'life-restart' && reached.length < 8) {
    await page.keyboard.press('Tab');
    reached.push(await focused());
  }
  assert.deepEqual(reached, ['life-log-box', 'life-cut', 'life-stall', 'life-fail', 'life-restart']);
  await panel(page, 'cortex').locator('.life-cut').focus();
  await page.keyboard.press('Enter');
  await until('the attempt', () => panel(page, 'cortex').locator('li[data-kind="failed"]').count());
  assert.equal(await focused(), 'life-cut');
  await panel(page, 'cortex').locator('.life-toggle').focus();
  await page.keyboard.press('Space');
  await panel(page, 'cortex').locator('.life').waitFor({ state: 'hidden' });
  assert.deepEqual(unexpected(), []);
});

for (const width of [1280, 360]) {
  for (const scheme of ['light', 'dark']) {
    test(`${width} px, ${scheme}: every connection section opened fits, and a picture of it is kept`, async () => {
          const page = await visit.tab({ width, scheme, height: width === 360 ? 780 : 900 });
      for (const name of PANELS) await delivered(page, name, 12);
      const lives = {};
      for (const name of PANELS) lives[name] = await opened(page, name);
      await lives.cortex.press('fail');
      for (const name of ENDLESS) await lives[name].press('cut');
      await lives.cortex.entry('failed', /503/);
      for (const name of ENDLESS) await lives[name].entry('gap', /./);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
      const clipped = await page.locator('.panel, .life, .life dl > div, .life-acts').evaluateAll((boxes) =>
        boxes
          .filter((box) => box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1)
          .map((box) => `${box.closest('.panel').dataset.profile} ${box.className || box.textContent}`));
      assert.deepEqual(clipped, []);
      assert.ok((await page.evaluate('window.shifted')) < 0.02);
      await mkdir(`${root}target/screenshots`, { recursive: true });
      await page.screenshot({ path: `${root}target/screenshots/connection-${width}-${scheme}.png`, fullPage: true });
      assert.deepEqual(unexpected(), []);
    });
  }
}
