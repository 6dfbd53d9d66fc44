//! WebAssembly's binary format, as far as the package's build has to know it.

use std::ops::Range;

/// The section that holds the functions' bodies.
pub(crate) const CODE: u8 = 10;
/// The section that holds what is in the memory at first.
pub(crate) const DATA: u8 = 11;

/// A part of a module: its kind, and where its content is.
pub(crate) struct Section {
    pub(crate) kind: u8,
    pub(crate) content: Range<usize>,
}

/// The sections of a module. Nothing, if it is none.
pub(crate) fn sections(module: &[u8]) -> Option<Vec<Section>> {
    let mut reader = Reader::new(module);
    (reader.bytes(8)? == b"\0asm\x01\0\0\0").then_some(())?;
    let mut sections = Vec::new();
    while !reader.is_done() {
        let kind = reader.byte()?;
        let length = reader.number()?;
        let start = reader.at;
        reader.bytes(length)?;
        sections.push(Section {
            kind,
            content: start..reader.at,
        });
    }
    Some(sections)
}

/// What stands behind an opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operands {
    /// Nothing.
    None,
    /// Nothing, and it ends a block, or the function.
    End,
    /// A block's type: until its end, one more is open.
    Block,
    /// The number of an enclosing block.
    Branch,
    /// The number of a function.
    Call,
    /// The number of a local variable.
    Local,
    /// A constant, as a number.
    Constant,
    /// Another number.
    Number,
    /// An alignment and an offset.
    Access,
    /// What is seldom, in forms of its own.
    Other,
}

/// What stands behind this opcode, whether or not there is such an instruction.
pub(crate) fn operands(opcode: u8) -> Operands {
    match opcode {
        0x02..=0x04 => Operands::Block,
        0x0B => Operands::End,
        0x0C | 0x0D => Operands::Branch,
        0x10 => Operands::Call,
        0x20..=0x22 => Operands::Local,
        0x23 | 0x24 | 0x3F | 0x40 => Operands::Number,
        0x28..=0x3E => Operands::Access,
        0x41 | 0x42 => Operands::Constant,
        0x0E | 0x11 | 0x1C | 0x25 | 0x26 | 0x43 | 0x44 | 0xC5.. => Operands::Other,
        _ => Operands::None,
    }
}

/// Reads a local variable; the other two of [`Operands::Local`] write one.
pub(crate) const LOCAL_GET: u8 = 0x20;

/// The alignment that belongs to an instruction of [`Operands::Access`]: that of what it moves.
pub(crate) fn alignment(opcode: u8) -> u8 {
    match opcode {
        0x29 | 0x2B | 0x37 | 0x39 => 3,
        0x28 | 0x2A | 0x34..=0x36 | 0x38 | 0x3E => 2,
        0x2E | 0x2F | 0x32 | 0x33 | 0x3B | 0x3D => 1,
        _ => 0,
    }
}

/// Reads a module, or a part of it.
pub(crate) struct Reader<'m> {
    bytes: &'m [u8],
    pub(crate) at: usize,
}

impl<'m> Reader<'m> {
    pub(crate) fn new(bytes: &'m [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Option<&'m [u8]> {
        let bytes = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(bytes)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    /// LEB128. No address of a small module is so large that its sign would matter.
    pub(crate) fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in (0..32).step_by(7) {
            let byte = usize::from(self.byte()?);
            number |= (byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// The bytes of a number of any length.
    pub(crate) fn number_bytes(&mut self) -> Option<&'m [u8]> {
        let rest = self.bytes.get(self.at..)?;
        let last = rest.iter().position(|&byte| byte < 0x80)?;
        self.bytes(last + 1)
    }

    /// The operands of one of [`Operands::Other`].
    pub(crate) fn other_operands(&mut self, opcode: u8) -> Option<&'m [u8]> {
        let start = self.at;
        match opcode {
            // br_table: a list of targets, and one more.
            0x0E => {
                let count = self.number()?;
                self.numbers(count + 1)?;
            }
            // call_indirect
            0x11 => self.numbers(2)?,
            // select, with a list of types
            0x1C => {
                let count = self.number()?;
                self.numbers(count)?;
            }
            // What concerns tables and references.
            0x25 | 0x26 | 0xD0 | 0xD2 => self.numbers(1)?,
            0xD1 => {}
            // f32.const, f64.const
            0x43 => self.skip(4)?,
            0x44 => self.skip(8)?,
            0xFC => match self.number()? {
                0..8 => {}
                8 | 10 | 12 | 14 => self.numbers(2)?,
                9 | 11 | 13 | 15..=17 => self.numbers(1)?,
                _ => return None,
            },
            0xFD => match self.number()? {
                // Loads and stores, with and without a lane.
                0..=11 | 92 | 93 => self.numbers(2)?,
                84..=91 => {
                    self.numbers(2)?;
                    self.skip(1)?;
                }
                // A constant, a shuffle.
                12 | 13 => self.skip(16)?,
                // Lanes.
                21..=34 => self.skip(1)?,
                14..=255 => {}
                _ => return None,
            },
            // The sign extensions are the last of those with nothing behind them.
            _ => return None,
        }
        self.bytes.get(start..self.at)
    }

    fn numbers(&mut self, count: usize) -> Option<()> {
        for _ in 0..count {
            self.number_bytes()?;
        }
        Some(())
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.bytes(count).map(|_| ())
    }
}

/// LEB128, as short as can be.
pub(crate) fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7F) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
