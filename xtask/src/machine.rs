//! What the set-up needs from the machine it runs on. A trait, so that the order in which ways are tried, and what is
//! said when none works, can be tested on machines that nobody has.

use crate::call::Call;
use std::{fmt, io, path::Path, process::ExitStatus};

/// Lines of a failed program's output that are worth repeating.
const TAIL: usize = 15;

/// Programs that can be called, files that may be there.
pub(crate) trait Machine {
    /// Runs `call` to its end and returns what it printed to standard output.
    fn output(&self, call: &Call) -> Result<String, Failure>;

    /// Whether there is anything at `path`.
    fn exists(&self, path: &Path) -> bool;
}

/// A call that did not do what it was made for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The program could not be started: mostly, it is not installed.
    NotStarted { call: String, error: io::Error },
    /// It ran and reported failure; `tail` is the end of what it said.
    Exit {
        call: String,
        status: ExitStatus,
        tail: String,
    },
}

/// This one.
pub(crate) struct ThisMachine;

// === impl ThisMachine ===

impl Machine for ThisMachine {
    fn output(&self, call: &Call) -> Result<String, Failure> {
        let output = call
            .command()
            .output()
            .map_err(|error| Failure::NotStarted {
                call: call.to_string(),
                error,
            })?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(stdout);
        }
        let said = stdout + &String::from_utf8_lossy(&output.stderr);
        Err(Failure::Exit {
            call: call.to_string(),
            status: output.status,
            tail: tail(&said),
        })
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}

/// Runs `call` with its output going straight to the terminal.
pub(crate) fn show(call: &Call) -> Result<(), Failure> {
    let status = call
        .command()
        .status()
        .map_err(|error| Failure::NotStarted {
            call: call.to_string(),
            error,
        })?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::Exit {
        call: call.to_string(),
        status,
        tail: String::new(),
    })
}

// === impl Failure ===

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted { call, error } => write!(f, "`{call}` cannot be run: {error}"),
            Self::Exit { call, status, tail } if tail.is_empty() => {
                write!(f, "`{call}` failed ({status})")
            }
            Self::Exit { call, status, tail } => {
                write!(
                    f,
                    "`{call}` failed ({status}); the end of its output:\n{tail}"
                )
            }
        }
    }
}

impl std::error::Error for Failure {}

fn tail(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let from = lines.len().saturating_sub(TAIL);
    let last = lines.get(from..).unwrap_or_default();
    last.iter()
        .map(|line| format!("    {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A machine that answers from a script.
#[cfg(test)]
pub(crate) mod fake {
    use super::*;
    use std::{
        cell::RefCell, collections::BTreeSet, os::unix::process::ExitStatusExt, path::PathBuf,
    };

    /// Answers by the beginning of the call; what no rule names is not installed.
    #[derive(Default)]
    pub(crate) struct Fake {
        rules: Vec<(String, Answer)>,
        paths: RefCell<BTreeSet<PathBuf>>,
        pub(crate) calls: RefCell<Vec<String>>,
    }

    enum Answer {
        Prints(String),
        Makes(PathBuf),
        Fails(String),
    }

    impl Fake {
        pub(crate) fn prints(mut self, call: &str, text: &str) -> Self {
            self.rules.push((call.into(), Answer::Prints(text.into())));
            self
        }

        pub(crate) fn makes(mut self, call: &str, path: &str) -> Self {
            self.rules.push((call.into(), Answer::Makes(path.into())));
            self
        }

        pub(crate) fn fails(mut self, call: &str, said: &str) -> Self {
            self.rules.push((call.into(), Answer::Fails(said.into())));
            self
        }

        pub(crate) fn has(self, path: &str) -> Self {
            self.paths.borrow_mut().insert(path.into());
            self
        }
    }

    impl Machine for Fake {
        fn output(&self, call: &Call) -> Result<String, Failure> {
            let typed = call.to_string();
            self.calls.borrow_mut().push(typed.clone());
            match self
                .rules
                .iter()
                .find(|(beginning, _)| typed.starts_with(beginning))
            {
                Some((_, Answer::Prints(text))) => Ok(text.clone()),
                Some((_, Answer::Makes(path))) => {
                    self.paths.borrow_mut().insert(path.clone());
                    Ok(String::new())
                }
                Some((_, Answer::Fails(said))) => Err(Failure::Exit {
                    call: call.to_string(),
                    status: ExitStatus::from_raw(1 << 8),
                    tail: said.clone(),
                }),
                None => Err(Failure::NotStarted {
                    call: call.to_string(),
                    error: io::ErrorKind::NotFound.into(),
                }),
            }
        }

        fn exists(&self, path: &Path) -> bool {
            self.paths.borrow().contains(path)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_program_is_quoted_with_the_end_of_its_output() {
        let call = Call::new("sh").args(["-c", "seq 1 40 >&2; exit 3"]);
        let said = ThisMachine
            .output(&call)
            .expect_err("it exits with 3")
            .to_string();
        assert!(said.contains("exit status: 3"), "{said}");
        assert!(
            said.ends_with("40") && said.contains("    26\n") && !said.contains("    25\n"),
            "{said}"
        );
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let said = ThisMachine
            .output(&Call::new("no-such-program"))
            .expect_err("it is not there");
        assert!(
            said.to_string()
                .starts_with("`no-such-program` cannot be run"),
            "{said}"
        );
    }
}
