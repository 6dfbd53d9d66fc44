/**
 * Tidewire without its WebAssembly module: give it `tidewire/tidewire.wasm` by
 * `initialize` before the first `connect`.
 */

import { connectWith } from './connect.js';
import { coreLoader, everyEntry } from './core.js';
import { TidewireError } from './error.js';
import type { AnyName, CategoryName, Parse, TypeName } from './event.js';
import { compileBytes, compileResponse, notThere, PLAIN } from './module-bytes.js';
import type { ConnectOptions } from './options.js';
import type { AnyProfile } from './profile.js';
import type { plain } from './profiles/plain.js';
import type { Connected } from './stream.js';

export * from './surface.js';

/** The module, its bytes, or the answer to a request for it. */
export type WasmSource = WebAssembly.Module | BufferSource | Response;

let source: WasmSource | PromiseLike<WasmSource> | undefined;

const load = coreLoader(async () => {
  const given = await Promise.resolve(source).catch((cause: unknown) => {
    throw notThere(`what initialize() was given has failed (${String(cause)})`, PLAIN, { cause });
  });
  if (given === undefined) {
    throw new TidewireError(
      "tidewire/slim has no WebAssembly module yet: call initialize() with 'tidewire/tidewire.wasm' before connect()",
      { code: 'unsupported' },
    );
  }
  // By what they have, not by their class: on an edge runtime they come from another realm.
  if ('arrayBuffer' in given) {
    return compileResponse(given, PLAIN);
  }
  if ('byteLength' in given) {
    const otherwise = 'the bytes that initialize() was given are no WebAssembly module';
    return compileBytes(given, otherwise, PLAIN);
  }
  return given;
}, everyEntry);

/** Says where the module is. Nothing is compiled before the first `connect`. */
export function initialize(wasm: WasmSource | PromiseLike<WasmSource>): void {
  source = wasm;
}

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
