// A visit to the page: a browser, tabs, and what went wrong in them.

import { chromium } from 'playwright-core';

import { Control } from './server.mjs';

export const PANELS = ['dashtam', 'stock-agent', 'cortex', 'stage-chat', 'hive'];
export const ENDLESS = ['dashtam', 'cortex', 'hive'];

export const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch() {
  return chromium.launch({ executablePath, args: FLAGS });
}

let visits = 0;

/** Namespaces that nobody else uses, and tabs on the page in them. */
export class Visit {
  #browser;
  #url;
  #context;
  #prefix = `e2e-${process.pid}-${(visits += 1)}`;
  /** Console errors, uncaught ones, and requests that failed with a status. */
  errors = [];

  constructor(browser, url) {
    this.#browser = browser;
    this.#url = url;
  }

  /** The control API of a system's namespace. */
  control(system) {
    return new Control(this.#url, `${this.#prefix}-${system}`);
  }

  /** Opens the page in a tab of this visit; requests to `unreachable` fail as if there were no such host. */
  async tab({ width = 1280, height = 900, scheme = 'light', query = {}, unreachable } = {}) {
    this.#context ??= await this.#browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
    });
    const page = await this.#context.newPage();
    if (unreachable) await page.route(unreachable, (route) => route.abort('namenotresolved'));
    page.setDefaultTimeout(20_000);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.errors.push(message.text());
    });
    page.on('pageerror', (error) => this.errors.push(String(error)));
    await page.addInitScript(watchShifts);
    const search = new URLSearchParams({ ns: this.#prefix, ...query });
    await page.goto(`${this.#url}/?${search}`);
    return page;
  }

  /** A tab in which nothing happens but what the test publishes, its endless streams open. */
  async quietTab({ query, ...options } = {}) {
    const page = await this.tab({ ...options, query: { traffic: 'off', ...query } });
    for (const name of ENDLESS) await inState(page, name, 'open');
    return page;
  }

  async end() {
    await this.#context?.close();
  }
}

/** In the page: adds up what moved without anybody having touched it. */
function watchShifts() {
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!entry.hadRecentInput) window.shifted += entry.value;
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

export function panel(page, name) {
  return page.locator(`[data-profile="${name}"]`);
}

/** Waits until a panel has delivered so many events. */
export async function delivered(page, name, count, timeout = 30_000) {
  await page.waitForFunction(
    ([name, count]) => Number(document.querySelector(`[data-profile="${name}"]`).dataset.events) >= count,
    [name, count],
    { timeout },
  );
}

export async function inState(page, name, state) {
  await page.waitForFunction(
    ([name, state]) => document.querySelector(`[data-profile="${name}"]`).dataset.state === state,
    [name, state],
  );
}

export async function count(page, name) {
  return Number(await panel(page, name).getAttribute('data-events'));
}
