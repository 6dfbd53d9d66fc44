// The small applications of apps/: laid out, installed with what `npm pack` makes, built.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { root } from '../e2e/server.mjs';

const run = promisify(execFile);
const fixtures = fileURLToPath(new URL('apps/', import.meta.url));
const workshop = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'npm-apps');

/** What `npm pack` makes of pkg/. Named after its content: npm takes equal names for equal files. */
export async function pack() {
  await mkdir(workshop, { recursive: true });
  const folder = join(workshop, `packed-${process.pid}`);
  await mkdir(folder, { recursive: true });
  const { stdout } = await npm(join(root, 'pkg'), 'pack', '--json', '--pack-destination', folder);
  const [{ filename }] = JSON.parse(stdout);
  const made = join(folder, filename);
  const digest = createHash('sha256').update(await readFile(made)).digest('hex').slice(0, 16);
  const tarball = join(workshop, `tidewire-${digest}.tgz`);
  for (const old of await readdir(workshop)) {
    // Other tests may be installing the one of this name, or clearing up as well.
    const isOld = old.endsWith('.tgz') && join(workshop, old) !== tarball;
    if (isOld) await rm(join(workshop, old), { force: true });
  }
  await rename(made, tarball);
  await rm(folder, { recursive: true });
  return tarball;
}

/** Lays an application out as its author would have it, and gives its folder. */
export async function install(name, tarball, pages) {
  const folder = join(workshop, name);
  // All but what was installed and built comes anew.
  for (const old of ['src', 'app', 'dist', '.next']) {
    await rm(join(folder, old), { recursive: true, force: true });
  }
  await cp(join(fixtures, name), folder, { recursive: true });
  if (!['jest', 'next', 'vitest'].includes(name)) await cp(join(fixtures, 'shared'), join(folder, 'src'), { recursive: true });
  const manifest = JSON.parse(await readFile(join(fixtures, name, 'package.json'), 'utf8'));
  manifest.dependencies = { ...manifest.dependencies, tidewire: `file:${tarball}` };
  const wanted = JSON.stringify(manifest, null, 2);
  await writeFile(join(folder, 'package.json'), wanted);
  const stamp = join(folder, 'node_modules/.tidewire-installed');
  if ((await readFile(stamp, 'utf8').catch(() => '')) !== wanted) {
    await npm(folder, 'install', '--no-package-lock', '--ignore-scripts', '--prefer-offline');
    await writeFile(stamp, wanted);
  }
  for (const [page, html] of Object.entries(pages)) await writeFile(join(folder, `${page}.html`), html);
  return folder;
}

/** Runs the application's own `npm run build`. */
export function build(folder) {
  return npm(folder, 'run', 'build');
}

/** Runs a program that the application has installed. */
export function program(folder, name, ...args) {
  return npm(folder, 'exec', '--offline', '--', name, ...args);
}

/** A page with places for what is shown, and one script. */
export function html(script, importMap) {
  const map = importMap && `<script type="importmap">${JSON.stringify({ imports: importMap })}</script>\n`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8" />
<title>Tidewire</title>
<output></output>
<ol></ol>
${map ?? ''}<script type="module" src="${script}"></script>
</html>
`;
}

async function npm(folder, ...args) {
  try {
    return await run('npm', ['--no-audit', '--no-fund', '--loglevel=error', ...args], {
      cwd: folder,
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', PARCEL_WORKERS: '0' },
      maxBuffer: 64 * 1024 * 1024,
      shell: process.platform === 'win32',
    });
  } catch (error) {
    throw new Error(`npm ${args.join(' ')} failed:\n${error.stdout}\n${error.stderr}`, { cause: error });
  }
}
