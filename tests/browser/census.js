// What of the browser's is alive, counted where it is made and where it is given back.

const alive = { timers: 0, listeners: 0, requests: 0, readers: 0, sources: 0 };

/** In this order. */
export function census() {
  return Uint32Array.of(
    alive.timers,
    alive.listeners,
    alive.requests,
    alive.readers,
    alive.sources,
  );
}

function take(name) {
  alive[name] += 1;
  let isAlive = true;
  return () => {
    alive[name] -= isAlive ? 1 : 0;
    isAlive = false;
  };
}

function countListeners(target) {
  const heard = new Map();
  const { addEventListener: add, removeEventListener: remove } = target;
  target.addEventListener = function (type, listener, ...rest) {
    const key = heard.get(listener) ?? new Map();
    heard.set(listener, key);
    if (!key.has(type)) {
      key.set(type, take('listeners'));
    }
    add.call(this, type, listener, ...rest);
  };
  target.removeEventListener = function (type, listener, ...rest) {
    const key = heard.get(listener);
    key?.get(type)?.();
    key?.delete(type);
    if (key?.size === 0) {
      heard.delete(listener);
    }
    remove.call(this, type, listener, ...rest);
  };
}
let isCounting = false;

/** From now on, whatever else is on the page. */
export function startCounting() {
  if (isCounting) {
    return;
  }
  isCounting = true;
  const timers = new Map();
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  globalThis.setTimeout = (callback, delay, ...given) => {
    const id = set(() => {
      timers.get(id)?.();
      timers.delete(id);
      callback(...given);
    }, delay);
    timers.set(id, take('timers'));
    return id;
  };
  globalThis.clearTimeout = (id) => {
    timers.get(id)?.();
    timers.delete(id);
    clear(id);
  };

  countListeners(globalThis);
  countListeners(document);

  const { getReader } = ReadableStream.prototype;
  ReadableStream.prototype.getReader = function (...given) {
    const reader = getReader.apply(this, given);
    const done = take('readers');
    reader.closed.then(done, done);
    return reader;
  };
}

/** A server within the page: answers by the path's last part, and never a byte over the network. */
export function answering() {
  return answer;
}

function answer(input, { signal }) {
  const done = take('requests');
  return new Promise((resolve, reject) => {
    const abort = (how) => {
      done();
      how(signal.reason);
    };
    const text = { open: ': hello\n\n', halfway: 'data: one\n\ndata: tw' }[input.split('/').at(-1)];
    if (input.endsWith('pending')) {
      signal.addEventListener('abort', () => abort(reject), { once: true });
    } else if (text === undefined) {
      done();
      resolve(new Response(null, { status: input.endsWith('busy') ? 503 : 204 }));
    } else {
      const start = (controller) => {
        controller.enqueue(new TextEncoder().encode(text));
        signal.addEventListener('abort', () => abort((reason) => controller.error(reason)), {
          once: true,
        });
      };
      const headers = { 'content-type': 'text/event-stream' };
      resolve(new Response(new ReadableStream({ start, cancel: done }), { headers }));
    }
  });
}

/** Takes the place of the browser's own until `restore` is called, and opens at once. */
export function replaceEventSource() {
  const { EventSource: own } = globalThis;
  globalThis.EventSource = class extends EventTarget {
    #done = take('sources');
    constructor() {
      super();
      countListeners(this);
      queueMicrotask(() => this.dispatchEvent(new Event('open')));
    }
    close() {
      this.#done();
    }
  };
  return () => (globalThis.EventSource = own);
}
