//! `cargo xtask demo`: a real Envoy enforcing a real governance document, then the same module in a gateway, shown by requests
//! that anybody can repeat.
//!
//! Each tour is a table of [steps](step::Step): each says what it shows, sends its requests, prints them as `curl` commands
//! with what came back, and checks that this is what it promised. A demo that only printed would go on printing after
//! the product stopped working.

mod document;
mod expect;
mod files;
mod gateway;
mod hints;
mod print;
mod scene;
mod send;
mod step;
mod tour;

use self::{scene::Scene, step::Step};
use anyhow::ensure;
use std::{path::PathBuf, sync::mpsc};

/// What to run, and how far.
#[derive(Debug)]
pub(crate) struct Options {
    /// Leave after the tours.
    pub(crate) once: bool,
    /// The Envoy to run.
    pub(crate) envoy: PathBuf,
    /// The folder of the built modules.
    pub(crate) dist: PathBuf,
}

/// How a tour went.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    steps: usize,
    failed: usize,
}

/// Runs the tours, and stays up after them unless told otherwise.
///
/// # Errors
/// Envoy did not start or did not behave, or a step did not show what it should.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut score = Score::default();
    let mut scene = Scene::open(options)?;
    print::opening(&scene)?;
    score.play(&tour::steps(), &mut scene)?;
    let mut gateway = scene.gateway(options)?;
    print::gateway(&gateway)?;
    score.play(&gateway::steps(), &mut gateway)?;
    let Score { steps, failed } = score;
    ensure!(
        failed == 0,
        "{failed} of {steps} steps did not show what they should"
    );
    print::summary(steps);
    if options.once {
        scene.close()?;
        return gateway.close();
    }
    println!("{}", hints::what_next(&scene, &gateway)?);
    until_asked()?;
    // Ctrl-C reaches the Envoys too, so there is nothing left to judge.
    let _ = (scene.close(), gateway.close());
    Ok(())
}

/// Waits until somebody presses Ctrl-C or asks the process to end.
fn until_asked() -> anyhow::Result<()> {
    let (ask, asked) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ = ask.send(());
    })?;
    Ok(asked.recv()?)
}

// === impl Score ===

impl Score {
    /// Plays the steps, numbered on from those before.
    fn play(&mut self, steps: &[Step], scene: &mut Scene) -> anyhow::Result<()> {
        for step in steps {
            self.steps += 1;
            print::title(self.steps, step);
            let shown = step.show(scene);
            self.failed += usize::from(shown.is_err());
            print::verdict(step, &shown);
        }
        scene.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tours are end-to-end tests too: every step of them checks itself.
    #[test]
    fn the_tour_shows_what_it_promises() -> anyhow::Result<()> {
        run(&Options {
            once: true,
            envoy: testkit::envoy_binary()?,
            dist: testkit::dist(),
        })
    }
}
