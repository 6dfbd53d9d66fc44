/** A WebAssembly module: compiled once, when it is first needed, and thrown away if it breaks down. */

import { TidewireError } from './error.js';
import { unpacked } from './unpack.js';

/** Where the compiled module comes from. */
export type Compile = () => Promise<WebAssembly.Module>;

/** Calls `listener` if the module breaks down. Answers how to stop that. */
export type OnTrap = (listener: (error: TidewireError) => void) => () => void;

/** A module, running. */
export interface Running {
  readonly onTrap: OnTrap;
}

/** Where a running module is found by all who are to share it. */
export interface Place<T extends Running> {
  compiled?: Promise<WebAssembly.Module> | undefined;
  running?: Promise<T> | undefined;
  /** It is there: there is nothing to be waited for. */
  isReady?: boolean | undefined;
  /** Who is loading it, or has. */
  loader?: (() => Promise<T>) | undefined;
}

/** Gives the module running, the same one until it breaks down. */
export interface Loader<T extends Running> {
  (): Promise<T>;
  readonly place?: Place<T>;
}

/** @returns a function that rejects with a TidewireError `unsupported` where there can be no module. */
export function moduleLoader<T extends Running>(
  compile: Compile,
  start: (module: WebAssembly.Module) => Promise<T>,
  place: Place<T>,
): Loader<T> {
  const run = async () => {
    try {
      place.compiled ??= compile();
      return await start(await place.compiled);
    } catch (cause) {
      place.compiled = undefined;
      throw cause instanceof TidewireError ? cause : unsupported(cause);
    }
  };
  const load = (): Promise<T> => {
    if (!place.running) {
      const running = run();
      const forget = () => {
        if (place.running === running) {
          place.running = undefined;
          place.isReady = false;
        }
      };
      place.running = running;
      place.loader = load;
      // The next `connect` may have more luck: with the network, or with another policy.
      running.then((module) => {
        place.isReady = true;
        module.onTrap(forget);
      }, forget);
    } else if (place.loader !== load) {
      // Another entry's failure says nothing of this one's way to get the module.
      return place.running.catch(load);
    }
    return place.running;
  };
  return Object.assign(load, { place });
}

/** A module from its text, if it is packed as well. */
export async function compileText(base64: string): Promise<WebAssembly.Module> {
  return compilePacked(bytesOf(base64));
}

/** The bytes of a module that the package carries as text. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    bytes[at] = text.charCodeAt(at);
  }
  return bytes;
}

/** A module that is packed, and compressed by gzip. */
export async function compilePacked(bytes: BufferSource): Promise<WebAssembly.Module> {
  // Not by a Blob: jsdom's has no stream.
  const zipped = new Response(bytes).body as ReadableStream<BufferSource>;
  const unzipped = zipped.pipeThrough(new DecompressionStream('gzip'));
  return WebAssembly.compile(unpacked(await new Response(unzipped).arrayBuffer()));
}

/**
 * A module's exports, each behind a guard, and how to hear of its end. Whatever an export throws
 * came from a trap, or went through frames that did not expect it: the module's memory cannot be
 * trusted any more. Timers and promises that call it later find nobody at home.
 */
export async function instantiate(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
): Promise<{ readonly exports: WebAssembly.Exports; readonly onTrap: OnTrap }> {
  // Not `new WebAssembly.Instance`: on a page, Chrome before 115 lets it have 4 KB at most.
  const { exports } = await WebAssembly.instantiate(module, imports);
  const listeners = new Set<(error: TidewireError) => void>();
  let broken = false;
  const breakDown = (cause: unknown) => {
    if (!broken) {
      broken = true;
      const error = new TidewireError(
        `Tidewire's WebAssembly module broke down (${messageOf(cause)}); the next connect loads a fresh one`,
        { code: 'trap', cause },
      );
      listeners.forEach((listener) => listener(error));
    }
  };
  const guard =
    (inner: (...values: unknown[]) => unknown) =>
    (...values: unknown[]): unknown => {
      if (broken) {
        return undefined;
      }
      try {
        return inner(...values);
      } catch (cause) {
        breakDown(cause);
        throw cause;
      }
    };
  const guarded = Object.entries(exports).map(([name, value]) => [
    name,
    typeof value === 'function' ? guard(value as (...values: unknown[]) => unknown) : value,
  ]);
  return {
    exports: Object.fromEntries(guarded) as WebAssembly.Exports,
    onTrap: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** Why there can be no module, what helps, and WebAssembly's own word for it. */
function unsupported(cause: unknown): TidewireError {
  const why = messageOf(cause);
  let advice =
    'it needs SIMD, reference types and DecompressionStream: ' +
    'Chrome 96, Firefox 113, Safari 16.4 or later';
  if (typeof WebAssembly === 'undefined') {
    advice = 'the browser has no WebAssembly, or has it switched off';
  } else if (/content.security.policy|\bCSP\b/i.test(why)) {
    advice =
      "the page's Content-Security-Policy needs 'wasm-unsafe-eval' in its script-src";
  } else if (cause instanceof WebAssembly.LinkError) {
    advice = 'it is of another version than the script';
  }
  return new TidewireError(
    `Tidewire's WebAssembly module cannot run here: ${advice} (${why})`,
    { code: 'unsupported', cause },
  );
}
