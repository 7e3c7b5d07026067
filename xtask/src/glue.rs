//! The generated JavaScript glue, made into a factory.
//!
//! wasm-bindgen writes a module with one wasm instance in its module scope. Tokenward gives each client
//! an instance of its own, so the whole text becomes the body of `instantiate(module)`. The text belongs
//! to one exact version of the generator: whatever does not look as expected is an error, never a guess.

use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What the generator's text is cut into.
#[derive(Debug)]
pub struct Glue {
    /// Top-level pieces of the body in order, without the import table.
    blocks: Vec<String>,
    /// The import table: name of the import -> text of its entry.
    imports: BTreeMap<String, String>,
    /// The module name of the imports in the wasm file.
    module: String,
    /// Classes and functions the crate exports.
    exports: Vec<String>,
}

/// Other names: (old, new).
pub type Renames = Vec<(String, String)>;

const DESTROY: &str = "    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        CoreFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_core_free(ptr, 0);
    }
";

const WRITE_TEXT: &str = "function passStringToWasm0(text) {
    return passArray8ToWasm0(cachedTextEncoder.encode(text), wasm.__wbindgen_malloc);
}";

/// Views of the memory, made anew: they are small, and keeping one means asking at every use whether it is still good.
const DATA_VIEW: &str = "function getDataViewMemory0() {
    return new DataView(wasm.memory.buffer);
}";
const OCTETS_VIEW: &str = "function getUint8ArrayMemory0() {
    return new Uint8Array(wasm.memory.buffer);
}";

/// Reading texts, without another decoder after two gigabytes of them.
const READ_TEXT: &str = "function decodeText(octets) {
    return cachedTextDecoder.decode(octets);
}";

const LOADER: &str = "\nasync function __wbg_load(module, imports) {\n";
const FINALIZE: &str =
    "\nlet wasmModule, wasmInstance, wasm;\nfunction __wbg_finalize_init(instance, module) {\n";
const LAST_LINE: &str = "\nexport { initSync, __wbg_init as default };";
const TABLE: &str = "function __wbg_get_imports() {\n";

impl Glue {
    /// Reads the text that wasm-bindgen 0.2.130 generates for the target `web`.
    pub fn parse(source: &str) -> Result<Self> {
        let source = source.trim_end();
        ensure!(source.ends_with(LAST_LINE), "glue: the last line is not the expected export");
        let (text, _loader) = split_once_only(source, LOADER)?;
        let (body, finalize) = split_once_only(text, FINALIZE)?;
        check_finalize(finalize)?;

        let mut glue =
            Self { blocks: Vec::new(), imports: BTreeMap::new(), module: String::new(), exports: Vec::new() };
        for block in top_level_blocks(body)? {
            if block.starts_with("import ") {
                bail!(
                    "glue: it imports another module, which the package cannot ship: {}",
                    first_line(&block)
                );
            } else if block.starts_with(TABLE) {
                ensure!(glue.module.is_empty(), "glue: two import tables");
                (glue.module, glue.imports) = parse_table(&block)?;
            } else if let Some(declaration) = block.strip_prefix("export ") {
                glue.exports
                    .push(declared_name(declaration).context("glue: an unknown kind of export")?.into());
                glue.blocks.push(declaration.to_owned());
            } else {
                glue.blocks.push(block);
            }
        }
        ensure!(!glue.module.is_empty(), "glue: no import table found");
        ensure!(!glue.exports.is_empty(), "glue: the crate exports nothing");
        Ok(glue)
    }

