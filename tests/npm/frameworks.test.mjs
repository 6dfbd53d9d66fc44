// Components of React, Vue and Svelte in Chromium, on streams of the test server: what they show,
// and what the server saw of it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { Control, openServer, root, until } from '../e2e/server.mjs';
import { launch } from '../e2e/visit.mjs';
import { build, install, pack } from './app.mjs';
import { serveFolder } from './static-server.mjs';

const EVENTS = '/api/v1/events';
const FRAMEWORKS = new URL('apps/frameworks/', import.meta.url);

let server;
let browser;
/** The applications: their folders, and where they are served. */
const apps = {};

before(async () => {
  let tarball;
  [server, browser, tarball] = await Promise.all([openServer(), launch(), pack()]);
  for (const name of ['frameworks', 'react-18']) {
    const folder = await install(name, tarball, {});
    if (name !== 'frameworks') await cp(new URL('src', FRAMEWORKS), join(folder, 'src'), { recursive: true });
    await build(folder);
    for (const page of name === 'frameworks' ? ['react', 'vue', 'svelte', 'slim'] : ['react']) {
      const html = `<!doctype html><meta charset="utf-8"><title>${page}</title><main></main><script type="module" src="${page}.js"></script>`;
      await writeFile(join(folder, 'dist', `${page}.html`), html);
    }
    apps[name] = { folder, ...(await serveFolder(join(folder, 'dist'))) };
  }
});
after(async () => {
  Object.values(apps).forEach(({ close }) => close());
  await browser?.close();
  await server?.stop();
});

