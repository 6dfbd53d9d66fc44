/**
 * UTF-8 in a module's memory, as strings.
 *
 * A call of TextDecoder costs some 400 ns in Chromium, and what is not ASCII goes through it at 0.6 GB/s.
 * Where an engine lets WebAssembly make strings (Chrome 130, Firefox 134), a module of a few instructions,
 * js/utf8.wat, needs half the time for a short text, and two thirds for a long one that is not ASCII.
 */

import { bytesOf } from './module.js';
import base64 from '../wasm/utf8.js';

/** Reads so many bytes from here on. Throws if they are not UTF-8. `isWide` if they are hardly all ASCII. */
export type ReadText = (start: number, length: number, isWide: boolean) => string;

/** Answers null for what is not UTF-8, or too much at once. */
type Decode = (start: number, length: number) => string | null;

/** Bytes of ASCII from which on TextDecoder is quicker. */
const MANY = 600;

/** `bytes` is asked anew for each text: memory that grows is another buffer. */
export function textReader(
  memory: WebAssembly.Memory,
  bytes: (start: number, length: number) => Uint8Array,
): ReadText {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let decode: Decode | undefined;
  return (start, length, isWide) => {
    // Often there is nothing, and a call costs more than a look.
    if (length === 0) {
      return '';
    }
    let text = null;
    if (isWide || length < MANY) {
      decode ??= decodeIn(memory);
      text = decode(start, length);
    }
    return text ?? decoder.decode(bytes(start, length));
  };
}

function decodeIn(memory: WebAssembly.Memory): Decode {
  try {
    const options = { builtins: ['js-string'] };
    const Module = WebAssembly.Module as new (bytes: BufferSource, options: object) => WebAssembly.Module;
    const module = new Module(bytesOf(base64), options);
    return new WebAssembly.Instance(module, { tidewire: { memory } }).exports['decode'] as Decode;
  } catch {
    return () => null;
  }
}
