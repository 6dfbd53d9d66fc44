// Tidewire beside its peers in Chromium: `cargo xtask bench` builds all and calls this.
//
//   --quick   what tells most, below a minute          --smoke  whether the bench itself works
//   --json    the data in place of the tables          --only TEXT  tasks whose name has it
//
// To see where the time goes: `cargo xtask bench --only 'finance, 64 KiB' --profile FILE` writes a CPU
// profile of the whole page to open in Chromium's developer tools (Performance, Load profile).
//
// TIDEWIRE_URL is a server that hands out BENCH_FOLDER below /bench; CHROMIUM the browser.

import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { bundle, writePage } from './bundle.mjs';
import { launch } from './chromium.mjs';
import { PLANS, described } from './plan.mjs';
import { printTask } from './report.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    smoke: { type: 'boolean' },
    json: { type: 'boolean' },
    only: { type: 'string' },
    profile: { type: 'string' },
  },
});

const folder = process.env.BENCH_FOLDER;
const url = process.env.TIDEWIRE_URL;
if (!folder || !url) throw new Error('run this by `cargo xtask bench`');

const plan = PLANS[options.smoke ? 'smoke' : options.quick ? 'quick' : 'full'];
const tasks = plan.tasks.filter((task) => described(task).includes(options.only ?? ''));
if (tasks.length === 0) throw new Error(`no task's name has '${options.only}'`);

await bundle(folder, { main: 'page/main.mjs' });
await writePage(folder, 'main');

const say = options.json ? () => {} : (line) => console.log(line);
const browser = await launch();
const results = [];
try {
  for (const task of tasks) {
    // A page of its own: what an engine learnt of one task is not used for the next.
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(String(error)));
    await page.goto(`${url}/bench/main.html`);
    await page.waitForFunction(() => window.bench !== undefined);
    const profiler = options.profile && (await startProfile(page));
    const result = { ...task, name: described(task), ...(await page.evaluate((task) => window.bench.measure(task), task)) };
    if (profiler) await writeFile(options.profile, await profiler());
    results.push(result);
    printTask(result, say);
    await page.close();
  }
} finally {
  await browser.close();
}
if (options.json) console.log(JSON.stringify({ browser: browser.version(), tasks: results }, null, 1));

async function startProfile(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Profiler.enable');
  await devtools.send('Profiler.setSamplingInterval', { interval: 100 });
  await devtools.send('Profiler.start');
  return async () => JSON.stringify((await devtools.send('Profiler.stop')).profile);
}
