//! What may be said after `cargo xtask`.

use std::fmt;

pub(crate) const HELP: &str = "\
cargo xtask COMMAND

  demo  [--port P]               build all, serve the page with live traffic (port 8788; 0 = any free one)
  serve [--port P] [-- ARGS…]    the same without live traffic; ARGS go to tidewire-server
  apps  [--port P]               the same for the example apps in examples/
  build                          the npm package: pkg/wasm and pkg/dist
  test  [--all] [FILTER]         every test there is; FILTER is part of a step's name, else of a test's
                                 --all also runs ignored tests, property tests for longer, every bundler
  soak  [--minutes N] [--seed S] connections that break at random bytes, in a real browser (10 minutes)
  bench [--quick] [--only TEXT] [--profile FILE] [--json] [--write]
                                 speed beside the peers, in Chromium and natively (half an hour);
                                 --quick: what tells most, in the browser alone (a minute);
                                 --only: the tasks whose name has it; --profile: a CPU profile of them;
                                 --write: into docs/performance.md and the README
  size  [--json]                 size of the npm package and of what applications get of it,
                                 and what fills the module
  app-size                       what Tidewire adds to the least application in Leptos and in Yew
  types [--check]                the TypeScript profiles, printed from the Rust tables; --check compares
  api   [--check]                what the crates make public, listed in docs/api; --check compares
  help                           this text

Tools that are missing are installed once, under $XDG_CACHE_HOME/tidewire (~/.cache/tidewire).
CHROME and CHROMEDRIVER name a browser and its driver that are not on the PATH.";

/// How long `soak` runs unless told otherwise.
const DEFAULT_MINUTES: u32 = 10;

/// The port that `demo`, `apps` and `serve` listen on unless told otherwise.
const DEFAULT_PORT: u16 = 8788;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Build,
    Serve { port: u16, arguments: Vec<String> },
    Demo { port: u16 },
    Apps { port: u16 },
    Test(Selection),
    Soak(Soak),
    Bench(Bench),
    Size { json: bool },
    AppSize,
    Types { check: bool },
    Api { check: bool },
}

/// Which tests to run, and how thoroughly.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) thorough: bool,
    pub(crate) filter: Option<String>,
}

/// For how long to break connections, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Soak {
    /// 0 is one round.
    pub(crate) minutes: u32,
    /// A new one each time unless it is given.
    pub(crate) seed: Option<u32>,
}

/// What to measure, and how to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bench {
    pub(crate) quick: bool,
    pub(crate) json: bool,
    /// Into the documentation too.
    pub(crate) write: bool,
    /// Part of the names of the tasks to run.
    pub(crate) only: Option<String>,
    /// Where to write a CPU profile of the page.
    pub(crate) profile: Option<String>,
}

/// A command line that makes no sense.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum UsageError {
    UnknownCommand(String),
    Unexpected { command: String, argument: String },
    MissingPort,
    BadPort(String),
    NoNumber { option: &'static str, text: String },
    NoText(&'static str),
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCommand(name) => write!(f, "there is no command `{name}`"),
            Self::Unexpected { command, argument } => {
                write!(f, "`{command}` does not take `{argument}`")
            }
            Self::MissingPort => f.write_str("`--port` needs a number from 0 to 65535"),
            Self::NoNumber { option, text } => {
                write!(
                    f,
                    "`{option}` needs a whole number from 0 to 4294967295, not `{text}`"
                )
            }
            Self::NoText(option) => write!(f, "`{option}` needs a text"),
            Self::BadPort(text) => {
                write!(f, "`{text}` is no port: a number from 0 to 65535 is needed")
            }
        }
    }
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, UsageError> {
    let arguments: Vec<String> = arguments.into_iter().collect();
    let mut own = arguments.iter().take_while(|argument| *argument != "--");
    if own.any(|argument| matches!(argument.as_str(), "--help" | "-h")) {
        return Ok(Command::Help);
    }
    let mut arguments = arguments.into_iter();
    let Some(name) = arguments.next() else {
        return Ok(Command::Help);
    };
    let mut rest = Arguments {
        command: name.clone(),
        rest: arguments,
        port: DEFAULT_PORT,
        json: false,
        check: false,
        selection: Selection::default(),
        soak: Soak {
            minutes: DEFAULT_MINUTES,
            seed: None,
        },
        bench: Bench::default(),
        forwarded: Vec::new(),
    };
    Ok(match name.as_str() {
        "help" => Command::Help,
        "build" => {
            rest.read(&[])?;
            Command::Build
        }
        "serve" => {
            rest.read(&[Accepted::Port, Accepted::Forwarded])?;
            Command::Serve {
                port: rest.port,
                arguments: rest.forwarded,
            }
        }
        "demo" => {
            rest.read(&[Accepted::Port])?;
            Command::Demo { port: rest.port }
        }
        "apps" => {
            rest.read(&[Accepted::Port])?;
            Command::Apps { port: rest.port }
        }
        "test" => {
            rest.read(&[Accepted::Selection])?;
            Command::Test(rest.selection)
        }
        "soak" => {
            rest.read(&[Accepted::Soak])?;
            Command::Soak(rest.soak)
        }
        "bench" => {
            rest.read(&[Accepted::Json, Accepted::Bench])?;
            Command::Bench(Bench {
                json: rest.json,
                ..rest.bench
            })
        }
        "size" => {
            rest.read(&[Accepted::Json])?;
            Command::Size { json: rest.json }
        }
        "app-size" => {
            rest.read(&[])?;
            Command::AppSize
        }
        "types" => {
            rest.read(&[Accepted::Check])?;
            Command::Types { check: rest.check }
        }
        "api" => {
            rest.read(&[Accepted::Check])?;
            Command::Api { check: rest.check }
        }
        _ => return Err(UsageError::UnknownCommand(name)),
    })
}

