//! Several limits of one request, counted together: all of them, or none.
//!
//! Shared data knows no transaction over two keys. So first all limits are looked at, and if one refuses nothing is
//! written. Then each is counted by compare-and-swap on its state, decided anew where somebody was faster. If a later limit
//! now refuses, the earlier ones are given back what they have counted: an answered refusal holds nothing, and no threshold
//! is exceeded at any time, since a permit is taken before it is used and never given back twice.
//!
//! Between a permit and its return another worker may be refused by it. All workers count in the order of the shared
//! values' names, so of two requests that want the same two last permits one gets both.
//!
//! Where limits let the request wait, its turn is that of the one that holds back longest. That one is reserved for this very
//! instant, and so are those of the limits before it that are the client's own. A limit that all share and that would let the
//! request go on earlier is not, since nobody passes a turn: everybody would wait for as long as one client has to. It is
//! counted when the request goes on, like those that have room: a permit that lay idle until then would be missing to those
//! who need not wait.

use crate::{
    Refused,
    limiter::{Due, Visit},
};
use engine::Refusal;
use host::{Host, Nanos};

/// What becomes of a request.
pub(crate) enum Outcome {
    /// It is counted in all of its limits.
    Passed,
    /// It is counted in none.
    Refused(Refusal),
    /// It waits until then. The limits that it waits for have counted it.
    Waits(Nanos),
}

/// Counts a request in all of its limits.
pub(crate) fn count(visit: Visit<'_, '_>, due: &mut [Due<'_>]) -> Outcome {
    // One limit alone looks when it counts.
    if let [limit] = due {
        return match limit.count(visit) {
            Some(refusal) => Outcome::Refused(refusal),
            None => limit.turn().map_or(Outcome::Passed, Outcome::Waits),
        };
    }
    if let Some(refusal) = look(visit, due) {
        return Outcome::Refused(refusal);
    }
    match due.iter().filter_map(Due::turn).max() {
        Some(turn) => reserve(visit, due, turn),
        None => count_all(visit, due),
    }
}

fn count_all(visit: Visit<'_, '_>, due: &mut [Due<'_>]) -> Outcome {
    // The others are counted as of now.
    let visit = Visit {
        can_wait: false,
        ..visit
    };
    while let Some(limit) = next(due, Due::is_open) {
        if let Some(refusal) = limit.count(visit) {
            return refused(visit.cx.host, due, refusal);
        }
    }
    Outcome::Passed
}

fn reserve(visit: Visit<'_, '_>, due: &mut [Due<'_>], turn: Nanos) -> Outcome {
    while let Some(limit) = next(due, |limit| limit.is_open() && limit.is_reserved_at(turn)) {
        if let Some(refusal) = limit.reserve(visit, turn) {
            return refused(visit.cx.host, due, refusal);
        }
    }
    Outcome::Waits(turn)
}

fn refused(host: &dyn Host, due: &mut [Due<'_>], refusal: Refusal) -> Outcome {
    due.iter_mut().for_each(|limit| limit.give_back(host));
    Outcome::Refused(refusal)
}

/// The refusal that holds longest: who comes back when it ends passes all.
fn look(visit: Visit<'_, '_>, due: &mut [Due<'_>]) -> Option<Refusal> {
    let enforced = due.iter_mut().filter(|limit| limit.is_enforced());
    let refused = enforced.filter_map(|limit| Some((limit.look(visit)?, limit)));
    let (refused, limit) = refused.reduce(|first, other| {
        let is_longer = retry_at(&other.0) > retry_at(&first.0);
        if is_longer { other } else { first }
    })?;
    Some(limit.refuse(visit, refused))
}

fn retry_at(refused: &Refused) -> Nanos {
    refused.retry_at.unwrap_or(Nanos(u64::MAX))
}

/// Of those that are `wanted` the one whose state comes first.
fn next<'d, 'p>(
    due: &'d mut [Due<'p>],
    wanted: impl Fn(&Due<'p>) -> bool,
) -> Option<&'d mut Due<'p>> {
    let open = due.iter_mut().filter(|limit| wanted(limit));
    open.min_by(|one, other| one.slot().cmp(other.slot()))
}
