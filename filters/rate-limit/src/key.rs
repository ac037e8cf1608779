//! Who is counted apart: the part of a request that tells a policy's clients from each other.
//!
//! Several parts make one key, and so do several values of one part: nothing of what the policy names is left out, and no
//! two different lists of values make the same key. An address counts by its network, since an IPv6 client picks the lower
//! half of its address at will.

use policy_model::{
    condition::{Attributes, InvalidSource, Source, parse_address},
    document::{ConditionKind, KeyPart, LimitOverride, MissingKey},
};
use std::net::IpAddr;

/// What a policy counts apart.
#[derive(Clone, Debug)]
pub(crate) struct ClientKey {
    parts: Box<[Part]>,
    missing: MissingKey,
}

/// The client of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// Counted under these bytes.
    Counted {
        /// The key.
        key: Vec<u8>,
        /// The first of the policy's overrides that is for it.
        rates: Option<usize>,
    },
    /// The policy does not apply to requests without a key.
    Exempt,
    /// A request without a key does not pass.
    Unknown,
}

#[derive(Clone, Debug)]
struct Part {
    source: Source,
    /// Bits that count of an IPv4 and of an IPv6 address.
    network: Option<(u8, u8)>,
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

    /// The client of a request.
    pub(crate) fn client(&self, request: &dyn Attributes, overrides: &[LimitOverride]) -> Client {
        let mut key = Vec::with_capacity(32);
        let mut rates = None;
        for part in &self.parts {
            let before = key.len();
            request.visit(&part.source, &mut |value| {
                part.write(value, &mut key);
                rates = rates.or_else(|| overrides.iter().position(|over| is_for(over, value)));
            });
            match self.missing {
                MissingKey::Skip if key.len() == before => return Client::Exempt,
                MissingKey::Refuse if key.len() == before => return Client::Unknown,
                _ => key.push(END_OF_PART),
            }
        }
        // Neighbours in a network may differ in their rates, and state of one is none of the other's.
        if let Some(index) = rates {
            key.extend((index as u64).to_le_bytes());
        }
        Client::Counted { key, rates }
    }
}

fn is_for(over: &LimitOverride, value: &[u8]) -> bool {
    over.matches.iter().any(|listed| listed.as_bytes() == value)
}

// === impl Part ===

impl Part {
    fn write(&self, value: &[u8], key: &mut Vec<u8>) {
        let network = self.network.and_then(|bits| network(value, bits));
        let value = network.as_deref().unwrap_or(value);
        key.push(VALUE);
        key.extend((value.len() as u64).to_le_bytes());
        key.extend(value);
    }
}

/// The network of an address as bytes; `None` if it is no address.
fn network(text: &[u8], (v4, v6): (u8, u8)) -> Option<Vec<u8>> {
    Some(match parse_address(text)? {
        IpAddr::V4(address) => {
            let host = u32::MAX.checked_shr(v4.into()).unwrap_or(0);
            (address.to_bits() & !host).to_be_bytes().to_vec()
        }
        IpAddr::V6(address) => {
            let host = u128::MAX.checked_shr(v6.into()).unwrap_or(0);
            (address.to_bits() & !host).to_be_bytes().to_vec()
        }
    })
}

#[cfg(test)]
mod tests;
