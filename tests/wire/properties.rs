//! Any bytes, cut anywhere.

use proptest::collection::vec;
use proptest::prelude::*;
use tidewire::wire::{Decoder, Event, LineEnding, NamedField, encode_comment};

use crate::items::{Owned, decode, feed};
use crate::reference;

/// What streams are made of, and what breaks them.
const PIECES: [&[u8]; 33] = [
    b"data",
    b"data:",
    b"data: ",
    b"event:",
    b"event: e",
    b"event",
    b"id:",
    b"id: 1",
    b"id",
    b"retry:",
    b"retry: 25",
    b"retry: 18446744073709551616",
    b"dat",
    b":",
    b" ",
    b"x",
    b"\n",
    b"\n",
    b"\n",
    b"\r",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\r\r",
    b"\0",
    b"\xEF\xBB\xBF",
    b"\xEF",
    b"\xBB",
    b"\xBF",
    b"\xF0\x9F\x98\x80",
    b"\xF0\x9F",
    b"\xFF",
    b"\xE2\x82",
];

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => proptest::sample::select(&PIECES[..]).prop_map(<[u8]>::to_vec),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ]
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    vec(piece(), 0..60).prop_map(|pieces| pieces.concat())
}

/// Sizes of chunks, empty ones too. What they don't cover is one last chunk.
fn cuts() -> impl Strategy<Value = Vec<usize>> {
    vec(prop_oneof![4 => 0..4_usize, 1 => 4..40_usize], 0..80)
}

fn cut<'b>(mut bytes: &'b [u8], cuts: &[usize]) -> Vec<&'b [u8]> {
    let mut chunks = Vec::new();
    for &size in cuts {
        let (chunk, rest) = bytes.split_at(size.min(bytes.len()));
        chunks.push(chunk);
        bytes = rest;
    }
    chunks.push(bytes);
    chunks
}

/// Texts full of what ends lines and names fields.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ :\r\n\0\u{FEFF}\u{2028}\u{85}\u{B}x\u{1F600}]{0,12}",
        1 => "(data|id|event|retry|:|: |\r|\n|\r\n|7){0,8}",
        1 => any::<String>(),
    ]
}

fn line_ending() -> impl Strategy<Value = LineEnding> {
    proptest::sample::select(&[LineEnding::Lf, LineEnding::CrLf, LineEnding::Cr][..])
}

/// The newlines of data as they arrive.
fn normalised(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn first_of(
    field: NamedField,
    value: Option<&String>,
    forbidden: &[char],
) -> Option<(NamedField, usize)> {
    Some((field, value?.find(forbidden)?))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) })]

    #[test]
    fn any_chunking_of_any_bytes_gives_what_the_standard_says(bytes in stream(), cuts in cuts()) {
        let expected = reference::decode(&bytes);
        prop_assert_eq!(&decode(&bytes), &expected);
        prop_assert_eq!(&feed(&mut Decoder::new(), cut(&bytes, &cuts)), &expected);
        prop_assert_eq!(&feed(&mut Decoder::new(), bytes.chunks(1)), &expected);
    }

    #[test]
    fn a_decoder_that_was_finished_is_like_a_new_one(
        before in stream(), bytes in stream(), cuts in cuts(), limit in 0..60_usize,
    ) {
        let mut used = Decoder::with_max_event_bytes(limit);
        feed(&mut used, cut(&before, &cuts));
        used.finish();
        prop_assert_eq!(used.buffered(), 0);
        used.set_last_event_id("");
        let mut new = Decoder::with_max_event_bytes(limit);
        prop_assert_eq!(feed(&mut used, cut(&bytes, &cuts)), feed(&mut new, [&bytes[..]]));
    }

    #[test]
    fn the_limit_strikes_at_the_same_item_wherever_the_chunks_fall(
        bytes in stream(), cuts in cuts(), limit in 0..60_usize,
    ) {
        let items = |chunks: Vec<&[u8]>| {
            let mut decoder = Decoder::with_max_event_bytes(limit);
            let items = feed(&mut decoder, chunks);
            (items, decoder.buffered(), decoder.last_event_id().to_owned())
        };
        let whole = items(vec![&bytes]);
        prop_assert!(whole.1 <= limit);
        prop_assert_eq!(&items(cut(&bytes, &cuts)), &whole);
        prop_assert_eq!(&items(bytes.chunks(1).collect()), &whole);
        // And up to the error it is the same stream as without a limit.
        let mut unlimited = reference::decode(&bytes);
        if let Some(Owned::TooLarge(_)) = whole.0.last() {
            unlimited.truncate(whole.0.len() - 1);
            prop_assert_eq!(&whole.0[..unlimited.len()], &unlimited[..]);
        } else {
            prop_assert_eq!(&whole.0, &unlimited);
        }
    }

    #[test]
    fn what_was_encoded_decodes_to_itself_and_to_nothing_else(
        id in proptest::option::of(text()),
        event in proptest::option::of(text()),
        retry in proptest::option::of(any::<u64>()),
        data in text(),
        ending in line_ending(),
    ) {
        let mut out = Vec::new();
        let result = Event { id: id.as_deref(), event: event.as_deref(), retry, data: Some(&data) }
            .encode(ending, &mut out);
        let refused = first_of(NamedField::Id, id.as_ref(), &['\r', '\n', '\0'])
            .or_else(|| first_of(NamedField::Event, event.as_ref(), &['\r', '\n']));
        if let Some((field, position)) = refused {
            let error = result.unwrap_err();
            prop_assert_eq!((error.field, error.position), (field, position));
            prop_assert!(out.is_empty());
            return Ok(());
        }
        prop_assert_eq!(result, Ok(()));
        let has_id = id.is_some();
        let message = Owned::Message {
            event: event.unwrap_or_default(),
            data: normalised(&data),
            last_event_id: id.unwrap_or_default(),
            has_id,
        };
        let expected: Vec<_> = retry.map(Owned::Retry).into_iter().chain([message]).collect();
        prop_assert_eq!(decode(&out), expected);
    }

    #[test]
    fn a_comment_decodes_to_its_lines_and_to_nothing_else(comment in text(), ending in line_ending()) {
        let mut out = Vec::new();
        encode_comment(&comment, ending, &mut out);
        let expected: Vec<_> =
            normalised(&comment).split('\n').map(|line| Owned::Comment(line.to_owned())).collect();
        prop_assert_eq!(decode(&out), expected);
    }
}
