use tidewire::connection::Config;
use tidewire::filter::Filter;
use tidewire::profiles;

use crate::rig::{Head, Input, RetryAfter, Rig};

/// Bytes as a script: a configuration, then inputs. The rules of a connection hold, whatever the
/// script says, and the same script gives the same actions.
pub fn connection(data: &[u8]) {
    assert_eq!(life(data), life(data), "the same script, another life");
}

fn life(data: &[u8]) -> String {
    let mut script = Script(data);
    let spec = profiles::all()[usize::from(script.byte()) % 6].clone();
    let categories = spec.categories.clone();
    let mut config = Config::new(spec);
    let flags = script.byte();
    config.has_token = flags & 1 != 0;
    if flags & 2 != 0 {
        config.max_event_bytes = 200;
    }
    if flags & 4 != 0 {
        config.stale_after = script.time();
    }
    if flags & 8 != 0 {
        config.connect_timeout = script.time();
    }
    config.seed = u64::from(flags);
    let begin = match flags & 0xF0 {
        0xF0 => u64::MAX - 10_000,
        _ => 0,
    };
    let mut rig = Rig::started(config, begin);
    while !script.0.is_empty() {
        let input = match script.byte() % 32 {
            0..=3 => Input::Head(Head::STREAM),
            4 => Input::Head(script.head()),
            5 | 6 => Input::TokenReady,
            7 => Input::TokenFailed,
            8..=13 => Input::Bytes(script.bytes()),
            14 => Input::Ended,
            15 => Input::Failed,
            16..=18 => Input::Wait(script.time()),
            19 => Input::Sleep(script.time()),
            20 => Input::Pause,
            21 => Input::Resume,
            22 => Input::Filter(Filter::all()),
            23 => {
                let which = usize::from(script.byte()) % categories.len();
                Input::Filter(Filter::categories([categories[which].clone()]))
            }
            24 => Input::Reconnect,
            25 => Input::CandidateHead(Head::STREAM),
            26 => Input::CandidateBytes(script.bytes()),
            27 => Input::CandidateFailed,
            28 => Input::Online,
            29 => Input::PageHidden,
            30 => Input::PageShown,
            _ => Input::Close,
        };
        rig.put(&input);
    }
    rig.put(&Input::Close);
    format!("{}{:?}", rig.trace(), rig.taken())
}

/// Reads a script; at its end everything is 0.
struct Script<'d>(&'d [u8]);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        byte
    }

    /// From nothing to beyond all bounds: a mantissa and an exponent.
    fn time(&mut self) -> u64 {
        let mantissa = u64::from(self.byte());
        mantissa
            .checked_shl(u32::from(self.byte()) % 64)
            .unwrap_or(u64::MAX)
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = usize::from(self.byte()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes.to_vec()
    }

    fn head(&mut self) -> Head {
        let statuses = [204, 301, 401, 403, 404, 408, 422, 429, 500, 503];
        let status = statuses[usize::from(self.byte()) % statuses.len()];
        Head {
            retry_after: match self.byte() % 3 {
                0 => RetryAfter::None,
                1 => RetryAfter::Seconds(self.time()),
                _ => RetryAfter::Nonsense(format!("x{}", String::from_utf8_lossy(&self.bytes()))),
            },
            ..Head::status(status)
        }
    }
}
