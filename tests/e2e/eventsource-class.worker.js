// Plays scenarios in a dedicated or a shared worker.

import { play } from './eventsource-class.page.js';

async function serve({ data: { call, args }, currentTarget }) {
  currentTarget.postMessage({ call, log: await play(...args).catch((error) => [String(error?.stack)]) });
}

if (typeof SharedWorkerGlobalScope === 'function') {
  globalThis.addEventListener('connect', ({ ports: [port] }) => {
    port.addEventListener('message', serve);
    port.start();
  });
} else {
  globalThis.addEventListener('message', serve);
}
