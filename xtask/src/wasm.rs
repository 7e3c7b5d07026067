//! From the crate to `tokenward.wasm` and its glue.

use crate::glue::{Glue, Renames, short_names};
use crate::process::Run;
use crate::{order, paths, tools};
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use walrus::ir::Value;
use walrus::{ConstExpr, DataKind};
use wasm_bindgen_cli_support::{Bindgen, EncodeInto};

/// How much work a build puts into size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What is published.
    Release,
    /// Quick and with readable names.
    Dev,
}

impl Mode {
    /// Its name on the command line and in the stamp.
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }
}

/// Which of the two modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// With everything: for vaults, and for pages that ask for an extra.
    Whole,
    /// Without what an app must ask for.
    Lean,
}

impl Extent {
    /// What it is called in the package.
    pub fn file(self) -> &'static str {
        match self {
            Self::Whole => "tokenward.wasm",
            Self::Lean => "tokenward-lean.wasm",
        }
    }
}

/// Both finished wasm files, and the text of the `glue.js` that serves either.
#[derive(Debug)]
pub struct Product {
    /// `tokenward.wasm`.
    pub whole: Vec<u8>,
    /// `tokenward-lean.wasm`.
    pub lean: Vec<u8>,
    /// The factory module.
    pub glue: String,
}

/// The features Rust 1.95 uses on wasm32 and wasm-bindgen's multi-value adapters need, by name. With
/// `--all-features` wasm-opt writes types that no engine accepts.
const FEATURES: [&str; 8] = [
    "bulk-memory",
    "bulk-memory-opt",
    "call-indirect-overlong",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
];

/// What the import module is called in what ships.
const MODULE: &str = "g";

/// Compiles the crate, both ways, and makes what ships of it. `work` is a folder for files in between.
pub fn build(work: &Path, mode: Mode) -> Result<Product> {
    tools::wasm_target()?;
    let (mut whole, mut lean) =
        (Bound::new(Extent::Whole, work, mode)?, Bound::new(Extent::Lean, work, mode)?);
    let names = Names::of(whole.output.wasm_mut(), mode);
    let lean_names = names.for_lean(&lean.glue, &whole.glue)?;
    let lean_wasm = lean.finish(&lean_names, mode)?;
    let whole_wasm = whole.finish(&names, mode)?;

    let mut glue = whole.glue;
    names.apply_to(&mut glue, mode)?;
    let mut imports = check(&whole_wasm, &glue, &names, &whole.work)?;
    imports.extend(check(&lean_wasm, &glue, &names, &lean.work)?);
    glue.retain_imports(&imports)?;
    let text = glue.factory(names.export("__wbindgen_start")?, names.export("memory")?);
    let readable = work.join("glue.js");
    std::fs::write(&readable, &text)?;
    let glue = match mode {
        Mode::Release => tools::node_bin(&paths::root(), "esbuild")
            .arg(&readable)
            .args(["--minify", "--format=esm", "--target=es2022", "--log-level=warning"])
            .read()?,
        Mode::Dev => text,
    };
    Ok(Product { whole: whole_wasm, lean: lean_wasm, glue })
}

/// Compiles the crate to a wasm file without bindings.
fn compile(to: &Path, extent: Extent, mode: Mode) -> Result<()> {
    println!("compile the crate to {} ({})", extent.file(), mode.name());
    // The crate is a library for the native tests too; asked for both, Cargo would leave out link-time optimization.
    let mut cargo = Run::new(tools::cargo())
        .args(["rustc", "--package", "tokenward", "--lib", "--crate-type", "cdylib"])
        .args(["--target", tools::WASM_TARGET])
        .args(["--config", &flags(mode)?])
        .dir(paths::root())
        .named("cargo rustc");
    if mode == Mode::Release {
        cargo = cargo.arg("--release");
    }
    if extent == Extent::Lean {
        cargo = cargo.arg("--no-default-features");
    }
    cargo.run()?;
    let folder = if mode == Mode::Release { "release" } else { "debug" };
    // The next one has the same place.
    let made = paths::cargo_target().join(tools::WASM_TARGET).join(folder).join("tokenward.wasm");
    paths::copy(&made, to)
}

/// LLVM copies what is larger than eight octets by one instruction instead of many loads and stores, and puts a function
/// into its callers only where that is shorter.
const SMALLER: &str = "-Cllvm-args=-max-store-memcpy=1 -inline-threshold=0";

