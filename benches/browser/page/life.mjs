// What a page feels: how long its main thread is held at a burst, and how soon a lone event is there.

import { CANDIDATES } from './candidates.mjs';

/**
 * The longest time that the main thread was held while `url` sent its burst, in milliseconds, by
 * candidate, for each round. A message that the page posts to itself has to wait for the task
 * that runs: the longest wait is the longest task.
 */
export async function hold({ url, events, candidates, rounds }) {
  const task = { workload: 'finance', chunk: 'network', filter: 'none', parsed: true };
  const results = Object.fromEntries(candidates.map((name) => [name, { longest: [], frames: [] }]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of candidates) {
      const watch = watchTasks();
      await new Promise((resolve) => {
        let count = 0;
        const seen = () => {
          if ((count += 1) === events) resolve();
        };
        void CANDIDATES[name](
          { url },
          { ...task, candidate: `${name}, watched` },
          { parsed: seen, text: seen },
        );
      });
      const { longest, frames } = await watch();
      results[name].longest.push(longest);
      results[name].frames.push(frames);
    }
  }
  return results;
}

/** Answers how to end it, which gives the longest gap between two tasks, and between two frames. */
function watchTasks() {
  const { port1, port2 } = new MessageChannel();
  let longest = 0;
  let frames = 0;
  let last = performance.now();
  let lastFrame = last;
  let running = true;
  port1.onmessage = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) port2.postMessage(0);
  };
  port2.postMessage(0);
  const frame = (now) => {
    frames = Math.max(frames, now - lastFrame);
    lastFrame = now;
    if (running) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  return async () => {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    running = false;
    port1.close();
    return { longest, frames };
  };
}

/** Milliseconds from a lone event's bytes to its handler, the mean of `events` one after the other, by candidate and round. */
export async function latency({ events, candidates, rounds }) {
  const results = Object.fromEntries(candidates.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of candidates) results[name].push(await lone(name, events));
  }
  return results;
}

async function lone(name, events) {
  const bytes = new TextEncoder().encode('data: {"n":1}\n\n');
  const { port1, port2 } = new MessageChannel();
  let controller;
  const body = new ReadableStream({
    start(given) {
      controller = given;
    },
  });
  const source = {
    url: '/lone',
    fetch: async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
  };
  let seen = () => {};
  const heard = () => seen(performance.now());
  const task = {
    workload: 'llm',
    chunk: 'event',
    filter: 'none',
    parsed: false,
    candidate: `${name}, alone`,
  };
  const stop = await CANDIDATES[name](source, task, { text: heard, bytes: heard });
  let sum = 0;
  for (let count = -20; count < events; count += 1) {
    // A task of its own, as the network's is.
    await new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage(0);
    });
    const start = performance.now();
    const arrived = new Promise((resolve) => {
      seen = resolve;
    });
    controller.enqueue(bytes.slice());
    const time = (await arrived) - start;
    if (count >= 0) sum += time;
  }
  stop();
  port1.close();
  return sum / events;
}
