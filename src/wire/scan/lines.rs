#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
use super::vector;
use super::{Known, Scanned};

/// The lines of a chunk, all of whose ends are looked for before any of them is looked at.
pub(in crate::wire) struct Lines<'c> {
    bytes: &'c [u8],
    /// Where the next line begins.
    at: usize,
    /// Of the block of 64 bytes that begins here, as a bit for each byte:
    block: usize,
    /// the CRs and LFs that end a line from `at` on,
    ends: u64,
    /// and what is not ASCII, from `at` on.
    high: u64,
    /// Before this block the line has something that is not ASCII.
    seen_high: bool,
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
            high: 0,
            seen_high: false,
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

    /// The next line that ends with an LF; `None` if there is none, or it ends with a CR.
    #[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    #[inline]
    pub(in crate::wire) fn next_simple(&mut self) -> Option<Scanned<'c>> {
        while self.ends == 0 {
            self.seen_high |= self.high != 0;
            self.block = self.block.wrapping_add(64);
            (self.ends, self.high) = vector::ends_of_64(self.bytes, self.block)?;
        }
        let bit = self.ends.trailing_zeros();
        let end = self.block + bit as usize;
        let before = (1_u64 << bit) - 1;
        let known = match self.seen_high || self.high & before != 0 {
            true => Known::Nothing,
            false => Known::Ascii,
        };
        let bytes = self.bytes.get(self.at..end)?;
        if self.bytes.get(end) != Some(&b'\n') {
            return None;
        }
        self.ends &= self.ends - 1;
        self.high &= !before;
        self.seen_high = false;
        self.at = end + 1;
        Some(Scanned { bytes, known })
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "wasm32")))]
    pub(in crate::wire) fn next_simple(&mut self) -> Option<Scanned<'c>> {
        None
    }
}
