//! `cargo xtask build`: the plugin crates, compiled, trimmed, and laid into `dist/`.

mod modules;
mod names;
mod trim;
mod unused;

use crate::{cache::Cache, call::Call, machine::show, place, say, toolchain};
use anyhow::{Context, Result, bail};
use modules::{MODULES, Module};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The yardstick of the benchmark, no product: it listens to nothing but what every filter must.
const EMPTY_FILTER: Module = Module {
    name: "empty-filter",
    callbacks: &[],
    budget: 128 * 1024,
};

/// The second one: it calls its host as often as it is told.
const HOST_CALLS: Module = Module {
    name: "host-calls",
    callbacks: &[modules::RESPONSE],
    budget: 128 * 1024,
};

/// Builds the modules whose name contains one of `filters` (all, if there is none) and returns the folder they are in.
pub(crate) fn run(filters: &[String]) -> Result<PathBuf> {
    make(&choose(filters)?, place::dist())
}

/// Builds all modules and the yardsticks of the benchmark into a folder of their own, `dist` staying what users load.
pub(crate) fn for_bench() -> Result<PathBuf> {
    let all: Vec<_> = MODULES.iter().chain([&EMPTY_FILTER, &HOST_CALLS]).collect();
    make(&all, place::target().join("bench"))
}

fn make(chosen: &[&Module], dist: PathBuf) -> Result<PathBuf> {
    let cache = Cache::of_user()?;
    let toolchain = toolchain::ready(&cache)?;
    fetch_crates();

    let folder = place::target().join(format!("wasm-{}", toolchain.fingerprint()?));
    say::line(format!(
        "compiling {} for {}",
        listed(chosen),
        toolchain::TARGET
    ));
    if show(&compile(toolchain.cargo(), chosen, &folder)).is_err() {
        bail!("the modules do not compile; cargo says why above");
    }
    let compiled = folder.join(toolchain::TARGET).join("release");

    fs::create_dir_all(&dist).with_context(|| format!("cannot make {}", dist.display()))?;
    finish(chosen, &compiled, &dist)?;
    Ok(dist)
}

/// Has every crate that any verb will need downloaded now, so that the next one works without a network. Where this
/// fails the compilation may well go on, and else says better what it misses.
fn fetch_crates() {
    let host = Call::new("rustc").args(["--print", "host-tuple"]);
    let host = crate::machine::Machine::output(&crate::machine::ThisMachine, &host);
    let targets = [
        toolchain::TARGET.to_owned(),
        host.unwrap_or_default().trim().to_owned(),
    ];
    let targets = targets.iter().filter(|target| !target.is_empty());
    let fetch = Call::cargo()
        .arg("fetch")
        .args(targets.flat_map(|target| ["--target", target]));
    let fetched = show(&fetch.in_folder(place::root()));
    if fetched.is_err() {
        say::line("some crates could not be downloaded ahead; going on with those that are here");
    }
}

/// The call that compiles `modules` in `folder`.
fn compile(cargo: Call, modules: &[&Module], folder: &Path) -> Call {
    let packages = modules
        .iter()
        .map(|module| format!("--package={}-plugin", module.name));
    cargo
        .args(["build", "--release", "--target", toolchain::TARGET])
        .args(packages)
        .arg("--target-dir")
        .arg(folder)
        .env("CARGO_ENCODED_RUSTFLAGS", short_paths())
        .in_folder(place::root())
}

/// Compiler flags under which a module mentions source files by their path in this repository or in the registry. A
/// panic's message names the file: without this a module would tell where it was built, and differ from one built
/// elsewhere.
fn short_paths() -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let registry = home.map(|home| home.join("registry/src"));
    let folders = [registry.as_deref(), Some(place::root())]
        .into_iter()
        .flatten();
    let flags = folders.map(|folder| format!("--remap-path-prefix={}=.", folder.display()));
    // Cargo's separator, which lets paths hold spaces.
    flags.collect::<Vec<_>>().join("\x1f")
}

