// The Yew example: rendered natively, taken over in a browser, driven through the server.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { id } from '../e2e/blank.mjs';
import { until } from '../e2e/server.mjs';
import { browser, server } from '../e2e/stage.mjs';
import { complaints, control, lamp, namespace, page, visit } from './visit.mjs';

const EVENTS = '/api/v1/events';
const CHAT = '/api/chat';

const { open } = visit('yew');

/** Waits until the reducer has seen so many events. */
async function counted(count) {
  await page.locator(`.figures[data-events="${count}"]`).waitFor();
}

function rows() {
  return page.locator('.row').evaluateAll((all) => all.map(({ dataset }) => dataset.id));
}

function toggle(category) {
  return page.locator(`.chip[data-category="${category}"]`).click();
}

/** Whether so many streams are open at the server, each of them so. */
async function live(count, isSo = () => true) {
  const open = (await control().requests(EVENTS)).filter(({ state }) => state === 'open');
  return open.length === count && open.every(isSo);
}

function loginFailed(number) {
  return { system: 'dashtam', event: 'security.login.failed', id: id(number), data: { reason: `guess ${number}` } };
}

function refreshed(number) {
  const data = { connection_id: id(0), provider_slug: 'schwab' };
  return { system: 'dashtam', event: 'provider.token.refreshed', id: id(number), data };
}

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('the page that was rendered natively is there without a script, and opens nothing', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(`${server.url}/yew/?ns=${namespace}`);
  assert.equal(await plain.locator('.lamp').textContent(), 'Connecting');
  assert.equal(await plain.locator('.empty').textContent(), 'Nothing yet.');
  assert.equal((await control().requests(EVENTS)).length, 0);
  await context.close();
});

test('the rendered page is taken over as it is, and then shows what comes', async () => {
  const served = await (await fetch(`${server.url}/yew/`)).text();
  assert.match(served, /data-state="connecting"/);
  await page.addInitScript(() => {
    addEventListener('DOMContentLoaded', () => (window.first = document.querySelector('.figures')));
  });
  await open();
  await lamp('open');
  await control().publish(loginFailed(1));
  await counted(1);
  assert.ok(await page.evaluate(() => window.first === document.querySelector('.figures')), 'it is the same element');
  assert.deepEqual(await rows(), [id(1)]);
  assert.equal(await page.locator('.row p').textContent(), 'guess 1');
  assert.deepEqual(complaints, []);
});

test('components that ask for the same share one connection', async () => {
  await open();
  await lamp('open');
  await control().publish(loginFailed(1));
  await counted(1);
  assert.deepEqual(await rows(), [id(1)], 'the list, which has a hook of its own, has it too');
  assert.equal((await control().requests(EVENTS)).length, 1);
});

test('a reducer sees every event of a burst, and a list the latest', async () => {
  await open();
  await lamp('open');
  await control().publish(...numbers(1, 300).map(loginFailed));
  await counted(300);
  assert.deepEqual(await rows(), numbers(251, 300).reverse().map(id));
  assert.equal(await page.locator('[data-category="security"] .count').textContent(), '300');
  assert.deepEqual(complaints, []);
});

test('another filter changes what is open, and keeps what was gathered', async () => {
  await open();
  await lamp('open');
  await control().publish(loginFailed(1), refreshed(2));
  await counted(2);
  await toggle('security');
  await control().publish(loginFailed(3), refreshed(4));
  await counted(3);
  assert.deepEqual(await rows(), [4, 2, 1].map(id));
  assert.equal((await control().requests(EVENTS)).length, 1, 'what is open carries the narrower one');

  await page.getByRole('button', { name: 'Reconnect' }).click();
  await until('a stream for the others alone', () => live(1, ({ query }) => /categories/.test(query) && !/security/.test(query)));
  await lamp('open');
  await toggle('security');
  await until('a stream for them all', () => live(1, ({ query }) => !/categories/.test(query)));
  await control().publish(loginFailed(5));
  await until('the event', async () => (await rows())[0] === id(5));
  assert.deepEqual(complaints, []);
});

