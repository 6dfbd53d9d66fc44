// What the test server is told to send over loopback HTTP, as fast as it can.

import { workload } from './page/workloads.mjs';

/** Events that are rendered; they are sent over and over, which no candidate remembers as far back. */
const RENDERED = 20_000;

/** Lays `count` Dashtam events at a path, which it answers. Multiples of what is rendered. */
export async function serveEvents(server, count) {
  const rendered = Math.min(count, RENDERED);
  const { bytes } = workload('finance', servedSize(rendered));
  const path = `/finance/${count}`;
  await script(server, path, [
    { repeat: { text: new TextDecoder().decode(bytes), bytes: bytes.length * (count / rendered) } },
  ]);
  return { url: `/ns/bench${path}`, rendered, repeats: count / rendered };
}

/** One event and the end. */
export async function serveOne(server) {
  await script(server, '/one', [{ write: 'data: 1\n\n' }]);
  return '/ns/bench/one';
}

export function servedSize(events) {
  return { bytes: events * 256, events };
}

async function script(server, path, steps) {
  const response = await fetch(`${server}/ns/bench/_tidewire/script`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ method: 'GET', path, times: 0, steps }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}