    /// Leaves out what this package has no use for: `free`, since an instance's memory goes as a whole, what would
    /// free a closure that is forgotten, of which there are none, a way of writing texts that is quicker for long ones, and
    /// views of the memory that are kept.
    pub fn lighten(&mut self) -> Result<()> {
        let mut class = self.take_block("class Core ")?;
        for (what, instead) in
            [(DESTROY, ""), ("        CoreFinalization.register(this, this.__wbg_ptr, this);\n", "")]
        {
            ensure!(class.matches(what).count() == 1, "glue: the class is not as expected: {what}");
            class = class.replace(what, instead);
        }
        self.blocks.push(class);
        for gone in ["const CoreFinalization ", "if (Symbol.dispose) Core."] {
            self.take_block(gone)?;
        }
        self.take_block("function passStringToWasm0(")?;
        for text in self.blocks.iter_mut().chain(self.imports.values_mut()) {
            *text = text.replace(", wasm.__wbindgen_malloc, wasm.__wbindgen_realloc)", ")");
        }
        self.blocks.push(WRITE_TEXT.to_owned());
        ensure!(self.declares("passArray8ToWasm0"), "glue: nothing writes octets");
        for (old, instead) in [
            ("function getDataViewMemory0() {", DATA_VIEW),
            ("function getUint8ArrayMemory0() {", OCTETS_VIEW),
            ("function decodeText(", READ_TEXT),
        ] {
            self.take_block(old)?;
            self.blocks.push(instead.to_owned());
        }
        let mut closures = self.take_block("function makeMutClosure(")?;
        for what in [
            "            CLOSURE_DTORS.unregister(state);\n",
            "    CLOSURE_DTORS.register(real, state, state);\n",
        ] {
            ensure!(closures.matches(what).count() == 1, "glue: closures are not as expected: {what}");
            closures = closures.replace(what, "");
        }
        self.blocks.push(closures);
        for gone in [
            "const CLOSURE_DTORS ",
            "let cachedDataViewMemory0 ",
            "let cachedUint8ArrayMemory0 ",
            "const MAX_SAFARI_DECODE_BYTES ",
            "let numBytesDecoded ",
        ] {
            self.take_block(gone)?;
        }
        Ok(())
    }

    fn declares(&self, name: &str) -> bool {
        self.blocks.iter().any(|block| declared_name(block) == Some(name))
    }

    fn take_block(&mut self, head: &str) -> Result<String> {
        let at = self.blocks.iter().position(|block| block.starts_with(head));
        Ok(self.blocks.remove(at.with_context(|| format!("glue: nothing begins with {head}"))?))
    }

    /// The name under which the wasm file imports the glue.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// Gives the import module another name.
    pub fn rename_module(&mut self, name: &str) {
        self.module = name.to_owned();
    }

    /// Gives imports other names: (old, new).
    pub fn rename_imports(&mut self, names: &[(String, String)]) -> Result<()> {
        let mut renamed = BTreeMap::new();
        for (old, new) in names {
            let entry = self.imports.remove(old).with_context(|| format!("glue: no import {old}"))?;
            let rest = entry.strip_prefix(old.as_str()).context("glue: an import entry without its name")?;
            ensure!(renamed.insert(new.clone(), format!("{new}{rest}")).is_none(), "glue: {new} twice");
        }
        for (name, entry) in std::mem::take(&mut self.imports) {
            ensure!(renamed.insert(name.clone(), entry).is_none(), "glue: {name} twice");
        }
        self.imports = renamed;
        Ok(())
    }

    /// Gives exports of the wasm file other names: (old, new). They are used as `wasm.NAME`.
    pub fn rename_exports(&mut self, names: &[(String, String)]) {
        let names: BTreeMap<&str, &str> =
            names.iter().map(|(old, new)| (old.as_str(), new.as_str())).collect();
        let rename = |text: &mut String| *text = rename_members(text, "wasm", &names);
        self.blocks.iter_mut().for_each(rename);
        self.imports.values_mut().for_each(rename);
    }