test('what comes while a category is being switched on is not lost', async () => {
  await open();
  await lamp('open');
  await toggle('security');
  await control().publish(loginFailed(1), refreshed(2));
  await counted(1);
  await page.getByRole('button', { name: 'Reconnect' }).click();
  await toggle('security');
  await control().publish(loginFailed(3));
  await counted(2);
  assert.deepEqual(await rows(), [3, 2].map(id));
});

test('a filter that names nothing delivers nothing', async () => {
  await page.addInitScript(() => {
    const { read } = ReadableStreamDefaultReader.prototype;
    window.arrived = '';
    ReadableStreamDefaultReader.prototype.read = async function () {
      const chunk = await read.call(this);
      window.arrived += new TextDecoder().decode(chunk.value);
      return chunk;
    };
  });
  await open();
  await lamp('open');
  for (const chip of await page.locator('.chip').all()) await chip.click();
  await control().publish(loginFailed(1), refreshed(2));
  // Nothing shows it: that both are there before one of them is wanted.
  await page.waitForFunction((id) => window.arrived.includes(id), id(2));
  await toggle('provider');
  await control().publish(loginFailed(3), refreshed(4));
  await until('the event', async () => (await rows())[0] === id(4));
  assert.deepEqual(await rows(), [id(4)]);
});

test('another URL opens another stream, closes the one before, and begins anew', async () => {
  await open();
  await lamp('open');
  await control().publish(loginFailed(1));
  await counted(1);
  await page.getByRole('button', { name: 'Business' }).click();
  // At once, and not when the first event comes.
  await counted(0);
  assert.deepEqual(await rows(), []);
  await until('the first to be closed', async () =>
    (await control().requests(EVENTS)).every(({ state }) => state === 'client-gone'));
  await lamp('open');
  await control('business').publish(refreshed(1), refreshed(2));
  await counted(2);
  assert.deepEqual((await control('business').requests(EVENTS)).map(({ state }) => state), ['open']);
  assert.deepEqual(complaints, []);
});

test('leaving the page of a stream closes it, and coming back goes on after the last event', async () => {
  await open();
  await lamp('open');
  await control().publish(loginFailed(1), loginFailed(2));
  await counted(2);
  await page.getByRole('link', { name: 'Chat' }).click();
  await until('the server to see it', async () =>
    (await control().requests(EVENTS)).every(({ state }) => state === 'client-gone'));
  await control().publish(loginFailed(3));
  await page.getByRole('link', { name: 'Dashboard' }).click();
  await counted(1);
  assert.deepEqual(await rows(), [id(3)], 'what came in the meantime, and nothing twice');
  const [, second] = await control().requests(EVENTS);
  assert.equal(new URLSearchParams(second.query).get('Last-Event-ID'), id(2));
  assert.deepEqual(complaints, []);
});

test('a page that is loaded anew goes on after the last event', async () => {
  await open();
  await lamp('open');
  await control().publish(loginFailed(1), loginFailed(2));
  await counted(2);
  await page.goto('about:blank');
  await until('the server to see it', async () => !(await live(1)));
  await control().publish(loginFailed(3));
  await open();
  await counted(1);
  assert.deepEqual(await rows(), [id(3)]);
  assert.deepEqual(complaints, []);
});

test('however often pages change, what is open is what is seen', async () => {
  await open();
  for (let round = 0; round < 10; round += 1) {
    await page.getByRole('link', { name: 'Chat' }).click();
    await page.locator('.ask').waitFor();
    await page.getByRole('link', { name: 'Dashboard' }).click();
    await page.locator('.chips').waitFor();
  }
  await lamp('open');
  await until('one stream alone', () => live(1));
  await control().publish(loginFailed(1));
  await counted(1);
  assert.deepEqual(complaints, []);
});

