//! A model limit stands in for the real ones: a client may come `LIMIT` times until its span has passed.

use super::*;
use host::fake::FakeHost;
use proptest::prelude::*;
use std::{cell::RefCell, rc::Rc, time::Duration};

const LIMIT: u8 = 3;
const SPAN: Duration = Duration::from_secs(10);
const KEY: [u8; 16] = *b"0123456789abcdef";

fn id() -> StateId {
    StateId::of(&[b"orders", b"limit-1"])
}

fn table(host: &FakeHost) -> Table {
    Table::open(host, &TableKey::from_bytes(KEY), id(), 0).unwrap()
}

/// Clients that all share the slot of client 0.
fn neighbours(table: &Table, count: usize) -> Vec<Vec<u8>> {
    let name = |n: u32| n.to_le_bytes().to_vec();
    let slot = table.address(&name(0)).slot;
    (0..)
        .map(name)
        .filter(|client| table.address(client).slot == slot)
        .take(count)
        .collect()
}

/// One more of `LIMIT` calls in the span that began with the first; the last call decides when it is over.
fn call(stored: Option<&[u8]>, now: Nanos) -> (bool, Option<NewEntry>) {
    let count = stored
        .and_then(|state| state.first())
        .copied()
        .unwrap_or_default();
    let allowed = count < LIMIT;
    (
        allowed,
        allowed.then(|| NewEntry {
            state: vec![count + 1],
            idle_at: now.after(SPAN),
        }),
    )
}

fn ask(host: &FakeHost, client: &[u8]) -> Placed<bool> {
    let now = host.now();
    table(host)
        .address(client)
        .update(host, now, |state| call(state, now))
        .unwrap()
        .value
}

#[test]
fn each_client_has_its_own_state() {
    let host = FakeHost::new();
    for client in [b"ann", b"bob"] {
        let verdicts: Vec<_> = (0..4).map(|_| ask(&host, client).value).collect();
        assert_eq!(verdicts, [true, true, true, false]);
    }
}

#[test]
fn all_workers_see_one_state() {
    let host = FakeHost::new();
    let other = host.another_worker();
    assert!(ask(&host, b"ann").value && ask(&other, b"ann").value && ask(&host, b"ann").value);
    assert!(!ask(&other, b"ann").value);
}

#[test]
fn a_refusal_writes_nothing() {
    let host = FakeHost::new();
    (0..3).for_each(|_| assert!(ask(&host, b"ann").value));
    let swaps = host.shared().swaps();
    assert!(!ask(&host, b"ann").value);
    assert_eq!(host.shared().swaps(), swaps);
}

#[test]
fn strangers_share_one_limit_while_the_slot_is_full() {
    let host = FakeHost::new();
    let clients = neighbours(&table(&host), 40);
    let (residents, strangers) = clients.split_at(SLOT_ENTRIES);
    assert!(residents.iter().all(|client| ask(&host, client)
        == Placed {
            value: true,
            overflowed: false
        }));

    let verdicts: Vec<_> = strangers.iter().map(|client| ask(&host, client)).collect();
    assert!(verdicts.iter().all(|verdict| verdict.overflowed));
    assert_eq!(
        verdicts.iter().filter(|verdict| verdict.value).count(),
        usize::from(LIMIT)
    );
    assert!(
        residents.iter().all(|client| ask(&host, client).value),
        "residents are not disturbed"
    );
}

#[test]
fn a_stranger_takes_what_it_used_along_when_room_comes_free() {
    let host = FakeHost::new();
    let clients = neighbours(&table(&host), 33);
    let (stranger, residents) = clients.split_last().unwrap();
    residents
        .iter()
        .for_each(|client| assert!(ask(&host, client).value));
    host.advance(SPAN / 2);
    (0..LIMIT).for_each(|_| assert!(ask(&host, stranger).value));
    host.advance(SPAN / 2);
    assert_eq!(
        ask(&host, stranger),
        Placed {
            value: false,
            overflowed: false
        },
        "an own entry, no new limit"
    );
    host.advance(SPAN / 2);
    assert_eq!(
        ask(&host, stranger),
        Placed {
            value: true,
            overflowed: false
        }
    );
}

#[test]
fn idle_entries_make_room_and_the_slot_does_not_grow() {
    let host = FakeHost::new();
    let clients = neighbours(&table(&host), 5 * SLOT_ENTRIES);
    for wave in clients.chunks(SLOT_ENTRIES) {
        assert!(wave.iter().all(|client| !ask(&host, client).overflowed));
        host.advance(SPAN);
    }
    let slot = host
        .shared()
        .get(&table(&host).address(&clients[0]).slot)
        .unwrap();
    assert_eq!(slot.bytes.len(), 1 + SLOT_ENTRIES * 21);
}

