/** The WebAssembly module that the package carries as text: one for every entry that needs none to be given. */

import base64 from '../wasm/inline.js';
import { coreLoader, everyEntry } from './core.js';

export const loadInline = coreLoader(async () => {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    bytes[at] = text.charCodeAt(at);
  }
  const unzipped = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return WebAssembly.compile(await new Response(unzipped).arrayBuffer());
}, everyEntry);
