//! Permits that are given back.

use super::*;
use crate::test_client::any_quota;

/// A request: the pause before it, its cost, and after how many further requests it is given back, if ever.
type Visit = (u64, u32, Option<usize>);

fn any_visits() -> impl Strategy<Value = (Quota, Vec<Visit>)> {
    any_quota().prop_flat_map(|quota| {
        let visits = any_schedule(quota).prop_flat_map(|schedule| {
            let back = prop::collection::vec(prop::option::of(0_usize..6), schedule.len());
            let visit = |((pause, cost), back)| (pause, cost, back);
            back.prop_map(move |back| schedule.iter().copied().zip(back).map(visit).collect())
        });
        (Just(quota), visits)
    })
}

/// Runs the visits. The client that all of them meet, and one that only meets those who keep their permits; at each of the
/// kept passes and at the end `check` sees both.
fn run(
    algorithm: Algorithm,
    quota: Quota,
    visits: &[Visit],
    start: u64,
    mut check: impl FnMut(&Client, &mut Client, u64, Option<u32>) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut all = Client::new(algorithm, &[quota]);
    let mut kept = Client::new(algorithm, &[quota]);
    let (mut held, mut now) = (Vec::<(usize, u64, u32)>::new(), start);
    for (number, (pause, cost, back)) in visits.iter().enumerate() {
        now += pause;
        let passed = all.come(now, *cost).is_ok();
        match back {
            Some(after) if passed => held.push((number + after, now, *cost)),
            None if passed => check(&all, &mut kept, now, Some(*cost))?,
            _ => {}
        }
        let due = |(until, ..): &(usize, u64, u32)| *until <= number;
        held.iter()
            .filter(|it| due(it))
            .for_each(|(_, taken, cost)| all.refund(*taken, now, *cost));
        held.retain(|it| !due(it));
    }
    held.iter()
        .for_each(|(_, taken, cost)| all.refund(*taken, now, *cost));
    check(&all, &mut kept, now, None)
}

proptest! {
    /// Given back at once, it is as if nobody had come.
    #[test]
    fn nobody_has_come(
        algorithm in any_algorithm(),
        (quota, schedule) in any_traffic(),
        cost in 1_u32..3,
        start in 0..u64::MAX / 4,
    ) {
        let mut client = Client::new(algorithm, &[quota, quota]);
        let mut now = start;
        for (pause, cost) in schedule {
            now += pause;
            let _ = client.come(now, cost);
        }
        let before = client.standing(now);
        if client.come(now, cost).is_ok() {
            client.refund(now, now, cost);
        }
        let after = client.standing(now);
        prop_assert_eq!((after.remaining, after.more_at), (before.remaining, before.more_at));
        prop_assert_eq!(after.full_at.max(Nanos(now)), before.full_at.max(Nanos(now)));
    }

    /// Whenever it is given back: those who keep theirs would all have passed without the others, so no threshold is
    /// exceeded; and no more is left than if the others had never come.
    #[test]
    fn nobody_gains_by_what_is_given_back(
        algorithm in any_fixed_rate(),
        (quota, visits) in any_visits(),
        start in 0..u64::MAX / 4,
    ) {
        run(algorithm, quota, &visits, start, |all, kept, now, cost| {
            if let Some(cost) = cost {
                prop_assert!(kept.come(now, cost).is_ok());
            }
            prop_assert!(all.standing(now).remaining <= kept.standing(now).remaining);
            Ok(())
        })?;
    }

    /// A strict window gives back to the last permit, whoever came in between.
    #[test]
    fn a_strict_window_is_exact((quota, visits) in any_visits(), start in 0..u64::MAX / 4) {
        run(STRICT, quota, &visits, start, |all, kept, now, cost| {
            match cost {
                Some(cost) => prop_assert!(kept.come(now, cost).is_ok()),
                None => prop_assert_eq!(all.standing(now), kept.standing(now)),
            }
            Ok(())
        })?;
    }

    /// Late workers too: their passes were stamped later than they came.
    #[test]
    fn clocks_that_differ_lose_no_permit((quota, visits) in any_visits(), start in SECOND..u64::MAX / 4, skew in 0..SECOND) {
        let mut client = Client::new(STRICT, &[quota]);
        let (mut now, mut kept, mut taken) = (start, 0, Vec::new());
        for (number, (pause, cost, back)) in visits.into_iter().enumerate() {
            now += pause % 1_000;
            let mine = now - if number % 2 == 0 { skew } else { 0 };
            if client.come(mine, cost).is_ok() {
                match back {
                    Some(_) => taken.push((mine, cost)),
                    None => kept += cost,
                }
            }
        }
        prop_assume!(u128::from(now - start + skew) * 33 / 32 + 1 < quota.span().as_nanos() / 33);
        taken.iter().for_each(|(mine, cost)| client.refund(*mine, now, *cost));
        prop_assert_eq!(client.standing(now).remaining, quota.threshold().get() - kept);
    }

    #[test]
    fn any_stored_bytes_are_given_back_to(
        algorithm in any_algorithm(),
        (quota, _) in any_traffic(),
        bytes in proptest::collection::vec(any::<u8>(), 300),
        (taken, now) in any::<(u64, u64)>(),
        cost in 1_u32..,
    ) {
        let windows = Windows::new(algorithm, &[quota]);
        let mut state = bytes[..windows.state_len()].to_vec();
        let _ = windows.refund(&mut state, Nanos(taken), Nanos(now), units(cost));
        state[0] = VERSION;
        let _ = windows.refund(&mut state, Nanos(taken), Nanos(now), units(cost));
        let standing = windows.standing(&state, Nanos(now));
        prop_assert!(standing.remaining <= standing.limit);
    }
}
