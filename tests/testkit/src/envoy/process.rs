//! A started Envoy and its two logs.
//!
//! Whether it is a process of ours or one in a container, it writes the same files in the same folder, so only what
//! [`Running`] asks for differs.

use anyhow::Context as _;
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::{Child, ExitStatus},
};

/// The two logs of a run, in its folder.
pub(super) const LOG: &str = "envoy.log";
pub(super) const ACCESS_LOG: &str = "access.log";

/// How many lines of a log an error shows.
const TAIL: usize = 30;

/// What differs between the ways to run Envoy.
pub(super) trait Running: fmt::Debug + Send + Sync {
    /// The process id, if it is a process of this machine that can be looked at.
    fn id(&self) -> Option<u32>;

    /// How it ended, if it has.
    fn exited(&mut self) -> anyhow::Result<Option<Ended>>;

    /// Ends it and waits for that. Fine if it has ended already.
    fn end(&mut self);
}

/// How an Envoy ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// Whether it did what it was called for.
    pub(super) success: bool,
    /// `exit status: 1`, or whatever the machine says.
    pub(super) how: String,
}

/// An Envoy that is ended when it goes out of scope.
#[derive(Debug)]
pub(super) struct Process {
    running: Box<dyn Running>,
    log: PathBuf,
    access_log: PathBuf,
}

// === impl Process ===

impl Process {
    /// What runs, with its output going to [`LOG`] and [`ACCESS_LOG`] in `folder`.
    pub(super) fn new(running: impl Running + 'static, folder: &Path) -> Self {
        Self {
            running: Box::new(running),
            log: folder.join(LOG),
            access_log: folder.join(ACCESS_LOG),
        }
    }

    pub(super) fn id(&self) -> Option<u32> {
        self.running.id()
    }

    /// How it ended, if it has.
    pub(super) fn exited(&mut self) -> anyhow::Result<Option<Ended>> {
        self.running.exited()
    }

    /// Ends it and waits for that. Fine if it has ended already.
    pub(super) fn end(&mut self) {
        self.running.end();
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

// === impl Ended ===

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.how)
    }
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        Self {
            success: status.success(),
            how: status.to_string(),
        }
    }
}

// === impl Child ===

impl Running for Child {
    fn id(&self) -> Option<u32> {
        Some(Child::id(self))
    }

    fn exited(&mut self) -> anyhow::Result<Option<Ended>> {
        Ok(self.try_wait()?.map(Ended::from))
    }

    fn end(&mut self) {
        let _ = self.kill();
        let _ = self.wait();
    }
}

fn lines(path: &Path) -> anyhow::Result<Vec<String>> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes)
        .lines()
        .map(str::to_owned)
        .collect())
}
