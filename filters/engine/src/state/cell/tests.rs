use super::*;
use host::fake::FakeHost;

fn cell() -> SharedCell {
    SharedCell::new(StateId::of(&[b"orders", b"limit-1"]))
}

/// Counts up and answers the count.
fn count(bytes: Option<&[u8]>) -> (u8, Option<Vec<u8>>) {
    let next = bytes
        .and_then(|bytes| bytes.first())
        .map_or(1, |count| count + 1);
    (next, Some(vec![next]))
}

#[test]
fn every_worker_adds_to_one_count() {
    let host = FakeHost::new();
    let other = host.another_worker();
    assert_eq!(
        cell().update(&host, count),
        Ok(Updated {
            value: 1,
            retries: 0
        })
    );
    assert_eq!(
        cell().update(&other, count),
        Ok(Updated {
            value: 2,
            retries: 0
        })
    );
}

#[test]
fn another_cell_is_another_value() {
    let host = FakeHost::new();
    cell().update(&host, count).unwrap();
    let other = SharedCell::new(StateId::of(&[b"orders", b"limit-2"]));
    assert_eq!(other.update(&host, count).unwrap().value, 1);
}

#[test]
fn a_change_between_read_and_write_is_not_lost() {
    let host = FakeHost::new();
    let rival = host.another_worker();
    host.shared().before_next_swap(move || {
        cell().update(&rival, count).unwrap();
    });
    assert_eq!(
        cell().update(&host, count),
        Ok(Updated {
            value: 2,
            retries: 1
        })
    );
}

#[test]
fn a_stale_snapshot_is_read_again() {
    let host = FakeHost::new();
    let snapshot = cell().read(&host).unwrap();
    cell().update(&host, count).unwrap();
    assert_eq!(
        cell().update_from(&host, snapshot, count),
        Ok(Updated {
            value: 2,
            retries: 1
        })
    );
}

#[test]
fn after_the_last_try_the_caller_decides() {
    let host = FakeHost::new();
    host.shared().fail_next_swaps(15);
    assert_eq!(
        cell().update(&host, count),
        Ok(Updated {
            value: 1,
            retries: 15
        })
    );
    host.shared().fail_next_swaps(16);
    assert_eq!(cell().update(&host, count), Err(StateError::Contended));
    assert_eq!(
        cell().read(&host).unwrap().bytes(),
        Some(&[1][..]),
        "a lost change changes nothing"
    );
}

#[test]
fn no_change_writes_nothing() {
    let host = FakeHost::new();
    let verdict = cell()
        .update(&host, |bytes| (bytes.is_none(), None))
        .unwrap();
    assert!(verdict.value);
    assert_eq!(host.shared().swaps(), 0);
    assert!(host.shared().keys().is_empty());
}

#[test]
fn a_value_is_edited_in_place_and_only_its_own_length_counts() {
    let host = FakeHost::new();
    let edit = |bytes: &mut [u8]| {
        let before = bytes.to_vec();
        bytes.fill(7);
        (before, true)
    };
    let add = |len: usize| {
        let draft = cell().draft(&host, len, edit).unwrap();
        cell().commit(&host, len, draft, edit).unwrap().value
    };
    assert_eq!(add(2), [0, 0]);
    assert_eq!(add(2), [7, 7]);
    assert_eq!(add(3), [0, 0, 0], "a value of another length is none");

    let draft = cell()
        .draft(&host, 3, |bytes| (bytes.fill(9), false))
        .unwrap();
    cell().commit(&host, 3, draft, |_| ((), false)).unwrap();
    assert_eq!(cell().read(&host).unwrap().bytes(), Some(&[7; 3][..]));
}

#[test]
fn a_stale_draft_is_worked_out_anew() {
    let host = FakeHost::new();
    let edit = |bytes: &mut [u8]| {
        bytes[0] += 1;
        (bytes[0], true)
    };
    let draft = cell().draft(&host, 1, edit).unwrap();
    assert_eq!(*draft.value(), 1);
    cell().update(&host, count).unwrap();
    let updated = cell().commit(&host, 1, draft, edit);
    assert_eq!(
        updated,
        Ok(Updated {
            value: 2,
            retries: 1
        })
    );
}
