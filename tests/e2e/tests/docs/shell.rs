//! Commands: verbs and flags that a page names must be there.

use crate::page::Block;
use anyhow::{Context as _, ensure};
use std::{env, process::Command};
use testkit::repository;

/// The project's own commands, as pages write them, and the package that has them.
const OWN: [(&str, &str); 2] = [
    ("cargo xtask ", "xtask"),
    ("cargo run -p steward -- ", "steward"),
];

/// Every line of a block.
pub(crate) fn check(block: &Block) -> anyhow::Result<()> {
    for line in block.text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        command(line).with_context(|| line.to_owned())?;
        ensure!(
            !line.starts_with('$'),
            "without a prompt: it is to be copied"
        );
    }
    Ok(())
}

/// A line that may call one of the project's own commands.
pub(crate) fn command(line: &str) -> anyhow::Result<()> {
    for (command, package) in OWN {
        if let Some((_, arguments)) = line.split_once(command) {
            has(package, arguments)?;
        }
    }
    Ok(())
}

/// `cargo run` of a package of this workspace, from any folder.
pub(crate) fn cargo_run(package: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let manifest = repository().join("Cargo.toml");
    command
        .args(["run", "--quiet", "--manifest-path"])
        .arg(manifest);
    command.args(["--package", package, "--"]);
    command
}

fn has(package: &str, arguments: &str) -> anyhow::Result<()> {
    let mut words = arguments.split_ascii_whitespace();
    let verb = words.next().context("no verb")?;
    let help = |arguments: &[&str]| -> anyhow::Result<String> {
        let output = cargo_run(package).args(arguments).output()?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    };
    let verbs = help(&["--help"])?;
    ensure!(
        verb.starts_with('-') || is_listed(&verbs, verb),
        "no verb `{verb}` in\n{verbs}"
    );
    let words: Vec<&str> = words.collect();
    for flag in words.iter().filter(|word| word.starts_with("--")) {
        let own = help(&[verb, "--help"])?;
        let own = match words.first().filter(|inner| is_listed(&own, inner)) {
            Some(inner) => help(&[verb, inner, "--help"])?,
            None => own,
        };
        ensure!(own.contains(flag), "no flag `{flag}` in\n{own}");
    }
    Ok(())
}

/// Whether a help lists this verb; a verb of verbs does it as the command does.
fn is_listed(help: &str, verb: &str) -> bool {
    let listed = |line: &str| line.split_ascii_whitespace().next() == Some(verb);
    !verb.starts_with('-') && help.lines().any(listed)
}
