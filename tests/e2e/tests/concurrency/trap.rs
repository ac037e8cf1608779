//! A shipped module that traps when it is told to: no request is known to do that to the real one.

use anyhow::{Context as _, ensure};
use std::{fs, ops::Range};
use tempfile::TempDir;
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

/// No local variables, then nothing but `unreachable`, then the end.
const NO_LOCALS: u8 = 0x00;
const UNREACHABLE: u8 = 0x00;
const END: u8 = 0x0b;

/// A folder with this module, in which every request with a body traps: the callback's code is written over, byte by byte.
pub(crate) fn on_request_body(module: &str) -> anyhow::Result<TempDir> {
    let mut wasm = fs::read(testkit::module(module)?)?;
    let body = body_of(&wasm, "proxy_on_request_body")?;
    let code = wasm.get_mut(body).context("a body outside of the module")?;
    ensure!(code.len() > 2, "the callback is empty");
    code.fill(UNREACHABLE);
    if let [first, .., last] = code {
        (*first, *last) = (NO_LOCALS, END);
    }
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join(format!("{module}.wasm")), wasm)?;
    Ok(folder)
}

/// Where the code of an exported function lies.
fn body_of(wasm: &[u8], export: &str) -> anyhow::Result<Range<usize>> {
    let (mut imported, mut wanted, mut bodies) = (0, None, Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::ExportSection(exports) => {
                for found in exports {
                    let found = found?;
                    if found.name == export && found.kind == ExternalKind::Func {
                        wanted = Some(usize::try_from(found.index)?);
                    }
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range()),
            _ => {}
        }
    }
    let index = wanted.context("no such export")?.checked_sub(imported);
    let body = index.and_then(|index| bodies.into_iter().nth(index));
    body.context("it is no function of the module")
}
