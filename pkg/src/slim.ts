/**
 * Tidewire without its WebAssembly module: give it `tidewire/tidewire.wasm` by
 * `initialize` before the first `connect`.
 */

import { connectWith } from './connect.js';
import { coreLoader } from './core.js';
import { TidewireError } from './error.js';
import type { Parse } from './event.js';
import type { ConnectOptions } from './options.js';
import type { AnyProfile } from './profile.js';
import type { plain } from './profiles/plain.js';
import type { TidewireStream } from './stream.js';

export * from './surface.js';

/** The module, its bytes, or the answer to a request for it. */
export type WasmSource = WebAssembly.Module | BufferSource | Response;

let source: WasmSource | PromiseLike<WasmSource> | undefined;

const load = coreLoader(async () => {
  const given = await source;
  if (given === undefined) {
    throw new TidewireError(
      "tidewire/slim has no WebAssembly module yet: call initialize() with 'tidewire/tidewire.wasm' before connect()",
      { code: 'unsupported' },
    );
  }
  if (given instanceof WebAssembly.Module) {
    return given;
  }
  // Not by streaming: that refuses servers that do not know wasm's media type.
  return WebAssembly.compile(given instanceof Response ? await given.arrayBuffer() : given);
});

/** Says where the module is. Nothing is compiled before the first `connect`. */
export function initialize(wasm: WasmSource | PromiseLike<WasmSource>): void {
  source = wasm;
}

/** Opens a stream of events, as `connect` of `tidewire` does. */
export function connect<
  P extends AnyProfile = typeof plain,
  Mode extends Parse | undefined = undefined,
>(url: string | URL, options?: ConnectOptions<P, Mode>): TidewireStream<P, Mode> {
  return connectWith(load, url, options);
}
