//! The upstream as a process, for a stack of containers: `echo NAME ADDRESS [LABEL=VALUE …]`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program: its output is what it is for"
)]

use anyhow::Context as _;
use echo::Echo;
use std::{env, net::SocketAddr, process::ExitCode, thread};

const USAGE: &str =
    "usage: echo NAME ADDRESS [LABEL=VALUE …], such as: echo base 127.0.0.1:8081 version=1";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match start(&arguments) {
        Ok(echo) => {
            println!("{} listens on {}", echo.name(), echo.addr());
            // It serves from a thread of its own until the process is ended.
            loop {
                thread::park();
            }
        }
        Err(error) => {
            eprintln!("error: {error:#}\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &[String]) -> anyhow::Result<Echo> {
    let [name, addr, labels @ ..] = arguments else {
        anyhow::bail!("a name and an address are needed");
    };
    let addr: SocketAddr = addr.parse().with_context(|| format!("address {addr}"))?;
    let labels: Vec<(&str, &str)> = labels
        .iter()
        .map(|label| {
            label
                .split_once('=')
                .with_context(|| format!("label {label}"))
        })
        .collect::<anyhow::Result<_>>()?;
    Echo::start_at(addr, name, &labels)
}

#[cfg(test)]
mod tests {
    use super::start;

    fn started(arguments: &[&str]) -> anyhow::Result<String> {
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        start(&arguments).map(|echo| echo.name().to_owned())
    }

    #[test]
    fn a_name_and_an_address_are_enough() {
        assert_eq!(started(&["base", "127.0.0.1:0"]).unwrap(), "base");
        assert!(started(&["base", "127.0.0.1:0", "version=1"]).is_ok());
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for wrong in [
            &["base"][..],
            &["base", "here"],
            &["base", "127.0.0.1:0", "x"],
        ] {
            assert!(started(wrong).is_err(), "{wrong:?}");
        }
    }
}
