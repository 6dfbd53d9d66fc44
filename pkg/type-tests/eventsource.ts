/** The EventSource of the package stands where the browser's stood. Compiled, never run. */

import { EventSource, type EventSourceInit } from 'tidewire/eventsource';

export const itsClass: typeof globalThis.EventSource = EventSource;
export const itsInstance: globalThis.EventSource = new EventSource('/events');
export const its: EventSourceInit = { withCredentials: true } satisfies globalThis.EventSourceInit;
globalThis.EventSource = EventSource;

export function asBefore(): void {
  const source = new EventSource(new URL('https://example.com/'), { withCredentials: true });
  source.onmessage = (event) => event.data;
  source.onopen = function () {
    this.close();
  };
  source.onerror = null;
  source.addEventListener('message', ({ lastEventId }) => lastEventId.length);
  source.addEventListener('price', ({ data, origin }) => [data, origin], { once: true });
  source.addEventListener('error', (event) => event.type);
  source.addEventListener('price', { handleEvent: (event) => event.type });
  const state: 0 | 1 | 2 = source.readyState;
  if (state === source.CLOSED || state === EventSource.OPEN) source.close();
  // @ts-expect-error -- read-only
  source.readyState = 1;
  // @ts-expect-error -- read-only
  EventSource.OPEN = 1;
  // @ts-expect-error -- it takes a URL
  new EventSource();
  // @ts-expect-error -- the events that a stream itself has carry no data
  source.addEventListener('open', ({ data }) => data);
}

export function withMore(): void {
  new EventSource('/events', {
    headers: async () => ({ authorization: 'Bearer …' }),
    method: 'POST',
    body: JSON.stringify({}),
    fetch: (input, init) => fetch(input, init),
  });
  // @ts-expect-error -- headers are no number
  new EventSource('/events', { headers: 1 });
  // @ts-expect-error -- the browser's own takes none
  new globalThis.EventSource('/events', { headers: {} });
}

export class Own extends EventSource {
  override close(): void {
    super.close();
  }
}
