//! What is started, and how.

use super::{
    Envoy,
    admin::Admin,
    launcher::{Folders, Launcher},
    log::Expectations,
    policy::PolicyFile,
    process::{Ended, Process},
};
use crate::{Bootstrap, Echo, Update, config, poll, setup};
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{self, Path, PathBuf},
    time::Duration,
};

/// Envoy compiles the module for every worker before it listens; a busy machine needs a while.
const START: Duration = Duration::from_secs(120);

/// The ports that shipped configurations give to the two upstreams.
const BASE: u16 = 8081;
const GRAY: u16 = 8082;

/// Prepares an [`Envoy`].
#[derive(Debug)]
#[must_use]
pub struct Builder {
    bootstrap: Bootstrap,
    document: Option<Value>,
    module: Option<String>,
    binary: Option<PathBuf>,
    dist: Option<PathBuf>,
    workers: u32,
    listeners: Vec<u16>,
    admin: u16,
    endpoints: BTreeMap<u16, SocketAddr>,
    expected: Expectations,
}

/// The files of one run, in a folder of their own.
struct Files {
    folder: tempfile::TempDir,
    dist: PathBuf,
    bootstrap: PathBuf,
    policy: Option<PolicyFile>,
}

// === impl Builder ===

impl Builder {
    pub(super) fn from_yaml(path: impl AsRef<Path>) -> anyhow::Result<Self> {
        Ok(Self {
            bootstrap: Bootstrap::read(path)?,
            document: None,
            module: None,
            binary: None,
            dist: None,
            workers: 2,
            listeners: Vec::new(),
            admin: 0,
            endpoints: BTreeMap::new(),
            expected: Expectations::default(),
        })
    }

    /// The policy document, in place of the shipped one. A JSON string is taken as the document's text, whatever it is.
    pub fn document(mut self, document: impl Into<Value>) -> Self {
        self.document = Some(document.into());
        self
    }

    /// The module to load, `jwt-auth` for `dist/jwt-auth.wasm`, in place of the shipped configuration's.
    pub fn module(mut self, name: &str) -> Self {
        self.module = Some(name.to_owned());
        self
    }

    /// The number of workers; 2 if never called.
    pub fn workers(mut self, workers: u32) -> Self {
        self.workers = workers;
        self
    }

    /// The Envoy to run, in place of a container or of [`envoy_binary`](crate::envoy_binary)'s.
    pub fn binary(mut self, path: impl Into<PathBuf>) -> Self {
        self.binary = Some(path.into());
        self
    }

    /// The folder of the modules, in place of `dist`.
    pub fn dist(mut self, folder: impl Into<PathBuf>) -> Self {
        self.dist = Some(folder.into());
        self
    }

    /// The ports of the listeners, in the configuration's order, and of the admin interface, for a person to type; the OS
    /// picks what is not named, or is 0.
    pub fn ports(mut self, listeners: &[u16], admin: u16) -> Self {
        self.listeners = listeners.to_vec();
        self.admin = admin;
        self
    }

    /// Points the shipped endpoint with this port elsewhere. The ports 8081 and 8082 get an [`Echo`] each otherwise.
    pub fn endpoint(mut self, shipped_port: u16, addr: SocketAddr) -> Self {
        self.endpoints.insert(shipped_port, addr);
        self
    }

    /// Changes the bootstrap, for what a test needs and no user does.
    pub fn change(mut self, change: impl FnOnce(&mut Bootstrap)) -> Self {
        change(&mut self.bootstrap);
        self
    }

    /// An error line that holds `part` is no failure. See [`Envoy::expect_log`].
    pub fn expect_log(mut self, part: &str) -> Self {
        self.expected.log(part);
        self
    }

    /// Starts Envoy and its upstreams, and waits until it listens.
    ///
    /// # Errors
    /// No Envoy or no module (the error says how to get them), or Envoy did not start: the error then shows its log.
    pub fn start(mut self) -> anyhow::Result<Envoy> {
        let launcher = Launcher::find(self.binary.as_deref())?;
        let echoes = self.start_echoes()?;
        let files = self.write_files()?;
        let admin_path = files.folder.path().join("admin-address");
        let mut args = self.args(&files.bootstrap)?;
        args.extend(["--admin-address-path".to_owned(), word(&admin_path)?]);
        let mut process = launcher.start(&args, files.folders())?;
        let admin = process.wait("Envoy's admin address", START, || {
            Ok(Admin::from_file(&admin_path))
        })?;
        process.wait("Envoy to be ready", START, || {
            Ok(admin.ready().then_some(()))
        })?;
        let listeners = admin.listeners()?;
        let name = self
            .bootstrap
            .tree()
            .pointer("/static_resources/listeners/0/name")
            .and_then(Value::as_str);
        let first = name
            .and_then(|name| listeners.get(name))
            .copied()
            .context("a bootstrap without a named listener")?;
        let mut envoy = Envoy {
            process,
            admin,
            listeners,
            first,
            policy: files.policy,
            echoes,
            expected: self.expected,
            judged: false,
            _folder: files.folder,
        };
        envoy.first_policy()?;
        Ok(envoy)
    }

