//! The search for the end of a line, sixteen bytes at a time, and what it learns on the way.
//!
//! This is the crate's one module with unsafe code, for two things that are sound by what stands
//! beside them: loads of sixteen bytes out of a slice that has them, and bytes taken for a `str`
//! that were all seen to be ASCII or came from a `str`. All fields that this rests on are private.
//!
//! On x86-64 it is SSE2, which every such processor has. In WebAssembly it is simd128, by an
//! attribute at each function, so that it reaches whoever depends on the crate without flags; a
//! module with it is refused by a browser that has no SIMD. Elsewhere it is `memchr`.
#![allow(unsafe_code)]

use alloc::{string::String, vec::Vec};

mod lines;

pub(super) use lines::Lines;

// To ask the processor what it has.
#[cfg(target_arch = "x86_64")]
extern crate std;

/// Bytes, and whether they are known to be text.
#[derive(Clone, Copy, Default)]
pub(crate) struct Scanned<'a> {
    bytes: &'a [u8],
    known: Known,
}

// As wide as the rest: padding behind it would be copied in pieces, and a third of the time of a
// short event is then spent waiting for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(usize)]
enum Known {
    #[default]
    Nothing,
    /// The bytes are a `str`.
    Utf8,
    /// Every byte is below 128.
    Ascii,
}

impl<'a> Scanned<'a> {
    pub(crate) fn of_bytes(bytes: &'a [u8]) -> Self {
        Scanned {
            bytes,
            known: Known::Nothing,
        }
    }

    pub(crate) fn of_str(text: &'a str) -> Self {
        Scanned {
            bytes: text.as_bytes(),
            known: Known::Utf8,
        }
    }

    #[inline]
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Whether all of it is ASCII; looked at only if that is not known.
    #[inline]
    pub(crate) fn is_ascii(self) -> bool {
        self.known == Known::Ascii || self.bytes.is_ascii()
    }

    /// The text, if it is known to be one.
    #[inline]
    pub(crate) fn known_str(self) -> Option<&'a str> {
        // SAFETY: only `of_str` says `Utf8`, and only what was seen to be ASCII, `Ascii`.
        (self.known != Known::Nothing)
            .then(|| unsafe { core::str::from_utf8_unchecked(self.bytes) })
    }

    /// Whether there is a NUL.
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    #[inline]
    pub(super) fn has_nul(self) -> bool {
        has_zero(self.bytes)
    }

    /// Its last `count` bytes, or all if it has no more.
    #[inline]
    pub(crate) fn tail(self, count: usize) -> Self {
        Scanned {
            bytes: (self.bytes)
                .get(self.bytes.len().saturating_sub(count)..)
                .unwrap_or_default(),
            // A part of a str need not be one.
            known: match self.known {
                Known::Ascii => Known::Ascii,
                _ => Known::Nothing,
            },
        }
    }
}

/// Scanned bytes put together.
#[derive(Debug)]
pub(super) struct ScannedBuf {
    bytes: Vec<u8>,
    /// Every byte is below 128.
    ascii: bool,
}

impl ScannedBuf {
    pub(super) const fn new() -> Self {
        ScannedBuf {
            bytes: Vec::new(),
            ascii: true,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    pub(super) fn scanned(&self) -> Scanned<'_> {
        Scanned {
            bytes: &self.bytes,
            known: match self.ascii {
                true => Known::Ascii,
                false => Known::Nothing,
            },
        }
    }

    /// Appends, with room for as much again but not beyond the limit, which the buffer never
    /// exceeds.
    pub(super) fn append(&mut self, more: Scanned<'_>, limit: usize) {
        let needed = self.bytes.len() + more.bytes.len();
        if needed > self.bytes.capacity() {
            let room = (needed.saturating_mul(2)).min(limit).max(needed).max(64);
            self.bytes.reserve_exact(room - self.bytes.len());
        }
        append(&mut self.bytes, more.bytes);
        self.ascii &= more.known == Known::Ascii;
    }

    /// Empties it. What has more room than this gives it back.
    pub(super) fn reset(&mut self, retained: usize) {
        self.bytes.clear();
        self.ascii = true;
        if self.bytes.capacity() > retained {
            self.bytes = Vec::new();
        }
    }
}

/// Appends bytes. In WebAssembly copying is a call out of the module: it takes longer than the copying
/// of a short text, and for a long one some processors need ten times as long where it does not begin
/// at a multiple of sixteen bytes. It is copied here, a block at a time.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
#[inline]
pub(crate) fn append(to: &mut Vec<u8>, bytes: &[u8]) {
    #[cfg(not(target_arch = "wasm32"))]
    to.extend_from_slice(bytes);
    #[cfg(target_arch = "wasm32")]
    vector::append(to, bytes);
}

/// Puts another text into a string's memory.
#[inline]
pub(crate) fn replace(string: &mut String, text: &str) {
    string.clear();
    // SAFETY: what is appended is a str as a whole.
    append(unsafe { string.as_mut_vec() }, text.as_bytes());
}

/// One LF.
pub(super) const LINE_FEED: Scanned<'static> = Scanned {
    bytes: b"\n",
    known: Known::Ascii,
};

