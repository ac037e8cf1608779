//! References: names that must be given somewhere else in the document, and names that must be given once.

use crate::finding::{Report, Severity};
use crate::map::Map;
use crate::read::nearest::nearest;
use std::borrow::Cow;

/// Names that exist, for others to refer to.
pub(super) struct Names<'d> {
    what: &'static str,
    names: Vec<&'d str>,
}

// === impl Names ===

impl<'d> Names<'d> {
    /// `what` is what the names are names of: "a lane of space `1`" without the article.
    pub(super) fn new(what: &'static str, names: impl IntoIterator<Item = &'d str>) -> Self {
        Self {
            what,
            names: names.into_iter().collect(),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    /// Reports a name that is none of them.
    pub(super) fn must_have(
        &self,
        name: &str,
        severity: Severity,
        pointer: impl Into<String>,
        report: &mut Report,
    ) {
        if self.has(name) {
            return;
        }
        let meant = nearest(name, self.names.iter().copied());
        let suggestion = match meant {
            Some(meant) => Some(format!("did you mean `{meant}`?")),
            None if self.names.is_empty() => Some("the document has none".to_owned()),
            None => None,
        };
        report.add(
            severity,
            pointer,
            format!("no {} is called `{name}`", self.what),
            suggestion,
        );
    }
}

/// Reports each name that has been given before. Empty names are no names.
pub(super) fn once<'d, N: Into<Cow<'d, str>>>(
    what: &str,
    severity: Severity,
    named: impl IntoIterator<Item = (N, &'d str)>,
    report: &mut Report,
) {
    let named = named.into_iter();
    let mut named = named.map(|(name, pointer)| (name.into(), pointer));
    each_once(what, severity, &mut named, report);
}

/// Compiled once for all kinds of names.
fn each_once<'d>(
    what: &str,
    severity: Severity,
    named: &mut dyn Iterator<Item = (Cow<'d, str>, &'d str)>,
    report: &mut Report,
) {
    let mut first: Map<Cow<'d, str>, &str> = Map::new();
    for (name, pointer) in named {
        if name.is_empty() {
            continue;
        }
        if let Some(before) = first.get(&name) {
            let message = format!("{what} `{name}` is already at {before}");
            report.add(severity, pointer, message, None);
        } else {
            first.insert(name, pointer);
        }
    }
}
