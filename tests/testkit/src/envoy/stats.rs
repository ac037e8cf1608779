//! Counters and gauges, in both of Envoy's own formats.

use std::collections::BTreeMap;

/// Counters and gauges by name, from the admin's `/stats`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    values: BTreeMap<String, u64>,
}

/// One line of the Prometheus exposition format.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The metric's name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value.
    pub value: f64,
}

// === impl Stats ===

impl Stats {
    /// Text stats and histograms are left out: they are no numbers.
    pub(super) fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let (name, value) = line.rsplit_once(": ")?;
            Some((name.to_owned(), value.trim().parse().ok()?))
        };
        Self {
            values: text.lines().filter_map(line).collect(),
        }
    }

    /// A stat by its full name; 0 if Envoy has none of it, as it makes many on first use.
    #[must_use]
    pub fn get(&self, name: &str) -> u64 {
        self.values.get(name).copied().unwrap_or_default()
    }

    /// All stats whose name holds `part`.
    pub fn containing<'a>(&'a self, part: &'a str) -> impl Iterator<Item = (&'a str, u64)> {
        let all = self.values.iter().map(|(name, value)| (&**name, *value));
        all.filter(move |(name, _)| name.contains(part))
    }

    /// The sum over all stats whose name holds `part`.
    #[must_use]
    pub fn sum(&self, part: &str) -> u64 {
        self.containing(part).map(|(_, value)| value).sum()
    }
}

// === impl Sample ===

impl Sample {
    pub(super) fn parse_all(text: &str) -> Vec<Self> {
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(Self::parse)
            .collect()
    }

    fn parse(line: &str) -> Option<Self> {
        let (series, value) = line.rsplit_once(' ')?;
        let (name, labels) = series.split_once('{')?;
        Some(Self {
            name: name.to_owned(),
            labels: parse_labels(labels.strip_suffix('}')?),
            value: value.parse().ok()?,
        })
    }

    /// A label's value.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }
}

/// `a="1",b="x\"y"`: values may hold escaped quotes, backslashes and line feeds, and any comma.
fn parse_labels(mut text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    while let Some((name, rest)) = text.split_once("=\"") {
        let Some((value, after)) = parse_value(rest) else {
            break;
        };
        labels.insert(name.trim_start_matches(',').to_owned(), value);
        text = after;
    }
    labels
}

fn parse_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((value, text.get(index + 1..)?)),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                escaped => value.push(escaped),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_envoys_own_format() {
        let stats =
            Stats::parse("a.b: 3\nwasm.g.vm_reload: 0\ntext: \"x\"\nhistogram: P0(nan,1)\n");
        assert_eq!(stats.get("a.b"), 3);
        assert_eq!(stats.get("absent"), 0);
        assert_eq!(stats.sum("vm_reload"), 0);
    }

    #[test]
    fn reads_the_prometheus_format() {
        let text = "# TYPE x counter\nx{a=\"1,2\",b=\"say \\\"hi\\\"\"} 7\nempty{} 0\n";
        let samples = Sample::parse_all(text);
        assert_eq!(samples.len(), 2);
        assert_eq!(samples[0].label("a"), Some("1,2"));
        assert_eq!(samples[0].label("b"), Some("say \"hi\""));
        assert!((samples[0].value - 7.0).abs() < f64::EPSILON);
    }
}
