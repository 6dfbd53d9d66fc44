// What `validate` costs in time: `node benches/validate.mjs`, once the package is built.
//
// The same events through the whole package, from the bytes of a response to a handler, with and
// without the check, in turns. Prints the best of the rounds, in nanoseconds an event: what else a
// machine does can only add.

import { readFile } from 'node:fs/promises';

import { connect } from '../pkg/dist/index.js';
import { dashtam, stageChat } from '../pkg/dist/profiles/index.js';
import { validator } from '../pkg/dist/validate.js';

const EVENTS = 50_000;
const ROUNDS = 9;
const samples = JSON.parse(await readFile(new URL('../tests/samples.json', import.meta.url), 'utf8'));

const of = (profile, event) =>
  samples.filter((sample) => sample.profile === profile && (event ?? sample.event) === sample.event);

for (const [name, profile, mix, chunk] of [
  ['dashtam, all types, chunks of 64 KiB', dashtam, of('dashtam'), 65_536],
  ['dashtam, all types, an event a chunk', dashtam, of('dashtam'), 0],
  ['stage-chat, completion chunks, 64 KiB', stageChat, of('stage-chat', 'chat_completion_chunk'), 65_536],
]) {
  const chunks = cut(mix, chunk);
  const times = { off: [], on: [] };
  for (let round = -2; round < ROUNDS; round += 1) {
    for (const [kind, validate] of [['off', false], ['on', validator]]) {
      const time = await measure(profile, chunks, validate);
      if (round >= 0) times[kind].push(time);
    }
  }
  const [off, on] = [Math.min(...times.off), Math.min(...times.on)];
  console.log(`${name.padEnd(40)} ${ns(off)} ns without, ${ns(on)} ns with, ${ns(on - off)} ns an event more`);
}

/** The events as bytes, each with an id of its own; in chunks of so many, or one by one. */
function cut(mix, size) {
  const encoder = new TextEncoder();
  const frames = Array.from({ length: EVENTS }, (_, index) => {
    const { event, data } = mix[index % mix.length];
    return `id: ${index}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  });
  if (size === 0) return frames.map((frame) => encoder.encode(frame));
  const all = encoder.encode(frames.join(''));
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.subarray(index * size, (index + 1) * size),
  );
}

/** Nanoseconds an event. */
async function measure(profile, chunks, validate) {
  const fetch = async () => {
    let next = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (next === chunks.length) return controller.close();
        // The module may take the buffer over.
        controller.enqueue(chunks[next].slice());
        next += 1;
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  const options = profile.definition.runsOnce ? {} : { reconnect: false };
  const stream = connect('http://bench.example/', { profile, fetch, validate, ...options });
  let events = 0;
  stream.addEventListener('decodeerror', ({ detail }) => {
    throw detail.error;
  });
  stream.addEventListener('error', () => {});
  let start;
  stream.on('*', () => {
    start ??= performance.now();
    events += 1;
  });
  await stream.closed;
  if (events !== EVENTS) throw new Error(`${events} events of ${EVENTS}`);
  return ((performance.now() - start) * 1e6) / events;
}

function ns(value) {
  return Math.round(value).toLocaleString('en-US');
}
