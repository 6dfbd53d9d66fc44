// The page in a real browser, against the real server.

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

const CONNECTION = '5b0c6f4e-0b4f-4c6b-9c55-3c7f6d0a1e22';
const started = { system: 'dashtam', event: 'import.started', data: { file_name: 'a.qfx', file_format: 'qfx' } };
const refreshed = {
  system: 'dashtam',
  event: 'provider.token.refreshed',
  data: { connection_id: CONNECTION, provider_slug: 'schwab' },
};
const loginFailed = { system: 'dashtam', event: 'security.login.failed', data: { reason: 'wrong password' } };

/** How many rows a panel shows whose category, or type, matches a selector's value. */
function rows(page, name, attribute, value) {
  return panel(page, name).locator(`.row[${attribute}${value}]`).count();
}

test('every panel shows ten typed events within 30 s of load, without an error', async () => {
  const page = await visit.tab();
  const deadline = Date.now() + 30_000;
  for (const name of PANELS) await delivered(page, name, 10, Math.max(1, deadline - Date.now()));
  for (const name of PANELS) {
    assert.ok((await panel(page, name).locator('.row').count()) > 0, `${name} shows rows`);
    assert.equal(await rows(page, name, 'data-category', '=""'), 0, `${name} knows every event`);
  }
  assert.deepEqual(visit.errors, []);
});

test('a category that is switched off disappears at once and is no longer delivered', async () => {
  const page = await visit.quietTab();
  const control = visit.control('dashtam');
  await control.publish(started, refreshed, started, loginFailed);
  await delivered(page, 'dashtam', 4);
  await until('four rows', async () => (await panel(page, 'dashtam').locator('.row').count()) === 4);

  const left = await panel(page, 'dashtam').evaluate((element) => {
    element.querySelector('[data-category="import"].chip').click();
    return [...element.querySelectorAll('.row')].map((row) => row.dataset.category).sort();
  });
  assert.deepEqual(left, ['provider', 'security']);

  await inState(page, 'dashtam', 'open');
  await control.publish(started, started, loginFailed);
  await delivered(page, 'dashtam', 5);
  await until('the new row', async () => (await rows(page, 'dashtam', 'data-category', '="security"')) === 2);
  assert.equal(await count(page, 'dashtam'), 5);
  assert.equal(await rows(page, 'dashtam', 'data-category', '="import"'), 0);
  assert.deepEqual(visit.errors, []);
});

test('a pattern narrows a live stream to the types that match', async () => {
  const page = await visit.quietTab();
  const control = visit.control('dashtam');
  await control.publish(started, loginFailed);
  await delivered(page, 'dashtam', 2);
  await panel(page, 'dashtam').locator('.types-open').click();
  await panel(page, 'dashtam').locator('.types-find input').fill('*.failed');
  await panel(page, 'dashtam').locator('.types-only').click();
  await panel(page, 'dashtam').locator('.types-close').click();
  await until('the others to be gone', async () => {
    const types = await panel(page, 'dashtam').locator('.row').evaluateAll((all) => all.map((row) => row.dataset.type));
    return types.length === 1 && types[0] === 'security.login.failed';
  });
  assert.match(await panel(page, 'dashtam').locator('.types-open').textContent(), /^\d+ of 29 types$/);
  assert.deepEqual(visit.errors, []);
});

const words = 'A share is a part of a company, and so its price is an opinion about years to come.'.split(' ');
const scripts = {
  'stock-agent': {
    system: 'stock',
    path: '/api/chat',
    events: words.map((word) => ({ type: 'chunk', content: `${word} ` })),
  },
  'stage-chat': {
    system: 'stage',
    path: '/stream/v1/chat',
    events: words.map((word, index) => ({
      event: 'chat_completion_chunk',
      id: `s-chunk-${index}`,
      data: {
        stage_id: 's',
        chunk: {
          id: 'chatcmpl-1',
          choices: [{ delta: { content: `${word} `, role: 'assistant' }, finish_reason: null, index: 0 }],
          created: 1755290000,
          model: 'llama3.1:8b',
          object: 'chat.completion.chunk',
        },
      },
    })),
  },
};