test('a stream that is cut says so, comes back and goes on', async () => {
  await open();
  await lamp('open');
  await control().publish(loginFailed(1));
  await counted(1);
  // Not before the button is pressed: the next attempt is refused, and the one after it a minute away.
  const busy = { status: 503, headers: { 'retry-after': '60' } };
  await control().script('GET', EVENTS, [busy, { end: 'clean' }]);
  await control().cut(EVENTS, 'rst');
  await until('the refusal', async () => (await control().requests(EVENTS)).length === 2);
  await lamp('waiting');
  assert.match(await page.locator('.notice').textContent(), /Trying again/);
  await control().publish(loginFailed(2));
  await page.getByRole('button', { name: 'Reconnect' }).click();
  await counted(2);
  await lamp('open');
  assert.deepEqual(await rows(), [2, 1].map(id));
});

test('an event that does not fit its type stops nothing', async () => {
  await control().script('GET', EVENTS, [
    { write: `id: ${id(1)}\nevent: security.login.failed\ndata: {"reason": 7}\n\n` },
    { write: `id: ${id(2)}\nevent: security.login.failed\ndata: {"reason": "guess 2"}\n\n` },
    { stall: true },
  ]);
  await open();
  await counted(1);
  assert.deepEqual(await rows(), [id(2)]);
});

test('an answer is streamed as it comes, and stopping it reaches the server', async () => {
  await control('chat').script('POST', CHAT, [
    { write: 'data: {"type": "status", "status": "analyzing"}\n\n' },
    { pause_ms: 100 },
    { write: 'data: {"type": "chunk", "content": "One "}\n\n' },
    { stall: true },
  ]);
  await open('#/chat');
  await page.getByLabel('Question').fill('How is it?');
  await page.getByRole('button', { name: 'Ask' }).click();
  await page.locator('.phase', { hasText: 'analyzing' }).waitFor();
  await page.locator('.text', { hasText: /^One/ }).waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.locator('.lamp', { hasText: 'Stopped' }).waitFor();
  const [asked] = await until('the server to see it', async () => {
    const requests = await control('chat').requests(CHAT);
    return requests.every(({ state }) => state === 'client-gone') && requests;
  });
  assert.equal(JSON.parse(asked.body).message, 'How is it?');
  assert.equal(await page.getByLabel('Question').inputValue(), '');
  assert.deepEqual(complaints, []);
});

test('an answer is whole at its end, and asking again asks once more', async () => {
  const result = { type: 'result', content: 'One two', disclaimer: 'No advice.' };
  const events = [{ type: 'chunk', content: 'One' }, result, '[DONE]'];
  await control('chat').answer('stock', events, 1);
  await control('chat').answer('stock', events, 1);
  await open('#/chat');
  await page.getByRole('button', { name: 'Ask' }).click();
  await page.locator('.lamp', { hasText: 'Answered' }).waitFor();
  assert.equal(await page.locator('.text').textContent(), 'One two');
  await page.getByRole('button', { name: 'Ask again' }).click();
  await page.locator('[data-number="1"] .lamp', { hasText: 'Answered' }).waitFor();
  // The page knows from the mark in the stream, before the server has written the end.
  await until('both to be finished', async () => {
    const requests = await control('chat').requests(CHAT);
    return requests.map(({ state }) => state).join() === 'finished,finished';
  });
  assert.deepEqual(complaints, []);
});

test('an answer that breaks off says so, and is not asked for again', async () => {
  await control('chat').arm({ system: 'stock', fault: { cut: { how: 'fin', after_bytes: 200 } } });
  await open('#/chat');
  await page.getByRole('button', { name: 'Ask' }).click();
  await page.locator('.problem', { hasText: 'The answer broke off.' }).waitFor();
  assert.equal(await page.locator('.lamp').textContent(), 'Failed');
  assert.equal((await control('chat').requests(CHAT)).length, 1);
});

test('leaving the chat gives up what it is being answered', async () => {
  await control('chat').answer('stock', [{ type: 'chunk', content: 'One ' }, { type: 'chunk', content: 'two' }], 5_000);
  await open('#/chat');
  await page.getByRole('button', { name: 'Ask' }).click();
  await until('the question', async () => (await control('chat').requests(CHAT)).length === 1);
  await page.getByRole('link', { name: 'Dashboard' }).click();
  await until('the server to see it', async () =>
    (await control('chat').requests(CHAT)).every(({ state }) => state === 'client-gone'));
  assert.deepEqual(complaints, []);
});
