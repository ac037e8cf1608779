//! What nobody asked for: members that no reader knows, and names that are given twice.

use super::{MEMBERS, Obj, escape};
use crate::finding::Severity;
use crate::json::Json;
use crate::read::nearest::nearest;
use crate::read::value::shown;
use crate::sort::sort;

// === impl Obj ===

impl<'j> Obj<'j, '_> {
    /// Reports what is left once the reader has asked for all it knows.
    #[inline(never)]
    pub(super) fn finish(mut self) {
        self.doubles();
        for (name, _) in self.members {
            if !self.known.contains(&name.as_str()) {
                self.unknown(name);
            }
        }
    }

    /// Members that were not asked for are somebody's own: none of them is unknown.
    pub(in crate::read) fn extended(&mut self) {
        self.doubles();
        self.members = &[];
    }

    /// Reports the names that are given twice, and returns them.
    pub(super) fn doubles(&mut self) -> Vec<&'j str> {
        let mut doubled = doubled(self.members);
        doubled.dedup();
        for name in &doubled {
            let message = "is given twice; readers differ in which one they take";
            self.error(&escape(name), format!("`{}` {message}", shown(name)));
        }
        doubled
    }

    fn unknown(&mut self, name: &str) {
        let shown = shown(name);
        let mut homes = self.belongs.iter();
        if let Some((_, home)) = homes.find(|(names, _)| names.contains(&name)) {
            let meant = Some(format!("it belongs in {home}"));
            self.find(
                Severity::Error,
                &escape(name),
                format!("`{shown}` does nothing here"),
                meant,
            );
            return;
        }
        let near = nearest(name, self.known.iter().copied());
        let meant = near.map(str::to_owned).or_else(|| self.unstated());
        let severity = match meant {
            Some(_) if self.guarded => Severity::Error,
            _ => Severity::Warning,
        };
        let suggestion = meant.map(|meant| format!("did you mean `{meant}`?"));
        self.find(
            severity,
            &escape(name),
            format!("unknown field `{shown}`"),
            suggestion,
        );
    }

    /// The members whose defaults are taken, as they are said.
    fn unstated(&self) -> Option<String> {
        (!self.defaulted.is_empty()).then(|| self.defaulted.join("` or `"))
    }
}

/// The names of which there are several, sorted. Small objects, nearly all, cost no allocation.
fn doubled(members: &[(String, Json)]) -> Vec<&str> {
    if members.len() <= MEMBERS {
        let again = |(index, (name, _)): (usize, &'_ (String, Json))| {
            members.iter().take(index).any(|(other, _)| other == name)
        };
        if !members.iter().enumerate().any(again) {
            return Vec::new();
        }
    }
    let mut names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
    sort(&mut names);
    let pairs = names.windows(2).filter(|pair| pair.first() == pair.last());
    pairs.flatten().copied().collect()
}
