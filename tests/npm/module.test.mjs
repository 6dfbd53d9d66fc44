// The WebAssembly module's life: loaded lazily and once, refused with a reason, replaced after a trap.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { connectWith } from '../../pkg/dist/connect.js';
import { coreLoader } from '../../pkg/dist/core.js';
import * as slim from '../../pkg/dist/slim.js';
import { unpacked } from '../../pkg/dist/unpack.js';
import { all, answer, scriptedFetch, settled } from './scripted.mjs';

const URL_ = 'http://test.example/events';
const bytes = readFileSync(new URL('../../pkg/wasm/tidewire.wasm', import.meta.url));

function countingLoader(compile = () => WebAssembly.compile(bytes)) {
  const counted = { compiled: 0 };
  counted.load = coreLoader(async () => {
    counted.compiled += 1;
    return compile();
  });
  return counted;
}

function open(load, options) {
  return connectWith(load, URL_, { reconnect: false, ...options });
}

/** The memory of the module that was started last. */
let memory;
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...given) => {
  const instance = await instantiate(...given);
  memory = instance.exports.memory;
  return instance;
};

/** Spoils the module's memory, so that the next call is a real trap, and calls. */
function provokeTrap(core) {
  new Uint8Array(memory.buffer).fill(0xff);
  const connect = () => core.exports.connect(0, 0, ...core.write('x'));
  assert.throws(connect, WebAssembly.RuntimeError);
}

test('the module that the package carries inline is the file, byte for byte', async () => {
  const { default: inline } = await import('../../pkg/wasm/inline.js');
  const packed = gunzipSync(Buffer.from(inline, 'base64'));
  const { buffer } = Uint8Array.from(packed);
  assert.deepEqual(Buffer.from(unpacked(buffer)), bytes);
  const file = readFileSync(new URL('../../pkg/wasm/tidewire.bin', import.meta.url));
  assert.equal(file.toString('base64'), inline);
});

test('the module is compiled at the first connect, and once', async () => {
  const counted = countingLoader();
  assert.equal(counted.compiled, 0);
  const fetch = scriptedFetch(answer(['data: 1\n\n']), answer(['data: 2\n\n']));
  await Promise.all([all(open(counted.load, { fetch })), all(open(counted.load, { fetch }))]);
  assert.equal(counted.compiled, 1);
});

test('a trap ends the streams with a reason, and the next connect starts afresh', async () => {
  const { load } = countingLoader();
  const fetch = scriptedFetch(answer(['data: 1\n\n'], { end: 'hang' }), answer(['data: 2\n\n']));
  const stream = open(load, { fetch });
  const iterator = stream.events();
  assert.equal((await iterator.next()).value.data, '1');
  const broken = await load();
  provokeTrap(broken);
  await assert.rejects(iterator.next(), {
    name: 'TidewireError',
    code: 'trap',
    message:
      /^Tidewire's WebAssembly module broke down \(.+\); the next connect loads a fresh one$/,
  });
  const { reason, error } = await stream.closed;
  assert.deepEqual([reason, error.code, stream.state], ['interrupted', 'trap', 'closed']);
  assert.notEqual(await load(), broken);
  assert.deepEqual(
    (await all(open(load, { fetch }))).map(({ data }) => data),
    ['2'],
  );
});

test('what is left of a broken module neither throws nor calls', async () => {
  const { load } = countingLoader();
  const core = await load();
  const stream = open(load, { fetch: scriptedFetch(answer([], { end: 'hang' })) });
  await settled();
  provokeTrap(core);
  stream.close();
  stream.reconnect();
  await stream.setFilter({ types: ['x'] });
  assert.equal(stream.lastEventId, '');
  assert.equal((await stream.closed).reason, 'interrupted');
});

test('where the module cannot be compiled, the stream ends as unsupported and says what is needed', async () => {
  const refusals = [
    [new WebAssembly.CompileError('invalid value type'), /it needs SIMD, reference types.*Safari 16\.4/],
    // Of Chromium, Firefox and Safari.
    ...[
      'violates the following Content Security policy directive',
      'call to WebAssembly.compile() blocked by CSP',
      'is not an allowed source of script in the following Content Security Policy directive',
    ].map((words) => [new WebAssembly.CompileError(words), /needs 'wasm-unsafe-eval' in its script-src/]),
    [new WebAssembly.LinkError('Import #0'), /of another version than the script/],
  ];
  for (const [refusal, advice] of refusals) {
    const { load } = countingLoader(() => Promise.reject(refusal));
    const stream = open(load);
    const error = await all(stream).then(
      () => assert.fail('it must throw'),
      (error) => error,
    );
    assert.equal(error.code, 'unsupported');
    assert.ok(error.message.includes(refusal.message));
    assert.match(error.message, advice);
    assert.equal(error.cause, refusal);
    assert.deepEqual(await stream.closed, { reason: 'unsupported', error });
  }
});

