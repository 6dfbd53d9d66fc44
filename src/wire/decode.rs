use alloc::string::String;
use core::mem;

use super::item::{EventTooLarge, Item, Message};
use super::line::{Kind, classify, reconnection_time};
use super::scan::{self, LINE_FEED, Scanned, ScannedBuf};
use super::text::Text;

mod whole;

pub(crate) use whole::Whole;

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
    /// The next call has to look at what stands below before it reads on. Else it is all empty.
    unfinished: bool,
    /// How many bytes of a byte order mark were seen; all of them also stands for "past the start".
    bom: usize,
    /// The last line ended with a CR at the end of a chunk: an LF that comes next belongs to it.
    skip_line_feed: bool,
    /// An event was too large; what follows is swallowed until `finish`.
    overflowed: bool,
    /// Which of the buffers below the last item was lent from. They are emptied at the next call.
    lent: Lent,
    /// The line that the chunks cut, as far as it came.
    line: ScannedBuf,
    /// The standard's data buffer, but with LF between the lines instead of after each.
    data: ScannedBuf,
    /// Where the data starts in `data`: a line taken over whole still has its name before it.
    data_start: usize,
    has_data: bool,
    /// The standard's event type buffer.
    event: ScannedBuf,
    /// The value of this event's last usable `id` field, to be kept when the event ends.
    id: ScannedBuf,
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
    // Within its two callers, the npm package's module would be larger.
    #[inline(never)]
    pub fn with_max_event_bytes(limit: usize) -> Self {
        Self {
            limit,
            unfinished: true,
            bom: 0,
            skip_line_feed: false,
            overflowed: false,
            lent: Lent::Nothing,
            line: ScannedBuf::new(),
            data: ScannedBuf::new(),
            data_start: 0,
            has_data: false,
            event: ScannedBuf::new(),
            id: ScannedBuf::new(),
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
    #[cfg_attr(target_arch = "wasm32", target_feature(enable = "simd128"))]
    // In a loop of its own the item need not be written down and read again, which is half of a
    // short event's time.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn next<'s, 'c: 's>(
        &'s mut self,
        input: &mut &'c [u8],
    ) -> Option<Result<Item<'s>, EventTooLarge>> {
        let mut held = 0;
        if self.unfinished {
            match self.resume(input) {
                Resumed::Ready => held = self.held(),
                Resumed::Starved => return None,
                Resumed::TooLarge => return Some(Err(self.too_large(input))),
                Resumed::Retry(time) => return Some(Ok(Item::Retry(time))),
                Resumed::Comment(length) => {
                    return Some(Ok(Item::Comment(self.line.scanned().tail(length).into())));
                }
            }
        }
        // After a chunk that ended with a line, as most do.
        if input.is_empty() {
            return None;
        }
        // What of the current event lies in this input and need not be copied if it ends here too.
        let mut borrowed = Borrowed::default();
        // No more can count than was held before, and has been read since.
        let room = self.limit.saturating_sub(held);
        let start = input.len();
        loop {
            let (line, rest) = scan::line(input);
            if start - rest.len() > room && self.is_too_large(line.bytes().len(), borrowed.len()) {
                return Some(Err(self.too_large(input)));
            }
            *input = match rest {
                [b'\n', rest @ ..] => rest,
                [] => {
                    self.keep(borrowed);
                    // At the end of a line nothing is left over, as after most chunks.
                    if !line.bytes().is_empty() {
                        self.line.append(line, self.limit);
                        self.unfinished = true;
                    }
                    *input = &[];
                    return None;
                }
                [_, b'\n', rest @ ..] => rest,
                [_] => {
                    self.skip_line_feed = true;
                    self.unfinished = true;
                    &[]
                }
                [_, rest @ ..] => rest,
            };
            let (kind, value) = classify(line.bytes());
            let value = line.tail(value.len());
            match kind {
                Kind::Data => {
                    if self.has_data || borrowed.data.is_some() {
                        self.add_data(borrowed.data.take(), value);
                    } else {
                        borrowed.data = Some(value);
                    }
                }
                Kind::Blank => {
                    if self.has_data || borrowed.data.is_some() {
                        return Some(Ok(Item::Message(self.dispatch(borrowed))));
                    }
                    if self.end_without_data(borrowed.id) {
                        return Some(Ok(Item::Id));
                    }
                    borrowed = Borrowed::default();
                }
                Kind::Event => {
                    if !self.event.is_empty() {
                        self.event.reset(RETAINED_CAPACITY);
                    }
                    borrowed.event = Some(value);
                }
                Kind::Id => {
                    if !value.has_nul() {
                        if !self.id.is_empty() {
                            self.id.reset(RETAINED_CAPACITY);
                        }
                        borrowed.id = Some(value);
                    }
                }
                Kind::Comment => {
                    self.keep(borrowed);
                    // The blank line behind a heartbeat ends nothing.
                    if !self.unfinished
                        && let [b'\n', rest @ ..] = *input
                    {
                        *input = rest;
                    }
                    return Some(Ok(Item::Comment(value.into())));
                }
                Kind::Retry => {
                    if let Some(time) = reconnection_time(value.bytes()) {
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
        self.unfinished = true;
    }

    /// Deals with what the last call left: buffers that were lent, the start of the stream, half of
    /// a line ending, and the line that the chunks cut.
    #[cold]
    fn resume(&mut self, input: &mut &[u8]) -> Resumed {
        self.take_back();
        if self.overflowed {
            *input = &[];
        }
        if self.bom < BOM.len() {
            self.skip_bom(input);
        }
        if input.is_empty() {
            return Resumed::Starved;
        }
        if mem::take(&mut self.skip_line_feed) {
            *input = input.strip_prefix(b"\n").unwrap_or(input);
        }
        let mut resumed = Resumed::Ready;
        if !self.line.is_empty() {
            let (line, rest) = scan::line(input);
            if self.is_too_large(line.bytes().len(), 0) {
                return Resumed::TooLarge;
            }
            self.line.append(line, self.limit);
            *input = match rest {
                [] => {
                    *input = &[];
                    return Resumed::Starved;
                }
                [b'\r', b'\n', rest @ ..] => rest,
                [b'\r'] => {
                    self.skip_line_feed = true;
                    &[]
                }
                [_, rest @ ..] => rest,
            };
            resumed = self.take_line();
        }
        self.unfinished =
            self.skip_line_feed || self.has_data || self.has_id || !self.event.is_empty();
        if let Resumed::Comment(_) = resumed {
            self.lent = Lent::Line;
            self.unfinished = true;
        }
        resumed
    }

    /// "One leading U+FEFF BYTE ORDER MARK character must be ignored if any are present."
    fn skip_bom(&mut self, input: &mut &[u8]) {
        while let Some(&byte) = input.first()
            && self.bom < BOM.len()
        {
            if byte != BOM[self.bom] {
                // It only looked like one: what was held back starts the first line.
                let held_back = Scanned::of_bytes(&BOM[..self.bom]);
                self.line.append(held_back, self.limit);
                self.bom = BOM.len();
                return;
            }
            self.bom += 1;
            *input = &input[1..];
        }
    }

    /// Whether the line, what is held of the event and the borrowed bytes of it are more than the
    /// limit together, in bytes. The line may have begun in `self.line`. That counts the same wherever the
    /// chunks fall, and since no line grows when it is taken apart (its name goes, at most an LF
    /// comes) it is enough to look at each line.
    #[cold]
    fn is_too_large(&self, line: usize, borrowed: usize) -> bool {
        self.line.len() + line + self.held() + borrowed > self.limit
    }

    #[cold]
    fn too_large(&mut self, input: &mut &[u8]) -> EventTooLarge {
        *input = &[];
        self.drop_buffers();
        self.overflowed = true;
        self.unfinished = true;
        EventTooLarge { limit: self.limit }
    }

    /// Deals with the line that the chunks had cut, now that it is complete in `self.line`.
    ///
    /// It is not blank, and it is the first line of its input: nothing is borrowed yet.
    fn take_line(&mut self) -> Resumed {
        let (kind, value) = classify(self.line.bytes());
        let value = self.line.scanned().tail(value.len());
        let mut resumed = Resumed::Ready;
        match kind {
            Kind::Data if self.has_data => {
                self.data.append(LINE_FEED, self.limit);
                self.data.append(value, self.limit);
            }
            Kind::Data => {
                // The first data line is taken over as it is, name and all: no second copy.
                self.data_start = self.line.len() - value.bytes().len();
                mem::swap(&mut self.line, &mut self.data);
                self.has_data = true;
            }
            Kind::Event => {
                self.event.reset(RETAINED_CAPACITY);
                self.event.append(value, self.limit);
            }
            Kind::Id => {
                if !value.has_nul() {
                    self.id.reset(RETAINED_CAPACITY);
                    self.id.append(value, self.limit);
                    self.has_id = true;
                }
            }
            Kind::Comment => return Resumed::Comment(value.bytes().len()),
            Kind::Retry => {
                if let Some(time) = reconnection_time(value.bytes()) {
                    resumed = Resumed::Retry(time);
                }
            }
            Kind::Blank | Kind::Unknown => {}
        }
        self.line.reset(RETAINED_CAPACITY);
        resumed
    }

    /// "Dispatch the event": the ID becomes the last event ID, the rest is lent.
    #[inline]
    fn dispatch<'s>(&'s mut self, borrowed: Borrowed<'s>) -> Message<'s> {
        let has_id = self.remember_id(borrowed.id);
        if self.has_data || !self.event.is_empty() {
            self.lent = Lent::Event;
            self.unfinished = true;
        }
        let event = match borrowed.event {
            Some(event) => event,
            None => self.event.scanned(),
        };
        let data = match borrowed.data {
            Some(data) => data,
            None => self.data.scanned().tail(self.data.len() - self.data_start),
        };
        Message {
            event: event.into(),
            data: data.into(),
            last_event_id: &self.last_event_id,
            has_id,
        }
    }

    /// "If the data buffer is an empty string, set the data buffer and the event type buffer to the
    /// empty string and return", after the ID was set. Says whether there was one.
    #[inline]
    fn end_without_data(&mut self, id: Option<Scanned<'_>>) -> bool {
        if !self.event.is_empty() {
            self.event.reset(RETAINED_CAPACITY);
        }
        self.remember_id(id)
    }

    #[inline]
    fn remember_id(&mut self, borrowed: Option<Scanned<'_>>) -> bool {
        let has_id = borrowed.is_some() || self.has_id;
        if has_id {
            self.keep_id(borrowed);
        }
        has_id
    }

    fn keep_id(&mut self, borrowed: Option<Scanned<'_>>) {
        match borrowed {
            Some(id) => self.set_id(&Text::from(id).to_str()),
            None => {
                let id = Text::from(self.id.scanned()).to_str().into_owned();
                self.set_id(&id);
            }
        }
        self.id.reset(RETAINED_CAPACITY);
        self.has_id = false;
    }

    #[inline]
    fn set_id(&mut self, id: &str) {
        // Reuses the memory, which IDs of a steady length need only once.
        if self.last_event_id.capacity() > RETAINED_CAPACITY {
            self.last_event_id = String::new();
        }
        scan::replace(&mut self.last_event_id, id);
    }

    /// Copies out of the input what belongs to an event that does not end in it.
    #[inline]
    fn keep(&mut self, borrowed: Borrowed<'_>) {
        if borrowed.data.is_some() || borrowed.event.is_some() || borrowed.id.is_some() {
            self.keep_some(borrowed);
        }
    }

    fn keep_some(&mut self, borrowed: Borrowed<'_>) {
        self.keep_data(borrowed.data);
        if let Some(event) = borrowed.event {
            self.event.append(event, self.limit);
        }
        if let Some(id) = borrowed.id {
            self.id.append(id, self.limit);
            self.has_id = true;
        }
        self.unfinished = true;
    }

    fn keep_data(&mut self, only_line: Option<Scanned<'_>>) {
        if let Some(line) = only_line {
            self.data.append(line, self.limit);
            self.has_data = true;
            self.unfinished = true;
        }
    }

    /// Adds a line of data to those before, of which the first may still be borrowed.
    fn add_data(&mut self, only_line: Option<Scanned<'_>>, value: Scanned<'_>) {
        self.keep_data(only_line);
        self.data.append(LINE_FEED, self.limit);
        self.data.append(value, self.limit);
    }

    /// What is held of the event's finished lines.
    fn held(&self) -> usize {
        self.data.len() - self.data_start + self.event.len() + self.id.len()
    }

    fn take_back(&mut self) {
        match mem::replace(&mut self.lent, Lent::Nothing) {
            Lent::Nothing => {}
            Lent::Line => self.line.reset(RETAINED_CAPACITY),
            Lent::Event => {
                self.data.reset(RETAINED_CAPACITY);
                self.event.reset(RETAINED_CAPACITY);
                self.data_start = 0;
                self.has_data = false;
                // The next line that is cut takes the room over, as the last one did.
                if self.line.capacity() < self.data.capacity() {
                    mem::swap(&mut self.line, &mut self.data);
                }
            }
        }
    }

    fn drop_buffers(&mut self) {
        self.lent = Lent::Nothing;
        for buffer in [
            &mut self.line,
            &mut self.data,
            &mut self.event,
            &mut self.id,
        ] {
            *buffer = ScannedBuf::new();
        }
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
const RETAINED_CAPACITY: usize = 256 * 1024;

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
    data: Option<Scanned<'c>>,
    event: Option<Scanned<'c>>,
    id: Option<Scanned<'c>>,
}

impl Borrowed<'_> {
    fn len(&self) -> usize {
        [self.data, self.event, self.id]
            .into_iter()
            .flatten()
            .map(|part| part.bytes().len())
            .sum()
    }
}

/// What came of the line that the chunks had cut.
enum Resumed {
    /// Nothing, and the input goes on.
    Ready,
    /// The input is used up.
    Starved,
    TooLarge,
    Retry(u64),
    /// The line stays in the buffer, and this many bytes of it are the comment.
    Comment(usize),
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
        let line = decoder.line.bytes().as_ptr();
        let room = decoder.line.capacity() - decoder.line.len();
        assert!(
            room >= 1,
            "else the next byte moves the line and this test shows nothing"
        );
        assert_eq!(messages(&mut decoder, b"y\n", 2), 0);
        assert_eq!(decoder.data.bytes().as_ptr(), line);
        assert_eq!(decoder.buffered(), 50_001);
    }
}
