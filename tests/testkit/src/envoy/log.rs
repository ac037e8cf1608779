//! The verdict on what Envoy logged.

use super::stats::Stats;
use anyhow::bail;

/// Envoy writes `[time][thread][level][component] …`; these levels mean that something broke.
const BAD: [&str; 2] = ["][error][", "][critical]["];

/// What a test expects to go wrong.
#[derive(Clone, Debug, Default)]
pub(super) struct Expectations {
    parts: Vec<String>,
    vm_reload: bool,
}

// === impl Expectations ===

impl Expectations {
    /// An error line that holds `part` is expected.
    pub(super) fn log(&mut self, part: &str) {
        self.parts.push(part.to_owned());
    }

    /// The lines that come with every refused configuration are expected: Envoy's own, and the plugin's last word after its
    /// findings.
    pub(super) fn refusal(&mut self) {
        self.log(r#"{"steward":"refused"}"#);
        self.log("Failed to configure base Wasm plugin");
        self.log("failed to load");
    }

    /// A reload of a VM is expected.
    pub(super) fn vm_reload(&mut self) {
        self.vm_reload = true;
    }

    /// Fails on what was not expected.
    pub(super) fn judge(&self, lines: &[String], stats: &Stats) -> anyhow::Result<()> {
        let unexpected: Vec<&str> = lines
            .iter()
            .map(String::as_str)
            .filter(|line| self.is_unexpected(line))
            .collect();
        if !unexpected.is_empty() {
            bail!(
                "Envoy logged what nobody expected:\n{}",
                unexpected.join("\n")
            );
        }
        let reloads: Vec<String> = stats
            .containing(".vm_reload")
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{name}: {count}"))
            .collect();
        if !self.vm_reload && !reloads.is_empty() {
            bail!("a VM died and was made anew:\n{}", reloads.join("\n"));
        }
        Ok(())
    }

    fn is_unexpected(&self, line: &str) -> bool {
        BAD.iter().any(|level| line.contains(level))
            && !self.parts.iter().any(|part| line.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        "[2026-01-01 00:00:00.000][1][error][wasm] [context.cc:1] wasm log governance: no such key";

    fn judge(expected: &Expectations, line: &str, stats: &str) -> anyhow::Result<()> {
        expected.judge(&[line.to_owned()], &Stats::parse(stats))
    }

    #[test]
    fn an_error_line_fails_unless_expected() {
        let mut expected = Expectations::default();
        assert!(judge(&expected, LINE, "").is_err());
        assert!(judge(&expected, &LINE.replace("error", "critical"), "").is_err());
        assert!(judge(&expected, &LINE.replace("error", "warning"), "").is_ok());
        expected.log("no such key");
        assert!(judge(&expected, LINE, "").is_ok());
    }

    #[test]
    fn a_vm_reload_fails_unless_expected() {
        let mut expected = Expectations::default();
        assert!(judge(&expected, "", "wasm.governance.vm_reload_success: 1").is_err());
        assert!(judge(&expected, "", "wasm.governance.vm_reload_success: 0").is_ok());
        expected.vm_reload();
        assert!(judge(&expected, "", "wasm.governance.vm_reload_success: 1").is_ok());
    }
}
