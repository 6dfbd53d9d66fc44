// A browser as people have it. One that Playwright starts keeps every tab visible and has no
// back/forward cache; to one that it only joins, asked for no defaults, it does neither.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { chromium } from 'playwright-core';

import { FLAGS, executablePath } from './visit.mjs';

/** `{ context, close() }`: its one window, whose tabs hide one another. */
export async function launchUntouched() {
  const profile = await mkdtemp(join(tmpdir(), 'tidewire-e2e-'));
  const program = spawn(
    executablePath,
    ['--headless', ...FLAGS, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exit = once(program, 'exit');
  const browser = await chromium.connectOverCDP(await endpoint(program), { noDefaults: true });
  return {
    context: browser.contexts()[0],
    async close() {
      await browser.close();
      program.kill();
      await exit;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What Chromium prints before all else that matters. */
async function endpoint({ stderr }) {
  const lines = createInterface({ input: stderr });
  for await (const line of lines) {
    const [, address] = /listening on (ws:\S+)/.exec(line) ?? [];
    if (address) {
      // Whatever it says later must not fill the pipe.
      stderr.resume();
      return address;
    }
  }
  throw new Error('Chromium ended before it listened');
}
