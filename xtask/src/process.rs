//! Running other programs, and saying what went wrong with them.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Instant;

pub(crate) type Outcome<T> = Result<T, Failure>;

/// What went wrong, and what to do about it, for a person to read.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For a file or folder that could not be read or written.
    pub(crate) fn at(path: &Path, error: &io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Does one step of a build and reports it in one line on standard error.
/// The work answers whether anything had to be done.
pub(crate) fn step(name: &str, work: impl FnOnce() -> Outcome<bool>) -> Outcome<()> {
    let start = Instant::now();
    if work()? {
        eprintln!("  {name:<32} {:>6.1} s", start.elapsed().as_secs_f64());
    } else {
        eprintln!("  {name:<32}    fresh");
    }
    Ok(())
}

/// Runs to the end with its output going to our standard error: our standard
/// output carries results alone.
pub(crate) fn run(command: &mut Command) -> Outcome<()> {
    command.stdin(Stdio::null()).stdout(io::stderr());
    let status = command
        .status()
        .map_err(|error| unstartable(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(failed(command, status))
    }
}

/// Runs to the end in silence; the output is shown only if it fails.
pub(crate) fn run_quietly(command: &mut Command) -> Outcome<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| unstartable(command, &error))?;
    if output.status.success() {
        return Ok(());
    }
    let mut shown = io::stderr().lock();
    // Nothing is left to tell if standard error itself is gone.
    let _ = shown
        .write_all(&output.stdout)
        .and_then(|()| shown.write_all(&output.stderr));
    Err(failed(command, output.status))
}

/// The trimmed standard output of a program; `None` if it is absent or fails.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs to the end, showing both outputs on our standard output as they come,
/// and returns the text beside whether it succeeded.
pub(crate) fn run_and_listen(command: &mut Command) -> Outcome<(bool, String)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| unstartable(command, &error))?;
    let (lines, arriving) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        forward_lines(output, lines.clone());
    }
    if let Some(output) = child.stderr.take() {
        forward_lines(output, lines);
    }
    let mut heard = String::new();
    for line in arriving {
        println!("{line}");
        heard.push_str(&line);
        heard.push('\n');
    }
    let status = child.wait().map_err(|error| unstartable(command, &error))?;
    Ok((status.success(), heard))
}

fn forward_lines(output: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while matches!(output.read_until(b'\n', &mut line), Ok(1..)) {
            let text = String::from_utf8_lossy(&line)
                .trim_end_matches(['\n', '\r'])
                .to_owned();
            if lines.send(text).is_err() {
                return;
            }
            line.clear();
        }
    });
}

/// Finds a program on the PATH.
pub(crate) fn find_on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
        .find(|candidate| candidate.is_file())
}

/// The PATH with some folders before all others.
pub(crate) fn path_with(folders: &[PathBuf]) -> Outcome<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(folders.iter().cloned().chain(std::env::split_paths(&path)))
        .map_err(|error| Failure::new(format!("cannot extend the PATH: {error}")))
}

fn unstartable(command: &Command, error: &io::Error) -> Failure {
    Failure::new(format!("cannot start `{}`: {error}", describe(command)))
}

fn failed(command: &Command, status: ExitStatus) -> Failure {
    Failure::new(format!("`{}` failed ({status})", describe(command)))
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program());
    let mut text = program.to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
