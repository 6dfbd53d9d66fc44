//! Runs every fuzz target, or those named, for a time that they share.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tidewire_fuzz::{TARGETS, Target, run};

fn main() -> ExitCode {
    match start(std::env::args().skip(1)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Answers whether nothing was found.
fn start(mut arguments: impl Iterator<Item = String>) -> Result<bool, String> {
    let (mut seconds, mut seed) = (60, 1);
    let mut targets: Vec<Target> = Vec::new();
    while let Some(argument) = arguments.next() {
        let mut number = || -> Result<u64, String> {
            let value = arguments.next().unwrap_or_default();
            value
                .parse()
                .map_err(|_| format!("{argument} wants a number, not '{value}'"))
        };
        match argument.as_str() {
            "--seconds" => seconds = number()?,
            "--seed" => seed = number()?,
            name => {
                let target = TARGETS.into_iter().find(|target| target.0 == name);
                targets.push(target.ok_or_else(|| {
                    let names: Vec<&str> = TARGETS.iter().map(|target| target.0).collect();
                    format!("'{name}' is no target; there are: {}", names.join(", "))
                })?);
            }
        }
    }
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    println!("seed {seed}, {seconds} s for {} targets", targets.len());
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let share = Duration::from_secs(seconds) / targets.len() as u32;
    let mut clean = true;
    for target in targets {
        let outcome = run(target, &corpus, share, seed).map_err(|error| error.to_string())?;
        println!("{:<20} {:>9} cases", target.0, outcome.cases);
        if let Some(find) = outcome.find {
            clean = false;
            println!("  found: {}\n  {}", find.path.display(), find.message);
        }
    }
    Ok(clean)
}
