// Servers that are scripted to the byte, and a module that is scripted to the call.

import { batchOf } from '../../pkg/dist/rows.js';
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
  let size = 0;
  let member = 0;
  for (const { type = 0, name = '', data, id = '' } of events) {
    const kind = id === '' ? type : type | (6 << 16);
    const nameAt = names.length;
    rows.push(kind, name.length, data.length, id.length, dataAt, nameAt + name.length, nameAt, member);
    size += name.length + data.length + id.length;
    member += 1;
    dataAt += data.length + 1;
    names += name + id;
  }
  const array = `[${events.map(({ data }) => data).join(',')}]`;
  const text = array + names;
  const read = (_at, length) => text.slice(0, length);
  const batch = batchOf(read, 0, text.length, Uint32Array.from(rows), array.length, size, 0, 0, 0, 0, 0);
  return connection.batch(batch);
}

/**
 * A module whose connections do nothing by themselves: tests say what it tells. Gives the loader,
 * and the connections made with it.
 */
export function scriptedModule() {
  const connections = [];
  const traps = new Set();
  const keys = new Map();
  const at = (address) => connections[address - 1];
  const exports = {
    connect(key, flags, text, _length, categories, types) {
      const [_version, lastEventId, ...lines] = text.split('\n');
      const options = {
        hasToken: (flags & 1) !== 0,
        lastEventId,
        categories: lines.slice(0, categories),
        types: lines.slice(categories, categories + types),
      };
      connections.push(new ScriptedConnection(() => keys.get(key), options));
      return connections.length;
    },
    start(address, isSuspended) {
      at(address).calls.push('start');
      at(address).isSuspended = isSuspended;
    },
    want: (address) => at(address).calls.push('want'),
    close(address, reason) {
      at(address).calls.push(['close', 'aborted', 'slow-consumer'][reason]);
      at(address).closed(['closed', 'aborted', 'slow-consumer'][reason]);
    },
    reconnect: (address) => at(address).calls.push('reconnect'),
    filter(address, text, _length, categories, types) {
      const lines = text.split('\n');
      const named = [lines.slice(0, categories), lines.slice(categories, categories + types)];
      at(address).calls.push(['setFilter', ...named]);
      if (at(address).filterError !== null) {
        at(address).filtered(at(address).filterError);
      }
    },
    free: (address) => at(address).calls.push('free'),
    token: (address, number, isThere) => at(address).prepared[number](isThere),
    duplicates: (address) => at(address).duplicates,
    cursor: (address) => (given = at(address).lastEventId),
  };
  let given = '';
  const core = {
    exports,
    connections: keys,
    // A text's place is the text itself.
    write: (text) => [text, text.length],
    read: (text) => text,
    given(call) {
      call();
      return given;
    },
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

/** What the module has of a connection. */
class ScriptedConnection {
  calls = [];
  lastEventId = '';
  duplicates = 0;
  /** What the module answers to a change of the filter; null: it does not answer yet. */
  filterError = undefined;
  /** It was started on a page that nobody sees. */
  isSuspended = undefined;
  /** What waits for the tokens that were asked for. */
  prepared = [];
  #other;

  constructor(other, options) {
    this.#other = other;
    this.options = options;
  }

  /** A chunk with an event for each text, all of the profile's first type. */
  send(...texts) {
    return cross(this, ...texts.map((data) => ({ data })));
  }

  batch(batch) {
    return this.#other().batch(batch);
  }

  state(number) {
    this.#report(0, number, 0);
  }

  open(status, url, redirected) {
    this.#report(1, status, Number(redirected), url);
  }

  resumed(recovered, lastEventId) {
    this.#report(2, recovered, 0, lastEventId);
  }

  gap(reason, lastEventId) {
    this.#report(3, 0, 0, reason, lastEventId);
  }

  filtered(error) {
    this.#report(4, 0, 0, '', error === undefined ? '' : 'filter', error);
  }

  failed(code, status, message, body, willRetry, delay) {
    this.#report(5, status, willRetry ? delay : -1, '', code, message, body);
  }

  closed(reason, code, status = 0, message, body) {
    this.#report(6, status, 0, reason, code, message, body);
  }

  retry(attempt, status) {
    return this.#other().retry(attempt, status);
  }

  /** Asks for a token. Answers whether there is one. */
  token(attempt, reason) {
    const reasons = ['connect', 'reconnect', 'unauthorized', 'filter'];
    return new Promise((resolve) => {
      const number = this.prepared.push(resolve) - 1;
      this.#other().ask(number, attempt, reasons.indexOf(reason));
    });
  }

  /** The headers of a request that is sent now. */
  request() {
    const { fetch } = globalThis;
    let sent;
    globalThis.fetch = (_url, { headers }) => {
      sent = headers;
      return new Promise(() => {});
    };
    this.#other().open(1, '', 0, 0, 0);
    globalThis.fetch = fetch;
    return sent;
  }

  #report(what, number, delay, ...texts) {
    const places = [0, 1, 2, 3].flatMap((at) => [texts[at] ?? '', 0]);
    this.#other().report(what, number, delay, ...places);
  }
}