/// What comes before the first CR or LF, or all if there is none; and what is left, with the end.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"), inline)]
// The search of a short line is a few instructions; a call would be as many again.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn line(bytes: &[u8]) -> (Scanned<'_>, &[u8]) {
    let (end, ascii) = match bytes {
        // A line feed behind another is not worth a search.
        [b'\n', ..] => (0, true),
        _ => line_end(bytes),
    };
    let known = match ascii {
        true => Known::Ascii,
        false => Known::Nothing,
    };
    // SAFETY: it ends within the bytes, or with them.
    let (bytes, rest) = unsafe { bytes.split_at_unchecked(end) };
    (Scanned { bytes, known }, rest)
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "wasm32")))]
fn line_end(bytes: &[u8]) -> (usize, bool) {
    let end = memchr::memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
    (end, bytes[..end].is_ascii())
}

/// Where the first of two bytes is.
#[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
pub(crate) fn find_either(one: u8, other: u8, bytes: &[u8]) -> Option<usize> {
    #[cfg(not(target_arch = "wasm32"))]
    return memchr::memchr2(one, other, bytes);
    #[cfg(target_arch = "wasm32")]
    return vector::find_either(one, other, bytes);
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "wasm32")))]
fn has_zero(bytes: &[u8]) -> bool {
    memchr::memchr(0, bytes).is_some()
}

#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
use vector::{has_zero, line_end};

#[cfg(any(target_arch = "x86_64", target_arch = "wasm32"))]
mod vector {
    #[cfg(target_arch = "x86_64")]
    use super::std;
    #[cfg(target_arch = "wasm32")]
    use alloc::vec::Vec;
    #[cfg(target_arch = "wasm32")]
    use core::arch::wasm32::*;
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::*;

    /// Sixteen bytes.
    #[derive(Clone, Copy)]
    pub(super) struct Block(
        #[cfg(target_arch = "x86_64")] __m128i,
        #[cfg(target_arch = "wasm32")] v128,
    );

    /// How many bytes a block has.
    const WIDTH: usize = 16;

    /// So far it is looked for in steps of one block.
    const NEAR: usize = 4 * WIDTH;

    /// From this length on it pays to ask whether the processor has AVX2.
    #[cfg(target_arch = "x86_64")]
    const FAR: usize = 512;

