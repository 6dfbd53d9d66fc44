// The API reference, for a browser: `npm run docs` writes it to api/. Each entry is a page.

import { existsSync, readFileSync } from 'node:fs';

const { exports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

/** `./dist/index.d.ts` is made from `src/index.ts`. */
function source(types) {
  const stem = types.replace(/^\.\/dist\//, 'src/').replace(/\.d\.ts$/, '');
  return [`${stem}.ts`, `${stem}.tsx`].find((path) => existsSync(new URL(path, import.meta.url)));
}

export default {
  name: 'tidewire',
  entryPoints: Object.values(exports)
    .map(({ types }) => types)
    .filter((types) => types !== undefined)
    .map(source),
  out: 'api',
  // Links to sources would need a remote that a checkout may not have.
  disableSources: true,
  excludePrivate: true,
  hideGenerator: true,
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  // What a signature is made of inside need not be a page of its own.
  validation: { notExported: false, invalidLink: true },
};
