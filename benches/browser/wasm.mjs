// What a WebAssembly module is made of, read from its own bytes.

const SECTIONS = [
  'custom',
  'types',
  'imports',
  'function types',
  'tables',
  'memories',
  'globals',
  'exports',
  'start',
  'elements',
  'code',
  'data',
  'data count',
  'tags',
];
const [CUSTOM, IMPORTS, CODE] = [0, 2, 10];
const FUNCTION_NAMES = 1;

/**
 * Bytes by section, by function, and by the crate or module that a function's name begins with; each
 * a list of `[name, bytes]`, the largest first. The names have to be in the module.
 */
export function contents(bytes) {
  const reader = new Reader(bytes);
  reader.skip(8); // The magic number and the version.
  const sections = new Map();
  let imported = 0;
  let sizes = [];
  let names = new Map();
  while (!reader.done) {
    const id = reader.byte();
    const body = reader.part(reader.number());
    const name = id === CUSTOM ? `custom: ${body.text()}` : (SECTIONS[id] ?? `section ${id}`);
    // The names are there for this report alone.
    if (name !== 'custom: name') sections.set(name, (sections.get(name) ?? 0) + body.length);
    if (id === IMPORTS) imported = importedFunctions(body);
    else if (id === CODE) sizes = functionSizes(body);
    else if (name === 'custom: name') names = functionNames(body);
  }
  const functions = sizes.map((size, index) => [
    readable(names.get(imported + index) ?? `function ${imported + index}`),
    size,
  ]);
  const crates = new Map();
  for (const [name, size] of functions) {
    const origin = originOf(name);
    crates.set(origin, (crates.get(origin) ?? 0) + size);
  }
  return { sections: largest(sections), functions: largest(functions), crates: largest(crates) };
}

function functionSizes(body) {
  return Array.from({ length: body.number() }, () => {
    const size = body.number();
    body.skip(size);
    return size;
  });
}

function functionNames(body) {
  const names = new Map();
  while (!body.done) {
    const kind = body.byte();
    const part = body.part(body.number());
    if (kind !== FUNCTION_NAMES) continue;
    for (let left = part.number(); left > 0; left -= 1) {
      const index = part.number();
      names.set(index, part.text());
    }
  }
  return names;
}

function importedFunctions(body) {
  let functions = 0;
  for (let left = body.number(); left > 0; left -= 1) {
    body.text();
    body.text();
    const kind = body.byte();
    if (kind === 0) {
      functions += 1;
      body.number();
    } else if (kind === 1) {
      body.byte();
      limits(body);
    } else if (kind === 2) {
      limits(body);
    } else {
      body.skip(2);
    }
  }
  return functions;
}

function limits(body) {
  const hasMost = body.byte() & 1;
  body.number();
  if (hasMost) body.number();
}

/** As it was written, without the hashes that Rust puts after names and crates. */
function readable(name) {
  const plain = name.replace(/\.llvm\.\d+$/, '');
  if (plain.startsWith('_R')) return parts(plain.slice(2), /s[0-9a-zA-Z]*_|(\d+)_?|./gy).join('::');
  if (!plain.startsWith('_ZN')) return plain;
  const escapes = { LT: '<', GT: '>', RF: '&', BP: '*', C: ',', u20: ' ', u7b: '{', u7d: '}' };
  return parts(plain.slice(3), /(\d+)|./gy)
    .join('::')
    .replace(/::h[0-9a-f]{16}$/, '')
    .replace(/(^|::)_\$/g, '$1$')
    .replace(/\$(\w+)\$/g, (whole, escape) => escapes[escape] ?? '_')
    .replaceAll('..', '::');
}

/** The identifiers of a mangled name: each is there behind its length. */
function parts(mangled, next) {
  const found = [];
  for (let match = next.exec(mangled); match !== null; match = next.exec(mangled)) {
    const length = Number(match[1] ?? 0);
    if (length > 0) found.push(mangled.slice(next.lastIndex, next.lastIndex + length));
    next.lastIndex += length;
  }
  return found;
}

/** `tidewire::connection` of `<tidewire::connection::machine::Machine as …>::chunk`. */
function originOf(name) {
  const path = name.replace(/^[<&*(]+(?:dyn |mut |impl )?/, '').match(/^[\w]+(?:::\w+)?/)?.[0];
  if (path === undefined) return 'other';
  const [crate, module] = path.split('::');
  // Below our own crate and Rust's own the module says more.
  return module !== undefined && ['tidewire', 'core', 'alloc', 'std'].includes(crate)
    ? `${crate}::${module}`
    : crate;
}

function largest(entries) {
  return [...entries].sort(([, a], [, b]) => b - a);
}

class Reader {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  get length() {
    return this.#bytes.length;
  }

  get done() {
    return this.#at >= this.#bytes.length;
  }

  byte() {
    return this.#bytes[this.#at++];
  }

  /** LEB128, unsigned. */
  number() {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  }

  text() {
    return new TextDecoder().decode(this.part(this.number()).#bytes);
  }

  part(length) {
    const part = new Reader(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return part;
  }

  skip(length) {
    this.#at += length;
  }
}
