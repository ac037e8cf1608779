//! A map for what is gathered while a document is read and compiled, by code that a module carries once.
//!
//! `BTreeMap` is compiled anew for each type of key and value, 2 to 4 KiB each time, and compiling a document takes two
//! dozen of them. Here the order of the keys is kept apart, as places in a list of entries, by code that knows neither
//! keys nor values; only what compares two keys is compiled for each type. Nothing is ever taken out.

use crate::order::{Order, Spot};
use std::borrow::Borrow;
use std::cmp::Ordering;

/// Values by key, in the order of the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map<K, V> {
    /// In the order in which they came.
    entries: Vec<(K, V)>,
    order: Order,
}

// === impl Map ===

impl<K: Ord, V> Map<K, V> {
    /// An empty map.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
            order: Order::new(),
        }
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key.
    #[must_use]
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let found = self.find(key).ok()?;
        self.entries.get(found).map(|(_, value)| value)
    }

    /// Gives a key a value, in place of the one it had. Whether the key is new.
    pub fn insert(&mut self, key: K, value: V) -> bool {
        match self.find(&key) {
            Ok(found) => {
                if let Some((_, known)) = self.entries.get_mut(found) {
                    *known = value;
                }
                false
            }
            Err(spot) => {
                self.add(spot, key, value);
                true
            }
        }
    }

    /// The value of a key, which is made if it has none.
    pub fn or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let place = self.find(&key).unwrap_or_else(|spot| {
            self.add(spot, key, make());
            self.entries.len() - 1
        });
        #[allow(clippy::indexing_slicing, reason = "an entry was found or added there")]
        &mut self.entries[place].1
    }

    /// All of them, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let places = self.order.places();
        let entries = places.filter_map(|place| self.entries.get(place));
        entries.map(|(key, value)| (key, value))
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, Spot>
    where
        K: Borrow<Q>,
    {
        let order = |place: usize| match self.entries.get(place) {
            Some((known, _)) => known.borrow().cmp(key),
            None => Ordering::Less,
        };
        self.order.find(&order)
    }

    fn add(&mut self, spot: Spot, key: K, value: V) {
        self.order.insert(spot, self.entries.len());
        self.entries.push((key, value));
    }
}

impl<K: Ord, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Keys upwards, downwards, all over, and again and again.
    fn sequences() -> Vec<Vec<u64>> {
        let len = 5 * crate::order::LONGEST_RUN as u64;
        vec![
            Vec::new(),
            vec![7],
            (0..len).collect(),
            (0..len).rev().collect(),
            (0..len).map(|n| n * 7_919 % 10_007).collect(),
            (0..len).map(|n| n * 31 % 17).collect(),
        ]
    }

    #[test]
    fn a_map_holds_what_one_of_the_standard_library_holds() {
        for keys in sequences() {
            let (mut map, mut expected) = (Map::new(), BTreeMap::new());
            for (value, key) in keys.iter().enumerate() {
                if value % 3 == 0 {
                    let is_new = map.insert(*key, value);
                    assert_eq!(is_new, expected.insert(*key, value).is_none());
                } else {
                    let known = *map.or_insert_with(*key, || value);
                    assert_eq!(known, *expected.entry(*key).or_insert(value));
                }
            }
            assert!(map.iter().eq(expected.iter()));
            assert_eq!(
                (map.len(), map.is_empty()),
                (expected.len(), expected.is_empty())
            );
            for key in 0..10_007 {
                assert_eq!(map.get(&key), expected.get(&key));
            }
        }
    }

    #[test]
    fn a_value_is_made_once_and_can_be_changed() {
        let mut map: Map<String, Vec<u8>> = Map::new();
        map.or_insert_with("a".into(), Vec::new).push(1);
        map.or_insert_with("a".into(), || panic!("made twice"))
            .push(2);
        assert_eq!(map.get("a"), Some(&vec![1, 2]));
    }
}
