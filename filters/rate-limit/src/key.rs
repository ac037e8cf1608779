//! Who is counted apart: the part of a request that tells a policy's clients from each other.
//!
//! Several parts make one key, and so do several values of one part: nothing of what the policy names is left out, and no
//! two different lists of values make the same key. An address counts by its network, since an IPv6 client picks the lower
//! half of its address at will.

use policy_model::{
    condition::{Attributes, InvalidSource, Source, parse_address},
    document::{ConditionKind, KeyPart, LimitOverride, MissingKey},
    sort::sort,
};
use std::net::IpAddr;

/// What a policy counts apart.
#[derive(Clone, Debug)]
pub(crate) struct ClientKey {
    parts: Box<[Part]>,
    missing: MissingKey,
}

/// The client of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// Counted under what was written.
    Counted {
        /// The first of the policy's overrides that is for it.
        over: Option<usize>,
    },
    /// The policy does not apply to requests without a key.
    Exempt,
    /// A request without a key does not pass.
    Unknown,
}

/// Which values a policy's overrides are for, sorted: there may be as many as there are customers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides(Box<[(Box<[u8]>, usize)]>);

#[derive(Clone, Debug)]
struct Part {
    source: Source,
    /// Bits that count of an IPv4 and of an IPv6 address.
    network: Option<(u8, u8)>,
}

/// The part of an address that counts.
enum Network {
    V4([u8; 4]),
    V6([u8; 16]),
}

const VALUE: u8 = 1;
const END_OF_PART: u8 = 0;

// === impl ClientKey ===

impl ClientKey {
    /// The key of these parts; the error tells which of them names nothing.
    pub(crate) fn compile(
        parts: &[KeyPart],
        missing: MissingKey,
    ) -> Result<Self, (usize, InvalidSource)> {
        let compiled = parts.iter().enumerate().map(|(index, part)| {
            let source = Source::new(part.kind, &part.key).map_err(|invalid| (index, invalid))?;
            let is_address = part.kind == ConditionKind::Ip;
            Ok(Part {
                source,
                network: is_address.then_some((part.prefix_v4, part.prefix_v6)),
            })
        });
        Ok(Self {
            parts: compiled.collect::<Result<_, _>>()?,
            missing,
        })
    }

    /// The client of a request. What tells it from others is written piece by piece, as it is read.
    pub(crate) fn client(
        &self,
        request: &dyn Attributes,
        overrides: &Overrides,
        write: &mut impl FnMut(&[u8]),
    ) -> Client {
        let mut over = None;
        for part in &self.parts {
            let mut is_missing = true;
            request.visit(&part.source, &mut |value| {
                is_missing = false;
                part.write(value, write);
                over = over.or_else(|| overrides.of(value));
            });
            match self.missing {
                MissingKey::Skip if is_missing => return Client::Exempt,
                MissingKey::Refuse if is_missing => return Client::Unknown,
                _ => write(&[END_OF_PART]),
            }
        }
        // Neighbours in a network may differ in their rates, and state of one is none of the other's.
        if let Some(index) = over {
            write(&(index as u64).to_le_bytes());
        }
        Client::Counted { over }
    }
}

// === impl Overrides ===

impl Overrides {
    pub(crate) fn new(overrides: &[LimitOverride]) -> Self {
        let numbered = overrides.iter().enumerate();
        let mut values: Vec<_> = numbered
            .flat_map(|(index, over)| {
                let values = over.matches.iter();
                values.map(move |value| (value.as_bytes().into(), index))
            })
            .collect();
        sort(&mut values);
        // The first of a value's overrides stays.
        values.dedup_by(|later, first| later.0 == first.0);
        Self(values.into())
    }

    /// The first that is for this value.
    fn of(&self, value: &[u8]) -> Option<usize> {
        let found = self.0.binary_search_by(|(listed, _)| (**listed).cmp(value));
        self.0.get(found.ok()?).map(|(_, index)| *index)
    }
}

// === impl Part ===

impl Part {
    fn write(&self, value: &[u8], write: &mut impl FnMut(&[u8])) {
        let network = self.network.and_then(|bits| Network::of(value, bits));
        let value = network.as_ref().map_or(value, Network::as_bytes);
        let [a, b, c, d, e, f, g, h] = (value.len() as u64).to_le_bytes();
        write(&[VALUE, a, b, c, d, e, f, g, h]);
        write(value);
    }
}

// === impl Network ===

impl Network {
    /// The network of an address; `None` if it is no address.
    fn of(text: &[u8], (v4, v6): (u8, u8)) -> Option<Self> {
        Some(match parse_address(text)? {
            IpAddr::V4(address) => {
                let host = u32::MAX.checked_shr(v4.into()).unwrap_or(0);
                Self::V4((address.to_bits() & !host).to_be_bytes())
            }
            IpAddr::V6(address) => {
                let host = u128::MAX.checked_shr(v6.into()).unwrap_or(0);
                Self::V6((address.to_bits() & !host).to_be_bytes())
            }
        })
    }

    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::V4(bytes) => bytes,
            Self::V6(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests;
