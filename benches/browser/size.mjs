// What the package weighs: `cargo xtask size [--json]` builds it and calls this.
//
// Every published file, what an application gets by `import { connect }` (bundled and minified for
// production), and what fills the WebAssembly module. `--check` fails where a bundle is larger than
// budget.json allows: gzip, in bytes, the module included.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { build } from 'esbuild';

import { contents } from './wasm.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const pkg = `${here}../../pkg/`;
const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, check: { type: 'boolean' } },
});

/** What `tidewire/url` fetches. */
const PACKED = 'tidewire.bin';
const PROFILES = ['dashtam', 'stockAgent', 'cortex', 'stageChat', 'hive'];
const { exports } = JSON.parse(await readFile(`${pkg}package.json`, 'utf8'));
/** Each with what it imports, and the module, if it comes as a file of its own. */
const applications = [
  application('tidewire', "export { connect } from 'tidewire';"),
  application('tidewire/url', "export { connect } from 'tidewire/url';", { module: PACKED }),
  application('tidewire/slim', "export { connect, initialize } from 'tidewire/slim';", {
    module: 'tidewire.wasm',
  }),
  exports['./eventsource'] &&
    application('tidewire/eventsource', "export { EventSource } from 'tidewire/eventsource';"),
  exports['./react'] && application('tidewire/react', "export * from 'tidewire/react';"),
  application('tidewire/validate alone', "export { validator } from 'tidewire/validate';"),
  ...PROFILES.map((profile) =>
    application(
      `tidewire/url and ${profile}`,
      `export { connect } from 'tidewire/url'; export { ${profile} } from 'tidewire/profiles';`,
      { module: PACKED },
    ),
  ),
  application(
    'tidewire/url and all profiles',
    "export { connect } from 'tidewire/url'; export * from 'tidewire/profiles';",
    { module: PACKED },
  ),
].filter(Boolean);

const bundles = [];
for (const { name, text, module } of applications) {
  const { outputFiles } = await build({
    stdin: { contents: text, resolveDir: here },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    external: ['react'],
    write: false,
  });
  const apart = module ? [await readFile(`${pkg}wasm/${module}`)] : [];
  const parts = [outputFiles[0].contents, ...apart].map(weigh);
  bundles.push({ name, script: parts[0], total: sum(parts) });
}

if (options.check) {
  await check();
} else {
  await report();
}

async function check() {
  const budget = JSON.parse(await readFile(`${here}budget.json`, 'utf8'));
  const missing = Object.keys(budget).filter(
    (name) => !bundles.some((bundle) => bundle.name === name),
  );
  const over = bundles.filter(({ name, total }) => total.gzip > (budget[name] ?? Infinity));
  for (const name of missing) console.error(`budget.json names '${name}', which is no entry`);
  for (const { name, total } of over) {
    console.error(
      `${name}: ${grouped(total.gzip)} bytes of gzip, ${grouped(budget[name])} are allowed`,
    );
  }
  if (over.length > 0) console.error('`cargo xtask size` tells what fills it');
  process.exitCode = over.length + missing.length === 0 ? 0 : 1;
}

async function report() {
  const files = await published();
  const filling = contents(await readFile(process.env.NAMED_MODULE));
  if (options.json) {
    console.log(JSON.stringify({ files, bundles, module: filling }, null, 1));
    return;
  }
  table('published', [
    ...files.filter(({ name }) => isCode(name)).map(({ name, ...sizes }) => [name, sizes]),
    ['declarations and texts', sum(files.filter(({ name }) => !isCode(name)))],
    ['all', sum(files)],
  ]);
  table(
    'import { connect }, bundled',
    bundles.flatMap(({ name, script, total }) =>
      script.raw === total.raw
        ? [[name, total]]
        : [
            [name, total],
            ['  of it script', script],
          ],
    ),
  );
  console.log('\nthe module, raw bytes');
  for (const [name, size] of filling.sections) console.log(line(name, size));
  console.log('\nits code by where it comes from');
  for (const [name, size] of filling.crates.slice(0, 20)) console.log(line(name, size));
  console.log('\nits largest functions');
  for (const [name, size] of filling.functions.slice(0, 40)) console.log(line(name, size));
}

/** What `npm publish` would send. */
async function published() {
  const { stdout } = await promisify(execFile)(
    'npm',
    ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'],
    { cwd: pkg, maxBuffer: 1 << 24 },
  );
  const [{ files }] = JSON.parse(stdout);
  return Promise.all(
    files.map(async ({ path }) => ({ name: path, ...weigh(await readFile(`${pkg}${path}`)) })),
  );
}

function application(name, text, { module } = {}) {
  return { name, text, module };
}

function weigh(bytes) {
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }).length,
  };
}

/** Files are compressed one by one. */
function sum(parts) {
  const all = { raw: 0, gzip: 0, brotli: 0 };
  for (const part of parts) for (const kind of Object.keys(all)) all[kind] += part[kind];
  return all;
}

function isCode(name) {
  return /\.(m?js|wasm|bin)$/.test(name);
}

function table(title, rows) {
  console.log(
    `\n${title.padEnd(44)}${'raw'.padStart(11)}${'gzip'.padStart(11)}${'brotli'.padStart(11)}`,
  );
  for (const [name, { raw, gzip, brotli }] of rows) console.log(line(name, raw, gzip, brotli));
}

function line(name, ...sizes) {
  const shown = name.length > 110 ? `${name.slice(0, 109)}…` : name;
  return shown.padEnd(44) + sizes.map((size) => grouped(size).padStart(11)).join('');
}

function grouped(number) {
  return number.toLocaleString('en-US');
}
