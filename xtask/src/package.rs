//! The npm package, from Rust and TypeScript to what is published:
//!
//! ```text
//! js/          ──cargo──> .wasm ──mute, wasm-opt, order──> pkg/wasm/tidewire.wasm
//!                                         └──pack, gzip──> pkg/wasm/tidewire.bin
//!                                                    └──base64──> pkg/wasm/inline.js
//! js-validate/ ──cargo──> .wasm ──wasm-bindgen──> glue + .wasm ──wasm-opt──> …
//!                                                  │             └──> pkg/wasm/validate-inline.js
//!                                                  └──> pkg/wasm/validate-glue.js, .d.ts
//! js/utf8.wat  ──wasm-as──base64──> pkg/wasm/utf8.js
//! pkg/src/     ──tsc──> pkg/dist/
//! ```
//!
//! The first module's boundary is written by hand: what wasm-bindgen puts around one would be a
//! quarter of it. Nobody asked yet for the second, behind `validate`, as a file of its own. The third is
//! some hundred instructions that need newer engines, and are done without in others.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::freshness;
use crate::mute::mute;
use crate::npm;
use crate::order::order;
use crate::pack::pack;
use crate::process::{self, Failure, Outcome, step};
use crate::tools::{self, WASM_TARGET};
use crate::workspace::Workspace;

/// What the module may use: all of it in every browser since Safari 16.4.
/// Naming them keeps wasm-opt from using what no browser has.
const WASM_FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];
/// For size: the module is loaded by everyone, and its hot loops are few. Taken apart and put
/// together anew, its control flow is shorter; what `-O4` does in between leaves `-Oz` more to
/// shorten; Rust leaves the first kilobyte of memory unused. By name, the functions come in the same
/// order whatever else changes: see `order`.
const WASM_OPTIMIZATION: [&str; 11] = [
    "-Oz",
    "--flatten",
    "--rereloop",
    "-O4",
    "-Oz",
    "--converge",
    "--one-caller-inline-max-function-size=20",
    "--low-memory-unused",
    "--reorder-functions-by-name",
    "--strip-producers",
    "--strip-target-features",
];

/// Builds all that the npm package ships, skipping what is up to date.
pub(crate) fn build(workspace: &Workspace) -> Outcome<()> {
    tools::wasm_target()?;
    npm::install(workspace, "pkg")?;
    let bindgen = tools::wasm_bindgen(workspace)?.join("wasm-bindgen");
    let [connection, validation] = MODULES.map(|module| Files::of(workspace, module));

    for files in [&connection, &validation] {
        let Module { name, .. } = files.module;
        step(&format!("{name} module: cargo"), || {
            compile(workspace, files.module).map(|()| true)
        })?;
        if files.module.is_bound {
            step(&format!("{name} module: wasm-bindgen"), || {
                bind(workspace, files, &bindgen)
            })?;
        }
        if !files.module.is_bound {
            step(&format!("{name} module: mute"), || take_words(files))?;
        }
        step(&format!("{name} module: wasm-opt"), || {
            optimize(workspace, files, Names::Left)
        })?;
    }
    step("glue and base64", || {
        place(workspace, &connection, &validation)
    })?;
    step("TypeScript", || compile_typescript(workspace, &connection))
}

/// A module of the package.
#[derive(Clone, Copy)]
struct Module {
    name: &'static str,
    /// The crate. Each is built by itself: else cargo gives both the features of either.
    package: &'static str,
    /// What cargo makes of it.
    library: &'static str,
    /// wasm-bindgen writes its boundary.
    is_bound: bool,
    /// What the compiler is told beside the profile when it puts all crates together.
    linking: &'static [&'static str],
}

const MODULES: [Module; 2] = [
    Module {
        name: "tidewire",
        package: "tidewire-js",
        library: "tidewire_js.wasm",
        is_bound: false,
        // How much a function may weigh to be compiled into its callers: by default less. With more
        // the module grows again.
        linking: &["-Cllvm-args=-inline-threshold=12"],
    },
    Module {
        name: "validate",
        package: "tidewire-validate",
        library: "tidewire_validate.wasm",
        is_bound: true,
        linking: &[],
    },
];

