//! The modules as files: what they export and import, what they weigh, whether a trap in them can be read.

#[path = "../../../xtask/src/build/modules.rs"]
mod modules;

use anyhow::{Context as _, ensure};
use modules::{MODULES, Module};
use std::{collections::BTreeSet, fs};
use wasmparser::{Name, NameSectionReader, Parser, Payload};

/// What `std` brings along: panics print and exit, the environment is read, the clock is asked. `random_get` draws the
/// secret under which a limit's clients are spread over a table. Envoy implements more, but more would mean that something
/// crept in.
const WASI: &str = "wasi_snapshot_preview1";
const WASI_CALLS: [&str; 6] = [
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_write",
    "proc_exit",
    "random_get",
];

/// A module read as far as the tests need it.
#[derive(Default)]
struct Artefact {
    bytes: u64,
    exports: BTreeSet<String>,
    imports: Vec<(String, String)>,
    function_names: Vec<String>,
}

#[test]
fn each_module_exports_what_its_stages_listen_to_and_no_more() -> anyhow::Result<()> {
    each(|module, artefact| {
        let expected: BTreeSet<_> = module.exports().map(str::to_owned).collect();
        let found = &artefact.exports;
        ensure!(
            *found == expected,
            "it exports {found:?}, the table says {expected:?}"
        );
        Ok(())
    })
}

#[test]
fn each_module_imports_only_what_envoy_gives() -> anyhow::Result<()> {
    each(|_, artefact| {
        let odd = artefact
            .imports
            .iter()
            .find(|(from, name)| match from.as_str() {
                "env" => !name.starts_with("proxy_"),
                WASI => !WASI_CALLS.contains(&name.as_str()),
                _ => true,
            });
        ensure!(odd.is_none(), "it imports {odd:?}");
        ensure!(
            !artefact.imports.is_empty(),
            "it imports nothing, so it cannot do anything"
        );
        Ok(())
    })
}

#[test]
fn each_module_keeps_within_its_size() -> anyhow::Result<()> {
    each(|module, artefact| {
        let (bytes, budget) = (artefact.bytes, module.budget);
        ensure!(
            bytes <= budget,
            "it has {bytes} bytes, its budget is {budget}"
        );
        Ok(())
    })
}

#[test]
fn a_trap_in_a_module_shows_the_names_of_functions() -> anyhow::Result<()> {
    each(|_, artefact| {
        let named = |of: &str| artefact.function_names.iter().any(|name| name.contains(of));
        ensure!(
            named("proxy_on_request_headers"),
            "its name section is gone"
        );
        ensure!(
            named("panicking"),
            "the functions behind a panic have no names"
        );
        Ok(())
    })
}

/// Checks every module, and names the one that fails.
fn each(check: impl Fn(&Module, &Artefact) -> anyhow::Result<()>) -> anyhow::Result<()> {
    for module in &MODULES {
        let file = testkit::module(module.name)?;
        read(&fs::read(&file)?)
            .and_then(|artefact| check(module, &artefact))
            .with_context(|| module.file())?;
    }
    Ok(())
}

fn read(wasm: &[u8]) -> anyhow::Result<Artefact> {
    let mut artefact = Artefact {
        bytes: wasm.len() as u64,
        ..Artefact::default()
    };
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ExportSection(exports) => {
                for export in exports {
                    artefact.exports.insert(export?.name.to_owned());
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    artefact
                        .imports
                        .push((import.module.to_owned(), import.name.to_owned()));
                }
            }
            Payload::CustomSection(section) if section.name() == "name" => {
                artefact.function_names = function_names(NameSectionReader::new(
                    wasmparser::BinaryReader::new(section.data(), section.data_offset()),
                ))?;
            }
            _ => {}
        }
    }
    Ok(artefact)
}

fn function_names(section: NameSectionReader<'_>) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for subsection in section {
        if let Name::Function(functions) = subsection? {
            for naming in functions {
                names.push(naming?.name.to_owned());
            }
        }
    }
    Ok(names)
}