    /// What this glue's imports and exports are called in another one that does all of this and more: (own, other).
    /// Where the generator put another number or hash into a name, they are known by what is said with them.
    pub fn counterparts(&self, other: &Self) -> Result<(Renames, Renames)> {
        let (own, others) = (self.used_exports(), other.used_exports());
        let mut exports = Vec::new();
        for name in &own {
            let says_the_same = |candidate: &&&str| {
                let renamed = BTreeMap::from([(*name, **candidate)]);
                let mut blocks = self.blocks.iter().filter(|block| members(block, "wasm").contains(name));
                blocks.all(|block| other.blocks.contains(&rename_words(block, &renamed)))
            };
            let counterpart = if others.contains(name) {
                name
            } else {
                let mut fitting = others.iter().filter(|name| !own.contains(name)).filter(says_the_same);
                let first = fitting.next().with_context(|| format!("glue: nothing is like {name}"))?;
                ensure!(fitting.next().is_none(), "glue: more than one is like {name}");
                first
            };
            exports.push(((*name).to_owned(), (*counterpart).to_owned()));
        }
        let renamed: BTreeMap<&str, &str> = exports.iter().map(|(own, other)| (&**own, &**other)).collect();
        for block in &self.blocks {
            let block = rename_words(block, &renamed);
            ensure!(other.blocks.contains(&block), "glue: only one has {}", first_line(&block));
        }
        // Comments tell where in its table a module has a function.
        let body = |name: &str, entry: &str| {
            let lines = entry.strip_prefix(name).unwrap_or(entry).lines();
            lines.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
        };
        let mut imports = Vec::new();
        for (name, entry) in &self.imports {
            let own = rename_words(&body(name, entry), &renamed);
            let same = |(name, entry): &(&String, &String)| body(name, entry) == own;
            let same_name = other.imports.get_key_value(name).filter(same);
            let counterpart = same_name.or_else(|| other.imports.iter().find(same));
            let (counterpart, _) = counterpart.with_context(|| format!("glue: only one has {name}"))?;
            imports.push((name.clone(), counterpart.clone()));
        }
        Ok((imports, exports))
    }

    /// Keeps the imports that the final wasm file has, then drops every helper that nothing uses any more.
    pub fn retain_imports(&mut self, wanted: &[String]) -> Result<()> {
        for name in wanted {
            ensure!(self.imports.contains_key(name), "glue: the wasm file imports {name}, the glue has none");
        }
        self.imports.retain(|name, _| wanted.contains(name));
        loop {
            let unused = self.blocks.iter().position(|block| {
                declared_name(block).is_some_and(|name| {
                    !self.exports.iter().any(|export| export == name) && !self.used_outside(name, block)
                })
            });
            match unused {
                Some(index) => drop(self.blocks.remove(index)),
                None => return Ok(()),
            }
        }
    }

    fn used_outside(&self, name: &str, own: &str) -> bool {
        let others = self.blocks.iter().filter(|block| block.as_str() != own);
        others.chain(self.imports.values()).any(|text| words(text).any(|word| word == name))
    }

    /// Names that the glue reads from the instance: `wasm.NAME`.
    pub fn used_exports(&self) -> Vec<&str> {
        let texts = self.blocks.iter().chain(self.imports.values());
        let mut names: Vec<&str> = texts.flat_map(|text| members(text, "wasm")).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The factory as an ES module. `start` and `memory` are the exports of these meanings.
    pub fn factory(&self, start: &str, memory: &str) -> String {
        let mut out = String::from(
            "// Made by `cargo xtask build` from wasm-bindgen's glue. Each call is a world of its own.\n",
        );
        // A module that trapped, wherever that was, must not be used any more: its state is half done.
        out.push_str(
            "export async function instantiate(module, onTrap) {
const guarded = (entry) => (...given) => {
  try {
    return entry(...given);
  } catch (cause) {
    onTrap(cause);
    throw cause;
  }
};
const wasm = { __proto__: null };
",
        );
        for block in &self.blocks {
            out.push_str(block);
            out.push('\n');
        }
        out.push_str("const imports = { __proto__: null,\n");
        for entry in self.imports.values() {
            out.push_str(entry);
            out.push('\n');
        }
        let module = &self.module;
        let exports = self.exports.join(", ");
        let _ = write!(
            out,
            "}};\nconst {{ exports }} = await WebAssembly.instantiate(module, {{ {module:?}: imports }});\n\
             for (const name in exports)\n  \
             wasm[name] = typeof exports[name] === 'function' ? guarded(exports[name]) : exports[name];\n\
             wasm.{start}();\nreturn {{ {exports}, memory: wasm.{memory} }};\n}}\n"
        );
        out
    }
}

fn split_once_only<'a>(text: &'a str, mark: &str) -> Result<(&'a str, &'a str)> {
    let (before, after) =
        text.split_once(mark).with_context(|| format!("glue: no line {:?}", mark.trim()))?;
    ensure!(!after.contains(mark), "glue: two lines {:?}", mark.trim());
    Ok((before, after))
}