    /// Runs `envoy --mode validate`, which configures static plugins too.
    ///
    /// # Errors
    /// Envoy refuses the configuration: the error holds what it said.
    pub fn validate(mut self) -> anyhow::Result<()> {
        let launcher = Launcher::find(self.binary.as_deref())?;
        let files = self.write_files()?;
        let mut args = self.args(&files.bootstrap)?;
        args.extend(["--mode", "validate"].map(str::to_owned));
        let mut process = launcher.start(&args, files.folders())?;
        let ended: Ended = poll::until("Envoy's verdict", START, || process.exited())?;
        if !ended.success {
            let said = process.log_lines()?.join("\n");
            bail!("Envoy refuses the configuration:\n{said}");
        }
        Ok(())
    }

    fn start_echoes(&mut self) -> anyhow::Result<Vec<Echo>> {
        let mut echoes = Vec::new();
        for (port, name) in [(BASE, "base"), (GRAY, "gray")] {
            if !self.endpoints.contains_key(&port) {
                let labels = self.bootstrap.labels(port);
                let labels: Vec<(&str, &str)> = labels
                    .iter()
                    .map(|(key, value)| (&**key, &**value))
                    .collect();
                let echo = Echo::start(name, &labels)?;
                self.endpoints.insert(port, echo.addr());
                echoes.push(echo);
            }
        }
        Ok(echoes)
    }

    fn write_files(&mut self) -> anyhow::Result<Files> {
        let folder = tempfile::Builder::new().prefix("steward-").tempdir()?;
        let dist = path::absolute(self.dist.clone().unwrap_or_else(setup::dist))?;
        self.bootstrap.move_ports(&self.listeners, self.admin);
        self.bootstrap.move_endpoints(&self.endpoints);
        self.bootstrap
            .fit_plugins(&dist, self.module.as_deref(), self.document.as_ref())?;
        let watched = folder.path().join("ecds");
        fs::create_dir(&watched)?;
        let filter = self.bootstrap.discovered_filter();
        let mut policy = None;
        for (path, mut resource) in self.bootstrap.move_watched(&watched)? {
            config::fit_plugins(
                &mut resource,
                &dist,
                self.module.as_deref(),
                self.document.as_ref(),
            )?;
            fs::write(&path, config::write_yaml(&resource)?)?;
            policy = filter
                .as_deref()
                .map(|filter| PolicyFile::new(path, filter, resource));
        }
        let bootstrap = folder.path().join("bootstrap.json");
        fs::write(&bootstrap, self.bootstrap.to_json())?;
        Ok(Files {
            folder,
            dist,
            bootstrap,
            policy,
        })
    }

    fn args(&self, bootstrap: &Path) -> anyhow::Result<Vec<String>> {
        let (bootstrap, workers) = (word(bootstrap)?, self.workers.to_string());
        // Without --disable-hot-restart Envoy would die with the *thread* that spawned it, and a test is a thread.
        let mut args = vec!["--disable-hot-restart"];
        args.extend(["-c", &bootstrap, "--concurrency", &workers]);
        args.extend(["--log-level", "warning"]);
        args.extend(["--component-log-level", "wasm:info"]);
        // An access log is written when 64 KiB are full or this has passed: ten seconds, were it not said.
        args.extend(["--file-flush-interval-msec", "500"]);
        Ok(args.into_iter().map(str::to_owned).collect())
    }
}

// === impl Files ===

impl Files {
    fn folders(&self) -> Folders<'_> {
        Folders {
            own: self.folder.path(),
            dist: &self.dist,
        }
    }
}

/// A path as an argument, which a container takes as text only.
fn word(path: &Path) -> anyhow::Result<String> {
    let text = path.to_str();
    Ok(text
        .with_context(|| format!("not UTF-8: {}", path.display()))?
        .to_owned())
}

impl Envoy {
    /// A watched policy comes in after Envoy listens: waits for it, and takes a refused one as a failed start.
    fn first_policy(&mut self) -> anyhow::Result<()> {
        let Some(policy) = &self.policy else {
            return Ok(());
        };
        let (admin, process) = (&self.admin, &mut self.process);
        let update = process.wait("the first policy", START, || policy.outcome(admin))?;
        if update == Update::Refused {
            let log = self.process.log_tail();
            self.judged = true;
            bail!("Envoy refuses the first policy:\n{log}");
        }
        Ok(())
    }
}

// Kept beside the other waiting: a process that ends while it is waited for is reported at once, with its log.
impl Process {
    fn wait<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut probe: impl FnMut() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let waited = poll::until(what, limit, || {
            if let Some(status) = self.exited()? {
                bail!("Envoy did not start: {status}");
            }
            probe()
        });
        waited.with_context(|| format!("Envoy's last words:\n{}", self.log_tail()))
    }
}
