// What `npm pack` makes, installed as a user would install it.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const pkg = fileURLToPath(new URL('../../pkg/', import.meta.url));

function npm(folder, ...args) {
  return execFileSync(
    'npm',
    [...args, '--no-audit', '--no-fund', '--ignore-scripts', '--offline', '--loglevel=error'],
    {
      cwd: folder,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    },
  );
}

/** Its types, used by somebody who checks what libraries declare, too. */
const TYPED = `
import { connect } from 'tidewire';
import { connect as byUrl } from 'tidewire/url';
import { connect as slim, initialize } from 'tidewire/slim';
import { dashtam } from 'tidewire/profiles';
import { scriptedServer } from 'tidewire/testing';
import { validator } from 'tidewire/validate';

export async function firstCount(): Promise<number> {
  initialize(fetch('/tidewire.wasm'));
  for (const open of [byUrl, slim]) open('/events', { profile: dashtam }).close();
  // @ts-expect-error: no such event type
  await (await scriptedServer({ profile: dashtam }).request()).send({ type: 'sync', data: {} });
  connect('/events', { profile: dashtam, validate: validator }).close();
  // @ts-expect-error: there is nothing to check by
  connect('/events', { profile: dashtam, validate: true });
  // @ts-expect-error: no such category
  connect('/events', { profile: dashtam, categories: ['data-sync'] });
  for await (const event of connect('/events', { profile: dashtam })) {
    if (event.type === 'sync.accounts.completed') return event.data.account_count;
    // @ts-expect-error: not yet narrowed
    if (event.data.account_count) return 0;
  }
  return 0;
}
`;

test('the package holds what it should and no more, and every entry of it works, under tsc too', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [{ filename, files }] = JSON.parse(
    npm(pkg, 'pack', '--json', '--pack-destination', folder),
  );
  const paths = files.map(({ path }) => path);
  const expected =
    /^(dist\/[\w/-]+\.(js|d\.ts)|wasm\/(tidewire\.(bin|wasm)|(utf8|(validate-)?(glue|inline))\.(js|d\.ts))|(eventsource|profiles|react|slim|testing|url|validate)\/package\.json|README\.md|LICENSE-(MIT|APACHE)|package\.json)$/;
  assert.deepEqual(
    paths.filter((path) => !expected.test(path)),
    [],
  );
  for (const path of [
    'README.md',
    'LICENSE-MIT',
    'LICENSE-APACHE',
    'dist/index.js',
    'wasm/tidewire.bin',
    'wasm/tidewire.wasm',
  ]) {
    assert.ok(paths.includes(path), path);
  }

  writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}');
  npm(folder, 'install', join(folder, filename));
  const { exports } = JSON.parse(readFileSync(join(pkg, 'package.json'), 'utf8'));
  for (const [entry, target] of Object.entries(exports)) {
    const targets = typeof target === 'string' ? [target] : Object.values(target);
    for (const path of targets) {
      assert.ok(paths.includes(path.slice(2)), `${entry} points to ${path}`);
    }
    assert.ok(
      typeof target === 'string' || Object.keys(target)[0] === 'types',
      `${entry}: types first`,
    );
    // Parcel and TypeScript's old resolution know nothing of `exports`.
    if (typeof target !== 'string' && entry !== '.') {
      const { main, types } = JSON.parse(readFileSync(join(pkg, entry, 'package.json'), 'utf8'));
      assert.deepEqual(
        [main, types].map((path) => path.replace('../', './')),
        [target.default, target.types],
        entry,
      );
    }
  }
  const program = `
    import { readFile } from 'node:fs/promises';
    import { connect } from 'tidewire';
    import { EventSource } from 'tidewire/eventsource';
    import * as profiles from 'tidewire/profiles';
    import * as slim from 'tidewire/slim';
    import * as url from 'tidewire/url';
    import { validator } from 'tidewire/validate';
    const fetch = async () => new Response('event: import.failed\\ndata: {"error": "x"}\\n\\n', {
      headers: { 'content-type': 'text/event-stream' },
    });
    slim.initialize(readFile(new URL(import.meta.resolve('tidewire/tidewire.wasm'))));
    for (const connectBy of [connect, url.connect, slim.connect]) {
      const stream = connectBy('http://test.example/', { profile: profiles.dashtam, fetch, reconnect: false });
      for await (const { data } of stream) console.log(data.error);
    }
    const validate = validator;
    const checked = connect('http://test.example/', { profile: profiles.dashtam, fetch, validate, reconnect: false });
    checked.addEventListener('decodeerror', ({ detail }) => console.log(detail.error.path));
    for await (const event of checked) console.log(event);
    console.log(Object.keys(profiles).sort().join());
    const source = new EventSource('http://test.example/', { fetch });
    source.addEventListener('import.failed', ({ data }) => {
      console.log(data);
      source.close();
    });
  `;
  writeFileSync(join(folder, 'program.js'), program);
  const output = execFileSync(process.execPath, ['program.js'], { cwd: folder, encoding: 'utf8' });
  writeFileSync(join(folder, 'typed.ts'), TYPED);
  const tsc = join(pkg, 'node_modules/typescript/bin/tsc');
  const strict = ['--noEmit', '--strict', '--skipDefaultLibCheck', '--exactOptionalPropertyTypes', '--target', 'es2022', '--lib', 'es2022,dom'];
  const resolutions = { bundler: 'esnext', node10: 'esnext', node16: 'node16', nodenext: 'nodenext' };
  for (const [resolution, module] of Object.entries(resolutions)) {
    // Each takes seconds; these two are the ones on the way out.
    if (['node10', 'node16'].includes(resolution) && !process.env.TIDEWIRE_THOROUGH) continue;
    const how = [...strict, '--moduleResolution', resolution, '--module', module];
    const { status, stdout } = spawnSync(process.execPath, [tsc, ...how, 'typed.ts'], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.equal(`${status}${stdout}`, '0', resolution);
  }

  assert.equal(output, 'x\nx\nx\n$.file_name\ncortex,dashtam,defineProfile,hive,plain,stageChat,stockAgent\n{"error": "x"}\n');
});

test('the licences in the package are those of the project', () => {
  for (const name of ['LICENSE-MIT', 'LICENSE-APACHE']) {
    const own = readFileSync(join(pkg, name), 'utf8');
    assert.equal(own, readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));
  }
});
