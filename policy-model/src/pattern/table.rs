//! All patterns of a group.

use super::regex::FullRegex;
use super::segments::Rest;
use super::syntax::{PathMatcher, PathPattern};
use super::trie::{Trie, TrieBuilder};

/// Patterns with a value each, found by path.
#[derive(Clone, Debug)]
pub struct PathTable<T> {
    equal: Trie,
    prefix: Trie,
    regular: Vec<(FullRegex, u32)>,
    values: Vec<T>,
    delimiter: u8,
}

// === impl PathTable ===

impl<T> PathTable<T> {
    /// A table of all `entries`, which are patterns of services of one type. Of two patterns that match the same paths
    /// in the same way the later one stays.
    ///
    /// ```
    /// use policy_model::document::{PathMatchType, ServiceType};
    /// use policy_model::pattern::{PathPattern, PathTable};
    ///
    /// let pattern = |text| PathPattern::new(text, None, ServiceType::Http).unwrap();
    /// let table = PathTable::new([(pattern("/"), 'r'), (pattern("/orders/{id}"), 'o')]);
    /// assert_eq!(table.find(b"/orders/42/items"), Some(&'o'));
    /// assert_eq!(table.find(b"/orders"), Some(&'r'));
    /// ```
    pub fn new<P: AsRef<PathPattern>>(entries: impl IntoIterator<Item = (P, T)>) -> Self {
        let (mut equal, mut prefix) = (TrieBuilder::default(), TrieBuilder::default());
        let (mut regular, mut values) = (Vec::new(), Vec::new());
        let mut delimiter = b'/';
        for (pattern, value) in entries {
            let index = values.len() as u32;
            values.push(value);
            delimiter = pattern.as_ref().delimiter();
            match pattern.as_ref().matcher() {
                PathMatcher::Equal(segments) => equal.insert(segments, index),
                PathMatcher::Prefix(segments) => prefix.insert(segments, index),
                PathMatcher::Regular(regex) => regular.push((regex.clone(), index)),
            }
        }
        Self {
            equal: equal.build(),
            prefix: prefix.build(),
            regular,
            values,
            delimiter,
        }
    }

    /// The value of the pattern that `path`, in its normal spelling, falls under.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<&T> {
        let rest = Rest::new(path, self.delimiter);
        let index = self.equal.equal(rest);
        let index = index
            .or_else(|| self.prefix.prefix(rest))
            .or_else(|| self.regular(path))?;
        self.values.get(index as usize)
    }

    /// A slash at the end does not count here either: `/a/` matches what matches `/a/` or `/a`.
    fn regular(&self, path: &[u8]) -> Option<u32> {
        if self.regular.is_empty() {
            return None;
        }
        let path = std::str::from_utf8(path).ok()?;
        let shorter = path.strip_suffix('/').filter(|shorter| !shorter.is_empty());
        let matches = |regex: &FullRegex| {
            regex.matches(path) || shorter.is_some_and(|shorter| regex.matches(shorter))
        };
        self.regular
            .iter()
            .find(|(regex, _)| matches(regex))
            .map(|(_, index)| *index)
    }
}

#[cfg(test)]
mod tests;