struct Files {
    module: Module,
    /// What cargo made.
    compiled: PathBuf,
    /// What wasm-bindgen made of it, as a folder.
    bound: PathBuf,
    /// What is left of it without the words of its panics.
    muted: PathBuf,
    optimized: PathBuf,
    /// The same with names, for whoever asks what fills it.
    named: PathBuf,
    /// The package's half that comes from Rust.
    wasm: PathBuf,
    /// Where the steps remember their inputs.
    stamps: PathBuf,
}

impl Files {
    fn of(workspace: &Workspace, module: Module) -> Self {
        let scratch = workspace.scratch();
        let name = module.name;
        Self {
            module,
            compiled: workspace
                .target
                .join(WASM_TARGET)
                .join("wasm")
                .join(module.library),
            bound: scratch.join(format!("{name}-bound")),
            muted: scratch.join(format!("{name}-muted.wasm")),
            optimized: scratch.join(format!("{name}.wasm")),
            named: scratch.join(format!("{name}-named.wasm")),
            wasm: workspace.path("pkg/wasm"),
            stamps: scratch.join("stamps"),
        }
    }

    /// What wasm-bindgen wrote around the module.
    fn glue(&self) -> PathBuf {
        self.bound.join("tidewire_bg.js")
    }

    /// What wasm-opt works on.
    fn input(&self) -> PathBuf {
        match self.module.is_bound {
            true => self.bound.join("tidewire_bg.wasm"),
            false => self.muted.clone(),
        }
    }

    /// A file of the package.
    fn placed(&self, name: &str) -> PathBuf {
        self.wasm.join(name)
    }

    /// Of a step that is done for each module.
    fn stamp(&self, step: &str) -> PathBuf {
        self.stamps.join(format!("{}-{step}", self.module.name))
    }
}

fn compile(workspace: &Workspace, module: Module) -> Outcome<()> {
    let mut cargo = workspace.cargo();
    // Whoever depends on the crate needs no such flag. With it, what uses SIMD is compiled into its
    // callers.
    cargo.env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
        "-Ctarget-feature=+simd128",
    );
    let arguments = [
        "rustc",
        "--quiet",
        "--package",
        module.package,
        "--target",
        WASM_TARGET,
        "--profile",
        "wasm",
        "--",
    ];
    process::run(cargo.args(arguments).args(module.linking))
}

fn bind(workspace: &Workspace, files: &Files, bindgen: &Path) -> Outcome<bool> {
    let inputs = [files.compiled.clone()];
    let outputs =
        ["tidewire_bg.wasm", "tidewire_bg.js", "tidewire.d.ts"].map(|name| files.bound.join(name));
    let recipe = bindgen.display().to_string();
    freshness::unless_fresh(&files.stamp("bind"), &recipe, &inputs, &outputs, || {
        // `bundler` alone writes glue that leaves the instantiation to others.
        process::run(
            workspace
                .command(bindgen)
                .args(["--target", "bundler", "--out-name", "tidewire", "--out-dir"])
                .arg(&files.bound)
                .arg(&files.compiled),
        )?;
        if files.bound.join("snippets").exists() {
            return Err(Failure::new(
                "a crate brought JavaScript snippets into the module; the package cannot ship them",
            ));
        }
        Ok(())
    })
}

/// Its panics say nothing: see the panic handler of `js/`.
fn take_words(files: &Files) -> Outcome<bool> {
    let inputs = std::slice::from_ref(&files.compiled);
    let outputs = std::slice::from_ref(&files.muted);
    freshness::unless_fresh(&files.stamp("mute"), "1", inputs, outputs, || {
        // In a fresh clone nothing else has made it yet.
        freshness::create_parent(&files.muted)?;
        write(&files.muted, &mute(&read(&files.compiled)?)?)
    })
}

/// The module as it is shipped, but with the names of its functions. After `build`.
pub(crate) fn named_module(workspace: &Workspace) -> Outcome<PathBuf> {
    let files = Files::of(workspace, MODULES[0]);
    optimize(workspace, &files, Names::Kept)?;
    Ok(files.named)
}

/// The same, packed as the one that is inline.
pub(crate) fn packed_named_module(workspace: &Workspace) -> Outcome<PathBuf> {
    let named = named_module(workspace)?;
    let packed = named.with_extension("packed");
    write(&packed, &pack(&read(&named)?)?)?;
    Ok(packed)
}

/// Whether the module's functions keep their names: a quarter of its size.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Kept,
    Left,
}

