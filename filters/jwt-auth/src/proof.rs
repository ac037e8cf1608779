//! What a believed token proves, for as long as its times allow.

use crate::{claim_value::header_value, claims::Times, jws::Jws, provider::Provider};
use engine::{Claims, claim};
use std::rc::Rc;

/// A believed token, and no more of it than the document asks for.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The provider that believed it, by its place in the list.
    pub provider: usize,
    /// The claims that other policies ask for.
    pub claims: Claims,
    /// The values of the provider's headers that carry claims to the upstream, in its order; none where there is no such claim.
    pub headers: Box<[Option<Rc<[u8]>>]>,
    /// When it holds.
    pub times: Times,
    /// Providers asked before, by their places, that will never believe it: another issuer's, or another key's.
    pub passed_over: Box<[usize]>,
}

/// What a block takes beside its content: two counts if it is shared, and what the allocator adds in a module: dlmalloc's own
/// 4 bytes, and 8 on the average to reach a multiple of 16.
const BLOCK: usize = 2 * size_of::<usize>() + 12;

/// A proof's blocks but for the values of headers: itself, its claims, the lists of headers and of providers.
const BLOCKS: usize = 4;

// === impl Proof ===

impl Proof {
    /// What `jws` proves, that the provider at this place has just believed.
    pub(crate) fn of(
        jws: &Jws<'_>,
        place: usize,
        provider: &Provider,
        times: Times,
        asked: &Rc<[Rc<str>]>,
    ) -> Self {
        let headers = provider.claim_headers.iter().map(|rule| {
            let value = header_value(claim(&jws.claims, &rule.claim)?)?;
            Some(value.into())
        });
        Self {
            provider: place,
            claims: Claims::of(asked, &jws.claims),
            headers: headers.collect(),
            times,
            passed_over: Box::default(),
        }
    }

    /// About the bytes that it takes, in all its blocks.
    pub(crate) fn size(&self) -> usize {
        let headers = self.headers.iter().flatten();
        let content = size_of::<Self>()
            + self.claims.size()
            + headers.map(|value| value.len()).sum::<usize>()
            + size_of_val(&*self.headers)
            + size_of_val(&*self.passed_over);
        content + (BLOCKS + self.headers.len()) * BLOCK
    }
}
