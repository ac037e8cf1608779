//! What a tour plays on: Envoy with two workers, two instances of a service behind it, and a token for each user.

use super::{Options, document::Document, files::Files, send::Listener};
use anyhow::Context as _;
use serde_json::Value;
use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
};
use testkit::{Builder, Echo, Envoy, Update, tokens};

/// Where a person looks first; taken if nobody else has them.
const POLICY: Ports = Ports {
    public: 10_000,
    internal: 0,
    admin: 9901,
};

/// The gateway runs beside it, so of the ports that it ships with only the internal listener's is left.
const GATEWAY: Ports = Ports {
    public: 10_002,
    internal: 10_001,
    admin: 9902,
};

/// The ports in the shipped gateway of what it sends to: the admin interface, for metrics, and a collector of traces.
const TO_ADMIN: u16 = 9901;
const TO_COLLECTOR: u16 = 4318;

/// Each step that spends a limit has a user of its own, so that steps do not disturb each other.
const USERS: [&str; 4] = ["alice", "bob", "carol", "dave"];

/// The running demo.
#[derive(Debug)]
pub(crate) struct Scene {
    envoy: Envoy,
    document: Document,
    tokens: Vec<(String, String)>,
    files: Files,
    wanted: Ports,
    finding: Option<String>,
    /// Takes the gateway's traces; without one each export would be an error in Envoy's log.
    _collector: Option<Echo>,
}

/// Where an Envoy listens.
#[derive(Clone, Copy, Debug)]
struct Ports {
    public: u16,
    /// 0 if there is no such listener.
    internal: u16,
    admin: u16,
}

// === impl Scene ===

impl Scene {
    /// Starts the shipped configuration.
    pub(crate) fn open(options: &Options) -> anyhow::Result<Self> {
        let token = |user: &&str| Ok((user.to_uppercase(), tokens::token(user)?));
        let tokens = USERS
            .iter()
            .map(token)
            .collect::<anyhow::Result<Vec<_>>>()?;
        let ports = [free(POLICY.public), free(POLICY.internal)];
        let builder = Envoy::shipped()?.ports(&ports, free(POLICY.admin));
        Self::start(options, builder, Document::read()?, tokens, POLICY)
    }

    /// Starts the shipped gateway beside it, for the same users.
    pub(crate) fn gateway(&self, options: &Options) -> anyhow::Result<Self> {
        let admin = known(GATEWAY.admin)?;
        let collector = Echo::start("collector", &[])?;
        let ports = [free(GATEWAY.public), free(GATEWAY.internal)];
        let builder = Envoy::from_yaml("envoy/gateway.yaml")?
            .ports(&ports, admin)
            .endpoint(TO_ADMIN, SocketAddr::from(([127, 0, 0, 1], admin)))
            .endpoint(TO_COLLECTOR, collector.addr());
        let (document, tokens) = (Document::gateway()?, self.tokens.clone());
        let scene = Self::start(options, builder, document, tokens, GATEWAY)?;
        Ok(Self {
            _collector: Some(collector),
            ..scene
        })
    }

    fn start(
        options: &Options,
        builder: Builder,
        document: Document,
        tokens: Vec<(String, String)>,
        wanted: Ports,
    ) -> anyhow::Result<Self> {
        let envoy = builder
            .binary(&options.envoy)
            .dist(&options.dist)
            .document(document.text()?)
            .workers(2)
            .start()?;
        let files = Files::beside(envoy.policy_file()?, &tokens)?;
        Ok(Self {
            envoy,
            document,
            tokens,
            files,
            wanted,
            finding: None,
            _collector: None,
        })
    }

    pub(crate) fn envoy(&self) -> &Envoy {
        &self.envoy
    }

