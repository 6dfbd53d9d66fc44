//! One test for each rule of the format.

use tidewire::wire::{Decoder, Event, Item, LineEnding, Message, Text, encode_comment};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::items::{Owned, decode, feed, message};

fn typed(event: &str, data: &str) -> Owned {
    Owned::Message {
        event: event.to_owned(),
        data: data.to_owned(),
        last_event_id: String::new(),
        has_id: false,
    }
}

fn identified(data: &str, last_event_id: &str, has_id: bool) -> Owned {
    Owned::Message {
        event: String::new(),
        data: data.to_owned(),
        last_event_id: last_event_id.to_owned(),
        has_id,
    }
}

#[test]
fn lines_end_at_lf_cr_and_crlf_in_any_mix() {
    let expected = [message("a\nb"), message("c")];
    for stream in [
        "data:a\ndata:b\n\ndata:c\n\n",
        "data:a\rdata:b\r\rdata:c\r\r",
        "data:a\r\ndata:b\r\n\r\ndata:c\r\n\r\n",
        "data:a\rdata:b\n\rdata:c\r\n\n",
    ] {
        assert_eq!(decode(stream.as_bytes()), expected, "{stream:?}");
    }
}

#[test]
fn an_event_is_dispatched_at_the_cr_of_its_blank_line() {
    let mut decoder = Decoder::new();
    assert_eq!(feed(&mut decoder, [&b"data: a\r\n\r"[..]]), [message("a")]);
    // The LF that was still to come is no second blank line, and no start of the next line.
    assert_eq!(
        feed(&mut decoder, [&b"\n"[..], b"data: b\r", b"\n\r"]),
        [message("b")]
    );
}

#[test]
fn only_one_lf_belongs_to_a_cr_at_the_end_of_a_chunk() {
    let mut decoder = Decoder::new();
    assert_eq!(
        feed(&mut decoder, [&b"data: a\r"[..], b"", b"\n", b"\n"]),
        [message("a")]
    );
}

#[test]
fn one_byte_order_mark_at_the_start_is_skipped_even_in_pieces() {
    let mut decoder = Decoder::new();
    assert_eq!(
        feed(&mut decoder, [&b"\xEF"[..], b"\xBB", b"\xBFdata: a\n\n"]),
        [message("a")]
    );
}

#[test]
fn a_second_byte_order_mark_is_part_of_the_first_name() {
    assert_eq!(
        decode("\u{FEFF}\u{FEFF}data: a\ndata: b\n\n".as_bytes()),
        [message("b")]
    );
    assert_eq!(
        decode("data: a\n\n\u{FEFF}data: b\n\n".as_bytes()),
        [message("a")]
    );
}

#[test]
fn half_a_byte_order_mark_is_part_of_the_first_name() {
    assert_eq!(decode(b"\xEF\xBBdata: a\ndata: b\n\n"), [message("b")]);
    assert_eq!(decode(b"\xEF\ndata: b\n\n"), [message("b")]);
    assert_eq!(
        decode("\u{FEFF}\n: c\n".as_bytes()),
        [Owned::Comment("c".to_owned())]
    );
}

#[test]
fn a_new_stream_may_start_with_a_byte_order_mark_again() {
    let mut decoder = Decoder::new();
    for _ in 0..2 {
        assert_eq!(
            feed(&mut decoder, ["\u{FEFF}data: a\n\n".as_bytes()]),
            [message("a")]
        );
        decoder.finish();
    }
}

#[test]
fn characters_cut_by_chunks_arrive_whole_and_invalid_ones_as_replacements() {
    let mut decoder = Decoder::new();
    assert_eq!(
        feed(&mut decoder, [&b"data: \xF0\x9F"[..], b"\x98\x80\n\n"]),
        [message("😀")]
    );
    assert_eq!(
        decode(b"data: \xF0\x9F\x98\ndata: \x80\n\n"),
        [message("\u{FFFD}\n\u{FFFD}")]
    );
}

#[test]
fn one_space_after_the_colon_is_dropped_and_no_more() {
    assert_eq!(decode(b"data:  a \n\n"), [message(" a ")]);
    assert_eq!(decode(b"data:\ta\n\n"), [message("\ta")]);
}

#[test]
fn lines_of_data_are_joined_with_lf() {
    assert_eq!(
        decode(b"data: a\ndata\ndata:\ndata: b\n\n"),
        [message("a\n\n\nb")]
    );
}

#[test]
fn an_empty_data_line_dispatches_empty_data() {
    for stream in ["data\n\n", "data:\n\n", "data: \n\n"] {
        assert_eq!(decode(stream.as_bytes()), [message("")], "{stream:?}");
    }
}

