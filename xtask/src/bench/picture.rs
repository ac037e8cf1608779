//! The picture: for each variant and load a bar, as long as the CPU time that it adds to a bare Envoy.

use super::result::Row;
use std::fmt::Write as _;

const WIDTH: f64 = 860.0;
const NAMES: f64 = 190.0;
/// Room for the number behind a bar.
const NUMBERS: f64 = 70.0;
const BAR: f64 = 14.0;
const ROW: f64 = 40.0;
const TOP: f64 = 56.0;

/// Envoy's own filters, and ours: two shades each, one for each load.
const NATIVE: [&str; 2] = ["#6b7280", "#b3b8c0"];
const OURS: [&str; 2] = ["#1d6fb8", "#8dbde6"];

/// An SVG with `caption` under its title. The bare Envoy is the zero line and has no bar.
pub(super) fn svg(rows: &[Row], caption: &str) -> String {
    let rows = rows.get(1..).unwrap_or_default();
    let longest = rows
        .iter()
        .flat_map(|row| &row.loads)
        .map(|cell| cell.extra);
    let scale = (WIDTH - NAMES - NUMBERS) / longest.fold(1.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "a dozen")]
    let height = TOP + ROW * rows.len() as f64 + 10.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"10\" y=\"22\" font-size=\"16\">CPU time per request over a bare Envoy, in µs</text>\n\
         <text x=\"10\" y=\"42\" fill=\"#555\">{}</text>\n",
        escape(caption)
    );
    let mut y = TOP;
    for row in rows {
        draw(&mut out, row, y, scale);
        y += ROW;
    }
    out.push_str("</svg>\n");
    out
}

/// Writing to a string cannot fail.
fn draw(out: &mut String, row: &Row, y: f64, scale: f64) {
    let name = escape(row.name);
    let _ = writeln!(out, "<text x=\"10\" y=\"{}\">{name}</text>", y + 18.0);
    let shades = if row.module_bytes == 0 { NATIVE } else { OURS };
    let mut top = y;
    for (cell, shade) in row.loads.iter().zip(shades) {
        let length = (cell.extra * scale).max(1.0);
        let _ = writeln!(
            out,
            "<rect x=\"{NAMES}\" y=\"{top}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"{shade}\"/>\
             <text x=\"{:.1}\" y=\"{}\" font-size=\"11\">{:.1} {}</text>",
            NAMES + length + 4.0,
            top + 11.0,
            cell.extra,
            escape(cell.load),
        );
        top += BAR + 1.0;
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::result::Cell;
    use std::time::Duration;

    fn row(name: &'static str, extra: f64, module_bytes: u64) -> Row {
        let cell = Cell {
            load: "many",
            requests: 1,
            cpu: 20.0 + extra,
            extra,
            to_bare: 1.0,
            to_native: None,
            extra_to_native: None,
            p50: 1.0,
            p99: 1.0,
        };
        Row {
            name,
            native: None,
            loads: vec![cell],
            resident_kib: 1,
            module_bytes,
            start: Duration::ZERO,
            start_cpu: Duration::ZERO,
        }
    }

    #[test]
    fn bars_are_as_long_as_the_numbers_and_ours_are_told_apart() {
        let rows = [
            row("bare", 0.0, 0),
            row("native", 4.0, 0),
            row("ours & all", 8.0, 9),
        ];
        let svg = svg(&rows, "quick");
        assert!(
            !svg.contains("bare<") && svg.contains("ours &amp; all"),
            "{svg}"
        );
        let bar = |length: &str, shade: &str| {
            svg.contains(&format!(
                "width=\"{length}\" height=\"14\" fill=\"{shade}\""
            ))
        };
        assert!(bar("300.0", NATIVE[0]) && bar("600.0", OURS[0]), "{svg}");
    }
}
