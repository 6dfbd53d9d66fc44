//! What has to be known of text before it crosses.

use alloc::vec::Vec;
use core::arch::wasm32::{
    i8x16_ge, i8x16_splat, u8x16_bitmask, u8x16_eq, u8x16_ge, u8x16_splat, u64x2, v128, v128_or,
};
use tidewire::wire::Text;

/// Whether a text is a JSON object or array as a whole, judged by its brackets alone: one is open
/// from the first byte to the last, and only the last closes it. A string hides brackets.
///
/// A list of such texts, with commas between and an array's brackets around, is JSON only if each
/// text is JSON by itself, and is then the array of just these values: whoever reads it is at the
/// array's own depth at the end of each text, and nowhere within.
#[target_feature(enable = "simd128")]
#[inline(never)]
pub(crate) fn is_enclosed(text: &[u8]) -> bool {
    let (Some(b'{' | b'['), Some(b'}' | b']')) = (text.first(), text.last()) else {
        return false;
    };
    let Some(last) = text.last_chunk() else {
        // So short that it may as well be parsed by itself.
        return false;
    };
    let (blocks, rest) = text.as_chunks::<16>();
    let mut depth = 0;
    // All bits are set where the bytes before ended inside of a string.
    let mut inside = 0;
    let mut is_escaped = false;
    let mut marks = Marks::default();
    for number in 0..=blocks.len() {
        match blocks.get(number) {
            Some(block) => marks.add(block, 0, number % 4),
            None => marks.add(last, 16 - rest.len(), number % 4),
        }
        if number % 4 < 3 && number < blocks.len() {
            continue;
        }
        let mut marks = core::mem::take(&mut marks);
        if marks.slashes != 0 || is_escaped {
            marks.quotes &= !escaped(marks.slashes, &mut is_escaped);
        }
        // Each bit becomes the parity of the quotes up to it.
        let mut string = marks.quotes;
        for distance in [1, 2, 4, 8, 16, 32] {
            string ^= string << distance;
        }
        string ^= inside;
        inside = 0_u64.wrapping_sub(string >> 63);
        let opening = marks.opening & !string;
        let closing = marks.closing & !string;
        if depth > closing.count_ones() {
            // However they stand, one stays open.
            depth += opening.count_ones() - closing.count_ones();
            continue;
        }
        let mut brackets = opening | closing;
        while brackets != 0 {
            let lowest = brackets & brackets.wrapping_neg();
            brackets ^= lowest;
            if depth == 0 && (number > 3 || lowest != 1) {
                return false;
            }
            match opening & lowest {
                0 => depth -= 1,
                _ => depth += 1,
            }
        }
    }
    depth == 0 && inside == 0
}

/// Where in 64 bytes something stands, as a bit for each.
#[derive(Default)]
struct Marks {
    quotes: u64,
    slashes: u64,
    opening: u64,
    closing: u64,
}

impl Marks {
    /// Adds what stands in sixteen bytes, but for the first so many, as this quarter.
    #[target_feature(enable = "simd128")]
    #[inline]
    fn add(&mut self, block: &[u8; 16], seen: usize, quarter: usize) {
        let block = load(block);
        // A bracket differs from the brace in this bit alone.
        let folded = v128_or(block, u8x16_splat(0x20));
        let bits = |block, byte| {
            let bits = u8x16_bitmask(u8x16_eq(block, u8x16_splat(byte)));
            u64::from(bits) >> seen << (16 * quarter)
        };
        self.quotes |= bits(block, b'"');
        self.slashes |= bits(block, b'\\');
        self.opening |= bits(folded, b'{');
        self.closing |= bits(folded, b'}');
    }
}

/// The bits of what stands behind a backslash that is not itself behind one. `before` says whether
/// the first bit does, and then whether what follows does.
fn escaped(slashes: u64, before: &mut bool) -> u64 {
    const EVEN: u64 = u64::MAX / 3;
    let first = u64::from(*before);
    let slashes = slashes & !first;
    let behind = slashes << 1 | first;
    // Of slashes in a row, every second one counts, from the first on. Where a row begins at an odd
    // place, a carry runs through it, and turns it round.
    let odd_starts = slashes & !EVEN & !behind;
    let (turned, overflows) = odd_starts.overflowing_add(slashes);
    *before = overflows;
    (EVEN ^ turned << 1) & behind
}

#[target_feature(enable = "simd128")]
fn load(block: &[u8; 16]) -> v128 {
    let word = |at: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&block[at..at + 8]);
        u64::from_le_bytes(word)
    };
    u64x2(word(0), word(8))
}

/// Appends a text as it is. Answers how many UTF-16 units it has, if it is UTF-8.
#[inline]
pub(crate) fn append(text: Text<'_>, out: &mut Vec<u8>) -> u32 {
    let bytes = text.as_bytes();
    text.append_to(out);
    match text.is_ascii() {
        true => bytes.len() as u32,
        false => utf16_units(bytes),
    }
}

/// Appends a text as UTF-8, with U+FFFD for what is none. Answers how many UTF-16 units it has.
pub(crate) fn append_mended(text: Text<'_>, out: &mut Vec<u8>) -> u32 {
    match text.is_ascii() {
        true => append(text, out),
        false => append(Text::from(&*text.to_str()), out),
    }
}

/// The UTF-16 units of UTF-8: every character has one lead byte, and those of four bytes take two.
#[target_feature(enable = "simd128")]
#[inline(never)]
pub(crate) fn utf16_units(text: &[u8]) -> u32 {
    let unit = |&byte: &u8| u32::from(byte as i8 >= -64) + u32::from(byte >= 0xF0);
    let Some(last) = text.last_chunk() else {
        return text.iter().map(unit).sum();
    };
    let (blocks, rest) = text.as_chunks::<16>();
    let units_of = |block: &[u8; 16], unseen: u32| {
        let block = load(block);
        let leads = u32::from(u8x16_bitmask(i8x16_ge(block, i8x16_splat(-64)))) & unseen;
        let wide = u32::from(u8x16_bitmask(u8x16_ge(block, u8x16_splat(0xF0)))) & unseen;
        leads.count_ones() + wide.count_ones()
    };
    let units = blocks.iter().map(|block| units_of(block, unseen(16)));
    units.sum::<u32>() + units_of(last, unseen(rest.len()))
}

/// The bits of the last so many bytes of a block: the others were in the block before.
fn unseen(bytes: usize) -> u32 {
    0xFFFF << (16 - bytes) & 0xFFFF
}
