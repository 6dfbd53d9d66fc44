// An example app in a page of its own, with a namespace of its own at the server.

import { afterEach, beforeEach } from 'node:test';

import { Control } from '../e2e/server.mjs';
import { browser, server, stage } from '../e2e/stage.mjs';
import { launch } from '../e2e/visit.mjs';

/** The page, made anew for each test. */
export let page;
export let namespace;
/** Console errors and warnings, and uncaught errors: a panic is among them. */
export let complaints;

/** To be called once, with the app's name in its address. */
export function visit(name) {
  stage(launch);
  let visits = 0;
  beforeEach(async () => {
    namespace = `${name}-${process.pid}-${(visits += 1)}`;
    complaints = [];
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(20_000);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
  });
  afterEach(() => page.close());
  return {
    open: async (hash = '') => {
      await page.goto(`${server.url}/${name}/?ns=${namespace}&traffic=off${hash}`);
    },
  };
}

export function control(name = 'household') {
  return new Control(server.url, `${namespace}-${name}`);
}

export async function lamp(state) {
  await page.locator(`.lamp[data-state="${state}"]`).waitFor();
}
