//! Payloads: whatever their text is, it is an event or an error; an event can be sent, and is
//! received as the same.

use tidewire::profiles::{Profile, Spec, decode_data};
use tidewire::wire::{Decoder, Item, LineEnding};

/// The first byte chooses the type, the rest is the data.
fn split<'d>(spec: &Spec, data: &'d [u8]) -> Option<(Option<u16>, String, &'d str)> {
    let (&which, text) = data.split_first()?;
    let text = std::str::from_utf8(text).ok()?;
    // One beyond the table is the type that the profile does not know.
    let index = usize::from(which) % (spec.events.len() + 1);
    Some(match spec.events.get(index) {
        Some(event) => (Some(index as u16), event.name.to_string(), text),
        None => (None, "unheard.of".to_owned(), text),
    })
}

macro_rules! target {
    ($target:ident, $profile:ident, $marker:ident) => {
        /// Decodes any data as an event of this profile.
        pub fn $target(data: &[u8]) {
            use tidewire::profiles::$profile::$marker;
            let spec = $marker::spec();
            let Some((index, name, text)) = split(&spec, data) else {
                return;
            };
            let Ok((event, meta)) = decode_data::<$marker>(&spec, index, &name, text) else {
                return;
            };
            // What the profile does not know is handed on as it came, and not sent by it.
            if index.is_none() {
                return;
            }
            let frame = event.frame(&meta).expect("it came as this type");
            let mut bytes = Vec::new();
            let sent = frame.as_event().encode(LineEnding::CrLf, &mut bytes);
            sent.expect("the names are of one line");
            let mut decoder = Decoder::new();
            let mut input = &bytes[..];
            let Some(Ok(Item::Message(message))) = decoder.next(&mut input) else {
                panic!("the event got lost on the wire");
            };
            let data = message.data.to_str();
            // Line breaks of a text become one kind on the wire.
            if data == frame.data {
                let again = decode_data::<$marker>(&spec, index, &name, &data);
                assert_eq!(again.as_ref(), Ok(&(event, meta)), "from {data}");
            }
        }
    };
}

target!(decode_dashtam, dashtam, Dashtam);
target!(decode_stock_agent, stock_agent, StockAgent);
target!(decode_cortex, cortex, Cortex);
target!(decode_stage_chat, stage_chat, StageChat);
target!(decode_hive, hive, Hive);
target!(decode_plain, plain, Plain);
