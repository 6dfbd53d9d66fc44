//! New inputs from old ones.

/// What streams, JSON and specs are made of.
const TOKENS: [&str; 52] = [
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "data: ",
    "data",
    "event: ",
    "id: ",
    "retry: ",
    ":",
    ": ping\n\n",
    "\u{FEFF}",
    "\0",
    "\u{2028}",
    "\u{1F600}",
    "\t",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "\\",
    "\\u00e9",
    "\\ud83d",
    "null",
    "true",
    "NaN",
    "-Infinity",
    "0",
    "-1",
    "1e400",
    "0.1",
    "18446744073709551615",
    "\"type\":",
    "\"data\":",
    "\"id\":",
    "\"seq\":",
    "\"timestamp\":",
    "[DONE]",
    "name\tx\n",
    "event\ta\t0\t0\n",
    "category\tc\n",
    "discriminator\tfield\ttype\n",
    "gone\t404\n",
    "filter\ttypes\tt\tcomma\n",
    "heartbeat\tevent\t15000\n",
    "id: 7\nevent: import.failed\n",
    "data: {\"type\":\"execution_started\",\"seq\":1}\n\n",
    "data: {}\n\n",
    "message",
    "2026-04-16T19:30:05.123456",
];

/// Randomness that can be repeated: xorshift64*, from its published constants.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// From 0 up to, not including, `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound.max(1)
    }
}

/// No input grows beyond this.
const LONGEST: usize = 2_048;

/// Another input, made of one or two of the known ones.
pub(crate) fn mutate(dice: &mut Dice, known: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = match known.is_empty() {
        true => Vec::new(),
        false => known[dice.below(known.len())].clone(),
    };
    for _ in 0..=dice.below(6) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(8) {
            0 | 1 => {
                let token = TOKENS[dice.below(TOKENS.len())];
                bytes.splice(at..at, token.bytes());
            }
            2 => bytes.insert(at, dice.below(256) as u8),
            3 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            4 if at < bytes.len() => bytes[at] = dice.below(256) as u8,
            5 if at < bytes.len() => {
                let end = (at + 1 + dice.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
            6 if at < bytes.len() => {
                let end = (at + 1 + dice.below(32)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ if !known.is_empty() => {
                let other = &known[dice.below(known.len())];
                let from = dice.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            _ => {}
        }
    }
    bytes.truncate(LONGEST);
    bytes
}
