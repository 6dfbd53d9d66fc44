//! How fast Tidewire's decoder turns bytes into events, beside the other decoders in Rust.
//!
//! ```sh
//! cargo run --release -p tidewire-native-bench -- [--rounds N] [--filter TEXT] [--json FILE]
//! ```
//!
//! In each round every candidate decodes the same bytes, one after the other, and reads type and
//! data of each event as text. A ratio is the peer's time by Tidewire's in the same round, so that
//! what slows the machine down slows both; what is printed is the median of the rounds.

mod candidate;
mod measure;
mod report;
mod workload;

use measure::{Cell, LongLine};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    let cells: Vec<Cell> = workload::all()
        .iter()
        .flat_map(|workload| workload.cells())
        .filter(|(name, _)| name.contains(&options.filter))
        .map(|(_, input)| Cell::measure(&input, options.rounds))
        .collect();
    let long_line = LongLine::measure(options.rounds);
    let table = report::table(&cells, &long_line);
    match options.json {
        None => print!("{table}"),
        // Standard output may be a program's that runs this one.
        Some(_) => eprint!("{table}"),
    }
    if let Some(file) = options.json {
        let text = format!("{:#}\n", report::json(&cells, &long_line));
        if let Err(error) = std::fs::write(&file, text) {
            eprintln!("cannot write {}: {error}", file.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

const USAGE: &str = "usage: tidewire-native-bench [--rounds N] [--filter TEXT] [--json FILE]";

struct Options {
    rounds: usize,
    /// What a cell's name has to have in it: `llm`, `64 KiB`.
    filter: String,
    json: Option<PathBuf>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Options {
            rounds: 21,
            filter: String::new(),
            json: None,
        };
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{name} needs a value"));
            match &*name {
                "--rounds" => {
                    let rounds = value()?.parse().ok().filter(|&rounds| rounds > 0);
                    options.rounds = rounds.ok_or("--rounds is a number above 0")?;
                }
                "--filter" => options.filter = value()?,
                "--json" => options.json = Some(value()?.into()),
                _ => return Err(format!("{name} is no option")),
            }
        }
        Ok(options)
    }
}
