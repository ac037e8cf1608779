use super::*;
use crate::claims::Times;
use engine::Claims;

const PROVIDER: usize = 3;

fn proof(value_bytes: usize) -> Rc<Proof> {
    Rc::new(Proof {
        provider: PROVIDER,
        claims: Claims::default(),
        headers: [Some(vec![b'a'; value_bytes].into())].into(),
        times: Times::default(),
        passed_over: [1].into(),
    })
}

fn cache(entries: usize) -> Cache {
    Cache::new(entries, [7; 16])
}

/// Keeps a token of this number; whether the cache has it then.
fn keep(cache: &Cache, number: usize, proof: &Rc<Proof>) -> bool {
    let token = cache.fingerprint(&number.to_le_bytes());
    cache.keep(token, proof);
    has(cache, number)
}

fn has(cache: &Cache, number: usize) -> bool {
    cache
        .get(cache.fingerprint(&number.to_le_bytes()), PROVIDER)
        .is_some()
}

#[test]
fn a_token_is_found_by_all_of_its_bytes_and_its_provider() {
    let cache = cache(64);
    let token = cache.fingerprint(b"a.b.c");
    cache.keep(token, &proof(1));
    assert!(cache.get(token, PROVIDER).is_some());
    assert!(cache.get(token, 0).is_none());
    assert!(cache.get(cache.fingerprint(b"a.b.d"), PROVIDER).is_none());
    assert!(cache.passes_over(token, 1) && !cache.passes_over(token, 2));
    cache.forget(token, PROVIDER);
    assert!(cache.get(token, PROVIDER).is_none());
    assert!(!cache.passes_over(token, 1));
}

#[test]
fn two_vms_have_two_fingerprints_of_a_token() {
    assert_ne!(
        Cache::new(1, [1; 16]).fingerprint(b"t"),
        Cache::new(1, [2; 16]).fingerprint(b"t")
    );
}

#[test]
fn what_was_not_used_for_longest_goes() {
    let cache = cache(1);
    let small = proof(1);
    assert!((0..WAYS).all(|number| keep(&cache, number, &small)));
    assert!(has(&cache, 0), "used again");
    assert!(keep(&cache, WAYS, &small));
    let kept: Vec<_> = (0..=WAYS).filter(|number| has(&cache, *number)).collect();
    assert_eq!(kept.len(), WAYS);
    assert!(kept.contains(&0) && !kept.contains(&1), "{kept:?}");
}

#[test]
fn it_is_bounded_in_entries_and_bytes() {
    let cache = cache(1_000);
    let (small, large) = (proof(1), proof(2_000));
    for number in 0..20_000 {
        keep(
            &cache,
            number,
            if number % 2 == 0 { &large } else { &small },
        );
    }
    let sets = cache.sets.borrow();
    for set in &sets.sets {
        let bytes: usize = set.entries.iter().map(|entry| entry.proof.size()).sum();
        assert!(set.entries.len() <= WAYS && bytes <= BYTES);
        assert_eq!(bytes, set.bytes, "it knows how much it holds");
        assert!(!set.entries.is_empty(), "every token finds room");
    }
    assert!(sets.sets.len() * BYTES <= 1_000 * 400);
}

/// In one set of each, a third of them would have found no room.
#[test]
fn as_many_as_were_asked_for_find_room() {
    let (cache, small) = (cache(10_000), proof(1));
    for number in 0..10_000 {
        keep(&cache, number, &small);
    }
    let lost = (0..10_000).filter(|number| !has(&cache, *number)).count();
    assert!(lost < 10, "{lost}");
}

#[test]
fn what_is_larger_than_a_set_is_not_kept_and_drives_nothing_out() {
    let cache = cache(16);
    assert!(keep(&cache, 1, &proof(1)));
    assert!(!keep(&cache, 0, &proof(BYTES)));
    assert!(has(&cache, 1));
}

#[test]
fn a_cache_of_none_keeps_none() {
    assert!(!keep(&cache(0), 0, &proof(1)));
}

#[test]
fn a_proof_that_comes_again_replaces_itself() {
    let cache = cache(64);
    assert!(keep(&cache, 0, &proof(1)) && keep(&cache, 0, &proof(9)));
    let bytes: usize = cache.sets.borrow().sets.iter().map(|set| set.bytes).sum();
    assert_eq!(bytes, proof(9).size());
}
