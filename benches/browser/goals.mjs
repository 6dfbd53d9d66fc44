// What Tidewire sets out to reach, and what a run has seen of it.

import { digits, ratio, shownRatio, spread } from './statistics.mjs';

const KIB = 1024;
const PARSER = ['eventsource-parser', 'eventsource-parser stream'];

/**
 * Each with the words of its row, and its cells: `[label, at least, aim, found]`, where `found` is
 * what `spread` gives, or undefined for what was not measured. `most` turns the comparison round.
 */
export function goals(results) {
  const { tasks } = results;
  const find = (wanted) =>
    tasks.find((task) => Object.entries(wanted).every(([key, value]) => task[key] === value));
  const prepared = (workload, chunk, more = {}) =>
    against(find({ workload, chunk, parsed: false, filter: 'none', ...more }), 'tidewire', PARSER);
  const four = (chunk, least, aim) =>
    ['llm', 'finance', 'large', 'unicode'].map((workload, at) => [
      workload,
      least[at],
      aim[at],
      prepared(workload, chunk),
    ]);
  const parsed = find({ chunk: 'network', parsed: true });
  const text = find({ chunk: 'network', parsed: false });
  const bundle = (name) =>
    exactly(results.size?.bundles.find((one) => one.name === name)?.total.gzip, 1000);
  const longLine = results.native?.long_line_packets_by_chunks.find(
    ({ name }) => name === 'tidewire',
  );
  return [
    ...[16, 64].map((kib) => ({
      measure: `bytes to events as text, ${kib} KiB chunks, against eventsource-parser`,
      cells: four(kib * KIB, [1.6, 2.2, 3, 0.9], [2.5, 3.5, 4, 1.3]),
    })),
    {
      measure: 'the same, one event a chunk',
      cells: four('event', [0.9, 0.9, 0.9, 0.9], [1.1, 1.1, 1.1, 1.1]),
    },
    {
      measure:
        'one type in 29 passes, payload parsed, 64 KiB, against eventsource-parser and an `if`',
      cells: [['', 4.5, 8, prepared('finance', 64 * KIB, { parsed: true, filter: 'type' })]],
    },
    {
      measure: 'all payloads parsed, finance, 64 KiB, against eventsource-parser',
      cells: [['', 1.3, 1.7, prepared('finance', 64 * KIB, { parsed: true })]],
    },
    {
      measure: `${grouped(parsed?.events)} finance events over loopback HTTP, \`connect()\` with a handler, payloads parsed`,
      cells: [
        ['native EventSource', 30, 45, against(parsed, 'tidewire', ['native EventSource'])],
        ['fetch-event-source', 4.5, 6.5, against(parsed, 'tidewire', ['fetch-event-source'])],
        ['npm eventsource', 8, 11, against(parsed, 'tidewire', ['npm eventsource'])],
        ['eventsource-parser', 1, 1.15, against(parsed, 'tidewire', PARSER)],
      ],
    },
    {
      measure: 'the same as text, time by that of reading and discarding the bytes',
      most: true,
      cells: [['', 2, 1.4, against(text, 'bytes alone', ['tidewire'])]],
    },
    {
      measure: 'our `EventSource` class against others, as text, in the same run',
      cells: [
        ['native', 5, 7, against(text, 'tidewire EventSource', ['native EventSource'])],
        ['npm eventsource', 1.4, 1.8, against(text, 'tidewire EventSource', ['npm eventsource'])],
      ],
    },
    {
      measure: 'native decode against the best Rust peer of each cell',
      cells: [
        ['geometric mean', 1, 1.3, exactly(results.native?.geometric_mean)],
        ['least', 0.9, 0.9, exactly(results.native?.least)],
      ],
    },
    {
      measure: '8 MiB line in 1,460 B chunks, time per byte by that in 64 KiB chunks',
      most: true,
      cells: [['', 3, 1.5, exactly(longLine?.ratio)]],
    },
    {
      measure: '`import { connect }` bundled, gzip, module included, kB',
      most: true,
      cells: [
        ['`tidewire/url`', 36, 24, bundle('tidewire/url')],
        ['`tidewire`', 48, 32, bundle('tidewire')],
      ],
    },
    {
      measure: '`connect()` to the request leaving, cold, ms; requests before it',
      most: true,
      cells: ['tidewire', 'tidewire/url'].flatMap((entry) => [
        [`\`${entry}\``, 20, 10, spread(results.cold?.[entry]?.leaves ?? [])],
        ['requests', 0, 0, exactly(results.cold?.[entry]?.before.length)],
      ]),
    },
    {
      measure: `the longest task at a burst of ${grouped(results.hold?.events)} events, ms`,
      most: true,
      cells: [['', 50, 50, spread(results.hold?.candidates.tidewire.longest ?? [])]],
    },
  ];
}

/** The table, as Markdown. What was not measured in this run has no figure. */
export function goalTable(results) {
  const rows = goals(results)
    .map((goal) => ({ ...goal, cells: goal.cells.filter(([, , , found]) => found) }))
    .filter(({ cells }) => cells.length > 0)
    .map(({ measure, cells, most }) => [
      measure,
      cells.map(([label, least]) => named(label, bound(least, most))).join('<br>'),
      cells.map(([label, , aim]) => named(label, bound(aim, most))).join('<br>'),
      cells.map(([label, , , found]) => named(label, shown(found))).join('<br>'),
      cells.map(([, least, aim, found]) => verdict(least, aim, found.median, most)).join('<br>'),
    ]);
  return markdown(['measure', 'at least', 'aim', 'seen', 'met'], rows);
}

/** The same for a terminal: a line for each figure. */
export function printGoals(results, say) {
  for (const { measure, cells, most } of goals(results)) {
    const seen = cells.filter(([, , , found]) => found);
    if (seen.length > 0) say(`\n${measure}`);
    for (const [label, least, aim, found] of seen) {
      const wanted = `wanted ${bound(least, most)}, aim ${bound(aim, most)}`;
      say(
        `  ${label.padEnd(22)}${shown(found).padEnd(26)}${wanted.padEnd(32)}${verdict(least, aim, found.median, most)}`,
      );
    }
  }
}

export function markdown(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** How many times longer the fastest of `peers` took than `ours`. */
export function against(task, ours, peers) {
  const own = task?.candidates[ours]?.times;
  if (!own?.length) return undefined;
  const [fastest] = peers
    .map((name) => task.candidates[name]?.times ?? [])
    .filter((times) => times.length > 0)
    .sort((a, b) => spread(a).median - spread(b).median);
  return fastest && ratio(fastest, own);
}

function exactly(value, unit = 1) {
  return value === undefined || value === null ? undefined : { median: value / unit };
}

function shown(found) {
  return found.low === undefined ? digits(found.median) : shownRatio(found);
}

function bound(value, most) {
  return most ? `≤ ${value}` : String(value);
}

function grouped(number = 0) {
  return number.toLocaleString('en-US');
}

function named(label, text) {
  return label ? `${label} ${text}` : text;
}

function verdict(least, aim, value, most) {
  const reaches = (goal) => (most ? value <= goal : value >= goal);
  return reaches(aim) ? 'aim' : reaches(least) ? 'yes' : 'no';
}