/// Cargo configuration that cuts this machine's folders off the file names in panic messages, so that the module is
/// the same wherever it is built and tells nothing about the builder; and what makes it smaller.
fn flags(mode: Mode) -> Result<String> {
    let sysroot = Run::new("rustc").args(["--print", "sysroot"]).dir(paths::root()).read()?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust");
    let cargo_home = match std::env::var_os("CARGO_HOME") {
        Some(dir) => dir.into(),
        None => std::env::home_dir().context("there is no home folder and no CARGO_HOME")?.join(".cargo"),
    };
    let folders = [library, cargo_home.join("registry/src"), paths::root()];
    let mut flags = folders.map(|folder| format!("--remap-path-prefix={}=", folder.display())).to_vec();
    // Not options of every LLVM: without them the module is larger and does the same.
    if mode == Mode::Release && Run::new("rustc").args([SMALLER, "--print", "cfg"]).dir(paths::root()).works()
    {
        flags.push(SMALLER.to_owned());
    }
    // JSON's texts and lists are TOML as well.
    Ok(format!("target.{}.rustflags={}", tools::WASM_TARGET, serde_json::to_string(&flags)?))
}

/// A module with its bindings.
struct Bound {
    output: wasm_bindgen_cli_support::Output,
    glue: Glue,
    /// A folder of its own.
    work: PathBuf,
}

impl Bound {
    fn new(extent: Extent, work: &Path, mode: Mode) -> Result<Self> {
        // Of the same name, so that the bindings call it the same.
        let work = work.join(extent.file());
        let raw = work.join("raw/tokenward.wasm");
        compile(&raw, extent, mode)?;
        let mut output = Bindgen::new()
            .input_path(&raw)
            .web(true)?
            .typescript(false)
            .omit_default_module_path(true)
            .encode_into(EncodeInto::Always)
            .remove_producers_section(true)
            .generate_output()?;
        ensure!(
            output.snippets().values().all(Vec::is_empty)
                && output.local_modules().is_empty()
                && output.npm_dependencies().is_empty(),
            "the crate brings JavaScript snippets or modules of its own, which the package cannot ship"
        );
        // The text of the glue is complete only when it is written.
        output.emit(&work)?;
        let mut glue = Glue::parse(&std::fs::read_to_string(work.join("tokenward.js"))?)?;
        glue.lighten()?;
        let module = output.wasm_mut();
        if let Some(foreign) = module.imports.iter().find(|import| import.module != glue.module()) {
            bail!("the wasm file imports {}.{}, which no page provides", foreign.module, foreign.name);
        }
        let used = glue.used_exports();
        let is_useless =
            |name: &str| !used.contains(&name) && !["__wbindgen_start", "memory"].contains(&name);
        let useless: Vec<_> =
            module.exports.iter().filter(|export| is_useless(&export.name)).map(walrus::Export::id).collect();
        useless.into_iter().for_each(|id| module.exports.delete(id));
        if mode == Mode::Release {
            silence_panics(module)?;
        }
        Ok(Self { output, glue, work })
    }

    /// The wasm file under the names of the glue that ships.
    fn finish(&mut self, names: &Names, mode: Mode) -> Result<Vec<u8>> {
        let module = self.output.wasm_mut();
        for import in module.imports.iter_mut() {
            names.import(&import.name)?.clone_into(&mut import.name);
            if mode == Mode::Release {
                MODULE.clone_into(&mut import.module);
            }
        }
        for export in module.exports.iter_mut() {
            names.export(&export.name)?.clone_into(&mut export.name);
        }
        let before = self.work.join("tokenward_bg.wasm");
        std::fs::write(&before, module.emit_wasm())?;
        match mode {
            Mode::Release => optimize(&before, &self.work.join("optimized.wasm")),
            Mode::Dev => Ok(std::fs::read(&before)?),
        }
    }
}

/// What imports and exports are called at last: (old, new). Long names with hashes in them compress badly and are
/// there twice; one or two letters do the same.
struct Names {
    imports: Renames,
    exports: Renames,
}

impl Names {
    fn of(module: &walrus::Module, mode: Mode) -> Self {
        let shorten = |names: Vec<&String>| {
            let short = short_names().take(names.len());
            names
                .into_iter()
                .zip(short)
                .map(|(name, short)| (name.clone(), if mode == Mode::Release { short } else { name.clone() }))
                .collect()
        };
        Self {
            imports: shorten(module.imports.iter().map(|import| &import.name).collect()),
            exports: shorten(module.exports.iter().map(|export| &export.name).collect()),
        }
    }

