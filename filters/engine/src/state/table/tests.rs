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

/// Where a client lies that is counted like all.
fn address(table: &Table, client: &[u8]) -> Address {
    address_by(table, client, 0)
}

fn address_by(table: &Table, client: &[u8], number: u32) -> Address {
    let mut hasher = table.client();
    hasher.write(client);
    table.address(&hasher, Form { number, len: 1 })
}

/// Clients that all share the slot of client 0.
fn neighbours(table: &Table, count: usize) -> Vec<Vec<u8>> {
    let name = |n: u32| n.to_le_bytes().to_vec();
    let slot = address(table, &name(0)).slot;
    (0..)
        .map(name)
        .filter(|client| address(table, client).slot == slot)
        .take(count)
        .collect()
}

/// One more of `LIMIT` calls in the span that began with the first; the last call decides when it is over.
fn call(state: &mut [u8], now: Nanos) -> (bool, Option<Nanos>) {
    let allowed = state[0] < LIMIT;
    // A refused call leaves the bytes spoilt: they must not be written.
    state[0] += 1;
    (allowed, allowed.then(|| now.after(SPAN)))
}

fn ask(host: &FakeHost, client: &[u8]) -> Placed<bool> {
    ask_at(host, address(&table(host), client))
}

fn ask_at(host: &FakeHost, address: Address) -> Placed<bool> {
    let now = host.now();
    let updated = address.update(host, now, &mut |state| call(state, now));
    updated.unwrap().value
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
        .get(&address(&table(&host), &clients[0]).slot)
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
            let address = address(table, &n.to_le_bytes());
            let verdict = address
                .update(&host, now, &mut |state| (state == [0], call(state, now).1))
                .unwrap();
            assert!(verdict.value.value);
        }
    }
}

#[test]
fn a_slot_of_an_unknown_version_is_empty() {
    let host = FakeHost::new();
    let slot = address(&table(&host), b"ann").slot;
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
    let (now, address) = (host.now(), address(&table(&host), b"ann"));
    host.shared().fail_next_swaps(usize::MAX);
    let verdict = address.update(&host, now, &mut |state| call(state, now));
    assert_eq!(verdict, Err(StateError::Contended));
}

#[test]
fn a_stale_draft_is_worked_out_anew() {
    let host = FakeHost::new();
    let (now, address) = (host.now(), address(&table(&host), b"ann"));
    let mut edit = |state: &mut [u8]| {
        state[0] += 1;
        (state[0], Some(now.after(SPAN)))
    };
    let draft = address.draft(&host, now, &mut edit).unwrap();
    assert_eq!(draft.value().value, 1);
    address.update(&host, now, &mut edit).unwrap();
    let updated = address.commit(&host, now, draft, &mut edit).unwrap();
    assert_eq!((updated.value.value, updated.retries), (2, 1));
}

#[test]
fn a_draft_nobody_disturbed_is_not_read_again() {
    let host = FakeHost::new();
    let (now, address) = (host.now(), address(&table(&host), b"ann"));
    let mut calls = 0;
    let draft = address
        .draft(&host, now, &mut |state| call(state, now))
        .unwrap();
    address
        .commit(&host, now, draft, &mut |state| {
            calls += 1;
            call(state, now)
        })
        .unwrap();
    assert_eq!(calls, 0);
    assert!(ask(&host, b"ann").value && ask(&host, b"ann").value && !ask(&host, b"ann").value);
}

#[test]
fn a_client_is_named_by_its_pieces_together() {
    let host = FakeHost::new();
    let table = table(&host);
    let form = Form { number: 0, len: 1 };
    let mut pieces = table.client();
    (0..40_u8).for_each(|n| pieces.write(&vec![n; n.into()]));
    let whole: Vec<u8> = (0..40_u8).flat_map(|n| vec![n; n.into()]).collect();
    assert_eq!(table.address(&pieces, form), address(&table, &whole));
}

#[test]
fn the_key_is_not_printed() {
    let printed = format!("{:?}", table(&FakeHost::new()));
    assert!(printed.contains("begun: ClientHasher }"), "{printed}");
}

/// The state of one read as the other's would be no limit, or one for years.
#[test]
fn strangers_of_different_forms_share_no_state() {
    let host = FakeHost::new();
    let table = table(&host);
    let clients = neighbours(&table, 40);
    let (residents, strangers) = clients.split_at(SLOT_ENTRIES);
    residents
        .iter()
        .for_each(|client| assert!(ask(&host, client).value));
    for number in 0..3 {
        let verdicts = strangers
            .iter()
            .map(|client| ask_at(&host, address_by(&table, client, number)).value);
        assert_eq!(
            verdicts.filter(|passed| *passed).count(),
            usize::from(LIMIT)
        );
    }
}

proptest! {
    /// Whatever is stored, by whomever, a slot is read without a panic and takes an entry.
    #[test]
    fn any_stored_bytes_are_survived(mut bytes in proptest::collection::vec(any::<u8>(), 1..200), ours: bool) {
        let host = FakeHost::new();
        if ours {
            bytes[0] = 1;
        }
        host.shared().set(&address(&table(&host), b"ann").slot, &bytes);
        let mut edit = |state: &mut [u8]| {
            assert_eq!(state.len(), 1);
            (state.fill(1), Some(host.now().after(SPAN)))
        };
        for _ in 0..2 {
            address(&table(&host), b"ann").update(&host, host.now(), &mut edit).unwrap();
        }
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
