// What the server answers in each scenario, and what it saw. One server, two origins.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';

import { root } from './server.mjs';
import { BODIES, STATUSES, TYPES } from './eventsource-class.cases.js';

const STREAM = { 'content-type': 'text/event-stream' };
const ANYONE = { 'access-control-allow-origin': '*' };

/** Writes, and ends a moment later: an end that comes with the bytes may overtake them. */
function say(response, body, headers = STREAM, end = true) {
  response.writeHead(200, headers);
  response.write(body);
  if (end) setTimeout(() => response.end(), 30);
}

/** By scenario: answers the n-th request, counted from 0; `rest` is the path within the scenario. */
const ANSWERS = {
  'body': (request, response, n, rest) => {
    if (n > 0) return response.writeHead(204).end();
    say(response, BODIES[Number(rest)].body);
  },
  'type': (request, response, n, rest) => {
    const type = TYPES[Number(rest)];
    say(response, 'data: x\n\n', type === null ? {} : { 'content-type': type });
  },
  'status': (request, response, n, rest) => {
    response.writeHead(STATUSES[Number(rest)], STREAM);
    response.end(STATUSES[Number(rest)] === 204 ? undefined : 'data: x\n\n');
  },
  'redirect': (request, response, n, rest, { here, other }) => {
    const [status, where] = rest.split('/');
    const end = status === 'target' || n === 0;
    if (/target/.test(status)) return say(response, 'retry: 150\ndata: x\n\n', { ...STREAM, ...ANYONE }, end);
    const location = { here: `${here}target`, other: `${other}target`, once: `${here}target-once` }[where];
    response.writeHead(Number(status), { location }).end();
  },
  'live': (request, response) => say(response, 'data: one\n\nevent: named\nid: 7\ndata: two\n\ndata: three\n\n', STREAM, false),
  'silent': (request, response) => {
    response.writeHead(200, STREAM);
    response.flushHeaders();
  },
  'never': () => {},
  'reconnect': (request, response, n) => {
    const id = ['', Buffer.from(request.headers['last-event-id'] ?? '', 'latin1').toString()][Math.min(n, 1)];
    if (n === 0) return say(response, 'retry: 150\nid: á…😀\ndata: first\n\n');
    if (n === 1) return say(response, `data: ${id}\n\nid\ndata: reset\n\n`);
    if (n === 2) return say(response, 'id: only\n\n');
    if (n === 3) return say(response, 'data: with it\n\nid: unfinished\ndata: never');
    response.writeHead(204).end();
  },
  'cut': (request, response, n, rest, { whenRead }) => {
    if (n > 0) return say(response, 'data: again\n\n', STREAM, false);
    say(response, 'retry: 150\nid: 1\ndata: whole\n\nid: 2\ndata: part', STREAM, false);
    whenRead(() => request.socket.resetAndDestroy());
  },
  'refuse': (request, response, n) => {
    if (n === 0) return request.socket.resetAndDestroy();
    say(response, 'data: at last\n\n', STREAM, false);
  },
  'wait': (request, response, n, rest) => say(response, n > 0 ? 'data: again\n\n' : `retry: ${rest}\n\n`),
  'burst': (request, response) => {
    let body = '';
    for (let index = 0; index < 5_000; index += 1) body += `id: ${index}\nevent: ${index % 3 ? 'a' : 'b'}\ndata: ${index}é\n\n`;
    say(response, `${body}event: done\ndata\n\n`, STREAM, false);
  },
  'large': (request, response) => say(response, `data: ${'x'.repeat(1 << 20)}\ndata: ${'é'.repeat(1 << 20)}\n\n`, STREAM, false),
  'clash': (request, response) => say(response, 'event: open\ndata: 1\n\nevent: error\ndata: 2\n\nevent: message\ndata: 3\n\n', STREAM, false),
  'cors': (request, response, n, rest) => {
    const { origin } = request.headers;
    const headers = {
      'none': {},
      'any': ANYONE,
      'other': { 'access-control-allow-origin': 'http://example.org' },
      'credentials': { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' },
      'lost': n === 0 ? ANYONE : {},
    }[rest.split('/')[0]];
    say(response, `retry: 150\ndata: ${request.headers.cookie ?? 'no cookie'}\n\n`, { ...STREAM, ...headers }, rest === 'lost');
  },
  'preflight': (request, response, n) => {
    const allowed = { ...ANYONE, 'access-control-allow-headers': 'last-event-id' };
    if (request.method === 'OPTIONS') return response.writeHead(204, allowed).end();
    say(response, 'retry: 150\nid: 1\ndata: x\n\n', { ...STREAM, ...ANYONE }, n === 0);
  },
  'echo': (request, response) => {
    const names = Object.keys(request.headers).filter((name) => !/^(host|connection|user-agent|sec-ch-|referer)/.test(name));
    say(response, names.sort().map((name) => `data: ${name}: ${request.headers[name]}\n`).join('') + '\n', STREAM, false);
  },
};

const FILES = { '.js': 'text/javascript', '.html': 'text/html' };

/** `{ url, other, requests(run), close() }` */
export async function openScenarios() {
  const seen = new Map();
  /** By run: what happens once the page says that it has read what was written. */
  const waiting = new Map();
  const address = (server) => `http://127.0.0.1:${server.address().port}`;
  const listen = async () => {
    const server = createServer((request, response) => {
      // One that breaks while it is used a second time, Chromium replaces without a word.
      response.shouldKeepAlive = false;
      answer(server, request, response).catch((error) => response.destroy(error));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  const servers = [await listen(), await listen()];
  const [url, other] = servers.map(address);

  async function answer(server, request, response) {
    const { pathname } = new URL(request.url, url);
    const run = /^\/(run-[^/]+)\/([^/]+)\/(.*)$/.exec(pathname);
    if (!run) return file(pathname, response);
    const [, id, scenario, rest] = run;
    const requests = seen.get(id) ?? [];
    seen.set(id, requests);
    if (scenario === 'asked') return response.end(String(requests.length));
    if (scenario === 'read') {
      waiting.get(id)();
      return response.end();
    }
    const n = requests.filter(({ path, method }) => path === `${scenario}/${rest}` && method === 'GET').length;
    const { accept, 'cache-control': cache, 'last-event-id': lastEventId, cookie } = request.headers;
    requests.push({ method: request.method, path: `${scenario}/${rest}`, accept, cache, lastEventId, cookie });
    const within = `/${id}/${scenario}/`;
    return ANSWERS[scenario](request, response, n, rest, {
      here: address(server) + within,
      other: (server === servers[0] ? other : url) + within,
      whenRead: (then) => waiting.set(id, then),
    });
  }

  return {
    url,
    other,
    requests: (run) => seen.get(run) ?? [],
    async close() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

async function file(path, response) {
  if (path === '/') {
    response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': 'crumb=1; Path=/' });
    return response.end('<!doctype html><title>EventSource</title>');
  }
  if (path === '/strict') {
    response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': "script-src 'self'" });
    return response.end('<!doctype html><title>EventSource</title>');
  }
  if (path === '/latin') {
    response.writeHead(200, { 'content-type': 'text/html; charset=windows-1252' });
    return response.end('<!doctype html><title>EventSource</title>');
  }
  const folder = path.startsWith('/pkg/') ? root : `${root}tests/e2e`;
  try {
    const body = await readFile(folder + path);
    response.writeHead(200, { 'content-type': FILES[extname(path)] ?? 'application/octet-stream' });
    return response.end(body);
  } catch {
    return response.writeHead(404).end();
  }
}
