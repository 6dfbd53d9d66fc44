use alloc::{string::String, vec::Vec};
use core::mem;

use memchr::{memchr, memchr2};

use super::item::{EventTooLarge, Item, Message};
use super::line::{Kind, classify, reconnection_time};
use super::text::Text;

/// An incremental decoder of `text/event-stream`, by the HTML standard.
///
/// Bytes go in as they arrive, cut anywhere, and items are pulled out. An item borrows from the
/// chunk where it can, from the decoder where the chunks cut it. Each byte is looked at once and
/// copied at most twice, so the work is linear in the bytes however they are cut.
///
/// Where the standard says nothing or browsers agree on something else:
/// - An event is dispatched when the CR of its blank line is seen; an LF that follows is skipped.
/// - The last event ID outlives [`finish`](Self::finish). The standard starts each connection with
///   an empty ID buffer, which taken literally would forget the ID at the first event without one.
///
/// ```
/// use tidewire::wire::{Decoder, Item};
///
/// let mut decoder = Decoder::new();
/// let mut seen = Vec::new();
/// for mut chunk in [&b": hi\nid: 7\nda"[..], b"ta: wor", b"ld\r", b"\n\r\n"] {
///     while let Some(item) = decoder.next(&mut chunk) {
///         match item? {
///             Item::Message(message) => seen.push(message.data.to_string()),
///             Item::Comment(comment) => seen.push(format!("comment {comment}")),
///             Item::Retry(_) | Item::Id => {}
///         }
///     }
/// }
/// assert_eq!(seen, ["comment hi", "world"]);
/// assert_eq!(decoder.last_event_id(), "7");
/// # Ok::<(), tidewire::wire::EventTooLarge>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    /// How many bytes of a byte order mark were seen; all of them also stands for "past the start".
    bom: usize,
    /// The last line ended with a CR at the end of a chunk: an LF that comes next belongs to it.
    skip_line_feed: bool,
    /// An event was too large; what follows is swallowed until `finish`.
    overflowed: bool,
    /// Which of the buffers below the last item was lent from. They are emptied at the next call.
    lent: Lent,
    /// The line that the chunks cut, as far as it came.
    line: Vec<u8>,
    /// The standard's data buffer, but with LF between the lines instead of after each.
    data: Vec<u8>,
    /// Where the data starts in `data`: a line taken over whole still has its name before it.
    data_start: usize,
    has_data: bool,
    /// The standard's event type buffer.
    event: Vec<u8>,
    /// The value of this event's last usable `id` field, to be kept when the event ends.
    id: Vec<u8>,
    has_id: bool,
    last_event_id: String,
}

impl Decoder {
    /// 16 MiB: far above any event of the built-in profiles, far below what a browser tab can hold.
    pub const DEFAULT_MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

    /// A decoder at the start of a stream, without a last event ID.
    #[must_use]
    pub fn new() -> Self {
        Self::with_max_event_bytes(Self::DEFAULT_MAX_EVENT_BYTES)
    }

    /// The same with another limit on one event: on its data, type and ID and the line being read,
    /// counted together. What is still in the chunk counts like what had to be copied out of it.
    #[must_use]
    pub fn with_max_event_bytes(limit: usize) -> Self {
        Self {
            limit,
            bom: 0,
            skip_line_feed: false,
            overflowed: false,
            lent: Lent::Nothing,
            line: Vec::new(),
            data: Vec::new(),
            data_start: 0,
            has_data: false,
            event: Vec::new(),
            id: Vec::new(),
            has_id: false,
            last_event_id: String::new(),
        }
    }

    /// Sets the ID that a reconnection starts from: events without one of their own carry it.
    pub fn set_last_event_id(&mut self, id: &str) {
        self.last_event_id.clear();
        self.last_event_id.push_str(id);
    }

    /// The ID to reconnect with: the last one of an event that has ended, with or without data.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// How many bytes of an unfinished event are held.
    #[must_use]
    pub fn buffered(&self) -> usize {
        match self.lent {
            Lent::Nothing => self.line.len() + self.held(),
            Lent::Line => self.held(),
            Lent::Event => 0,
        }
    }

