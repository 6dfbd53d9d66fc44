//! The standard's algorithm written down sentence by sentence, on the whole stream at once. Slow,
//! and so plain that it can be checked against the standard by reading.

use crate::items::Owned;

pub(crate) fn decode(stream: &[u8]) -> Vec<Owned> {
    // "Streams must be decoded using the UTF-8 decode algorithm", which strips one BOM.
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);

    let mut items = Vec::new();
    let mut buffers = Buffers::default();
    for line in complete_lines(text) {
        buffers.process(&line, &mut items);
    }
    items
}

/// Lines end at CRLF, LF or CR. What follows the last ending is no line yet.
fn complete_lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\r' || character == '\n' {
            if character == '\r' && characters.peek() == Some(&'\n') {
                characters.next();
            }
            lines.push(String::new());
        } else if let Some(line) = lines.last_mut() {
            line.push(character);
        }
    }
    lines.pop();
    lines
}

#[derive(Default)]
struct Buffers {
    data: String,
    event_type: String,
    last_event_id: String,
    /// Not the standard's: whether this block had an `id` field that counted.
    has_id: bool,
}

impl Buffers {
    fn process(&mut self, line: &str, items: &mut Vec<Owned>) {
        if line.is_empty() {
            self.dispatch(items);
        } else if let Some(comment) = line.strip_prefix(':') {
            items.push(Owned::Comment(without_leading_space(comment).to_owned()));
        } else if let Some((field, value)) = line.split_once(':') {
            self.process_field(field, without_leading_space(value), items);
        } else {
            self.process_field(line, "", items);
        }
    }

    fn process_field(&mut self, field: &str, value: &str, items: &mut Vec<Owned>) {
        match field {
            "event" => self.event_type = value.to_owned(),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => {
                self.last_event_id = value.to_owned();
                self.has_id = true;
            }
            "retry" if !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) => {
                items.push(Owned::Retry(value.parse().unwrap_or(u64::MAX)));
            }
            _ => {}
        }
    }

    fn dispatch(&mut self, items: &mut Vec<Owned>) {
        let data = std::mem::take(&mut self.data);
        let event = std::mem::take(&mut self.event_type);
        let has_id = std::mem::take(&mut self.has_id);
        let last_event_id = self.last_event_id.clone();
        if let Some(data) = data.strip_suffix('\n') {
            items.push(Owned::Message {
                event,
                data: data.to_owned(),
                last_event_id,
                has_id,
            });
        } else if has_id {
            items.push(Owned::Id(last_event_id));
        }
    }
}

fn without_leading_space(value: &str) -> &str {
    value.strip_prefix(' ').unwrap_or(value)
}
