//! The `steward` command: what the filters know about a document, without an Envoy.

mod envoy;
mod validate;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Governance documents for Envoy: check them before a proxy does.
#[derive(Parser)]
#[command(version)]
struct Steward {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Check documents and print what is to be said about them.
    ///
    /// Exits with 0 if a proxy would take every document (warnings are no obstacle), with 1 if it would refuse one, and
    /// with 2 if a file cannot be read.
    Validate {
        /// JSON files, or Envoy's YAML files with documents in them; `-` is the standard input.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

fn main() -> ExitCode {
    match Steward::parse().verb {
        Verb::Validate { files } => validate::run(&files).into(),
    }
}
