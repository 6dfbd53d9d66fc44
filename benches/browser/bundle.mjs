// The page's one script: peers and ours, bundled as an application would.

import { gzipSync } from 'node:zlib';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Bundles into `folder`; `entry` is what the script knows as `virtual:entry`. */
export async function bundle(folder, entryPoints, entry = 'tidewire') {
  await mkdir(folder, { recursive: true });
  await build({
    absWorkingDir: here,
    entryPoints,
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [await virtual(entry), ...(process.env.PACKED_NAMED_MODULE ? [namedModule()] : [])],
    logLevel: 'warning',
  });
}

/** Where `tidewire/url` looks for it from a script one folder deep. */
export async function layWasm(folder) {
  await mkdir(`${folder}/wasm`, { recursive: true });
  await copyFile(`${here}../../pkg/wasm/tidewire.bin`, `${folder}/wasm/tidewire.bin`);
}

/** A page that loads one script. */
export async function writePage(folder, name) {
  const html = `<!doctype html><meta charset="utf-8"><title>${name}</title><script type="module" src="${basename(name)}.js"></script>`;
  await writeFile(`${folder}/${name}.html`, html);
}

/** Modules that depend on what is measured: our EventSource class, where the package has it. */
async function virtual(entry) {
  const { exports } = JSON.parse(await readFile(`${here}../../pkg/package.json`, 'utf8'));
  const modules = {
    'virtual:entry': `export { connect } from '${entry}';`,
    'virtual:tidewire-eventsource': exports['./eventsource']
      ? "export { EventSource as OwnEventSource } from 'tidewire/eventsource';"
      : 'export const OwnEventSource = undefined;',
  };
  return {
    name: 'virtual',
    setup(setup) {
      setup.onResolve({ filter: /^virtual:/ }, ({ path }) => ({ path, namespace: 'virtual' }));
      setup.onLoad({ filter: /.*/, namespace: 'virtual' }, ({ path }) => ({
        contents: modules[path],
        resolveDir: here,
      }));
    },
  };
}

/** For a profile: the module that is inline has its functions' names. */
function namedModule() {
  return {
    name: 'named-module',
    setup(setup) {
      setup.onLoad({ filter: /wasm[\\/]inline\.js$/ }, async () => ({
        contents: `export default '${gzipSync(await readFile(process.env.PACKED_NAMED_MODULE)).toString('base64')}';`,
      }));
    },
  };
}
