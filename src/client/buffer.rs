//! How much may wait for a slow consumer, and what is done when that is not enough.

/// How much may wait for a slow consumer, and what is done when that is not enough.
///
/// ```
/// use tidewire::client::{Buffer, Overflow};
///
/// let small = Buffer { events: 16, ..Buffer::default() };
/// assert_eq!((small.bytes, small.overflow), (4 * 1024 * 1024, None));
/// let shedding = Buffer { overflow: Some(Overflow::Drop), ..small };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffer {
    /// Events. Default 1024.
    pub events: usize,
    /// Bytes of the events' names and data. Default 4 MiB. One chunk more may come.
    pub bytes: usize,
    /// What is done when that is not enough. Default [`Overflow::Pause`], and with `EventSource`,
    /// which cannot pause, [`Overflow::Close`].
    pub overflow: Option<Overflow>,
}

impl Default for Buffer {
    fn default() -> Self {
        Buffer {
            events: 1_024,
            bytes: 4 * 1024 * 1024,
            overflow: None,
        }
    }
}

/// What is done when more waits than there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// Reading stops, so that TCP holds the server back.
    Pause,
    /// The oldest events are shed that the profile calls droppable; where there are none left,
    /// reading stops. What the profile calls critical is never shed.
    Drop,
    /// The stream ends with the reason
    /// [`SlowConsumer`](crate::connection::CloseReason::SlowConsumer) once more comes than there
    /// is room for.
    Close,
}

/// What waits, and how much may.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) buffer: Buffer,
    pub(super) overflow: Overflow,
    /// Whether the transport can.
    pub(super) pauses: bool,
    /// Events that wait.
    pub(super) events: usize,
    /// Bytes that wait.
    pub(super) bytes: usize,
}

impl Room {
    pub(super) fn new(buffer: Buffer, pauses: bool) -> Self {
        let by_default = match pauses {
            true => Overflow::Pause,
            false => Overflow::Close,
        };
        Room {
            overflow: buffer.overflow.unwrap_or(by_default),
            buffer,
            pauses,
            events: 0,
            bytes: 0,
        }
    }

    pub(super) fn put(&mut self, bytes: usize) {
        self.events += 1;
        self.bytes += bytes;
    }

    pub(super) fn take(&mut self, bytes: usize) {
        self.events -= 1;
        self.bytes -= bytes;
    }

    /// No more fits.
    pub(super) fn is_full(&self) -> bool {
        self.events >= self.buffer.events || self.bytes >= self.buffer.bytes
    }

    /// More is there than fits.
    pub(super) fn is_overfull(&self) -> bool {
        self.events > self.buffer.events || self.bytes > self.buffer.bytes
    }

    /// Whether reading is to stop.
    pub(super) fn holds_back(&self) -> bool {
        match self.overflow {
            Overflow::Pause => self.is_full(),
            Overflow::Drop => self.is_overfull(),
            Overflow::Close => false,
        }
    }

    /// Half of it is free. Below that, reading would start and stop at every event.
    pub(super) fn has_room_again(&self) -> bool {
        self.events <= self.buffer.events / 2 && self.bytes <= self.buffer.bytes / 2
    }
}
