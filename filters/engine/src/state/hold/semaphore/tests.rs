//! Workers that take, give back, crash, stand still and race, against what is really out.

use super::*;
use crate::state::{SLOT_ENTRIES, TableKey};
use host::fake::FakeHost;
use proptest::prelude::*;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const KEY: [u8; 16] = *b"0123456789abcdef";

/// A worker VM and what it holds.
struct Worker {
    host: FakeHost,
    presence: Presence,
    held: Vec<Permit>,
}

fn started() -> FakeHost {
    let host = FakeHost::new();
    host.set_now(Nanos(987_654_321_000_000_000));
    host
}

fn node() -> Semaphore {
    Semaphore::shared(StateId::of(&[b"orders", b"at-once"]))
}

fn table(host: &FakeHost) -> Table {
    let id = StateId::of(&[b"orders", b"at-once"]);
    Table::open(host, &TableKey::from_bytes(KEY), id, 0).unwrap()
}

fn client(table: &Table, name: u32) -> Semaphore {
    let mut hasher = table.client();
    hasher.write(&name.to_le_bytes());
    Semaphore::of_client(table, &hasher)
}

/// Clients that all share the slot of client 0.
fn neighbours(table: &Table, count: usize) -> Vec<Semaphore> {
    let slot = |semaphore: &Semaphore| semaphore.0.name().to_vec();
    let first = slot(&client(table, 0));
    let all = (0..).map(|name| client(table, name));
    all.filter(|other| slot(other) == first)
        .take(count)
        .collect()
}

