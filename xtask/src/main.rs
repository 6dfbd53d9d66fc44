//! The project's commands: `cargo xtask help` lists them.
//!
//! It has no dependencies, so that a fresh clone gets to the first useful line
//! within seconds.

mod api;
mod app_size;
mod apps;
mod browser;
mod cli;
mod crates;
mod freshness;
mod lockfile;
mod measure;
mod mute;
mod npm;
mod order;
mod pack;
mod package;
mod process;
mod server;
mod suite;
mod tally;
mod tools;
mod types;
mod wasm;
mod workspace;

use std::process::ExitCode;

use cli::Command;
use process::Outcome;
use workspace::Workspace;

fn main() -> ExitCode {
    let command = match cli::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("xtask: {error}\n\n{}", cli::HELP);
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all went well, for the commands that can fail without an error.
fn run(command: Command) -> Outcome<bool> {
    let workspace = Workspace::find()?;
    match command {
        Command::Help => println!("{}", cli::HELP),
        Command::Build => package::build(&workspace)?,
        Command::Serve { port, arguments } => server::serve(&workspace, port, &arguments)?,
        Command::Demo { port } => server::demo(&workspace, port)?,
        Command::Apps { port } => server::apps(&workspace, port)?,
        Command::Test(selection) => return suite::run(&workspace, &selection),
        Command::Soak(soak) => return suite::soak(&workspace, soak),
        Command::Bench(bench) => measure::bench(&workspace, &bench)?,
        Command::Types { check } => types::types(&workspace, check)?,
        Command::Api { check } => api::api(&workspace, check)?,
        Command::Size { json } => measure::size(&workspace, json)?,
        Command::AppSize => app_size::print(&workspace)?,
    }
    Ok(true)
}
