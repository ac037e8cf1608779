//! A header map as the host hands it over, read in place.
//!
//! The ABI serializes a map as one block: a count, then each pair's two lengths, then each name and value with a NUL behind
//! it, all numbers u32 little-endian (proxy-wasm ABI 0.2.1, `proxy_get_header_map_pairs`). The block arrives in memory
//! that the guest allocated and owns. Turning it into a vector of pairs would cost two allocations a header; a request has
//! twenty of them and a policy asks for three. So the block is checked once, kept, and walked when something is asked.

use crate::HostError;

/// A header map in arrival order: names in lower case, values any bytes, repeated names kept apart.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// Checked by [`Headers::parse`]; empty for an empty map.
    block: Vec<u8>,
}

/// The pairs of a [`Headers`], in arrival order.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    /// The length pairs not yet used, 8 bytes each.
    lengths: &'a [u8],
    /// The names and values that belong to them.
    data: &'a [u8],
}

/// One name and value.
struct Pair<'a> {
    /// Both, each with its NUL.
    bytes: &'a [u8],
    /// The length of the name.
    name: usize,
}

/// The lengths of a name and of its value, as they stand in the block.
const LENGTHS: usize = 8;

// === impl Headers ===

impl Headers {
    /// Takes over a serialized map after checking every length in it. No bytes at all are an empty map.
    ///
    /// Fails with [`HostError::BadAnswer`] if the block is not exactly one map.
    pub fn parse(block: Vec<u8>) -> Result<Self, HostError> {
        if block.is_empty() {
            return Ok(Self::default());
        }
        let (mut pairs, mut rest) = split(&block).ok_or(HostError::BadAnswer)?;
        while !pairs.lengths.is_empty() {
            pairs.next().ok_or(HostError::BadAnswer)?;
            rest = pairs.data;
        }
        if rest.is_empty() {
            Ok(Self { block })
        } else {
            Err(HostError::BadAnswer)
        }
    }

    /// Builds a map from pairs; names are put into lower case. For tests: a filter gets its maps from the host.
    #[must_use]
    pub fn from_pairs<N: AsRef<str>, V: AsRef<[u8]>>(pairs: &[(N, V)]) -> Self {
        Self {
            block: serialize(pairs),
        }
    }

    /// The first value of `name`, which must be in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// Every value of `name`, which must be in lower case, in arrival order.
    ///
    /// Every policy looks for a header or two among twenty, so this walks the lengths alone and reads no name of another
    /// length.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let mut pairs = self.iter();
        std::iter::from_fn(move || {
            while let Some(pair) = pairs.next_pair() {
                if pair.name == name.len() && pair.bytes.starts_with(name.as_bytes()) {
                    return pair.value();
                }
            }
            None
        })
    }

    /// Every name and value, in arrival order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        split(&self.block).map_or(
            Iter {
                lengths: &[],
                data: &[],
            },
            |(pairs, _)| pairs,
        )
    }

    /// The number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().len()
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Values may be credentials: only the size is shown.
impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Headers({} pairs, {} bytes)",
            self.len(),
            self.block.len()
        )
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = (&'a [u8], &'a [u8]);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

// === impl Iter ===

impl<'a> Iter<'a> {
    fn next_pair(&mut self) -> Option<Pair<'a>> {
        let (name, rest) = take_u32(self.lengths)?;
        let (value, lengths) = take_u32(rest)?;
        let both = name.checked_add(value)?.checked_add(2)?;
        let (bytes, data) = self.data.split_at_checked(both)?;
        *self = Self { lengths, data };
        Some(Pair { bytes, name })
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let pair = self.next_pair()?;
        Some((pair.name()?, pair.value()?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let pairs = self.lengths.len() / LENGTHS;
        (pairs, Some(pairs))
    }
}

impl ExactSizeIterator for Iter<'_> {}

// === impl Pair ===

impl<'a> Pair<'a> {
    fn name(&self) -> Option<&'a [u8]> {
        text(self.bytes.get(..=self.name)?)
    }

    fn value(&self) -> Option<&'a [u8]> {
        text(self.bytes.get(self.name + 1..)?)
    }
}

/// Pairs in the ABI's form, names put into lower case.
pub(crate) fn serialize<N: AsRef<str>, V: AsRef<[u8]>>(pairs: &[(N, V)]) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let mut block = number(pairs.len()).to_vec();
    for (name, value) in pairs {
        block.extend(number(name.as_ref().len()));
        block.extend(number(value.as_ref().len()));
    }
    for (name, value) in pairs {
        block.extend(name.as_ref().bytes().map(|byte| byte.to_ascii_lowercase()));
        block.push(0);
        block.extend(value.as_ref());
        block.push(0);
    }
    block
}

/// A block's pairs, not yet checked, and its data.
fn split(block: &[u8]) -> Option<(Iter<'_>, &[u8])> {
    let (count, rest) = take_u32(block)?;
    let (lengths, data) = rest.split_at_checked(count.checked_mul(LENGTHS)?)?;
    Some((Iter { lengths, data }, data))
}

fn take_u32(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

/// A text without the NUL behind it.
fn text(bytes: &[u8]) -> Option<&[u8]> {
    match bytes.split_last()? {
        (0, text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