for (const [name, { system, path, events }] of Object.entries(scripts)) {
  test(`${name}: a question streams its answer, and cancelling reaches the server`, async () => {
    const page = await visit.tab();
    await inState(page, name, 'closed');
    await delivered(page, name, 10);
    await until('the sample to be answered', async () => (await panel(page, name).locator('.state-text').textContent()) === 'Answered');
    const control = visit.control(name);
    await control.answer(system, events, 300);

    await panel(page, name).locator('.ask input').fill('What is a share?');
    await panel(page, name).locator('.send').click();
    const reply = panel(page, name).locator('.reply');
    await until('the first words', async () => /^A share/.test(await reply.textContent()));
    assert.equal(await panel(page, name).getAttribute('data-state'), 'open');
    await panel(page, name).locator('.cancel').click();
    await inState(page, name, 'closed');
    assert.equal(await panel(page, name).locator('.state-text').textContent(), 'Cancelled');
    const [, asked] = await until('the second request to end', async () => {
      const posts = (await control.requests(path)).filter(({ method }) => method === 'POST');
      return posts.length === 2 && posts[1].state !== 'open' && posts;
    });
    assert.equal(asked.state, 'client-gone');
    assert.match(asked.body, /What is a share\?/);
    assert.ok((await reply.textContent()).length < words.join(' ').length, 'the answer stays unfinished');
    assert.deepEqual(visit.errors, []);
  });
}

test('closing a stream stops its events, and connecting brings them back', async () => {
  const page = await visit.quietTab();
  const control = visit.control('dashtam');
  const toggle = panel(page, 'dashtam').locator('.toggle');
  assert.equal(await toggle.textContent(), 'Close');
  await toggle.click();
  await inState(page, 'dashtam', 'closed');
  await until('the server to see it', async () =>
    (await control.requests('/api/v1/events')).every(({ state }) => state !== 'open'));
  assert.equal(await toggle.textContent(), 'Connect');
  const { receivers } = await control.publish(loginFailed);
  assert.deepEqual(receivers, [0]);
  const before = await count(page, 'dashtam');
  await toggle.click();
  await inState(page, 'dashtam', 'open');
  await control.publish(refreshed);
  await delivered(page, 'dashtam', before + 1);
  assert.deepEqual(visit.errors, []);
});

test('a stream that is cut says so, comes back by itself and goes on', async () => {
  const page = await visit.quietTab();
  const control = visit.control('dashtam');
  await control.publish(loginFailed);
  await delivered(page, 'dashtam', 1);
  const note = panel(page, 'dashtam').locator('.note');
  assert.deepEqual(await control.cut('/api/v1/events', 'rst'), { cut: 1 });
  await until('word of the next attempt', async () => /Trying again in \d/.test(await note.textContent()));
  await until('word of its success', async () => /^Reconnected\./.test(await note.textContent()));
  await inState(page, 'dashtam', 'open');
  await control.publish(refreshed);
  await delivered(page, 'dashtam', 2);
  // The browser itself logs the broken request.
  assert.deepEqual(visit.errors.filter((text) => !text.includes('ERR_CONNECTION_RESET')), []);
});

test('markup in an event stays text, in the list and in the inspector', async () => {
  const page = await visit.quietTab();
  const markup = '<img src=x onerror="window.pwned=1"><b>bold</b>';
  await visit.control('dashtam').publish({ ...loginFailed, data: { reason: markup } });
  await delivered(page, 'dashtam', 1);
  const row = panel(page, 'dashtam').locator('.row');
  await row.click();
  const inspector = page.locator('#inspector');
  await inspector.waitFor({ state: 'visible' });
  assert.ok((await row.textContent()).includes(markup));
  assert.ok(JSON.parse(await inspector.locator('pre').textContent()).reason === markup);
  assert.equal(await page.locator('img, b').count(), 0);
  assert.equal(await page.evaluate('window.pwned'), undefined);
  assert.deepEqual(visit.errors, []);
});