fn optimize(workspace: &Workspace, files: &Files, names: Names) -> Outcome<bool> {
    let input = files.input();
    let (output, stamp, option) = match names {
        Names::Left => (&files.optimized, "optimize", None),
        Names::Kept => (&files.named, "optimize-named", Some("--debuginfo")),
    };
    let recipe = format!("{WASM_OPTIMIZATION:?} {WASM_FEATURES:?} {option:?}");
    freshness::unless_fresh(
        &files.stamp(stamp),
        &recipe,
        std::slice::from_ref(&input),
        std::slice::from_ref(output),
        || {
            // In a fresh clone nothing else has made it yet.
            let folder = workspace.scratch();
            fs::create_dir_all(&folder).map_err(|error| Failure::at(&folder, &error))?;
            process::run(wasm_opt(workspace, &input, output).args(option))
        },
    )
}

/// The optimiser, as what is shipped goes through it.
pub(crate) fn wasm_opt(workspace: &Workspace, input: &Path, output: &Path) -> Command {
    let mut command = npm::program(workspace, "pkg", "wasm-opt");
    command
        .arg(input)
        .args(WASM_OPTIMIZATION)
        .arg("--output")
        .arg(output)
        .args(WASM_FEATURES);
    command
}

/// Lays each module into the package as text: a bundler carries that along without a plug-in. The
/// first is there as a file, too, plain and packed, and the second has its glue.
fn place(workspace: &Workspace, connection: &Files, validation: &Files) -> Outcome<bool> {
    let module = connection.placed("tidewire.wasm");
    let packed = connection.placed("tidewire.bin");
    let texts = ["inline", "validate-inline", "utf8"];
    let utf8 = workspace.path("js/utf8.wat");
    let glue = validation.glue();
    let (glue_js, glue_types) = (
        validation.placed("validate-glue.js"),
        validation.placed("validate-glue.d.ts"),
    );
    let inputs = [
        connection.optimized.clone(),
        validation.optimized.clone(),
        glue.clone(),
        utf8.clone(),
    ];
    let mut outputs = vec![
        module.clone(),
        packed.clone(),
        glue_js.clone(),
        glue_types.clone(),
    ];
    for name in texts {
        outputs.extend(["js", "d.ts"].map(|kind| connection.placed(&format!("{name}.{kind}"))));
    }
    freshness::unless_fresh(&connection.stamp("place"), "12", &inputs, &outputs, || {
        let folder = &connection.wasm;
        remove(folder)?;
        fs::create_dir_all(folder).map_err(|error| Failure::at(folder, &error))?;
        let ordered = order(&read(&connection.optimized)?)?;
        write(&module, &ordered)?;
        let inline = gzip(&pack(&ordered)?)?;
        write(&packed, &inline)?;
        let validation = gzip(&pack(&read(&validation.optimized)?)?)?;
        let utf8 = assemble(workspace, &utf8)?;
        for (bytes, name) in [inline, validation, utf8].iter().zip(texts) {
            let inline = format!("export default '{}';\n", base64(bytes));
            write(&connection.placed(&format!("{name}.js")), inline.as_bytes())?;
            let types = connection.placed(&format!("{name}.d.ts"));
            write(&types, INLINE_TYPES.as_bytes())?;
        }
        let text = fs::read_to_string(&glue).map_err(|error| Failure::at(&glue, &error))?;
        write(&glue_js, glue_factory(&text)?.as_bytes())?;
        write(&glue_types, GLUE_TYPES.as_bytes())
    })
}

/// A module that is written instruction by instruction. Made shorter by wasm-opt, its loop is slower.
fn assemble(workspace: &Workspace, text: &Path) -> Outcome<Vec<u8>> {
    let mut assembled = workspace
        .scratch()
        .join(text.file_name().unwrap_or_default());
    assembled.set_extension("wasm");
    freshness::create_parent(&assembled)?;
    process::run(
        npm::program(workspace, "pkg", "wasm-as")
            .args(["--enable-gc", "--enable-reference-types"])
            .arg(text)
            .arg("--output")
            .arg(&assembled),
    )?;
    read(&assembled)
}

