/** The WebAssembly module that the package carries as text: one for every entry that needs none to be given. */

import base64 from '../wasm/inline.js';
import { coreLoader, everyEntry } from './core.js';
import { compileText } from './module.js';

export const loadInline = coreLoader(() => compileText(base64), everyEntry);
