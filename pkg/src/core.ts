/** The WebAssembly module: compiled once, at the first `connect`, and thrown away if it breaks down. */

import createGlue from '../wasm/glue.js';
import type { Exports } from './boundary.js';
import { TidewireError } from './error.js';

/** The module, running. */
export interface Core extends Exports {
  /** Calls `listener` if the module breaks down. Answers how to stop that. */
  onTrap(listener: (error: TidewireError) => void): () => void;
}

/** Where the compiled module comes from. */
export type Compile = () => Promise<WebAssembly.Module>;

/** Gives the module running, the same one until it breaks down. */
export type LoadCore = () => Promise<Core>;

/** @returns a function that rejects with a TidewireError `unsupported` where there can be no module. */
export function coreLoader(compile: Compile): LoadCore {
  let compiled: Promise<WebAssembly.Module> | undefined;
  let running: Promise<Core> | undefined;
  const forget = () => {
    running = undefined;
  };
  const run = async () => {
    try {
      compiled ??= compile();
      const core = instantiate(await compiled);
      core.onTrap(forget);
      return core;
    } catch (cause) {
      compiled = undefined;
      throw cause instanceof TidewireError ? cause : unsupported(cause);
    }
  };
  return () => {
    if (running === undefined) {
      running = run();
      // The next `connect` may have more luck: with the network, or with another policy.
      running.catch(forget);
    }
    return running;
  };
}

/** WebAssembly's own word for why, and what helps. */
function unsupported(cause: unknown): TidewireError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TidewireError(
    `Tidewire's WebAssembly module cannot run here: ${why}. It needs a browser with reference types ` +
      "(Chrome 96, Firefox 92, Safari 16.4 or later) and, under a Content-Security-Policy, 'wasm-unsafe-eval'",
    { code: 'unsupported', cause },
  );
}

function instantiate(module: WebAssembly.Module): Core {
  const glue = createGlue();
  const { exports } = new WebAssembly.Instance(module, { './tidewire_bg.js': glue.imports });
  const listeners = new Set<(error: TidewireError) => void>();
  let broken = false;
  const breakDown = (cause: unknown) => {
    if (broken) {
      return;
    }
    broken = true;
    const why = cause instanceof Error ? cause.message : String(cause);
    const error = new TidewireError(
      `Tidewire's WebAssembly module broke down (${why}); the next connect loads a fresh one`,
      { code: 'trap', cause },
    );
    listeners.forEach((listener) => listener(error));
  };
  glue.start(guarded(exports, () => broken, breakDown));
  return {
    Connection: glue.imports.Connection as Exports['Connection'],
    repairJson: glue.imports.repairJson as Exports['repairJson'],
    onTrap(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * The exports, each behind a guard. Whatever an export throws came from a trap, or
 * went through frames that did not expect it: the module's memory cannot be trusted
 * any more. Timers and promises that call it later find nobody at home.
 */
function guarded(
  exports: WebAssembly.Exports,
  broken: () => boolean,
  breakDown: (cause: unknown) => void,
): WebAssembly.Exports {
  const guard =
    (inner: (...values: unknown[]) => unknown) =>
    (...values: unknown[]): unknown => {
      if (broken()) {
        return undefined;
      }
      try {
        return inner(...values);
      } catch (cause) {
        breakDown(cause);
        throw cause;
      }
    };
  return Object.fromEntries(
    Object.entries(exports).map(([name, value]) => [
      name,
      typeof value === 'function' ? guard(value as (...values: unknown[]) => unknown) : value,
    ]),
  ) as WebAssembly.Exports;
}
