//! Sorting of what a document holds, by code that a module carries once.
//!
//! The sort of the standard library is compiled anew for each type and order, 3 to 4 KiB each time, and so is the one
//! behind collecting into a `BTreeMap` or `BTreeSet`. Documents are read seldom and modules are loaded by every worker,
//! so here one order of places serves all types, and only what compares and swaps is compiled for each.

use crate::order::Order;
use std::cmp::Ordering;

/// Sorts a list. Equal elements keep their order.
pub fn sort<T: Ord>(list: &mut [T]) {
    sort_by(list, T::cmp);
}

/// Sorts a list by a key. Elements of equal keys keep their order.
pub fn sort_by_key<T, K: Ord>(list: &mut [T], key: impl Fn(&T) -> K) {
    sort_by(list, |one, other| key(one).cmp(&key(other)));
}

/// Sorts a list by `order`. Equal elements keep their order.
pub fn sort_by<T>(list: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    let swaps = swaps(
        list.len(),
        &|one, other| match (list.get(one), list.get(other)) {
            (Some(one), Some(other)) => order(one, other),
            _ => Ordering::Equal,
        },
    );
    for (one, other) in swaps {
        list.swap(one, other);
    }
}

/// The swaps, each of two places, that sort `len` elements of which `order` compares those at two places.
fn swaps(len: usize, order: &dyn Fn(usize, usize) -> Ordering) -> Vec<(usize, usize)> {
    let mut sorted = Order::new();
    for place in 0..len {
        // None is equal: what came before stays before.
        let after_equals = |other| order(other, place).then(Ordering::Less);
        if let Err(spot) = sorted.find(&after_equals) {
            sorted.insert(spot, place);
        }
    }
    // Where the element at each place belongs.
    let mut homes = vec![0; len];
    for (home, place) in sorted.places().enumerate() {
        if let Some(of_place) = homes.get_mut(place) {
            *of_place = home;
        }
    }
    let mut swaps = Vec::new();
    for place in 0..len {
        // Each swap brings one element home.
        while let Some(home) = homes.get(place).copied().filter(|home| *home != place) {
            homes.swap(place, home);
            swaps.push((place, home));
        }
    }
    swaps
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn lists_are_sorted_as_the_standard_library_sorts_them() {
        for len in [0, 1, 2, 3, 20, 21, 1_500] {
            let list: Vec<(u64, u64)> = (0..len).map(|n| (n * 7_919 % 13, n * 31 % 17)).collect();

            let (mut sorted, mut expected) = (list.clone(), list.clone());
            sort_by_key(&mut sorted, |(key, _)| *key);
            expected.sort_by_key(|(key, _)| *key);
            assert_eq!(sorted, expected, "equal keys keep their order");

            let (mut sorted, mut expected) = (list.clone(), list);
            sort(&mut sorted);
            expected.sort();
            assert_eq!(sorted, expected);
        }
    }
}
