// Whether the measurement measures what it says, in a run too short for its figures to mean a thing.
// TIDEWIRE_URL is the test server, BENCH_FOLDER what it hands out below /bench.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

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
  assert.deepEqual(run.cold['tidewire/url'].before, []);
});