/// The generator's own start-up code is replaced, so it must do nothing that the replacement does not.
fn check_finalize(text: &str) -> Result<()> {
    const KNOWN: [&str; 6] = [
        "wasmInstance = instance;",
        "wasm = instance.exports;",
        "wasmModule = module;",
        "wasm.__wbindgen_start();",
        "return wasm;",
        "}",
    ];
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let cache = line.starts_with("cached") && line.ends_with(" = null;") && words(line).count() == 2;
        ensure!(cache || KNOWN.contains(&line), "glue: unknown start-up code: {line}");
    }
    ensure!(text.contains("wasm.__wbindgen_start();"), "glue: the start function is not called");
    Ok(())
}

/// Cuts text into its top-level statements. The generator indents everything below the top level.
fn top_level_blocks(text: &str) -> Result<Vec<String>> {
    let mut blocks: Vec<String> = Vec::new();
    for line in text.lines() {
        let continues = line.starts_with([' ', '}', ')']);
        let comment = ["/*", " *", "//"].iter().any(|mark| line.starts_with(mark));
        if line.trim().is_empty() || comment {
            continue;
        }
        if continues {
            let block = blocks.last_mut().with_context(|| format!("glue: a block begins with {line:?}"))?;
            block.push('\n');
            block.push_str(line);
        } else {
            blocks.push(line.to_owned());
        }
    }
    Ok(blocks)
}

/// Reads `function __wbg_get_imports() { const import0 = {...}; return {...}; }`.
fn parse_table(block: &str) -> Result<(String, BTreeMap<String, String>)> {
    let head = format!("{TABLE}    const import0 = {{\n        __proto__: null,\n");
    let rest = block.strip_prefix(head.as_str()).context("glue: unexpected head of the import table")?;
    let (entries, tail) =
        split_once_only(rest, "\n    };\n    return {\n        __proto__: null,\n        \"")?;
    let (module, end) =
        tail.split_once("\": import0,").context("glue: unexpected end of the import table")?;
    ensure!(end.trim() == "};\n}", "glue: more than one import module");

    let mut imports = BTreeMap::new();
    let mut name = String::new();
    for line in entries.lines() {
        let indent = line.len() - line.trim_start().len();
        if indent == 8 && !line.trim_start().starts_with('}') {
            let (key, _) = line
                .trim_start()
                .split_once(": ")
                .with_context(|| format!("glue: no import entry: {line}"))?;
            ensure!(key.chars().all(is_word), "glue: an import name that is no identifier: {key}");
            name = key.to_owned();
            let new = imports.insert(name.clone(), line.trim_start().to_owned()).is_none();
            ensure!(new, "glue: the import {name} is there twice");
        } else {
            let entry = imports.get_mut(&name).context("glue: the import table begins inside an entry")?;
            entry.push('\n');
            entry.push_str(line);
        }
    }
    ensure!(imports.values().all(|entry| entry.ends_with(',')), "glue: an import entry without an end");
    Ok((module.to_owned(), imports))
}

/// The name a top-level statement declares; `None` for statements that declare nothing or several.
fn declared_name(block: &str) -> Option<&str> {
    let rest = ["class ", "function ", "const ", "let "].iter().find_map(|word| block.strip_prefix(word))?;
    words(rest).next()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_word(c)).filter(|word| !word.is_empty())
}

