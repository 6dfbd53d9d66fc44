// Rollup finds packages by a plug-in, and leaves `new URL(…, import.meta.url)` as it is: no
// `tidewire/url` here.

import { nodeResolve } from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';

const pages = ['default', 'slim', 'without'];

export default {
  input: pages.map((page) => `src/${page}.js`),
  output: { dir: 'dist' },
  plugins: [nodeResolve(), terser()],
};