/// A kind of argument that a command takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Accepted {
    Port,
    Json,
    Check,
    Selection,
    Soak,
    Bench,
    Forwarded,
}

struct Arguments<I> {
    command: String,
    rest: I,
    port: u16,
    json: bool,
    check: bool,
    selection: Selection,
    soak: Soak,
    bench: Bench,
    forwarded: Vec<String>,
}

impl<I: Iterator<Item = String>> Arguments<I> {
    fn read(&mut self, accepted: &[Accepted]) -> Result<(), UsageError> {
        let accepts = |kind| accepted.contains(&kind);
        while let Some(argument) = self.rest.next() {
            match argument.as_str() {
                "--port" if accepts(Accepted::Port) => {
                    self.port = port(&self.rest.next().ok_or(UsageError::MissingPort)?)?;
                }
                "--minutes" if accepts(Accepted::Soak) => {
                    self.soak.minutes = number("--minutes", self.rest.next())?;
                }
                "--seed" if accepts(Accepted::Soak) => {
                    self.soak.seed = Some(number("--seed", self.rest.next())?);
                }
                "--quick" if accepts(Accepted::Bench) => self.bench.quick = true,
                "--write" if accepts(Accepted::Bench) => self.bench.write = true,
                "--only" if accepts(Accepted::Bench) => {
                    self.bench.only = Some(text("--only", self.rest.next())?);
                }
                "--profile" if accepts(Accepted::Bench) => {
                    self.bench.profile = Some(text("--profile", self.rest.next())?);
                }
                "--json" if accepts(Accepted::Json) => self.json = true,
                "--check" if accepts(Accepted::Check) => self.check = true,
                "--all" if accepts(Accepted::Selection) => self.selection.thorough = true,
                "--" if accepts(Accepted::Forwarded) => self.forwarded.extend(&mut self.rest),
                text if accepts(Accepted::Port) && text.starts_with("--port=") => {
                    self.port = port(&text["--port=".len()..])?;
                }
                text if accepts(Accepted::Selection)
                    && !text.starts_with('-')
                    && self.selection.filter.is_none() =>
                {
                    self.selection.filter = Some(argument);
                }
                _ => {
                    let command = self.command.clone();
                    return Err(UsageError::Unexpected { command, argument });
                }
            }
        }
        Ok(())
    }
}

fn number(option: &'static str, given: Option<String>) -> Result<u32, UsageError> {
    let text = given.unwrap_or_default();
    text.parse()
        .map_err(|_| UsageError::NoNumber { option, text })
}

fn text(option: &'static str, given: Option<String>) -> Result<String, UsageError> {
    given.ok_or(UsageError::NoText(option))
}