fn most(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

// === impl Worker ===

impl Worker {
    fn of(host: &FakeHost) -> Self {
        Self {
            host: host.another_worker(),
            presence: Presence::default(),
            held: Vec::new(),
        }
    }

    fn now(&self) -> Nanos {
        self.host.now()
    }

    fn take(&mut self, semaphore: &Semaphore, count: u32) -> bool {
        let acquired = self.ask(semaphore, count);
        let is_taken = acquired.permit.is_some();
        self.held.extend(acquired.permit);
        is_taken
    }

    fn ask(&self, semaphore: &Semaphore, count: u32) -> Acquired {
        let acquired = semaphore.acquire(&self.host, self.now(), &self.presence, most(count));
        acquired.unwrap().value
    }

    fn give_back(&mut self, index: usize) {
        let permit = self.held.swap_remove(index);
        self.presence.release(&self.host, self.now(), permit);
    }

    fn give_all_back(&mut self) {
        while !self.held.is_empty() {
            self.give_back(0);
        }
    }
}

/// A second passes for these workers, whose timers run; nobody else's does.
fn second(workers: &[&Worker]) {
    for worker in workers {
        worker.host.advance(SECOND);
        worker.presence.tick(&worker.host, worker.now());
    }
}

#[test]
fn as_many_as_may_and_a_permit_given_back_is_free_at_once() {
    let host = started();
    let (mut ann, mut bob) = (Worker::of(&host), Worker::of(&host));
    assert!(ann.take(&node(), 2) && bob.take(&node(), 2));
    assert!(!ann.take(&node(), 2) && !bob.take(&node(), 2));
    bob.give_back(0);
    assert!(ann.take(&node(), 2) && !bob.take(&node(), 2));
}

#[test]
fn what_a_crashed_worker_held_is_free_within_five_seconds() {
    let host = started();
    let table = table(&host);
    for semaphore in [node(), client(&table, 1)] {
        let (mut ann, mut bob) = (Worker::of(&host), Worker::of(&host));
        assert!(ann.take(&semaphore, 3) && bob.take(&semaphore, 3) && bob.take(&semaphore, 3));
        drop(bob);
        second(&[&ann]);
        second(&[&ann]);
        second(&[&ann]);
        assert!(!ann.take(&semaphore, 3), "it may yet live");
        second(&[&ann]);
        second(&[&ann]);
        assert!(ann.take(&semaphore, 3) && ann.take(&semaphore, 3));
        assert!(!ann.take(&semaphore, 3), "its own still count");
    }
}

#[test]
fn a_stream_may_last_for_days() {
    let host = started();
    let (mut ann, mut bob) = (Worker::of(&host), Worker::of(&host));
    assert!(ann.take(&node(), 1));
    for _ in 0..3 * 86_400 {
        second(&[&ann, &bob]);
    }
    assert!(!bob.take(&node(), 1));
    ann.give_back(0);
    assert!(bob.take(&node(), 1));
}

/// The bound that is promised: what it held when it was taken for dead, and not for longer than it holds that.
#[test]
fn a_worker_that_stood_still_takes_no_permit_from_others_when_it_goes_on() {
    let host = started();
    let (mut ann, mut bob) = (Worker::of(&host), Worker::of(&host));
    assert!(bob.take(&node(), 2) && bob.take(&node(), 2));
    for _ in 0..5 {
        second(&[&ann]);
    }
    assert!(
        ann.take(&node(), 2) && ann.take(&node(), 2),
        "bob seems dead"
    );
    bob.host.advance(5 * SECOND);
    assert!(!bob.take(&node(), 2));
    bob.give_all_back();
    assert!(
        !bob.take(&node(), 2),
        "giving back what does not count changes nothing"
    );
    ann.give_back(0);
    assert!(bob.take(&node(), 2), "and from then on it counts again");
    assert!(!ann.take(&node(), 2));
}

#[test]
fn a_permit_that_cannot_be_given_back_now_is_given_back_with_a_tick() {
    let host = started();
    let mut ann = Worker::of(&host);
    assert!(ann.take(&node(), 1));
    host.shared().fail_next_swaps(usize::MAX);
    ann.give_back(0);
    host.shared().fail_next_swaps(0);
    assert!(!ann.take(&node(), 1));
    second(&[&ann]);
    assert!(ann.take(&node(), 1));
    second(&[&ann]);
    assert!(!ann.take(&node(), 1), "once, not twice");
}

#[test]
fn a_race_for_the_last_permit_has_one_winner() {
    let host = started();
    let (mut ann, mut bob) = (Worker::of(&host), Worker::of(&host));
    // Both have their ids, so that the next swap is that of the permit.
    assert!(ann.take(&node(), 9) && bob.take(&node(), 9));
    let won = Rc::new(std::cell::Cell::new(false));
    let seen = Rc::clone(&won);
    host.shared().before_next_swap(move || {
        seen.set(bob.take(&node(), 3));
    });
    assert!(!ann.take(&node(), 3));
    assert!(won.get());
}

#[test]
fn a_client_that_holds_nothing_leaves_no_trace_but_the_slot() {
    let host = started();
    let table = table(&host);
    let mut ann = Worker::of(&host);
    let clients = neighbours(&table, 200);
    for client in &clients {
        assert!(ann.take(client, 1) && !ann.take(client, 1));
        ann.give_back(0);
    }
    let slot = host.shared().get(clients[0].0.name()).unwrap();
    assert_eq!(slot.bytes.len(), 1);
}

#[test]
fn strangers_of_a_full_slot_share_a_limit_and_give_back_where_they_took() {
    let host = started();
    let table = table(&host);
    let mut ann = Worker::of(&host);
    let clients = neighbours(&table, SLOT_ENTRIES + 3);
    let (residents, strangers) = clients.split_at(SLOT_ENTRIES);
    assert!(residents.iter().all(|client| ann.take(client, 2)));
    let first = ann.ask(&strangers[0], 2);
    assert!(first.overflowed);
    ann.held.extend(first.permit);
    assert!(
        ann.take(&strangers[1], 2) && !ann.take(&strangers[2], 2) && !ann.take(&strangers[0], 2)
    );
    assert!(ann.take(&residents[0], 2), "residents are not disturbed");

    // A resident leaves: a stranger gets its room, and what it may hold among the strangers still counts.
    ann.give_back(1);
    assert!(
        !ann.take(&strangers[0], 2),
        "both permits of the strangers may be its own"
    );
    assert!(ann.take(&strangers[0], 3));
    ann.give_all_back();
    assert!(ann.take(&strangers[0], 2) && ann.take(&strangers[0], 2));
    assert!(!ann.ask(&strangers[0], 2).overflowed);
    ann.give_all_back();
    assert_eq!(
        host.shared().get(clients[0].0.name()).unwrap().bytes.len(),
        1
    );
}

#[test]
fn a_flood_that_is_over_does_not_keep_new_clients_among_the_strangers() {
    let host = started();
    let table = table(&host);
    let mut ann = Worker::of(&host);
    let clients = neighbours(&table, SLOT_ENTRIES + 2);
    assert!(clients.iter().all(|client| ann.take(client, 2)));
    // All residents go; two strangers stay for long.
    (0..SLOT_ENTRIES).for_each(|_| ann.give_back(0));
    // give_back(0) swaps the last in: find out what is left by asking.
    let asked = ann.ask(&clients[5], 9);
    assert!(asked.permit.is_some() && !asked.overflowed);
    asked.permit.into_iter().for_each(|permit| {
        ann.presence.release(&ann.host, ann.now(), permit);
    });
}

#[test]
fn entries_of_the_dead_make_room() {
    let host = started();
    let table = table(&host);
    let (mut ann, mut bob) = (Worker::of(&host), Worker::of(&host));
    let clients = neighbours(&table, SLOT_ENTRIES + 1);
    let (last, residents) = clients.split_last().unwrap();
    assert!(residents.iter().all(|client| bob.take(client, 1)));
    (0..5).for_each(|_| second(&[&ann]));
    let asked = ann.ask(last, 1);
    assert!(!asked.overflowed);
    ann.held.extend(asked.permit);
    let slot = host.shared().get(last.0.name()).unwrap();
    assert!(slot.bytes.len() < 100, "and are gone: {}", slot.bytes.len());
}

/// What a worker does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Take {
        worker: usize,
        client: usize,
    },
    /// Between whose read and write another takes one too.
    Race {
        worker: usize,
        rival: usize,
        client: usize,
    },
    GiveBack {
        worker: usize,
        index: usize,
    },
    Crash {
        worker: usize,
    },
    Second,
    Fail {
        swaps: usize,
    },
}

