//! The streams, made from a fixed seed, and the chunks that they come in.

use bytes::Bytes;
use std::fmt::Write as _;
use std::ops::Range;

/// What fits into a processor's second cache, as what comes from a socket does.
const STREAM_BYTES: usize = 1 << 20;

/// A stream, and where its events end.
pub(crate) struct Workload {
    name: &'static str,
    stream: Bytes,
    ends: Vec<usize>,
}

/// How a stream is cut.
#[derive(Clone, Copy)]
enum Cut {
    Events,
    Bytes(usize),
}

/// What a server that flushes each event sends, what a TCP segment carries, what a browser's reader
/// often hands out, and its largest.
const CUTS: [(&str, Cut); 4] = [
    ("one event", Cut::Events),
    ("1,460 B", Cut::Bytes(1460)),
    ("16 KiB", Cut::Bytes(16 * 1024)),
    ("64 KiB", Cut::Bytes(64 * 1024)),
];

/// A stream in chunks.
pub(crate) struct Input {
    pub(crate) workload: &'static str,
    pub(crate) cut: &'static str,
    pub(crate) bytes: usize,
    /// The chunks share the memory of the stream, for peers that can make use of it.
    pub(crate) chunks: Vec<Bytes>,
}

impl Input {
    pub(crate) fn new(
        workload: &'static str,
        cut: &'static str,
        stream: &Bytes,
        ranges: impl IntoIterator<Item = Range<usize>>,
    ) -> Self {
        Input {
            workload,
            cut,
            bytes: stream.len(),
            chunks: (ranges.into_iter())
                .map(|range| stream.slice(range))
                .collect(),
        }
    }
}

/// Ranges of this size, the last one shorter.
pub(crate) fn pieces(length: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..length)
        .step_by(size)
        .map(move |start| start..(start + size).min(length))
}

impl Workload {
    /// The stream in chunks of each kind, with a name for each.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (String, Input)> {
        CUTS.iter().map(|&(cut, how)| {
            let ranges: Vec<_> = match how {
                Cut::Events => {
                    let starts = std::iter::once(0).chain(self.ends.iter().copied());
                    starts
                        .zip(self.ends.iter().copied())
                        .map(|(start, end)| start..end)
                        .collect()
                }
                Cut::Bytes(size) => pieces(self.stream.len(), size).collect(),
            };
            let input = Input::new(self.name, cut, &self.stream, ranges);
            (format!("{} {cut}", self.name), input)
        })
    }
}

/// Writes the event of this number.
type Write = fn(&mut Random, usize, &mut String);

/// All streams.
pub(crate) fn all() -> Vec<Workload> {
    const ALL: [(&str, Write); 6] = [
        ("llm", llm),
        ("finance", finance),
        ("unicode", unicode),
        ("large", large),
        ("tiny", tiny),
        ("comments", comments),
    ];
    ALL.iter()
        .map(|&(name, event)| {
            let mut random = Random(0x7469_6465_7769_7265);
            let mut text = String::new();
            let mut ends = Vec::new();
            while text.len() < STREAM_BYTES {
                event(&mut random, ends.len(), &mut text);
                ends.push(text.len());
            }
            Workload {
                name,
                stream: text.into(),
                ends,
            }
        })
        .collect()
}

/// Writing into a String cannot fail.
macro_rules! put {
    ($text:expr, $($format:tt)*) => {
        { let _ = write!($text, $($format)*); }
    };
}

/// A completion as OpenAI streams it: a token in some 250 bytes of JSON.
fn llm(random: &mut Random, index: usize, text: &mut String) {
    const TOKENS: [&str; 8] = [
        " the",
        " portfolio",
        ",",
        " rate",
        "\\n\\n",
        " während",
        " growth",
        " \\u2014",
    ];
    put!(
        text,
        "data: {{\"id\":\"chatcmpl-{:024x}\",\"object\":\"chat.completion.chunk\",\
         \"created\":{},\"model\":\"analyst-1-2026-03\",\"service_tier\":\"default\",\
         \"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[{{\"index\":0,\
         \"delta\":{{\"content\":\"{}\"}},\"logprobs\":null,\"finish_reason\":null}}]}}\n\n",
        index / 400,
        1_760_000_000 + index / 50,
        random.one_of(&TOKENS),
    );
}

/// Dashtam's events with an ID and a type; now and then a heartbeat between them.
fn finance(random: &mut Random, index: usize, text: &mut String) {
    const TYPES: [&str; 8] = [
        "sync.accounts.started",
        "sync.accounts.completed",
        "sync.transactions.completed",
        "sync.holdings.failed",
        "provider.token.expiring",
        "ai.response.chunk",
        "portfolio.balance.updated",
        "security.session.new",
    ];
    if random.below(50) == 0 {
        text.push_str(": heartbeat\n\n");
    }
    put!(
        text,
        "id: 0198a5f2-{:04x}-7{:03x}-8000-{index:012x}\nevent: {}\n\
         data: {{\"connection_id\": \"{:08x}-0000-4000-8000-000000000000\", \
         \"provider_slug\": \"schwab\", \"account_count\": {}, \
         \"balance\": \"{}.{:02}\", \"occurred_at\": \"2026-03-01T09:{:02}:{:02}+00:00\"}}\n\n",
        random.below(1 << 16),
        random.below(1 << 12),
        random.one_of(&TYPES),
        random.below(1 << 32),
        random.below(40),
        random.below(1_000_000),
        random.below(100),
        random.below(60),
        random.below(60),
    );
}

/// A chat in Chinese, Japanese and emoji.
fn unicode(random: &mut Random, index: usize, text: &mut String) {
    const WORDS: [&str; 8] = [
        "市场",
        "今日は",
        "🚀",
        "成长",
        "世界",
        "👩‍💻",
        "こんにちは",
        "価格",
    ];
    put!(
        text,
        "event: message.delta\ndata: {{\"seq\":{index},\"text\":\""
    );
    for _ in 0..20 + random.below(20) {
        text.push_str(random.one_of(&WORDS));
    }
    text.push_str("\"}\n\n");
}

/// A whole document in each event: 60 KB.
fn large(random: &mut Random, index: usize, text: &mut String) {
    put!(text, "event: document\nid: {index}\ndata: {{\"rows\":[");
    let end = text.len() + 60_000;
    while text.len() < end {
        put!(
            text,
            "{{\"symbol\":\"{:04X}\",\"price\":\"{}.{:02}\",\"volume\":{}}},",
            random.below(1 << 16),
            random.below(1000),
            random.below(100),
            random.below(1_000_000)
        );
    }
    text.push_str("null]}\n\n");
}

/// Ten bytes: what an event itself costs.
fn tiny(random: &mut Random, _: usize, text: &mut String) {
    put!(
        text,
        "data:{}{}{}\n\n",
        random.below(10),
        random.below(10),
        random.below(10)
    );
}

/// A quiet stream's heartbeats, and an event in each hundred.
fn comments(random: &mut Random, index: usize, text: &mut String) {
    match index % 100 {
        99 => put!(text, "data: {}\n\n", random.below(1000)),
        _ => put!(text, ": keepalive {}\n\n", 1_760_000_000 + index * 15),
    }
}

/// Xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        usize::try_from(high % limit as u64).unwrap_or(0)
    }

    fn one_of(&mut self, choices: &[&'static str]) -> &'static str {
        choices[self.below(choices.len())]
    }
}
