//! Chromium and its driver, which only the tests need.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Failure, Outcome};

pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: PathBuf,
}

/// The names under which Chromium is installed, the likeliest first.
const CHROMIUM: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
const DRIVER: [&str; 2] = ["chromedriver", "chromium.chromedriver"];

/// Finds both, or installs them where that takes no password.
pub(crate) fn ensure() -> Outcome<Browser> {
    if let Some(browser) = find()? {
        return Ok(browser);
    }
    install()?;
    find()?.ok_or_else(|| {
        Failure::new(format!(
            "Chromium was installed, yet is not found. {ADVICE}"
        ))
    })
}

const ADVICE: &str = "Chromium and chromedriver are needed, of the same version. On Debian and \
    its kin: `apt-get install chromium chromium-driver`. If they are not on the PATH, set CHROME \
    and CHROMEDRIVER to where they are.";

fn find() -> Outcome<Option<Browser>> {
    let chromium = find_one("CHROME", &CHROMIUM)?;
    let driver = find_one("CHROMEDRIVER", &DRIVER)?;
    Ok(chromium
        .zip(driver)
        .map(|(chromium, driver)| Browser { chromium, driver }))
}

fn find_one(variable: &str, names: &[&str]) -> Outcome<Option<PathBuf>> {
    if let Some(path) = std::env::var_os(variable).filter(|value| !value.is_empty()) {
        let path = PathBuf::from(path);
        return if path.is_file() {
            Ok(Some(path))
        } else {
            Err(Failure::new(format!(
                "{variable} is set to {}, which is no file",
                path.display()
            )))
        };
    }
    Ok(names.iter().find_map(|name| process::find_on_path(name)))
}

fn install() -> Outcome<()> {
    let Some(apt) = Apt::allowed() else {
        return Err(Failure::new(ADVICE));
    };
    eprintln!("  installing Chromium and its driver (apt-get, some minutes, once)");
    // An outdated package list may still do; if not, the next line says so.
    let updated = process::run_quietly(&mut apt.command(&["update", "-q"]));
    process::run_quietly(&mut apt.command(&[
        "install",
        "-q",
        "-y",
        "--no-install-recommends",
        "chromium",
        "chromium-driver",
        // Without a font that has them, screenshots show boxes.
        "fonts-liberation",
        "fonts-noto-color-emoji",
    ]))
    .map_err(|error| match updated {
        Ok(()) => Failure::new(format!("{error}\n{ADVICE}")),
        Err(earlier) => Failure::new(format!("{earlier}\n{error}\n{ADVICE}")),
    })
}

/// Debian's package manager, with the right to use it.
struct Apt {
    with_sudo: bool,
}

impl Apt {
    fn allowed() -> Option<Self> {
        if !Path::new("/etc/debian_version").exists() || process::find_on_path("apt-get").is_none()
        {
            return None;
        }
        if process::answer(Command::new("id").arg("-u")).as_deref() == Some("0") {
            return Some(Self { with_sudo: false });
        }
        process::answer(Command::new("sudo").args(["-n", "true"])).map(|_| Self { with_sudo: true })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = if self.with_sudo {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            sudo
        } else {
            let mut apt = Command::new("apt-get");
            apt.env("DEBIAN_FRONTEND", "noninteractive");
            apt
        };
        command.args(arguments);
        command
    }
}
