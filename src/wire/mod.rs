//! `text/event-stream`, both ways: bytes to messages and messages to bytes.
//!
//! The [`Decoder`] follows [the HTML standard][standard] to the letter and takes its bytes as they
//! come, cut anywhere. The encoder ([`Event`], [`encode_comment`]) writes nothing that the decoder
//! would read differently. Neither does I/O, reads a clock or knows a browser.
//!
//! ```
//! use tidewire::wire::{Decoder, Event, Item, LineEnding};
//!
//! let mut bytes = Vec::new();
//! let event = Event { event: Some("greeting"), data: Some("hello\nworld"), ..Event::default() };
//! event.encode(LineEnding::Lf, &mut bytes)?;
//! assert_eq!(bytes, b"event: greeting\ndata: hello\ndata: world\n\n");
//!
//! let mut decoder = Decoder::new();
//! let mut input = &bytes[..];
//! while let Some(item) = decoder.next(&mut input) {
//!     if let Item::Message(message) = item? {
//!         assert_eq!(message.event_type(), *"greeting");
//!         assert_eq!(message.data.to_str(), "hello\nworld");
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [standard]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

mod decode;
mod encode;
mod item;
mod line;
mod scan;
mod text;

pub use decode::Decoder;
pub(crate) use decode::Whole;
pub use encode::{EncodeError, Event, LineEnding, NamedField, encode_comment};
pub use item::{EventTooLarge, Item, Message};
pub(crate) use scan::{find_either, replace};
pub use text::Text;
