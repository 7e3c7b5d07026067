//! Which function stands where in the module. Nothing depends on it but how well the module compresses: what looks
//! alike is said in fewer octets when it stands close together.

use anyhow::{Result, anyhow};
use std::collections::BTreeSet;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, FunctionSectionReader, Parser, Payload, TypeRef};

/// How many octets in a row count as something that two functions have in common.
const RUN: usize = 3;

/// Puts every function beside the one that is most like it.
pub fn alike_together(wasm: &[u8]) -> Result<Vec<u8>> {
    let (mut imported, mut bodies) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
            _ => {}
        }
    }
    let mut order = Order { imported, order: chain(&bodies) };
    let mut module = Module::new();
    order.parse_core_module(&mut module, Parser::new(0), wasm).map_err(|error| anyhow!("{error}"))?;
    Ok(module.finish())
}

/// The numbers of the bodies: first the longest, then always the one of the rest that is most like the one before.
fn chain(bodies: &[&[u8]]) -> Vec<usize> {
    let runs: Vec<BTreeSet<&[u8]>> = bodies.iter().map(|body| body.windows(RUN).collect()).collect();
    let alike = |one: usize, other: usize| {
        let shared = runs[one].intersection(&runs[other]).count();
        // Of a thousand runs in either, how many are in both.
        shared * 1000 / (runs[one].len() + runs[other].len() - shared).max(1)
    };
    let mut rest: Vec<usize> = (0..bodies.len()).collect();
    let mut order = Vec::new();
    while !rest.is_empty() {
        let next = match order.last() {
            None => (0..rest.len()).max_by_key(|at| bodies[rest[*at]].len()),
            Some(last) => (0..rest.len()).max_by_key(|at| (alike(*last, rest[*at]), usize::MAX - at)),
        };
        order.push(rest.remove(next.unwrap_or_default()));
    }
    order
}

/// Writes the module with its functions in another order.
struct Order {
    imported: u32,
    /// Which of the old functions stands in each place.
    order: Vec<usize>,
}

impl Order {
    fn place(&self, function: u32) -> Option<u32> {
        let own = function.checked_sub(self.imported)?;
        let place = self.order.iter().position(|old| u32::try_from(*old) == Ok(own))?;
        Some(self.imported + u32::try_from(place).ok()?)
    }
}

impl Reencode for Order {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.place(function).unwrap_or(function))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let types: Vec<u32> = section.into_iter().collect::<Result<_, _>>()?;
        for old in &self.order {
            functions.function(types[*old]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let bodies: Vec<_> = section.into_iter().collect::<Result<_, _>>()?;
        for old in self.order.clone() {
            self.parse_function_body(code, bodies[old].clone())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_stands_together() {
        let bodies: [&[u8]; 5] = [b"abcdef", b"12345", b"abcdefgh", b"1234", b""];
        assert_eq!(chain(&bodies), [2, 0, 1, 3, 4]);
    }

    #[test]
    fn calls_and_exports_go_where_their_functions_go() {
        // (import "" "" (func)) (export "first" (func 1)), which calls 2, which calls 0 many times
        let long = [b"\x00".as_slice(), &[0x10, 0].repeat(8), b"\x0b"].concat();
        let wasm = [
            b"\0asm\x01\0\0\0".as_slice(),
            b"\x01\x04\x01\x60\0\0",
            b"\x02\x05\x01\0\0\0\0",
            b"\x03\x03\x02\0\0",
            b"\x07\x09\x01\x05first\0\x01",
            &[0x0a, 25, 2, 4, 0, 0x10, 2, 0x0b, 18],
            &long,
        ]
        .concat();
        let ordered = alike_together(&wasm).unwrap();
        let expected =
            [b"\x07\x09\x01\x05first\0\x02".as_slice(), &[0x0a, 25, 2, 18], &long, &[4, 0, 0x10, 1, 0x0b]]
                .concat();
        assert!(ordered.ends_with(&expected), "{ordered:02x?}");
        assert_eq!(ordered.len(), wasm.len());
    }
}
