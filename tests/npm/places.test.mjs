// Wherever a script runs in a browser: the same typed events of the test server, by every entry.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Control, openServer, root, until } from '../e2e/server.mjs';
import { launch } from '../e2e/visit.mjs';
import { serveFolder } from './static-server.mjs';

const CONNECTION = '5b0c6f4e-0b4f-4c6b-9c55-3c7f6d0a1e22';
const PUBLISHED = [
  ['import.started', 'import', { file_name: 'ä.qfx', file_format: 'qfx' }],
  ['security.login.failed', 'security', { reason: 'invalid_credentials' }],
  ['provider.disconnected', 'provider', { connection_id: CONNECTION, provider_slug: 'schwab' }],
  ['sync.accounts.completed', 'data_sync', { connection_id: CONNECTION, account_count: 3 }],
  ['import.completed', 'import', { file_name: 'ä.qfx', records_imported: 1987 }],
];

let server;
let browser;
let site;
let page;
let namespaces = 0;

before(async () => {
  const headers = { 'content-type': 'text/html' };
  const blank = (path) => path === '/' && { status: 200, headers, body: '<!doctype html>' };
  [server, browser, site] = await Promise.all([
    openServer(),
    launch(),
    serveFolder(root, (path) => blank(path) || undefined),
  ]);
  page = await browser.newPage();
});
after(async () => {
  await browser?.close();
  await site?.close();
  await server?.stop();
});

/** In the page: how a place is reached. */
const PLACES = {
  window: async (where) => {
    const { receive } = await import('/tests/npm/places/receive.js');
    return receive(where);
  },
  'dedicated worker': async (where) => {
    const worker = new Worker('/tests/npm/places/dedicated.js', { type: 'module' });
    const answer = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message ?? 'the worker does not load'));
      worker.postMessage(where);
    });
    worker.terminate();
    return answer;
  },
  'shared worker': async (where) => {
    const { port } = new SharedWorker('/tests/npm/places/shared.js', { type: 'module', name: where.entry });
    return new Promise((resolve) => {
      port.onmessage = ({ data }) => resolve(data);
      port.postMessage(where);
    });
  },
  'service worker': async (where) => {
    const { serviceWorker } = navigator;
    const registration = await serviceWorker.register(`/tests/npm/places/service.js?${where.entry}`, {
      type: 'module',
    });
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    while (worker.state !== 'activated') {
      if (worker.state === 'redundant') throw new Error('the service worker does not install');
      await new Promise((resolve) => worker.addEventListener('statechange', resolve, { once: true }));
    }
    const answer = await new Promise((resolve) => {
      serviceWorker.onmessage = ({ data }) => resolve(data);
      serviceWorker.startMessages();
      worker.postMessage(where);
    });
    await registration.unregister();
    return answer;
  },
};

for (const [place, run] of Object.entries(PLACES)) {
  for (const entry of ['inline', 'url', 'slim']) {
    test(`a ${place} receives typed events by the ${entry} module`, async () => {
      const { control, where } = await namespace(entry);
      // A page that has loaded nothing yet.
      await page.goto(site.url);
      const answered = page.evaluate(run, where);
      // A place that fails at once is to be told as what it is.
      await Promise.race([answered, untilConnected(control)]);
      await publish(control);
      const { received, closed, failed } = await answered;
      assert.equal(failed, undefined);
      const wanted = PUBLISHED.filter(([, category]) => ['import', 'provider'].includes(category));
      assert.deepEqual(
        received,
        wanted.map(([type, category, data]) => ({ type, category, data, hasId: true })),
      );
      assert.deepEqual(closed, { reason: 'closed' });
    });
  }
}

test('all entries of one page share one compiled module and one instance of it', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const files = [];
  page.on('request', (request) => /\.(bin|wasm)$/.test(request.url()) && files.push(request.url()));
  await page.addInitScript(() => {
    globalThis.calls = [];
    for (const name of ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming']) {
      const inner = WebAssembly[name];
      WebAssembly[name] = (...values) => {
        calls.push(name);
        return inner(...values);
      };
    }
    for (const name of ['Module', 'Instance']) {
      WebAssembly[name] = new Proxy(WebAssembly[name], {
        construct(target, values) {
          calls.push(name);
          return new target(...values);
        },
      });
    }
  });
  await page.goto(site.url);
  const asked = await Promise.all(['url', 'inline', 'slim'].map(namespace));
  const answered = page.evaluate(async (all) => {
    const { receive } = await import('/tests/npm/places/receive.js');
    return Promise.all(all.map(receive));
  }, asked.map(({ where }) => where));
  for (const { control } of asked) {
    await untilConnected(control);
    await publish(control);
  }
  for (const { received } of await answered) assert.equal(received.length, 3);
  // The last two are of what reads short texts.
  assert.deepEqual(await page.evaluate('calls'), ['compile', 'instantiate', 'Module', 'Instance']);
  // What slim was given is the test's own request.
  assert.equal(files.length, 2);
  await context.close();
});

test('nothing of the package is imported dynamically', async () => {
  const dist = join(root, 'pkg/dist');
  for (const file of await readdir(dist, { recursive: true })) {
    if (!file.endsWith('.js')) continue;
    const code = (await readFile(join(dist, file), 'utf8')).replaceAll(/\/\*.*?\*\/|^\s*\/\/.*$/gms, '');
    assert.doesNotMatch(code, /\bimport\s*\(/, file);
  }
});

/** A namespace of the server that nobody else uses, and how a place is told of it. */
async function namespace(entry) {
  const name = `places-${process.pid}-${(namespaces += 1)}`;
  const control = new Control(server.url, name);
  const where = { entry, base: `${server.url}/ns/${name}`, token: await control.token('dashtam') };
  return { control, where };
}

function untilConnected(control) {
  return until('a connection', async () => (await control.connections()).length > 0);
}

function publish(control) {
  const items = PUBLISHED.map(([event, , data]) => ({ system: 'dashtam', event, data }));
  return control.publish(...items);
}
