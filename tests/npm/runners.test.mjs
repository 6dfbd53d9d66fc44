// The packed package in projects with test runners: the tests that docs/testing.md shows, run by
// vitest and checked by the compiler; and, when TIDEWIRE_THOROUGH is set, a few by jest.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from '../e2e/server.mjs';
import { build, install, pack, program } from './app.mjs';

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
