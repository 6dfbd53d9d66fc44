// Servers that are scripted to the byte, and a module that is scripted to the call.

import { scriptedServer, settled } from '../../pkg/dist/testing.js';

export { settled };

/** An event stream's answer, cut into just these chunks: text, or bytes. */
export function answer(
  chunks,
  { end = 'close', status = 200, headers = {}, type = 'text/event-stream' } = {},
) {
  return { chunks, end, status, headers: { 'content-type': type, ...headers } };
}

/**
 * A `fetch` that gives these answers, one after the other, and records what it was asked: the
 * package's scripted server, its scripts written as data.
 */
export function scriptedFetch(...answers) {
  const server = scriptedServer({
    answer(request) {
      const script = answers[request.number - 1];
      if (script instanceof Error) {
        request.cut(script);
      } else if (script !== undefined) {
        const { chunks, end, status, headers } = script;
        request.open({ status, headers });
        request.sendRaw(...chunks);
        if (end === 'close') request.end();
        else if (end === 'error') request.cut();
      }
    },
  });
  const calls = [];
  const fetch = (url, init) => {
    const answered = server.fetch(url, init);
    const request = server.requests.at(-1);
    calls.push({
      url: request.url.href,
      init,
      headers: request.headers,
      get aborted() {
        return init.signal.aborted;
      },
      get read() {
        return (answers[request.number - 1]?.chunks.length ?? 0) - request.unread;
      },
    });
    return answered;
  };
  return Object.assign(fetch, { calls });
}

/** Waits for a condition, 10 s at most. */
export async function until(condition, what) {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) {
      throw new Error(`it never came to be that ${what}`);
    }
    await settled();
  }
}

/** All events of a stream that ends quietly. */
export async function all(stream) {
  const events = [];
  for await (const event of stream) {
    events.push(event);
  }
  return events;
}

/** The next news of a type. */
export function news(stream, type) {
  return new Promise((resolve) => {
    stream.addEventListener(type, (event) => resolve(event.detail), { once: true });
  });
}

/**
 * A chunk of events, as the module hands them over: the index of each one's type, its name where
 * the profile does not know it, its data, and perhaps an id of its own.
 */
export function cross(connection, ...events) {
  const rows = [];
  let names = '';
  let dataAt = 1;
  for (const { type = 0, name = '', data, id = '' } of events) {
    const kind = id === '' ? type : type | (6 << 16);
    const nameAt = names.length;
    rows.push(kind, name.length, data.length, id.length, dataAt, nameAt + name.length, nameAt);
    dataAt += data.length + 1;
    names += name + id;
  }
  const array = `[${events.map(({ data }) => data).join(',')}]`;
  const text = new TextEncoder().encode(array + names);
  return connection.host.batch(text, Uint32Array.from(rows), array.length, text.length, false, false, new Uint8Array());
}

/**
 * A module whose connections do nothing by themselves: tests call the host. Gives the loader,
 * and the connections made with it.
 */
export function scriptedModule() {
  const connections = [];
  const traps = new Set();
  class Connection {
    calls = [];
    lastEventId = '';
    duplicates = 0;
    /** What the module answers to a change of the filter; null: it does not answer yet. */
    filterError = undefined;

    constructor(options, host) {
      this.options = { ...options };
      this.host = host;
      connections.push(this);
    }

    start() {
      this.calls.push('start');
    }

    want() {
      this.calls.push('want');
    }

    close(reason) {
      this.calls.push(reason === 'closed' ? 'close' : reason);
      this.host.closed(reason, '', 0, '', '');
    }

    reconnect() {
      this.calls.push('reconnect');
    }

    setFilter(categories, types) {
      this.calls.push(['setFilter', categories, types]);
      if (this.filterError !== null) {
        this.host.filtered(this.filterError);
      }
    }

    free() {
      this.calls.push('free');
    }

    /** A chunk with an event for each text, all of the profile's first type. */
    send(...texts) {
      return cross(this, ...texts.map((data) => ({ data })));
    }
  }
  const core = {
    Connection,
    onTrap(listener) {
      traps.add(listener);
      return () => traps.delete(listener);
    },
  };
  return {
    connections,
    load: async () => core,
    trap: (error) => traps.forEach((listener) => listener(error)),
  };
}