    /// Takes the next item out of `input` and advances it; `None` when the input is used up.
    ///
    /// What is unfinished at the end of the input is kept. The item borrows the decoder, so it has
    /// to be dealt with before the next one is asked for; `input` may be put aside between calls.
    ///
    /// # Errors
    ///
    /// [`EventTooLarge`], once; the rest of the stream is then swallowed until [`Self::finish`].
    pub fn next<'s, 'c: 's>(
        &'s mut self,
        input: &mut &'c [u8],
    ) -> Option<Result<Item<'s>, EventTooLarge>> {
        self.take_back();
        if self.overflowed {
            *input = &[];
            return None;
        }
        if self.bom < BOM.len() {
            self.skip_bom(input);
        }
        if !self.line.is_empty() {
            match self.read_line(input, 0) {
                Err(error) => return Some(Err(error)),
                Ok(None) => return None,
                Ok(Some(rest)) => append(&mut self.line, rest, self.limit),
            }
            match self.take_line() {
                None => {}
                Some(LineItem::Retry(time)) => return Some(Ok(Item::Retry(time))),
                Some(LineItem::Comment(start)) => {
                    self.lent = Lent::Line;
                    return Some(Ok(Item::Comment(Text::from(&self.line[start..]))));
                }
            }
        }
        // What of the current event lies in this input and need not be copied if it ends here too.
        let mut borrowed = Borrowed::default();
        loop {
            let line = match self.read_line(input, borrowed.len()) {
                Err(error) => return Some(Err(error)),
                Ok(None) => {
                    self.keep(borrowed);
                    return None;
                }
                Ok(Some(line)) => line,
            };
            let (kind, start) = classify(line);
            let value = &line[start..];
            match kind {
                Kind::Blank => {
                    if self.has_data || borrowed.data.is_some() {
                        return Some(Ok(Item::Message(self.dispatch(borrowed))));
                    }
                    if self.end_without_data(&borrowed) {
                        return Some(Ok(Item::Id));
                    }
                    borrowed = Borrowed::default();
                }
                Kind::Data => {
                    if self.has_data || borrowed.data.is_some() {
                        self.keep_data(borrowed.data.take());
                        append(&mut self.data, b"\n", self.limit);
                        append(&mut self.data, value, self.limit);
                    } else {
                        borrowed.data = Some(value);
                    }
                }
                Kind::Event => {
                    self.event.clear();
                    borrowed.event = Some(value);
                }
                Kind::Id => {
                    if memchr(0, value).is_none() {
                        self.id.clear();
                        borrowed.id = Some(value);
                    }
                }
                Kind::Comment => {
                    self.keep(borrowed);
                    return Some(Ok(Item::Comment(Text::from(value))));
                }
                Kind::Retry => {
                    if let Some(time) = reconnection_time(value) {
                        self.keep(borrowed);
                        return Some(Ok(Item::Retry(time)));
                    }
                }
                Kind::Unknown => {}
            }
        }
    }

    /// The stream ended: drops the unfinished event ("discard any pending data"), keeps the last
    /// event ID, and is ready for the start of another stream.
    pub fn finish(&mut self) {
        self.drop_buffers();
        self.bom = 0;
        self.skip_line_feed = false;
        self.overflowed = false;
    }

    /// "One leading U+FEFF BYTE ORDER MARK character must be ignored if any are present."
    fn skip_bom(&mut self, input: &mut &[u8]) {
        while let Some(&byte) = input.first()
            && self.bom < BOM.len()
        {
            if byte != BOM[self.bom] {
                // It only looked like one: what was held back starts the first line.
                self.line.extend_from_slice(&BOM[..self.bom]);
                self.bom = BOM.len();
                return;
            }
            self.bom += 1;
            *input = &input[1..];
        }
    }

    /// Takes a line out of the input up to its end, or keeps what there is of it.
    ///
    /// The line may have begun in `self.line`. An event is too large if the line, what is held of
    /// the event and the `borrowed` bytes of it are more than the limit together. That counts the
    /// same wherever the chunks fall, and since no line grows when it is taken apart (its name
    /// goes, at most an LF comes) it is enough to look here.
    // Twice the speed on short lines; the compiler alone doesn't, for there are two calls.
    #[inline(always)]
    fn read_line<'c>(
        &mut self,
        input: &mut &'c [u8],
        borrowed: usize,
    ) -> Result<Option<&'c [u8]>, EventTooLarge> {
        if self.skip_line_feed && !input.is_empty() {
            self.skip_line_feed = false;
            *input = input.strip_prefix(b"\n").unwrap_or(input);
        }
        // One search for both, so that a far CR is not looked for anew from every LF line.
        let end = memchr2(b'\n', b'\r', input);
        let (line, terminator) = input.split_at(end.unwrap_or(input.len()));
        if self.line.len() + line.len() + self.held() + borrowed > self.limit {
            *input = &[];
            self.drop_buffers();
            self.overflowed = true;
            return Err(EventTooLarge { limit: self.limit });
        }
        *input = match terminator {
            [] => {
                append(&mut self.line, line, self.limit);
                *input = &[];
                return Ok(None);
            }
            [b'\r', b'\n', rest @ ..] => rest,
            [b'\r'] => {
                self.skip_line_feed = true;
                &[]
            }
            [_, rest @ ..] => rest,
        };
        Ok(Some(line))
    }

    /// Deals with the line that the chunks had cut, now that it is complete in `self.line`.
    ///
    /// It is not blank, and it is the first line of its input: nothing is borrowed yet.
    fn take_line(&mut self) -> Option<LineItem> {
        let (kind, start) = classify(&self.line);
        let mut item = None;
        match kind {
            Kind::Data if self.has_data => {
                append(&mut self.data, b"\n", self.limit);
                append(&mut self.data, &self.line[start..], self.limit);
            }
            Kind::Data => {
                // The first data line is taken over as it is, name and all: no second copy.
                mem::swap(&mut self.line, &mut self.data);
                self.data_start = start;
                self.has_data = true;
            }
            Kind::Event => {
                self.event.clear();
                self.event.extend_from_slice(&self.line[start..]);
            }
            Kind::Id => {
                if memchr(0, &self.line[start..]).is_none() {
                    self.id.clear();
                    self.id.extend_from_slice(&self.line[start..]);
                    self.has_id = true;
                }
            }
            Kind::Comment => return Some(LineItem::Comment(start)),
            Kind::Retry => item = reconnection_time(&self.line[start..]).map(LineItem::Retry),
            Kind::Blank | Kind::Unknown => {}
        }
        reset(&mut self.line);
        item
    }

    /// "Dispatch the event": the ID becomes the last event ID, the rest is lent.
    fn dispatch<'s>(&'s mut self, borrowed: Borrowed<'s>) -> Message<'s> {
        let has_id = self.remember_id(borrowed.id);
        self.lent = Lent::Event;
        Message {
            event: Text::from(borrowed.event.unwrap_or(&self.event)),
            data: Text::from(borrowed.data.unwrap_or(&self.data[self.data_start..])),
            last_event_id: &self.last_event_id,
            has_id,
        }
    }

    /// "If the data buffer is an empty string, set the data buffer and the event type buffer to the
    /// empty string and return", after the ID was set. Says whether there was one.
    fn end_without_data(&mut self, borrowed: &Borrowed<'_>) -> bool {
        reset(&mut self.event);
        self.remember_id(borrowed.id)
    }

    fn remember_id(&mut self, borrowed: Option<&[u8]>) -> bool {
        let Some(id) = borrowed.or(self.has_id.then_some(&self.id)) else {
            return false;
        };
        match core::str::from_utf8(id) {
            // Reuses the memory, which IDs of a steady length need only once.
            Ok(id) if self.last_event_id.capacity() <= RETAINED_CAPACITY => {
                self.last_event_id.clear();
                self.last_event_id.push_str(id);
            }
            _ => self.last_event_id = String::from_utf8_lossy(id).into_owned(),
        }
        reset(&mut self.id);
        self.has_id = false;
        true
    }

    /// Copies out of the input what belongs to an event that does not end in it.
    fn keep(&mut self, borrowed: Borrowed<'_>) {
        self.keep_data(borrowed.data);
        if let Some(event) = borrowed.event {
            self.event.extend_from_slice(event);
        }
        if let Some(id) = borrowed.id {
            self.id.extend_from_slice(id);
            self.has_id = true;
        }
    }

    fn keep_data(&mut self, only_line: Option<&[u8]>) {
        if let Some(line) = only_line {
            append(&mut self.data, line, self.limit);
            self.has_data = true;
        }
    }

    /// What is held of the event's finished lines.
    fn held(&self) -> usize {
        self.data.len() - self.data_start + self.event.len() + self.id.len()
    }

    fn take_back(&mut self) {
        match mem::replace(&mut self.lent, Lent::Nothing) {
            Lent::Nothing => {}
            Lent::Line => reset(&mut self.line),
            Lent::Event => {
                reset(&mut self.data);
                reset(&mut self.event);
                self.data_start = 0;
                self.has_data = false;
            }
        }
    }

    fn drop_buffers(&mut self) {
        self.lent = Lent::Nothing;
        self.line = Vec::new();
        self.data = Vec::new();
        self.event = Vec::new();
        self.id = Vec::new();
        self.data_start = 0;
        self.has_data = false;
        self.has_id = false;
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

const BOM: &[u8; 3] = b"\xEF\xBB\xBF";

/// A buffer with more room than this gives it back once it is empty: one large event should not
/// cost its size for the life of the connection.
const RETAINED_CAPACITY: usize = 64 * 1024;

#[derive(Clone, Copy, Debug)]
enum Lent {
    Nothing,
    /// `line`, as a comment.
    Line,
    /// `data` and `event`, as a message.
    Event,
}

/// The parts of an event that lie in the input. Each stands in place of the decoder's own buffer,
/// which is empty then.
#[derive(Default)]
struct Borrowed<'c> {
    /// The only data line so far.
    data: Option<&'c [u8]>,
    event: Option<&'c [u8]>,
    id: Option<&'c [u8]>,
}

