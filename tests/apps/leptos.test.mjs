// The Leptos example: rendered natively, taken over in a browser, driven through the server.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { id } from '../e2e/blank.mjs';
import { until } from '../e2e/server.mjs';
import { browser, server } from '../e2e/stage.mjs';
import { complaints, control, lamp, namespace, page, visit } from './visit.mjs';

const EVENTS = '/api/v1/events';
const CHAT = '/api/chat';
const AGENTS = '/api/sessions/session_demo/events';

const { open } = visit('leptos');

async function follow(name) {
  await page.getByRole('link', { name }).click();
}

/** Waits until the fold has seen so many events. */
async function folded(count) {
  await page.locator(`.figures[data-events="${count}"]`).waitFor();
}

function rows() {
  return page.locator('.row').evaluateAll((all) => all.map(({ dataset }) => dataset.id));
}

function toggle(category) {
  return page.locator(`.chip[data-category="${category}"]`).click();
}

/** Waits until of all that was asked for so many are open, and gives those. */
function live(count, name, path = EVENTS) {
  return until(`${count} to be open`, async () => {
    const open = (await control(name).requests(path)).filter(({ state }) => state === 'open');
    return open.length === count && open;
  });
}

function failed(number) {
  return { system: 'dashtam', event: 'security.login.failed', id: id(number), data: { reason: `guess ${number}` } };
}

function refreshed(number) {
  const data = { connection_id: id(0), provider_slug: 'schwab' };
  return { system: 'dashtam', event: 'provider.token.refreshed', id: id(number), data };
}

function worth(number, value) {
  const data = { previous_net_worth: '0.00', new_net_worth: value, delta: value, currency: 'EUR', account_count: 1 };
  return { system: 'dashtam', event: 'portfolio.networth.updated', id: id(number), data };
}

function ofAgent(agent, type, data) {
  return { system: 'hive', session: 'session_demo', type, stream_id: agent, data };
}

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('what was rendered natively is there without a script, and opens nothing', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(`${server.url}/leptos/?ns=${namespace}`);
  assert.equal(await plain.locator('.lamp').textContent(), 'Connecting');
  assert.equal(await plain.locator('.empty').textContent(), 'Nothing yet.');
  assert.equal((await control().requests(EVENTS)).length, 0);
  await context.close();
});

test('the rendered page is taken over as it is, and then shows what comes', async () => {
  await page.addInitScript(() => {
    addEventListener('DOMContentLoaded', () => (window.first = document.querySelector('.figures')));
  });
  await open();
  await lamp('open');
  await control().publish(failed(1), worth(2, '90071992547409931.99'));
  await folded(2);
  assert.ok(await page.evaluate(() => window.first === document.querySelector('.figures')), 'it is the same element');
  assert.deepEqual(await rows(), [2, 1].map(id));
  assert.match(await page.locator('.figures dd').first().textContent(), /^90.071.992.547.409.931\.99 EUR$/);
  assert.deepEqual(complaints, []);
});

test('two components with filters of their own share one connection', async () => {
  await open();
  await lamp('open');
  for (const category of ['security', 'import']) await toggle(category);
  await control().publish(failed(1), refreshed(2));
  await folded(1);
  assert.deepEqual(await rows(), [id(2)], 'the list leaves it out');
  await page.locator('.warnings', { hasText: '1 warning' }).waitFor();
  assert.equal((await control().requests(EVENTS)).length, 1);
  assert.deepEqual(complaints, []);
});

test('a fold sees every event of a burst, and a list the latest', async () => {
  await open();
  await lamp('open');
  await control().publish(...numbers(1, 300).map(failed));
  await folded(300);
  assert.deepEqual(await rows(), numbers(251, 300).reverse().map(id));
  await page.locator('.warnings', { hasText: '300 warnings' }).waitFor();
  assert.deepEqual(complaints, []);
});

test('a signal in the filter changes what is open, and keeps what was gathered', async () => {
  await open();
  await lamp('open');
  await control().publish(refreshed(1), failed(2));
  await folded(2);
  await toggle('provider');
  await control().publish(refreshed(3), failed(4));
  await folded(3);
  assert.deepEqual(await rows(), [4, 2, 1].map(id));
  assert.equal((await control().requests(EVENTS)).length, 1);
  await page.getByRole('button', { name: 'Reconnect' }).click();
  const narrow = await until('the narrower one', async () => {
    const [open] = await live(1);
    return /categories/.test(open.query) && open;
  });
  assert.doesNotMatch(narrow.query, /provider/);
  assert.deepEqual(complaints, []);
});

