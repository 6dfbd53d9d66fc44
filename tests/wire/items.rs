//! Items that own their text, so that they can be collected and compared.

use tidewire::wire::{Decoder, EventTooLarge, Item};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owned {
    Message {
        event: String,
        data: String,
        last_event_id: String,
        has_id: bool,
    },
    Comment(String),
    Retry(u64),
    Id(String),
    TooLarge(usize),
}

/// A message of no special type and without an ID.
pub(crate) fn message(data: &str) -> Owned {
    Owned::Message {
        event: String::new(),
        data: data.to_owned(),
        last_event_id: String::new(),
        has_id: false,
    }
}

/// Everything that comes out of a stream of these chunks; the stream stays open.
pub(crate) fn feed<'c>(
    decoder: &mut Decoder,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> Vec<Owned> {
    let mut items = Vec::new();
    for mut chunk in chunks {
        loop {
            let item = match decoder.next(&mut chunk) {
                None => break,
                Some(Err(EventTooLarge { limit, .. })) => Owned::TooLarge(limit),
                Some(Ok(Item::Message(message))) => Owned::Message {
                    event: message.event.to_string(),
                    data: message.data.to_string(),
                    last_event_id: message.last_event_id.to_owned(),
                    has_id: message.has_id,
                },
                Some(Ok(Item::Comment(text))) => Owned::Comment(text.to_string()),
                Some(Ok(Item::Retry(time))) => Owned::Retry(time),
                Some(Ok(Item::Id)) => Owned::Id(decoder.last_event_id().to_owned()),
            };
            items.push(item);
        }
        assert!(
            chunk.is_empty(),
            "the decoder asked for more with {chunk:?} unread"
        );
    }
    items
}

pub(crate) fn decode(bytes: &[u8]) -> Vec<Owned> {
    feed(&mut Decoder::new(), [bytes])
}
