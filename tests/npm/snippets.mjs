// The code in the documentation: where it stands, and what it takes to compile and to run it.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

import { root } from '../e2e/server.mjs';

const ts = createRequire(`${root}pkg/`)('typescript');

/**
 * Every block of JavaScript and TypeScript in the documentation: `{ page, line, text }`. One that
 * imports a package which is not installed here, a framework say, is tested where it is; and so is
 * one that is said to be part of a file, `src/ask.ts` say.
 */
export async function snippets() {
  const guides = (await readdir(`${root}docs`)).filter((name) => name.endsWith('.md'));
  const pages = ['README.md', 'pkg/README.md', ...guides.map((name) => `docs/${name}`)];
  const found = [];
  for (const page of pages) {
    const source = await readFile(root + page, 'utf8');
    for (const { 1: text, index } of source.matchAll(/^```(?:js|ts|tsx|jsx)\n(.*?)^```$/gms)) {
      const before = source.slice(0, index);
      const isPart = /\(`src\/[\w.-]+`\):\n\n$/.test(before);
      const line = before.split('\n').length + 1;
      if (!isPart && importsInstalled(text)) found.push({ page, line, text });
    }
  }
  return found;
}

function importsInstalled(text) {
  return [...text.matchAll(/\bfrom '((?:@[\w-]+\/)?[\w-]+)[^']*'/g)].every(
    ([, name]) => name === 'tidewire' || existsSync(`${root}pkg/node_modules/${name}`),
  );
}

/** A project in which `tidewire` is installed: this one, by a link. */
export async function project() {
  const folder = await mkdtemp(join(tmpdir(), 'tidewire-snippets-'));
  const modules = join(folder, 'node_modules');
  await mkdir(modules);
  await symlink(`${root}pkg`, join(modules, 'tidewire'), 'dir');
  // What the package's own peers and types are, its users have.
  for (const name of await readdir(`${root}pkg/node_modules`)) {
    if (!name.startsWith('.')) {
      await symlink(`${root}pkg/node_modules/${name}`, join(modules, name), 'dir');
    }
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(
    join(folder, 'kept-tidewire.mjs'),
    `import { connect as open } from 'tidewire';
    export * from 'tidewire';
    export const connect = (...given) => keep(open(...given));`,
  );
  await writeFile(
    join(folder, 'kept-eventsource.mjs'),
    `import { EventSource as Source } from 'tidewire/eventsource';
    export const EventSource = function (...given) { return keep(new Source(...given)); };`,
  );
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

/** What the compiler says of the snippets, each a module of its own, as strict as can be. */
export async function compile({ folder }, all) {
  const extension = ({ text }) => (/<\w[^<]*\/>|<\/\w+>/.test(text) ? 'tsx' : 'ts');
  const names = all.map((it) => `${basename(it.page, '.md')}-${it.line}.${extension(it)}`);
  // An import of nothing makes a module of a block that has none, so that it may await.
  await Promise.all(
    all.map(({ text }, at) => writeFile(join(folder, names[at]), `${text}\nexport {};\n`)),
  );
  const options = {
    target: 'ES2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['ES2022', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable', 'ESNext.Disposable'],
    types: [],
    jsx: 'react-jsx',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    preserveSymlinks: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const config = { compilerOptions: options, files: [...names, `${root}tests/npm/snippets.d.ts`] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = `${root}pkg/node_modules/typescript/bin/tsc`;
  return spawnSync(process.execPath, [tsc, '--project', folder], { encoding: 'utf8' }).stdout;
}

let runs = 0;

/**
 * Runs a snippet as it stands, but that what it connects is also kept in `opened`, to be closed.
 * Answers when its first statements have run; one that waits for events goes on.
 */
export async function run({ folder }, { text }, globals) {
  const opened = [];
  const previous = {};
  const given = {
    ...globals,
    location: new URL('https://app.example/'),
    keep: (it) => (opened.push(it), it),
  };
  for (const [name, value] of Object.entries(given)) {
    previous[name] = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  const kept = text.replace(/from '(?:tidewire\/)?(tidewire|eventsource)'/g, "from './kept-$1.mjs'");
  const { outputText } = ts.transpileModule(kept, {
    compilerOptions: { target: 'ES2022', module: 'ESNext', verbatimModuleSyntax: false },
  });
  const file = join(folder, `run-${(runs += 1)}.mjs`);
  await writeFile(file, outputText);
  const done = import(pathToFileURL(file));
  done.catch(() => {});
  return {
    opened,
    done,
    async end() {
      opened.forEach((it) => it.close());
      await Promise.all(opened.map((it) => it.closed));
      for (const [name, descriptor] of Object.entries(previous)) {
        if (descriptor) Object.defineProperty(globalThis, name, descriptor);
        else delete globalThis[name];
      }
    },
  };
}
