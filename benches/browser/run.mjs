// Tidewire beside its peers in Chromium: `cargo xtask bench` builds all and calls this.
//
//   --quick   what tells most, below a minute          --smoke      whether the bench itself works
//   --json    the data in place of the tables          --only TEXT  what has it in its name
//   --write   docs/performance.md and the README's table, from this run
//   --native FILE, --size FILE   what the native bench and size.mjs have found, as JSON
//
// To see where the time goes, let `cargo xtask bench --quick --only 'finance, 64 KiB, text' --profile
// FILE.cpuprofile` write a CPU profile of the page, and open it in Chromium's developer tools
// (Performance, Load profile). The script's names are minified, as an application's are; the module's
// are left in it for a profile.
//
// TIDEWIRE_URL is a server that hands out BENCH_FOLDER below /bench; CHROMIUM the browser.

import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { bundle, layWasm, writePage } from './bundle.mjs';
import { launch } from './chromium.mjs';
import { coldPage, coldStarts, ENTRIES, printCold } from './cold.mjs';
import { described, PLANS, servedTasks } from './plan.mjs';
import { printGoals } from './goals.mjs';
import { printHold, printLatency, printTask } from './report.mjs';
import { serveEvents, serveOne } from './served.mjs';
import { writeTables } from './write.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    smoke: { type: 'boolean' },
    json: { type: 'boolean' },
    only: { type: 'string', default: '' },
    profile: { type: 'string' },
    write: { type: 'boolean' },
    native: { type: 'string' },
    size: { type: 'string' },
  },
});
const folder = process.env.BENCH_FOLDER;
const server = process.env.TIDEWIRE_URL;
if (!folder || !server) throw new Error('run this by `cargo xtask bench`');

const WATCHED = ['tidewire', 'eventsource-parser', 'bytes alone'];
const plan = PLANS[options.smoke ? 'smoke' : options.quick ? 'quick' : 'full'];
const wanted = (name) => name.includes(options.only);
const say = options.json ? () => {} : (line) => console.log(line);

await bundle(folder, { main: 'page/main.mjs' });
await writePage(folder, 'main');
await layWasm(folder);
const browser = await launch();
const results = {
  date: new Date().toISOString().slice(0, 10),
  browser: browser.version(),
  tasks: [],
  native: options.native && JSON.parse(await readFile(options.native, 'utf8')),
  size: options.size && JSON.parse(await readFile(options.size, 'utf8')),
};
try {
  const served = await serveEvents(server, plan.served.events);
  for (const task of [...plan.tasks, ...servedTasks(plan.served, served)]) {
    const name = described(task);
    if (!wanted(name)) continue;
    const result = { ...task, name, ...(await inPage('measure', task)) };
    results.tasks.push(result);
    printTask(result, say);
  }
  if (wanted('burst')) {
    const { events, rounds } = plan.hold;
    const { url } = await serveEvents(server, events);
    const candidates = WATCHED.filter((name) => name !== 'bytes alone');
    results.hold = {
      events,
      candidates: await inPage('hold', { url, events, rounds, candidates }),
    };
    printHold(results.hold, say);
  }
  if (wanted('latency')) {
    results.latency = await inPage('latency', { ...plan.latency, candidates: WATCHED });
    printLatency(results.latency, say);
  }
  if (wanted('cold start')) {
    for (const [entry, path] of Object.entries(ENTRIES)) {
      await bundle(folder, { [coldPage(entry)]: 'page/cold.mjs' }, path);
      await writePage(folder, coldPage(entry));
    }
    results.cold = await coldStarts(browser, server, await serveOne(server), plan.cold.contexts);
    printCold(results.cold, say);
  }
} finally {
  await browser.close();
}
printGoals(results, say);
if (options.write) await writeTables(results);
if (options.json) console.log(JSON.stringify(results, null, 1));

/** A page of its own: what an engine learnt of one task is not used for the next. */
async function inPage(work, task) {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(String(error)));
  await page.goto(`${server}/bench/main.html`);
  await page.waitForFunction(() => window.bench !== undefined);
  const profile = options.profile && (await startProfile(page));
  const result = await page.evaluate(([work, task]) => window.bench[work](task), [work, task]);
  if (profile) await writeFile(options.profile, await profile());
  await page.close();
  return result;
}

async function startProfile(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Profiler.enable');
  await devtools.send('Profiler.setSamplingInterval', { interval: 100 });
  await devtools.send('Profiler.start');
  return async () => JSON.stringify((await devtools.send('Profiler.stop')).profile);
}
