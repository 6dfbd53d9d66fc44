//! A module as the package carries it inline: for gzip, like things stand side by side.
//!
//! In a function's body each opcode is followed by what it works on: a variable's number, an offset.
//! Those have their own ways to repeat, and where they stand among the opcodes, gzip finds neither
//! their patterns nor the opcodes'. So each kind has a place of its own, and the package puts them
//! together again: see `unpack.ts`. The text that is left is a seventh shorter.
//!
//! ```text
//! as u32: the module's length, how many functions it has, where in here each kind begins, and the rest
//! a byte for each opcode: the kinds of what stands behind it
//! the module, up to the first function
//! the kinds, one after the other
//! the rest: the module from behind the last function
//! ```

use crate::process::{Failure, Outcome};
use crate::wasm::{self, CODE, Operands, Reader};

/// The kinds: the local variables that functions declare, the instructions, and what stands behind
/// them.
const DECLARATIONS: usize = 0;
const INSTRUCTIONS: usize = 1;
const BRANCHES: usize = 2;
/// The local variables that are read, and those that are written.
const READ: usize = 3;
const WRITTEN: usize = 4;
const CALLS: usize = 5;
const CONSTANTS: usize = 6;
const OFFSETS: usize = 7;
const KINDS: usize = 8;

/// Where the bytes for the opcodes are.
const FORMS: usize = (2 + KINDS + 1) * size_of::<u32>();
const FORMS_LENGTH: usize = 1 << u8::BITS;

/// In place of a kind: a length follows the opcode, and so many bytes are its operands.
const OTHER: u8 = 8;
/// The instruction begins a block.
const BEGINS: u8 = 0x40;
/// It ends one, or the function.
const ENDS: u8 = 0x80;
/// It goes to the memory: the alignment takes the place of the kind, and the offset's is known.
const ACCESS: u8 = BEGINS | ENDS;
/// The alignment is another than the instruction's own, and follows it.
const UNALIGNED: u8 = ACCESS | 7;
/// Such an instruction's opcode is so much more: no instruction has that.
const BEYOND: u8 = 0xAB;

/// The module in this form.
pub(crate) fn pack(module: &[u8]) -> Outcome<Vec<u8>> {
    try_pack(module).ok_or_else(|| Failure::new("the module's code is not what wasm-opt writes"))
}

fn try_pack(module: &[u8]) -> Option<Vec<u8>> {
    let sections = wasm::sections(module)?;
    let code = sections.iter().find(|section| section.kind == CODE)?;
    let mut reader = Reader::new(&module[..code.content.end]);
    reader.at = code.content.start;
    let functions = reader.number()?;
    let before = &module[..reader.at];
    let mut kinds = [const { Vec::new() }; KINDS];
    for _ in 0..functions {
        let at = reader.at;
        let size = reader.number()?;
        // The size is not packed: it is known when the function is there again.
        (module[at..reader.at] == wasm::number(size)).then_some(())?;
        let end = reader.at + size;
        function(&mut reader, &mut kinds)?;
        (reader.at == end).then_some(())?;
    }
    reader.is_done().then_some(())?;
    let after = &module[reader.at..];

    let mut numbers = vec![module.len(), functions];
    let mut place = FORMS + FORMS_LENGTH + before.len();
    for kind in &kinds {
        numbers.push(place);
        place += kind.len();
    }
    numbers.push(place);
    let mut packed = Vec::new();
    for number in numbers {
        packed.extend(u32::try_from(number).ok()?.to_le_bytes());
    }
    packed.extend((0..=u8::MAX).map(form));
    packed.extend(before);
    packed.extend(kinds.concat());
    packed.extend(after);
    Some(packed)
}