test('a module of another version than the script is not spoken to', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../pkg/package.json', import.meta.url), 'utf8'));
  const core = await countingLoader().load();
  let spoken;
  // As an older or a newer script would.
  const write = (text) => {
    [spoken] = text.split('\n');
    return core.write(text.replace(spoken, `${spoken}1`));
  };
  const fetch = scriptedFetch(answer(['data: 1\n\n']));
  const { reason, error } = await open(async () => ({ ...core, write }), { fetch }).closed;
  assert.deepEqual([reason, error.code, fetch.calls.length, spoken], ['rejected', 'options', 0, version]);
  assert.match(error.message, /of another version than the script/);
});

test('a module that could not be had is asked for again by the next connect', async () => {
  let fail = true;
  const counted = countingLoader(() => {
    if (fail) throw new Error('offline');
    return WebAssembly.compile(bytes);
  });
  await assert.rejects(all(open(counted.load)), { code: 'unsupported', message: /offline/ });
  fail = false;
  const fetch = scriptedFetch(answer(['data: 1\n\n']));
  assert.equal((await all(open(counted.load, { fetch }))).length, 1);
  assert.equal(counted.compiled, 2);
});

test('loaders of one place share what the first has brought, and only that', async () => {
  const place = {};
  const compiled = [];
  const missing = coreLoader(async () => {
    compiled.push('missing');
    throw new Error('not found');
  }, place);
  const there = coreLoader(async () => {
    compiled.push('there');
    return WebAssembly.compile(bytes);
  }, place);
  // The failure of one way is none of the other.
  const [refused, core] = await Promise.allSettled([missing(), there()]);
  assert.deepEqual([refused.reason.code, core.status], ['unsupported', 'fulfilled']);
  assert.equal(await missing(), core.value);
  assert.equal(await there(), core.value);
  assert.deepEqual(compiled, ['missing', 'there']);
  provokeTrap(core.value);
  assert.notEqual(await missing(), core.value);
  assert.deepEqual(compiled, ['missing', 'there']);
});

test('slim takes the module from outside, and says so where it is missing', async () => {
  const missing = slim.connect(URL_, { reconnect: false });
  await assert.rejects(all(missing), {
    code: 'unsupported',
    message:
      "tidewire/slim has no WebAssembly module yet: call initialize() with 'tidewire/tidewire.wasm' before connect()",
  });
  slim.initialize(Promise.resolve(new Response(bytes)));
  const fetch = scriptedFetch(answer(['data: 1\n\n']));
  assert.equal((await all(slim.connect(URL_, { fetch, reconnect: false }))).length, 1);
});

test('importing the package touches no global', () => {
  const entries = ['index.js', 'slim.js', 'url.js', 'profiles/index.js'];
  const urls = entries.map((entry) => new URL(`../../pkg/dist/${entry}`, import.meta.url).href);
  // Every global that the package could want throws when it is looked at.
  const program = `
    const touched = [];
    for (const name of ['fetch', 'WebAssembly', 'EventTarget', 'CustomEvent', 'EventSource', 'AbortController',
      'ReadableStream', 'Headers', 'Response', 'Blob', 'FormData', 'URLSearchParams', 'TextDecoder', 'TextEncoder',
      'FinalizationRegistry', 'atob', 'performance', 'location', 'document', 'setTimeout', 'navigator', 'crypto']) {
      const value = globalThis[name];
      Object.defineProperty(globalThis, name, {
        configurable: true,
        get() {
          if (new Error().stack.includes('/pkg/')) touched.push(name);
          return value;
        },
      });
    }
    const before = Object.getOwnPropertyNames(globalThis).length;
    for (const url of ${JSON.stringify(urls)}) await import(url);
    console.log(JSON.stringify({ touched, added: Object.getOwnPropertyNames(globalThis).length - before }));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  });
  assert.deepEqual(JSON.parse(output), { touched: [], added: 0 });
});
