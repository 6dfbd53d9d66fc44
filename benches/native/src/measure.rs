//! Rounds of all candidates, and what they say.

use crate::candidate::{ALL, Candidate};
use crate::workload::{Input, pieces};
use bytes::Bytes;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A candidate so many times slower than Tidewire gets only [`FEW`] rounds, or it would take most
/// of the time.
const SLOW: u32 = 20;
const FEW: usize = 3;

/// One workload in chunks of one kind.
pub(crate) struct Cell {
    pub(crate) workload: &'static str,
    pub(crate) cut: &'static str,
    pub(crate) bytes: usize,
    pub(crate) events: usize,
    /// Tidewire first.
    pub(crate) results: Vec<Measured>,
}

/// One candidate in a cell.
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    /// It read the same as Tidewire.
    pub(crate) right: bool,
    pub(crate) time: Duration,
    /// Its time by Tidewire's in the same round: how many times faster Tidewire is.
    pub(crate) ratio: Spread,
}

/// The median of the rounds, with the middle half around it.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |part: usize| values[(values.len() - 1) * part / 4];
        Spread {
            low: at(1),
            median: at(2),
            high: at(3),
        }
    }
}

impl Cell {
    pub(crate) fn measure(input: &Input, rounds: usize) -> Self {
        let digests = ALL.map(|candidate| (candidate.digest)(input));
        // The round that warms up says who is slow.
        let warm = ALL.map(|candidate| time(&candidate, input));
        let rounds_of = warm.map(|time| match time > warm[0] * SLOW {
            true => rounds.min(FEW),
            false => rounds,
        });
        let mut times = ALL.map(|_| Vec::new());
        for round in 0..rounds {
            // In another order each time, so that nobody always comes after the same.
            for turn in 0..ALL.len() {
                let index = (turn + round) % ALL.len();
                if round < rounds_of[index] {
                    times[index].push(time(&ALL[index], input));
                }
            }
        }
        let results = (ALL.iter().enumerate())
            .map(|(index, candidate)| Measured {
                name: candidate.name,
                right: digests[index] == digests[0],
                time: median(times[index].clone()),
                ratio: Spread::of(
                    (times[index].iter().zip(&times[0]))
                        .map(|(peer, ours)| peer.as_secs_f64() / ours.as_secs_f64())
                        .collect(),
                ),
            })
            .collect();
        Cell {
            workload: input.workload,
            cut: input.cut,
            bytes: input.bytes,
            events: (ALL[0].count)(input).events,
            results,
        }
    }

    /// The fastest peer that is right, by the ratio.
    pub(crate) fn best_peer(&self) -> Option<&Measured> {
        (self.results[1..].iter())
            .filter(|peer| peer.right)
            .min_by(|a, b| a.ratio.median.total_cmp(&b.ratio.median))
    }
}

impl Measured {
    /// Millions of bytes, not mebibytes.
    pub(crate) fn megabytes_per_second(&self, bytes: usize) -> f64 {
        bytes as f64 / self.time.as_secs_f64() / 1e6
    }
}

/// A line of 8 MiB in packets, and how much longer that takes than in chunks of 64 KiB.
pub(crate) struct LongLine {
    pub(crate) results: Vec<(&'static str, Spread)>,
}

impl LongLine {
    pub(crate) fn measure(rounds: usize) -> Self {
        let stream = [b"data: ", &vec![b'x'; 8 << 20][..], b"\n\n"].concat();
        let stream = Bytes::from(stream);
        let cut = |cut, size| Input::new("line", cut, &stream, pieces(stream.len(), size));
        let (packets, chunks) = (cut("1,460 B", 1460), cut("64 KiB", 64 * 1024));
        let results = (ALL.iter())
            .map(|candidate| {
                let ratio = || {
                    let whole = time(candidate, &chunks).as_secs_f64();
                    time(candidate, &packets).as_secs_f64() / whole
                };
                let mut ratios = vec![ratio()];
                // What reads the line again with each packet takes seconds: once is enough.
                while ratios[0] < f64::from(SLOW) && ratios.len() < rounds {
                    ratios.push(ratio());
                }
                (candidate.name, Spread::of(ratios))
            })
            .collect();
        LongLine { results }
    }
}

fn time(candidate: &Candidate, input: &Input) -> Duration {
    let start = Instant::now();
    black_box((candidate.count)(black_box(input)));
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[(times.len() - 1) / 2]
}
