// The Leptos example, as it is served after it was rendered natively.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { browser, server, stage } from '../e2e/stage.mjs';
import { launch } from '../e2e/visit.mjs';

stage(launch);

test('the page that was rendered is taken over without a complaint', async () => {
  const page = await browser.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  const loaded = page.waitForResponse((response) => response.url().endsWith('app_bg.wasm'));
  await page.goto(`${server.url}/leptos/`);
  assert.equal((await loaded).status(), 200);
  assert.equal(await page.locator('h1').textContent(), 'Tidewire');
  assert.deepEqual(complaints, []);
  await page.close();
});
