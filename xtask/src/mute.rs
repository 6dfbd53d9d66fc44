//! What a panic would say, taken out of a module whose panics say nothing.
//!
//! The connection's module traps instead of writing a message. Rust keeps the places and words of
//! every panic nonetheless: two kilobytes of data that nothing reads. What is blank compresses to
//! next to nothing.

use crate::process::{Failure, Outcome};
use crate::wasm::{self, DATA, Reader};

/// What the standard library's panics say, between the numbers.
const WORDS: [&str; 13] = [
    "slice index starts at ",
    " but ends at ",
    "index out of bounds: the len is ",
    " but the index is ",
    "range start index ",
    "range end index ",
    " out of range for slice of length ",
    "insertion index (is ",
    ") should be <= len (is ",
    "removal index (is ",
    ") should be < len (is ",
    "capacity overflow",
    "mid > len",
];

/// The same module with blanks for the places and words of its panics.
pub(crate) fn mute(module: &[u8]) -> Outcome<Vec<u8>> {
    let segments = segments(module)
        .ok_or_else(|| Failure::new("the module's data is not what Rust's linker writes"))?;
    let mut muted = module.to_vec();
    for segment in &segments {
        for address in (segment.address..segment.address + segment.length).step_by(4) {
            let Some((place, path)) = location(module, &segments, address) else {
                continue;
            };
            muted[place..place + LOCATION].fill(0);
            muted[path].fill(0);
        }
        let data = &mut muted[segment.start..segment.start + segment.length];
        for words in WORDS.map(str::as_bytes) {
            while let Some(at) = data.windows(words.len()).position(|part| part == words) {
                data[at..at + words.len()].fill(0);
            }
        }
    }
    Ok(muted)
}

/// Bytes of a `core::panic::Location`: where the path is, how long it is, the line, the column.
const LOCATION: usize = 16;

/// If a location is at this address: where in the file it is, and its path.
fn location(
    module: &[u8],
    segments: &[Segment],
    address: usize,
) -> Option<(usize, std::ops::Range<usize>)> {
    let at = |address: usize, length: usize| {
        let holds =
            |it: &&Segment| it.address <= address && address + length <= it.address + it.length;
        let segment = segments.iter().find(holds)?;
        Some(segment.start + (address - segment.address))
    };
    let place = at(address, LOCATION)?;
    let number = |at: usize| {
        let bytes = module[at..].first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    };
    let (path, length) = (number(place)?, number(place + 4)?);
    let path = at(path, length)?;
    let path = path..path + length;
    module[path.clone()]
        .ends_with(b".rs")
        .then_some((place, path))
}

/// A part of the memory, as the module brings it.
struct Segment {
    /// Where it will be.
    address: usize,
    /// Where in the file it is.
    start: usize,
    length: usize,
}

/// The data of a module. Nothing, if it is not WebAssembly or its data is not placed by a number.
fn segments(module: &[u8]) -> Option<Vec<Segment>> {
    let mut segments = Vec::new();
    for section in wasm::sections(module)? {
        if section.kind != DATA {
            continue;
        }
        let mut reader = Reader::new(&module[..section.content.end]);
        reader.at = section.content.start;
        for _ in 0..reader.number()? {
            // Active, in the first memory, at `i32.const` …
            (reader.bytes(2)? == [0, 0x41]).then_some(())?;
            let address = reader.number()?;
            // … and no more.
            (reader.byte()? == 0x0B).then_some(())?;
            let length = reader.number()?;
            let start = reader.at;
            reader.bytes(length)?;
            segments.push(Segment {
                address,
                start,
                length,
            });
        }
    }
    Some(segments)
}

#[cfg(test)]
mod tests {
    use super::mute;

    /// A module with nothing but data, which begins at 4.
    fn module(data: &[u8]) -> Vec<u8> {
        let length = u8::try_from(data.len()).unwrap();
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend([11, length + 6, 1, 0, 0x41, 4, 0x0B, length]);
        module.extend(data);
        module
    }

    #[test]
    fn the_places_and_words_of_panics_become_blanks_and_all_else_stays() {
        // At 4 the path, at 12 the place of line 7, column 9.
        let data = b"src/a.rs\x04\0\0\0\x08\0\0\0\x07\0\0\0\x09\0\0\0kept, but ends at \x01";
        let muted = mute(&module(data)).unwrap();
        let expected = [&[0; 24], &b"kept,"[..], &[0; 13], b"\x01"].concat();
        assert_eq!(muted, module(&expected));
    }

    #[test]
    fn a_text_that_is_no_path_keeps_its_address() {
        let data = b"src/a.ts\x04\0\0\0\x08\0\0\0\x07\0\0\0\x09\0\0\0";
        assert_eq!(mute(&module(data)).unwrap(), module(data));
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(mute(b"wasm").is_err());
        assert!(mute(&module(b"cut off")[..12]).is_err());
    }
}