for (const [version, app] of Object.entries({ 'React 19': 'frameworks', 'React 18': 'react-18' })) {
  const visit = (t) => open(t, app, 'react');

  test(`${version}: the latest event, a list and a fold of all use one connection, closed when they are gone`, async (t) => {
    const { show, shown, publish, control, asked } = await visit(t);
    await show([
      { as: 'Latest', name: 'latest', path: EVENTS },
      { as: 'Latest', name: 'list', path: EVENTS, keep: 2 },
      { as: 'Count', name: 'count', path: EVENTS },
    ]);
    await shown('count.state', 'open');
    await publish('import.started', 'import.failed', 'security.login.failed');
    await shown('count.value', 3);
    await shown('latest.event.type', 'security.login.failed');
    await shown('list.events.map(({ type }) => type).join()', 'import.failed,security.login.failed');
    assert.equal((await asked()).length, 1);
    await show([]);
    await until('the connection to be closed', async () => (await control.connections()).length === 0);
    assert.equal((await asked())[0].state, 'client-gone');
  });

  test(`${version}: StrictMode, which mounts twice, sends one request, and folds each event once`, async (t) => {
    const { show, shown, publish, control, page, asked } = await visit(t);
    const endless = [{ write: 'data: {"type": "start"}\n\n' }, { pause_ms: 60_000 }, { end: 'clean' }];
    await control.script('POST', '/api/chat', endless, 0);
    const post = { profile: 'stockAgent', path: '/api/chat', options: { body: { message: 'a' } } };
    const parts = [{ as: 'Count', path: EVENTS }, { as: 'Latest', name: 'post', ...post }];
    await show(parts, { strict: true });
    await shown('Count.state', 'open');
    await shown('post.state', 'open');
    await publish('import.started', 'import.failed');
    await shown('Count.value', 2);
    assert.deepEqual(await page.evaluate(() => window.page.mounts), { Count: 2, post: 2 });
    assert.equal((await asked()).length, 1);
    assert.deepEqual((await asked('/api/chat')).map(({ method }) => method), ['POST']);
  });

  test(`${version}: options that are written anew at each render open nothing anew, and the latest functions are called`, async (t) => {
    const { show, shown, publish, control, asked } = await visit(t);
    for (let version = 1; version <= 5; version += 1) {
      await show([{ as: 'Token', path: EVENTS, version }]);
      await shown('Token.state', 'open');
    }
    assert.equal((await asked()).length, 1);
    await publish('import.started');
    await shown('Token.event?.type', 'import.started');
    await control.cut(EVENTS, 'rst');
    const both = await until('the second request', async () => {
      const requests = await asked();
      return requests.length === 2 && requests;
    });
    assert.deepEqual(both.map(({ headers }) => new Headers(headers).get('x-version')), ['1', '5']);
    await shown('Token.resumed?.lastEventId === Token.event.id', true);
  });

  test(`${version}: another URL closes the old stream and begins anew; none opens nothing`, async (t) => {
    const { show, shown, publish, control, asked } = await visit(t);
    await show([{ as: 'Count', path: null }]);
    await shown('Count.state', 'closed');
    assert.deepEqual(await asked(), []);
    await show([{ as: 'Count', path: EVENTS }]);
    await shown('Count.state', 'open');
    await publish('import.started');
    await shown('Count.value', 1);
    await show([{ as: 'Count', path: `${EVENTS}?again` }]);
    await until('the first to be closed, and the second open', async () => {
      const states = (await asked()).map(({ state }) => state);
      return states.join() === 'client-gone,open';
    });
    await shown('Count.value', 0);
    await shown('Count.state', 'open');
    await show([{ as: 'Count', path: null }]);
    await until('the second to be closed', async () => (await control.connections()).length === 0);
    await shown('Count.state', 'closed');
  });

  test(`${version}: another filter is asked of the open stream, and what was gathered stays`, async (t) => {
    const { show, shown, publish, control, asked } = await visit(t);
    const filtered = (categories) => show([{ as: 'Count', path: EVENTS, options: { categories } }]);
    await filtered(['import']);
    await shown('Count.state', 'open');
    await publish('import.started', 'security.login.failed');
    await shown('Count.value', 1);
    await filtered(['import', 'security']);
    await until('the wider filter to be asked for', async () =>
      decodeURIComponent(JSON.stringify(await asked())).includes('import,security'),
    );
    // The new stream takes over once both have brought an event. It goes on after the last one that
    // was wanted: the server sends what came since, and was not.
    await publish('import.failed');
    await shown('Count.value', 3);
    await until('the old one to be closed', async () => (await control.connections()).length === 1);
    await publish('security.login.failed');
    await shown('Count.value', 4);
  });

  test(`${version}: one component that takes another's place takes its connection over`, async (t) => {
    const { show, shown, control, asked } = await visit(t);
    await show([{ as: 'Count', name: 'one', path: EVENTS }]);
    await shown('one.state', 'open');
    await show([{ as: 'Latest', name: 'two', path: EVENTS }]);
    await shown('two.state', 'open');
    assert.equal((await asked()).length, 1);
    assert.equal((await control.connections()).length, 1);
  });

  test(`${version}: an error, the end and a gap are shown, and reconnect begins again`, async (t) => {
    const { show, shown, control, page } = await visit(t);
    await control.script('GET', EVENTS, [{ status: 403 }, { end: 'clean' }]);
    await show([{ as: 'Latest', path: EVENTS }]);
    await shown('Latest.closed?.reason', 'rejected');
    await shown('Latest.error?.status', 403);
    await shown('Latest.state', 'closed');
    await page.evaluate(() => window.page.shown.Latest.reconnect());
    await shown('Latest.state', 'open');
    await shown('Latest.error', undefined);
    await shown('Latest.closed', undefined);
    // What it answers next proves nothing of what was missed.
    await control.script('GET', EVENTS, [{ write: 'retry: 5\n\n' }, { pause_ms: 60_000 }, { end: 'clean' }]);
    await control.cut(EVENTS, 'rst');
    await shown('Latest.gaps', 1);
    await shown('typeof Latest.gap.lastEventId', 'string');
  });

  test(`${version}: of a burst every event is folded, and few renders show it`, async (t) => {
    const { show, shown, control, page } = await visit(t);
    // In one piece, so that what is counted is the hook's doing, not the network's.
    const write = 'event: import.started\ndata: {}\n\n'.repeat(2000);
    await control.script('GET', EVENTS, [{ write }, { pause_ms: 60_000 }, { end: 'clean' }]);
    await show([{ as: 'Count', path: EVENTS }, { as: 'Latest', path: EVENTS, keep: 10 }]);
    await shown('Count.value', 2000);
    await shown('Latest.events.length', 10);
    const renders = await page.evaluate(() => window.page.renders);
    t.diagnostic(`2000 events, renders: ${renders.Count} with a fold, ${renders.Latest} with the latest`);
    assert.ok(renders.Count < 100 && renders.Latest < 100);
  });

  test(`${version}: a wrong option is thrown for the error boundary, and a reducer that throws stops nothing`, async (t) => {
    const { show, shown, publish, wrong, asked } = await visit(t);
    await show([
      { as: 'Guarded', name: 'bad', path: EVENTS, options: { types: ['import.strated'] } },
      { as: 'Stumbling', path: EVENTS },
    ]);
    await shown('bad.message.includes("import.started")', true);
    await shown('Stumbling.state', 'open');
    await publish('import.started', 'import.failed', 'import.started');
    await shown('Stumbling.value', 2);
    assert.equal((await asked()).length, 1);
    const stumbled = wrong.filter((text) => text.includes('it stumbled'));
    assert.equal(stumbled.length, 1);
    // React tells of the other one itself.
    wrong.length = 0;
  });

  test(`${version}: what a server has rendered is taken over as it stands, and then comes to life`, async (t) => {
    const { page, shown, publish, asked } = await visit(t);
    await page.evaluate((path) => window.page.hydrate([{ as: 'Count', path }]), EVENTS);
    assert.equal(await page.evaluate(() => window.page.rendered), '<p id="Count">connecting</p>');
    await shown('Count.state', 'open');
    await publish('import.started');
    await shown('Count.value', 1);
    assert.equal((await asked()).length, 1);
  });

  test(`${version}: a server renders the empty beginning, opens nothing, and importing adds no global`, async () => {
    const program = promisify(execFile)(process.execPath, ['src/server.js'], { cwd: apps[app].folder });
    const { texts, asked, added } = JSON.parse((await program).stdout);
    const shown = texts.map((text) => text.replaceAll('&quot;', '"').replace(/<\/?p>/g, ''));
    const empty = (state) => JSON.stringify([{ events: [], state, gaps: 0 }, 7]);
    assert.deepEqual(shown, [empty('connecting'), empty('closed')]);
    assert.deepEqual(asked, []);
    assert.equal(added, 0);
  });
}

