/**
 * Tidewire: Server-Sent Events, typed, filtered and reconnecting.
 *
 * This entry carries the WebAssembly module inline, and compiles it at the first `connect`.
 */

import base64 from '../wasm/inline.js';
import { connectWith } from './connect.js';
import { coreLoader, everyEntry } from './core.js';
import type { Parse } from './event.js';
import type { ConnectOptions } from './options.js';
import type { AnyProfile } from './profile.js';
import type { plain } from './profiles/plain.js';
import type { TidewireStream } from './stream.js';

export * from './surface.js';

const load = coreLoader(async () => {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    bytes[at] = text.charCodeAt(at);
  }
  return WebAssembly.compile(bytes);
}, everyEntry);

/**
 * Opens a stream of events. Returns at once.
 *
 * ```ts
 * const stream = connect('/api/v1/events', { profile: dashtam, categories: ['data_sync'] });
 * for await (const event of stream) {
 *   if (event.type === 'sync.accounts.completed') show(event.data.account_count);
 * }
 * ```
 *
 * @throws TypeError for an option that is wrong, naming it and what is allowed.
 */
export function connect<
  P extends AnyProfile = typeof plain,
  Mode extends Parse | undefined = undefined,
>(url: string | URL, options?: ConnectOptions<P, Mode>): TidewireStream<P, Mode> {
  return connectWith(load, url, options);
}
