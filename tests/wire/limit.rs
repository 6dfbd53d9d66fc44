//! The limit on one event, to the byte.

use tidewire::wire::{Decoder, EventTooLarge};

use crate::items::{Owned, feed};

/// Checks that a stream passes at this limit and fails at one less, in one chunk and in many.
fn fits_exactly(stream: &[u8], limit: usize) {
    for size in [1, 2, 7, stream.len()] {
        let items = |limit| {
            feed(
                &mut Decoder::with_max_event_bytes(limit),
                stream.chunks(size),
            )
        };
        let passed = items(limit);
        assert!(
            !passed.iter().any(|item| matches!(item, Owned::TooLarge(_))),
            "{limit} bytes in chunks of {size}"
        );
        let failed = items(limit - 1);
        assert_eq!(
            failed.last(),
            Some(&Owned::TooLarge(limit - 1)),
            "{} bytes in chunks of {size}",
            limit - 1
        );
    }
}

#[test]
fn a_line_may_be_as_long_as_the_limit() {
    fits_exactly(&[b"data: ", &[b'x'; 94][..], b"\n\n"].concat(), 100);
}

#[test]
fn a_line_that_never_ends_meets_the_limit_too() {
    fits_exactly(&[b"data: ", &[b'x'; 94][..]].concat(), 100);
}

#[test]
fn a_comment_and_an_unknown_field_count_like_any_line() {
    fits_exactly(&[b":", &[b'x'; 99][..], b"\n"].concat(), 100);
    fits_exactly(&[b"foo:", &[b'x'; 96][..], b"\n"].concat(), 100);
}

#[test]
fn a_comment_counts_together_with_the_event_around_it() {
    fits_exactly(
        &[b"data:abc\n:", &[b'x'; 96][..], b"\ndata:d\n\n"].concat(),
        100,
    );
}

#[test]
fn data_over_many_lines_counts_with_the_lf_between_them() {
    // Nine lines of four bytes with eight LF between, and the tenth with its name.
    fits_exactly(
        &[&b"data:abcd\n".repeat(10)[..], b"\n"].concat(),
        9 * 4 + 8 + 9,
    );
}

#[test]
fn empty_data_lines_are_not_free() {
    fits_exactly(&[&b"data\n".repeat(1000)[..], b"\n"].concat(), 998 + 4);
}

#[test]
fn type_and_id_count_until_they_are_replaced() {
    fits_exactly(b"event:abc\nid:12\ndata:x\n\n", 3 + 2 + 6);
    fits_exactly(b"event:abc\nevent:a\nevent:ab\ndata:xxxxxx\n\n", 2 + 11);
    fits_exactly(b"id:123\nid:1\nid:12\ndata:xxxxx\n\n", 2 + 10);
}

#[test]
fn events_count_one_by_one() {
    let stream = b"event:abc\nid:12\ndata:x\n\n".repeat(50);
    fits_exactly(&stream, 11);
}

#[test]
fn a_byte_order_mark_is_free() {
    fits_exactly("\u{FEFF}data:x\n\n".as_bytes(), 6);
}

#[test]
fn after_the_error_the_stream_is_swallowed_until_it_ends() {
    let mut decoder = Decoder::with_max_event_bytes(20);
    let items = feed(
        &mut decoder,
        [
            &b"id:1\n\nid:2\ndata:xxxxxxxxxxxxxxxxxxxx"[..],
            b"\n\ndata:a\n\n:c\n",
        ],
    );
    assert_eq!(items, [Owned::Id("1".to_owned()), Owned::TooLarge(20)]);
    assert_eq!((decoder.buffered(), decoder.last_event_id()), (0, "1"));

    decoder.finish();
    let items = feed(&mut decoder, [&b"data:a\n\n"[..]]);
    assert!(
        matches!(&items[..], [Owned::Message { data, last_event_id, .. }] if data == "a" && last_event_id == "1")
    );
}

#[test]
fn the_error_names_the_limit() {
    let mut decoder = Decoder::with_max_event_bytes(3);
    let error: EventTooLarge = decoder.next(&mut &b"data"[..]).unwrap().unwrap_err();
    assert_eq!(error.limit, 3);
    assert_eq!(
        error.to_string(),
        "an event of the stream is larger than the limit of 3 bytes"
    );
}

#[test]
fn the_default_lets_sixteen_mebibytes_through() {
    assert_eq!(Decoder::DEFAULT_MAX_EVENT_BYTES, 1 << 24);
    let stream = [b"data:", &vec![b'x'; (1 << 24) - 5][..], b"\n\n"].concat();
    let items = feed(&mut Decoder::new(), stream.chunks(64 * 1024));
    assert!(matches!(&items[..], [Owned::Message { data, .. }] if data.len() == (1 << 24) - 5));
    let longer = [b"data:", &vec![b'x'; (1 << 24) - 4][..], b"\n\n"].concat();
    assert_eq!(
        feed(&mut Decoder::new(), [&longer[..]]),
        [Owned::TooLarge(1 << 24)]
    );
}
