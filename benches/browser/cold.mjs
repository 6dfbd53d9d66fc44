// The cold start: fresh contexts, each entry in turn.

import { spread } from './statistics.mjs';

export const ENTRIES = {
  tidewire: 'tidewire',
  'tidewire/url': 'tidewire/url',
  fetch: './page/plain-fetch.mjs',
};

/** `{ entry: { leaves: [ms], before: [paths of other requests] } }` */
export async function coldStarts(browser, server, url, contexts) {
  const results = Object.fromEntries(
    Object.keys(ENTRIES).map((entry) => [entry, { leaves: [], before: [] }]),
  );
  for (let round = 0; round < contexts; round += 1) {
    for (const entry of Object.keys(ENTRIES)) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${server}/bench/${coldPage(entry)}.html`);
      await page.waitForFunction(() => window.go !== undefined);
      const { leaves, before } = await page.evaluate((url) => window.go(url), url);
      results[entry].leaves.push(leaves);
      results[entry].before = before;
      await context.close();
    }
  }
  return results;
}

/** One folder deep, so that the module lies where the package has it: `../wasm`. */
export function coldPage(entry) {
  return `cold/${entry.replace('/', '-')}`;
}

export function printCold(results, say) {
  say('\ncold start, connect() to the request leaving:');
  for (const [entry, { leaves, before }] of Object.entries(results)) {
    const { median, low, high } = spread(leaves);
    const shown = [median, low, high].map((time) => time.toFixed(1));
    const others = before.length ? `after ${before.join(', ')}` : 'nothing before it';
    say(`  ${entry.padEnd(26)}${shown[0]} ms (${shown[1]} to ${shown[2]}), ${others}`);
  }
}
