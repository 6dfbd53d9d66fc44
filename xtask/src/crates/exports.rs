//! What the module of an application exports: its own functions, and none of ours. A library
//! that was a `cdylib` as well would leave its exports in every module that it is linked into.

use std::fs;

use crate::process::{self, Failure, Outcome};
use crate::tools::{self, WASM_TARGET};
use crate::workspace::Workspace;

/// The application that is looked at, and the one function that it exports.
const APP: &str = "tidewire-example-bare";
const EXPORTED: &str = "watch";

/// What the linker exports, and wasm-bindgen's runtime until its command-line tool takes it out.
const OF_THE_LINKER: [&str; 3] = ["memory", "__data_end", "__heap_base"];
const OF_WASM_BINDGEN: [&str; 5] = [
    "__wbindgen_",
    "__externref_",
    "__wbg_jspi_",
    "__abort_handler",
    "__instance_terminated",
];

/// Compiles an application and reads the names that its module exports.
pub(crate) fn nothing_of_ours_is_exported(workspace: &Workspace) -> Outcome<()> {
    tools::wasm_target()?;
    process::run(workspace.cargo().args([
        "build",
        "--quiet",
        "--package",
        APP,
        "--target",
        WASM_TARGET,
    ]))?;
    let module = workspace
        .target
        .join(WASM_TARGET)
        .join("debug")
        .join(APP.replace('-', "_"))
        .with_extension("wasm");
    let bytes = fs::read(&module).map_err(|error| Failure::at(&module, &error))?;
    let exports = exports(&bytes)
        .ok_or_else(|| Failure::new(format!("{} cannot be read", module.display())))?;
    let (own, others): (Vec<&str>, Vec<&str>) = exports
        .into_iter()
        .filter(|name| !is_of_the_tools(name))
        .partition(|name| name.starts_with(EXPORTED));
    match (own.len(), others.is_empty()) {
        (1, true) => Ok(()),
        (1, false) => Err(Failure::new(format!(
            "an application that depends on tidewire exports {}",
            others.join(", ")
        ))),
        _ => Err(Failure::new(format!("`{EXPORTED}` is not exported once"))),
    }
}

fn is_of_the_tools(name: &str) -> bool {
    OF_THE_LINKER.contains(&name) || OF_WASM_BINDGEN.iter().any(|start| name.starts_with(start))
}

/// The names in the export section of a module; `None` if it is none.
fn exports(module: &[u8]) -> Option<Vec<&str>> {
    const EXPORT_SECTION: u8 = 7;
    let mut rest = module.strip_prefix(b"\0asm\x01\0\0\0")?;
    while let Some((&id, after)) = rest.split_first() {
        rest = after;
        let length = number(&mut rest)?;
        let mut section = take(&mut rest, length)?;
        if id != EXPORT_SECTION {
            continue;
        }
        let count = number(&mut section)?;
        return (0..count)
            .map(|_| {
                let length = number(&mut section)?;
                let name = std::str::from_utf8(take(&mut section, length)?).ok()?;
                let _kind = take(&mut section, 1)?;
                let _index = number(&mut section)?;
                Some(name)
            })
            .collect();
    }
    Some(Vec::new())
}

fn take<'m>(bytes: &mut &'m [u8], count: usize) -> Option<&'m [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

/// An unsigned LEB128 of 32 bits.
fn number(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = take(bytes, 1)?[0];
        value |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_a_module_exports_are_read() {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        // A custom section, and another, are passed over.
        module.extend([0, 3, 1, b'x', 9]);
        module.extend([7, 0x93, 0x00, 2]);
        module.extend([6, b'm', b'e', b'm', b'o', b'r', b'y', 2, 0]);
        module.extend([5, b'w', b'a', b't', b'c', b'h', 0, 0x81, 0x01]);
        assert_eq!(exports(&module), Some(vec!["memory", "watch"]));
        assert_eq!(exports(&module[..20]), None, "cut off");
        assert_eq!(exports(b"\0asm\x01\0\0\0"), Some(Vec::new()));
        assert_eq!(exports(b"no module"), None);
    }

    #[test]
    fn what_the_tools_export_is_told_from_a_class_of_ours() {
        assert!(is_of_the_tools("__wbindgen_malloc") && is_of_the_tools("memory"));
        assert!(!is_of_the_tools("__wbg_connection_free") && !is_of_the_tools("connection_new"));
    }
}
