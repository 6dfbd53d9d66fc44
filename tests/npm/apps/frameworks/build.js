import { copyFile, readFile } from 'node:fs/promises';

import { build } from 'esbuild';
import { compile, compileModule } from 'svelte/compiler';

/** What svelte's own plug-ins for bundlers do. */
const svelte = {
  name: 'svelte',
  setup(setup) {
    setup.onLoad({ filter: /\.svelte(\.js)?$/ }, async ({ path }) => {
      const translate = path.endsWith('.js') ? compileModule : compile;
      const { js } = translate(await readFile(path, 'utf8'), { filename: path, generate: 'client' });
      return { contents: js.code, loader: 'js' };
    });
  },
};

await build({
  entryPoints: { react: 'src/react.jsx', vue: 'src/vue.js', svelte: 'src/svelte.svelte.js', slim: 'src/slim.page.jsx' },
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  jsx: 'automatic',
  conditions: ['svelte', 'browser'],
  // React mounts twice under StrictMode only then.
  define: {
    'process.env.NODE_ENV': '"development"',
    __VUE_OPTIONS_API__: 'true',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
  },
  plugins: [svelte],
});

await copyFile('node_modules/tidewire/wasm/tidewire.wasm', 'dist/tidewire.wasm');
