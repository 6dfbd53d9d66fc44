// Every scenario once, from a seed that is printed and may be given again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { SCENARIOS, describe, openPage, soak } from './soak.mjs';

const seed = Number(process.env.SOAK_SEED ?? Math.floor(Math.random() * 2 ** 32));
const url = process.env.TIDEWIRE_URL;
let browser;

before(async () => {
  assert.ok(url, 'TIDEWIRE_URL names the server');
  console.log(`SOAK_SEED=${seed}`);
  browser = await openPage(url);
});
after(() => browser?.close());

for (const name of Object.keys(SCENARIOS)) {
  test(`what ${name} promises holds while connections break at random bytes`, async () => {
    const result = await soak(browser.page, url, name, { seed });
    console.log(describe(result));
    assert.deepEqual(result.faults, []);
  });
}
