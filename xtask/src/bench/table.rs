//! The tables, in Markdown: they are read in a terminal and pasted into `docs/performance.md`.

use super::{
    large,
    result::{Cell, Row},
};

/// A table for each load, and one for what does not depend on it; none of no rows.
pub(super) fn tables(rows: &[Row]) -> Vec<String> {
    let loads = rows.first().map_or(0, |row| row.loads.len());
    let each = (0..loads).map(|load| of_load(rows, load));
    let at_rest = (!rows.is_empty()).then(|| at_rest(rows));
    each.chain(at_rest).collect()
}

fn of_load(rows: &[Row], load: usize) -> String {
    let cells: Vec<_> = rows
        .iter()
        .filter_map(|row| Some((row, row.loads.get(load)?)))
        .collect();
    let name = cells.first().map_or("", |(_, cell)| cell.load);
    let first = format!("load \"{name}\"");
    let head = [
        first.as_str(),
        "CPU µs",
        "× bare",
        "× native",
        "µs over bare",
        "over bare × native",
        "p50 µs",
        "p99 µs",
    ];
    table(&head, cells.iter().map(|(row, cell)| timed(row, cell)))
}

fn timed(row: &Row, cell: &Cell) -> Vec<String> {
    let ratio = |ratio: Option<f64>| ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
    vec![
        row.name.to_owned(),
        format!("{:.1}", cell.cpu),
        format!("{:.2}", cell.to_bare),
        ratio(cell.to_native),
        format!("{:.1}", cell.extra),
        ratio(cell.extra_to_native),
        format!("{:.0}", cell.p50),
        format!("{:.0}", cell.p99),
    ]
}

fn at_rest(rows: &[Row]) -> String {
    let head = [
        "variant",
        "resident MiB",
        "modules KiB",
        "start ms",
        "CPU ms until ready",
    ];
    let line = |row: &Row| {
        let modules = match row.module_bytes {
            0 => String::new(),
            bytes => bytes.div_ceil(1_024).to_string(),
        };
        vec![
            row.name.to_owned(),
            (row.resident_kib / 1_024).to_string(),
            modules,
            row.start.as_millis().to_string(),
            row.start_cpu.as_millis().to_string(),
        ]
    };
    table(&head, rows.iter().map(line))
}

/// What a large document costs.
pub(super) fn large(rows: &[large::Row]) -> Option<String> {
    let head = [
        "rules",
        "document KiB",
        "worker ms at start",
        "worker ms, one service changed",
        "resident MiB",
        "MiB a VM",
    ];
    let mib = |kib: u64| format!("{}.{}", kib / 1_024, kib % 1_024 * 10 / 1_024);
    let line = |row: &large::Row| {
        vec![
            row.rules.to_string(),
            row.document_bytes.div_ceil(1_024).to_string(),
            format!("{:.1}", row.start.as_secs_f64() * 1e3),
            format!("{:.1}", row.reload.as_secs_f64() * 1e3),
            (row.resident_kib / 1_024).to_string(),
            mib(row.vm_kib),
        ]
    };
    (!rows.is_empty()).then(|| table(&head, rows.iter().map(line)))
}

pub(super) fn table(head: &[&str], lines: impl Iterator<Item = Vec<String>>) -> String {
    let rule = head.iter().map(|_| "---".to_owned()).collect();
    let head = head.iter().map(|&column| column.to_owned()).collect();
    let lines = [head, rule].into_iter().chain(lines);
    let line = |columns: Vec<String>| format!("| {} |\n", columns.join(" | "));
    lines.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_line_has_as_many_columns_as_the_head() {
        let cell = Cell {
            load: "many",
            requests: 9,
            cpu: 20.0,
            extra: 4.0,
            to_bare: 1.25,
            to_native: Some(0.9),
            extra_to_native: None,
            p50: 100.0,
            p99: 900.0,
        };
        let row = Row {
            name: "governance.wasm",
            native: Some("native chain"),
            loads: vec![cell],
            resident_kib: 2_048,
            module_bytes: 1_025,
            start: Duration::from_millis(700),
            start_cpu: Duration::from_millis(600),
        };
        let tables = tables(&[row]).join("\n");
        let bars: Vec<_> = tables
            .lines()
            .map(|line| line.matches('|').count())
            .collect();
        assert_eq!(bars, [9, 9, 9, 0, 6, 6, 6], "{tables}");
        let timed = "| governance.wasm | 20.0 | 1.25 | 0.90 | 4.0 |  | 100 | 900 |";
        assert!(tables.contains(timed), "{tables}");
        let at_rest = "| governance.wasm | 2 | 2 | 700 | 600 |";
        assert!(tables.contains(at_rest), "{tables}");
    }

    #[test]
    fn a_large_document_is_told_in_milliseconds_and_mebibytes() {
        let row = large::Row {
            rules: 1_000,
            document_bytes: 100_000,
            start: Duration::from_micros(31_250),
            reload: Duration::from_micros(20_040),
            resident_kib: 103_000,
            vm_kib: 3_840,
        };
        let table = large(&[row]).unwrap();
        let line = table.lines().last();
        let expected = "| 1000 | 98 | 31.2 | 20.0 | 100 | 3.7 |";
        assert_eq!(line, Some(expected), "{table}");
    }
}
