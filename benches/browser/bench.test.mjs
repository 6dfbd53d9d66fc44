// Whether the measurement measures what it says, in a run too short for its figures to mean a thing.
// TIDEWIRE_URL is the test server, BENCH_FOLDER what it hands out below /bench.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { ratio, spread } from './statistics.mjs';
import { chunks, workload } from './page/workloads.mjs';
import { contents } from './wasm.mjs';

let run;

before(async () => {
  const program = fileURLToPath(new URL('run.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, '--smoke', '--json'], {
    maxBuffer: 1 << 26,
  });
  run = JSON.parse(stdout);
});

test('every candidate gives every event of a workload, or is marked', () => {
  const marked = [];
  for (const { name: task, candidates } of run.tasks) {
    const sums = new Set();
    for (const [name, { times, sum, wrong }] of Object.entries(candidates)) {
      if (wrong) {
        marked.push(`${name}: ${task}`);
      } else {
        assert.equal(times.length, 1, `${name}: ${task}`);
        if (name !== 'bytes alone') sums.add(sum);
      }
    }
    assert.equal(sums.size, 1, `the handlers of ${task} have read different things: ${[...sums]}`);
  }
  // They take a comment, or `retry` alone, for an event without data.
  assert.deepEqual(marked, [
    'fetch-event-source: finance, 1460 B, text',
    'fetch-event-stream: finance, 1460 B, text',
    'fetch-event-source: comments, 1460 B, text',
    'fetch-event-source: finance, loopback HTTP, text',
    'fetch-event-stream: finance, loopback HTTP, text',
  ]);
});

test('every peer is there, on every workload', () => {
  const prepared = [
    'tidewire',
    'tidewire batches()',
    'eventsource-parser',
    'eventsource-parser stream',
  ];
  prepared.push('fetch-event-source', 'fetch-event-stream', 'npm eventsource', 'bytes alone');
  const workloads = new Set();
  for (const { workload, candidates } of run.tasks) {
    workloads.add(workload);
    for (const name of prepared) assert.ok(name in candidates, `${name} on ${workload}`);
  }
  assert.deepEqual([...workloads], ['llm', 'finance', 'unicode', 'large', 'tiny', 'comments']);
  const served = run.tasks.filter(({ chunk }) => chunk === 'network');
  assert.equal(served.length, 2);
  for (const { candidates } of served)
    assert.ok('native EventSource' in candidates && 'sse.js' in candidates);
});

test('a burst, a lone event and a cold start are measured', () => {
  for (const { longest } of Object.values(run.hold.candidates)) assert.ok(longest[0] > 0);
  assert.deepEqual(Object.keys(run.latency), ['tidewire', 'eventsource-parser', 'bytes alone']);
  for (const { leaves } of Object.values(run.cold)) assert.ok(leaves[0] > 0);
  assert.deepEqual(run.cold.tidewire.before, []);
});

test('a workload is the same bytes each time, and its chunks are all of them', () => {
  const size = { bytes: 10_000, events: 100 };
  const one = workload('finance', size);
  assert.deepEqual(workload('finance', size), one);
  for (const chunk of ['event', 1460]) {
    const pieces = chunks(one, chunk);
    assert.deepEqual(Buffer.concat(pieces), Buffer.from(one.bytes));
    assert.ok(pieces.length > 1);
  }
  assert.equal(chunks(one, 'event').length, one.events.length);
});

test('a ratio is taken round by round, so that a slow round of both does not count', () => {
  assert.equal(ratio([20, 200, 22], [10, 100, 11]).median, 2);
  assert.equal(ratio([20, 20, 20], [10, 10, 10, 10]).median, 2);
  assert.deepEqual(spread([3, 1, 2]), { median: 2, low: 1.5, high: 2.5, least: 1, most: 3 });
  assert.equal(spread([]), undefined);
});

test('a module is taken apart into sections and named functions', () => {
  const text = (value) => [value.length, ...Buffer.from(value)];
  const section = (id, bytes) => [id, bytes.length, ...bytes];
  const body = [2, 0, 0x0b];
  const names = [...text('name'), 1, 29, 1, 1, ...text('<tidewire::wire::Decoder>::x')];
  names[6] = names.length - 7;
  const module = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(2, [1, ...text('m'), ...text('f'), 0, 0]),
    ...section(3, [1, 0]),
    ...section(10, [1, ...body]),
    ...section(0, names),
  ]);
  const found = contents(module);
  assert.deepEqual(found.functions, [['<tidewire::wire::Decoder>::x', 2]]);
  assert.deepEqual(found.crates, [['tidewire::wire', 2]]);
  assert.deepEqual(Object.fromEntries(found.sections).code, 4);
});