#[test]
fn nothing_is_dispatched_without_data_and_the_type_is_forgotten() {
    assert_eq!(decode(b"event: a\n\ndata: x\n\n"), [message("x")]);
    assert_eq!(decode(b"\n\n\r\r\n"), []);
}

#[test]
fn the_last_event_field_names_the_type_of_this_event_alone() {
    assert_eq!(
        decode(b"event: a\ndata: x\nevent: b\n\ndata: y\n\nevent: a\nevent\ndata: z\n\n"),
        [typed("b", "x"), message("y"), message("z")]
    );
}

#[test]
fn an_event_without_a_type_is_a_message() {
    let mut input = &b"data: x\n\n"[..];
    let mut decoder = Decoder::new();
    let Some(Ok(Item::Message(message))) = decoder.next(&mut input) else {
        panic!("no message");
    };
    assert!(message.event.is_empty());
    assert_eq!(message.event_type(), "message");
    let named = Message {
        event: Text::from("tick"),
        ..message
    };
    assert_eq!(named.event_type(), "tick");
}

#[test]
fn an_id_sticks_until_it_is_changed_also_by_an_empty_one() {
    assert_eq!(
        decode(b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\ndata: d\n\n"),
        [
            identified("a", "1", true),
            identified("b", "1", false),
            identified("c", "", true),
            identified("d", "", false)
        ]
    );
}

#[test]
fn an_id_with_nul_is_ignored() {
    assert_eq!(
        decode(b"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\nid: 3\nid: \0\ndata: c\n\n"),
        [
            identified("a", "1", true),
            identified("b", "1", false),
            identified("c", "3", true)
        ]
    );
}

#[test]
fn an_id_without_data_moves_the_cursor_and_dispatches_nothing() {
    assert_eq!(
        decode(b"id: 1\n\ndata: a\n\n"),
        [Owned::Id("1".to_owned()), identified("a", "1", false)]
    );
}

#[test]
fn the_cursor_moves_at_the_blank_line_and_not_before() {
    let mut decoder = Decoder::new();
    feed(&mut decoder, [&b"id: 1\ndata: a\n\nid: 2\ndata: b\n"[..]]);
    assert_eq!(decoder.last_event_id(), "1");
    feed(&mut decoder, [&b"\n"[..]]);
    assert_eq!(decoder.last_event_id(), "2");
}

#[test]
fn the_end_of_the_stream_drops_the_unfinished_event_and_keeps_the_cursor() {
    let mut decoder = Decoder::new();
    feed(
        &mut decoder,
        [&b"id: 1\ndata: a\n\nevent: e\nid: 2\ndata: b\ndata: c"[..]],
    );
    assert!(decoder.buffered() > 0);
    decoder.finish();
    assert_eq!((decoder.buffered(), decoder.last_event_id()), (0, "1"));
    assert_eq!(
        feed(&mut decoder, [&b"data: d\n\n"[..]]),
        [identified("d", "1", false)]
    );
}

#[test]
fn a_reconnection_starts_from_the_id_that_it_is_given() {
    let mut decoder = Decoder::new();
    decoder.set_last_event_id("41");
    assert_eq!(
        feed(&mut decoder, [&b"data: a\n\n"[..]]),
        [identified("a", "41", false)]
    );
}

#[test]
fn an_id_that_is_no_utf_8_is_kept_as_the_text_it_decodes_to() {
    assert_eq!(
        decode(b"id: \xFF\xC3\xA9\n\n"),
        [Owned::Id("\u{FFFD}é".to_owned())]
    );
}

#[test]
fn retry_counts_when_its_line_ends_even_in_an_unfinished_event() {
    let mut decoder = Decoder::new();
    assert_eq!(
        feed(&mut decoder, [&b"data: a\nret"[..], b"ry: 3", b"0\n"]),
        [Owned::Retry(30)]
    );
    assert_eq!(feed(&mut decoder, [&b"\n"[..]]), [message("a")]);
}

#[test]
fn retry_takes_ascii_digits_only() {
    assert_eq!(
        decode(b"retry: 1 \nretry: -1\nretry\nretry: \xD9\xA3\nretry: 99999999999999999999\n"),
        [Owned::Retry(u64::MAX)]
    );
}

#[test]
fn comments_stand_anywhere_and_end_nothing() {
    let comment = |text: &str| Owned::Comment(text.to_owned());
    let expected = [
        comment("0"),
        comment(""),
        comment(" 1"),
        typed("e", "a\nb"),
        comment("data: c"),
        message("d"),
    ];
    let stream = b": 0\nevent: e\n:\ndata: a\n:  1\ndata: b\n\n:data: c\ndata: d\n\n";
    assert_eq!(decode(stream), expected);
    assert_eq!(feed(&mut Decoder::new(), stream.chunks(1)), expected);
}

#[test]
fn unknown_fields_are_ignored() {
    assert_eq!(
        decode(b"foo: a\ndatabase: b\ndat\nDATA: c\ndata: d\n\n"),
        [message("d")]
    );
}

#[test]
fn what_lies_in_one_chunk_is_borrowed_from_it() {
    let chunk = b"id: 7\nevent: tick\ndata: payload\n\n".to_vec();
    let mut input = &chunk[..];
    let mut decoder = Decoder::new();
    let Some(Ok(Item::Message(message))) = decoder.next(&mut input) else {
        panic!("no message");
    };
    let memory = chunk.as_ptr_range();
    assert!(memory.contains(&message.data.as_bytes().as_ptr()));
    assert!(memory.contains(&message.event.as_bytes().as_ptr()));
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn what_was_handed_out_is_held_no_longer() {
    let mut decoder = Decoder::new();
    assert!(
        decoder
            .next(&mut &b"data: abc\nevent: d\n: com"[..])
            .is_none()
    );
    assert_eq!(decoder.buffered(), 3 + 1 + 5);
    assert!(matches!(
        decoder.next(&mut &b"ment\n"[..]),
        Some(Ok(Item::Comment(_)))
    ));
    assert_eq!(decoder.buffered(), 3 + 1);
    assert!(matches!(
        decoder.next(&mut &b"\n"[..]),
        Some(Ok(Item::Message(_)))
    ));
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn an_item_can_be_left_and_the_rest_of_the_chunk_read_later() {
    let mut input = &b"data: a\n\ndata: b\n\ndata"[..];
    let mut decoder = Decoder::new();
    assert!(matches!(decoder.next(&mut input), Some(Ok(Item::Message(m))) if m.data == "a"));
    assert_eq!(input, b"data: b\n\ndata");
    assert!(matches!(decoder.next(&mut input), Some(Ok(Item::Message(m))) if m.data == "b"));
    assert!(decoder.next(&mut input).is_none());
    assert_eq!((input, decoder.buffered()), (&b""[..], 4));
}

#[test]
fn fields_are_written_in_order_and_data_line_by_line() {
    let mut out = Vec::new();
    let event = Event {
        id: Some("7"),
        event: Some("e"),
        retry: Some(30),
        data: Some("a\rb\r\nc\n\nd\n"),
    };
    event.encode(LineEnding::Lf, &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "id: 7\nevent: e\nretry: 30\ndata: a\ndata: b\ndata: c\ndata: \ndata: d\ndata: \n\n"
    );
}

#[test]
fn empty_data_is_written_and_no_data_is_not() {
    let mut out = Vec::new();
    Event {
        data: Some(""),
        ..Event::default()
    }
    .encode(LineEnding::CrLf, &mut out)
    .unwrap();
    Event {
        retry: Some(3000),
        ..Event::default()
    }
    .encode(LineEnding::Cr, &mut out)
    .unwrap();
    assert_eq!(out, b"data: \r\n\r\nretry: 3000\r\r");
}

#[test]
fn a_value_that_would_break_out_of_its_field_is_refused_with_its_place() {
    let mut out = Vec::new();
    let mut error = |event: Event<'_>| {
        event
            .encode(LineEnding::Lf, &mut out)
            .unwrap_err()
            .to_string()
    };
    let with_id = |id| Event {
        id: Some(id),
        data: Some("x"),
        ..Event::default()
    };
    assert_eq!(
        error(with_id("é\rdata: y")),
        "the id field must not contain CR (at byte 2)"
    );
    assert_eq!(
        error(with_id("1\0")),
        "the id field must not contain NUL (at byte 1)"
    );
    let typed = Event {
        event: Some("\n"),
        data: Some("x"),
        ..Event::default()
    };
    assert_eq!(
        error(typed),
        "the event field must not contain LF (at byte 0)"
    );
    assert!(out.is_empty(), "nothing is written of a refused event");
}

#[test]
fn a_comment_of_several_lines_becomes_several_comments() {
    let mut out = Vec::new();
    encode_comment("a\r\ndata: b\n", LineEnding::Lf, &mut out);
    assert_eq!(out, b": a\n: data: b\n: \n\n");
}