    /// The same for the lean module, where the generator numbers some things otherwise.
    fn for_lean(&self, lean: &Glue, whole: &Glue) -> Result<Self> {
        let (imports, exports) = lean.counterparts(whole)?;
        let end = |(name, counterpart): (String, String), of: &dyn Fn(&str) -> Result<String>| {
            Ok((name, of(&counterpart)?))
        };
        let import = |name: &str| self.import(name).map(str::to_owned);
        let export = |name: &str| self.export(name).map(str::to_owned);
        let mut exports: Vec<_> =
            exports.into_iter().map(|pair| end(pair, &export)).collect::<Result<_>>()?;
        // What the glue has no use for is called the same in both.
        let unused = self.exports.iter().filter(|(_, new)| !exports.iter().any(|(_, taken)| taken == new));
        exports.extend(unused.cloned().collect::<Vec<_>>());
        Ok(Self {
            imports: imports.into_iter().map(|pair| end(pair, &import)).collect::<Result<_>>()?,
            exports,
        })
    }

    fn import(&self, name: &str) -> Result<&str> {
        find(&self.imports, name)
    }

    fn export(&self, name: &str) -> Result<&str> {
        find(&self.exports, name)
    }

    fn apply_to(&self, glue: &mut Glue, mode: Mode) -> Result<()> {
        if mode == Mode::Release {
            glue.rename_module(MODULE);
            glue.rename_imports(&self.imports)?;
            glue.rename_exports(&self.exports);
        }
        Ok(())
    }
}

fn find<'a>(names: &'a [(String, String)], name: &str) -> Result<&'a str> {
    let found = names.iter().find(|(old, _)| old == name);
    found.map(|(_, new)| new.as_str()).with_context(|| format!("the modules do not agree on the name {name}"))
}

/// Makes a trap of every panic, and forgets where in the sources it was. The glue tells the facade of the trap;
/// nobody reads the rest, which would be a twentieth of the file. Whatever else would format text traps as well, so
/// that no such code can come to rely on it unnoticed. A development build keeps it all, and names functions in
/// stack traces.
fn silence_panics(module: &mut walrus::Module) -> Result<()> {
    const FORMATTERS: [&str; 4] =
        ["::fmt::Debug>::", "::fmt::Display>::", "::fmt::Write>::", "::PanicPayload>::"];
    let is_silent = |name: &str| {
        name.starts_with("core") && name.contains("::panicking::")
            || FORMATTERS.iter().any(|part| name.contains(part))
    };
    let (mut names, mut silent) = (Vec::new(), Vec::new());
    for function in module.funcs.iter() {
        if let Some(name) = function.name.as_deref().filter(|name| is_silent(name)) {
            names.push(name);
            silent.push(function.id());
        }
    }
    ensure!(
        names.iter().any(|name| name.ends_with("::panicking::panic_fmt")),
        "the standard library panics in another way than it did: see silence_panics"
    );
    for (id, function) in module.funcs.iter_local_mut() {
        if silent.contains(&id) {
            let mut body = function.builder_mut().func_body();
            body.instrs_mut().clear();
            body.unreachable();
        }
    }
    let segments: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
    for id in segments {
        let data = module.data.get_mut(id);
        if let DataKind::Active { offset: ConstExpr::Value(Value::I32(address)), .. } = data.kind {
            forget_places(&mut data.value, address.cast_unsigned() as usize);
            PANICS.iter().for_each(|text| forget_text(&mut data.value, text.as_bytes()));
        }
    }
    Ok(())
}

/// What the standard library and the crates would say in a panic, and the digits they would say numbers with.
const PANICS: &[&str] = &[
    " but ends at ",
    " index out of bounds: the len is ",
    " but the index is ",
    " out of range for slice of length ",
    "slice index starts at ",
    "range start index ",
    "range end index ",
    "copy_from_slice: source slice length (",
    ") does not match destination slice length (",
    "removal index (is ",
    ") should be < len (is ",
    "mid > len",
    "fetch returned ",
    ", not `Response` - this is a bug",
    "finish: callbacks should be Some",
    "finish: result should be None",
    "FnOnce called more than once",
    "closure invoked recursively or after being dropped",
    "reentrant init",
    "called `Option::unwrap_throw()` on a `None` value",
    "called `Result::unwrap_throw()` on an `Err` value",
    "js_value passed has no string representation",
    "null pointer passed to rust",
    "internal error: entered unreachable code",
    ": JsValue passed is not an Error type -- this is a bug",
    "attempt to divide by zero",
    "`async fn` resumed after completion",
    "RefCell already mutably borrowed",
    "RefCell already borrowed",
    "capacity overflow",
    "Tried to shrink to a larger capacity",
    "LazyCell instance has previously been poisoned",
    "no randomness",
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
     5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899",
];