fn port(text: &str) -> Result<u16, UsageError> {
    text.parse()
        .map_err(|_| UsageError::BadPort(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Command, UsageError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_said_asks_for_help() {
        assert_eq!(parse_line(""), Ok(Command::Help));
        assert_eq!(parse_line("--help"), Ok(Command::Help));
    }

    #[test]
    fn help_is_given_with_every_command_and_the_servers_own_is_left_to_it() {
        assert_eq!(parse_line("demo --help"), Ok(Command::Help));
        assert_eq!(parse_line("test page -h"), Ok(Command::Help));
        let expected = Command::Serve {
            port: 8788,
            arguments: vec!["--help".to_owned()],
        };
        assert_eq!(parse_line("serve -- --help"), Ok(expected));
    }

    #[test]
    fn the_port_is_8788_unless_it_is_given_in_either_spelling() {
        assert_eq!(parse_line("demo"), Ok(Command::Demo { port: 8788 }));
        assert_eq!(parse_line("demo --port 0"), Ok(Command::Demo { port: 0 }));
        assert_eq!(parse_line("apps --port 0"), Ok(Command::Apps { port: 0 }));
        assert_eq!(parse_line("app-size"), Ok(Command::AppSize));
        assert_eq!(parse_line("demo --port=9"), Ok(Command::Demo { port: 9 }));
    }

    #[test]
    fn a_port_that_is_no_port_is_refused_with_the_allowed_range() {
        assert_eq!(parse_line("demo --port"), Err(UsageError::MissingPort));
        let error = parse_line("demo --port 65536").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`65536` is no port: a number from 0 to 65535 is needed"
        );
    }

    #[test]
    fn what_follows_two_dashes_goes_to_the_server_untouched() {
        let expected = Command::Serve {
            port: 1,
            arguments: vec!["--quiet".to_owned(), "--port".to_owned()],
        };
        assert_eq!(parse_line("serve --port 1 -- --quiet --port"), Ok(expected));
    }

    #[test]
    fn test_takes_one_filter_and_all() {
        let expected = Selection {
            thorough: true,
            filter: Some("page".to_owned()),
        };
        assert_eq!(parse_line("test page --all"), Ok(Command::Test(expected)));
        assert!(parse_line("test page browser").is_err());
    }

    #[test]
    fn a_soak_takes_minutes_and_a_seed_and_needs_neither() {
        let soak = |minutes, seed| Ok(Command::Soak(Soak { minutes, seed }));
        assert_eq!(parse_line("soak"), soak(10, None));
        let line = "soak --seed 7 --minutes 3";
        assert_eq!(parse_line(line), soak(3, Some(7)));
        for wrong in ["soak --minutes", "soak --minutes -1", "soak --seed x"] {
            let error = parse_line(wrong).unwrap_err();
            assert!(matches!(error, UsageError::NoNumber { .. }), "{error}");
        }
    }

    #[test]
    fn a_bench_is_whole_unless_it_is_to_be_quick_or_of_some_tasks_only() {
        assert_eq!(parse_line("bench"), Ok(Command::Bench(Bench::default())));
        let expected = Bench {
            quick: true,
            json: true,
            write: false,
            only: Some("finance".to_owned()),
            profile: Some("out.cpuprofile".to_owned()),
        };
        let line = "bench --only finance --json --quick --profile out.cpuprofile";
        assert_eq!(parse_line(line), Ok(Command::Bench(expected)));
        let Ok(Command::Bench(bench)) = parse_line("bench --write") else {
            panic!("a bench whose tables are written is a bench");
        };
        assert!(bench.write && !bench.quick);
        let error = parse_line("bench --only").unwrap_err();
        assert_eq!(error.to_string(), "`--only` needs a text");
    }

    #[test]
    fn types_and_lists_are_written_unless_they_are_to_be_checked() {
        assert_eq!(parse_line("types"), Ok(Command::Types { check: false }));
        let check = Command::Types { check: true };
        assert_eq!(parse_line("types --check"), Ok(check));
        assert_eq!(parse_line("api"), Ok(Command::Api { check: false }));
    }

    #[test]
    fn an_option_of_another_command_is_refused_by_name() {
        let error = parse_line("size --port 1").unwrap_err();
        assert_eq!(error.to_string(), "`size` does not take `--port`");
        assert_eq!(
            parse_line("deploy"),
            Err(UsageError::UnknownCommand("deploy".to_owned()))
        );
    }
}
