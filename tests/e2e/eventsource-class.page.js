// The client's half of each scenario, for a window and for workers: it is given a class, does things
// with it and tells what it saw. The same for the browser's class and for ours.

import { BODIES, STATUSES, TYPES } from './eventsource-class.cases.js';

const STATES = ['CONNECTING', 'OPEN', 'CLOSED'];
const isWindow = typeof document === 'object';

/** A scenario as it runs. */
class Run {
  log = [];
  #sources = [];
  #waiting = [];

  constructor(EventSource, base, other, id) {
    const all = this.#sources;
    // Nothing of a scenario outlives it.
    this.EventSource = new Proxy(EventSource, {
      construct(target, args, newTarget) {
        const source = Reflect.construct(target, args, newTarget);
        all.push(source);
        return source;
      },
    });
    this.Plain = EventSource;
    this.id = id;
    this.base = `${base}/${id}/`;
    this.other = `${other}/${id}/`;
  }

  say(...words) {
    this.log.push(words.map((word) => String(word).replaceAll(this.id, 'run').replaceAll(location.origin, 'HERE').replaceAll(new URL(this.other).origin, 'THERE')).join(' '));
    this.#waiting.forEach((look) => look());
  }

  /** Waits until so many lines match. */
  until(pattern, count = 1) {
    return new Promise((resolve) => {
      const look = () => {
        if (this.log.filter((line) => pattern.test(line)).length >= count) resolve();
      };
      this.#waiting.push(look);
      look();
    });
  }

  /** Waits until the server has seen so many requests. */
  async asked(count) {
    while (Number(await (await fetch(`${this.base}asked/`)).text()) < count) await moment(10);
  }

  /** Tells the server that what it has written was read. */
  async read() {
    await fetch(`${this.base}read/`);
  }

  /** A source whose every event is told. */
  open(path, init, types = ['named', 'named ', ' named', 'Named']) {
    const source = new this.EventSource(/^\w+:/.test(path) ? path : this.base + path, init);
    for (const type of ['open', 'message', 'error', ...types]) {
      source.addEventListener(type, (event) => this.tell(source, event));
    }
    return source;
  }

  tell(source, event) {
    const { type, data, lastEventId, origin } = event;
    const message = event instanceof MessageEvent;
    const data1 = message && data.length > 60 ? `${data.length} units` : JSON.stringify(data);
    this.say(type, STATES[source.readyState], ...(message ? [data1, JSON.stringify(lastEventId), origin] : []));
  }

  end() {
    this.#sources.forEach((source) => source.close());
  }
}

const moment = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
const outcome = (call) => {
  try {
    return String(call());
  } catch (error) {
    return error instanceof DOMException ? `DOMException ${error.name} ${error.code}` : error.constructor.name;
  }
};

