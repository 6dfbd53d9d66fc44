// The packed package in applications of every common bundler: installed, built for production,
// served, and opened in Chromium, where typed events of the test server arrive.
//
// Vite, webpack and the page without a bundler always; the others when TIDEWIRE_THOROUGH is set.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { Control, openServer, root } from '../e2e/server.mjs';
import { launch } from '../e2e/visit.mjs';
import { build, html, install, pack, program } from './app.mjs';
import { serveFolder } from './static-server.mjs';

const thorough = process.env.TIDEWIRE_THOROUGH !== undefined;
const others = { skip: !thorough && 'TIDEWIRE_THOROUGH is not set' };
const ENTRIES = ['default', 'url', 'slim', 'without'];
/** The default entry in a worker, too. */
const WITH_WORKER = [...ENTRIES, 'worker'];

let server;
let browser;
let tarball;

before(async () => {
  [server, browser, tarball] = await Promise.all([openServer(), launch(), pack()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('Vite builds every entry without a plug-in, in a worker too', async (t) => {
  const folder = await install('vite', tarball, sources(WITH_WORKER));
  await build(folder);
  await matrix(t, 'Vite', join(folder, 'dist'), WITH_WORKER);
});

test('Vite serves every entry while the application is being written', async (t) => {
  const folder = await install('vite', tarball, sources(WITH_WORKER));
  const { url, stop } = await start(folder, 'vite/bin/vite.js', '--host', '127.0.0.1', '--port', '0');
  t.after(stop);
  for (const entry of WITH_WORKER) checkShown(entry, await visit(`${url}/${entry}.html`));
});

test('webpack builds every entry without a loader, in a worker too', async (t) => {
  const folder = await install('webpack', tarball, {});
  await build(folder);
  await matrix(t, 'webpack', await withPages(folder, WITH_WORKER), WITH_WORKER);
});

test('a page without a bundler takes every entry by an import map, and the default by its address', async (t) => {
  const at = '/node_modules/tidewire/dist';
  const imports = {
    tidewire: `${at}/index.js`,
    'tidewire/url': `${at}/url.js`,
    'tidewire/slim': `${at}/slim.js`,
    'tidewire/profiles': `${at}/profiles/index.js`,
  };
  const pages = ENTRIES.map((entry) => [entry, html(`src/${entry}.js`, imports)]);
  const folder = await install('bare', tarball, Object.fromEntries(pages));
  await matrix(t, 'no bundler', folder, [...ENTRIES, 'relative'], { whole: true });
});

test('Rollup builds the default entry and slim', others, async (t) => {
  const entries = ['default', 'slim', 'without'];
  const folder = await install('rollup', tarball, {});
  await build(folder);
  await matrix(t, 'Rollup', await withPages(folder, entries), entries);
});

test('esbuild builds the default entry and slim', others, async (t) => {
  const entries = ['default', 'slim', 'without'];
  const folder = await install('esbuild', tarball, {});
  await build(folder);
  await matrix(t, 'esbuild', await withPages(folder, entries), entries);
});

test('Parcel builds every entry, in a worker too', others, async (t) => {
  const folder = await install('parcel', tarball, sources(WITH_WORKER));
  await build(folder);
  await matrix(t, 'Parcel', join(folder, 'dist'), WITH_WORKER);
});

test('Next renders a client component of every entry, and one with the hook, and runs Tidewire on its server and edge', others, async (t) => {
  const folder = await install('next', tarball, {});
  await build(folder);
  const next = ['next/dist/bin/next', 'start', '--hostname', '127.0.0.1', '--port', '0'];
  const { url, stop } = await start(folder, ...next);
  t.after(stop);
  await compare(t, 'Next', [...ENTRIES, 'react'], (entry) => visit(`${url}/${entry}`));

  for (const route of ['relay', 'edge']) {
    const { control, address } = await namespace();
    const relayed = fetch(`${url}/${route}?${address}`);
    await untilConnected(control);
    await publish(control);
    const event = await (await relayed).json();
    assert.deepEqual([event.type, event.category], ['sync.accounts.started', 'data_sync'], route);
  }
});

test('publint and attw have nothing to say of the package', others, async () => {
  const folder = await install('published', tarball, {});
  await program(folder, 'publint', 'run', '--strict', tarball);
  // It is ESM alone, and the module is no script.
  const accepted = ['--ignore-rules', 'cjs-resolves-to-esm', '--exclude-entrypoints', 'tidewire.wasm'];
  await program(folder, 'attw', tarball, ...accepted);
});

test('docs/bundlers.md shows what the applications are made of', async () => {
  const text = await readFile(join(root, 'docs/bundlers.md'), 'utf8');
  const snippets = [...text.matchAll(/\(`(apps\/[\w/]+\.js)`\):\n\n```js\n(.*?)```/gs)];
  assert.equal(snippets.length, text.match(/^```js$/gm).length);
  for (const [, file, snippet] of snippets) {
    const source = await readFile(new URL(file, import.meta.url), 'utf8');
    for (const line of snippet.trim().split('\n')) assert.ok(source.includes(line), `${file}: ${line}`);
  }
  for (const app of ['vite', 'webpack', 'parcel', 'next', 'rollup', 'esbuild']) {
    const manifest = await readFile(new URL(`apps/${app}/package.json`, import.meta.url), 'utf8');
    const version = JSON.parse(manifest).dependencies[app].split('.').slice(0, 2).join('.');
    assert.match(text, new RegExp(`^\\| ${app}[^|]*\\| ${version} \\|`, 'im'), app);
  }
});

/** Pages that a bundler reads. */
function sources(entries) {
  return Object.fromEntries(entries.map((entry) => [entry, html(`./src/${entry}.js`)]));
}

/** Lays pages beside scripts that are built. */
async function withPages(folder, entries) {
  const dist = join(folder, 'dist');
  for (const entry of entries) await writeFile(join(dist, `${entry}.html`), html(`${entry}.js`));
  return dist;
}

async function matrix(t, bundler, folder, entries, options) {
  const { url, close } = await serveFolder(folder);
  t.after(close);
  await compare(t, bundler, entries, (entry) => visit(`${url}/${entry}.html`), options);
}

/** Visits every page, and says by how much each is larger than the one without Tidewire. */
async function compare(t, bundler, entries, visitOf, { whole = false } = {}) {
  const visits = {};
  for (const entry of entries) visits[entry] = await visitOf(entry);
  for (const [entry, visited] of Object.entries(visits)) {
    checkShown(entry, visited);
    // What a worker loads, its page does not see.
    if (entry === 'without' || entry === 'worker') continue;
    const { files, bytes } = visited;
    const wasm = files.filter(({ isWasm }) => isWasm);
    assert.equal(wasm.length, ['url', 'slim'].includes(entry) ? 1 : 0, `${entry}: wasm files`);
    const text = files.map(({ text }) => text).join('\n');
    assert.ok(text.includes('sync.accounts.completed'), `${entry}: the profile that is used`);
    // What is not bundled is not shaken either.
    assert.equal(text.includes('llm_text_delta'), whole, `${entry}: profiles that are not used`);
    const grown = ((bytes - visits.without.bytes) / 1000).toFixed(1);
    t.diagnostic(`${bundler}, ${entry}: +${grown} kB gzip; files loaded: ${files.length}`);
  }
}

function checkShown(entry, { lines }) {
  const wanted = entry === 'without' ? ['nothing'] : ['sync.accounts.started', '3 accounts'];
  assert.deepEqual(lines, wanted, entry);
}

/** What a page shows of three published events, two of which it asked for, and what it loaded. */
async function visit(url) {
  const { control, address } = await namespace();
  const page = await browser.newPage();
  const wrong = [];
  const loaded = [];
  page.on('console', (message) => {
    // Browsers ask for an icon unasked, and not every app has one.
    if (message.location().url.endsWith('/favicon.ico')) return;
    if (['error', 'warning'].includes(message.type())) wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('response', (response) => {
    const isWasm = /\.(bin|wasm)$/.test(new URL(response.url()).pathname);
    if (isWasm || response.request().resourceType() === 'script') loaded.push({ response, isWasm });
  });
  try {
    await page.goto(`${url}?${address}`);
    const state = page.locator('output');
    await page.waitForFunction(() => document.querySelector('output').textContent !== '');
    if ((await state.textContent()) !== 'ready') {
      assert.equal(await state.textContent(), 'open');
      await publish(control);
      await page.waitForFunction(() => document.querySelectorAll('li').length >= 2);
    }
    const lines = await page.locator('li').allTextContents();
    const files = await Promise.all(
      loaded.map(async ({ response, isWasm }) => {
        const body = await response.body();
        return { isWasm, text: isWasm ? '' : body.toString(), bytes: gzipSync(body, { level: 9 }).length };
      }),
    );
    assert.deepEqual(wrong, []);
    return { lines, files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
  } catch (error) {
    throw new Error(`${url}: ${error.message}\n${wrong.join('\n')}`, { cause: error });
  } finally {
    await page.close();
  }
}

let count = 0;

/** A namespace of the server that nobody else uses, and how a page is told of it. */
async function namespace() {
  const name = `bundlers-${process.pid}-${(count += 1)}`;
  const control = new Control(server.url, name);
  const token = await control.token('dashtam');
  return { control, address: new URLSearchParams({ server: `${server.url}/ns/${name}`, token }) };
}

function publish(control) {
  const item = (event, data) => ({ system: 'dashtam', event, data });
  const connection_id = '5b0c6f4e-0b4f-4c6b-9c55-3c7f6d0a1e22';
  return control.publish(
    item('sync.accounts.started', { connection_id }),
    item('security.login.failed', { reason: 'invalid_credentials' }),
    item('sync.accounts.completed', { connection_id, account_count: 3 }),
  );
}

async function untilConnected(control) {
  const deadline = Date.now() + 20_000;
  while ((await control.connections()).length === 0) {
    assert.ok(Date.now() < deadline, 'nobody connects');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A server that an application brings, by the address that it prints. */
async function start(folder, script, ...args) {
  const server = spawn(process.execPath, [join('node_modules', script), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' },
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url !== undefined) {
      server.stdout.resume();
      return {
        url,
        async stop() {
          const exit = once(server, 'exit');
          server.kill('SIGTERM');
          await exit;
        },
      };
    }
  }
  throw new Error(`${script} ended before it told its address`);
}
