// A server that renders: Node.js, no browser, and a `fetch` that must not be called.

import { createElement } from 'react';
import { renderToString } from 'react-dom/server';

const asked = [];
globalThis.fetch = (...given) => asked.push(given);
const before = Object.getOwnPropertyNames(globalThis).length;
const { useEvents } = await import('tidewire/react');
const { dashtam } = await import('tidewire/profiles');
const added = Object.getOwnPropertyNames(globalThis).length - before;

function Shown({ url }) {
  const latest = useEvents(url, { profile: dashtam });
  const { value } = useEvents(url, { profile: dashtam }, (count) => count + 1, 7);
  const { reconnect, ...rest } = latest;
  return createElement('p', null, JSON.stringify([rest, value]));
}

const texts = ['/api/v1/events', null].map((url) => renderToString(createElement(Shown, { url })));
setTimeout(() => console.log(JSON.stringify({ texts, asked, added })), 50);