/// wasm-bindgen's glue as a function that makes it anew. The glue's own variables
/// are a module's, hence one set for ever: a fresh instance after a trap would be
/// given the views, closures and finalizers of the broken one. Inside a function,
/// importing the package also evaluates none of it.
fn glue_factory(glue: &str) -> Outcome<String> {
    let mut names = Vec::new();
    let mut body = String::new();
    for line in glue.lines() {
        let Some(declaration) = line.strip_prefix("export ") else {
            body.extend([line, "\n"]);
            continue;
        };
        let name = ["function ", "class ", "const "]
            .iter()
            .find_map(|kind| declaration.strip_prefix(kind))
            .and_then(|rest| rest.split([' ', '(', '=']).next())
            .ok_or_else(|| Failure::new(format!("wasm-bindgen's glue has a new form: {line}")))?;
        names.push(name);
        body.extend([declaration, "\n"]);
    }
    Ok(format!(
        "/* Made by cargo xtask build from wasm-bindgen's glue. */\n\
         export default function createGlue() {{\n{body}\
         return {{\n  imports: {{ {} }},\n  \
         start(exports) {{ __wbg_set_wasm(exports); exports.__wbindgen_start(); }},\n}};\n}}\n",
        names.join(", ")
    ))
}

const GLUE_TYPES: &str = "\
/** The glue around one instance of the module. Nothing is shared between two of them. */
export default function createGlue(): {
  /** What the module imports from './tidewire_bg.js', and what it offers. */
  imports: WebAssembly.ModuleImports & { Checker: unknown };
  /** Takes the instance's exports, and runs its start function. */
  start(exports: WebAssembly.Exports): void;
};
";

const INLINE_TYPES: &str = "/** A WebAssembly module, in base64: packed and compressed by gzip, but for the smallest. */\ndeclare const base64: string;\nexport default base64;\n";

fn compile_typescript(workspace: &Workspace, files: &Files) -> Outcome<bool> {
    let inputs = [
        workspace.path("pkg/src"),
        workspace.path("pkg/tsconfig.json"),
        workspace.path("pkg/package-lock.json"),
        files.placed("inline.d.ts"),
        files.placed("validate-glue.d.ts"),
        files.placed("utf8.d.ts"),
    ];
    let outputs = [workspace.path("pkg/dist")];
    freshness::unless_fresh(&files.stamp("typescript"), "2", &inputs, &outputs, || {
        remove(&outputs[0])?;
        process::run(npm::program(workspace, "pkg", "tsc").args(["--project", "pkg"]))
    })
}

/// Removes a folder: what is no longer made must not live on in the package.
fn remove(folder: &Path) -> Outcome<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::at(folder, &error))
        }
        _ => Ok(()),
    }
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| Failure::at(path, &error))
}

fn write(path: &Path, bytes: &[u8]) -> Outcome<()> {
    fs::write(path, bytes).map_err(|error| Failure::at(path, &error))
}

/// As small as gzip can be, since it is made once and carried by every application.
pub(crate) fn gzip(bytes: &[u8]) -> Outcome<Vec<u8>> {
    let mut out = Vec::new();
    zopfli::compress(
        zopfli::Options::default(),
        zopfli::Format::Gzip,
        bytes,
        &mut out,
    )
    .map_err(|error| Failure::new(format!("gzip: {error}")))?;
    Ok(out)
}

/// RFC 4648's standard alphabet, padded: what `atob` reads.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut bits = [0; 4];
        bits[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(bits);
        for place in 0..4 {
            if place <= group.len() {
                let digit = (bits >> (18 - 6 * place)) & 63;
                text.push(char::from(ALPHABET[digit as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{base64, glue_factory};

    #[test]
    fn the_glue_becomes_a_function_that_returns_what_the_glue_exported() {
        let glue = "export class Connection {\n    start() {}\n}\nlet wasm;\n\
            export function __wbg_set_wasm(val) {\n    wasm = val;\n}\n";
        let factory = glue_factory(glue).unwrap();
        assert!(factory.contains("\nclass Connection {"));
        assert!(factory.contains("\nfunction __wbg_set_wasm(val) {"));
        assert!(factory.contains("imports: { Connection, __wbg_set_wasm }"));
        assert_eq!(factory.matches("export ").count(), 1);
    }

    #[test]
    fn glue_of_another_form_is_refused_by_its_line() {
        let error = glue_factory("export { Connection };\n").unwrap_err();
        assert!(error.to_string().contains("export { Connection };"));
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        // RFC 4648, section 10.
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, encoded) in vectors {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }
}
