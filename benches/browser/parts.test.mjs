// The parts of the bench that need no browser.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { goalTable } from './goals.mjs';
import { chunks, workload } from './page/workloads.mjs';
import { ratio, spread } from './statistics.mjs';
import { contents } from './wasm.mjs';
import { withSection } from './write.mjs';

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

test('the table says what was reached, what was not, and nothing of what was not measured', () => {
  const task = { workload: 'finance', filter: 'none', parsed: false };
  const beside = (ours, parser) => ({
    tidewire: { times: [ours] },
    'eventsource-parser': { times: [parser] },
    'eventsource-parser stream': { times: [parser * 2] },
  });
  const table = goalTable({
    tasks: [
      { ...task, chunk: 65536, candidates: beside(10, 22) },
      { ...task, chunk: 'event', candidates: beside(10, 8) },
      { ...task, chunk: 65536, parsed: true, candidates: beside(10, 17) },
    ],
    cold: { tidewire: { leaves: [15], before: [] } },
  });
  const verdicts = table.split('\n').map((row) => row.split(' | ').at(-1).replace(' |', ''));
  assert.deepEqual(verdicts, ['met', '---', 'yes', 'no', 'aim', 'yes<br>aim']);
  assert.match(table, /finance 2\.20 \(2\.20 to 2\.20\)/);
});

test('the README has one section of figures, however often it is written', () => {
  const before = '# Tidewire\n\n## The commands\n\nMany.\n';
  const once = withSection(before, 'first');
  assert.match(once, /\nfirst\n\n<!-- .* -->\n\n## The commands\n\nMany.\n$/);
  assert.equal(withSection(once, 'second'), once.replace('first', 'second'));
  assert.throws(() => withSection('# Another'), /neither/);
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
