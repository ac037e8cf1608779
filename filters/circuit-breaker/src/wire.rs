//! Little-endian bytes, read without a panic: whatever is not there reads as `None`.
//!
//! What is written with every call, a closed breaker's window, is not taken apart and put together again but edited where
//! it lies, in the buffer that came from the host: a [`Body`].

use crate::tally::Tally;

/// Bytes before a state's body: version, phase, epoch and stamp.
pub(crate) const HEAD: usize = 14;

/// The body of a stored state, in one buffer with the room for its head.
#[derive(Clone, Debug)]
pub(crate) struct Body(Vec<u8>);

/// Takes values off the front of a slice.
pub(crate) struct Reader<'a>(&'a [u8]);

/// Puts values at the end of a buffer.
pub(crate) struct Writer(Vec<u8>);

// === impl Body ===

impl Body {
    /// A body of so many zeroes.
    pub(crate) fn new(len: usize) -> Self {
        Self(vec![0; HEAD + len])
    }

    /// The body of these stored bytes; `None` unless it is exactly so long.
    pub(crate) fn of(stored: Vec<u8>, len: usize) -> Option<Self> {
        (stored.len() == HEAD + len).then_some(Self(stored))
    }

    /// The bytes to store.
    pub(crate) fn into_stored(mut self, head: [u8; HEAD]) -> Vec<u8> {
        if let Some(room) = self.0.first_chunk_mut() {
            *room = head;
        }
        self.0
    }

    /// From here on; empty if that is behind the end.
    pub(crate) fn bytes(&self, at: usize) -> &[u8] {
        self.0.get(HEAD + at..).unwrap_or_default()
    }

    pub(crate) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    pub(crate) fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }

    pub(crate) fn tally(&self, at: usize) -> Tally {
        Tally {
            calls: self.u32(at),
            failures: self.u32(at + 4),
            slow: self.u32(at + 8),
        }
    }

    pub(crate) fn byte_mut(&mut self, at: usize) -> Option<&mut u8> {
        self.0.get_mut(HEAD + at)
    }

    pub(crate) fn set_u32(&mut self, at: usize, value: u32) {
        self.set(at, value.to_le_bytes());
    }

    pub(crate) fn set_u64(&mut self, at: usize, value: u64) {
        self.set(at, value.to_le_bytes());
    }

    pub(crate) fn set_tally(&mut self, at: usize, tally: Tally) {
        self.set_u32(at, tally.calls);
        self.set_u32(at + 4, tally.failures);
        self.set_u32(at + 8, tally.slow);
    }

    /// Zeroes where the body ends: its length is that of its window, and places are within.
    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        self.bytes(at).first_chunk().copied().unwrap_or([0; N])
    }

    fn set<const N: usize>(&mut self, at: usize, value: [u8; N]) {
        let place = self.0.get_mut(HEAD + at..);
        if let Some(place) = place.and_then(<[u8]>::first_chunk_mut) {
            *place = value;
        }
    }
}

impl PartialEq for Body {
    /// What is in the head's room is the state's own business.
    fn eq(&self, other: &Self) -> bool {
        self.bytes(0) == other.bytes(0)
    }
}

impl Eq for Body {}

// === impl Reader ===

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A count whose parts fit its whole.
    pub(crate) fn tally(&mut self) -> Option<Tally> {
        let tally = Tally {
            calls: self.u32()?,
            failures: self.u32()?,
            slow: self.u32()?,
        };
        tally.is_sound().then_some(tally)
    }

    /// `Some` if everything has been read.
    pub(crate) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }
}

// === impl Writer ===

impl Writer {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn tally(&mut self, tally: Tally) {
        self.u32(tally.calls);
        self.u32(tally.failures);
        self.u32(tally.slow);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}
