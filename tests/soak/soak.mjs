// The soak: a real browser, the real server, and connections that break at random bytes.

import { Control } from './control.mjs';
import { openPage } from './browser.mjs';

/** Small delays: what is tested here is what comes after a cut, not the wait for it. */
const RECONNECT = { minDelay: 1, maxDelay: 20 };

const CUTS = ['fin', 'rst', 'clean'];
const EVERYTHING = [...CUTS, 'stall', 'refuse', 'unavailable'];

/**
 * The runs. Each says what the server is, and what must hold.
 *
 * `size` is the number of events; `cutWithin` the byte before which each connection ends; `batch`
 * how many events are published at once, and `ahead` by how many the page may be behind.
 */
export const SCENARIOS = {
  // All of it once, in order, whatever the cuts.
  'dashtam, seamless': {
    profile: 'dashtam',
    size: 100_000,
    cutWithin: 56_000,
    batch: 250,
    ahead: 1_500,
    config: (size) => dashtam({ seamless: true, retention: true, retention_max: 2 * size }),
    cutsAtLeast: 400,
    lossless: true,
  },
  'dashtam, seamless, all faults': {
    profile: 'dashtam',
    size: 8_000,
    cutWithin: 12_000,
    batch: 50,
    ahead: 500,
    chaos: { kinds: EVERYTHING, stall_ms: 30 },
    config: (size) => dashtam({ seamless: true, retention: true, retention_max: 2 * size }),
    cutsAtLeast: 60,
    lossless: true,
  },
  // What is published between replay and subscription is lost, and a gap says so.
  'dashtam, as it is': {
    profile: 'dashtam',
    size: 12_000,
    // Long enough for many to get from the replay to what is live.
    cutWithin: 40_000,
    batch: 20,
    ahead: 200,
    config: (size) => dashtam({ retention: true, retention_max: 2 * size, replay_gap_ms: 15 }),
    cutsAtLeast: 40,
    loses: true,
  },
  // What is published while nobody listens is lost, and a gap says so.
  'dashtam, no retention': {
    profile: 'dashtam',
    size: 12_000,
    cutWithin: 12_000,
    batch: 20,
    ahead: 200,
    config: () => dashtam({ retention: false }),
    cutsAtLeast: 40,
    loses: true,
  },
  // What Hive replays comes once, in order, and all of it; other types as without retention.
  hive: {
    profile: 'hive',
    size: 4_000,
    // A connection begins with the history, about 100 KB of it.
    cutWithin: 300_000,
    batch: 10,
    ahead: 100,
    config: () => ({ hive: { history: 600, replay_delay_ms: 5 } }),
    cutsAtLeast: 8,
    replayed: ['client_output_delta'],
  },
  // Its later form counts its events, so that a return without loss can be proven.
  'hive, numbered': {
    profile: 'hive',
    size: 4_000,
    cutWithin: 300_000,
    batch: 10,
    ahead: 100,
    config: () => ({ hive: { history: 600, replay_delay_ms: 5, seq: true } }),
    cutsAtLeast: 8,
    replayed: ['client_output_delta'],
  },
  // Every message comes four times, under two names, with CRLF: it is delivered once.
  cortex: {
    profile: 'cortex',
    size: 8_000,
    cutWithin: 24_000,
    batch: 10,
    ahead: 100,
    config: () => ({ cortex: { generation: 'v2' } }),
    cutsAtLeast: 60,
    loses: true,
  },
};

function dashtam(switches) {
  return { dashtam: { retry_ms: 1, rate_limit: null, ...switches } };
}

/** What is published, and where it is listened to. */
const SYSTEMS = {
  dashtam: {
    types: ['import.progress'],
    path: '/api/v1/events',
    item: (n) => ({
      system: 'dashtam',
      event: 'import.progress',
      data: { file_name: `n\u{1f30a}${n}`, progress_percent: n % 101, records_processed: n },
    }),
  },
  cortex: {
    types: ['message_received'],
    path: '/v1/conversation/c-1',
    item: (n) => ({
      system: 'cortex',
      channel: 'conversation',
      resource: 'c-1',
      event: 'message_received',
      data: { id: `m-${n}`, content: `n\u{1f30a}${n}`, role: 'user' },
    }),
  },
  hive: {
    types: ['client_output_delta', 'tool_call_started'],
    path: '/api/sessions/session_demo/events',
    item: (n, type = 'client_output_delta') => ({
      system: 'hive',
      session: 'session_demo',
      type,
      stream_id: 'queen',
      execution_id: 'e-1',
      data: { n, snapshot: `n\u{1f30a}${n}`, inner_turn: n, iteration: n },
    }),
  },
};

let runs = 0;

/**
 * Runs one scenario. Throws when the client went quiet or gave up; else says what was delivered,
 * and `faults` lists what must not have happened.
 */