test('the hook is made for another entry too, and the inline module is not shipped then', async (t) => {
  const { show, shown, publish } = await open(t, 'frameworks', 'slim');
  await show([{ path: EVENTS }]);
  await shown('Latest.state', 'open');
  await publish('import.started');
  await shown('Latest.event.type', 'import.started');
  const script = (name) => readFile(join(apps.frameworks.folder, 'dist', `${name}.js`), 'utf8');
  const { default: inline } = await import('../../pkg/wasm/inline.js');
  assert.ok((await script('react')).includes(inline));
  assert.ok(!(await script('slim')).includes(inline));
});

test('the components of docs/frameworks.md show what they say', async (t) => {
  const { show, publish, control, page } = await open(t, 'frameworks', 'react');
  await show(['Accounts', 'Feed', 'Total'].map((as) => ({ as, path: EVENTS })));
  await until('the connection', async () => (await control.connections()).length === 1);
  // `Accounts` asks for one type alone: the connection is asked for the others too.
  await page.waitForFunction(() => document.querySelector('main').textContent.startsWith('open'));
  await publish('sync.accounts.completed', 'import.started', 'sync.accounts.completed');
  const text = 'sync.accounts.completedimport.startedsync.accounts.completed';
  await page.waitForFunction((text) => document.querySelector('main').textContent === text, `3 accounts${text}6 accounts in all`);
});

