//! One step of the tour: what it shows, what it sends, what must come back.

use super::{
    expect::Expect,
    print,
    scene::Scene,
    send::{Aimed, Send},
};
use anyhow::{Context as _, ensure};
use std::time::Duration;
use testkit::{Response, Update, until};

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
    /// The same, and until this breaker is closed: for some milliseconds workers let calls through that have not yet seen it
    /// open, and such an answer shows no recovery.
    UntilClosed(&'static str),
}

// === impl Step ===

impl Step {
    /// Plays the step and prints it.
    ///
    /// # Errors
    /// It did not show what it should.
    pub(crate) fn show(&self, scene: &mut Scene) -> anyhow::Result<()> {
        self.first.happen(scene)?;
        let aimed = self.send.aim(scene)?;
        let last = match self.how {
            How::Once => self.one(scene, &aimed)?,
            How::Each(times) => self.each(scene, &aimed, times)?,
            How::After(passing) => self.after(scene, &aimed, passing)?,
            How::Until => self.wait(scene, &aimed, || Ok(true))?,
            How::UntilClosed(breaker) => self.wait(scene, &aimed, || scene.is_closed(breaker))?,
        };
        self.expect.check(&last)?;
        self.look_up(scene, &last)
    }

    fn one(&self, scene: &Scene, aimed: &Aimed) -> anyhow::Result<Response> {
        let response = aimed.send()?;
        print::exchange(scene, aimed, &response, &self.expect);
        Ok(response)
    }

    fn each(&self, scene: &Scene, aimed: &Aimed, times: usize) -> anyhow::Result<Response> {
        let mut last = self.one(scene, aimed)?;
        for _ in 1..times {
            self.expect.check(&last)?;
            last = aimed.send()?;
        }
        print::more(times.saturating_sub(1), "the same");
        Ok(last)
    }

    fn after(&self, scene: &Scene, aimed: &Aimed, passing: usize) -> anyhow::Result<Response> {
        for index in 0..passing {
            let response = if index == 0 {
                self.one(scene, aimed)?
            } else {
                aimed.send()?
            };
            ensure!(
                response.status == 200 && response.header("x-echo-name").is_some(),
                "request {} did not reach the service: {}",
                index + 1,
                response.status
            );
        }
        print::more(passing.saturating_sub(1), "200");
        self.one(scene, aimed)
    }

    fn wait(
        &self,
        scene: &Scene,
        aimed: &Aimed,
        so: impl Fn() -> anyhow::Result<bool>,
    ) -> anyhow::Result<Response> {
        let mut sent = 0;
        let first = self.one(scene, aimed)?;
        if self.expect.check(&first).is_ok() && so()? {
            return Ok(first);
        }
        let last = until(self.title, PATIENCE, || {
            sent += 1;
            let response = aimed.send()?;
            let is_it = self.expect.check(&response).is_ok() && so()?;
            Ok(is_it.then_some(response))
        })?;
        print::more(sent - 1, "not yet");
        print::exchange(scene, aimed, &last, &self.expect);
        Ok(last)
    }

    /// Reads the access log, where the step is about it.
    fn look_up(&self, scene: &Scene, last: &Response) -> anyhow::Result<()> {
        if self.expect.log.is_empty() {
            return Ok(());
        }
        let id = last
            .header("x-request-id")
            .context("the answer names no request")?;
        let line = until("the line of the access log", PATIENCE, || scene.logged(id))?;
        print::logged(&line);
        self.expect.check_log(&line)
    }
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
