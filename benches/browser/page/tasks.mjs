// What is done with the events of a stream: which pass, and what their handler reads.

import { FINANCE_TYPES, WORKLOADS } from './workloads.mjs';

/** The one type in 29, and the one category in 6, that pass a filter. */
export const TYPE = 'portfolio.balance.updated';
export const CATEGORY = 'security';

/** What the task's filter lets through. */
export function wantedTypes({ workload, filter }) {
  if (filter === 'type') return [TYPE];
  if (filter === 'category') return FINANCE_TYPES.filter((type) => type.startsWith('security.'));
  return workload === 'finance' ? FINANCE_TYPES : ['message'];
}

/**
 * What a handler does with an event, cheaply: it reads the type and the data, so that neither can
 * be left out. `finished(sum)` is called at the event number `expected`.
 */
export function tally({ candidate, workload }, expected, finished) {
  return own(candidate, ['expected', 'finished', 'read'], TALLY)(
    expected,
    finished,
    WORKLOADS[workload].read,
  );
}

const TALLY = `
  let count = 0;
  let sum = 0;
  let bytes = 0;
  const counted = () => {
    count += 1;
    if (count === expected) finished(sum);
  };
  return {
    text(type, data) {
      sum = (sum + type.charCodeAt(type.length - 1) + data.length + data.charCodeAt(data.length >> 1)) | 0;
      counted();
    },
    parsed(type, data) {
      sum = (sum + type.charCodeAt(type.length - 1) + read(data)) | 0;
      counted();
    },
    bytes(length) {
      bytes += length;
      if (bytes === expected) finished(bytes);
    },
  };
`;

/** What a user of a parser writes around each event: a look at the type, and `JSON.parse`. */
export function taker(task, tally) {
  const { candidate, filter, parsed } = task;
  const wanted = wantedTypes(task);
  const give = parsed ? 'tally.parsed(type, JSON.parse(data))' : 'tally.text(type, data)';
  const body = {
    none: `return (type, data) => { ${give}; };`,
    type: `const [only] = wanted; return (type, data) => { if (type === only) ${give}; };`,
    category: `const set = new Set(wanted); return (type, data) => { if (set.has(type)) ${give}; };`,
  }[filter];
  return own(candidate, ['tally', 'wanted'], body)(tally, wanted);
}

/** Reads everything, to the last character: whether a candidate is right, not how fast it is. */
export function proof() {
  let count = 0;
  let hash = 0x811c_9dc5;
  const add = (text) => {
    for (let at = 0; at < text.length; at += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
    }
    hash = Math.imul(hash ^ text.length, 0x0100_0193);
  };
  return {
    text(type, data) {
      count += 1;
      add(String(type));
      add(String(data));
    },
    parsed(type, data) {
      this.text(type, JSON.stringify(data));
    },
    bytes() {},
    get count() {
      return count;
    },
    get hash() {
      return (hash >>> 0).toString(16);
    },
  };
}

/** The proof that a task's candidates have to give for these events, sent so many times over. */
export function expectedProof(task, events, repeats) {
  const wanted = new Set(wantedTypes(task));
  const all = proof();
  for (let round = 0; round < repeats; round += 1) {
    for (const { type, data } of events) {
      if (!wanted.has(type)) continue;
      if (task.parsed) all.parsed(type, JSON.parse(data));
      else all.text(type, data);
    }
  }
  return all;
}

/**
 * A function that this candidate shares with no other: engines learn from what a function has met,
 * and one candidate's events would slow down the handler of the next.
 */
function own(candidate, parameters, body) {
  return new Function(...parameters, `// ${candidate}\n${body}`);
}
