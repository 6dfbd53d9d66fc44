/** The WebAssembly module, from where it was said to be. */

import { TidewireError } from './error.js';

/** Fails with words for what is there instead: a server's 404, or the page that some send for any address. */
export async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  const { ok, status, url } = response;
  const where = url || 'the Response';
  if (!ok) {
    throw notThere(`${where} answered with status ${status}`);
  }
  // Not by streaming: that refuses servers that do not know wasm's media type.
  const bytes = await response.arrayBuffer();
  const type = response.headers.get('content-type') ?? 'something else';
  return compileBytes(bytes, `${where} is no WebAssembly module, but ${type}`);
}

/** `otherwise` is what to say of bytes that are no module at all. */
export async function compileBytes(
  bytes: BufferSource,
  otherwise: string,
): Promise<WebAssembly.Module> {
  const start = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  // `\0asm`, with which every module begins.
  if (![0x00, 0x61, 0x73, 0x6d].every((byte, at) => start[at] === byte)) {
    throw notThere(otherwise);
  }
  return WebAssembly.compile(bytes);
}

export function notThere(why: string, options?: ErrorOptions): TidewireError {
  return new TidewireError(
    `Tidewire's WebAssembly module is not there: ${why}. Serve the package's tidewire.wasm at that ` +
      "address, or import from 'tidewire', which carries it along",
    { code: 'unsupported', ...options },
  );
}