const WORKERS: usize = 3;
/// One more than a slot has room for, so that strangers come and go.
const CLIENTS: usize = SLOT_ENTRIES + 4;

fn any_step() -> impl Strategy<Value = Step> {
    let (worker, client) = (0..WORKERS, 0..CLIENTS);
    prop_oneof![
        8 => (worker.clone(), client.clone()).prop_map(|(worker, client)| Step::Take { worker, client }),
        3 => (worker.clone(), 0..3_usize).prop_map(|(worker, client)| Step::Take { worker, client }),
        2 => (worker.clone(), 0..WORKERS, 0..3_usize)
            .prop_map(|(worker, rival, client)| Step::Race { worker, rival, client }),
        7 => (worker.clone(), 0..50_usize).prop_map(|(worker, index)| Step::GiveBack { worker, index }),
        1 => worker.prop_map(|worker| Step::Crash { worker }),
        2 => Just(Step::Second),
        1 => (0..40_usize).prop_map(|swaps| Step::Fail { swaps }),
    ]
}

/// Permits with the client that holds them, of each worker.
struct Model {
    host: FakeHost,
    clients: Vec<Semaphore>,
    workers: Vec<(Worker, Vec<usize>)>,
    /// Of crashed workers: how many each client held, and how many seconds ago.
    ghosts: Vec<(usize, u32)>,
}

impl Model {
    fn new(keyed: bool) -> Self {
        let host = started();
        let table = table(&host);
        let clients = if keyed {
            neighbours(&table, CLIENTS)
        } else {
            vec![node(); CLIENTS]
        };
        let workers = (0..WORKERS).map(|_| (Worker::of(&host), Vec::new()));
        Self {
            workers: workers.collect(),
            host,
            clients,
            ghosts: Vec::new(),
        }
    }

