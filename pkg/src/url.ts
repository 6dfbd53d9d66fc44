/** Tidewire with its WebAssembly module as a file of its own, fetched at the first `connect`. */

import { connectWith } from './connect.js';
import { coreLoader, everyEntry } from './core.js';
import type { AnyName, CategoryName, Parse, TypeName } from './event.js';
import { compileResponse, notThere, PACKED, PLAIN } from './module-bytes.js';
import type { ConnectOptions } from './options.js';
import type { AnyProfile } from './profile.js';
import type { plain } from './profiles/plain.js';
import type { Connected } from './stream.js';

export * from './surface.js';

const load = coreLoader(async () => {
  const isPacked = typeof DecompressionStream === 'function';
  const form = isPacked ? PACKED : PLAIN;
  // Bundlers look for just these expressions.
  const url = isPacked
    ? new URL('../wasm/tidewire.bin', import.meta.url)
    : new URL('../wasm/tidewire.wasm', import.meta.url);
  const response = await fetch(url).catch((cause: unknown) => {
    throw notThere(`${url.href} cannot be fetched (${String(cause)})`, form, { cause });
  });
  return compileResponse(response, form);
}, everyEntry);

/** Opens a stream of events, as `connect` of `tidewire` does. */
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
