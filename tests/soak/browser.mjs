// The browser, with the soak's page in it. Playwright is the page tests' own.

import { launch } from '../e2e/visit.mjs';

/** `{ page, close() }` */
export async function openPage(url) {
  const browser = await launch();
  const page = await browser.newPage();
  await page.goto(`${url}/soak/`);
  await page.waitForSelector('html[data-ready]', { state: 'attached' });
  return { page, close: () => browser.close() };
}