    /// What this client, or whoever shares its limit, really has out in workers that live.
    fn out(&self, client: usize, keyed: bool) -> usize {
        let held = self.workers.iter().flat_map(|(_, clients)| clients);
        held.filter(|other| !keyed || **other == client).count()
    }

    fn take(&mut self, worker: usize, client: usize, most: u32) {
        let semaphore = self.clients[client].clone();
        let (worker, clients) = &mut self.workers[worker];
        let now = worker.now();
        let most = tests::most(most);
        if let Ok(acquired) = semaphore.acquire(&worker.host, now, &worker.presence, most)
            && let Some(permit) = acquired.value.permit
        {
            worker.held.push(permit);
            clients.push(client);
        }
    }

    fn step(&mut self, step: Step, most: u32) {
        match step {
            Step::Take { worker, client } => self.take(worker, client, most),
            Step::Race {
                worker,
                rival,
                client,
            } => {
                // The rival takes in its own turn, and gives back at once: the other's write is lost by it.
                let (rival, _) = &self.workers[rival];
                let host = rival.host.another_worker();
                let presence = Presence::default();
                let semaphore = self.clients[client].clone();
                let count = tests::most(most);
                self.host.shared().before_next_swap(move || {
                    let now = host.now();
                    let taken = semaphore.acquire(&host, now, &presence, count);
                    if let Ok(Some(permit)) = taken.map(|taken| taken.value.permit) {
                        presence.release(&host, now, permit);
                    }
                });
                self.take(worker, client, most);
            }
            Step::GiveBack { worker, index } => {
                let (worker, clients) = &mut self.workers[worker];
                if !clients.is_empty() {
                    let index = index % clients.len();
                    clients.swap_remove(index);
                    worker.give_back(index);
                }
            }
            Step::Crash { worker } => {
                let crashed = std::mem::replace(
                    &mut self.workers[worker],
                    (Worker::of(&self.host), Vec::new()),
                );
                let now = crashed.0.now();
                self.workers[worker].0.host.set_now(now);
                self.ghosts.push((crashed.1.len(), 0));
            }
            Step::Second => {
                let workers: Vec<_> = self.workers.iter().map(|(worker, _)| worker).collect();
                second(&workers);
                for (_, age) in &mut self.ghosts {
                    *age += 1;
                }
                self.ghosts.retain(|(_, age)| *age < 5);
            }
            Step::Fail { swaps } => self.host.shared().fail_next_swaps(swaps),
        }
    }
}

fn check(keyed: bool, most: u32, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut model = Model::new(keyed);
    for step in steps {
        model.step(*step, most);
        for client in 0..CLIENTS {
            let out = model.out(client, keyed);
            prop_assert!(out <= most as usize, "{out} of {most} after {step:?}");
        }
    }
    // Quiet: everything is given back, and the dead are dead.
    model.host.shared().fail_next_swaps(0);
    for (worker, _) in &mut model.workers {
        worker.give_all_back();
    }
    (0..6).for_each(|_| model.step(Step::Second, most));
    for semaphore in &model.clients {
        let (worker, _) = &mut model.workers[0];
        for number in 0..most {
            prop_assert!(worker.take(semaphore, most), "{number} are missing");
        }
        prop_assert!(!worker.take(semaphore, most));
        worker.give_all_back();
    }
    Ok(())
}

proptest! {
    #[test]
    fn never_more_than_the_most_and_nothing_left_in_the_end(
        most in 1_u32..5,
        steps in proptest::collection::vec(any_step(), 1..200),
    ) {
        check(false, most, &steps)?;
    }

    #[test]
    fn never_more_than_a_client_s_most_and_nothing_left_in_the_end(
        most in 1_u32..4,
        steps in proptest::collection::vec(any_step(), 1..300),
    ) {
        check(true, most, &steps)?;
    }
}
