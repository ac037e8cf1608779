//! `cargo xtask demo`: a real Envoy enforcing a real governance document, shown by requests that anybody can repeat.
//!
//! The tour is a table of [steps](step::Step): each says what it shows, sends its requests, prints them as `curl` commands
//! with what came back, and checks that this is what it promised. A demo that only printed would go on printing after
//! the product stopped working.

mod document;
mod files;
mod hints;
mod print;
mod scene;
mod step;
mod tour;

use self::scene::Scene;
use anyhow::ensure;
use std::path::PathBuf;

/// What to run, and how far.
#[derive(Debug)]
pub(crate) struct Options {
    /// Leave after the tour.
    pub(crate) once: bool,
    /// The Envoy to run.
    pub(crate) envoy: PathBuf,
    /// The folder of the built modules.
    pub(crate) dist: PathBuf,
}

/// Runs the tour, and stays up after it unless told otherwise.
///
/// # Errors
/// Envoy did not start or did not behave, or a step did not show what it should.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut scene = Scene::open(options)?;
    print::opening(&scene)?;
    let steps = tour::steps();
    let mut failed = 0;
    for (index, step) in steps.iter().enumerate() {
        print::title(index + 1, step);
        let shown = step.show(&mut scene);
        failed += usize::from(shown.is_err());
        print::verdict(step, &shown);
    }
    scene.check()?;
    ensure!(
        failed == 0,
        "{failed} of {} steps did not show what they should",
        steps.len()
    );
    print::summary(steps.len());
    if options.once {
        return scene.close();
    }
    println!("{}", hints::what_next(&scene)?);
    scene.stay()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tour is an end-to-end test too: every step of it checks itself.
    #[test]
    fn the_tour_shows_what_it_promises() -> anyhow::Result<()> {
        run(&Options {
            once: true,
            envoy: testkit::envoy_binary()?,
            dist: testkit::dist(),
        })
    }
}
