//! A module whose VM can be killed.
//!
//! The modules have no way to trap that a test could ask for. So one more export is given to a shipped module: what Envoy
//! calls for a request's trailers becomes the SDK's start of a VM, which has the same type and panics on a context that is
//! no root. All else is the module as it is.

use anyhow::{Context as _, bail};
use std::{fs, io::Write as _, net::TcpStream, path::PathBuf};
use tempfile::TempDir;
use testkit::{Envoy, repository};
use wasmparser::{ExternalKind, Parser, Payload};

/// Of the module `rate-limit`, which does not listen to trailers.
const FILE: &str = "rate-limit.wasm";
const ENTRY: &str = "proxy_on_vm_start";
const ALIAS: &str = "proxy_on_request_trailers";

/// A folder with the module.
pub(crate) fn modules() -> anyhow::Result<TempDir> {
    let dist = std::env::var_os("STEWARD_DIST").map(PathBuf::from);
    let dist = dist.unwrap_or_else(|| repository().join("dist"));
    let module = fs::read(dist.join(FILE)).context("the module is not built")?;
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join(FILE), with_alias(&module)?)?;
    Ok(folder)
}

/// Sends a request with trailers, in which the VM ends. No service of the document is its, so no limit keeps it.
pub(crate) fn kill(envoy: &Envoy) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(envoy.addr())?;
    write!(
        stream,
        "POST / HTTP/1.1\r\nhost: nobody\r\ntransfer-encoding: chunked\r\ntrailer: x-end\r\n\r\n1\r\nx\r\n0\r\nx-end: 1\r\n\r\n"
    )?;
    Ok(())
}

/// The module with the entry exported under a second name.
fn with_alias(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    for payload in Parser::new(0).parse_all(module) {
        let Payload::ExportSection(exports) = payload? else {
            continue;
        };
        let (range, count) = (exports.range(), exports.count());
        let mut entry = None;
        for export in exports {
            let export = export?;
            if export.name == ENTRY && export.kind == ExternalKind::Func {
                entry = Some(export.index);
            }
        }
        let entry = entry.context("no entry")?;
        // A vector: its length, then its items (WebAssembly core specification, section 5.5.10).
        let items = module.get(range.start + leb128(count).len()..range.end);
        let mut body = leb128(count + 1);
        body.extend(items.context("a short section")?);
        body.extend(leb128(u32::try_from(ALIAS.len())?));
        body.extend(ALIAS.as_bytes());
        body.push(0);
        body.extend(leb128(entry));
        // Before the body stand the section's number and its size.
        let size = leb128(u32::try_from(range.len())?).len();
        let mut all = module.get(..range.start - size).context("a head")?.to_vec();
        all.extend(leb128(u32::try_from(body.len())?));
        all.extend(body);
        all.extend(module.get(range.end..).context("a tail")?);
        return Ok(all);
    }
    bail!("the module exports nothing")
}

fn leb128(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
