/** The browser's own `EventSource`, kept from reconnecting by itself. */

import type { Teller, Transport } from './fetch-transport.js';

export class EventSourceTransport implements Transport {
  readonly #source: EventSource;
  readonly #onEvent: (event: Event) => void;

  /** Listens to every one of these names, since an `EventSource` drops what nobody listens to. */
  constructor(url: string, withCredentials: boolean, names: readonly string[], tell: Teller) {
    const source = new EventSource(url, { withCredentials });
    this.#source = source;
    this.#onEvent = (event) => {
      // `error` and `open` may also be the names of a server's events.
      if (event instanceof MessageEvent) {
        const data: unknown = event.data;
        tell.message(event.type, event.lastEventId, typeof data === 'string' ? data : '');
      } else if (event.type === 'open') {
        tell.answer({ status: 0, redirected: false, lines: ['', '', url] }, '', 1);
      } else {
        // On any error it is closed, and the connection's own policy decides.
        source.close();
        tell.over(1, "the EventSource failed; it does not tell the status: transport 'fetch' does");
      }
    };
    [...names, 'message', 'error', 'open'].forEach((name) => this.listen(name));
  }

  listen(name: string): void {
    this.#source.addEventListener(name, this.#onEvent);
  }

  read(): void {}

  abort(): void {
    // From now on it dispatches nothing.
    this.#source.close();
  }

  finish(): void {
    // It would ask again.
    this.abort();
  }
}
