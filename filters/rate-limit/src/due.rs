//! Several limits of one request, counted together: all of them, or none.
//!
//! Shared data knows no transaction over two keys. So first all limits are looked at, and if one refuses nothing is
//! written. Then each is counted by compare-and-swap on its state, decided anew where somebody was faster. If a later limit
//! now refuses, the earlier ones are given back what they have counted: an answered refusal holds nothing, and no threshold
//! is exceeded at any time, since a permit is taken before it is used and never given back twice.
//!
//! Between a permit and its return another worker may be refused by it. All workers count in the order of the shared
//! values' names, so of two requests that want the same two last permits one gets both.

use crate::{
    Refused,
    limiter::{Due, Telling},
};
use engine::{Refusal, RequestContext};
use host::Nanos;

/// Counts a request in all of its limits; if it is refused, in none.
pub(crate) fn count(
    cx: &RequestContext<'_>,
    due: &mut [Due<'_>],
    telling: Telling,
) -> Option<Refusal> {
    // One limit alone looks when it counts.
    if due.len() > 1
        && let Some(refusal) = look(cx, due, telling)
    {
        return Some(refusal);
    }
    while let Some(limit) = next(due) {
        if let Some(refusal) = limit.count(cx, telling) {
            due.iter_mut().for_each(|limit| limit.give_back(cx));
            return Some(refusal);
        }
    }
    None
}

/// The refusal that holds longest: who comes back when it ends passes all.
fn look(cx: &RequestContext<'_>, due: &mut [Due<'_>], telling: Telling) -> Option<Refusal> {
    let enforced = due.iter_mut().filter(|limit| limit.is_enforced());
    let refused = enforced.filter_map(|limit| Some((limit.look(cx, telling)?, limit)));
    let (refused, limit) = refused.reduce(|first, other| {
        let is_longer = retry_at(&other.0) > retry_at(&first.0);
        if is_longer { other } else { first }
    })?;
    Some(limit.refuse(cx, refused, telling.style))
}

fn retry_at(refused: &Refused) -> Nanos {
    refused.retry_at.unwrap_or(Nanos(u64::MAX))
}

/// Of those still to be counted the one whose state comes first.
fn next<'d, 'p>(due: &'d mut [Due<'p>]) -> Option<&'d mut Due<'p>> {
    let open = due.iter_mut().filter(|limit| limit.is_open());
    open.min_by(|one, other| one.slot().cmp(other.slot()))
}
