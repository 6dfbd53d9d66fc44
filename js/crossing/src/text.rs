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
pub(crate) fn is_enclosed(text: &[u8]) -> bool {
    let (Some(b'{' | b'['), Some(b'}' | b']')) = (text.first(), text.last()) else {
        return false;
    };
    let mut depth = 0_u32;
    let mut is_first = true;
    // All bits are set where the block before ended inside of a string.
    let mut inside = 0;
    let mut is_escaped = false;
    let (blocks, rest) = text.as_chunks::<16>();
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    for block in blocks.iter().chain([&last]) {
        let block = load(block);
        let bits = |byte| u32::from(u8x16_bitmask(u8x16_eq(block, u8x16_splat(byte))));
        let mut quotes = bits(b'"');
        let slashes = bits(b'\\');
        if slashes != 0 || is_escaped {
            quotes &= !escaped(slashes, &mut is_escaped);
        }
        // Each bit becomes the parity of the quotes up to it.
        let mut string = quotes ^ quotes << 1;
        string ^= string << 2;
        string ^= string << 4;
        string ^= string << 8;
        string ^= inside;
        inside = 0_u32.wrapping_sub(string >> 15 & 1);
        // A bracket differs from the brace in this bit alone.
        let folded = v128_or(block, u8x16_splat(0x20));
        let bits = |byte| u32::from(u8x16_bitmask(u8x16_eq(folded, u8x16_splat(byte))));
        let opening = bits(b'{') & !string;
        let mut brackets = (opening | bits(b'}')) & !string;
        while brackets != 0 {
            let lowest = brackets & brackets.wrapping_neg();
            brackets ^= lowest;
            if opening & lowest != 0 {
                if depth == 0 && !is_first {
                    return false;
                }
                depth += 1;
            } else if depth == 0 {
                return false;
            } else {
                depth -= 1;
            }
            is_first = false;
        }
    }
    depth == 0 && inside == 0
}

/// The start of a text that is ASCII, in steps of 64 bytes.
#[target_feature(enable = "simd128")]
pub(crate) fn ascii_start(text: &[u8]) -> &[u8] {
    let (blocks, rest) = text.as_chunks::<64>();
    let is_ascii = |block: &[u8; 64]| {
        let (parts, _) = block.as_chunks::<16>();
        let [first, second, third, fourth] = parts else {
            return false;
        };
        let halves = (
            v128_or(load(first), load(second)),
            v128_or(load(third), load(fourth)),
        );
        u8x16_bitmask(v128_or(halves.0, halves.1)) == 0
    };
    match blocks.iter().position(|block| !is_ascii(block)) {
        Some(at) => text.get(..64 * at).unwrap_or_default(),
        None if rest.is_ascii() => text,
        None => text.get(..text.len() - rest.len()).unwrap_or_default(),
    }
}

/// The bits of what stands behind a backslash that is not itself behind one.
fn escaped(slashes: u32, is_escaped: &mut bool) -> u32 {
    let mut escaped = 0;
    for bit in 0..16 {
        let slash = slashes >> bit & 1 != 0;
        if *is_escaped {
            escaped |= 1 << bit;
        }
        *is_escaped = slash && !*is_escaped;
    }
    escaped
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
    append(Text::from(&*text.to_str()), out)
}

/// The UTF-16 units of UTF-8: every character has one lead byte, and those of four bytes take two.
#[target_feature(enable = "simd128")]
pub(crate) fn utf16_units(text: &[u8]) -> u32 {
    let (blocks, rest) = text.as_chunks::<16>();
    let mut units = 0;
    for block in blocks {
        let block = load(block);
        let leads = u8x16_bitmask(i8x16_ge(block, i8x16_splat(-64)));
        let wide = u8x16_bitmask(u8x16_ge(block, u8x16_splat(0xF0)));
        units += leads.count_ones() + wide.count_ones();
    }
    let unit = |&byte: &u8| u32::from(byte as i8 >= -64) + u32::from(byte >= 0xF0);
    units + rest.iter().map(unit).sum::<u32>()
}
