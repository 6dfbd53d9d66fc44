use tidewire::wire::{Decoder, Event, Item, LineEnding};

/// A stream gives the same items however its chunks are cut, keeps its limit, and what it gives
/// can be written and read again. The first byte says how it is cut.
pub fn wire(data: &[u8]) {
    let Some((&how, stream)) = data.split_first() else {
        return;
    };
    let limit = match how & 1 {
        0 => Decoder::DEFAULT_MAX_EVENT_BYTES,
        _ => 64,
    };
    let whole = items(stream, usize::MAX, limit);
    let size = usize::from(how >> 1) % 16 + 1;
    assert_eq!(whole, items(stream, size, limit), "in chunks of {size}");
}

/// What comes out, as text; each message is also taken round.
fn items(stream: &[u8], size: usize, limit: usize) -> Vec<String> {
    let mut decoder = Decoder::with_max_event_bytes(limit);
    let mut items = Vec::new();
    for mut chunk in stream.chunks(size.min(stream.len().max(1))) {
        while let Some(item) = decoder.next(&mut chunk) {
            if let Ok(Item::Message(message)) = &item {
                let (event, data) = (message.event.to_str(), message.data.to_str());
                come_back(&event, &data, message.last_event_id);
            }
            items.push(format!("{item:?}"));
        }
        assert!(chunk.is_empty(), "{} bytes stayed unread", chunk.len());
        assert!(decoder.buffered() <= limit, "the limit is exceeded");
    }
    items.push(decoder.last_event_id().to_owned());
    items
}

/// What was read once can be written, and is read as the same.
fn come_back(event: &str, data: &str, id: &str) {
    let mut bytes = Vec::new();
    let written = Event {
        id: Some(id),
        event: Some(event),
        retry: None,
        data: Some(data),
    };
    written
        .encode(LineEnding::Lf, &mut bytes)
        .expect("it came from a stream");
    let mut decoder = Decoder::new();
    let mut input = &bytes[..];
    match decoder.next(&mut input) {
        Some(Ok(Item::Message(message))) => {
            assert_eq!(message.event, event);
            assert_eq!(message.data, data);
            assert_eq!(message.last_event_id, id);
        }
        other => panic!("{other:?} instead of a message"),
    }
    assert!(input.is_empty(), "one event became several");
}
