//! The short way of what is usual: a message whose lines are all there, and nothing odd about them.

use super::super::line::Field;
use super::super::scan::Lines;
use super::super::text::Text;
use super::Decoder;

/// A chunk, for [`Decoder::next_whole`].
pub(crate) struct Whole<'c> {
    lines: Lines<'c>,
    taken: usize,
}

/// A message that lies in its chunk as a whole.
pub(crate) struct WholeMessage<'c> {
    pub(crate) event: Text<'c>,
    pub(crate) data: Text<'c>,
    /// Its own ID.
    pub(crate) id: Option<Text<'c>>,
}

impl<'c> Whole<'c> {
    #[inline]
    pub(crate) fn of(chunk: &'c [u8]) -> Self {
        Whole {
            lines: Lines::of(chunk),
            taken: 0,
        }
    }

    /// What no message was made of yet.
    #[inline]
    pub(crate) fn rest(&self) -> &'c [u8] {
        self.lines.rest(self.taken)
    }
}

impl Decoder {
    /// Takes the next message, if it is one of the usual kind and there as a whole: lines that end
    /// with LF, each field once, no comment. If it is not, nothing is taken, and
    /// [`next`](Self::next) has to look at the [`rest`](Whole::rest): the two give the same. This
    /// way is shorter.
    ///
    /// Of every message that is taken so, or of the last of several, the ID is to be
    /// [remembered](Self::remember).
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    #[inline]
    pub(crate) fn next_whole<'c>(&self, whole: &mut Whole<'c>) -> Option<WholeMessage<'c>> {
        let lines = &mut whole.lines;
        if self.unfinished || lines.length() > self.limit {
            return None;
        }
        let (mut event, mut data, mut id) = (None, None, None);
        loop {
            let (start, end) = lines.next_simple()?;
            if start == end {
                break;
            }
            let by_word = lines.word(start).and_then(Field::of_word);
            let (field, name) = match by_word {
                Some(found) => found,
                None => Field::usual(lines.bytes(start, end))?,
            };
            let place = match field {
                Field::Data => &mut data,
                Field::Event => &mut event,
                Field::Id => &mut id,
            };
            if place.replace((start + name, end)).is_some() {
                return None;
            }
        }
        let data = data?;
        let part = |(start, end)| Text::from(lines.part(start, end));
        let message = WholeMessage {
            event: event.map(part).unwrap_or_default(),
            data: part(data),
            id: id.map(part),
        };
        whole.taken = lines.taken();
        Some(message)
    }

    /// Makes the ID of a message that was taken whole the last event ID.
    #[inline]
    pub(crate) fn remember(&mut self, id: Text<'_>) {
        self.set_id(&id.to_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Item;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    /// All messages of a stream, each with the last event ID, by both ways or by the longer alone;
    /// and how many came by the shorter.
    fn messages(chunks: &[&[u8]], limit: usize, both: bool) -> (Vec<[String; 3]>, usize) {
        let mut decoder = Decoder::with_max_event_bytes(limit);
        let (mut messages, mut short) = (Vec::new(), 0);
        for &chunk in chunks {
            let mut whole = Whole::of(chunk);
            loop {
                let taken = both.then(|| decoder.next_whole(&mut whole)).flatten();
                if let Some(WholeMessage { event, data, id }) = taken {
                    short += 1;
                    if let Some(id) = id {
                        decoder.remember(id);
                    }
                    let id = decoder.last_event_id().to_string();
                    messages.push([event.to_string(), data.to_string(), id]);
                    continue;
                }
                let mut input = whole.rest();
                let item = decoder.next(&mut input);
                whole = Whole::of(input);
                match item {
                    Some(Ok(Item::Message(message))) => messages.push([
                        message.event.to_string(),
                        message.data.to_string(),
                        message.last_event_id.to_string(),
                    ]),
                    Some(Err(error)) => messages.push([error.to_string(), "".into(), "".into()]),
                    Some(Ok(_)) => {}
                    None => break,
                }
            }
        }
        (messages, short)
    }

    #[test]
    fn the_short_way_gives_what_the_long_way_gives() {
        let whole = "id: 0123456789-0\nevent: provider.token.expiring\ndata: {\"n\": 123}\n\n";
        let lines = [
            whole,
            whole,
            whole,
            whole,
            whole,
            whole,
            "data: a payload of some length, so that a block is not enough for it, nor are two of them\n",
            "data: é 市\n",
            "data: a\ttab, and a \u{1}\n",
            "data:x\n",
            "event:sync.started\n",
            "id:7\n",
            "data\n",
            "data: x\r\n",
            "id: 0123456789-0\n",
            "id: a\0b\n",
            "id\n",
            "event: provider.token.expiring\n",
            "event:\n",
            ": heartbeat\n",
            "retry: 3000\n",
            "unknown: field\n",
            "\r",
            "\r\n",
            "\n",
            "\n",
            "\n",
            "\n",
        ];
        let mut seed = 7_u64;
        let mut below = |limit: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize % limit
        };
        let mut all_short = 0;
        for _ in 0..2_000 {
            let stream: String = (0..below(60)).map(|_| lines[below(lines.len())]).collect();
            let limit = [60, 100, 1 << 20][below(3)];
            let (mut chunks, mut rest) = (Vec::new(), stream.as_bytes());
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(1 + below(rest.len().min(600)));
                chunks.push(chunk);
                rest = after;
            }
            let (messages_of_both, short) = messages(&chunks, limit, true);
            let (expected, _) = messages(&chunks, limit, false);
            assert_eq!(messages_of_both, expected, "{chunks:?} {limit}");
            all_short += short;
        }
        assert!(all_short > 500, "{all_short}");
    }

    #[test]
    fn what_is_usual_and_whole_goes_the_short_way() {
        let usual =
            "id: 019c0a51-0000-7003-9f42-000000000003\nevent: sync.started\ndata: {\"n\": 1}\n\n";
        let stream = usual.repeat(10);
        let (all, short) = messages(&[stream.as_bytes()], 1 << 20, true);
        // At the start a byte order mark is to be looked for.
        assert_eq!((all.len(), short), (10, 9));
    }
}
