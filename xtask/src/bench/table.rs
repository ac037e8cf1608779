//! The table, in Markdown: it is read in a terminal and pasted into `docs/performance.md`.

use super::result::{Cell, Row};

/// All rows; a block of columns for each load.
pub(super) fn table(rows: &[Row]) -> String {
    let Some(first) = rows.first() else {
        return String::new();
    };
    let mut head = vec!["variant".to_owned()];
    for Cell { load, .. } in &first.loads {
        let columns = [
            "CPU µs",
            "over bare",
            "× bare",
            "× native",
            "p50 µs",
            "p99 µs",
        ];
        head.extend(columns.map(|column| format!("{load}: {column}")));
    }
    head.extend(["RSS MiB", "module KiB", "start ms (CPU)"].map(str::to_owned));
    let rule = vec!["---".to_owned(); head.len()];
    let lines = [head, rule].into_iter().chain(rows.iter().map(columns));
    lines
        .map(|line| format!("| {} |\n", line.join(" | ")))
        .collect()
}

fn columns(row: &Row) -> Vec<String> {
    let mut line = vec![row.name.to_owned()];
    for cell in &row.loads {
        line.push(format!("{:.1}", cell.cpu));
        line.push(format!("{:+.1}", cell.extra));
        line.push(format!("{:.2}", cell.to_bare));
        line.push(
            cell.to_native
                .map_or_else(String::new, |ratio| format!("{ratio:.2}")),
        );
        line.extend([cell.p50, cell.p99].map(|time| format!("{time:.0}")));
    }
    line.push((row.resident_kib / 1_024).to_string());
    line.push(match row.module_bytes {
        0 => String::new(),
        bytes => bytes.div_ceil(1_024).to_string(),
    });
    line.push(format!(
        "{} ({})",
        row.start.as_millis(),
        row.start_cpu.as_millis()
    ));
    line
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
        let table = table(&[row]);
        let bars: Vec<_> = table
            .lines()
            .map(|line| line.matches('|').count())
            .collect();
        assert_eq!(bars, [11, 11, 11], "{table}");
        assert!(
            table.contains(
                "| governance.wasm | 20.0 | +4.0 | 1.25 | 0.90 | 100 | 900 | 2 | 2 | 700 (600) |"
            ),
            "{table}"
        );
    }
}