/// The members read from an object: NAME of every `object.NAME`.
fn members<'a>(text: &'a str, object: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(object) {
        let own = text[..at].chars().next_back().is_none_or(|c| !is_word(c) && c != '.');
        if let Some(member) = text[at + object.len()..].strip_prefix('.').filter(|_| own) {
            found.extend(words(member).next());
        }
    }
    found
}

fn rename_members(text: &str, object: &str, names: &BTreeMap<&str, &str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(object) {
        let (before, after) = rest.split_at(at + object.len());
        out.push_str(before);
        rest = after;
        let own = before[..at].chars().next_back().is_none_or(|c| !is_word(c) && c != '.');
        let Some(member) = after.strip_prefix('.').filter(|_| own) else { continue };
        let end = member.find(|c| !is_word(c)).unwrap_or(member.len());
        if let Some(new) = names.get(&member[..end]) {
            out.push('.');
            out.push_str(new);
            rest = &member[end..];
        }
    }
    out.push_str(rest);
    out
}

/// Words that have another name get it.
fn rename_words(text: &str, names: &BTreeMap<&str, &str>) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c| !is_word(c)) {
        let word = piece.trim_end_matches(|c| !is_word(c));
        out.push_str(names.get(word).unwrap_or(&word));
        out.push_str(&piece[word.len()..]);
    }
    out
}

/// Short names in order: a, b, ... Z, aa, ab, ...
pub fn short_names() -> impl Iterator<Item = String> {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    (0_usize..).map(|mut index| {
        let mut name = String::new();
        loop {
            name.insert(0, char::from(LETTERS[index % LETTERS.len()]));
            if index < LETTERS.len() {
                return name;
            }
            index = index / LETTERS.len() - 1;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of wasm-bindgen 0.2.130's output for the target web, shortened.
    const SAMPLE: &str = r#"/* @ts-self-types="./toy.d.ts" */

/**
 * Core.
 */
export class Core {
    free() {
        CoreFinalization.unregister(this);
        wasm.__wbg_core_free(this.__wbg_ptr, 0);
    }
}
if (Symbol.dispose) Core.prototype[Symbol.dispose] = Core.prototype.free;
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbg_first_11: function(arg0) {
            return used(arg0);
        },
        __wbg_second_22: function() { return handleError(function (arg0) {
            return unusedLater(arg0);
        }, arguments); },
    };
    return {
        __proto__: null,
        "./toy_bg.js": import0,
    };
}

const CoreFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_core_free(ptr, 1));

function used(a) {
    return wasm.__wbg_core_free(a, wasm.memory);
}

let cachedThing = null;
function unusedLater(a) {
    return cachedThing ?? alsoUnused(a);
}

function alsoUnused(a) {
    return alsoUnused(a);
}

function handleError(f, args) {
    return f.apply(this, args);
}

let wasmModule, wasmInstance, wasm;
function __wbg_finalize_init(instance, module) {
    wasmInstance = instance;
    wasm = instance.exports;
    wasmModule = module;
    cachedThing = null;
    wasm.__wbindgen_start();
    return wasm;
}

async function __wbg_load(module, imports) {
}

export { initSync, __wbg_init as default };
"#;

    /// A class, and what writes texts, as the generator makes them.
    const FULL_CLASS: &str = r#"export class Core {
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        CoreFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_core_free(ptr, 0);
    }
    call(name) {
        const ptr0 = passStringToWasm0(name, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
        wasm.core_call(this.__wbg_ptr, ptr0, WASM_VECTOR_LEN);
    }
    constructor() {
        this.__wbg_ptr = wasm.core_new();
        CoreFinalization.register(this, this.__wbg_ptr, this);
        return this;
    }
}
if (Symbol.dispose) Core.prototype[Symbol.dispose] = Core.prototype.free;
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbg_first_11: function(arg0) {
            return 0;
        },
    };
    return {
        __proto__: null,
        "./toy_bg.js": import0,
    };
}
const CoreFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_core_free(ptr, 1));
function passArray8ToWasm0(arg, malloc) {
    return malloc(arg.length * 1, 1) >>> 0;
}
function passStringToWasm0(arg, malloc, realloc) {
    return realloc(arg.charCodeAt(0));
}
const cachedTextEncoder = new TextEncoder();
let WASM_VECTOR_LEN = 0;
const CLOSURE_DTORS = new FinalizationRegistry(state => wasm.__wbindgen_destroy_closure(state.a, state.b));
function makeMutClosure(arg0, arg1, f) {
    const real = (...args) => f(...args);
    real._wbg_cb_unref = () => {
        if (--state.cnt === 0) {
            wasm.__wbindgen_destroy_closure(state.a, state.b);
            CLOSURE_DTORS.unregister(state);
        }
    };
    CLOSURE_DTORS.register(real, state, state);
    return real;
}
let cachedDataViewMemory0 = null;
function getDataViewMemory0() {
    return cachedDataViewMemory0;
}
let cachedUint8ArrayMemory0 = null;
function getUint8ArrayMemory0() {
    return cachedUint8ArrayMemory0;
}
let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
const MAX_SAFARI_DECODE_BYTES = 2146435072;
let numBytesDecoded = 0;
function decodeText(octets) {
    numBytesDecoded += octets.length;
    return cachedTextDecoder.decode(octets);
}