/// Trims each module and writes it to `dist`. One that cannot be trimmed does not keep the others from being written.
fn finish(modules: &[&Module], compiled: &Path, dist: &Path) -> Result<()> {
    let mut failed = Vec::new();
    for module in modules {
        match finish_one(module, compiled, dist) {
            Ok(line) => say::line(line),
            Err(error) => failed.push(format!("{}: {error:#}", module.file())),
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!(
        "not every module could be finished\n- {}",
        failed.join("\n- ")
    )
}

fn finish_one(module: &Module, compiled: &Path, dist: &Path) -> Result<String> {
    let linked = compiled.join(format!("{}_plugin.wasm", module.name.replace('-', "_")));
    let linked = fs::read(&linked).with_context(|| format!("cannot read {}", linked.display()))?;
    let trimmed = trim::trim(&linked, &module.exports().collect::<Vec<_>>())?;
    let path = dist.join(module.file());
    replace(&path, &trimmed)?;
    let (size, before) = (kib(trimmed.len() as u64), kib(linked.len() as u64));
    let budget = kib(module.budget);
    let path = place::shown(&path);
    Ok(format!(
        "{path}: {size} KiB ({before} KiB as linked, budget {budget} KiB)"
    ))
}

/// A test may be loading the module while it is replaced.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let unfinished = path.with_extension(format!("wasm.{}", std::process::id()));
    fs::write(&unfinished, bytes)
        .with_context(|| format!("cannot write {}", unfinished.display()))?;
    Ok(fs::rename(unfinished, path)?)
}

/// Rounded up.
fn kib(bytes: u64) -> u64 {
    bytes.div_ceil(1024)
}

fn choose(filters: &[String]) -> Result<Vec<&'static Module>> {
    for filter in filters {
        if !MODULES
            .iter()
            .any(|module| module.name.contains(filter.as_str()))
        {
            let all: Vec<_> = MODULES.iter().collect();
            bail!(
                "no module's name contains `{filter}`; there are {}",
                listed(&all)
            );
        }
    }
    let wanted = |module: &&Module| {
        filters.is_empty()
            || filters
                .iter()
                .any(|filter| module.name.contains(filter.as_str()))
    };
    Ok(MODULES.iter().filter(wanted).collect())
}

fn listed(modules: &[&Module]) -> String {
    modules
        .iter()
        .map(|module| module.name)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(filters: &[&str]) -> Result<String> {
        let filters: Vec<_> = filters.iter().map(ToString::to_string).collect();
        choose(&filters).map(|modules| listed(&modules))
    }

    #[test]
    fn a_filter_picks_modules_by_a_part_of_their_name() {
        assert_eq!(
            chosen(&["limit", "jwt"]).expect("known"),
            "jwt-auth, rate-limit"
        );
        assert_eq!(chosen(&[]).expect("all").split(", ").count(), MODULES.len());
        let said = chosen(&["jwt", "nonsense"])
            .expect_err("unknown")
            .to_string();
        assert!(
            said.contains("`nonsense`") && said.contains("governance"),
            "{said}"
        );
    }

    #[test]
    fn each_chosen_module_is_compiled_in_the_folder_of_the_toolchain() {
        let modules = choose(&["jwt".into()]).expect("known");
        let call = compile(Call::new("cargo"), &modules, Path::new("/t/wasm-1")).to_string();
        assert_eq!(
            call,
            "cargo build --release --target wasm32-wasip1 --package=jwt-auth-plugin --target-dir /t/wasm-1"
        );
    }

    #[test]
    fn one_bad_module_does_not_hide_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let modules: Vec<_> = MODULES.iter().take(2).collect();
        let said = finish(&modules, folder.path(), folder.path()).expect_err("nothing is there");
        assert!(said.to_string().contains("jwt-auth.wasm"), "{said}");
        assert!(said.to_string().contains("rate-limit.wasm"), "{said}");
    }
}
