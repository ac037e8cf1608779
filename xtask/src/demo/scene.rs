//! What the tour plays on: Envoy with two workers, two instances of a service behind it, and a token for each user.

use super::{Options, document::Document, files::Files};
use anyhow::Context as _;
use std::{net::TcpListener, path::Path, sync::mpsc};
use testkit::{Envoy, Request, Response, Update, tokens};

/// Where a person looks first; taken if nobody else has them.
const LISTENER: u16 = 10_000;
const ADMIN: u16 = 9901;

/// Each step that spends a limit has a user of its own, so that steps do not disturb each other.
const USERS: [&str; 4] = ["alice", "bob", "carol", "dave"];

/// The running demo.
#[derive(Debug)]
pub(crate) struct Scene {
    envoy: Envoy,
    document: Document,
    tokens: Vec<(String, String)>,
    files: Files,
    finding: Option<String>,
}

// === impl Scene ===

impl Scene {
    /// Starts everything.
    pub(crate) fn open(options: &Options) -> anyhow::Result<Self> {
        let document = Document::read()?;
        let envoy = Envoy::shipped()?
            .binary(&options.envoy)
            .dist(&options.dist)
            .document(document.text()?)
            .ports(&[free(LISTENER)], free(ADMIN))
            .workers(2)
            .start()?;
        let token = |user: &&str| Ok((user.to_uppercase(), tokens::token(user)?));
        let tokens = USERS
            .iter()
            .map(token)
            .collect::<anyhow::Result<Vec<_>>>()?;
        let files = Files::beside(envoy.policy_file()?, &tokens)?;
        Ok(Self {
            envoy,
            document,
            tokens,
            files,
            finding: None,
        })
    }

    pub(crate) fn envoy(&self) -> &Envoy {
        &self.envoy
    }

    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// Ports that somebody else has, each with the one taken in its place.
    pub(crate) fn moved(&self) -> impl Iterator<Item = (u16, u16)> {
        let taken = [
            (LISTENER, self.envoy.addr().port()),
            (ADMIN, self.envoy.admin_addr().port()),
        ];
        taken.into_iter().filter(|(wanted, taken)| wanted != taken)
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

    /// Sends a request on a connection of its own, as `curl` does.
    pub(crate) fn send(&self, request: &Request) -> anyhow::Result<Response> {
        self.envoy.send(request)
    }

    /// The request as a shell command, tokens as variables.
    pub(crate) fn curl(&self, request: &Request) -> String {
        let variables: Vec<(&str, &str)> = self
            .tokens
            .iter()
            .map(|(name, token)| (&**name, &**token))
            .collect();
        request.curl(self.envoy.addr(), &variables)
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

    /// Stays until somebody presses Ctrl-C or asks the process to end.
    pub(crate) fn stay(self) -> anyhow::Result<()> {
        let (ask, asked) = mpsc::channel();
        ctrlc::set_handler(move || {
            let _ = ask.send(());
        })?;
        asked.recv()?;
        // Ctrl-C reaches Envoy too, so there is nothing left to judge.
        self.envoy.finish().or(Ok(()))
    }
}

/// The port itself if nobody listens there, else 0: the OS picks one.
fn free(port: u16) -> u16 {
    TcpListener::bind(("127.0.0.1", port)).map_or(0, |_| port)
}
