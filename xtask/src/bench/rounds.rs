//! The measurement: rounds that alternate over the variants.
//!
//! Other work on the machine slows everything that runs at that time. What is compared must therefore run side by side, in
//! turns shorter than such work lasts; and CPU time is compared, which waiting does not add to.

use super::{scene::Running, traffic::Traffic};
use anyhow::{Context as _, Result};
use benches::{Load, Shot};
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

/// How long it may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// At most so many rounds.
    pub(super) rounds: usize,
    /// One variant's turn under one load.
    pub(super) turn: Duration,
    /// No round is begun that would end after this.
    pub(super) until: Instant,
}

/// What one variant's turns came to, under one load.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns {
    /// CPU time of the Envoy process per request in each round, in µs.
    pub(super) cpu: Vec<f64>,
    /// Of all rounds, in nanoseconds.
    pub(super) latencies: Vec<u64>,
    /// The request to go on with.
    pub(super) next: usize,
}

/// Turns of all variants, in their order; one list for each load.
pub(super) type Measured = Vec<Vec<Turns>>;

/// Sends each request once to each variant: caches fill, tables grow, and every kind of answer is seen to be right.
pub(super) fn warm_up(running: &[Running], loads: &[Traffic]) -> Result<()> {
    for one in running {
        for (number, traffic) in loads.iter().enumerate() {
            let right = || format!("{} under the load \"{}\"", one.variant.name, traffic.name);
            if number == 0 {
                let first = one
                    .load()
                    .once(&traffic.first_of_limited(one.variant.checks));
                first.with_context(right)?;
            }
            let shots = traffic.shots(one.variant.checks);
            one.load().once(&shots).with_context(right)?;
        }
    }
    Ok(())
}

/// Runs the rounds.
pub(super) fn run(running: &[Running], loads: &[Traffic], pace: Pace) -> Result<Measured> {
    let mut measured = vec![vec![Turns::default(); running.len()]; loads.len()];
    let begun = Instant::now();
    for round in 0..pace.rounds {
        let mean = begun.elapsed() / u32::try_from(round.max(1))?;
        if round > 0 && Instant::now() + mean > pace.until {
            break;
        }
        for (traffic, turns) in loads.iter().zip(&mut measured) {
            for (one, turns) in running.iter().zip(turns) {
                let shots = traffic.shots(one.variant.checks);
                let turn = turn(one, &shots, pace.turn, turns);
                turn.with_context(|| format!("{}, load \"{}\"", one.variant.name, traffic.name))?;
            }
        }
    }
    Ok(measured)
}

fn turn(one: &Running, shots: &Rc<[Shot]>, span: Duration, turns: &mut Turns) -> Result<()> {
    let load: Load = one.load();
    let before = one.cpu()?;
    let (tally, next) = load.repeat(shots, turns.next, span)?;
    let used = one.cpu()?.saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let requests = tally.latencies.len().max(1) as f64;
    turns.cpu.push(used.as_secs_f64() * 1e6 / requests);
    turns.latencies.extend(tally.latencies);
    turns.next = next;
    Ok(())
}
