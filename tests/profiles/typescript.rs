//! The TypeScript of the built-in profiles is tracked, and must be what the tables say.

use std::fs;
use std::path::PathBuf;
use tidewire::profiles::typescript;

/// `cargo xtask types` sets this variable to write; without it, files are compared.
#[test]
fn the_typescript_profiles_are_fresh() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pkg/src/profiles");
    let write = std::env::var_os("TIDEWIRE_WRITE_TYPES").is_some();
    let mut stale = Vec::new();
    for module in typescript::modules() {
        let path = folder.join(&module.name);
        if fs::read_to_string(&path).is_ok_and(|text| text == module.text) {
            continue;
        }
        match write {
            true => {
                fs::create_dir_all(&folder).expect("the folder of profiles");
                fs::write(&path, module.text).expect("a profile");
                println!("wrote pkg/src/profiles/{}", module.name);
            }
            false => stale.push(module.name),
        }
    }
    assert!(
        stale.is_empty(),
        "stale in pkg/src/profiles: {}; run `cargo xtask types`",
        stale.join(", ")
    );
}

#[test]
fn no_file_lies_among_the_typescript_profiles_that_nothing_prints() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("pkg/src/profiles");
    let printed = typescript::modules();
    for entry in fs::read_dir(folder).expect("the folder of profiles") {
        let name = entry.expect("an entry").file_name();
        assert!(
            printed.iter().any(|module| *module.name == *name),
            "{} is printed by nothing",
            name.to_string_lossy()
        );
    }
}
