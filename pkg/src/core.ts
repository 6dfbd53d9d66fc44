/** The WebAssembly module that drives connections. */

import createGlue from '../wasm/glue.js';
import type { Exports } from './boundary.js';
import { type Compile, instantiate, moduleLoader, type Place, type Running } from './module.js';

/** The module, running. */
export interface Core extends Exports, Running {}

/** Gives the module running, the same one until it breaks down. */
export type LoadCore = () => Promise<Core>;

/** One module for all entries of the package: the first to need it brings it for the others. */
export const everyEntry: Place<Core> = {};

/** @returns a function that rejects with a TidewireError `unsupported` where there can be no module. */
export function coreLoader(compile: Compile, place: Place<Core> = {}): LoadCore {
  return moduleLoader(compile, start, place);
}

async function start(module: WebAssembly.Module): Promise<Core> {
  const glue = createGlue();
  const onTrap = await instantiate(module, glue);
  return {
    Connection: glue.imports.Connection as Exports['Connection'],
    repairJson: glue.imports.repairJson as Exports['repairJson'],
    onTrap,
  };
}