    /// Passes over what has no end, with AVX2; and all that was seen.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn skip(bytes: &[u8]) -> (usize, Block) {
        const STRIDE: usize = 4 * 32;
        let (lf, cr) = (_mm256_set1_epi8(10), _mm256_set1_epi8(13));
        let ends = |wide: __m256i| {
            _mm256_or_si256(_mm256_cmpeq_epi8(wide, lf), _mm256_cmpeq_epi8(wide, cr))
        };
        let mut seen = _mm256_setzero_si256();
        let mut count = 0;
        for stride in bytes.as_chunks::<STRIDE>().0 {
            let (wide, _) = stride.as_chunks::<32>();
            // SAFETY: the 32 bytes are there, and this load needs no alignment.
            let load = |bytes: &[u8; 32]| unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
            let (a, b) = (load(&wide[0]), load(&wide[1]));
            let (c, d) = (load(&wide[2]), load(&wide[3]));
            let any = _mm256_or_si256(
                _mm256_or_si256(ends(a), ends(b)),
                _mm256_or_si256(ends(c), ends(d)),
            );
            if _mm256_movemask_epi8(any) != 0 {
                break;
            }
            let all = _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
            seen = _mm256_or_si256(seen, all);
            count += STRIDE;
        }
        let halves = (
            _mm256_castsi256_si128(seen),
            _mm256_extracti128_si256::<1>(seen),
        );
        (count, Block(_mm_or_si128(halves.0, halves.1)))
    }

    #[cfg(target_arch = "x86_64")]
    impl Block {
        #[inline]
        pub(super) fn load(bytes: &[u8; WIDTH]) -> Self {
            // SAFETY: the sixteen bytes are there, and this load needs no alignment.
            Block(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
        }

        #[inline]
        fn of(low: u64, high: u64) -> Self {
            // SAFETY: every x86-64 has SSE2; so below.
            Block(unsafe { _mm_set_epi64x(high.cast_signed(), low.cast_signed()) })
        }

        /// All ones where the byte is this one.
        #[inline]
        pub(super) fn equal(self, byte: u8) -> Self {
            unsafe { Block(_mm_cmpeq_epi8(self.0, _mm_set1_epi8(byte.cast_signed()))) }
        }

        /// All ones where the byte is below 14 or not ASCII: as a signed number it is below 14.
        #[inline]
        fn marked(self) -> Self {
            unsafe { Block(_mm_cmplt_epi8(self.0, _mm_set1_epi8(14))) }
        }

        #[inline]
        pub(super) fn or(self, other: Self) -> Self {
            unsafe { Block(_mm_or_si128(self.0, other.0)) }
        }

        /// A bit for each byte: its highest.
        #[inline]
        pub(super) fn high_bits(self) -> u32 {
            unsafe { _mm_movemask_epi8(self.0) }.cast_unsigned()
        }
    }

    #[cfg(target_arch = "wasm32")]
    impl Block {
        #[target_feature(enable = "simd128")]
        #[inline]
        pub(super) fn load(bytes: &[u8; WIDTH]) -> Self {
            // SAFETY: the sixteen bytes are there, and this load needs no alignment.
            Block(unsafe { v128_load(bytes.as_ptr().cast()) })
        }

        #[target_feature(enable = "simd128")]
        #[inline]
        fn of(low: u64, high: u64) -> Self {
            Block(u64x2(low, high))
        }

        /// All ones where the byte is this one.
        #[target_feature(enable = "simd128")]
        #[inline]
        pub(super) fn equal(self, byte: u8) -> Self {
            Block(u8x16_eq(self.0, u8x16_splat(byte)))
        }

        /// All ones where the byte is below 14 or not ASCII: as a signed number it is below 14.
        #[target_feature(enable = "simd128")]
        #[inline]
        fn marked(self) -> Self {
            Block(i8x16_lt(self.0, i8x16_splat(14)))
        }

        #[target_feature(enable = "simd128")]
        #[inline]
        pub(super) fn or(self, other: Self) -> Self {
            Block(v128_or(self.0, other.0))
        }

        /// A bit for each byte: its highest.
        #[target_feature(enable = "simd128")]
        #[inline]
        pub(super) fn high_bits(self) -> u32 {
            u32::from(i8x16_bitmask(self.0))
        }
    }

    /// Where the line ends, and whether all before is ASCII.
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"), inline)]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(super) fn line_end(bytes: &[u8]) -> (usize, bool) {
        match bytes.first_chunk() {
            None => short(bytes),
            Some(block) => {
                let block = Block::load(block);
                let ends = ends(block).high_bits();
                if ends == 0 {
                    return long(bytes, block);
                }
                found(0, ends, block, 0)
            }
        }
    }

    /// The same behind the first block, which has no end.
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"), inline)]
    #[cfg_attr(not(target_arch = "wasm32"), inline(never))]
    fn long(bytes: &[u8], first: Block) -> (usize, bool) {
        let mut seen = first;
        let mut at = WIDTH;
        // Most lines that are no longer than this are much shorter.
        while at < NEAR
            && let Some((block, _)) = bytes.get(at..).unwrap_or_default().split_first_chunk()
        {
            let block = Block::load(block);
            let ends = ends(block).high_bits();
            if ends != 0 {
                return found(at, ends, block, seen.high_bits());
            }
            seen = seen.or(block);
            at += WIDTH;
        }
        #[cfg(target_arch = "x86_64")]
        if bytes.len() >= FAR && std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor was just asked.
            let (count, skipped) = unsafe { skip(&bytes[at..]) };
            at += count;
            seen = seen.or(skipped);
        }
        // Four at once: the loop itself costs then less than the loads.
        while let Some((four, _)) = bytes
            .get(at..)
            .unwrap_or_default()
            .split_first_chunk::<{ 4 * WIDTH }>()
        {
            let (blocks, _) = four.as_chunks();
            let (a, b) = (Block::load(&blocks[0]), Block::load(&blocks[1]));
            let (c, d) = (Block::load(&blocks[2]), Block::load(&blocks[3]));
            let any = ends(a).or(ends(b)).or(ends(c).or(ends(d)));
            if any.high_bits() != 0 {
                break;
            }
            seen = seen.or(a.or(b).or(c.or(d)));
            at += 4 * WIDTH;
        }
        while let Some((block, _)) = bytes.get(at..).unwrap_or_default().split_first_chunk() {
            let block = Block::load(block);
            let ends = ends(block).high_bits();
            if ends != 0 {
                return found(at, ends, block, seen.high_bits());
            }
            seen = seen.or(block);
            at += WIDTH;
        }
        // The last sixteen bytes: some of them were seen, and are no end.
        let Some(last) = bytes.last_chunk() else {
            return (bytes.len(), seen.high_bits() == 0);
        };
        let block = Block::load(last);
        match ends(block).high_bits() {
            0 => (bytes.len(), seen.or(block).high_bits() == 0),
            ends => found(bytes.len() - WIDTH, ends, block, seen.high_bits()),
        }
    }

    /// Of 64 bytes, or of those that are left, which are a control character or not ASCII: a bit for
    /// each. `None` if there is none, or too few were ever there.
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    #[inline]
    pub(super) fn marks_of_64(bytes: &[u8], at: usize) -> Option<u64> {
        let ([a, b, c, d], known) = four_at(bytes, at)?;
        Some(bits_of_64([a.marked(), b.marked(), c.marked(), d.marked()]) >> known)
    }

    /// What is in 64 bytes, or in those that are left.
    pub(super) struct Found {
        /// A bit for each byte.
        pub(super) line_feeds: u64,
        /// There is a CR or a NUL, or one is not far.
        pub(super) is_odd: bool,
        /// Something is not ASCII, or is not far from it.
        pub(super) is_high: bool,
    }

    /// Looks at 64 bytes. `None` if there is none, or too few were ever there.
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    #[inline]
    pub(super) fn look_at_64(bytes: &[u8], at: usize) -> Option<Found> {
        let ([a, b, c, d], known) = four_at(bytes, at)?;
        let odd = odd(a).or(odd(b)).or(odd(c).or(odd(d)));
        let feeds = [a, b, c, d].map(|block| block.equal(b'\n'));
        Some(Found {
            line_feeds: bits_of_64(feeds) >> known,
            is_odd: odd.high_bits() != 0,
            is_high: a.or(b).or(c.or(d)).high_bits() != 0,
        })
    }

    /// The 64 bytes from here on, or the last 64 there are, and how many of these are before it.
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    #[inline]
    fn four_at(bytes: &[u8], at: usize) -> Option<([Block; 4], usize)> {
        let left = bytes.len().saturating_sub(at);
        let (from, known) = match left {
            64.. => (at, 0),
            0 => return None,
            _ => (bytes.len().checked_sub(64)?, 64 - left),
        };
        let (blocks, _) = bytes.get(from..from + 64)?.as_chunks();
        let [a, b, c, d] = blocks else {
            return None;
        };
        let blocks = [
            Block::load(a),
            Block::load(b),
            Block::load(c),
            Block::load(d),
        ];
        Some((blocks, known))
    }

    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    #[inline]
    fn odd(block: Block) -> Block {
        block.equal(b'\r').or(block.equal(0))
    }

    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    #[inline]
    fn bits_of_64([a, b, c, d]: [Block; 4]) -> u64 {
        let bits = |block: Block| u64::from(block.high_bits());
        bits(a) | bits(b) << 16 | bits(c) << 32 | bits(d) << 48
    }

    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    #[inline]
    fn ends(block: Block) -> Block {
        block.equal(b'\n').or(block.equal(b'\r'))
    }

    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    #[inline]
    fn found(at: usize, ends: u32, block: Block, high: u32) -> (usize, bool) {
        let before = (ends & ends.wrapping_neg()) - 1;
        let ascii = (high | (block.high_bits() & before)) == 0;
        (at + ends.trailing_zeros() as usize, ascii)
    }

    /// Less than a block, filled up with zeros, which end no line.
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"), inline)]
    #[cfg_attr(not(target_arch = "wasm32"), inline(never))]
    fn short(bytes: &[u8]) -> (usize, bool) {
        let (low, high) = padded(bytes);
        let block = Block::of(low, high);
        match ends(block).high_bits() {
            0 => (bytes.len(), block.high_bits() == 0),
            ends => found(0, ends, block, 0),
        }
    }

    /// Up to fifteen bytes as two numbers, of the first eight and of the rest.
    #[inline]
    fn padded(bytes: &[u8]) -> (u64, u64) {
        if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            // The two may overlap: what the first has is shifted out of the last.
            let known = 16 - bytes.len();
            let last = u64::from_le_bytes(*last).checked_shr(8 * known as u32);
            return (u64::from_le_bytes(*first), last.unwrap_or(0));
        }
        if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
            let last = u64::from(u32::from_le_bytes(*last)) << (8 * (bytes.len() - 4));
            return (u64::from(u32::from_le_bytes(*first)) | last, 0);
        }
        let number = |number, &byte: &u8| number << 8 | u64::from(byte);
        (bytes.iter().rev().fold(0, number), 0)
    }

    #[cfg(target_arch = "wasm32")]
    #[target_feature(enable = "simd128")]
    #[inline]
    pub(super) fn append(to: &mut Vec<u8>, bytes: &[u8]) {
        let length = bytes.len();
        if to.capacity() - to.len() < length {
            to.reserve(length);
        }
        let before = to.len();
        // SAFETY: there is room for all that is written, and it is written before it counts. No
        // load or store goes beyond the bytes or the room: the last of each size ends with them,
        // and may write once more what was written already.
        unsafe {
            let (from, into) = (bytes.as_ptr(), to.as_mut_ptr().add(before));
            macro_rules! last {
                ($number:ty, $size:literal) => {{
                    let last = length - $size;
                    let number = from.add(last).cast::<$number>().read_unaligned();
                    into.add(last).cast::<$number>().write_unaligned(number);
                }};
            }
            macro_rules! first {
                ($number:ty) => {{
                    let number = from.cast::<$number>().read_unaligned();
                    into.cast::<$number>().write_unaligned(number);
                }};
            }
            match length {
                0 => {}
                1 => into.write(*from),
                2..4 => {
                    first!(u16);
                    last!(u16, 2);
                }
                4..8 => {
                    first!(u32);
                    last!(u32, 4);
                }
                8..16 => {
                    first!(u64);
                    last!(u64, 8);
                }
                _ => {
                    // The compiler would make the call of a loop that only copies.
                    let zero = u8x16_splat(core::hint::black_box(0));
                    let copy = |at: usize| {
                        let block = v128_or(v128_load(from.add(at).cast()), zero);
                        v128_store(into.add(at).cast(), block);
                    };
                    let mut at = 0;
                    while at + 4 * WIDTH <= length {
                        copy(at);
                        copy(at + WIDTH);
                        copy(at + 2 * WIDTH);
                        copy(at + 3 * WIDTH);
                        at += 4 * WIDTH;
                    }
                    while at + WIDTH <= length {
                        copy(at);
                        at += WIDTH;
                    }
                    last!([u64; 2], 16);
                }
            }
            to.set_len(before + length);
        }
    }

    /// Where the first of two bytes is.
    #[cfg(target_arch = "wasm32")]
    #[target_feature(enable = "simd128")]
    pub(super) fn find_either(one: u8, other: u8, bytes: &[u8]) -> Option<usize> {
        let found = |block: Block| block.equal(one).or(block.equal(other)).high_bits();
        let (blocks, rest) = bytes.as_chunks();
        for (number, block) in blocks.iter().enumerate() {
            let found = found(Block::load(block));
            if found != 0 {
                return Some(number * WIDTH + found.trailing_zeros() as usize);
            }
        }
        let at = rest.iter().position(|&byte| byte == one || byte == other);
        at.map(|at| bytes.len() - rest.len() + at)
    }

    /// Whether there is a zero.
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    #[inline]
    pub(super) fn has_zero(bytes: &[u8]) -> bool {
        let (blocks, rest) = bytes.as_chunks::<WIDTH>();
        for block in blocks {
            if Block::load(block).equal(0).high_bits() != 0 {
                return true;
            }
        }
        match bytes.last_chunk() {
            Some(last) => Block::load(last).equal(0).high_bits() != 0,
            None => rest.contains(&0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slow twin.
    fn plain(bytes: &[u8]) -> (usize, bool) {
        let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let end = end.unwrap_or(bytes.len());
        (end, bytes[..end].iter().all(|&byte| byte < 0x80))
    }

    #[test]
    fn a_line_ends_where_it_does_for_a_search_byte_by_byte() {
        // From no block at all to more than the widest step and what is left behind it.
        for length in (0..200).chain([511, 512, 513, 640, 700, 1_000]) {
            let mut bytes = alloc::vec![b'x'; length];
            for end in (0..=length).rev() {
                for byte in [b'\n', b'\r'] {
                    if end < length {
                        bytes[end] = byte;
                    }
                    for odd in [0, end / 2, end.saturating_sub(1), end + 1] {
                        let before = bytes.get(odd).copied();
                        if odd != end
                            && let Some(place) = bytes.get_mut(odd)
                        {
                            *place = 0xE9;
                        }
                        let (line, rest) = line(&bytes);
                        let found = (line.bytes.len(), line.known == Known::Ascii);
                        assert_eq!(found, plain(&bytes), "{length} bytes, {end}, {odd}");
                        assert_eq!(line.bytes.len() + rest.len(), length);
                        if let (Some(place), Some(before)) = (bytes.get_mut(odd), before) {
                            *place = before;
                        }
                    }
                }
                if end < length {
                    bytes[end] = b'x';
                }
            }
        }
    }

    #[test]
    fn other_bytes_end_no_line() {
        for byte in (0..=255).filter(|byte| !matches!(byte, b'\n' | b'\r')) {
            for length in [1, 15, 16, 64, 600] {
                let bytes = alloc::vec![byte; length];
                assert_eq!(line(&bytes).0.bytes.len(), length, "{byte}");
            }
        }
    }

    #[test]
    fn a_zero_is_found_wherever_it_is() {
        for length in 0..50 {
            let mut bytes = alloc::vec![1; length];
            assert!(!has_zero(&bytes));
            for at in 0..length {
                bytes[at] = 0;
                assert!(has_zero(&bytes), "{at} of {length}");
                bytes[at] = 1;
            }
        }
    }

    #[test]
    fn either_of_two_bytes_is_found() {
        for length in 0..50 {
            let mut bytes = alloc::vec![b'x'; length];
            assert_eq!(find_either(b'"', b'\\', &bytes), None);
            for at in 0..length {
                for byte in [b'"', b'\\'] {
                    bytes[at] = byte;
                    assert_eq!(find_either(b'"', b'\\', &bytes), Some(at));
                }
                bytes[at] = b'x';
            }
        }
    }

    #[test]
    fn text_that_was_put_together_is_ascii_only_if_all_of_it_is() {
        let mut buffer = ScannedBuf::new();
        buffer.append(line(b"abc\n").0, 100);
        assert_eq!(buffer.scanned().known_str(), Some("abc"));
        buffer.append(line("é".as_bytes()).0, 100);
        assert_eq!(buffer.scanned().known_str(), None);
        buffer.reset(100);
        buffer.append(LINE_FEED, 100);
        assert_eq!(buffer.scanned().known_str(), Some("\n"));
        assert_eq!(Scanned::of_str("é").tail(1).known_str(), None);
    }
}
