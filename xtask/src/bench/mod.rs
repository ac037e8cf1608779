//! `cargo xtask bench`: what a request costs with our filters, beside what it costs with Envoy's own.
//!
//! Every variant is a real Envoy with one worker; all run side by side and take turns of a second or less under the same
//! load. Measured is CPU time of the Envoy process per answered request: requests per second and latency say more about
//! what else the machine does. A variant that answers one request otherwise than it should ends the run, for a filter that
//! does less is no faster filter.

mod calls;
mod filters;
mod flood;
mod hot;
mod large;
mod picture;
mod process;
mod result;
mod rounds;
mod scene;
mod table;
mod traffic;
mod variant;

use crate::{build, cache::Cache, envoy, say};
use anyhow::{Context as _, Result};
use rounds::Pace;
use scene::{Running, Scene};
use serde_json::json;
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};
use traffic::Traffic;

/// What to run, and where the numbers go.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Be done within two minutes once the modules are built; good for a look, not for a page
    #[arg(long)]
    quick: bool,
    /// Let the measured Envoys answer by themselves instead of asking an upstream: less noise and a smaller base, but no
    /// breaker counts such answers
    #[arg(long)]
    direct: bool,
    /// Measure only this variant, the filter of Envoy that it is compared with, and a bare Envoy; may be given several times
    #[arg(long, value_name = "VARIANT", value_parser = variant::names())]
    only: Vec<String>,
    /// Measure what each kind of call between a module and Envoy costs instead; implies --direct
    #[arg(long, conflicts_with = "only")]
    calls: bool,
    /// Measure only what a large document costs, without any load
    #[arg(long, conflicts_with_all = ["only", "calls", "picture"])]
    large: bool,
    /// Measure only what a flood of a million keys does to a limit; takes some minutes
    #[arg(long, conflicts_with_all = ["only", "calls", "picture", "large"])]
    flood: bool,
    /// Measure only how often two workers get in each other's way over one hot key
    #[arg(long, conflicts_with_all = ["only", "calls", "picture", "large", "flood"])]
    hot: bool,
    /// Write the numbers as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw them as SVG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

/// From this share of the processors on, others are in the way.
const BUSY: f64 = 0.25;

/// Builds, measures, prints.
///
/// # Errors
/// An Envoy did not start or did not behave, or a variant gave a wrong answer.
pub(crate) fn run(options: &Options) -> Result<()> {
    let dist = if options.flood || options.hot {
        build::run(&["rate-limit".to_owned()])?
    } else {
        build::for_bench()?
    };
    let binary = envoy::ready(&Cache::of_user()?)?;
    let others = process::load_average()?;
    let scene = Scene::open(binary, dist, options.is_direct())?;
    if options.flood || options.hot {
        return under_stress(scene, options, others);
    }
    let (rows, rounds) = if options.large {
        (Vec::new(), 0)
    } else {
        under_load(&scene, options)?
    };
    let large = if options.only.is_empty() && !options.calls {
        say::step("configuring large documents", || large::measure(&scene))?
    } else {
        Vec::new()
    };
    scene.close()?;
    options.publish(&rows, &large, others, rounds)
}

/// What limits do when they are pressed, printed alone.
fn under_stress(scene: Scene, options: &Options, others: f64) -> Result<()> {
    if options.flood {
        let rows = say::step("flooding", || flood::measure(&scene))?;
        flood::tables(&rows)
            .iter()
            .for_each(|table| println!("{table}"));
    } else {
        let rows = say::step("measuring one hot key", || hot::measure(&scene))?;
        println!("{}", hot::table(&rows));
    }
    println!("answered by Envoy itself, 2 workers, load average {others} before");
    scene.close()
}

/// What requests cost, and in how many rounds that was measured.
fn under_load(scene: &Scene, options: &Options) -> Result<(Vec<result::Row>, usize)> {
    let pace = options.pace();
    let loads = say::step("signing a token for each user", || {
        Ok::<_, anyhow::Error>([Traffic::many()?, Traffic::one()?])
    })?;
    let running = say::step("starting an Envoy for each variant", || {
        let start = |variant| scene.start(variant);
        options
            .variants()
            .into_iter()
            .map(start)
            .collect::<Result<Vec<Running>>>()
    })?;
    say::step("sending every request once", || {
        rounds::warm_up(&running, &loads)
    })?;
    let measured = say::step("measuring", || rounds::run(&running, &loads, pace))?;
    let rows = result::rows(&running, &loads.each_ref().map(|load| load.name), &measured)?;
    for one in running {
        one.close()?;
    }
    let rounds = measured.iter().flatten().map(|turns| turns.cpu.len()).min();
    Ok((rows, rounds.unwrap_or_default()))
}

// === impl Options ===

impl Options {
    fn pace(&self) -> Pace {
        let (rounds, turn, limit) = if self.quick {
            (3, Duration::from_millis(400), Duration::from_secs(75))
        } else {
            (11, Duration::from_secs(1), Duration::from_secs(900))
        };
        Pace {
            rounds,
            turn,
            until: Instant::now() + limit,
        }
    }

    fn variants(&self) -> Vec<variant::Variant> {
        match self.calls {
            true => calls::variants(),
            false => variant::chosen(&self.only),
        }
    }

    fn is_direct(&self) -> bool {
        self.direct || self.calls
    }

    fn publish(
        &self,
        rows: &[result::Row],
        large: &[large::Row],
        others: f64,
        rounds: usize,
    ) -> Result<()> {
        let processors = std::thread::available_parallelism()?.get();
        for table in table::tables(rows).iter().chain(&table::large(large)) {
            println!("{table}");
        }
        if self.calls {
            println!("{}", calls::table(rows));
        }
        let machine = format!("{processors} processors, load average {others} before");
        let pace = format!(
            "{rounds} alternating rounds of {:?} a variant and load, {}, ",
            self.pace().turn,
            if self.is_direct() {
                "answered by Envoy itself"
            } else {
                "one upstream"
            }
        );
        let caption = if self.large { machine } else { pace + &machine };
        println!("{caption}");
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        if others > BUSY * processors as f64 {
            say::line("the machine was busy with other work: these numbers are provisional");
        }
        if let Some(path) = &self.json {
            let rows: Vec<_> = rows.iter().map(result::Row::json).collect();
            let large: Vec<_> = large.iter().map(large::Row::json).collect();
            let all = json!({ "large_documents": large, "direct": self.is_direct(), "load_average_before": others, "processors": processors, "rounds": rounds, "variants": rows });
            write(path, &serde_json::to_string_pretty(&all)?)?;
        }
        if let Some(path) = &self.picture {
            write(path, &picture::svg(rows, &caption))?;
        }
        Ok(())
    }
}

fn write(path: &PathBuf, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}