let wasmModule, wasmInstance, wasm;
function __wbg_finalize_init(instance, module) {
    wasmInstance = instance;
    wasm = instance.exports;
    wasmModule = module;
    wasm.__wbindgen_start();
    return wasm;
}

async function __wbg_load(module, imports) {
}

export { initSync, __wbg_init as default };
"#;

    #[test]
    fn the_sample_becomes_a_factory() {
        let glue = Glue::parse(SAMPLE).unwrap();
        assert_eq!(glue.module(), "./toy_bg.js");
        assert_eq!(glue.used_exports(), ["__wbg_core_free", "memory"]);
        let text = glue.factory("__wbindgen_start", "memory");
        assert!(text.contains("\nclass Core {\n"));
        assert!(text.contains("export async function instantiate(module, onTrap) {\n"));
        assert!(text.contains("{ \"./toy_bg.js\": imports }"));
        assert!(text.contains("return { Core, memory: wasm.memory };"));
        assert_eq!(text.matches("export ").count(), 1);
        assert!(!text.contains("__wbg_load") && !text.contains("__wbg_finalize_init"));
    }

    #[test]
    fn names_are_replaced_on_both_sides() {
        let mut glue = Glue::parse(SAMPLE).unwrap();
        glue.rename_module("g");
        glue.rename_imports(&[("__wbg_first_11".into(), "a".into())]).unwrap();
        glue.rename_exports(&[("__wbg_core_free".into(), "b".into()), ("memory".into(), "c".into())]);
        let text = glue.factory("d", "c");
        assert!(text.contains("\na: function(arg0) {"));
        assert!(text.contains("wasm.b(this.__wbg_ptr, 0)") && text.contains("wasm.b(a, wasm.c)"));
        assert!(text.contains("{ \"g\": imports }") && text.contains("wasm.d();"));
        assert!(glue.rename_imports(&[("missing".into(), "x".into())]).is_err());
    }

    #[test]
    fn imports_that_the_optimizer_removed_take_their_helpers_along() {
        let mut glue = Glue::parse(SAMPLE).unwrap();
        glue.retain_imports(&["__wbg_first_11".into()]).unwrap();
        let text = glue.factory("s", "m");
        for gone in ["__wbg_second_22", "unusedLater", "alsoUnused", "cachedThing", "handleError"] {
            assert!(!text.contains(gone), "{gone} is still there");
        }
        assert!(text.contains("function used(a)"));
        assert!(text.contains("if (Symbol.dispose)") && text.contains("CoreFinalization"));
        assert!(glue.retain_imports(&["__wbg_third".into()]).is_err());
    }

    #[test]
    fn what_is_of_no_use_is_left_out() {
        let mut glue = Glue::parse(FULL_CLASS).unwrap();
        glue.lighten().unwrap();
        let text = glue.factory("s", "m");
        for gone in [
            "free",
            "Finalization",
            "Symbol.dispose",
            "realloc",
            "charCodeAt",
            "cachedUint8",
            "cachedData",
            "BYTES",
            "numBytes",
        ] {
            assert!(!text.contains(gone), "{gone} is still there: {text}");
        }
        assert!(text.contains("const ptr0 = passStringToWasm0(name);"));
        assert!(text.contains("class Core {\n    call(name) {"));
        assert_eq!(
            glue.used_exports(),
            ["__wbindgen_destroy_closure", "__wbindgen_malloc", "core_call", "core_new", "memory"]
        );

        let other = FULL_CLASS.replace("const ptr = this.__destroy_into_raw();", "other();");
        assert!(Glue::parse(&other).unwrap().lighten().is_err());
    }

    #[test]
    fn one_glue_serves_a_module_that_does_less() {
        let text = |closure: &str, number: &str| {
            let first = format!("// Function {number}.\n            return used(arg0, {closure});");
            let function =
                format!("function {closure}(a) {{\n    wasm.{closure}(a);\n}}\n\nfunction used(a) {{");
            SAMPLE
                .replace("return used(arg0);", &first)
                .replace("function used(a) {", &function)
                .replace("__wbg_first_11", &format!("__wbg_first_{number}"))
        };
        let whole = Glue::parse(&text("invoke__h12", "11")).unwrap();
        let mut lean = Glue::parse(&text("invoke__h99", "77")).unwrap();
        let (imports, exports) = lean.counterparts(&whole).unwrap();
        let pair = |own: &str, other: &str| (own.to_owned(), other.to_owned());
        assert!(imports.contains(&pair("__wbg_first_77", "__wbg_first_11")));
        assert!(imports.contains(&pair("__wbg_second_22", "__wbg_second_22")));
        assert!(exports.contains(&pair("invoke__h99", "invoke__h12")));
        assert!(exports.contains(&pair("memory", "memory")));

        lean.imports.insert("__wbg_third".into(), "__wbg_third: function() {},".into());
        assert!(lean.counterparts(&whole).is_err(), "an import that only one has");
        lean.imports.remove("__wbg_third");
        lean.blocks.push("function other() {}".into());
        assert!(lean.counterparts(&whole).is_err(), "a helper that only one has");
    }

    #[test]
    fn text_that_is_not_as_expected_is_refused() {
        for (old, new) in [
            ("export { initSync", "export { other"),
            ("async function __wbg_load(module, imports) {", "async function load(module, imports) {"),
            ("    wasmModule = module;", "    wasmModule = module; extra();"),
            ("    wasm.__wbindgen_start();\n", ""),
            (
                "        \"./toy_bg.js\": import0,",
                "        \"./toy_bg.js\": import0,\n        \"./other.js\": import1,",
            ),
            ("const CoreFinalization", "import * as x from './snippet.js';\nconst CoreFinalization"),
            ("        __wbg_first_11: ", "        \"a b\": "),
            ("    const import0 = {", "    const table = {"),
        ] {
            assert!(SAMPLE.contains(old), "{old}");
            assert!(Glue::parse(&SAMPLE.replace(old, new)).is_err(), "{old} -> {new}");
        }
    }

    #[test]
    fn members_are_whole_names_of_that_object_only() {
        let text = "wasm.a + xwasm.b + o.wasm.c + wasm.aa(wasm.a)";
        assert_eq!(members(text, "wasm"), ["a", "aa", "a"]);
        let names = BTreeMap::from([("a", "z")]);
        assert_eq!(rename_members(text, "wasm", &names), "wasm.z + xwasm.b + o.wasm.c + wasm.aa(wasm.z)");
    }

    #[test]
    fn short_names_do_not_repeat() {
        let names: Vec<String> = short_names().take(4000).collect();
        let mut unique = names.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), names.len());
        assert_eq!((names[0].as_str(), names[52].as_str()), ("a", "aa"));
    }
}
