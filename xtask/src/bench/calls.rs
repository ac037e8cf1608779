//! What each crossing of the border between a module and Envoy costs: `cargo xtask bench --calls`.
//!
//! A filter makes one kind of call many times a request; divided by that number, what it costs more than a filter that makes
//! none is the price of one. In a row of twenty everything is warm, so a lone call costs somewhat more.

use super::{
    filters::module_with,
    result::Row,
    table,
    traffic::Checks,
    variant::{BARE, EMPTY, Variant, chosen},
};

/// How often each is made in a request.
const TIMES: u32 = 20;

/// The names of the variants, the call that each makes, and what it is.
const CALLS: [(&str, &str, &str); 9] = [
    (
        "call nothing",
        "nothing",
        "one more callback (the response headers)",
    ),
    ("call clock", "clock", "read the clock"),
    ("call metric", "metric", "count in a metric"),
    ("call set-header", "set-header", "set a request header"),
    ("call property", "property", "read a property"),
    ("call one-header", "one-header", "read one header"),
    (
        "call header-map",
        "header-map",
        "read the request's header map",
    ),
    ("call get", "get", "read shared data, 3,000 bytes"),
    (
        "call get-and-swap",
        "get-and-swap",
        "read and swap the same",
    ),
];

/// A bare Envoy, the empty filter, and a variant for each call.
pub(super) fn variants() -> Vec<Variant> {
    let yardsticks = chosen(&[BARE.to_owned(), EMPTY.to_owned()]);
    let calls = CALLS.iter().map(|(name, call, _)| Variant {
        name,
        native: None,
        modules: &["host-calls"],
        checks: Checks::default(),
        filters: vec![module_with("host-calls", &format!("{call} {TIMES}"))],
    });
    yardsticks.into_iter().chain(calls).collect()
}

/// What one of each costs under the first load, in µs.
pub(super) fn prices(rows: &[Row]) -> Vec<(&'static str, f64)> {
    // Over the bare Envoy of the same round: that takes out what else the machine did.
    let extra = |name: &str| {
        let row = rows.iter().find(|row| row.name == name);
        row.and_then(|row| row.loads.first())
            .map_or(f64::NAN, |cell| cell.extra)
    };
    let [callback, ..] = CALLS;
    let entry = (callback.2, extra(callback.0) - extra(EMPTY));
    let calls = CALLS.iter().skip(1);
    let calls =
        calls.map(|(name, _, what)| (*what, (extra(name) - extra(callback.0)) / f64::from(TIMES)));
    let filter = ("a filter that does nothing: three callbacks", extra(EMPTY));
    [filter, entry].into_iter().chain(calls).collect()
}

/// The same as a table.
pub(super) fn table(rows: &[Row]) -> String {
    let lines = prices(rows).into_iter();
    let line = |(what, price): (&str, f64)| vec![what.to_owned(), format!("{price:.2}")];
    table::table(&["what", "CPU µs"], lines.map(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::result::Cell;
    use std::time::Duration;

    fn row(name: &'static str, extra: f64) -> Row {
        let cell = Cell {
            load: "many",
            requests: 1,
            cpu: 20.0 + extra,
            extra,
            to_bare: 1.0,
            to_native: None,
            extra_to_native: None,
            p50: 0.0,
            p99: 0.0,
        };
        Row {
            name,
            native: None,
            loads: vec![cell],
            resident_kib: 0,
            module_bytes: 0,
            start: Duration::ZERO,
            start_cpu: Duration::ZERO,
        }
    }

    #[test]
    fn a_call_costs_its_part_of_what_twenty_cost_more_than_none() {
        let rows = [
            row(BARE, 0.0),
            row(EMPTY, 3.0),
            row("call nothing", 4.0),
            row("call clock", 6.0),
        ];
        let prices = prices(&rows);
        let of = |what: &str| {
            prices
                .iter()
                .find(|(name, _)| name.contains(what))
                .map(|(_, price)| *price)
        };
        assert_eq!(of("does nothing"), Some(3.0));
        assert_eq!(of("callback (the response"), Some(1.0));
        assert_eq!(of("clock"), Some(0.1));
    }
}