fn forget_text(data: &mut [u8], text: &[u8]) {
    while let Some(at) = data.windows(text.len()).position(|found| found == text) {
        data[at..at + text.len()].fill(0);
    }
}

/// Overwrites the places that panics name, file names included, in data that lies at an address. A place is the
/// address and the length of the file's name, line, and column.
fn forget_places(data: &mut [u8], address: usize) {
    let word = |data: &[u8], at: usize| {
        data.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_le_bytes) as usize
    };
    let mut names = Vec::new();
    for at in (0..data.len().saturating_sub(15)).step_by(4) {
        let (name, length) = (word(data, at).wrapping_sub(address), word(data, at + 4));
        let is_path = |name: &&[u8]| name.ends_with(b".rs") && name.iter().all(|b| (b' '..=b'~').contains(b));
        if data.get(name..name.saturating_add(length)).filter(is_path).is_some() {
            data[at..at + 16].fill(0);
            names.push(name..name + length);
        }
    }
    names.into_iter().for_each(|name| data[name].fill(0));
}

fn optimize(from: &Path, to: &Path) -> Result<Vec<u8>> {
    println!("optimize with wasm-opt");
    tools::node_bin(&paths::root(), "wasm-opt")
        .arg(from)
        .arg("-o")
        .arg(to)
        .args(["-Oz", "--converge", "--strip-producers", "--strip-target-features"])
        // What follows is for brotli. A function with hundreds of locals needs two octets for most of them.
        .arg("--one-caller-inline-max-function-size=30")
        // Code that always looks the same is better than code that is a little shorter.
        .args(["--skip-pass=local-cse", "--skip-pass=simplify-locals"])
        // Zeros between the data are shorter than what would say where they are.
        .arg("--skip-pass=memory-packing")
        // The lowest kilobyte is the far end of the stack.
        .arg("--low-memory-unused")
        .arg("--strip-debug")
        .args(FEATURES.map(|feature| format!("--enable-{feature}")))
        .run()?;
    order::alike_together(&std::fs::read(to)?)
}

/// Compiles the file with the engine that is at hand and compares both sides of the boundary.
fn check(wasm: &[u8], glue: &Glue, names: &Names, work: &Path) -> Result<Vec<String>> {
    const SCRIPT: &str = "const m = new WebAssembly.Module(require('node:fs').readFileSync(process.argv[1]));\
        console.log(JSON.stringify([WebAssembly.Module.imports(m), WebAssembly.Module.exports(m)]));";
    let file = work.join("final.wasm");
    std::fs::write(&file, wasm)?;
    let text = tools::node().args(["-e", SCRIPT]).arg(&file).named("the load test in Node").read()?;
    let [imports, exports]: [Vec<serde_json::Value>; 2] = serde_json::from_str(&text)?;
    let word = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();

    for import in &imports {
        let (module, name, kind) = (word(import, "module"), word(import, "name"), word(import, "kind"));
        ensure!(
            module == glue.module() && kind == "function",
            "the wasm file imports {kind} {module}.{name}"
        );
    }
    let exported: Vec<String> = exports.iter().map(|export| word(export, "name")).collect();
    for used in
        glue.used_exports().into_iter().chain([names.export("__wbindgen_start")?, names.export("memory")?])
    {
        ensure!(
            exported.iter().any(|name| name == used),
            "the glue uses {used}, which the wasm file does not export"
        );
    }
    Ok(imports.iter().map(|import| word(import, "name")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_forgotten_and_nothing_else() {
        let name = b"src/lib.rs";
        let mut data = [name.as_slice(), b"xxsrc/other.rs"].concat();
        let place = |at: u32, length: u32| [at, length, 7, 9].map(u32::to_le_bytes).concat();
        data.extend(place(1000, 10));
        let kept = place(1000, 9);
        data.extend(&kept);
        forget_places(&mut data, 1000);
        assert_eq!(data, [[0; 10].as_slice(), b"xxsrc/other.rs", &[0; 16], &kept].concat());
    }
}