export async function soak(page, url, name, { seed, size = SCENARIOS[name].size }) {
  const scenario = SCENARIOS[name];
  const system = SYSTEMS[scenario.profile];
  const namespace = `soak-${process.pid}-${(runs += 1)}`;
  const control = new Control(url, namespace);
  const chaos = { seed, rate: 1, max_bytes: scenario.cutWithin, kinds: CUTS, ...scenario.chaos };
  const config = scenario.config(size);
  await control.configure(config);
  const token = scenario.profile === 'hive' ? null : (await control.token(scenario.profile)).token;
  const began = performance.now();
  await page.evaluate((options) => window.start(options), {
    url: `/ns/${namespace}${system.path}`,
    profile: scenario.profile,
    token,
    reconnect: RECONNECT,
    types: system.types,
    replayed: scenario.replayed,
    // Both ways to take events, from one seed to the next.
    consumer: seed % 2 === 0 ? 'handler' : 'iterator',
  });
  const progress = () => page.evaluate(() => window.progress());
  await until('the stream to open', async () => (await progress()).state === 'open');

  let published = 0;
  const publish = async (count) => {
    const items = [];
    for (let end = published + count; published < end; published += 1) {
      items.push(system.item(published));
      // The same number in a type that the server does not replay.
      if (scenario.replayed) items.push(system.item(published, 'tool_call_started'));
    }
    await control.publish(items);
  };
  let moved = Date.now();
  let lastSeen = -1;
  const behind = async () => {
    const { last, closed } = await progress();
    if (closed) throw new Error(`the stream closed: ${closed.reason}, ${closed.message}`);
    const seen = last.replayed ?? last.all;
    if (seen > lastSeen) [lastSeen, moved] = [seen, Date.now()];
    if (Date.now() - moved > 20_000) throw new Error(`nothing was delivered for 20 s after event ${seen}`);
    return published - 1 - seen;
  };
  // Without a last event there is nothing to go on after: the first one comes in peace.
  await publish(1);
  await until('the first event', async () => (await behind()) === 0);
  await control.configure({ chaos });
  await control.cut(system.path);

  while (published < size) {
    // Where events are lost, the page may be behind for good.
    const waits = (await behind()) >= scenario.ahead && (!scenario.loses || Date.now() - moved < 50);
    if (waits) await pause(2);
    else await publish(Math.min(scenario.batch, size - published));
  }
  if (scenario.lossless) {
    await until('the last event', async () => (await behind()) === 0, 60_000);
  } else {
    // What is published while nobody listens is lost; so a few more, until one arrives unhurt.
    await control.configure({ chaos: null });
    await until('an event after the last cut', async () => {
      const { last } = await progress();
      if (Math.min(...Object.values(last)) >= size) return true;
      await publish(1);
      await pause(20);
    });
  }
  await until('word of what was recovered', async () => !(await progress()).untold);
  const verdict = await page.evaluate(() => window.verdict());
  const seconds = (performance.now() - began) / 1000;
  const cuts = (await control.requests(system.path)).filter(isCut).length;
  await control.reset();
  const result = { name, seed, size, seconds, cuts, ...verdict };
  return { ...result, faults: judge(scenario, result) };
}

function isCut(request) {
  return request.status === 200 && (request.state === 'cut' || request.state === 'finished');
}

/** What the client promised and did not keep, in words. */
function judge(scenario, result) {
  const faults = [];
  const none = (count, what) => {
    if (count !== 0) faults.push(`${count} ${what}`);
  };
  for (const [kind, judged] of Object.entries({ all: result.all, replayed: result.replayed })) {
    if (judged === undefined) continue;
    const events = kind === 'replayed' ? 'replayed events' : 'events';
    none(judged.twice, `${events} delivered twice`);
    none(judged.late, `${events} out of order`);
    none(judged.damaged, `${events} damaged`);
    none(judged.decodeErrors, 'decode errors');
    none(judged.lostInSilence, `${events} lost where no gap was reported`);
    if (scenario.lossless || kind === 'replayed') none(judged.missing, `${events} missing`);
    faults.push(...judged.samples.map((sample) => `  ${sample}`));
  }
  faults.push(...result.errors.map((error) => `in the page: ${error}`));
  if (Math.min(result.returns, result.cuts) < scenario.cutsAtLeast) {
    faults.push(`${result.cuts} cuts and ${result.returns} returns, less than ${scenario.cutsAtLeast}`);
  }
  const told = Object.values(result.all.resumed).reduce((sum, count) => sum + count);
  if (told !== result.returns) faults.push(`${result.returns} returns, and ${told} were told`);
  // A run without a loss would show nothing about where losses lie.
  if (scenario.loses && result.all.lostInGaps === 0) faults.push('nothing was lost: the run shows nothing');
  return faults;
}

/** One line for a person. */
export function describe(result) {
  const { all, replayed } = result;
  const resumed = Object.entries(all.resumed).map(([word, count]) => `${count} ${word}`);
  const parts = [
    `${result.name}: seed ${result.seed}`,
    `${(replayed ?? all).delivered} delivered`,
    `${result.cuts} cuts`,
    `${result.returns} returns`,
    `told ${resumed.join(' ')}`,
    `${all.lostInGaps} lost in gaps`,
    `${all.lostInSilence + (replayed?.lostInSilence ?? 0)} lost outside`,
    `${all.twice + (replayed?.twice ?? 0)} twice`,
    `${all.late + (replayed?.late ?? 0)} out of order`,
    `${result.seconds.toFixed(1)} s`,
  ];
  return parts.join(', ');
}

export { openPage };

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function until(what, probe, timeout = 20_000) {
  const end = Date.now() + timeout;
  while (!(await probe())) {
    if (Date.now() > end) throw new Error(`waited ${timeout} ms for ${what}`);
    await pause(10);
  }
}
