/**
 * Tidewire: Server-Sent Events, typed, filtered and reconnecting.
 *
 * This entry carries the WebAssembly module inline, and compiles it at the first `connect`.
 */

import { connectWith } from './connect.js';
import type { AnyName, CategoryName, Parse, TypeName } from './event.js';
import { loadInline } from './inline.js';
import type { ConnectOptions } from './options.js';
import type { AnyProfile } from './profile.js';
import type { plain } from './profiles/plain.js';
import type { Connected } from './stream.js';

export * from './surface.js';

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
  return connectWith(loadInline, url, options);
}
