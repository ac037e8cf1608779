//! `cargo xtask test --docker`: the end-to-end tests with Envoy in containers of its published image.
//!
//! Only an engine will do whose containers have this machine's network and files: upstreams and ports of the tests are on
//! loopback, and Envoy's files are the tests' own. What answers but is elsewhere, or maps users, is named and passed over.

use crate::{
    build,
    cache::Cache,
    call::Call,
    envoy,
    machine::{Failure, Machine, ThisMachine},
    place, say,
};
use anyhow::{Context as _, Result};
use std::{env, ffi::OsStr, fs, path::Path};

/// What an engine is asked: its version, the kernel's kind, what it runs in, and how it confines containers.
const QUESTION: &str = "{{.ServerVersion}}|{{.OSType}}|{{.OperatingSystem}}|{{.SecurityOptions}}";

/// Kinds of engines whose containers are not on this machine's loopback or not of its users, by what they answer.
const OTHERS: [(&str, &str); 4] = [
    ("|windows|", "its containers are Windows'"),
    (
        "|Docker Desktop|",
        "its containers are in a virtual machine",
    ),
    (
        "name=rootless",
        "it is rootless: its host network is not this machine's",
    ),
    (
        "name=userns",
        "it maps users: its containers may not read the tests' files",
    ),
];

/// A Docker engine that can run the tests.
#[derive(Debug, PartialEq, Eq)]
struct Engine {
    host: String,
    version: String,
}

/// Runs the end-to-end tests whose name contains one of `filters` in containers; skips them aloud without an engine.
pub(super) fn run(filters: &[String]) -> Result<()> {
    let named = env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty());
    match Engine::find(&ThisMachine, named) {
        Err(why) => say::line(skipped(&why)),
        Ok(engine) => return test(&engine, filters),
    }
    Ok(())
}

fn skipped(why: &str) -> String {
    format!("no Docker engine for it: {why}\n== the end-to-end tests in containers: skipped")
}

fn test(engine: &Engine, filters: &[String]) -> Result<()> {
    let image = image(&fs::read_to_string(
        place::root().join("images/Dockerfile"),
    )?)?;
    let dist = build::run(&[])?;
    // Some tests ask Envoy itself about a configuration, without a container.
    let envoy = envoy::ready(&Cache::of_user()?)?;
    engine.have(&ThisMachine, &image)?;
    say::line(format!(
        "testing in containers of {image}, Docker {} at {}",
        engine.version, engine.host
    ));
    super::judged(&engine.tests(&image, filters, &envoy, &dist))
}

/// The Envoy that the images of this repository are made from: one version, decided there.
fn image(dockerfile: &str) -> Result<String> {
    let word = |line: &str| {
        let base = line
            .strip_prefix("FROM ")?
            .split_ascii_whitespace()
            .next()?;
        base.starts_with("envoyproxy/envoy:")
            .then(|| base.to_owned())
    };
    dockerfile
        .lines()
        .find_map(word)
        .context("images/Dockerfile: no stage begins with envoyproxy/envoy")
}

// === impl Engine ===

impl Engine {
    /// The engine that `docker` would talk to, or why it is none for these tests.
    fn find(machine: &impl Machine, named: Option<String>) -> Result<Self, String> {
        let host = match named {
            Some(named) => named,
            None => context(machine).map_err(|failure| failure.to_string())?,
        };
        let local = host.starts_with("unix://");
        if !local {
            return Err(format!("{host} is another machine for all that is known"));
        }
        let info = Call::new("docker").args(["info", "--format", QUESTION]);
        let info = machine
            .output(&info.env("DOCKER_HOST", &host))
            .map_err(|failure| format!("none answers at {host}: {}", said(&failure)))?;
        let other = OTHERS.iter().find(|(sign, _)| info.contains(sign));
        if let Some((_, why)) = other {
            return Err(format!("the one at {host} will not do, {why}"));
        }
        let version = info.split('|').next().unwrap_or_default().to_owned();
        Ok(Self { host, version })
    }

    /// Has the image, pulled once rather than by each test.
    fn have(&self, machine: &impl Machine, image: &str) -> Result<()> {
        let docker = || Call::new("docker").env("DOCKER_HOST", &self.host);
        let there = docker().args(["image", "inspect", "--format", "{{.Id}}", image]);
        if machine.output(&there).is_err() {
            let pull = docker().args(["pull", "--quiet", image]);
            say::step(&format!("pulling {image}"), || machine.output(&pull))?;
        }
        Ok(())
    }

    fn tests(&self, image: &str, filters: &[String], envoy: &Path, dist: &Path) -> Call {
        let packages = ["--package", "e2e", "--package", "testkit"];
        super::cargo_test(
            packages.into_iter().chain(["--features", "docker"]),
            filters,
            envoy,
            dist,
        )
        .env("STEWARD_ENVOY_IMAGE", OsStr::new(image))
        .env("DOCKER_HOST", &self.host)
    }
}

/// Where the client's current context has its engine: testcontainers knows `$DOCKER_HOST` and the usual sockets only.
fn context(machine: &impl Machine) -> Result<String, Failure> {
    let call = [
        "context",
        "inspect",
        "--format",
        "{{.Endpoints.docker.Host}}",
    ];
    let host = machine.output(&Call::new("docker").args(call))?;
    Ok(host.trim().to_owned())
}

/// What a failed client said, on one line; its standard output is the unfilled answer.
fn said(failure: &Failure) -> String {
    match failure {
        Failure::Exit { tail, .. } => {
            let lines = tail.lines().map(str::trim);
            let words: Vec<&str> = lines.filter(|line| !line.starts_with('|')).collect();
            words.join(" ")
        }
        Failure::NotStarted { .. } => failure.to_string(),
    }
}

#[cfg(test)]
mod tests;
