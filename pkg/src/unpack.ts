/**
 * A WebAssembly module, put together again: as the package carries it inline, like things stand side
 * by side, of which gzip makes more. `pack.rs` of xtask takes it apart, and says how it is laid out.
 */

/** Kinds of what a module is taken apart into. Those of other numbers behind an opcode come with it. */
const [DECLARATIONS, INSTRUCTIONS, OFFSETS, REST] = [0, 1, 7, 8];

/** In place of a kind: a length follows the opcode, and so many bytes are its operands. */
const OTHER = 8;
/** From here on, in its place: an alignment. An offset follows. */
const ACCESS = 0xc0;
/** In place of an alignment: it follows the opcode, which was made so much larger. */
const [UNALIGNED, BEYOND] = [7, 0xab];

export function unpacked(packed: ArrayBuffer): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(packed);
  const [length, functions = 0, ...places] = new Uint32Array(packed, 0, 11) as unknown as number[];
  const forms = bytes.subarray(44, 300);
  const before = bytes.subarray(300, places[0]);
  const module = new Uint8Array(length as number);
  module.set(before);
  let at = before.length;
  const next = (kind: number) => bytes[(places[kind] as number)++] as number;
  const move = (kind: number) => (module[at++] = next(kind));
  const moveNumber = (kind: number) => {
    while (move(kind) > 127);
  };
  for (let left = functions; left > 0; left -= 1) {
    const start = at;
    for (let groups = move(DECLARATIONS); groups > 0; groups -= 1) {
      moveNumber(DECLARATIONS);
      move(DECLARATIONS);
    }
    for (let open = 1; open > 0; ) {
      const opcode = next(INSTRUCTIONS);
      const form = forms[opcode] as number;
      const kind = form & 7;
      module[at++] = opcode;
      if (form === OTHER) {
        let length;
        do {
          length = next(INSTRUCTIONS);
          for (let left = length; left > 0; left -= 1) move(INSTRUCTIONS);
        } while (length === 255);
      } else if (form >= ACCESS) {
        if (kind === UNALIGNED) {
          module[at - 1] = opcode - BEYOND;
          move(INSTRUCTIONS);
        } else {
          module[at++] = kind;
        }
        moveNumber(OFFSETS);
      } else if (kind > 0) {
        moveNumber(kind);
      }
      // An access has both bits.
      open += ((form >> 6) & 1) - (form >> 7);
    }
    // What comes before it is its size, seven bits at a time.
    const size = [];
    for (let rest = at - start; rest > 0; rest >>= 7) {
      size.push(rest > 127 ? (rest & 127) | 128 : rest);
    }
    module.copyWithin(start + size.length, start, at);
    module.set(size, start);
    at += size.length;
  }
  module.set(bytes.subarray(places[REST]), at);
  return module;
}
