#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
use super::vector;
use super::{Known, Scanned};

/// The lines of a chunk, whose ends are looked for 64 bytes at a time.
pub(in crate::wire) struct Lines<'c> {
    bytes: &'c [u8],
    /// Where the next line begins.
    at: usize,
    /// Of the block of 64 bytes that begins here, what is no plain character from `at` on, as a bit
    /// for each byte: LFs, and what has to be looked at.
    block: usize,
    marks: u64,
    /// The block whose marks are LFs, all of them.
    looked_at: usize,
    /// Everything before this is ASCII.
    ascii: usize,
}

impl<'c> Lines<'c> {
    #[inline]
    pub(in crate::wire) fn of(bytes: &'c [u8]) -> Self {
        Lines {
            bytes,
            at: 0,
            // There is one before the first, which has no end.
            block: 0_usize.wrapping_sub(64),
            marks: 0,
            looked_at: usize::MAX,
            ascii: usize::MAX,
        }
    }

    /// What was not taken.
    #[inline]
    pub(in crate::wire) fn rest(&self, taken: usize) -> &'c [u8] {
        self.bytes.get(taken..).unwrap_or_default()
    }

    /// How far it was taken.
    #[inline]
    pub(in crate::wire) fn taken(&self) -> usize {
        self.at
    }

    #[inline]
    pub(in crate::wire) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// From where to where the next line goes that ends with an LF; `None` if there is none, or a
    /// CR or NUL is near it.
    #[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    #[inline]
    pub(in crate::wire) fn next_simple(&mut self) -> Option<(usize, usize)> {
        loop {
            while self.marks == 0 {
                let block = self.block.wrapping_add(64);
                self.marks = vector::marks_of_64(self.bytes, block)?;
                self.block = block;
            }
            let end = self.block + self.marks.trailing_zeros() as usize;
            if self.looked_at == self.block || self.bytes.get(end) == Some(&b'\n') {
                let start = self.at;
                self.marks &= self.marks - 1;
                self.at = end + 1;
                return Some((start, end));
            }
            self.look_closer()?;
        }
    }

    /// Finds out what a mark is that is no LF, and leaves those that are.
    #[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    #[inline]
    fn look_closer(&mut self) -> Option<()> {
        let found = vector::look_at_64(self.bytes, self.block)?;
        if found.is_odd {
            return None;
        }
        if found.is_high {
            self.ascii = self.ascii.min(self.block);
        }
        self.looked_at = self.block;
        self.marks &= found.line_feeds;
        Some(())
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "wasm32")))]
    pub(in crate::wire) fn next_simple(&mut self) -> Option<(usize, usize)> {
        None
    }

    /// The eight bytes from here on, wherever the line ends.
    #[inline]
    pub(in crate::wire) fn word(&self, start: usize) -> Option<u64> {
        let word = self.bytes.get(start..)?.first_chunk()?;
        Some(u64::from_le_bytes(*word))
    }

    #[inline]
    pub(in crate::wire) fn bytes(&self, start: usize, end: usize) -> &'c [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// A part of the lines that were given.
    #[inline]
    pub(in crate::wire) fn part(&self, start: usize, end: usize) -> Scanned<'c> {
        Scanned {
            bytes: self.bytes(start, end),
            known: match end <= self.ascii {
                true => Known::Ascii,
                false => Known::Nothing,
            },
        }
    }
}
