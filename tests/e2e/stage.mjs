// The server and the browser of a test file: there before its first test, gone after its last.

import { after, before } from 'node:test';

import { openServer } from './server.mjs';

export let server;
export let browser;

/**
 * `launch` gives the browser: one of `visit.mjs`, or of `untouched.mjs`. `set` does what else is to
 * be done before the first test: hooks of a file itself do not wait for one another.
 */
export function stage(launch, set) {
  before(async () => {
    [server, browser] = await Promise.all([openServer(), launch()]);
    await set?.();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
}