/// Takes a function's body apart.
fn function(reader: &mut Reader<'_>, kinds: &mut [Vec<u8>; KINDS]) -> Option<()> {
    let groups = reader.byte()?;
    // The package reads so many numbers by this byte.
    (groups < 0x80).then_some(())?;
    kinds[DECLARATIONS].push(groups);
    for _ in 0..groups {
        kinds[DECLARATIONS].extend(reader.number_bytes()?);
        kinds[DECLARATIONS].push(reader.byte()?);
    }
    let mut open = 1;
    while open > 0 {
        let opcode = reader.byte()?;
        match wasm::operands(opcode) {
            Operands::Other => {
                kinds[INSTRUCTIONS].push(opcode);
                other(reader.other_operands(opcode)?, &mut kinds[INSTRUCTIONS]);
            }
            Operands::Access => {
                let alignment = reader.byte()?;
                match alignment == wasm::alignment(opcode) {
                    true => kinds[INSTRUCTIONS].push(opcode),
                    false => kinds[INSTRUCTIONS].extend([opcode + BEYOND, alignment]),
                }
                kinds[OFFSETS].extend(reader.number_bytes()?);
            }
            operands => {
                kinds[INSTRUCTIONS].push(opcode);
                if let Some(kind) = kind(opcode) {
                    kinds[kind].extend(reader.number_bytes()?);
                }
                match operands {
                    Operands::Block => open += 1,
                    Operands::End => open -= 1,
                    _ => {}
                }
            }
        }
    }
    Some(())
}

/// Operands behind their length; where one byte cannot say it, in several parts.
fn other(operands: &[u8], out: &mut Vec<u8>) {
    const FULL: usize = u8::MAX as usize;
    let mut rest = operands;
    while rest.len() >= FULL {
        let (part, others) = rest.split_at(FULL);
        out.push(u8::MAX);
        out.extend(part);
        rest = others;
    }
    out.push(rest.len() as u8);
    out.extend(rest);
}

/// Of which kind the number behind an opcode is, if there is one.
fn kind(opcode: u8) -> Option<usize> {
    match wasm::operands(opcode) {
        Operands::Branch => Some(BRANCHES),
        Operands::Call => Some(CALLS),
        Operands::Constant => Some(CONSTANTS),
        Operands::Local if opcode == wasm::LOCAL_GET => Some(READ),
        Operands::Local => Some(WRITTEN),
        Operands::Block | Operands::Number => Some(INSTRUCTIONS),
        Operands::None | Operands::End | Operands::Access | Operands::Other => None,
    }
}

/// What the package has to know of an opcode.
fn form(opcode: u8) -> u8 {
    let kind = kind(opcode).map_or(0, |kind| kind as u8);
    if let Some(opcode) = opcode.checked_sub(BEYOND)
        && wasm::operands(opcode) == Operands::Access
    {
        return UNALIGNED;
    }
    match wasm::operands(opcode) {
        Operands::Other => OTHER,
        Operands::Access => ACCESS | wasm::alignment(opcode),
        Operands::Block => BEGINS | kind,
        Operands::End => ENDS,
        _ => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::{other, pack};

    #[test]
    fn what_is_no_module_or_has_no_code_is_refused() {
        assert!(pack(b"wasm").is_err());
        assert!(pack(b"\0asm\x01\0\0\0").is_err());
    }

    #[test]
    fn like_things_stand_side_by_side() {
        // (local i32) (local.set 0 (i32.const 7)) (i32.load offset=9 (local.get 0)), and the same once
        // more of what it gives, aligned to nothing
        let body = [
            1, 1, 0x7F, 0x41, 7, 0x21, 0, 0x20, 0, 0x28, 2, 9, 0x28, 0, 9, 0x1A, 0x0B,
        ];
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend([10, body.len() as u8 + 2, 1, body.len() as u8]);
        module.extend(body);
        module.extend([11, 1, 0]);
        let packed = pack(&module).unwrap();
        let expected: [&[u8]; 8] = [
            b"\0asm\x01\0\0\0\x0A\x13\x01",
            &[1, 1, 0x7F],
            &[0x41, 0x21, 0x20, 0x28, 0xD3, 0, 0x1A, 0x0B],
            &[0],
            &[0],
            &[7],
            &[9, 9],
            &[11, 1, 0],
        ];
        assert_eq!(packed[..8], [module.len() as u8, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(packed[44 + 256..], expected.concat());
    }

    #[test]
    fn operands_of_any_length_stand_behind_it() {
        for (length, parts) in [(0, 1), (254, 1), (255, 2), (256, 2), (510, 3)] {
            let mut out = Vec::new();
            other(&vec![9; length], &mut out);
            assert_eq!(out.len(), length + parts, "{length}");
        }
    }
}