export const SCENARIOS = {
  async 'every stream of the table gives the same events'(run) {
    for (const [index, { name }] of BODIES.entries()) {
      run.say(`-- ${name}`);
      const source = run.open(`body/${index}`);
      await run.until(/^error/, index + 1);
      source.close();
    }
  },

  async 'a content type is taken or refused'(run) {
    for (const [index, type] of TYPES.entries()) {
      run.say(`-- ${type}`);
      const count = run.log.filter((line) => /^(error|message)/.test(line)).length;
      const source = run.open(`type/${index}`);
      await run.until(/^(error|message)/, count + 1);
      source.close();
    }
  },

  async 'a status but 200 fails for good'(run) {
    const sources = [];
    for (const [index, status] of STATUSES.entries()) {
      run.say(`-- ${status}`);
      sources.push(run.open(`status/${index}`));
      await run.until(/^error/, index + 1);
    }
    await moment(200);
    run.say(sources.map(({ readyState }) => readyState).join());
  },

  async 'the state goes with the events'(run) {
    const source = new run.EventSource(`${run.base}live/`);
    run.say(STATES[source.readyState], source.url, source.withCredentials);
    source.onopen = () => run.say('open', STATES[source.readyState]);
    source.onmessage = (event) => run.tell(source, event);
    await run.until(/three/);
    source.close();
    run.say(STATES[source.readyState]);
    source.close();
    run.say(STATES[source.readyState]);
    await moment(50);
  },

  async 'an event is what the standard makes of it'(run) {
    const source = new run.EventSource(`${run.base}live/`);
    const describe = (event) => {
      const { type, bubbles, cancelable, composed, defaultPrevented, eventPhase, target, currentTarget } = event;
      run.say(event.constructor.name, type, bubbles, cancelable, composed, defaultPrevented, eventPhase, target === source, currentTarget === source);
      run.say(Object.hasOwn(event, 'data'), Object.keys(event).join(), typeof event.timeStamp, Object.prototype.toString.call(event));
      run.say('prototype', Object.getPrototypeOf(event) === (event instanceof MessageEvent ? MessageEvent : Event).prototype);
      if (event instanceof MessageEvent) {
        run.say(event.data, event.lastEventId, event.origin, event.source, event.ports.length);
      }
    };
    for (const type of ['open', 'message', 'named']) source.addEventListener(type, describe);
    await run.until(/^three/);
  },

  async 'only the browser is trusted'(run) {
    const source = new run.EventSource(`${run.base}live/`);
    source.onmessage = ({ isTrusted }) => run.say('isTrusted', isTrusted);
    await run.until(/^isTrusted/, 2);
  },

  async 'a redirect is followed, and the origin is where it led'(run) {
    for (const [index, status] of [301, 302, 303, 307, 308].entries()) {
      for (const where of ['here', 'other']) {
        run.say(`-- ${status} ${where}`);
        const source = run.open(`redirect/${status}/${where}`);
        await run.until(/^error/, 2 * index + (where === 'here' ? 1 : 2));
        run.say(source.url);
        source.close();
      }
    }
  },

  async 'a reconnection goes where the redirect led'(run) {
    run.open('redirect/307/once');
    await run.until(/^message/, 2);
  },

  async 'a stream that ends is opened again, with the last id'(run) {
    run.open('reconnect/');
    await run.until(/^error CLOSED/);
  },

  async 'a stream that breaks off loses its unfinished event'(run) {
    run.open('cut/');
    await run.until(/whole/);
    await run.read();
    await run.until(/again/);
  },

  async 'a connection that is refused is tried again'(run) {
    run.open('refuse/');
    await run.until(/at last/);
  },

  async 'the reconnection time is kept'(run) {
    for (const time of [400, 900]) {
      const source = run.open(`wait/${time}`);
      await run.until(/^error/, run.log.filter((line) => /^error/.test(line)).length + 1);
      const before = performance.now();
      await run.until(/again/, run.log.filter((line) => /again/.test(line)).length + 1);
      const waited = performance.now() - before;
      run.say(time, waited >= time - 20 && waited < time + 1_500 ? 'in time' : waited);
      source.close();
    }
  },

  async 'closing stops what has come already'(run) {
    for (const type of ['open', 'message', 'named']) {
      run.say(`-- ${type}`);
      const source = run.open('live/');
      source.addEventListener(type, () => {
        source.close();
        run.say('closed', STATES[source.readyState]);
      });
      await run.until(/^closed/, ['open', 'message', 'named'].indexOf(type) + 1);
      await moment(100);
    }
  },

  async 'closing in the error of a lost connection stops the next attempt'(run) {
    const source = run.open('wait/100');
    source.onerror = () => source.close();
    await run.until(/^error/);
    await moment(400);
    run.say(STATES[source.readyState]);
  },

  async 'closing before anything came leaves nothing'(run) {
    const at_once = run.open('live/');
    at_once.close();
    const later = run.open('never/');
    await run.asked(1);
    later.close();
    const silent = run.open('silent/');
    await run.until(/^open/);
    silent.close();
    await moment(100);
    run.say([at_once, later, silent].map(({ readyState }) => readyState).join());
  },

  async 'a server may name its events open and error'(run) {
    const source = run.open('clash/');
    source.onerror = ({ data }) => run.say('onerror', data);
    source.onopen = ({ data }) => run.say('onopen', data);
    await run.until(/^message/);
  },

  async 'a burst comes whole and in order'(run) {
    const source = new run.EventSource(`${run.base}burst/`);
    const seen = [];
    const take = ({ type, data, lastEventId }) => seen.push(`${type}${data}${lastEventId}`);
    source.addEventListener('a', take);
    source.addEventListener('b', take);
    source.addEventListener('done', () => run.say('done', seen.length, seen.every((text, index) => text === `${index % 3 ? 'a' : 'b'}${index}é${index}`)));
    await run.until(/^done/);
  },

  async 'an event may be large'(run) {
    const source = new run.EventSource(`${run.base}large/`);
    source.onmessage = ({ data }) => run.say('message', data.length, data.slice((1 << 20) - 1, (1 << 20) + 2));
    await run.until(/^message/);
  },

  async 'microtasks run between two events'(run) {
    const source = new run.EventSource(`${run.base}burst/`);
    let count = 0;
    const take = async ({ data }) => {
      if ((count += 1) > 600) return;
      run.say(data);
      for (const step of [1, 2, 3]) {
        await null;
        run.say(data, step);
      }
    };
    source.addEventListener('a', take);
    source.addEventListener('b', take);
    source.addEventListener('done', () => run.say('done'));
    await run.until(/^done/);
  },

  async 'microtasks run between two listeners of one event'(run) {
    const source = new run.EventSource(`${run.base}live/`);
    for (const listener of [1, 2]) {
      source.addEventListener('named', () => {
        run.say('listener', listener);
        void Promise.resolve().then(() => run.say('microtask of', listener));
      });
    }
    await run.until(/^microtask/, 2);
  },

  async 'attributes are handlers'(run) {
    const source = new run.EventSource(`${run.base}live/`);
    run.say(source.onopen, source.onmessage, source.onerror);
    source.onmessage = () => run.say('replaced');
    source.addEventListener('message', function () { run.say('listener', this === source); });
    source.onmessage = function ({ data }) { run.say('attribute', data, this === source); };
    for (const value of [undefined, 1, 'x', Symbol.iterator, true, null]) {
      source.onerror = () => {};
      source.onerror = value;
      run.say(typeof value, source.onerror);
    }
    const object = { handleEvent: () => run.say('never called') };
    source.onopen = object;
    run.say(source.onopen === object);
    await run.until(/^listener/, 2);
    source.onmessage = null;
    source.onmessage = () => run.say('at the end');
    source.dispatchEvent(new MessageEvent('message', { data: 'mine' }));
    source.onopen = () => false;
    const event = new Event('open', { cancelable: true });
    run.say(source.dispatchEvent(event), event.defaultPrevented);
    source.onopen = () => { source.onopen = () => run.say('set within'); };
    source.dispatchEvent(new Event('open'));
    source.dispatchEvent(new Event('open'));
  },

  async 'it is an event target as others are'(run) {
    const source = new run.EventSource(`${run.base}live/`);
    const controller = new AbortController();
    source.addEventListener('message', { handleEvent({ data }) { run.say('object', data); } });
    source.addEventListener('message', () => run.say('once'), { once: true });
    source.addEventListener('message', ({ data }) => data === 'one' && controller.abort());
    source.addEventListener('message', () => run.say('aborted'), { signal: controller.signal });
    source.addEventListener('message', (event) => event.data === 'three' && event.stopImmediatePropagation());
    source.addEventListener('message', ({ data }) => run.say('last', data));
    source.addEventListener('named', ({ data }) => run.say('named', data));
    EventTarget.prototype.addEventListener.call(source, 'named', () => run.say('by the prototype'));
    source.addEventListener('own', ({ type }) => run.say(type));
    source.dispatchEvent(new Event('own'));
    await run.until(/^object three/);
    await moment();
  },

  async 'a handler that throws stops nothing'(run) {
    const source = new run.EventSource(`${run.base}live/`);
    const report = (event) => {
      event.preventDefault();
      run.say('reported', event.error.message);
    };
    globalThis.addEventListener('error', report);
    source.addEventListener('message', ({ data }) => {
      throw new Error(data);
    });
    source.onmessage = ({ data }) => run.say('message', data);
    await run.until(/^message three/);
    await moment();
    globalThis.removeEventListener('error', report);
  },

  async 'the interface is that of the standard'(run) {
    const { Plain } = run;
    const shown = (object) => {
      for (const name of Reflect.ownKeys(object)) {
        const { value, get, set, ...rest } = Object.getOwnPropertyDescriptor(object, name);
        const what = typeof value === 'function' ? `function ${value.length}` : typeof value === 'object' ? 'object' : value;
        run.say(String(name), get === undefined ? what : `${get.name} ${set?.name} ${get.length} ${set?.length}`, JSON.stringify(rest));
      }
    };
    // The order of members is nobody's business.
    const from = run.log.length;
    shown(Plain);
    shown(Plain.prototype);
    run.log.splice(from, Infinity, ...run.log.slice(from).sort());
    run.say(Plain.name, Plain.length, Object.getPrototypeOf(Plain) === EventTarget, Object.getPrototypeOf(Plain.prototype) === EventTarget.prototype);
    run.say(outcome(() => Plain('/x')), outcome(() => new Plain()), Object.prototype.toString.call(Plain.prototype));
    for (const name of ['url', 'readyState', 'onopen', 'withCredentials']) {
      run.say(name, outcome(() => Plain.prototype[name]), outcome(() => Reflect.get(Plain.prototype, name, {})));
    }
    run.say(outcome(() => Plain.prototype.close()), outcome(() => (Plain.prototype.onopen = null)));
    const source = run.open('live/');
    await run.until(/three/);
    run.say(source instanceof EventTarget, Object.prototype.toString.call(source), Object.keys(source).join(), Reflect.ownKeys(source).length);
    const before = [];
    for (const name in source) before.push(name);
    run.say(before.sort().join());
    for (const name of ['OPEN', 'url', 'readyState', 'withCredentials']) {
      run.say(name, outcome(() => { 'use strict'; source[name] = 5; return source[name] === 5; }));
    }
    run.say(outcome(() => { Plain.OPEN = 5; }), Plain.OPEN);
    class Own extends Plain {
      get [Symbol.toStringTag]() { return 'Own'; }
    }
    const own = new Own(`${run.base}never/`);
    run.say(own instanceof Plain, String(own), own.CLOSED, Own.CLOSED);
    own.close();
    run.say(own.readyState);
  },

  'the constructor converts what it is given'(run) {
    const make = (...args) => {
      const source = new run.EventSource(...args);
      source.close();
      return `${source.url} ${source.withCredentials}`;
    };
    const at = `${run.base}live/`;
    for (const url of [undefined, null, '', 0, true, { toString: () => '/x' }, [], new URL(at), ' x ', '\t/x\n', 'a b', '?q=ä', '#ä', '/\ud800', '//host:81/x', 'HTTP://HOST/%7e', '../x', './', 'data:text/plain,x', 'mailto:a@b']) {
      run.say(typeof url, outcome(() => make(url)));
    }
    for (const url of ['http://', 'http://a b/', 'http://[1]', 'https://x:99999', '//', Symbol.iterator]) {
      run.say(String(url), outcome(() => make(url)));
    }
    for (const init of [undefined, null, {}, { withCredentials: true }, { withCredentials: 0 }, { withCredentials: 'false' }, { withCredentials: undefined }, { withCredentials: null }, [], () => {}]) {
      run.say(typeof init, outcome(() => make(at, init)));
    }
    for (const init of [1, 'x', true, Symbol.iterator]) run.say(typeof init, outcome(() => make(at, init)));
    run.say(outcome(() => make({ toString() { throw new RangeError(); } })));
    run.say(outcome(() => make(at, { get withCredentials() { throw new RangeError(); } })));
  },

  'a URL is relative to the document'(run) {
    const url = (text) => {
      const source = new run.EventSource(text);
      source.close();
      return source.url;
    };
    run.say(url('x'), url('?a'), url(''), url('/x'));
    if (!isWindow) return;
    const base = document.head.appendChild(document.createElement('base'));
    base.href = '/elsewhere/than/here';
    run.say(url('x'), url('?a'), url('/x'));
    base.remove();
  },

  async 'what is no address of a server'(run) {
    const blob = URL.createObjectURL(new Blob(['data: blob\n\n'], { type: 'text/event-stream' }));
    for (const [index, url] of ['data:text/event-stream,data:%20x%0A%0A', 'data:text/plain,x', blob, 'about:blank', 'ftp://127.0.0.1/x', 'mailto:a@b', 'javascript:1', 'odd:x'].entries()) {
      run.say(`-- ${url.slice(0, 20)}`);
      const source = run.open(url, undefined, []);
      await run.until(/^error/, index + 1);
      source.close();
    }
  },

  async 'another origin that allows it'(run) {
    run.open(`${run.other}cors/any`);
    run.open(`${run.other}cors/credentials`, { withCredentials: true });
    await run.until(/^message/, 2);
    run.log.sort();
  },

  async 'cookies go to the own origin'(run) {
    run.open(`cors/none`);
    await run.until(/^message/);
  },

  async 'a reconnection to another origin carries the id'(run) {
    run.open(`${run.other}preflight/`);
    await run.until(/^message/, 2);
  },

  async 'another origin that refuses'(run) {
    const sources = [];
    for (const [index, [rule, init]] of [['none'], ['other'], ['any', { withCredentials: true }]].entries()) {
      run.say(`-- ${rule}`);
      sources.push(run.open(`${run.other}cors/${rule}`, init));
      await run.until(/^error/, index + 1);
    }
    await moment(300);
    run.say(sources.map(({ readyState }) => readyState).join());
  },

  async 'another origin that refuses from the second request on'(run) {
    run.open(`${run.other}cors/lost`);
    await run.until(/^error/, 2);
    await moment(300);
  },

  async 'the headers of a request'(run) {
    const source = new run.EventSource(`${run.base}echo/`);
    source.onmessage = ({ data }) => data.split('\n').forEach((line) => run.say(line));
    await run.until(/^sec-fetch-site/);
  },
};

/** What only a window has. */
export const WINDOW = {
  async 'the page is stopped while nothing was answered'(run) {
    const source = run.open('never/');
    await run.asked(1);
    window.stop();
    await run.until(/^error/);
    await moment(300);
    run.say(STATES[source.readyState]);
  },

  async 'the page is stopped while it is open'(run) {
    const source = run.open('live/');
    await run.until(/three/);
    window.stop();
    await run.until(/^error/);
    await moment(300);
    run.say(STATES[source.readyState]);
  },
};

/** Runs a scenario, and gives what it told. */
export async function play(name, which, id, other) {
  const native = globalThis.EventSource;
  const ours = (await import('/pkg/dist/eventsource.js')).EventSource;
  const run = new Run(which === 'native' ? native : ours, location.origin, other, id);
  const late = moment(120_000).then(() => run.say('TIMEOUT'));
  await Promise.race([{ ...SCENARIOS, ...WINDOW }[name](run), late]);
  run.end();
  return run.log;
}