    /// Whether no worker has this breaker open or half-open.
    pub(crate) fn is_closed(&self, breaker: &str) -> anyhow::Result<bool> {
        let state = self
            .envoy()
            .metric("steward_breaker_state", &[("policy", breaker)])?;
        Ok(state.abs() < f64::EPSILON)
    }

    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// Ports that somebody else has, each with the one taken in its place.
    pub(crate) fn moved(&self) -> impl Iterator<Item = (u16, u16)> {
        let internal = self.envoy.listener("internal");
        let taken = [
            (self.wanted.public, self.envoy.addr().port()),
            (self.wanted.internal, internal.map_or(0, |addr| addr.port())),
            (self.wanted.admin, self.envoy.admin_addr().port()),
        ];
        taken.into_iter().filter(|(wanted, taken)| wanted != taken)
    }

    /// Where this listener listens.
    pub(crate) fn addr(&self, listener: Listener) -> anyhow::Result<SocketAddr> {
        match listener {
            Listener::Public => Ok(self.envoy.addr()),
            Listener::Internal => self
                .envoy
                .listener("internal")
                .context("no internal listener"),
        }
    }

    /// What Envoy and its plugins log.
    pub(crate) fn log(&self) -> &Path {
        &self.files.log
    }

    /// A line a request.
    pub(crate) fn access_log(&self) -> &Path {
        &self.files.access_log
    }

    /// The tokens as a shell reads them.
    pub(crate) fn tokens_file(&self) -> &Path {
        &self.files.tokens
    }

    /// Shell variable and value of each user's token.
    pub(crate) fn tokens(&self) -> &[(String, String)] {
        &self.tokens
    }

    /// A user's token.
    pub(crate) fn token(&self, user: &str) -> anyhow::Result<&str> {
        let known = self
            .tokens
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(user));
        Ok(&known.with_context(|| format!("no user {user}"))?.1)
    }

    /// The tokens under the names that commands give them.
    pub(crate) fn variables(&self) -> Vec<(&str, &str)> {
        self.tokens
            .iter()
            .map(|(name, token)| (&**name, &**token))
            .collect()
    }

    /// The line of the access log about the request with this id, once it is written.
    pub(crate) fn logged(&self, request_id: &str) -> anyhow::Result<Option<Value>> {
        let lines = self.envoy.access_log()?;
        let parsed = lines
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        Ok(parsed
            .into_iter()
            .find(|line| line.pointer("/request_id").and_then(Value::as_str) == Some(request_id)))
    }

    /// A text with every token replaced by its variable.
    pub(crate) fn without_tokens(&self, text: &str) -> String {
        let replace = |text: String, (name, token): &(String, String)| {
            text.replace(token, &format!("${name}"))
        };
        self.tokens.iter().fold(text.to_owned(), replace)
    }

    /// Replaces the policy file, and remembers what the plugin says about a refused one.
    pub(crate) fn replace_policy(&mut self, document: &Document) -> anyhow::Result<Update> {
        let before = self.envoy.log_lines()?.len();
        let update = self.envoy.replace_policy(&document.text()?)?;
        if update == Update::Refused {
            let lines = self.envoy.log_lines()?;
            let finding = lines
                .into_iter()
                .skip(before)
                .find(|line| line.contains("/slidingWindows/"));
            let finding = finding.context("Envoy's log names no finding")?;
            // The log's prefix holds a time and a place in Envoy's source; what follows is the plugin's own line.
            let own = finding
                .split_once("wasm log ")
                .map_or(&*finding, |(_, own)| own)
                .to_owned();
            self.envoy.expect_log(&own);
            self.finding = Some(own);
        }
        Ok(update)
    }

    /// What the plugin said about the last refused document.
    pub(crate) fn finding(&self) -> Option<&str> {
        self.finding.as_deref()
    }

    /// Fails if Envoy logged an error that no step asked for, or lost a VM.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        self.envoy.check()
    }

    /// Ends everything.
    pub(crate) fn close(self) -> anyhow::Result<()> {
        self.envoy.finish()
    }
}

/// The port itself if nobody listens there, else 0: the OS picks one.
fn free(port: u16) -> u16 {
    TcpListener::bind(("127.0.0.1", port)).map_or(0, |_| port)
}

/// The same for a port that the configuration must name elsewhere too, so that it cannot be left to be picked.
fn known(port: u16) -> anyhow::Result<u16> {
    match free(port) {
        0 => Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port()),
        free => Ok(free),
    }
}
