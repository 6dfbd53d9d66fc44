//! The order of a module's functions: like ones near each other, which compresses better.
//!
//! wasm-opt puts them in the order of their names, which says something of what they are like. Their
//! bodies say more: behind each function comes the one of which the least is new.

use crate::process::{Failure, Outcome};
use crate::wasm::{self, CODE, Operands, Reader};

/// The module with its functions in another order.
pub(crate) fn order(module: &[u8]) -> Outcome<Vec<u8>> {
    let module = Module::of(module)
        .ok_or_else(|| Failure::new("the module's functions are not what wasm-opt writes"))?;
    Ok(module.written(&module.order()))
}

/// How many bytes count as something that comes again: with fewer everything does, with more too
/// little.
const LEAST: usize = 3;

/// A module, taken apart where it says the number of a function.
struct Module {
    imported: usize,
    /// Of each function the number of its type.
    types: Vec<usize>,
    /// Their bodies, without their sizes.
    functions: Vec<Vec<Part>>,
    /// All sections, less those two.
    sections: Vec<(u8, Vec<Part>)>,
}

enum Part {
    Bytes(Vec<u8>),
    /// The number of a function, imported ones included.
    Function(usize),
}

const IMPORTS: u8 = 2;
const FUNCTIONS: u8 = 3;
const EXPORTS: u8 = 7;
const START: u8 = 8;
const ELEMENTS: u8 = 9;

impl Module {
    fn of(module: &[u8]) -> Option<Self> {
        let mut taken = Module {
            imported: 0,
            types: Vec::new(),
            functions: Vec::new(),
            sections: Vec::new(),
        };
        for section in wasm::sections(module)? {
            let content = &module[section.content];
            let mut reader = Splitter::of(content);
            match section.kind {
                IMPORTS => taken.imported = imported_functions(content)?,
                FUNCTIONS => {
                    let reader = &mut reader.reader;
                    for _ in 0..reader.number()? {
                        taken.types.push(reader.number()?);
                    }
                }
                CODE => {
                    let reader = &mut reader.reader;
                    for _ in 0..reader.number()? {
                        let size = reader.number()?;
                        taken.functions.push(body(reader.bytes(size)?)?);
                    }
                }
                EXPORTS => {
                    for _ in 0..reader.reader.number()? {
                        let name = reader.reader.number()?;
                        reader.reader.bytes(name)?;
                        match reader.reader.byte()? {
                            0 => reader.function()?,
                            _ => drop(reader.reader.number()?),
                        }
                    }
                }
                START => reader.function()?,
                ELEMENTS => {
                    for _ in 0..reader.reader.number()? {
                        // In the first table, at `i32.const` …, as numbers of functions.
                        (reader.reader.bytes(2)? == [0, 0x41]).then_some(())?;
                        reader.reader.number_bytes()?;
                        (reader.reader.byte()? == 0x0B).then_some(())?;
                        for _ in 0..reader.reader.number()? {
                            reader.function()?;
                        }
                    }
                }
                _ => {}
            }
            taken.sections.push((section.kind, reader.parts()));
        }
        (taken.types.len() == taken.functions.len()).then_some(taken)
    }

    /// Each function behind what is most like it.
    fn order(&self) -> Vec<usize> {
        let bodies: Vec<_> = self
            .functions
            .iter()
            .map(|body| written(body, |it| it))
            .collect();
        let mut seen = vec![false; 1 << (u8::BITS as usize * LEAST)];
        let mut left: Vec<usize> = (0..bodies.len()).collect();
        let mut order = Vec::new();
        while !left.is_empty() {
            // In millionths of it all. Of two that bring nothing new, the longer one counts as liker.
            let known = |function: usize| {
                let strings = strings(&bodies[function]);
                let known = strings.clone().filter(|&string| seen[string]).count();
                known * 1_000_000 / (strings.count() + 1)
            };
            // Of equals the first, as nothing is known at first.
            let next = (0..left.len()).rev().max_by_key(|&at| known(left[at]));
            let next = next.unwrap_or(0);
            let function = left.remove(next);
            for string in strings(&bodies[function]) {
                seen[string] = true;
            }
            order.push(function);
        }
        order
    }

    /// With its functions in this order.
    fn written(&self, order: &[usize]) -> Vec<u8> {
        let mut places = vec![0; order.len()];
        for (place, &function) in order.iter().enumerate() {
            places[function] = self.imported + place;
        }
        let place = |function: usize| match function.checked_sub(self.imported) {
            Some(own) => places[own],
            None => function,
        };
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        for (kind, parts) in &self.sections {
            let mut content = wasm::number(order.len());
            match *kind {
                FUNCTIONS => {
                    let types = order.iter().map(|&function| self.types[function]);
                    content.extend(types.flat_map(wasm::number));
                }
                CODE => {
                    for &function in order {
                        let body = written(&self.functions[function], place);
                        content.extend(wasm::number(body.len()));
                        content.extend(body);
                    }
                }
                _ => content = written(parts, place),
            }
            module.push(*kind);
            module.extend(wasm::number(content.len()));
            module.extend(content);
        }
        module
    }
}

