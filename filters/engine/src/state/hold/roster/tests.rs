use super::*;
use host::fake::FakeHost;

const SECOND: Duration = Duration::from_secs(1);

/// Another worker's VM.
fn registered(host: &FakeHost) -> (Presence, Member) {
    let presence = Presence::default();
    let member = presence.member(host, host.now()).unwrap();
    (presence, member)
}

/// Lets time pass in which these VMs' timers run.
fn pass(host: &FakeHost, seconds: u32, ticking: &[&Presence]) {
    for _ in 0..seconds {
        host.advance(SECOND);
        ticking
            .iter()
            .for_each(|presence| presence.tick(host, host.now()));
    }
}

fn sees(presence: &Presence, host: &FakeHost, member: Member) -> bool {
    presence.is_alive(host, host.now(), member)
}

fn started() -> FakeHost {
    let host = FakeHost::new();
    host.set_now(Nanos(987_654_321_000_000_000));
    host
}

#[test]
fn who_renews_is_alive_and_who_does_not_is_dead_within_five_seconds() {
    let host = started();
    let (ann, anns) = registered(&host);
    let (bob, bobs) = registered(&host);
    ann.took();
    bob.took();
    pass(&host, 10, &[&ann, &bob]);
    assert!(sees(&ann, &host, bobs) && sees(&bob, &host, anns));
    pass(&host, 3, &[&ann]);
    assert!(sees(&ann, &host, bobs), "three renewals may be missed");
    pass(&host, 1, &[&ann]);
    assert!(!sees(&ann, &host, bobs));
}

#[test]
fn who_holds_nothing_need_not_renew() {
    let host = started();
    let (ann, first) = registered(&host);
    let swaps = host.shared().swaps();
    pass(&host, 10, &[&ann]);
    assert_eq!(host.shared().swaps(), swaps);
    assert_eq!(
        ann.member(&host, host.now()),
        Ok(first),
        "its id still stands"
    );
    assert!(
        host.shared().swaps() > swaps,
        "and is renewed before it counts again"
    );
}

#[test]
fn who_was_struck_off_goes_on_under_a_new_id() {
    let host = started();
    let (ann, _) = registered(&host);
    let (bob, bobs) = registered(&host);
    bob.took();
    pass(&host, 5, &[&ann]);
    assert!(!sees(&ann, &host, bobs));
    let again = bob.member(&host, host.now()).unwrap();
    assert_ne!(again.id, bobs.id);
    assert!(sees(&ann, &host, again) && !sees(&ann, &host, bobs) && !sees(&bob, &host, bobs));
}

#[test]
fn a_place_is_used_again_and_its_dead_are_not_mistaken() {
    let host = started();
    let (_, dead) = registered(&host);
    pass(&host, 5, &[]);
    let (ann, anns) = registered(&host);
    assert_eq!(anns.worker, dead.worker);
    assert!(!sees(&ann, &host, dead));
    let stored = host.shared().get(b"steward:workers").unwrap();
    assert_eq!(stored.bytes.len(), 1 + RECORD);
}

/// A machine that was frozen, a process that was stopped.
#[test]
fn when_all_stood_still_nobody_is_struck_off() {
    let host = started();
    let (ann, anns) = registered(&host);
    let (bob, bobs) = registered(&host);
    ann.took();
    bob.took();
    pass(&host, 2, &[&ann, &bob]);
    host.advance(60 * SECOND);
    assert!(ann.member(&host, host.now()).is_ok_and(|me| me == anns));
    assert!(sees(&ann, &host, bobs));
    bob.tick(&host, host.now());
    pass(&host, 5, &[&ann, &bob]);
    assert!(sees(&ann, &host, bobs) && sees(&bob, &host, anns));
    pass(&host, 4, &[&ann]);
    assert!(!sees(&ann, &host, bobs), "patience ends");
}

#[test]
fn more_workers_than_places_are_told_so() {
    let host = started();
    let members: Vec<_> = (0..MAX_MEMBERS).map(|_| registered(&host)).collect();
    assert_eq!(
        Presence::default().member(&host, host.now()),
        Err(StateError::Full)
    );
    drop(members);
    pass(&host, 4, &[]);
    assert!(Presence::default().member(&host, host.now()).is_ok());
}

#[test]
fn a_list_of_another_version_is_begun_anew() {
    let host = started();
    host.shared().set(b"steward:workers", &[9; 33]);
    let (ann, anns) = registered(&host);
    assert_eq!(anns.worker, 0);
    assert!(sees(&ann, &host, anns));
}

#[test]
fn nobody_is_struck_off_by_a_clock_that_goes_back() {
    let host = started();
    let (ann, _) = registered(&host);
    let (_, bobs) = registered(&host);
    host.set_now(Nanos(5));
    assert!(sees(&ann, &host, bobs));
}
