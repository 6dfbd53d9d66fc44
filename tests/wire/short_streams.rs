//! Every stream of a few pieces, so that no order of fields and endings is left to chance.

use tidewire::wire::Decoder;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::items::feed;
use crate::reference;

/// How many pieces a stream has. A browser runs the unoptimised WebAssembly, and takes one less.
const LENGTH: u32 = if cfg!(target_arch = "wasm32") { 4 } else { 5 };

#[test]
fn every_short_stream_gives_what_the_standard_says_however_it_is_cut_in_two() {
    let pieces = [
        &b"data:x"[..],
        b"\r",
        b"\n",
        b"id:1",
        b":c",
        b"event:e",
        b"\xEF\xBB\xBF",
        b"retry:5",
    ];
    for number in 0..pieces.len().pow(LENGTH) {
        let mut rest = number;
        let mut stream = Vec::new();
        for _ in 0..LENGTH {
            stream.extend_from_slice(pieces[rest % pieces.len()]);
            rest /= pieces.len();
        }
        // So that what the buffers hold comes out.
        stream.extend_from_slice(b"\n\n");
        let expected = reference::decode(&stream);
        for middle in 0..stream.len() {
            let (left, right) = stream.split_at(middle);
            assert_eq!(
                feed(&mut Decoder::new(), [left, right]),
                expected,
                "{left:?} {right:?}"
            );
        }
    }
}
