use super::Millis;

/// How long to wait before each attempt: exponential, with full jitter between floor and cap.
///
/// ```
/// use tidewire::connection::Backoff;
///
/// // From half a second to ten, and no more than five attempts in a row.
/// let mut backoff = Backoff::new(500, 10_000);
/// backoff.max_attempts = 5;
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Backoff {
    /// Milliseconds: the shortest delay. The server's `retry` raises it.
    pub min_delay: Millis,
    /// Milliseconds: the longest delay.
    pub max_delay: Millis,
    /// By how much the upper bound grows with each failure.
    pub factor: f64,
    /// Whether the delay is drawn between the floor and the upper bound, or is the upper bound.
    pub jitter: bool,
    /// How many attempts in a row may fail; `u32::MAX`: any number.
    pub max_attempts: u32,
    /// The standard's reconnection time instead of all this: each delay is what the server named
    /// last by `retry`, or else `min_delay`, and does not grow.
    pub constant: bool,
    failures: u32,
    retry: Option<Millis>,
}

/// Milliseconds between two attempts, whatever the server names: `retry: 0` is no loop.
const SHORTEST: Millis = 100;

/// Milliseconds that a connection must have been open for the delays to start anew.
const HEALTHY: Millis = 5_000;

impl Backoff {
    /// Delays from `min_delay` to `max_delay` milliseconds that double, without end.
    pub fn new(min_delay: Millis, max_delay: Millis) -> Self {
        Backoff {
            min_delay,
            max_delay,
            factor: 2.0,
            jitter: true,
            max_attempts: u32::MAX,
            constant: false,
            failures: 0,
            retry: None,
        }
    }

    /// The server named a reconnection time.
    pub(super) fn set_retry(&mut self, retry: Millis) {
        self.retry = Some(retry);
    }

    /// A connection ended that was open for so long.
    pub(super) fn lived(&mut self, open_for: Millis) {
        if open_for >= HEALTHY {
            self.failures = 0;
        }
    }

    /// Milliseconds until the next attempt; `None` if none is left. `after` is what the server
    /// asked for by `Retry-After`.
    pub(super) fn next(&mut self, after: Option<Millis>, seed: &mut Seed) -> Option<Millis> {
        self.failures += 1;
        if self.failures >= self.max_attempts {
            return None;
        }
        if self.constant {
            return Some(self.retry.unwrap_or(self.min_delay).max(SHORTEST));
        }
        let cap = self.max_delay.max(1);
        let floor = self.min_delay.max(self.retry.unwrap_or(0)).clamp(1, cap);
        let mut grown = floor as f64;
        for _ in 0..self.failures.min(64) {
            grown = (grown * self.factor.max(1.0)).min(cap as f64);
        }
        let ceiling = (grown as Millis).max(floor);
        let delay = match self.jitter {
            true => floor + seed.below(ceiling - floor + 1),
            false => ceiling,
        };
        // What the server asks for is honoured, but not for more than ten times the cap.
        let most = match cap <= Millis::MAX / 10 {
            true => cap * 10,
            false => Millis::MAX,
        };
        Some(delay.max(after.unwrap_or(0).min(most)))
    }
}

/// Randomness that a test can repeat: xorshift64*, from its published constants.
#[derive(Debug, Clone)]
pub struct Seed(u64);

impl Seed {
    /// The randomness that belongs to this number.
    pub fn new(seed: u64) -> Self {
        Seed(seed ^ 0x9E37_79B9_7F4A_7C15 | 1)
    }

    /// A number from 0 up to, not including, `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % bound.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_asks_for_is_honoured_up_to_ten_times_the_cap_however_large_that_is() {
        for (cap, asked, given) in [
            (100, 999, 999),
            (100, 1_001, 1_000),
            (Millis::MAX / 10, Millis::MAX, Millis::MAX / 10 * 10),
            (Millis::MAX / 10 + 1, Millis::MAX, Millis::MAX),
            (Millis::MAX, Millis::MAX, Millis::MAX),
        ] {
            let mut backoff = Backoff::new(1, cap);
            let delay = backoff.next(Some(asked), &mut Seed::new(1));
            assert_eq!(delay, Some(given), "{cap}, {asked}");
        }
    }
}