test('two tabs side by side both stay live and can both ask', async () => {
  const first = await visit.tab();
  const second = await visit.tab();
  for (const page of [first, second]) {
    for (const name of PANELS) await delivered(page, name, 10);
  }
  // More than what was under way while the second tab loaded.
  for (const page of [first, second]) {
    for (const name of ENDLESS) await delivered(page, name, (await count(page, name)) + 5);
  }
  for (const page of [first, second]) {
    // The page's own host has connections to spare, too.
    const loaded = page.evaluate(async () => (await fetch('/style.css', { cache: 'no-store' })).ok);
    assert.ok(await Promise.race([loaded, new Promise((resolve) => setTimeout(resolve, 10_000, false))]));
    const before = await count(page, 'stage-chat');
    await page.bringToFront();
    await panel(page, 'stage-chat').locator('.send').click();
    await delivered(page, 'stage-chat', before + 5);
  }
  assert.deepEqual(visit.errors, []);
});

test('where names below localhost do not resolve, the paths of the namespaces serve', async () => {
  const page = await visit.tab({ unreachable: (url) => url.hostname.endsWith('.localhost') });
  for (const name of PANELS) await delivered(page, name, 3);
  // What the browser logs of the probes themselves, and nothing else.
  assert.deepEqual(visit.errors.filter((text) => !text.includes('ERR_NAME_NOT_RESOLVED')), []);
});

test('a refused connection says why, and connecting again recovers', async () => {
  const path = '/api/sessions/session_demo/events';
  await visit.control('hive').script('GET', path, [
    { status: 404, headers: { 'content-type': 'application/json' } },
    { write: '{"error": "Session \'session_demo\' not found"}' },
    { end: 'clean' },
  ]);
  const page = await visit.tab();
  const hive = panel(page, 'hive');
  await until('the refusal', async () => (await hive.locator('.state-text').textContent()) === 'Refused');
  assert.match(await hive.locator('.note').textContent(), /404/);
  await hive.locator('.toggle').click();
  await delivered(page, 'hive', 3);
  assert.equal(await hive.locator('.note').textContent(), '');
});

test('a flood keeps the page bounded, and nothing moves under it', async () => {
  const page = await visit.quietTab();
  const control = visit.control('dashtam');
  const flood = Array.from({ length: 500 }, (_, index) => [started, refreshed, loginFailed][index % 3]);
  for (let round = 1; round <= 8; round += 1) {
    await control.publish(...flood);
    await delivered(page, 'dashtam', 500 * round);
  }
  assert.ok((await page.locator('.row').count()) <= 100);
  // Under traffic of many times the usual pace, too.
  const busy = await visit.tab({ query: { rate: '20' } });
  for (const name of ENDLESS) await delivered(busy, name, 100);
  for (const tab of [page, busy]) {
    const shifted = await tab.evaluate('window.shifted');
    assert.ok(shifted < 0.02, `layout shifts sum up to ${shifted}`);
  }
  assert.deepEqual(visit.errors, []);
});

