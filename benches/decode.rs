//! How fast the decoder turns bytes into messages: `cargo xtask bench [--json]`.
//!
//! Three kinds of traffic, each in chunks of three sizes: what a TCP segment
//! carries, what Chromium's reader often hands out, and its largest. The bytes
//! are made from a fixed seed, so that two runs measure the same work.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use tidewire::wire::{Decoder, Item};

const CHUNK_SIZES: [usize; 3] = [1460, 16 * 1024, 64 * 1024];
/// Enough that the whole never fits into a processor's caches.
const WORKLOAD_BYTES: usize = 8 * 1024 * 1024;
/// Each figure is the median of this many passes, after one that is thrown away.
const PASSES: usize = 15;

fn main() {
    // `cargo bench` adds `--bench` to what it is given.
    let json = std::env::args().any(|argument| argument == "--json");
    let mut rows = Vec::new();
    for (name, generate) in WORKLOADS {
        let bytes = generate(&mut Random::new());
        let counts = CHUNK_SIZES.map(|size| decode(&bytes, size));
        assert!(
            counts[0].messages > 0 && counts.iter().all(|count| *count == counts[0]),
            "the chunks' size changed what was decoded: {counts:?}"
        );
        for chunk in CHUNK_SIZES {
            let time = median_time(|| decode(&bytes, chunk));
            rows.push(Row {
                name,
                chunk,
                bytes: bytes.len(),
                messages: counts[0].messages,
                time,
            });
        }
    }
    if json {
        println!("{}", as_json(&rows));
    } else {
        print!("{}", as_table(&rows));
    }
}

type Generate = fn(&mut Random) -> Vec<u8>;

const WORKLOADS: [(&str, Generate); 3] = [("llm", llm), ("finance", finance), ("tiny", tiny)];

/// A completion as it streams: a token in some two hundred bytes of JSON.
fn llm(random: &mut Random) -> Vec<u8> {
    const TOKENS: [&str; 8] = [
        " the",
        " portfolio",
        ",",
        " rate",
        "\\n\\n",
        " während",
        " 市场",
        " \\u2014",
    ];
    repeat(|index, text| {
        let token = TOKENS[random.below(TOKENS.len())];
        write!(
            text,
            "data: {{\"id\":\"chatcmpl-{:08x}\",\"object\":\"chat.completion.chunk\",\
             \"created\":{},\"model\":\"analyst-1\",\"choices\":[{{\"index\":0,\
             \"delta\":{{\"content\":\"{token}\"}},\"finish_reason\":null}}]}}\n\n",
            index / 400,
            1_760_000_000 + index / 50,
        )
    })
}

/// Account events with an ID and a type; now and then a heartbeat between them.
fn finance(random: &mut Random) -> Vec<u8> {
    const TYPES: [&str; 4] = [
        "sync.accounts.started",
        "sync.accounts.completed",
        "sync.transactions.completed",
        "provider.token.expiring",
    ];
    repeat(|index, text| {
        if random.below(50) == 0 {
            text.push_str(": heartbeat\n\n");
        }
        let name = TYPES[random.below(TYPES.len())];
        write!(
            text,
            "id: 0198a5f2-{:04x}-7{:03x}-8000-{index:012x}\nevent: {name}\n\
             data: {{\"connection_id\": \"{:08x}-0000-4000-8000-000000000000\", \
             \"provider_slug\": \"schwab\", \"account_count\": {}, \
             \"balance\": \"{}.{:02}\", \"occurred_at\": \"2026-03-01T09:{:02}:{:02}+00:00\"}}\n\n",
            random.below(1 << 16),
            random.below(1 << 12),
            random.below(1 << 32),
            random.below(40),
            random.below(1_000_000),
            random.below(100),
            random.below(60),
            random.below(60),
        )
    })
}

/// Next to nothing in each event: what an event itself costs.
fn tiny(random: &mut Random) -> Vec<u8> {
    repeat(|_, text| write!(text, "data: {}\n\n", random.below(10)))
}

fn repeat(mut event: impl FnMut(usize, &mut String) -> std::fmt::Result) -> Vec<u8> {
    let mut text = String::with_capacity(WORKLOAD_BYTES + 4096);
    let mut index = 0;
    while text.len() < WORKLOAD_BYTES {
        event(index, &mut text).expect("writing into a String cannot fail");
        index += 1;
    }
    text.into_bytes()
}

/// Xorshift64* from a fixed seed.
struct Random(u64);

impl Random {
    fn new() -> Self {
        Self(0x7469_6465_7769_7265)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        usize::try_from(high % limit as u64).unwrap_or(0)
    }
}

/// What came out, whatever the chunks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Decoded {
    messages: usize,
    comments: usize,
    /// Bytes of event types and data.
    text: usize,
}

fn decode(bytes: &[u8], chunk: usize) -> Decoded {
    let mut decoder = Decoder::new();
    let mut decoded = Decoded::default();
    for mut input in bytes.chunks(chunk) {
        while let Some(item) = decoder.next(&mut input) {
            match item.expect("no event here is near the limit") {
                Item::Message(message) => {
                    decoded.messages += 1;
                    decoded.text += black_box(message.event_type().as_bytes()).len();
                    decoded.text += black_box(message.data.as_bytes()).len();
                }
                Item::Comment(_) => decoded.comments += 1,
                _ => {}
            }
        }
    }
    decoded
}

fn median_time(mut work: impl FnMut() -> Decoded) -> Duration {
    black_box(work());
    let mut times: Vec<Duration> = (0..PASSES)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed()
        })
        .collect();
    times.sort();
    times[PASSES / 2]
}

struct Row {
    name: &'static str,
    chunk: usize,
    bytes: usize,
    messages: usize,
    time: Duration,
}

impl Row {
    /// Millions of bytes, not mebibytes.
    fn megabytes_per_second(&self) -> f64 {
        self.bytes as f64 / self.time.as_secs_f64() / 1e6
    }

    fn messages_per_second(&self) -> f64 {
        self.messages as f64 / self.time.as_secs_f64()
    }
}

fn as_table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<10}{:>8}{:>10}{:>14}\n",
        "workload", "chunk", "MB/s", "messages/s"
    );
    for row in rows {
        let (megabytes, messages) = (row.megabytes_per_second(), row.messages_per_second());
        let Row { name, chunk, .. } = row;
        text += &format!("{name:<10}{chunk:>8}{megabytes:>10.0}{messages:>14.0}\n");
    }
    text
}

fn as_json(rows: &[Row]) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "  {{\"workload\": \"{}\", \"chunk_bytes\": {}, \"bytes\": {}, \"messages\": {}, \
                 \"megabytes_per_second\": {:.1}, \"messages_per_second\": {:.0}}}",
                row.name,
                row.chunk,
                row.bytes,
                row.messages,
                row.megabytes_per_second(),
                row.messages_per_second(),
            )
        })
        .collect();
    format!("[\n{}\n]", rows.join(",\n"))
}