/// The bytes, with these numbers of functions.
fn written(parts: &[Part], place: impl Fn(usize) -> usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        match part {
            Part::Bytes(part) => bytes.extend_from_slice(part),
            Part::Function(function) => bytes.extend(wasm::number(place(*function))),
        }
    }
    bytes
}

/// All strings of some bytes in it, as numbers.
fn strings(body: &[u8]) -> impl Iterator<Item = usize> + Clone {
    body.windows(LEAST).map(|string| {
        string
            .iter()
            .fold(0, |all, &byte| all << u8::BITS | usize::from(byte))
    })
}

/// How many functions this section of imports names.
fn imported_functions(imports: &[u8]) -> Option<usize> {
    let mut reader = Reader::new(imports);
    let count = reader.number()?;
    for _ in 0..count {
        for _ in 0..2 {
            let name = reader.number()?;
            reader.bytes(name)?;
        }
        // Nothing else is imported.
        (reader.byte()? == 0).then_some(())?;
        reader.number()?;
    }
    Some(count)
}

/// A function's body, taken apart at its calls.
fn body(body: &[u8]) -> Option<Vec<Part>> {
    let mut splitter = Splitter::of(body);
    for _ in 0..splitter.reader.number()? {
        splitter.reader.number_bytes()?;
        splitter.reader.number_bytes()?;
    }
    while !splitter.reader.is_done() {
        let opcode = splitter.reader.byte()?;
        let numbers = match wasm::operands(opcode) {
            Operands::Call => {
                splitter.function()?;
                0
            }
            Operands::Other => {
                // A function as a value: none is made.
                (opcode != 0xD2).then_some(())?;
                splitter.reader.other_operands(opcode)?;
                0
            }
            Operands::None | Operands::End => 0,
            Operands::Access => 2,
            _ => 1,
        };
        for _ in 0..numbers {
            splitter.reader.number_bytes()?;
        }
    }
    Some(splitter.parts())
}

struct Splitter<'m> {
    bytes: &'m [u8],
    reader: Reader<'m>,
    parts: Vec<Part>,
    /// Up to here the parts are.
    end: usize,
}

impl<'m> Splitter<'m> {
    fn of(bytes: &'m [u8]) -> Self {
        Splitter {
            bytes,
            reader: Reader::new(bytes),
            parts: Vec::new(),
            end: 0,
        }
    }

    /// The number of a function comes next.
    fn function(&mut self) -> Option<()> {
        let before = &self.bytes[self.end..self.reader.at];
        self.parts.push(Part::Bytes(before.to_vec()));
        self.parts.push(Part::Function(self.reader.number()?));
        self.end = self.reader.at;
        Some(())
    }

    fn parts(mut self) -> Vec<Part> {
        self.parts
            .push(Part::Bytes(self.bytes[self.end..].to_vec()));
        self.parts
    }
}

#[cfg(test)]
mod tests {
    use super::order;

    /// A module of functions without parameters and results, of which the last two are exported.
    fn module(bodies: &[&[u8]], exported: [u8; 2]) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        let count = bodies.len() as u8;
        let mut section = |kind, content: Vec<u8>| {
            module.extend([kind, content.len() as u8]);
            module.extend(content);
        };
        section(1, vec![1, 0x60, 0, 0]);
        section(2, vec![1, 1, b'm', 1, b'f', 0, 0]);
        section(3, [vec![count], vec![0; bodies.len()]].concat());
        let [first, second] = exported;
        section(7, vec![2, 1, b'a', 0, first, 1, b'b', 0, second]);
        let mut code = vec![count];
        for body in bodies {
            code.push(body.len() as u8 + 1);
            code.push(0);
            code.extend(*body);
        }
        section(10, code);
        module
    }

    #[test]
    fn like_functions_come_one_behind_the_other_and_are_called_by_their_new_numbers() {
        let long: &[u8] = &[0x41, 1, 0x1A, 0x41, 2, 0x1A, 0x0B];
        let other: &[u8] = &[0x10, 0, 0x0B];
        let like: &[u8] = &[0x41, 1, 0x1A, 0x41, 2, 0x1A, 0x10, 2, 0x0B];
        let called: &[u8] = &[0x41, 1, 0x1A, 0x41, 2, 0x1A, 0x10, 3, 0x0B];
        // The imported one is number 0.
        assert_eq!(
            order(&module(&[long, other, like], [2, 3])).unwrap(),
            module(&[long, called, other], [3, 2]),
        );
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(order(b"wasm").is_err());
    }
}
