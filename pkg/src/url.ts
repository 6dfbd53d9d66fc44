/** Tidewire with its WebAssembly module as a file of its own, fetched at the first `connect`. */

import { connectWith } from './connect.js';
import { coreLoader } from './core.js';
import type { Parse } from './event.js';
import type { ConnectOptions } from './options.js';
import type { AnyProfile } from './profile.js';
import type { plain } from './profiles/plain.js';
import type { TidewireStream } from './stream.js';

export * from './surface.js';

const load = coreLoader(async () => {
  const response = await fetch(new URL('../wasm/tidewire.wasm', import.meta.url));
  if (!response.ok) {
    throw new Error(`${response.url} answered with status ${response.status}`);
  }
  return WebAssembly.compile(await response.arrayBuffer());
});

/** Opens a stream of events, as `connect` of `tidewire` does. */
export function connect<
  P extends AnyProfile = typeof plain,
  Mode extends Parse | undefined = undefined,
>(url: string | URL, options?: ConnectOptions<P, Mode>): TidewireStream<P, Mode> {
  return connectWith(load, url, options);
}
