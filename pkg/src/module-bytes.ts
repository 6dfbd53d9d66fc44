/** The WebAssembly module, from where it was said to be. */

import { TidewireError } from './error.js';
import { compilePacked } from './module.js';

/** A form in which the module is served. */
interface Form {
  /** What the package calls it. */
  readonly file: string;
  /** With these bytes it begins. */
  readonly start: readonly number[];
  compile(bytes: BufferSource): Promise<WebAssembly.Module>;
}

/** `\0asm` is how every module begins. */
export const PLAIN: Form = {
  file: 'tidewire.wasm',
  start: [0x00, 0x61, 0x73, 0x6d],
  compile: (bytes) => WebAssembly.compile(bytes),
};

/** As the inline module: half as long, and whether or not a server compresses. */
export const PACKED: Form = {
  file: 'tidewire.bin',
  start: [0x1f, 0x8b],
  compile: compilePacked,
};

/** Fails with words for what is there instead: a server's 404, or the page that some send for any address. */
export async function compileResponse(
  response: Response,
  form: Form,
): Promise<WebAssembly.Module> {
  const { ok, status, url } = response;
  const where = url || 'the Response';
  if (!ok) {
    throw notThere(`${where} answered with status ${status}`, form);
  }
  // Not by streaming: that refuses servers that do not know wasm's media type.
  const bytes = await response.arrayBuffer();
  const type = response.headers.get('content-type') ?? 'something else';
  return compileBytes(bytes, `${where} is no WebAssembly module, but ${type}`, form);
}

/** `otherwise` is what to say of bytes that are no module at all. */
export async function compileBytes(
  bytes: BufferSource,
  otherwise: string,
  form: Form,
): Promise<WebAssembly.Module> {
  const given = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  if (!form.start.every((byte, at) => given[at] === byte)) {
    throw notThere(otherwise, form);
  }
  return form.compile(bytes);
}

export function notThere(why: string, { file }: Form, options?: ErrorOptions): TidewireError {
  return new TidewireError(
    `Tidewire's WebAssembly module is not there: ${why}. Serve the package's ${file} at that ` +
      "address, or import from 'tidewire', which carries it along",
    { code: 'unsupported', ...options },
  );
}
