//! Steps whose inputs are as they were are not run again.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::process::{Failure, Outcome};

/// Runs `work` unless `outputs` exist and were made from `inputs` as they are
/// now by the same `recipe`. Answers whether it ran.
///
/// Inputs are files or folders; of a folder everything counts but
/// `node_modules`. The memory of the last run is the file `stamp`.
pub(crate) fn unless_fresh(
    stamp: &Path,
    recipe: &str,
    inputs: &[PathBuf],
    outputs: &[PathBuf],
    work: impl FnOnce() -> Outcome<()>,
) -> Outcome<bool> {
    let now = fingerprint(recipe, inputs)?;
    let last = fs::read_to_string(stamp).unwrap_or_default();
    if last == now && outputs.iter().all(|output| output.exists()) {
        return Ok(false);
    }
    // A run that fails halfway must not look like the last good one.
    match fs::remove_file(stamp) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Failure::at(stamp, &error));
        }
        _ => {}
    }
    work()?;
    create_parent(stamp)?;
    fs::write(stamp, now).map_err(|error| Failure::at(stamp, &error))?;
    Ok(true)
}

/// Makes the folder that a file is to lie in.
pub(crate) fn create_parent(file: &Path) -> Outcome<()> {
    match file.parent() {
        Some(folder) => fs::create_dir_all(folder).map_err(|error| Failure::at(folder, &error)),
        None => Ok(()),
    }
}

/// Every file below a folder, in a fixed order, without `node_modules`; of a
/// path that is no folder, itself.
pub(crate) fn files_below(path: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect(path, &mut files).map_err(|error| Failure::at(path, &error))?;
    files.sort();
    Ok(files)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() != "node_modules" {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

fn fingerprint(recipe: &str, inputs: &[PathBuf]) -> Outcome<String> {
    let mut hasher = DefaultHasher::new();
    recipe.hash(&mut hasher);
    for input in inputs {
        for file in files_below(input)? {
            let facts = fs::metadata(&file).map_err(|error| Failure::at(&file, &error))?;
            let modified = facts.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            (file, facts.len(), modified).hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A folder of its own for each test, gone afterwards.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("tidewire-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn work_is_done_again_only_when_an_input_the_recipe_or_an_output_changed() {
        let folder = Folder::new("fresh");
        let at = |name: &str| folder.0.join(name);
        fs::write(at("input"), "one").unwrap();
        let runs = Cell::new(0);
        let build = |recipe: &str| {
            unless_fresh(
                &at("stamp"),
                recipe,
                &[at("input")],
                &[at("output")],
                || {
                    runs.set(runs.get() + 1);
                    fs::write(at("output"), "made")
                        .map_err(|error| Failure::at(&at("output"), &error))
                },
            )
            .unwrap()
        };
        assert!(build("a"));
        assert!(!build("a"));
        assert!(build("b"), "another recipe");
        fs::write(at("input"), "longer").unwrap();
        assert!(build("b"), "another input");
        fs::remove_file(at("output")).unwrap();
        assert!(build("b"), "no output");
        assert!(!build("b"));
        assert_eq!(runs.get(), 4);
    }

    #[test]
    fn a_run_that_failed_is_repeated() {
        let folder = Folder::new("failed");
        let stamp = folder.0.join("stamp");
        assert!(unless_fresh(&stamp, "a", &[], &[], || Ok(())).unwrap());
        let broken = unless_fresh(&stamp, "b", &[], &[], || Err(Failure::new("broken")));
        assert_eq!(broken.unwrap_err().to_string(), "broken");
        assert!(unless_fresh(&stamp, "a", &[], &[], || Ok(())).unwrap());
    }
}
