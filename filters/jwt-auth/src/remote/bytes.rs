//! Values of shared data, read: a version, then numbers in little endian.

/// What of a value is not read yet.
pub(crate) struct Reader<'a>(&'a [u8]);

// === impl Reader ===

impl<'a> Reader<'a> {
    /// Begins behind the version; `None` if it is another.
    pub(crate) fn new(bytes: &'a [u8], version: u8) -> Option<Self> {
        let (found, rest) = bytes.split_first()?;
        (*found == version).then_some(Self(rest))
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    pub(crate) fn small_number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}
