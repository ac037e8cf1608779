//! One step of the tour: what it shows, what it sends, what must come back.

use super::{print, scene::Scene};
use anyhow::{Context as _, bail, ensure};
use std::time::Duration;
use testkit::{Request, Response, Update, until};

/// Beyond any wait of the tour (a breaker's three seconds, a window's one) on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A step.
#[derive(Debug)]
pub(crate) struct Step {
    /// What a reader should look at.
    pub(crate) title: &'static str,
    /// What happens before the requests.
    pub(crate) first: First,
    /// What is sent.
    pub(crate) send: Send,
    /// How often.
    pub(crate) how: How,
    /// What the last answer must be.
    pub(crate) expect: Expect,
    /// What this has shown, once it has.
    pub(crate) shown: &'static str,
}

/// What happens before the requests.
#[derive(Clone, Copy, Debug)]
pub(crate) enum First {
    /// Nothing.
    Nothing,
    /// The policy file is replaced by one with another limit for `GET /echo`, which must be accepted.
    Limit(u32),
    /// The policy file is replaced by one that cannot be enforced, which must be refused.
    BrokenPolicy,
}

/// A `GET`, as a table can hold it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Send {
    pub(crate) target: &'static str,
    pub(crate) host: &'static str,
    pub(crate) user: Option<&'static str>,
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

/// How often a request is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum How {
    /// Once.
    Once,
    /// So often, each time with the expected answer: round robin would show another instance.
    Each(usize),
    /// So often with an answer of 200, and then once more.
    After(usize),
    /// Until the answer is the expected one.
    Until,
}

/// What an answer must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expect {
    pub(crate) status: u16,
    /// Headers that must be there, with their value if it matters.
    pub(crate) headers: &'static [(&'static str, Option<&'static str>)],
    /// JSON pointers into the body with the value there, as text.
    pub(crate) json: &'static [(&'static str, &'static str)],
}

// === impl Step ===

impl Step {
    /// Plays the step and prints it.
    ///
    /// # Errors
    /// It did not show what it should.
    pub(crate) fn show(&self, scene: &mut Scene) -> anyhow::Result<()> {
        self.first.happen(scene)?;
        let request = self.send.request(scene)?;
        let last = match self.how {
            How::Once => one(scene, &request)?,
            How::Each(times) => self.each(scene, &request, times)?,
            How::After(passing) => after(scene, &request, passing)?,
            How::Until => self.wait(scene, &request)?,
        };
        self.expect.check(&last)
    }

    fn each(&self, scene: &Scene, request: &Request, times: usize) -> anyhow::Result<Response> {
        let mut last = one(scene, request)?;
        for _ in 1..times {
            self.expect.check(&last)?;
            last = scene.send(request)?;
        }
        print::more(times.saturating_sub(1), "the same");
        Ok(last)
    }

    fn wait(&self, scene: &Scene, request: &Request) -> anyhow::Result<Response> {
        let mut sent = 0;
        let first = one(scene, request)?;
        if self.expect.check(&first).is_ok() {
            return Ok(first);
        }
        let last = until(self.title, PATIENCE, || {
            sent += 1;
            let response = scene.send(request)?;
            Ok(self.expect.check(&response).is_ok().then_some(response))
        })?;
        print::more(sent - 1, "not yet");
        print::exchange(scene, request, &last);
        Ok(last)
    }
}

fn one(scene: &Scene, request: &Request) -> anyhow::Result<Response> {
    let response = scene.send(request)?;
    print::exchange(scene, request, &response);
    Ok(response)
}

fn after(scene: &Scene, request: &Request, passing: usize) -> anyhow::Result<Response> {
    for index in 0..passing {
        let response = scene.send(request)?;
        if index == 0 {
            print::exchange(scene, request, &response);
        }
        ensure!(
            response.status == 200,
            "request {} was answered {}",
            index + 1,
            response.status
        );
    }
    print::more(passing.saturating_sub(1), "200");
    one(scene, request)
}

// === impl First ===

impl First {
    fn happen(self, scene: &mut Scene) -> anyhow::Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Limit(threshold) => {
                let document = scene.document().with_threshold(threshold)?;
                print::edit(scene, &format!("\"threshold\": {threshold}"))?;
                let update = scene.replace_policy(&document)?;
                ensure!(
                    update == Update::Accepted,
                    "Envoy refused the edited policy"
                );
                Ok(())
            }
            Self::BrokenPolicy => {
                print::edit(scene, "\"threshold\": \"many\"")?;
                let broken = scene.document().with_threshold("many")?;
                let update = scene.replace_policy(&broken)?;
                ensure!(
                    update == Update::Refused,
                    "Envoy took a policy that means nothing"
                );
                print::finding(scene.finding().context("no finding")?);
                Ok(())
            }
        }
    }
}

// === impl Send ===

impl Send {
    fn request(&self, scene: &Scene) -> anyhow::Result<Request> {
        let mut request = Request::get(self.target).host(self.host);
        if let Some(user) = self.user {
            request = request.bearer(scene.token(user)?);
        }
        Ok(self.headers.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        }))
    }
}

// === impl Expect ===

impl Expect {
    fn check(&self, response: &Response) -> anyhow::Result<()> {
        ensure!(
            response.status == self.status,
            "the status is {}, not {}",
            response.status,
            self.status
        );
        for (name, value) in self.headers {
            let found = response
                .header(name)
                .with_context(|| format!("there is no header {name}"))?;
            if value.is_some_and(|value| value != found) {
                bail!("the header {name} is {found:?}");
            }
        }
        if self.json.is_empty() {
            return Ok(());
        }
        let body = response.json()?;
        for (pointer, wanted) in self.json {
            let found = body
                .pointer(pointer)
                .with_context(|| format!("the body has no {pointer}"))?;
            let text = found
                .as_str()
                .map_or_else(|| found.to_string(), str::to_owned);
            ensure!(text == *wanted, "{pointer} is {text}, not {wanted}");
        }
        Ok(())
    }
}
