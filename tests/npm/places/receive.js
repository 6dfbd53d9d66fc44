// One stream, wherever this runs: three events of five, typed.

import * as inline from '/pkg/dist/index.js';
import * as slim from '/pkg/dist/slim.js';
import * as url from '/pkg/dist/url.js';
import { dashtam } from '/pkg/dist/profiles/index.js';

const ENTRIES = { inline, url, slim };

/** @param {{ entry: 'inline' | 'url' | 'slim', base: string, token: string }} where */
export async function receive({ entry, base, token }) {
  if (entry === 'slim') slim.initialize(fetch('/pkg/wasm/tidewire.wasm'));
  const stream = ENTRIES[entry].connect(`${base}/api/v1/events`, {
    profile: dashtam,
    categories: ['import', 'provider'],
    token: async () => token,
  });
  const received = [];
  for await (const { type, category, data, lastEventId } of stream) {
    received.push({ type, category, data, hasId: lastEventId !== '' });
    if (received.length === 3) break;
  }
  return { received, closed: await stream.closed };
}

/** What `receive` gives, or why it does not, as an answer to a message. */
export async function answer(port, where) {
  try {
    port.postMessage(await receive(where));
  } catch (error) {
    port.postMessage({ failed: String(error) });
  }
}
