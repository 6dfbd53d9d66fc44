// The server that the page is on: the one that TIDEWIRE_URL names, or else one
// of our own, from what cargo has built.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** `{ url, stop() }` */
export async function openServer() {
  const given = process.env.TIDEWIRE_URL;
  if (given) return { url: given.replace(/\/$/, ''), stop() {} };
  const target = process.env.CARGO_TARGET_DIR ?? `${root}target`;
  const program = [`${target}/debug/tidewire-server`, `${target}/release/tidewire-server`].find(existsSync);
  if (!program) throw new Error('no test server: `cargo xtask build` makes it, TIDEWIRE_URL names another');
  const apps = ['leptos', 'yew']
    .map((name) => [`/${name}`, `${target}/apps/${name}`])
    .filter(([, folder]) => existsSync(folder));
  const mounts = [['/', 'www'], ['/pkg', 'pkg'], ...apps].flatMap(([at, folder]) => ['--static', `${at}=${folder}`]);
  const server = spawn(
    program,
    ['--port', '0', '--demo', '--quiet', ...mounts],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: server.stdout });
  const [url] = await once(lines, 'line');
  return {
    url,
    async stop() {
      const exit = once(server, 'exit');
      server.kill('SIGTERM');
      await exit;
    },
  };
}

/** The control API of one namespace. By path: Node resolves no `<name>.localhost`. */
export class Control {
  #base;

  constructor(url, namespace) {
    this.#base = `${url}/ns/${namespace}/_tidewire`;
  }

  publish(...items) {
    return this.#call('POST', '/publish', items);
  }

  /** A token that the system takes. */
  async token(system) {
    return (await this.#call('POST', '/token', { system })).token;
  }

  answer(system, events, delay) {
    return this.#call('POST', '/answer', { system, events, delay_ms: delay });
  }

  /** The answer to so many requests; 0: to every one. */
  script(method, path, steps, times = 1) {
    return this.#call('POST', '/script', { method, path, times, steps });
  }

  reset() {
    return this.#call('POST', '/reset');
  }

  /** Arms a fault for the next connections: `{ system, times, fault }`. */
  arm(fault) {
    return this.#call('POST', '/faults', fault);
  }

  configure(change) {
    return this.#call('PATCH', '/config', change);
  }

  cut(path, how) {
    return this.#call('POST', '/connections/cut', { path, how });
  }

  /** Lets go on what is stalled at a path. */
  release(path) {
    return this.#call('POST', '/connections/stall', { path, stall: false });
  }

  /** What is open, and whether it is stalled. */
  connections() {
    return this.#call('GET', '/connections');
  }

  async requests(path) {
    const query = new URLSearchParams({ path });
    return (await this.#call('GET', `/requests?${query}`)).requests;
  }

  async #call(method, path, body) {
    const response = await fetch(this.#base + path, {
      method,
      headers: body && { 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }
}

/** Waits until `probe` gives something true, and gives that. */
export async function until(what, probe, timeout = 20_000) {
  const end = Date.now() + timeout;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${timeout} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
