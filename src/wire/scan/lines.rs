#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
use super::vector;
use super::{Known, Scanned};

/// The lines of a chunk, whose ends are looked for 64 bytes at a time.
pub(in crate::wire) struct Lines<'c> {
    bytes: &'c [u8],
    /// Where the next line begins.
    at: usize,
    /// Of the block of 64 bytes that begins here, the LFs from `at` on, as a bit for each byte.
    block: usize,
    ends: u64,
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
            ends: 0,
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
        while self.ends == 0 {
            let block = self.block.wrapping_add(64);
            let found = vector::look_at_64(self.bytes, block)?;
            if found.is_odd {
                return None;
            }
            if found.is_high {
                self.ascii = self.ascii.min(block);
            }
            (self.block, self.ends) = (block, found.line_feeds);
        }
        let (start, end) = (self.at, self.block + self.ends.trailing_zeros() as usize);
        self.ends &= self.ends - 1;
        self.at = end + 1;
        Some((start, end))
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "wasm32")))]
    pub(in crate::wire) fn next_simple(&mut self) -> Option<(usize, usize)> {
        None
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
