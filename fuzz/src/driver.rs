//! Runs targets on what is known and on what is made of it, until the time is up.

use std::cell::Cell;
use std::fs;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::{Duration, Instant};

use crate::Target;
use crate::mutate::{Dice, mutate};

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// How many inputs were tried.
    pub cases: u64,
    /// What broke the target.
    pub find: Option<Find>,
}

/// An input that breaks a target.
#[derive(Debug)]
pub struct Find {
    /// Where it lies.
    pub path: PathBuf,
    /// What the target said.
    pub message: String,
}

/// How many inputs of a run are kept to make others of.
const KEPT: usize = 256;

/// Tries a target for so long: first on the files of its folder below `corpus`, then on what is
/// made of them. An input that breaks it is made smaller and saved in that folder.
///
/// # Errors
/// When the corpus cannot be read or the find not be written.
pub fn run(target: Target, corpus: &Path, time: Duration, seed: u64) -> io::Result<Outcome> {
    let (name, function) = target;
    let folder = corpus.join(name);
    let mut known = Vec::new();
    let mut cases = 0;
    for path in files(&folder)? {
        let bytes = fs::read(&path)?;
        cases += 1;
        if let Some(message) = breaks(function, &bytes) {
            let find = Some(Find { path, message });
            return Ok(Outcome { cases, find });
        }
        known.push(bytes);
    }
    let (mut dice, written) = (Dice::new(seed), known.len());
    let start = Instant::now();
    while start.elapsed() < time {
        let bytes = mutate(&mut dice, &known);
        cases += 1;
        if breaks(function, &bytes).is_some() {
            let bytes = smaller(function, bytes);
            let message = breaks(function, &bytes).unwrap_or_default();
            let path = folder.join(format!("find-{:016x}", digest(&bytes)));
            fs::create_dir_all(&folder)?;
            fs::write(&path, bytes)?;
            let find = Some(Find { path, message });
            return Ok(Outcome { cases, find });
        }
        // Some of what is made goes on to be made of: changes add up.
        match known.len() < written + KEPT {
            true => known.push(bytes),
            false if dice.below(16) == 0 => {
                let at = written + dice.below(KEPT);
                known[at] = bytes;
            }
            false => {}
        }
    }
    Ok(Outcome { cases, find: None })
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut files = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    files.sort();
    Ok(files)
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// What the target says against this input. Its panic is not printed.
fn breaks(target: fn(&[u8]), bytes: &[u8]) -> Option<String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                loud(info);
            }
        }));
    });
    QUIET.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(|| target(bytes)));
    QUIET.set(false);
    let cause = result.err()?;
    let text = cause.downcast_ref::<String>().cloned();
    Some(
        text.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_default(),
    )
}

/// Leaves out whatever may be left out, larger parts first.
fn smaller(target: fn(&[u8]), mut bytes: Vec<u8>) -> Vec<u8> {
    let mut part = bytes.len() / 2;
    while part > 0 {
        let mut at = 0;
        while at < bytes.len() {
            let end = (at + part).min(bytes.len());
            let without = [&bytes[..at], &bytes[end..]].concat();
            match breaks(target, &without) {
                Some(_) => bytes = without,
                None => at = end,
            }
        }
        part /= 2;
    }
    bytes
}

/// FNV-1a, from its published constants: a name for a file.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |digest, &byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TARGETS;

    /// Breaks on an `id` field whose value begins with a NUL.
    fn planted(data: &[u8]) {
        assert!(!data.windows(5).any(|part| part == b"id: \0"), "planted");
    }

    #[test]
    fn a_planted_bug_is_found_made_small_and_saved() {
        let corpus = std::env::temp_dir().join(format!("tidewire-fuzz-{}", std::process::id()));
        let target: Target = ("planted", planted);
        let outcome = run(target, &corpus, Duration::from_secs(60), 1).expect("it runs");
        let find = outcome.find.expect("it is found within a minute");
        assert_eq!(find.message, "planted");
        assert_eq!(fs::read(&find.path).expect("it is saved"), b"id: \0");
        // From now on it is the first that is tried.
        let again = run(target, &corpus, Duration::ZERO, 2).expect("it runs");
        assert_eq!((again.cases, again.find.is_some()), (1, true));
        fs::remove_dir_all(&corpus).expect("it was made above");
    }

    #[test]
    fn every_kept_input_holds_and_every_target_has_some() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        for target in TARGETS {
            let outcome = run(target, &corpus, Duration::ZERO, 0).expect("the corpus is there");
            assert!(outcome.find.is_none(), "{:?}", outcome.find);
            assert!(outcome.cases > 0, "{} has no corpus", target.0);
        }
    }
}
