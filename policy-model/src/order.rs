//! The order of things that are kept elsewhere, by code that does not know what they are.

use std::cmp::Ordering;

/// Places in the order of what is there, in runs: what comes between moves a part of one run, not all that follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order {
    runs: Vec<Vec<usize>>,
}

/// Where a place belongs: in which run, and where in it.
pub(crate) type Spot = (usize, usize);

/// A run that grows above this is cut in halves.
pub(crate) const LONGEST_RUN: usize = 256;

// === impl Order ===

impl Order {
    pub(crate) const fn new() -> Self {
        Self { runs: Vec::new() }
    }

    /// The place of what is equal, or where it would belong. `order` says how what is at a place compares with what is
    /// looked for.
    #[inline(never)]
    pub(crate) fn find(&self, order: &dyn Fn(usize) -> Ordering) -> Result<usize, Spot> {
        let starts_before = |run: &Vec<usize>| {
            run.first()
                .is_some_and(|first| order(*first) != Ordering::Greater)
        };
        let run = self.runs.partition_point(starts_before).saturating_sub(1);
        let places = self.runs.get(run).map_or(&[][..], Vec::as_slice);
        let at = places.binary_search_by(|place| order(*place));
        at.map(|at| places.get(at).copied().unwrap_or_default())
            .map_err(|at| (run, at))
    }

    /// Puts a place where [`find`](Self::find) said.
    #[inline(never)]
    pub(crate) fn insert(&mut self, (run, at): Spot, place: usize) {
        let Some(places) = self.runs.get_mut(run) else {
            self.runs.push(vec![place]);
            return;
        };
        places.insert(at, place);
        if places.len() > LONGEST_RUN {
            let upper = places.split_off(LONGEST_RUN / 2);
            self.runs.insert(run + 1, upper);
        }
    }

    /// All places, in order.
    pub(crate) fn places(&self) -> impl Iterator<Item = usize> {
        self.runs.iter().flatten().copied()
    }
}
