//! The numbers, as they are printed, stored and drawn.

use super::{rounds::Turns, scene::Running, variant::BARE};
use anyhow::Result;
use serde_json::{Value, json};
use std::time::Duration;

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) native: Option<&'static str>,
    /// In the order of the loads.
    pub(super) loads: Vec<Cell>,
    pub(super) resident_kib: u64,
    pub(super) module_bytes: u64,
    pub(super) start: Duration,
    pub(super) start_cpu: Duration,
}

/// What a native variant must cost more than a bare Envoy, as a part of that, for a ratio to it to mean anything.
const LEAST_EXTRA: f64 = 0.1;

/// A variant under one load. Times in µs; each is the median over the rounds, a ratio that of each round's own ratio.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) load: &'static str,
    pub(super) requests: usize,
    pub(super) cpu: f64,
    /// More than the bare Envoy of the same round.
    pub(super) extra: f64,
    pub(super) to_bare: f64,
    pub(super) to_native: Option<f64>,
    /// The extra over bare, as a ratio to the native variant's: of the medians, since one round's extra may be next to nothing.
    pub(super) extra_to_native: Option<f64>,
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// The rows of all variants.
pub(super) fn rows(
    running: &[Running],
    loads: &[&'static str],
    measured: &[Vec<Turns>],
) -> Result<Vec<Row>> {
    let index = |name: &str| running.iter().position(|one| one.variant.name == name);
    let row = |(number, one): (usize, &Running)| {
        let cells = loads.iter().zip(measured).filter_map(|(load, turns)| {
            let bare = turns.get(index(BARE)?)?;
            let native = one
                .variant
                .native
                .and_then(index)
                .and_then(|n| turns.get(n));
            Some(cell(load, turns.get(number)?, bare, native))
        });
        Ok(Row {
            name: one.variant.name,
            native: one.variant.native,
            loads: cells.collect(),
            resident_kib: one.resident()?,
            module_bytes: one.module_bytes,
            start: one.start,
            start_cpu: one.start_cpu,
        })
    };
    running.iter().enumerate().map(row).collect()
}

fn cell(load: &'static str, turns: &Turns, bare: &Turns, native: Option<&Turns>) -> Cell {
    let mut latencies = turns.latencies.clone();
    latencies.sort_unstable();
    let extra = |turns: &Turns| pairs(turns, bare, |one, bare| one - bare);
    Cell {
        load,
        requests: latencies.len(),
        cpu: median(turns.cpu.clone()),
        extra: median(extra(turns)),
        to_bare: median(pairs(turns, bare, |one, bare| one / bare)),
        to_native: native.map(|native| median(pairs(turns, native, |one, native| one / native))),
        extra_to_native: native
            .map(|native| median(extra(native)))
            .filter(|native| *native > LEAST_EXTRA * median(bare.cpu.clone()))
            .map(|native| median(extra(turns)) / native),
        p50: quantile(&latencies, 50),
        p99: quantile(&latencies, 99),
    }
}

/// Two variants, round by round.
fn pairs(one: &Turns, other: &Turns, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    one.cpu
        .iter()
        .zip(&other.cpu)
        .map(|(one, other)| f(*one, *other))
        .collect()
}

/// The upper one of two in the middle; 0 of none.
pub(super) fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or_default()
}

/// Of sorted nanoseconds, in µs.
fn quantile(sorted: &[u64], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    let nanos = sorted.get(at).copied().unwrap_or_default();
    Duration::from_nanos(nanos).as_secs_f64() * 1e6
}

// === impl Row ===

impl Row {
    pub(super) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "native": self.native,
            "loads": self.loads.iter().map(Cell::json).collect::<Vec<_>>(),
            "resident_kib": self.resident_kib,
            "module_bytes": self.module_bytes,
            "start_ms": self.start.as_millis() as u64,
            "start_cpu_ms": self.start_cpu.as_millis() as u64,
        })
    }
}

// === impl Cell ===

impl Cell {
    fn json(&self) -> Value {
        json!({
            "load": self.load,
            "requests": self.requests,
            "cpu_us": self.cpu,
            "extra_us": self.extra,
            "ratio_to_bare": self.to_bare,
            "ratio_to_native": self.to_native,
            "extra_ratio_to_native": self.extra_to_native,
            "p50_us": self.p50,
            "p99_us": self.p99,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(cpu: &[f64]) -> Turns {
        Turns {
            cpu: cpu.to_vec(),
            latencies: (1..=100).rev().map(|n| n * 1_000).collect(),
            ..Turns::default()
        }
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        // The second round ran while the machine was twice as slow.
        let (bare, ours) = (turns(&[10.0, 20.0, 10.0]), turns(&[15.0, 30.0, 16.0]));
        let native = turns(&[20.0, 40.0, 20.0]);
        let cell = cell("many", &ours, &bare, Some(&native));
        assert_eq!((cell.cpu, cell.to_bare), (16.0, 1.5));
        assert_eq!((cell.extra, cell.to_native), (6.0, Some(0.75)));
        assert_eq!(cell.extra_to_native, Some(0.6));
    }

    #[test]
    fn latencies_are_told_in_microseconds() {
        let one = turns(&[1.0]);
        let cell = cell("one", &one, &one, None);
        assert_eq!((cell.p50, cell.p99), (51.0, 100.0));
    }
}