test('a signal in the URL opens another stream, closes the one before, and begins anew', async () => {
  await open();
  await lamp('open');
  await control().publish(failed(1));
  await folded(1);
  await page.getByRole('button', { name: 'Business' }).click();
  // At once, and not when the first event comes.
  await folded(0);
  assert.deepEqual(await rows(), []);
  await live(0);
  await live(1, 'business');
  await control('business').publish(refreshed(1), refreshed(2));
  await folded(2);
  const [first] = await control().requests(EVENTS);
  assert.equal(first.state, 'client-gone');
  assert.deepEqual(complaints, []);
});

test('another route closes the stream, and coming back goes on after the last event', async () => {
  await open();
  await lamp('open');
  await control().publish(failed(1), failed(2));
  await folded(2);
  await follow('Chat');
  await live(0);
  await control().publish(failed(3));
  await follow('Dashboard');
  await folded(1);
  assert.deepEqual(await rows(), [id(3)], 'what came in the meantime, and nothing twice');
  const [, second] = await control().requests(EVENTS);
  assert.equal(new URLSearchParams(second.query).get('Last-Event-ID'), id(2));
  assert.deepEqual(complaints, []);
});

test('however often routes change, what is open is what is seen', async () => {
  await open();
  for (let round = 0; round < 10; round += 1) {
    await follow('Agents');
    await page.locator('.agents').waitFor();
    await follow('Dashboard');
    await page.locator('.chips').waitFor();
  }
  await lamp('open');
  await live(1);
  await live(0, 'agents', AGENTS);
  await control().publish(failed(1));
  await folded(1);
  assert.deepEqual(complaints, []);
});

test('a stream that is cut says so, comes back and goes on', async () => {
  await open();
  await lamp('open');
  await control().publish(failed(1));
  await folded(1);
  // Not before the button is pressed: the next attempt is refused, and the one after it a minute away.
  const busy = { status: 503, headers: { 'retry-after': '60' } };
  await control().script('GET', EVENTS, [busy, { end: 'clean' }]);
  await control().cut(EVENTS, 'rst');
  await until('the refusal', async () => (await control().requests(EVENTS)).length === 2);
  await lamp('waiting');
  assert.match(await page.locator('.notice').textContent(), /Trying again/);
  await control().publish(failed(2));
  await page.getByRole('button', { name: 'Reconnect' }).click();
  await folded(2);
  await lamp('open');
  assert.deepEqual(await rows(), [2, 1].map(id));
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
  await live(0, 'chat', CHAT);
  const [asked] = await control('chat').requests(CHAT);
  assert.deepEqual([asked.state, JSON.parse(asked.body).message], ['client-gone', 'How is it?']);
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
  assert.equal((await control('chat').requests(CHAT)).length, 1);
  await page.getByRole('button', { name: 'Ask again' }).click();
  await page.locator('[data-number="1"] .lamp', { hasText: 'Answered' }).waitFor();
  assert.equal((await control('chat').requests(CHAT)).length, 2);
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

test('leaving the chat gives up what is being answered', async () => {
  await control('chat').answer('stock', [{ type: 'chunk', content: 'One ' }, { type: 'chunk', content: 'two' }], 5_000);
  await open('#/chat');
  await page.getByRole('button', { name: 'Ask' }).click();
  await live(1, 'chat', CHAT);
  await follow('Dashboard');
  await live(0, 'chat', CHAT);
  assert.equal((await control('chat').requests(CHAT))[0].state, 'client-gone');
  assert.deepEqual(complaints, []);
});

test('each agent has a card, with what it writes and the tools that it calls', async () => {
  await open('#/agents');
  await lamp('open');
  const call = { tool_use_id: 't-1', tool_name: 'web_search' };
  await control('agents').publish(
    ofAgent('queen', 'execution_started', { input: {} }),
    ofAgent('queen', 'client_output_delta', { content: 'Let ', snapshot: 'Let ', inner_turn: 0, iteration: 0 }),
    ofAgent('queen', 'client_output_delta', { content: 'me see', snapshot: 'Let me see', inner_turn: 0, iteration: 0 }),
    ofAgent('worker', 'tool_call_started', { ...call, tool_input: {} }),
  );
  await page.locator('[data-agent="queen"][data-run="running"]').waitFor();
  await page.locator('[data-agent="queen"] .text', { hasText: /^Let me see$/ }).waitFor();
  await page.locator('[data-agent="worker"] [data-outcome="running"]').waitFor();
  await control('agents').publish(
    ofAgent('worker', 'tool_call_completed', { ...call, result: '5 results', is_error: false }),
    ofAgent('queen', 'client_input_requested', { prompt: 'Which one?', options: ['This', 'That'] }),
    ofAgent('queen', 'execution_completed', { output: {} }),
  );
  await page.locator('[data-agent="worker"] [data-outcome="done"]').waitFor();
  await page.locator('[data-agent="queen"][data-run="done"]').waitFor();
  assert.equal(await page.locator('aside.question').textContent(), 'Which one?ThisThat');
  await follow('Dashboard');
  await live(0, 'agents', AGENTS);
  assert.deepEqual(complaints, []);
});
