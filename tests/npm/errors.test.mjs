// What a user sees when something is wrong, in Chromium, word for word: docs/errors.md has the
// same words.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Control, openServer, root } from '../e2e/server.mjs';
import { launch } from '../e2e/visit.mjs';
import { serveFolder } from './static-server.mjs';

let server;
let browser;
let documented;
let namespaces = 0;
const shown = [];

before(async () => {
  [server, browser] = await Promise.all([openServer(), launch()]);
  const text = await readFile(join(root, 'docs/errors.md'), 'utf8');
  documented = [...text.matchAll(/^```text\n(.*?)\n```$/gms)].map(([, message]) => message);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A test of one message. `run` gives it, and may check more. */
function message(name, run) {
  test(name, async (t) => {
    const text = await run(t);
    shown.push(text);
    assert.ok(documented.includes(text), `docs/errors.md does not have:\n${text}`);
  });
}

message('an option that does not exist is thrown at once, and the nearest is named', async (t) => {
  const end = await onPage(t, { options: { categorie: ['ai'] } });
  assert.equal(end.thrown, 'TypeError');
  assert.match(end.message, /, signal, fetch, connectTimeout, /);
  return end.message.replace(/(Allowed: profile, categories), .*/, '$1, …');
});

message('a category that the profile does not have is thrown at once', async (t) => {
  const end = await onPage(t, { options: { profile: 'dashtam', categories: ['data-sync'] } });
  assert.equal(end.thrown, 'TypeError');
  return end.message;
});

message('a module that is not where the script expects it is told with its address', async (t) => {
  const answer = (path) => path.endsWith('.bin') && { status: 404, body: 'no' };
  return unsupported(await onPage(t, { entry: 'url', answer }));
});

message('a page in place of the module is told as such', async (t) => {
  const headers = { 'content-type': 'text/html' };
  const answer = (path) => path.endsWith('.bin') && { status: 200, headers, body: '<!doctype html>' };
  return unsupported(await onPage(t, { entry: 'url', answer }));
});

message('a module that cannot be fetched at all is told with its address', async (t) => {
  // The policy forbids it, as a network that is gone would.
  const policy = "connect-src 'none'";
  return unsupported(await onPage(t, { entry: 'url', policy }));
});

message("a policy without 'wasm-unsafe-eval' is told with what to add to it", async (t) => {
  return unsupported(await onPage(t, { policy: "script-src 'self'" }));
});

test("a policy with 'wasm-unsafe-eval' is enough for every entry", async (t) => {
  const { control, base } = namespace();
  for (const entry of ['index', 'url', 'slim']) {
    await control.script('GET', '/plain', [{ status: 204 }, { end: 'clean' }]);
    const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ${server.url}`;
    const end = await onPage(t, { entry, wasm: '/pkg/wasm/tidewire.wasm', policy, url: `${base}/plain` });
    assert.deepEqual([end.reason, end.message], ['ended', undefined], entry);
  }
});

test('without DecompressionStream the module is fetched as it is', async (t) => {
  const { control, base } = namespace();
  await control.script('GET', '/plain', [{ status: 204 }, { end: 'clean' }]);
  const asked = [];
  const answer = (path) => void asked.push(path);
  const end = await onPage(t, { entry: 'url', without: 'DecompressionStream', answer, url: `${base}/plain` });
  assert.deepEqual([end.reason, end.message], ['ended', undefined]);
  assert.deepEqual(
    asked.filter((path) => path.startsWith('/pkg/wasm/')),
    ['/pkg/wasm/utf8.js', '/pkg/wasm/tidewire.wasm'],
  );
});

message('a browser that cannot compile the module is told which can', async (t) => {
  // A section that no browser knows: so a feature looks to one that came before it.
  const wasm = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x63, 0x01, 0x01];
  return unsupported(await onPage(t, { entry: 'slim', wasm }));
});

message('a browser without WebAssembly is told so', async (t) => {
  return unsupported(await onPage(t, { without: 'WebAssembly' }));
});

message('a module of another release is told from a browser that lacks something', async (t) => {
  // It imports what no release of the script has: `x` of 'tidewire'.
  const from = [...'tidewire'].map((letter) => letter.charCodeAt(0));
  const imports = [1, from.length, ...from, 1, 'x'.charCodeAt(0), 0, 0];
  const types = [1, 0x60, 0, 0];
  const section = (id, bytes) => [id, bytes.length, ...bytes];
  const head = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const wasm = [...head, ...section(1, types), ...section(2, imports)];
  return unsupported(await onPage(t, { entry: 'slim', wasm }));
});

message('slim that was given nothing says what it needs', async (t) => {
  return unsupported(await onPage(t, { entry: 'slim' }));
});

message('a server that does not allow the page is told from one that answers', async (t) => {
  const { base, configure } = namespace();
  await configure({ cors: 'none' });
  const end = await onPage(t, { url: `${base}/plain`, options: { reconnect: false } });
  assert.deepEqual([end.reason, end.code], ['exhausted', 'network']);
  return end.message;
});

message('a server that allows the page, but no reconnection, is told what to answer', async (t) => {
  const { control, base, configure } = namespace();
  await configure({ cors: 'none' });
  // Enough for the first request, which is asked for without a preflight.
  const headers = { 'content-type': 'text/event-stream', 'access-control-allow-origin': '*' };
  // What is not read before the end is lost with it: a busy page has a second.
  const steps = [{ status: 200, headers }, { write: 'id: 7\ndata: x\n\n' }, { pause_ms: 1_000 }];
  await control.script('GET', '/plain', [...steps, { end: 'fin' }]);
  const reconnect = { minDelay: 1, maxAttempts: 2 };
  const end = await onPage(t, { url: `${base}/plain`, options: { reconnect } });
  assert.equal(end.reason, 'exhausted');
  assert.equal(end.failures.length, 2);
  assert.ok((await control.requests('/plain')).some(({ method }) => method === 'OPTIONS'));
  return end.message;
});

message('a token that is refused is told with the words of the server', async (t) => {
  const { base } = namespace();
  const options = { profile: 'dashtam', token: 'forged' };
  const end = await onPage(t, { url: `${base}/api/v1/events`, options });
  assert.deepEqual([end.reason, end.code, end.status], ['rejected', 'status', 401]);
  assert.match(end.body, /Invalid token/);
  return end.message;
});

message('a token that was never given is told with the option that gives one', async (t) => {
  const { base } = namespace();
  const end = await onPage(t, { url: `${base}/api/v1/events`, options: { profile: 'dashtam' } });
  assert.deepEqual([end.reason, end.status], ['rejected', 401]);
  return end.message;
});

message('a page in place of a stream is told with its type, and its beginning is kept', async (t) => {
  const { control, base } = namespace();
  const head = { status: 200, headers: { 'content-type': 'text/html' } };
  await control.script('GET', '/plain', [head, { write: '<title>Sign in</title>' }, { end: 'clean' }]);
  const end = await onPage(t, { url: `${base}/plain` });
  assert.deepEqual([end.reason, end.code], ['rejected', 'content-type']);
  assert.equal(end.body, '<title>Sign in</title>');
  return end.message;
});

message('an address that leads nowhere is told with its status', async (t) => {
  const { base } = namespace();
  const end = await onPage(t, { url: `${base}/nowhere` });
  assert.deepEqual([end.reason, end.status], ['rejected', 404]);
  return end.message;
});

message('an answer that was to run once and broke off is told as such', async (t) => {
  const { control, base } = namespace();
  const head = { status: 200, headers: { 'content-type': 'text/event-stream' } };
  const steps = [head, { write: 'data: x\n\n' }, { pause_ms: 1_000 }, { end: 'fin' }];
  await control.script('POST', '/plain', steps);
  const end = await onPage(t, { url: `${base}/plain`, options: { body: { question: '?' } } });
  assert.deepEqual([end.reason, end.code], ['interrupted', 'interrupted']);
  assert.equal((await control.requests('/plain')).filter(({ method }) => method === 'POST').length, 1);
  return end.message;
});

message('a server that says nothing is told with how long it was waited for', async (t) => {
  const { control, base } = namespace();
  await control.script('GET', '/plain', [{ pause_ms: 60_000 }, { status: 200 }, { end: 'clean' }]);
  const options = { connectTimeout: 200, reconnect: false };
  const end = await onPage(t, { url: `${base}/plain`, options });
  assert.deepEqual([end.reason, end.code], ['exhausted', 'timeout']);
  // It tells how long it really was.
  return end.message.replace(/\d+(?= ms)/, '200');
});

message('an event without end is told with the limit that it met', async (t) => {
  const { control, base } = namespace();
  await control.script('GET', '/plain', [{ write: 'data: ' }, { repeat: { text: 'x', bytes: 5000 } }]);
  const options = { maxEventBytes: 1000, reconnect: false };
  const end = await onPage(t, { url: `${base}/plain`, options });
  assert.equal(end.code, 'too-large');
  return end.message;
});

message('an EventSource that failed is told with the transport that would say why', async (t) => {
  const { base } = namespace();
  const options = { transport: 'eventsource', reconnect: false };
  const end = await onPage(t, { url: `${base}/nowhere`, options });
  assert.deepEqual([end.reason, end.code], ['exhausted', 'network']);
  return end.message;
});

test('an end that nobody asks about is on the console, as an iterator nobody waits for is', async (t) => {
  const { base } = namespace();
  for (const use of ['handler', 'iterator', 'closed']) {
    const { page } = await openPage(t, {});
    const onConsole = [];
    const uncaught = [];
    page.on('console', (message) => onConsole.push(message.text()));
    page.on('pageerror', (error) => uncaught.push(error.message));
    await page.evaluate(
      async ([url, use]) => {
        const { connect } = await import('/pkg/dist/index.js');
        const stream = connect(url, { reconnect: false });
        const iterate = async () => {
          for await (const event of stream) void event;
        };
        if (use === 'handler') stream.on('*', () => {});
        else if (use === 'iterator') void iterate();
        else await stream.closed;
      },
      [`${base}/nowhere`, use],
    );
    const words = `${base}/nowhere: the server answered 404`;
    const seen = () => onConsole.some((text) => text.includes(words)) || uncaught.includes(words);
    if (use === 'closed') assert.ok(!seen());
    else await until(use, seen);
    assert.equal(uncaught.length, use === 'iterator' ? 1 : 0, use);
  }
});

test('docs/errors.md has no message that nobody has seen', () => {
  // Under a filter of names not all of them were made.
  if (shown.length > 1) assert.deepEqual(documented.toSorted(), shown.toSorted());
});

function unsupported({ reason, code, name, message }) {
  assert.deepEqual([reason, code, name], ['unsupported', 'unsupported', 'TidewireError']);
  return message;
}

/** A namespace of the server that nobody else uses. */
function namespace() {
  const name = `errors-${process.pid}-${(namespaces += 1)}`;
  const base = `${server.url}/ns/${name}`;
  const configure = async (change) => {
    const init = { method: 'PATCH', body: JSON.stringify(change) };
    assert.ok((await fetch(`${base}/_tidewire/config`, init)).ok);
  };
  return { base, control: new Control(server.url, name), configure };
}

/** A page of another origin than the server's, with the package under /pkg. */
async function openPage(t, { policy, answer = () => undefined }) {
  const headers = {
    'content-type': 'text/html',
    ...(policy && { 'content-security-policy': policy }),
  };
  const site = await serveFolder(root, (path) =>
    path === '/' ? { status: 200, headers, body: '<!doctype html>' } : answer(path) || undefined,
  );
  t.after(site.close);
  const page = await browser.newPage();
  t.after(() => page.close());
  await page.goto(site.url);
  return { page, site };
}

/**
 * Connects on a page of its own, and gives how that ended, with addresses as the documentation
 * has them, and the browser's own words left out.
 */
async function onPage(t, { entry = 'index', url = '/events', options, wasm, without, ...place }) {
  const { page, site } = await openPage(t, place);
  const end = await page.evaluate(connectThere, { entry, url, options, wasm, without });
  const { cause, ...told } = end;
  if (told.message !== undefined) {
    told.message = told.message
      .replaceAll(cause || '\0', '…')
      .replaceAll(site.url, 'https://app.example')
      .replaceAll(/http:\/\/127[.\d]*:\d+\/ns\/[\w-]+/g, 'https://api.example');
  }
  return told;
}

/** In the page. */
async function connectThere({ entry, url, options, wasm, without }) {
  if (without) delete globalThis[without];
  const { connect, initialize } = await import(`/pkg/dist/${entry}.js`);
  const profiles = await import('/pkg/dist/profiles/index.js');
  if (entry === 'slim' && wasm) {
    initialize(typeof wasm === 'string' ? fetch(wasm) : new Uint8Array(wasm));
  }
  const profile = options?.profile && profiles[options.profile];
  let stream;
  try {
    stream = connect(url, { ...options, profile });
  } catch ({ name, message }) {
    return { thrown: name, message };
  }
  const failures = [];
  stream.addEventListener('error', ({ detail }) => failures.push(detail.error.message));
  stream.on('*', () => {});
  const { reason, status, error } = await stream.closed;
  const { name, code, message, body, cause } = error ?? {};
  return { reason, status, name, code, message, body, failures, cause: cause?.message };
}

async function until(what, probe) {
  const deadline = Date.now() + 10_000;
  while (!probe()) {
    assert.ok(Date.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
