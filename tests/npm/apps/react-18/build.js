import { build } from 'esbuild';

await build({
  entryPoints: ['src/react.jsx'],
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"development"' },
});
