// The packed package in projects with test runners: the tests that docs/testing.md shows, run by
// vitest and checked by the compiler; when TIDEWIRE_THOROUGH is set, a few by jest; and one in a
// browser, where some runners take tests.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from '../e2e/server.mjs';
import { launch } from '../e2e/visit.mjs';
import { build, install, pack, program } from './app.mjs';
import { serveFolder } from './static-server.mjs';

const app = new URL('apps/vitest/', import.meta.url);

test('docs/testing.md shows what the project with vitest is made of', async () => {
  const text = await readFile(join(root, 'docs/testing.md'), 'utf8');
  const snippets = [...text.matchAll(/\(`(src\/[\w.-]+\.ts)`\):\n\n```ts\n(.*?)```/gs)];
  assert.equal(snippets.length, text.match(/^```(ts|js)$/gm).length, 'each names its file');
  for (const [, file, snippet] of snippets) {
    const source = await readFile(new URL(file, app), 'utf8');
    assert.ok(source.includes(snippet.trim()), `${file}:\n${snippet}`);
  }
});

test("a project with vitest tests its own code: events, cuts, refusals, tokens, silence", async (t) => {
  const folder = await install('vitest', await pack(), {});
  const { stdout } = await program(folder, 'vitest', 'run', '--reporter=tap-flat');
  assert.doesNotMatch(stdout, /^not ok/m);
  const passed = stdout.match(/^ok /gm);
  const tsc = join(root, 'pkg/node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '--project', folder], { stdio: 'inherit' });
  t.diagnostic(`vitest: ${passed.length} tests passed`);
});

const others = { skip: process.env.TIDEWIRE_THOROUGH === undefined && 'TIDEWIRE_THOROUGH is not set' };

test('a project with jest does, too', others, async () => {
  const folder = await install('jest', await pack(), {});
  await build(folder);
});

test('the server and the clock do in a browser what they do in Node', async (t) => {
  const [browser, site] = await Promise.all([
    launch(),
    serveFolder(root, (path) => {
      return path === '/' && { status: 200, headers: { 'content-type': 'text/html' }, body: '<!doctype html>' };
    }),
  ]);
  t.after(() => Promise.all([browser.close(), site.close()]));
  const page = await browser.newPage();
  await page.goto(site.url);
  const { elapsed, ...rest } = await page.evaluate(inBrowser);
  assert.deepEqual(rest, {
    messages: ['first', 'second', 'third'],
    state: 'aborted',
    isBack: true,
  });
  assert.ok(elapsed >= 3_600_000, `${elapsed}`);
});

/** In the page. */
async function inBrowser() {
  const { connect } = await import('/pkg/dist/index.js');
  const { EventSource } = await import('/pkg/dist/eventsource.js');
  const { installClock, scriptedServer } = await import('/pkg/dist/testing.js');
  const { setTimeout } = window;
  const clock = installClock();
  const server = scriptedServer();
  const messages = [];
  const stream = connect('/events', { fetch: server.fetch, staleAfter: 3_600_000 });
  stream.on('message', ({ raw }) => messages.push(raw));
  const request = await server.request();
  const since = clock.now;
  await request.send({ type: 'message', data: 'first' });
  const second = await clock.until(server.request());
  await second.send({ type: 'message', data: 'second' });
  const elapsed = clock.now - since;
  stream.close();

  const source = new EventSource('/events', { fetch: server.fetch });
  source.onmessage = ({ data }) => messages.push(data);
  await (await server.request()).send({ type: 'message', data: 'third' });
  source.close();
  clock.uninstall();
  return { messages, elapsed, state: request.state, isBack: window.setTimeout === setTimeout };
}
