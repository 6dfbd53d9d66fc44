//! The command line's arguments.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use tidewire_server::System;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
A test server that speaks five Server-Sent Events systems, and misbehaves on command

Usage: tidewire-server [OPTIONS]

Options:
  --port PORT             Listen on this port; 0 takes a free one [default: 8788]
  --host ADDRESS          Listen on this IP address [default: 127.0.0.1]
  --demo                  Live traffic of all systems in the default namespace
  --static MOUNT=DIR      Serve the files of DIR under MOUNT; may be repeated
  --token-secret SECRET   Sign and check tokens with SECRET
  --print-token SYSTEM    Print a token for `dashtam` or `cortex` and exit
  --quiet                 Print the address and nothing else
  --help                  Print this and exit
  --version               Print the version and exit

The address, http://ADDRESS:PORT, is the first line on standard output.
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Version,
    PrintToken {
        system: System,
        secret: Option<String>,
    },
    Serve(Arguments),
}

/// How to serve.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) address: SocketAddr,
    pub(crate) demo: bool,
    pub(crate) quiet: bool,
    pub(crate) static_dirs: Vec<(String, PathBuf)>,
    pub(crate) token_secret: Option<String>,
}

impl Arguments {
    /// # Errors
    /// A sentence about the argument that is wrong.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Command, String> {
        let mut host = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut port = 8788;
        let mut parsed = Self {
            address: SocketAddr::from((host, port)),
            demo: false,
            quiet: false,
            static_dirs: Vec::new(),
            token_secret: None,
        };
        let mut print_token = None;
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            // `--port 80` and `--port=80` are the same.
            let (option, mut attached) = match argument.split_once('=') {
                Some((option, value)) if option.starts_with("--") => {
                    (option.to_owned(), Some(value.to_owned()))
                }
                _ => (argument, None),
            };
            let mut value = || {
                attached
                    .take()
                    .or_else(|| arguments.next())
                    .ok_or_else(|| format!("{option} needs a value"))
            };
            match option.as_str() {
                "--help" | "-h" => return Ok(Command::Help),
                "--version" | "-V" => return Ok(Command::Version),
                "--demo" => parsed.demo = true,
                "--quiet" | "-q" => parsed.quiet = true,
                "--port" => {
                    let text = value()?;
                    port = text
                        .parse()
                        .map_err(|_| format!("--port: `{text}` is not a port (0 to 65535)"))?;
                }
                "--host" => {
                    let text = value()?;
                    host = text
                        .parse()
                        .map_err(|_| format!("--host: `{text}` is not an IP address"))?;
                }
                "--static" => {
                    let text = value()?;
                    let (mount, directory) = text
                        .split_once('=')
                        .ok_or_else(|| format!("--static: `{text}` is not MOUNT=DIR"))?;
                    let directory = PathBuf::from(directory);
                    if !directory.is_dir() {
                        return Err(format!(
                            "--static: `{}` is not a directory",
                            directory.display()
                        ));
                    }
                    parsed.static_dirs.push((mount.into(), directory));
                }
                "--token-secret" => parsed.token_secret = Some(value()?),
                "--print-token" => {
                    let name = value()?;
                    let system = System::from_name(&name)
                        .ok()
                        .filter(|system| matches!(system, System::Dashtam | System::Cortex))
                        .ok_or_else(|| {
                            format!("--print-token: `{name}` is neither dashtam nor cortex")
                        })?;
                    print_token = Some(system);
                }
                _ => return Err(format!("`{option}` is no option")),
            }
            if attached.is_some() {
                return Err(format!("{option} takes no value"));
            }
        }
        parsed.address = SocketAddr::from((host, port));
        Ok(match print_token {
            Some(system) => Command::PrintToken {
                system,
                secret: parsed.token_secret,
            },
            None => Command::Serve(parsed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_said_means_8788_on_this_machine() {
        let Ok(Command::Serve(arguments)) = parse("") else {
            panic!("serves");
        };
        assert_eq!(arguments.address.to_string(), "127.0.0.1:8788");
        assert!(!arguments.demo && !arguments.quiet);
    }

    #[test]
    fn a_value_comes_after_a_blank_or_an_equals_sign() {
        let spaced = parse("--port 0 --host ::1 --demo --static /=src").unwrap();
        assert_eq!(
            parse("--port=0 --host=::1 --demo --static=/=src").unwrap(),
            spaced
        );
        let Command::Serve(arguments) = spaced else {
            panic!("serves");
        };
        assert_eq!(arguments.address.to_string(), "[::1]:0");
        assert_eq!(arguments.static_dirs, [("/".into(), PathBuf::from("src"))]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, complaint) in [
            ("--port many", "--port: `many` is not a port (0 to 65535)"),
            ("--port", "--port needs a value"),
            ("--demo=yes", "--demo takes no value"),
            ("--static www", "--static: `www` is not MOUNT=DIR"),
            (
                "--static /=no-such",
                "--static: `no-such` is not a directory",
            ),
            (
                "--print-token hive",
                "--print-token: `hive` is neither dashtam nor cortex",
            ),
            ("serve", "`serve` is no option"),
        ] {
            assert_eq!(parse(line), Err(complaint.to_owned()));
        }
    }
}
