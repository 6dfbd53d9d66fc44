//! What has to be known of text before it crosses.

use alloc::string::String;
use alloc::vec::Vec;
use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_splat, u64x2, v128, v128_or};

/// Whether every byte is of ASCII.
pub(crate) fn is_ascii(text: &[u8]) -> bool {
    let (blocks, rest) = text.as_chunks::<32>();
    let mut all = 0;
    for block in blocks {
        for word in block.as_chunks::<8>().0 {
            all |= u64::from_le_bytes(*word);
        }
    }
    all & 0x8080_8080_8080_8080 == 0 && rest.is_ascii()
}

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

/// Appends a text in UTF-16, U+FFFD for what is not UTF-8. Answers how many units that took.
pub(crate) fn widen(text: &[u8], wide: &mut Vec<u16>) -> u32 {
    let start = wide.len();
    wide.reserve(text.len());
    if widen_valid(text, wide).is_none() {
        wide.truncate(start);
        wide.extend(String::from_utf8_lossy(text).encode_utf16());
    }
    (wide.len() - start) as u32
}

fn widen_valid(mut text: &[u8], wide: &mut Vec<u16>) -> Option<()> {
    while let [first, after @ ..] = text {
        let tail = |byte: u8| (byte & 0xC0 == 0x80).then_some(u32::from(byte & 0x3F));
        let first = u32::from(*first);
        match (first, after) {
            (0..0x80, _) => {
                wide.push(first as u16);
                text = after;
            }
            (0xC2..0xE0, [second, after @ ..]) => {
                wide.push(((first & 0x1F) << 6 | tail(*second)?) as u16);
                text = after;
            }
            (0xE0..0xF0, [second, third, after @ ..]) => {
                let unit = (first & 0xF) << 12 | tail(*second)? << 6 | tail(*third)?;
                if unit < 0x800 || unit & 0xF800 == 0xD800 {
                    return None;
                }
                wide.push(unit as u16);
                text = after;
            }
            (0xF0..0xF5, [second, third, fourth, after @ ..]) => {
                let low = tail(*second)? << 12 | tail(*third)? << 6 | tail(*fourth)?;
                let character = char::from_u32((first & 7) << 18 | low)?;
                if (character as u32) < 0x10000 {
                    return None;
                }
                wide.extend_from_slice(character.encode_utf16(&mut [0; 2]));
                text = after;
            }
            _ => return None,
        }
    }
    Some(())
}
