// The page's one script: peers and ours, bundled as an application would.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Bundles into `folder`. Gives esbuild's own account of each output. */
export async function bundle(folder, entryPoints) {
  await mkdir(folder, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: here,
    entryPoints,
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [await ownEventSource()],
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

/** Pages that load one script each. */
export async function writePage(folder, name) {
  const html = `<!doctype html><meta charset="utf-8"><title>${name}</title><script type="module" src="${name}.js"></script>`;
  await writeFile(`${folder}/${name}.html`, html);
}

/** Our EventSource class, where the package has it. */
async function ownEventSource() {
  const { exports } = JSON.parse(await readFile(`${here}../../pkg/package.json`, 'utf8'));
  const contents = exports['./eventsource']
    ? "export { EventSource as OwnEventSource } from 'tidewire/eventsource';"
    : 'export const OwnEventSource = undefined;';
  return {
    name: 'tidewire-eventsource',
    setup(setup) {
      setup.onResolve({ filter: /^virtual:tidewire-eventsource$/ }, ({ path }) => ({ path, namespace: 'own' }));
      setup.onLoad({ filter: /.*/, namespace: 'own' }, () => ({ contents, resolveDir: here }));
    },
  };
}
