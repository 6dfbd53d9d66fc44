/**
 * Tidewire: Server-Sent Events, typed, filtered and reconnecting.
 *
 * This entry carries the WebAssembly module inline, and compiles it at the first `connect`.
 */

import { connectWith } from './connect.js';
import { coreLoader, everyEntry } from './core.js';
import type { AnyName, CategoryName, Parse, TypeName } from './event.js';
import { compileText } from './module.js';
import type { ConnectOptions } from './options.js';
import type { AnyProfile } from './profile.js';
import type { plain } from './profiles/plain.js';
import type { Connected } from './stream.js';
// Comes last: gzip codes a stretch of a file by one table, and base64 amid code costs both 1.6 kB.
import base64 from '../wasm/inline.js';

export * from './surface.js';

const load = /* @__PURE__ */ coreLoader(() => compileText(base64), everyEntry);

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
  Category extends CategoryName<P> | AnyName = AnyName,
  Type extends TypeName<P> | AnyName = AnyName,
>(
  url: string | URL,
  options?: ConnectOptions<P, Mode, Category, Type>,
): Connected<P, Mode, Category, Type> {
  return connectWith(load, url, options);
}