for (const framework of ['vue', 'svelte']) {
  test(`the recipe for ${framework}: one connection for equals, another URL, an error and the end`, async (t) => {
    const { show, shown, publish, control, page, asked } = await open(t, 'frameworks', framework);
    await show([{ name: 'none', path: null }, { name: 'one', path: EVENTS }, { name: 'two', path: EVENTS }]);
    await shown('none.state', 'closed');
    for (const name of ['one', 'two']) await shown(`${name}.state`, 'open');
    assert.equal((await asked()).length, 1);
    await publish('import.started', 'import.failed');
    for (const name of ['one', 'two']) await shown(`${name}.event.type`, 'import.failed');
    await show([{ name: 'one', path: `${EVENTS}?again` }]);
    await until('the first to be closed, and the second open', async () => {
      const states = (await asked()).map(({ state }) => state);
      return states.join() === 'client-gone,open';
    });
    await shown('one.event', undefined);
    await shown('one.state', 'open');
    await publish('import.started');
    await shown('one.event.type', 'import.started');
    await control.script('GET', EVENTS, [{ status: 403 }, { end: 'clean' }]);
    await show([{ name: 'one', path: `${EVENTS}?refused` }]);
    await shown('one.error?.status', 403);
    await shown('one.state', 'closed');
    await show([{ name: 'one', path: EVENTS }]);
    await shown('one.state', 'open');
    await page.evaluate(() => window.page.unmount());
    await until('the last to be closed', async () => (await control.connections()).length === 0);
  });
}

test('docs/frameworks.md shows what was built here', async () => {
  const text = await readFile(join(root, 'docs/frameworks.md'), 'utf8');
  const snippets = [...text.matchAll(/\(`src\/([\w.-]+)`\):\n\n```jsx?\n(.*?)```/gs)];
  assert.equal(snippets.length, text.match(/^```js/gm).length);
  for (const [, name, snippet] of snippets) {
    const source = await readFile(new URL(`src/${name}`, FRAMEWORKS), 'utf8');
    assert.ok(source.includes(snippet.trim()), `${name}: ${snippet}`);
  }
});

let count = 0;

/** A page, its namespace of the server, and what can be asked of both. */
async function open(t, app, name) {
  const namespace = `frameworks-${process.pid}-${(count += 1)}`;
  const control = new Control(server.url, namespace);
  const token = await control.token('dashtam');
  const address = new URLSearchParams({ server: `${server.url}/ns/${namespace}`, token });
  const page = await browser.newPage();
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => {
    // Chromium says so of each request that failed, and the tests make some fail.
    const expected = /favicon|Failed to load resource|ERR_CONNECTION_RESET|React DevTools/;
    const text = `${message.text()} ${message.location().url}`;
    if (['error', 'warning'].includes(message.type()) && !expected.test(text)) wrong.push(text);
  });
  t.after(async () => {
    const problems = await page.evaluate(() => window.page.problems);
    await page.close();
    assert.deepEqual([...wrong, ...problems], []);
  });
  await page.addInitScript(() => {
    window.look = (expression) => {
      const { shown } = window.page;
      try {
        return new Function(...Object.keys(shown), `return ${expression}`)(...Object.values(shown));
      } catch (error) {
        return String(error);
      }
    };
  });
  await page.goto(`${apps[app].url}/${name}.html?${address}`);
  return {
    control,
    page,
    wrong,
    /** What the server was asked for, but for what browsers ask by themselves before. */
    async asked(path = EVENTS) {
      return (await control.requests(path)).filter(({ method }) => method !== 'OPTIONS');
    },
    show: (parts, options) => page.evaluate(([parts, options]) => window.page.show(parts, options), [parts, options]),
    /** Waits until an expression on what the components were given has this value. */
    async shown(expression, value) {
      try {
        const isSo = ([expression, value]) => Object.is(window.look(expression), value);
        await page.waitForFunction(isSo, [expression, value], { timeout: 15_000 });
      } catch (cause) {
        const found = await page.evaluate((expression) => window.look(expression), expression);
        throw new Error(`${expression} is ${JSON.stringify(found)}, not ${value}; ${wrong}`, { cause });
      }
    },
    publish: (...types) => control.publish(...types.map(published)),
  };
}

const connection_id = '5b0c6f4e-0b4f-4c6b-9c55-3c7f6d0a1e22';

function published(event) {
  const data = event === 'sync.accounts.completed' ? { connection_id, account_count: 3 } : { connection_id };
  return { system: 'dashtam', event, data };
}
