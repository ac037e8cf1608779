//! How many host calls a request cost, by the function's name in the ABI.

use std::collections::BTreeMap;

/// Host calls, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls(BTreeMap<&'static str, usize>);

// === impl Calls ===

impl Calls {
    /// All calls.
    #[must_use]
    pub fn total(&self) -> usize {
        self.0.values().sum()
    }

    /// The calls of one function, such as `proxy_get_shared_data` or `clock_time_get`.
    #[must_use]
    pub fn of(&self, function: &str) -> usize {
        self.0.get(function).copied().unwrap_or_default()
    }

    /// Every function that was called, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, usize)> + '_ {
        self.0.iter().map(|(function, count)| (*function, *count))
    }

    pub(crate) fn add(&mut self, function: &'static str) {
        *self.0.entry(function).or_default() += 1;
    }
}
