//! Names of services, found whatever their case.
//!
//! Hashes stand apart from names, in order: a search reads a few of them side by side, and then one name.

use crate::pattern::hash_any_case;
use crate::sort::sort_by_key;

/// Names with a value each; ASCII letters match in any case.
#[derive(Clone, Debug, Default)]
pub(super) struct NameTable<T> {
    hashes: Vec<u64>,
    /// In the order of their hashes.
    names: Vec<(Box<[u8]>, T)>,
}

// === impl NameTable ===

impl<T: Copy> NameTable<T> {
    /// A table of all names that are not empty. Of two equal ones the first counts.
    pub(super) fn new(names: impl IntoIterator<Item = (Box<[u8]>, T)>) -> Self {
        let names = names.into_iter().filter(|(name, _)| !name.is_empty());
        let mut names: Vec<_> = names
            .map(|(name, value)| (hash_any_case(&name), (name, value)))
            .collect();
        // Stable, so that the first of equal names is found first.
        sort_by_key(&mut names, |(hash, _)| *hash);
        let (hashes, names) = names.into_iter().unzip();
        Self { hashes, names }
    }

    /// The value of a name.
    pub(super) fn find(&self, name: &[u8]) -> Option<T> {
        let hash = hash_any_case(name);
        let start = self.hashes.partition_point(|other| *other < hash);
        let count = self
            .hashes
            .get(start..)?
            .iter()
            .take_while(|other| **other == hash)
            .count();
        let candidates = self.names.get(start..start + count)?;
        // Most callers write a name as the document does, and equal bytes are compared faster than equal letters.
        let found = candidates
            .iter()
            .find(|(other, _)| **other == *name || other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::NameTable;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn table<'n>(names: impl IntoIterator<Item = &'n str>) -> NameTable<usize> {
        let numbered = names.into_iter().enumerate();
        NameTable::new(numbered.map(|(index, name)| (name.as_bytes().into(), index)))
    }

    #[test]
    fn names_ignore_case_and_the_first_counts() {
        let table = table(["Orders", "users", "ORDERS", ""]);
        assert_eq!(table.find(b"orders"), Some(0));
        assert_eq!(table.find(b"USERS"), Some(1));
        assert_eq!(table.find(b""), None);
        assert_eq!(table.find(b"other"), None);
    }

    #[test]
    fn a_thousand_names_are_all_found() {
        let names: Vec<_> = (0..1000)
            .map(|index| format!("service-{index}.example"))
            .collect();
        let table = table(names.iter().map(String::as_str));
        for (index, name) in names.iter().enumerate() {
            assert_eq!(table.find(name.as_bytes()), Some(index));
        }
    }
}