impl Borrowed<'_> {
    fn len(&self) -> usize {
        [self.data, self.event, self.id]
            .into_iter()
            .flatten()
            .map(<[u8]>::len)
            .sum()
    }
}

/// What a line is that says something by itself.
enum LineItem {
    /// The line stays in the buffer; its text starts here.
    Comment(usize),
    Retry(u64),
}

/// Appends, doubling the room like `Vec` but not beyond the limit, which the buffer never exceeds.
fn append(buffer: &mut Vec<u8>, bytes: &[u8], limit: usize) {
    let needed = buffer.len() + bytes.len();
    if needed > buffer.capacity() {
        let room = (buffer.capacity().saturating_mul(2))
            .min(limit)
            .max(needed)
            .max(64);
        buffer.reserve_exact(room - buffer.len());
    }
    buffer.extend_from_slice(bytes);
}

fn reset(buffer: &mut Vec<u8>) {
    buffer.clear();
    if buffer.capacity() > RETAINED_CAPACITY {
        *buffer = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(decoder: &mut Decoder, stream: &[u8], chunk: usize) -> usize {
        let mut messages = 0;
        for mut chunk in stream.chunks(chunk) {
            while let Some(item) = decoder.next(&mut chunk) {
                messages += usize::from(matches!(item, Ok(Item::Message(_))));
            }
        }
        messages
    }

    #[test]
    fn what_grew_for_a_large_event_shrinks_after_it() {
        let large = vec![b'x'; 1 << 20];
        let stream = [
            &large[..],
            b"\ndata: ",
            &large,
            b"\ndata: ",
            &large,
            b"\n:",
            &large,
            b"\nevent: ",
            &large,
        ];
        let stream = [
            &stream.concat()[..],
            b"\nid: ",
            &large,
            b"\n\nid: 1\ndata: a\n\ndata",
        ]
        .concat();
        let mut decoder = Decoder::new();
        assert_eq!(messages(&mut decoder, &stream, 1460), 2);
        for buffer in [&decoder.line, &decoder.data, &decoder.event, &decoder.id] {
            assert!(buffer.capacity() <= RETAINED_CAPACITY);
        }
        assert!(decoder.last_event_id.capacity() <= RETAINED_CAPACITY);
    }

    #[test]
    fn no_buffer_reserves_more_than_the_limit() {
        let mut decoder = Decoder::with_max_event_bytes(100_000);
        assert_eq!(
            messages(
                &mut decoder,
                &[b"data: ", &[b'x'; 99_994][..]].concat(),
                1460
            ),
            0
        );
        assert!(decoder.line.capacity() <= 100_000);
    }

    #[test]
    fn an_event_in_one_chunk_allocates_nothing_but_its_id() {
        let mut decoder = Decoder::new();
        let stream = b"event: tick\ndata: a\nid: 1\n\n".repeat(3);
        assert_eq!(messages(&mut decoder, &stream, stream.len()), 3);
        for buffer in [&decoder.line, &decoder.data, &decoder.event, &decoder.id] {
            assert_eq!(buffer.capacity(), 0);
        }
    }

    #[test]
    fn the_first_data_line_is_taken_over_without_another_copy() {
        let mut decoder = Decoder::new();
        assert_eq!(
            messages(
                &mut decoder,
                &[b"data: ", &[b'x'; 50_000][..]].concat(),
                1460
            ),
            0
        );
        let line = decoder.line.as_ptr();
        let room = decoder.line.capacity() - decoder.line.len();
        assert!(
            room >= 1,
            "else the next byte moves the line and this test shows nothing"
        );
        assert_eq!(messages(&mut decoder, b"y\n", 2), 0);
        assert_eq!(decoder.data.as_ptr(), line);
        assert_eq!(decoder.buffered(), 50_001);
    }
}
