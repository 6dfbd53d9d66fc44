/** Tidewire with its WebAssembly module as a file of its own, fetched at the first `connect`. */

import { connectWith } from './connect.js';
import { coreLoader, everyEntry } from './core.js';
import type { AnyName, CategoryName, Parse, TypeName } from './event.js';
import { compileResponse, notThere } from './module-bytes.js';
import type { ConnectOptions } from './options.js';
import type { AnyProfile } from './profile.js';
import type { plain } from './profiles/plain.js';
import type { Connected } from './stream.js';

export * from './surface.js';

const load = coreLoader(async () => {
  // Bundlers look for just this expression.
  const url = new URL('../wasm/tidewire.wasm', import.meta.url);
  const response = await fetch(url).catch((cause: unknown) => {
    throw notThere(`${url.href} cannot be fetched (${String(cause)})`, { cause });
  });
  return compileResponse(response);
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
