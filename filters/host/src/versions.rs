//! What one VM knows of the versions that shared data gets.
//!
//! Envoy numbers all writes of a process in one rising line, whatever their key (proxy-wasm-cpp-host,
//! `SharedData::nextCas`), but does not tell a writer which number its write got. It is at least one more than any number
//! heard of before. If the key is found under just that least number later, the write found there is the VM's own, since
//! every later write has a higher one: so a swap that names it can be lost, but never overwrites what another worker wrote.

use std::cell::Cell;

/// The newest version that a VM knows to be given out; 0 before it has heard of any.
#[derive(Debug, Default)]
pub(crate) struct Versions(Cell<u32>);

// === impl Versions ===

impl Versions {
    pub(crate) const fn new() -> Self {
        Self(Cell::new(0))
    }

    /// A value was read under this version.
    pub(crate) fn read(&self, version: u32) {
        let known = self.0.get();
        // The numbers wrap: what is less than half of the line ahead is newer.
        let is_newer = version.wrapping_sub(known) < 1 << 31;
        if known == 0 || is_newer {
            self.0.set(version);
        }
    }

    /// A write of this VM was carried out.
    pub(crate) fn wrote(&self) {
        let known = self.0.get();
        if known != 0 {
            // The host passes over 0.
            self.0.set(known.wrapping_add(1).max(1));
        }
    }

    /// The newest version known to be given out.
    pub(crate) fn newest(&self) -> Option<u32> {
        Some(self.0.get()).filter(|version| *version != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_write_has_a_number_above_all_that_are_known() {
        let versions = Versions::new();
        versions.wrote();
        assert_eq!(versions.newest(), None, "nothing to count from");
        versions.read(7);
        versions.wrote();
        versions.read(3);
        assert_eq!(versions.newest(), Some(8));
        versions.read(20);
        assert_eq!(versions.newest(), Some(20));
    }

    #[test]
    fn the_line_of_numbers_wraps_past_zero() {
        let versions = Versions::new();
        versions.read(u32::MAX);
        versions.wrote();
        assert_eq!(versions.newest(), Some(1));
        versions.read(u32::MAX - 1);
        assert_eq!(versions.newest(), Some(1));
    }
}