#[test]
fn policies_that_share_a_slot_do_not_share_state() {
    let host = FakeHost::new();
    let fill = |n: u32| {
        let id = StateId::of(&[&n.to_le_bytes()]);
        Table::open(&host, &TableKey::from_bytes(KEY), id, u32::MAX).unwrap()
    };
    let tables = [fill(1), fill(2)];
    let now = host.now();
    for n in 0..50_u32 {
        for table in &tables {
            let address = table.address(&n.to_le_bytes());
            let verdict = address
                .update(&host, now, |state| (state.is_none(), call(state, now).1))
                .unwrap();
            assert!(verdict.value.value);
        }
    }
}

#[test]
fn a_slot_of_an_unknown_version_is_empty() {
    let host = FakeHost::new();
    let slot = table(&host).address(b"ann").slot;
    (0..3).for_each(|_| assert!(ask(&host, b"ann").value));
    let mut bytes = host.shared().get(&slot).unwrap().bytes;
    bytes[0] = 77;
    host.shared().set(&slot, &bytes);
    assert!(ask(&host, b"ann").value);
    assert_eq!(host.shared().get(&slot).unwrap().bytes[0], 1);
}

#[test]
fn losing_every_swap_is_told() {
    let host = FakeHost::new();
    let (now, address) = (host.now(), table(&host).address(b"ann"));
    host.shared().fail_next_swaps(usize::MAX);
    let verdict = address.update(&host, now, |state| call(state, now));
    assert_eq!(verdict, Err(StateError::Contended));
}

#[test]
fn a_stale_snapshot_is_read_again() {
    let host = FakeHost::new();
    let (now, address) = (host.now(), table(&host).address(b"ann"));
    let stale = address.read(&host).unwrap();
    assert_eq!(address.state(&stale, now), None);
    ask(&host, b"ann");
    let updated = address
        .update_from(&host, stale, now, |state| (state.map(<[u8]>::to_vec), None))
        .unwrap();
    assert_eq!(
        (updated.value.value, updated.retries),
        (None, 0),
        "nothing to write, nothing to lose"
    );
    let fresh = address.read(&host).unwrap();
    assert_eq!(address.state(&fresh, now), Some(&[1][..]));
}

proptest! {
    /// Whatever is stored, by whomever, a slot is read without a panic and takes an entry.
    #[test]
    fn any_stored_bytes_are_survived(mut bytes in proptest::collection::vec(any::<u8>(), 1..200), ours: bool) {
        let host = FakeHost::new();
        if ours {
            bytes[0] = 1;
        }
        host.shared().set(&table(&host).address(b"ann").slot, &bytes);
        ask(&host, b"ann");
        ask(&host, b"ann");
    }

    /// Clients of one slot come in any order and number, from workers that get between each other's reads and writes: no
    /// client ever passes more often than its limit, however many others there are.
    #[test]
    fn no_flood_lifts_a_limit(
        calls in proptest::collection::vec(
            (0_usize..80, 0_u64..300, proptest::option::of(0_usize..80)),
            1..400,
        ),
    ) {
        let host = FakeHost::new();
        let clients = Rc::new(neighbours(&table(&host), 80));
        let passes = Rc::new(RefCell::new(Vec::new()));
        let come = |worker: FakeHost, client: usize| {
            let (clients, passes) = (Rc::clone(&clients), Rc::clone(&passes));
            move || {
                if ask(&worker, &clients[client]).value {
                    passes.borrow_mut().push((client, worker.now()));
                }
            }
        };
        for (client, pause, rival) in calls {
            host.advance(Duration::from_millis(pause));
            if let Some(rival) = rival {
                host.shared().before_next_swap(come(host.another_worker(), rival));
            }
            come(host.another_worker(), client)();
        }
        let passes = passes.borrow();
        prop_assert!((0..80).all(|client| within_limit(&passes, client)), "{passes:?}");
    }
}

/// Each pass begins the span anew, so passes add up until the client was quiet for a whole span.
fn within_limit(passes: &[(usize, Nanos)], client: usize) -> bool {
    let times: Vec<_> = passes
        .iter()
        .filter(|pass| pass.0 == client)
        .map(|pass| pass.1)
        .collect();
    times
        .chunk_by(|earlier, later| later.since(*earlier) < SPAN)
        .all(|run| run.len() <= usize::from(LIMIT))
}
