//! The `steward` command: what the filters know about a document, without an Envoy.

mod api_key;
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
    /// Keys for the clients of `authentication.apiKeys`.
    Apikey {
        #[command(subcommand)]
        verb: KeyVerb,
    },
}

#[derive(Subcommand)]
enum KeyVerb {
    /// Make a key, and the entry that lets a document know it.
    ///
    /// The key is printed this once and kept nowhere: the entry has its SHA-256 only. Give the key to the client, put the
    /// entry into `authentication.apiKeys.clients`, and name `apiKeys` in a requirement.
    New {
        /// What the client is called in conditions, limits and logs; made from the key's SHA-256 if not given.
        #[arg(long)]
        id: Option<String>,
        /// A role of the client; may be given several times.
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
    },
}

fn main() -> ExitCode {
    match Steward::parse().verb {
        Verb::Validate { files } => validate::run(&files).into(),
        Verb::Apikey {
            verb: KeyVerb::New { id, roles },
        } => api_key::new(id, &roles),
    }
}
