// Which tasks are run, and by whom.

import { servedSize } from './served.mjs';

const MIB = 1 << 20;

const OURS = ['tidewire', 'tidewire batches()'];
const PARSERS = ['eventsource-parser', 'eventsource-parser stream'];
const SLOW = ['fetch-event-source', 'fetch-event-stream', 'npm eventsource'];
/** They open their own connection: no chunks can be prepared for them. */
const NATIVE = ['native EventSource', 'sse.js'];
const FLOOR = 'bytes alone';

const WORKLOADS = ['llm', 'finance', 'unicode', 'large', 'tiny', 'comments'];
const CHUNKS = ['event', 1460, 16 << 10, 64 << 10];

export const PLANS = {
  /** All of it: some twenty minutes. */
  full: {
    tasks: everything({
      candidates: [...OURS, ...PARSERS, ...SLOW, FLOOR],
      seldom: [...SLOW, 'eventsource-parser stream'],
      rounds: 15,
      warmups: 2,
    }),
    served: {
      events: 200_000,
      candidates: [...OURS, 'tidewire EventSource', ...PARSERS, ...SLOW, ...NATIVE, FLOOR],
      seldom: [...SLOW.slice(1), ...NATIVE],
      rounds: 9,
      warmups: 1,
    },
    hold: { events: 200_000, rounds: 5 },
    latency: { events: 5_000, rounds: 9 },
    cold: { contexts: 30 },
  },
  /** What tells most, for whoever is at work on it: below a minute. */
  quick: {
    tasks: [
      ...['llm', 'finance', 'large', 'unicode'].map((workload) => task({ workload })),
      task({ workload: 'llm', chunk: 'event' }),
      task({ workload: 'finance', chunk: 'event' }),
      task({ workload: 'finance', parsed: true }),
      task({ workload: 'finance', parsed: true, filter: 'type' }),
    ].map((one) => ({
      ...one,
      candidates: [...OURS, 'eventsource-parser', FLOOR],
      size: { bytes: 8 * MIB, events: one.chunk === 'event' ? 10_000 : 50_000 },
      rounds: 9,
      warmups: 3,
    })),
    served: {
      events: 60_000,
      candidates: ['tidewire', 'tidewire EventSource', 'eventsource-parser', FLOOR],
      rounds: 5,
      warmups: 1,
    },
    hold: { events: 200_000, rounds: 1 },
    latency: { events: 2_000, rounds: 3 },
    cold: { contexts: 5 },
  },
  /** Whether the measurement itself works: everyone's answers on every workload, nearly untimed. */
  smoke: {
    tasks: WORKLOADS.map((workload) => ({
      ...task({ workload, chunk: 1460 }),
      candidates: [...OURS, ...PARSERS, ...SLOW, FLOOR],
      size: { bytes: 1 << 17, events: 500 },
      rounds: 1,
      warmups: 0,
    })),
    served: {
      events: 1_000,
      candidates: [...OURS, 'tidewire EventSource', ...PARSERS, ...SLOW, ...NATIVE, FLOOR],
      rounds: 1,
      warmups: 0,
    },
    hold: { events: 2_000, rounds: 1 },
    latency: { events: 10, rounds: 1 },
    cold: { contexts: 1 },
  },
};

/** The tasks of a plan over loopback HTTP, as text and parsed. `served` says where the events are. */
export function servedTasks({ events: _, ...how }, served) {
  return [false, true].map((parsed) => ({
    ...task({ workload: 'finance', chunk: 'network', parsed }),
    ...how,
    size: servedSize(served.rendered),
    served,
  }));
}

function task({ workload, chunk = 64 << 10, parsed = false, filter = 'none' }) {
  return { workload, chunk, parsed, filter };
}

function everything(how) {
  const tasks = [];
  for (const workload of WORKLOADS) {
    for (const filter of workload === 'finance' ? ['none', 'category', 'type'] : ['none']) {
      for (const parsed of [false, true]) {
        for (const chunk of CHUNKS) {
          // Each chunk costs a turn, and tiny events would make it a hundred thousand.
          const events = chunk === 'event' ? 10_000 : 100_000;
          const size = { bytes: 4 * MIB, events };
          tasks.push({ ...task({ workload, chunk, parsed, filter }), ...how, size });
        }
      }
    }
  }
  return tasks;
}

/** A task in words, `finance, 64 KiB, parsed, one type` say. */
export function described({ workload, chunk, parsed, filter }) {
  const size =
    { event: 'one event', network: 'loopback HTTP' }[chunk] ??
    (chunk % 1024 === 0 ? `${chunk / 1024} KiB` : `${chunk} B`);
  const passes = { none: [], type: ['one type'], category: ['one category'] }[filter];
  return [workload, size, parsed ? 'parsed' : 'text', ...passes].join(', ');
}
