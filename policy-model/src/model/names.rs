//! Names of services, found whatever their case.
//!
//! The table is sorted by a hash of the name, so a search compares numbers that stand side by side and then one name. The
//! hash needs no secret: its keys come from the document, never from a request.

/// Names with a value each; ASCII letters match in any case.
#[derive(Clone, Debug, Default)]
pub(super) struct NameTable<T> {
    entries: Vec<(u64, Box<[u8]>, T)>,
}

// === impl NameTable ===

impl<T: Copy> NameTable<T> {
    /// A table of all names that are not empty. Of two equal ones the first counts.
    pub(super) fn new(names: impl IntoIterator<Item = (Box<[u8]>, T)>) -> Self {
        let names = names.into_iter().filter(|(name, _)| !name.is_empty());
        let mut entries: Vec<_> = names
            .map(|(name, value)| (hash(&name), name, value))
            .collect();
        // Stable, so that the first of equal names is found first.
        entries.sort_by_key(|(hash, ..)| *hash);
        Self { entries }
    }

    /// The value of a name.
    pub(super) fn find(&self, name: &[u8]) -> Option<T> {
        let hash = hash(name);
        let start = self.entries.partition_point(|(other, ..)| *other < hash);
        let candidates = self
            .entries
            .iter()
            .skip(start)
            .take_while(|(other, ..)| *other == hash);
        candidates
            .filter(|(_, other, _)| other.eq_ignore_ascii_case(name))
            .map(|(.., value)| *value)
            .next()
    }
}

/// FNV-1a over the name in lower case (draft-eastlake-fnv).
fn hash(name: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    };
    name.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::NameTable;

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
