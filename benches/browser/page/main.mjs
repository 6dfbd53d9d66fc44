// In the page: proves and times candidates on one task, in shuffled rounds.

import { CANDIDATES } from './candidates.mjs';
import { chunks, Random, workload } from './workloads.mjs';
import { hold, latency } from './life.mjs';
import { expectedProof, proof, tally } from './tasks.mjs';

/** How long a candidate may be silent before what it has given is all that it gives. */
const SILENCE = 2_000;
const TIMEOUT = 120_000;

window.bench = { measure, hold, latency };

/**
 * `task` is `{ workload, chunk, filter, parsed, size, candidates, rounds, warmups, seldom, served }`;
 * `seldom` names candidates that join only every third round, for they are slow, and `served` is
 * where the server sends the workload and how many times over. Else the chunks are prepared here.
 * Answers the milliseconds of each round by candidate, and what is wrong with a candidate's answer.
 */
async function measure(task) {
  const given = workload(task.workload, task.size);
  const repeats = task.served?.repeats ?? 1;
  const bytes = given.bytes.length * repeats;
  const expected = expectedProof(task, given.events, repeats);
  const pieces = task.served ? [] : chunks(given, task.chunk);
  const source = () => (task.served ? { url: task.served.url } : prepared(pieces));
  const names = task.candidates.filter((name) => CANDIDATES[name]);
  const results = {};
  const counts = {};
  for (const name of names) {
    results[name] = { times: [] };
    const found =
      name === 'bytes alone' ? undefined : await prove(name, source(), task, expected.count);
    counts[name] = found?.count ?? bytes;
    if (found && (found.count !== expected.count || found.hash !== expected.hash)) {
      results[name].wrong =
        `${found.count} events of ${expected.count}, ${found.hash} for ${expected.hash}`;
    }
  }
  const random = new Random(JSON.stringify(task));
  for (let round = -task.warmups; round < task.rounds; round += 1) {
    for (const name of random.shuffled(names)) {
      if (counts[name] === 0 || (round % 3 !== 0 && task.seldom?.includes(name))) continue;
      const { time, sum } = await once(name, source(), task, counts[name]);
      if (round < 0) continue;
      results[name].times.push(time);
      results[name].sum ??= sum;
    }
  }
  return { bytes, events: expected.count, candidates: results };
}

/** A `fetch` that answers with what is prepared, a chunk for each read. */
function prepared(pieces) {
  return {
    url: '/prepared',
    fetch: async () => {
      let at = 0;
      const body = new ReadableStream(
        {
          pull(controller) {
            if (at < pieces.length) controller.enqueue(pieces[at++]);
            else controller.close();
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    },
  };
}

async function prove(name, source, task, expected) {
  const all = proof();
  const stop = await CANDIDATES[name](source, { ...task, candidate: `${name}, proved` }, all);
  let before = -1;
  while (all.count < expected && all.count !== before) {
    before = all.count;
    for (let waited = 0; all.count === before && waited < SILENCE; waited += 20) await pause(20);
  }
  // One too many would come at once.
  await pause(20);
  const { count, hash } = all;
  stop();
  return { count, hash };
}

async function once(name, source, task, expected) {
  window.gc?.({ type: 'minor' });
  await pause(0);
  let finished;
  const end = new Promise((resolve) => {
    finished = resolve;
  });
  let time;
  const start = performance.now();
  const all = tally({ candidate: name, workload: task.workload }, expected, (sum) => {
    time = performance.now() - start;
    finished(sum);
  });
  const stop = await CANDIDATES[name](source, { ...task, candidate: name }, all);
  const sum = await Promise.race([end, pause(TIMEOUT)]);
  stop();
  if (time === undefined)
    throw new Error(`${name} has not given ${expected} events in ${TIMEOUT} ms`);
  return { time, sum };
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