test('everything can be reached and used by the keyboard', async () => {
  const page = await visit.quietTab();
  await visit.control('dashtam').publish(started, refreshed);
  await delivered(page, 'dashtam', 2);
  const reached = [];
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: element } = document;
      const name = element.closest('.panel')?.dataset.profile ?? 'page';
      return `${name} ${element.id || element.dataset.category || element.className || element.localName}`;
    });
  for (let step = 0; step < 90 && !reached.at(-1)?.startsWith('stage-chat rows'); step += 1) {
    await page.keyboard.press('Tab');
    reached.push(await focused());
  }
  const wanted = ['page skip', 'page theme', ...ENDLESS.flatMap((name) => [`${name} toggle`, `${name} rows`])];
  wanted.push('dashtam import', 'dashtam security');
  for (const name of ['stock-agent', 'stage-chat']) {
    wanted.push(`${name} ${name}-question`, `${name} send`, `${name} reply`, `${name} rows`);
  }
  assert.deepEqual(wanted.filter((control) => !reached.includes(control)), []);

  const chip = panel(page, 'dashtam').locator('.chip[data-category="import"]');
  await chip.focus();
  await page.keyboard.press('Space');
  assert.equal(await chip.getAttribute('aria-pressed'), 'false');
  await page.keyboard.press('Space');
  assert.equal(await chip.getAttribute('aria-pressed'), 'true');

  await panel(page, 'dashtam').locator('.rows').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const inspector = page.locator('#inspector');
  await inspector.waitFor({ state: 'visible' });
  assert.equal(await inspector.locator('h2').textContent(), 'provider.token.refreshed');
  await page.keyboard.press('Escape');
  await inspector.waitFor({ state: 'hidden' });
  assert.deepEqual(visit.errors, []);
});

for (const scheme of ['light', 'dark']) {
  test(`${scheme}: every text on the panels has a contrast of 4.5 or more`, async () => {
    const page = await visit.tab({ scheme });
    for (const name of ENDLESS) await delivered(page, name, 5);
    const lowest = await page.evaluate(() => {
      const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
      const luminance = (colour) => {
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((byte) => {
          const value = byte / 255;
          return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const groundOf = (element) => {
        for (let at = element; at; at = at.parentElement) {
          const colour = getComputedStyle(at).backgroundColor;
          if (!/rgba\(.*, 0\)|transparent/.test(colour)) return colour;
        }
        return 'white';
      };
      const probes = Array.from({ length: 12 }, (_, number) => {
        const probe = document.createElement('span');
        probe.className = `row-category c${number}`;
        document.querySelector('.note').append(probe);
        return probe;
      });
      for (const kind of ['failed', 'gap', 'resumed', 'server']) {
        const entry = document.createElement('li');
        entry.dataset.kind = kind;
        entry.append(Object.assign(document.createElement('strong'), { textContent: kind }));
        document.querySelector('.life-log').append(entry);
        probes.push(entry);
      }
      const texts = [...document.querySelectorAll('.panel :is(h2, p, dt, dd, span, strong, time, button:enabled, input)')].filter(
        (element) => probes.includes(element) || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()),
      );
      const ratios = texts.map((element) => {
        const [a, b] = [luminance(getComputedStyle(element).color), luminance(groundOf(element))];
        return { ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), what: element.className || element.localName };
      });
      for (const probe of probes) probe.remove();
      return ratios.reduce((least, next) => (next.ratio < least.ratio ? next : least));
    });
    assert.ok(lowest.ratio >= 4.5, `${lowest.what}: ${lowest.ratio.toFixed(2)}`);
  });
}

for (const width of [1280, 360]) {
  for (const scheme of ['light', 'dark']) {
    test(`${width} px, ${scheme}: it fits, and a picture of it is kept`, async () => {
      const page = await visit.tab({ width, scheme, height: width === 360 ? 780 : 900 });
      for (const name of PANELS) await delivered(page, name, 12);
      await inState(page, 'stock-agent', 'closed');
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width);
      const clipped = await page.locator('.panel, .chips').evaluateAll((boxes) =>
        boxes.filter((box) => box.scrollHeight > box.clientHeight + 1).map((box) => `${box.closest('.panel').dataset.profile} ${box.className}`));
      assert.deepEqual(clipped, []);
      await mkdir(`${root}target/screenshots`, { recursive: true });
      await page.screenshot({ path: `${root}target/screenshots/${width}-${scheme}.png`, fullPage: true });
      assert.deepEqual(visit.errors, []);
    });
  }
}
