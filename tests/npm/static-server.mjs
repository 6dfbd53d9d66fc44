// The files of one folder, on a free port, with the media types and the headers of a real host.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/**
 * Serves `folder`. `answer(path)` may give `{ status, headers, body }` in place of a file, or
 * `{ headers }` to go with it.
 *
 * @returns `{ url, close() }`
 */
export async function serveFolder(folder, answer = () => undefined) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://host').pathname);
    const { status, headers, body } = answer(path) ?? {};
    const file = join(folder, normalize(path));
    if (status !== undefined) response.writeHead(status, headers).end(body);
    else {
      try {
        const bytes = await readFile(file);
        const type = TYPES[extname(file)] ?? 'application/octet-stream';
        response.writeHead(200, { 'content-type': type, ...headers }).end(bytes);
      } catch {
        response.writeHead(404).end('no such file');
      }
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
