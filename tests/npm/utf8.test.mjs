// What is read by WebAssembly's string builtins is what TextDecoder reads. In Chromium: Node 20 has no
// such builtins, and there all other tests are of the way without them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { root } from '../e2e/server.mjs';
import { launch } from '../e2e/visit.mjs';
import { serveFolder } from './static-server.mjs';

let server;
let browser;

before(async () => {
  [server, browser] = await Promise.all([serveFolder(root), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** Runs `work` on a page that has what a reader of a module's memory is made of. */
async function onPage(t, work, argument) {
  const page = await browser.newPage();
  t.after(() => page.close());
  await page.goto(`${server.url}/pkg/package.json`);
  await page.evaluate(async () => {
    const { textReader } = await import('/pkg/dist/utf8.js');
    const plain = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const decode = TextDecoder.prototype.decode;
    const state = { memory: new WebAssembly.Memory({ initial: 2 }), calls: 0 };
    TextDecoder.prototype.decode = function (...values) {
      state.calls += 1;
      return decode.apply(this, values);
    };
    state.bytes = (start, length) => new Uint8Array(state.memory.buffer, start, length);
    state.reader = () => textReader(state.memory, state.bytes);
    /** What TextDecoder says; null where it throws. */
    state.expected = (bytes) => {
      try {
        return decode.call(plain, bytes);
      } catch {
        return null;
      }
    };
    state.told = (read, start, length, isWide) => {
      try {
        return read(start, length, isWide);
      } catch {
        return null;
      }
    };
    Object.assign(window, state, { state });
  });
  return page.evaluate(work, argument);
}

test('any bytes are the text that TextDecoder reads, or none', async (t) => {
  const { wrong, texts, broken } = await onPage(t, () => {
    const { state } = window;
    const read = state.reader();
    const memory = state.bytes(0, 65536);
    let seed = 1;
    const below = (limit) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % limit;
    };
    const encoder = new TextEncoder();
    // The edges of each length of UTF-8, and of the surrogates.
    const characters = [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfeff, 0xffff, 0x10000, 0x10ffff];
    const bad = [0x80, 0xbf, 0xc0, 0xc1, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xf8, 0xff];
    const found = { wrong: [], texts: 0, broken: 0 };
    for (let round = 0; round < 200_000; round += 1) {
      const start = 1024 + below(16);
      const length = 1 + below(40);
      for (let at = start; at < start + length + 8; ) {
        const kind = below(16);
        if (kind === 0) memory[at++] = round % 3 === 0 ? bad[below(bad.length)] : 65;
        else if (kind < 8) memory[at++] = 32 + below(95);
        else {
          const character = kind < 12 ? characters[below(characters.length)] : 0x4e00 + below(5000);
          const bytes = encoder.encode(String.fromCodePoint(character));
          memory.set(bytes, at);
          at += bytes.length;
        }
      }
      const expected = state.expected(memory.subarray(start, start + length));
      if (expected === null) found.broken += 1;
      else found.texts += 1;
      if (state.told(read, start, length, true) !== expected && found.wrong.length < 3) {
        found.wrong.push([...memory.subarray(start, start + length)]);
      }
    }
    return found;
  });
  assert.deepEqual(wrong, []);
  assert.ok(texts > 10_000 && broken > 10_000, `${texts} texts, ${broken} broken`);
});

test('what is short or not ASCII is not given to TextDecoder, wherever it lies', async (t) => {
  const asked = await onPage(t, () => {
    const { state } = window;
    const encoder = new TextEncoder();
    const read = state.reader();
    const size = () => state.memory.buffer.byteLength;
    const asks = (text, isWide, end = 60_000) => {
      const bytes = encoder.encode(text);
      state.bytes(end - bytes.length, bytes.length).set(bytes);
      state.calls = 0;
      const is = state.told(read, end - bytes.length, bytes.length, isWide);
      return is === text ? state.calls : `${text.length} units were ${is?.length}`;
    };
    const found = {
      nothing: asks('', false),
      short: asks('an event', false),
      long: asks('x'.repeat(5_000), false),
      wide: asks('価格 📈 é'.repeat(1_000), true),
      mark: asks('\ufeff価', true),
      atTheEnd: asks('価格', true, size()),
      eightBefore: asks('価格', true, size() - 8),
    };
    state.memory.grow(8);
    found.grown = asks('価格', true, size() - 8);
    found.most = asks('é'.repeat(131_072), true, 400_000);
    found.more = asks('é'.repeat(131_073), true, 400_000);
    return found;
  });
  assert.deepEqual(asked, {
    nothing: 0,
    short: 0,
    long: 1,
    wide: 0,
    mark: 0,
    atTheEnd: 1,
    eightBefore: 0,
    grown: 0,
    most: 0,
    more: 1,
  });
});

test('where there are no such builtins, TextDecoder reads it all', async (t) => {
  for (const engine of ['no module', 'no builtin']) {
    const [text, broken, calls] = await onPage(
      t,
      (engine) => {
        const { state } = window;
        const { Module } = WebAssembly;
        WebAssembly.Module = function (bytes) {
          if (engine === 'no module') throw new WebAssembly.CompileError('no such type');
          return new Module(bytes);
        };
        const read = state.reader();
        const bytes = new TextEncoder().encode('価格');
        state.bytes(1024, bytes.length).set(bytes);
        const text = read(1024, bytes.length, true);
        const broken = state.told(read, 1024, bytes.length - 1, true);
        return [text, broken, state.calls];
      },
      engine,
    );
    assert.deepEqual([text, broken, calls], ['価格', null, 2], engine);
  }
});
