//! Envoy as a guard: started, watched, judged, and ended when it goes out of scope.

mod admin;
mod builder;
#[cfg(feature = "docker")]
mod container;
mod launcher;
mod log;
mod policy;
mod process;
mod stats;

pub use self::{
    builder::Builder,
    policy::Update,
    stats::{Sample, Stats},
};

use self::{admin::Admin, log::Expectations, policy::PolicyFile, process::Process};
use crate::{Client, Echo, Request, Response};
use anyhow::Context as _;
use std::{collections::BTreeMap, net::SocketAddr, path::Path};

/// A running Envoy with its upstreams. Dropping it ends it, and fails the test if it misbehaved; [`finish`](Self::finish)
/// says the same as an error.
#[derive(Debug)]
pub struct Envoy {
    process: Process,
    admin: Admin,
    listeners: BTreeMap<String, SocketAddr>,
    first: SocketAddr,
    policy: Option<PolicyFile>,
    echoes: Vec<Echo>,
    expected: Expectations,
    judged: bool,
    // Last, so that the files outlive the process that reads them.
    _folder: tempfile::TempDir,
}

// === impl Envoy ===

impl Envoy {
    /// The configuration users copy: `envoy/envoy.yaml` with the watched policy file, and upstreams `base` and `gray`.
    ///
    /// # Errors
    /// The shipped files could not be read.
    pub fn shipped() -> anyhow::Result<Builder> {
        Builder::from_yaml("envoy/envoy.yaml")
    }

    /// Another configuration; a relative path counts from the repository's root.
    ///
    /// # Errors
    /// The file could not be read.
    pub fn from_yaml(path: impl AsRef<Path>) -> anyhow::Result<Builder> {
        Builder::from_yaml(path)
    }

    /// Where the first listener listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.first
    }

    /// Where the listener of this name listens.
    #[must_use]
    pub fn listener(&self, name: &str) -> Option<SocketAddr> {
        self.listeners.get(name).copied()
    }

    /// Where the admin interface listens.
    #[must_use]
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin.addr()
    }

    /// The process id.
    ///
    /// # Errors
    /// It runs in a container.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.process.id().context("a process in a container")
    }

    /// A client with a connection of its own.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(self.first)
    }

    /// Sends one request on a connection of its own.
    ///
    /// # Errors
    /// No answer.
    pub fn send(&self, request: &Request) -> anyhow::Result<Response> {
        self.client().send(request)
    }

    /// The upstream of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn echo(&self, name: &str) -> anyhow::Result<&Echo> {
        self.echoes
            .iter()
            .find(|echo| echo.name() == name)
            .with_context(|| format!("no upstream {name}"))
    }

    /// All counters and gauges by their full names.
    ///
    /// # Errors
    /// The admin interface did not answer.
    pub fn stats(&self) -> anyhow::Result<Stats> {
        self.admin.stats()
    }

    /// What a Prometheus server would scrape.
    ///
    /// # Errors
    /// The admin interface did not answer.
    pub fn prometheus(&self) -> anyhow::Result<Vec<Sample>> {
        self.admin.prometheus()
    }

    /// The sum over all series of a Prometheus metric that have these labels.
    ///
    /// # Errors
    /// The admin interface did not answer.
    pub fn metric(&self, name: &str, labels: &[(&str, &str)]) -> anyhow::Result<f64> {
        let samples = self.prometheus()?;
        let wanted = |sample: &&Sample| {
            sample.name == name
                && labels
                    .iter()
                    .all(|(label, value)| sample.label(label) == Some(*value))
        };
        Ok(samples
            .iter()
            .filter(wanted)
            .map(|sample| sample.value)
            .sum())
    }

    /// Everything Envoy and its plugins logged so far, a line each.
    ///
    /// # Errors
    /// The log could not be read.
    pub fn log_lines(&self) -> anyhow::Result<Vec<String>> {
        self.process.log_lines()
    }

    /// Everything Envoy wrote to its standard output: the access log, a line a request.
    ///
    /// # Errors
    /// The log could not be read.
    pub fn access_log(&self) -> anyhow::Result<Vec<String>> {
        self.process.access_log()
    }

    /// From now on an error line that holds `part` is no failure.
    pub fn expect_log(&mut self, part: &str) {
        self.expected.log(part);
    }

    /// From now on a reload of a VM is no failure.
    pub fn expect_vm_reload(&mut self) {
        self.expected.vm_reload();
    }

    /// Where the watched policy file is.
    ///
    /// # Errors
    /// This configuration watches none.
    pub fn policy_file(&self) -> anyhow::Result<&Path> {
        Ok(self.policy()?.path())
    }

    /// Replaces the policy document, as a user would, and waits until Envoy has taken or refused it.
    ///
    /// `document` is JSON, or a JSON string that is taken as the document's text whatever it is. When it is refused, what
    /// Envoy itself logs about that is expected from then on; the plugin's own findings are not.
    ///
    /// # Errors
    /// Envoy did neither within a minute.
    pub fn replace_policy(&mut self, document: &serde_json::Value) -> anyhow::Result<Update> {
        let Self { policy, admin, .. } = self;
        let update = policy
            .as_mut()
            .context(NO_POLICY_FILE)?
            .replace(admin, document)?;
        if update == Update::Refused {
            self.expected.refusal();
        }
        Ok(update)
    }

    /// Says whether Envoy has behaved so far, and lets it run.
    ///
    /// # Errors
    /// As for [`finish`](Self::finish).
    pub fn check(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.process.exited()? {
            anyhow::bail!(
                "Envoy ended by itself: {status}\n{}",
                self.process.log_tail()
            );
        }
        self.expected
            .judge(&self.process.log_lines()?, &self.admin.stats()?)
    }

    /// Ends Envoy and says whether it behaved.
    ///
    /// # Errors
    /// An unexpected `critical` or `error` line, a reload of a VM, or a crash.
    pub fn finish(mut self) -> anyhow::Result<()> {
        self.judge()
    }

    fn policy(&self) -> anyhow::Result<&PolicyFile> {
        self.policy.as_ref().context(NO_POLICY_FILE)
    }

    fn judge(&mut self) -> anyhow::Result<()> {
        self.judged = true;
        let verdict = self.check();
        self.process.end();
        verdict
    }
}

impl Drop for Envoy {
    #[allow(
        clippy::panic,
        reason = "a test must fail if the Envoy behind it misbehaved, even if it forgot to ask"
    )]
    fn drop(&mut self) {
        if self.judged {
            return;
        }
        let verdict = self.judge();
        if let (Err(error), false) = (verdict, std::thread::panicking()) {
            panic!("{error:#}");
        }
    }
}

const NO_POLICY_FILE: &str = "this configuration watches no policy file";
