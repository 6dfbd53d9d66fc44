// The chat and the dashboard of the READMEs, in Chromium on the test server, as they stand there.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { Control, root, until } from './server.mjs';
import { browser, server, stage } from './stage.mjs';
import { launch } from './visit.mjs';

const IMPORTS = {
  tidewire: '/pkg/dist/index.js',
  'tidewire/profiles': '/pkg/dist/profiles/index.js',
};

let chat;
let dashboard;
let namespaces = 0;

stage(launch, async () => {
  [chat, dashboard] = await examples('README.md');
});

async function examples(page) {
  const text = await readFile(root + page, 'utf8');
  return [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code).slice(0, 2);
}

test("the chat and the dashboard have 15 lines at most, and are the same in the package's README", async () => {
  for (const code of [chat, dashboard]) assert.ok(code.trimEnd().split('\n').length <= 15);
  assert.deepEqual(await examples('pkg/README.md'), [chat, dashboard]);
});

test("the README's chat shows an answer as it is typed, and says when it breaks off", async (t) => {
  const { page, control, errors } = await open(t, chat, '<form><input value="How is it?"></form>');
  await control.answer('stock', [
    { type: 'status', status: 'analyzing' },
    { type: 'chunk', content: 'Quite ' },
    { type: 'chunk', content: 'well.' },
    '[DONE]',
  ]);
  await page.locator('input').press('Enter');
  await page.getByText('Quite well.', { exact: true }).waitFor();

  await control.script('POST', '/api/chat', [
    { status: 200, headers: { 'content-type': 'text/event-stream' } },
    { write: 'data: {"type": "chunk", "content": "Alas"}\n\n' },
    // What is not read before the end is lost with it: a busy page has a second.
    { pause_ms: 1_000 },
    { end: 'fin' },
  ]);
  await page.locator('input').press('Enter');
  await page.getByText(/^Alas \(.*it would run twice\)$/).waitFor();
  const asked = await control.requests('/api/chat');
  assert.equal(asked.length, 2, 'each message was sent once');
  assert.deepEqual(errors, []);
});

test("the README's dashboard shows balances, goes on after a cut, and refetches at the gap", async (t) => {
  const { page, control, errors } = await open(t, dashboard, '<b id="account-1"></b><i id="sync"></i>');
  await page.locator('body.open').waitFor({ state: 'attached' });
  const balance = (new_balance) => ({
    system: 'dashtam',
    event: 'portfolio.balance.updated',
    data: { account_id: 'account-1', previous_balance: '0', new_balance, currency: 'EUR' },
  });
  await control.publish(balance('12.50'), {
    system: 'dashtam',
    event: 'sync.accounts.started',
    data: { connection_id: 'c' },
  });
  await page.locator('#account-1', { hasText: /^12\.50$/ }).waitFor();
  await page.locator('#sync', { hasText: /^sync\.accounts\.started$/ }).waitFor();

  await control.cut('/api/v1/events', 'rst');
  await until('another request', async () => (await control.requests('/api/v1/events')).length === 2);
  await page.waitForFunction(() => globalThis.refetched === 1, undefined, { timeout: 20_000 });
  await control.publish(balance('13.00'));
  await page.locator('#account-1', { hasText: /^13\.00$/ }).waitFor();
  const [first] = await control.requests('/api/v1/events');
  assert.equal(first.query, 'categories=data_sync,portfolio');
  assert.deepEqual(errors, []);
});

/** A page of a namespace's own with this script, and what its reader would have beside it. */
async function open(t, code, body) {
  const namespace = `readme-${process.pid}-${(namespaces += 1)}`;
  const control = new Control(server.url, namespace);
  const token = await control.token('dashtam');
  const page = await browser.newPage();
  t.after(() => page.close());
  page.setDefaultTimeout(20_000);
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.addInitScript((token) => {
    globalThis.refetched = 0;
    globalThis.refetch = () => (globalThis.refetched += 1);
    globalThis.fetchToken = async () => token;
  }, token);
  const address = new URL('/readme', server.url);
  address.hostname = `${namespace}.localhost`;
  await page.route(address.href, (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
        <body>${body}<script type="module">${code}</script>`,
    }),
  );
  await page.goto(address.href);
  return { page, control, errors };
}
