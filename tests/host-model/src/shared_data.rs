//! Shared data with Envoy's rules (proxy-wasm-cpp-host, `src/shared_data.cc`).
//!
//! | operation | result |
//! |---|---|
//! | get of a key never set | not found |
//! | set with version 0 | overwrites |
//! | set with the wrong version of a present key | mismatch |
//! | set with any version of an absent key | inserts, so a version that no key has is a put-if-absent |
//! | set of no bytes | a tombstone: the key stays, and its version |

use std::collections::BTreeMap;

/// The one map of a process.
#[derive(Default)]
pub(crate) struct SharedData {
    entries: BTreeMap<Vec<u8>, Entry>,
    last_version: u32,
}

/// A value and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) value: Vec<u8>,
    pub(crate) version: u32,
}

/// The version of a present key was another one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch;

// === impl SharedData ===

impl SharedData {
    pub(crate) fn get(&self, key: &[u8]) -> Option<&Entry> {
        self.entries.get(key)
    }

    pub(crate) fn set(&mut self, key: &[u8], value: &[u8], version: u32) -> Result<(), Mismatch> {
        if let Some(found) = self.entries.get(key)
            && version != 0
            && version != found.version
        {
            return Err(Mismatch);
        }
        // 0 is never handed out: it means "whatever is there".
        self.last_version = self.last_version.wrapping_add(1).max(1);
        let entry = Entry {
            value: value.to_vec(),
            version: self.last_version,
        };
        self.entries.insert(key.to_vec(), entry);
        Ok(())
    }

    pub(crate) fn keys(&self) -> Vec<Vec<u8>> {
        self.entries.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(data: &SharedData, key: &[u8]) -> Vec<u8> {
        data.get(key).unwrap().value.clone()
    }

    #[test]
    fn an_unknown_key_is_not_found() {
        assert_eq!(SharedData::default().get(b"k"), None);
    }

    #[test]
    fn version_0_overwrites_and_every_write_has_a_new_version() {
        let mut data = SharedData::default();
        data.set(b"k", b"1", 0).unwrap();
        let first = data.get(b"k").unwrap().version;
        data.set(b"k", b"2", 0).unwrap();
        assert_eq!(stored(&data, b"k"), b"2");
        assert_ne!(data.get(b"k").unwrap().version, first);
    }

    #[test]
    fn versions_are_counted_over_all_keys() {
        let mut data = SharedData::default();
        data.set(b"a", b"1", 0).unwrap();
        data.set(b"b", b"1", 0).unwrap();
        assert_ne!(
            data.get(b"a").unwrap().version,
            data.get(b"b").unwrap().version
        );
    }

    #[test]
    fn the_wrong_version_of_a_present_key_is_a_mismatch() {
        let mut data = SharedData::default();
        data.set(b"k", b"1", 0).unwrap();
        let read = data.get(b"k").unwrap().version;
        data.set(b"k", b"2", read).unwrap();
        assert_eq!(data.set(b"k", b"3", read), Err(Mismatch));
        assert_eq!(stored(&data, b"k"), b"2");
    }

    #[test]
    fn any_version_of_an_absent_key_inserts() {
        let mut data = SharedData::default();
        data.set(b"k", b"1", 4711).unwrap();
        assert_eq!(stored(&data, b"k"), b"1");
    }

    #[test]
    fn a_version_that_no_key_has_is_a_put_if_absent() {
        let mut data = SharedData::default();
        data.set(b"k", b"1", u32::MAX).unwrap();
        assert_eq!(data.set(b"k", b"2", u32::MAX), Err(Mismatch));
    }

    #[test]
    fn an_emptied_key_stays_and_keeps_a_version() {
        let mut data = SharedData::default();
        data.set(b"k", b"1", 0).unwrap();
        data.set(b"k", b"", 0).unwrap();
        let tombstone = data.get(b"k").unwrap().clone();
        assert_eq!(tombstone.value, b"");
        assert_eq!(data.set(b"k", b"2", u32::MAX), Err(Mismatch));
        assert_eq!(data.set(b"k", b"2", tombstone.version), Ok(()));
    }

    #[test]
    fn the_version_skips_0_when_it_wraps() {
        let mut data = SharedData {
            last_version: u32::MAX,
            ..SharedData::default()
        };
        data.set(b"k", b"1", 0).unwrap();
        assert_eq!(data.get(b"k").unwrap().version, 1);
    }
}
