// The run's figures in the repository: docs/performance.md, and the table in the README.

import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

import { against, goalTable, markdown } from './goals.mjs';
import { digits, ratio, shownRatio, spread } from './statistics.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const BEGIN = '<!-- printed by `cargo xtask bench --write` -->';
const END = '<!-- end of what is printed -->';
/** The section before which the README's own is put the first time. */
const NEXT = '## The commands';

export async function writeTables(results) {
  await writeFile(`${root}docs/performance.md`, page(results));
  const readme = await readFile(`${root}README.md`, 'utf8');
  await writeFile(`${root}README.md`, withSection(readme, section(results)));
}

/** A README in which `text` stands between the marks. */
export function withSection(readme, text) {
  // Blank lines, or Markdown would take the marks for a part of what is beside them.
  const marked = `${BEGIN}\n\n${text}\n\n${END}`;
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin >= 0 && end > begin) {
    return readme.slice(0, begin) + marked + readme.slice(end + END.length);
  }
  const next = readme.indexOf(NEXT);
  if (next < 0) throw new Error(`README.md has neither ${BEGIN} nor '${NEXT}'`);
  return `${readme.slice(0, next)}${marked}\n\n${readme.slice(next)}`;
}

function section(results) {
  return `## How fast, how large

\`cargo xtask bench\` installs the peers, runs everyone in one browser in shuffled rounds, and prints
this table; \`--quick\` takes a minute. A figure is how many times longer the other took in the same
round, the median and the quartiles, unless the row says otherwise; all go through their public API.
Every workload, chunk size and peer is in [docs/performance.md](docs/performance.md).
\`cargo xtask size\` weighs the package and says what fills it.

${machine(results)}

${goalTable(results)}`;
}

/** On what it was seen. */
export function machine({ browser, date }) {
  const [{ model }] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return (
    `Seen on ${date} in Chromium ${browser} on ${model}, ${cpus().length} cores, ${memory} GiB; ` +
    `load average at the end ${loadavg()[0].toFixed(1)}.`
  );
}

function page(results) {
  const { tasks, hold, latency, cold, native, size } = results;
  const prepared = tasks.filter(({ chunk }) => chunk !== 'network');
  const served = tasks.filter(({ chunk }) => chunk === 'network');
  return `# Performance

Printed by \`cargo xtask bench --write\`, which measures everything anew: it installs the peers, builds
the package, and runs all candidates in Chromium in shuffled rounds, so that what slows the machine
down slows all of them. ${machine(results)}

A ratio says how many times longer the other took than Tidewire in the same round: the median of the
rounds, and in brackets the quartiles. Above 1 Tidewire is faster. All go through their public API, and
every handler reads type and data. The workloads come from a seed
([workloads.mjs](../benches/browser/page/workloads.mjs)); how each candidate is used is in
[candidates.mjs](../benches/browser/page/candidates.mjs).

## What was to be reached

${goalTable(results)}

## Bytes to events

The chunks are prepared and come through a \`ReadableStream\`, as a body does. *wrong*: the candidate
does not give the workload's events.

${taskTable(prepared, ['eventsource-parser', 'eventsource-parser stream', 'fetch-event-source', 'fetch-event-stream', 'npm eventsource'])}

## Over loopback HTTP

${served.map(servedTable).join('\n\n')}

## What a page feels

${feelings(hold, latency, cold)}
${native ? `\n## Natively\n\n${nativeTable(native)}\n` : ''}${size ? `\n## Size\n\n${sizeTable(size)}\n` : ''}`;
}

function taskTable(tasks, peers) {
  const rows = tasks.map((task) => [
    task.name,
    speed(task, 'tidewire'),
    speed(task, 'tidewire batches()'),
    ...peers.map((name) => cell(task, name)),
  ]);
  return markdown(['workload', 'tidewire', 'batches()', ...peers], rows);
}

function cell({ candidates }, name) {
  const found = candidates[name];
  if (!found) return '';
  const times = found.times.length ? shownRatio(ratio(found.times, candidates.tidewire.times)) : '';
  return found.wrong ? `${times} *wrong*` : times;
}

function speed({ bytes, candidates }, name) {
  const found = spread(candidates[name]?.times ?? []);
  return found ? `${digits(bytes / found.median / 1e3)} MB/s` : '';
}

function servedTable(task) {
  const rows = Object.entries(task.candidates).map(([name, { times, wrong }]) => {
    const found = spread(times);
    const time = found
      ? `${digits(found.median)} ms (${digits(found.low)} to ${digits(found.high)})`
      : '';
    return [name + (wrong ? ' *wrong*' : ''), time, shownRatio(against(task, 'tidewire', [name]))];
  });
  const title = `${task.events.toLocaleString('en-US')} events, ${digits(task.bytes / 1e6)} MB, ${task.parsed ? 'payloads parsed' : 'as text'}:`;
  return `${title}\n\n${markdown(['', 'time', 'by Tidewire’s'], rows)}`;
}

function feelings(hold, latency, cold) {
  const range = (values, factor = 1) => {
    const { median, low, high } = spread(values.map((value) => value * factor));
    return `${digits(median)} (${digits(low)} to ${digits(high)})`;
  };
  const rows = [
    ...Object.entries(hold.candidates).map(([name, { longest }]) => [
      `longest task at a burst of ${hold.events.toLocaleString('en-US')} parsed events, ms`,
      name,
      range(longest),
    ]),
    ...Object.entries(latency).map(([name, times]) => [
      'a lone event, bytes to handler, µs',
      name,
      range(times, 1000),
    ]),
    ...Object.entries(cold).map(([name, { leaves, before }]) => [
      `cold, to the request leaving, ms${before.length ? `, after ${before.length} other request` : ''}`,
      name,
      range(leaves),
    ]),
  ];
  return markdown(['', '', ''], rows);
}

function nativeTable({ cells }) {
  const names = [...new Set(cells.flatMap(({ candidates }) => candidates.map(({ name }) => name)))];
  const rows = cells.map(({ workload, chunk, candidates }) => [
    `${workload}, ${chunk}`,
    ...names.map((name) => {
      const found = candidates.find((one) => one.name === name);
      if (!found) return '';
      if (name === 'tidewire') return `${digits(found.megabytes_per_second)} MB/s`;
      return digits(found.ratio) + (found.right ? '' : ' *wrong*');
    }),
  ]);
  return markdown(['workload', ...names], rows);
}

function sizeTable({ bundles }) {
  const grouped = (number) => number.toLocaleString('en-US');
  const rows = bundles.map(({ name, total }) => [
    name,
    ...['raw', 'gzip', 'brotli'].map((kind) => grouped(total[kind])),
  ]);
  return `\`import { connect }\`, bundled and minified, the module included, in bytes:\n\n${markdown(['entry', 'raw', 'gzip', 'brotli'], rows)}`;
}
