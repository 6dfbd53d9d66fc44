//! The decoders, each as its own documentation says it is used.

use crate::workload::Input;
use bytes::Bytes;
use futures::Stream;
use futures::task::noop_waker;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll};

/// A decoder.
pub(crate) struct Candidate {
    pub(crate) name: &'static str,
    /// Reads every event, and counts.
    pub(crate) count: fn(&Input) -> Count,
    /// A digest of all types and data, which says whether the answer is right.
    pub(crate) digest: fn(&Input) -> u64,
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) events: usize,
    pub(crate) text: usize,
}

/// Each use of a decoder is compiled for itself, as in a program that has one.
macro_rules! candidate {
    ($name:literal, $decode:ident) => {
        Candidate {
            name: $name,
            count: |input| {
                let mut count = Count::default();
                $decode(input, |event, data| {
                    count.events += 1;
                    count.text += black_box(event).len() + black_box(data).len();
                });
                count
            },
            digest: |input| {
                let mut hasher = DefaultHasher::new();
                $decode(input, |event, data| (event, data).hash(&mut hasher));
                hasher.finish()
            },
        }
    };
}

/// Tidewire first, then the peers.
pub(crate) const ALL: [Candidate; 6] = [
    candidate!("tidewire", tidewire),
    candidate!("sse-stream", sse_stream),
    candidate!("sse-core", sse_core),
    candidate!("sse-parse", sse_parse),
    candidate!("sseer", sseer),
    candidate!("eventsource-stream", eventsource_stream),
];

fn tidewire(input: &Input, mut read: impl FnMut(&str, &str)) {
    use tidewire::wire::{Decoder, Item};
    let mut decoder = Decoder::new();
    for chunk in &input.chunks {
        let mut bytes = &chunk[..];
        while let Some(item) = decoder.next(&mut bytes) {
            if let Ok(Item::Message(message)) = item {
                read(&message.event_type().to_str(), &message.data.to_str());
            }
        }
    }
}

fn sse_stream(input: &Input, mut read: impl FnMut(&str, &str)) {
    drain(::sse_stream::SseByteStream::new(chunks(input)), |event| {
        // It hands out blocks without data too, which are no events.
        if let Ok(::sse_stream::Sse {
            event,
            data: Some(data),
            ..
        }) = event
        {
            read(event.as_deref().unwrap_or("message"), &data);
        }
    });
}

fn sse_core(input: &Input, mut read: impl FnMut(&str, &str)) {
    use ::sse_core::{SseDecoder, SseEvent};
    let mut decoder = SseDecoder::new();
    for chunk in &input.chunks {
        let mut bytes = &chunk[..];
        while let Some(event) = decoder.next(&mut bytes) {
            if let Ok(SseEvent::Message(message)) = event {
                read(&message.event, &message.data);
            }
        }
    }
}

fn sse_parse(input: &Input, mut read: impl FnMut(&str, &str)) {
    let mut parser = ::sse_parse::SseParser::new();
    for chunk in &input.chunks {
        parser.feed(chunk);
        while let Some(event) = parser.next_event() {
            read(&event.event, &event.data);
        }
    }
}

fn sseer(input: &Input, mut read: impl FnMut(&str, &str)) {
    drain(
        ::sseer::event_stream::EventStream::new(chunks(input)),
        |event| {
            if let Ok(event) = event {
                read(&event.event, &event.data);
            }
        },
    );
}

fn eventsource_stream(input: &Input, mut read: impl FnMut(&str, &str)) {
    drain(
        ::eventsource_stream::EventStream::new(chunks(input)),
        |event| {
            if let Ok(event) = event {
                read(&event.event, &event.data);
            }
        },
    );
}

fn chunks(input: &Input) -> impl Stream<Item = Result<Bytes, Infallible>> {
    futures::stream::iter(input.chunks.iter().cloned().map(Ok))
}

/// Takes all that a stream has. It is never waited for: the chunks are there.
fn drain<S: Stream>(stream: S, mut take: impl FnMut(S::Item)) {
    let waker = noop_waker();
    let mut context = Context::from_waker(&waker);
    let mut stream = pin!(stream);
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut context) {
        take(item);
    }
}
