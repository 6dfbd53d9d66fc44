//! Which version of a crate Cargo.lock holds.

/// The version of the package `name`; the highest line wins if there are
/// several, which for the crates asked about here never happens.
pub(crate) fn version_of<'a>(lockfile: &'a str, name: &str) -> Option<&'a str> {
    lockfile
        .split("[[package]]")
        .skip(1)
        .find_map(|package| (field(package, "name")? == name).then(|| field(package, "version"))?)
}

fn field<'a>(package: &'a str, key: &str) -> Option<&'a str> {
    package.lines().find_map(|line| {
        line.strip_prefix(key)?
            .trim_start()
            .strip_prefix('=')?
            .trim()
            .strip_prefix('"')?
            .strip_suffix('"')
    })
}

#[cfg(test)]
mod tests {
    use super::version_of;

    const LOCKFILE: &str = r#"version = 4

[[package]]
name = "wasm-bindgen-macro"
version = "0.2.7"

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
dependencies = [
 "wasm-bindgen-macro",
]
"#;

    #[test]
    fn a_version_is_read_by_the_exact_name() {
        assert_eq!(version_of(LOCKFILE, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(version_of(LOCKFILE, "wasm-bindgen-macro"), Some("0.2.7"));
    }

    #[test]
    fn a_crate_that_is_not_locked_has_no_version() {
        assert_eq!(version_of(LOCKFILE, "wasm"), None);
        assert_eq!(version_of("", "wasm-bindgen"), None);
    }
}
