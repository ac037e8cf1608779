//! The child process and its two logs.

use anyhow::Context as _;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

/// How many lines of a log an error shows.
const TAIL: usize = 30;

/// A child that is killed and waited for when it goes out of scope.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    log: PathBuf,
    access_log: PathBuf,
}

// === impl Process ===

impl Process {
    /// Starts a command with its output going to files in `folder`.
    pub(super) fn start(mut command: Command, folder: &Path) -> anyhow::Result<Self> {
        let log = folder.join("envoy.log");
        let access_log = folder.join("access.log");
        command
            .stdin(Stdio::null())
            .stdout(File::create(&access_log)?)
            .stderr(File::create(&log)?);
        let child = command
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        Ok(Self {
            child,
            log,
            access_log,
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the process ended, if it has.
    pub(super) fn exited(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Ends the process and waits for it. Fine if it has ended already.
    pub(super) fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub(super) fn log_lines(&self) -> anyhow::Result<Vec<String>> {
        lines(&self.log)
    }

    pub(super) fn access_log(&self) -> anyhow::Result<Vec<String>> {
        lines(&self.access_log)
    }

    /// The last lines of the log, for an error.
    pub(super) fn log_tail(&self) -> String {
        let lines = self.log_lines().unwrap_or_default();
        let skipped = lines.len().saturating_sub(TAIL);
        lines
            .into_iter()
            .skip(skipped)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

fn lines(path: &Path) -> anyhow::Result<Vec<String>> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes)
        .lines()
        .map(str::to_owned)
        .collect())
}
