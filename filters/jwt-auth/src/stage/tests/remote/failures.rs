//! What does not go as it should: storms, failures, workers that die, sets without keys.

use super::*;

#[test]
fn random_key_names_are_one_fetch_and_no_storm() {
    let signer = Signer::rs256("k1");
    let mut process = Process::with_key(3, &signer);
    let flood = |process: &mut Process, round: usize| {
        for (number, worker) in process.workers.iter().enumerate() {
            let header = json!({"alg": "RS256", "kid": format!("{round}-{number}")});
            let token = signer.token_with(&header, &process.scene.claims());
            assert_eq!(worker.send(&token).as_deref(), Some(UNKNOWN));
        }
        process.pass(TICK);
        if process
            .workers
            .iter()
            .any(|worker| worker.waiting().is_some())
        {
            process.issue(&[&signer]);
        }
    };
    for round in 0..100 {
        flood(&mut process, round);
    }
    // Ten seconds: one at once, and at most one when the interval is over.
    assert!((2..=3).contains(&process.calls()), "{}", process.calls());
    assert_eq!(process.workers[0].send(&process.token(&signer)), None);
}

#[test]
fn a_failing_issuer_is_asked_ever_more_seldom_and_the_old_keys_serve() {
    let signer = Signer::rs256("k1");
    let mut process = Process::with_key(2, &signer);
    process.pass_until_fetch();
    let mut gaps = Vec::new();
    for body in ["<html>", "[]", r#"{"keys": 1}"#] {
        process.fetcher().answer(200, body);
        gaps.push(process.pass_until_fetch().as_secs_f64().floor() as u32);
    }
    assert!((1..=2).contains(&gaps[0]), "{gaps:?}");
    assert!((2..=4).contains(&gaps[1]), "{gaps:?}");
    assert!((4..=8).contains(&gaps[2]), "{gaps:?}");
    process.fetcher().answer(500, set(&[]));
    process.pass_until_fetch();
    process.fetcher().answer(200, vec![b' '; MAX_ANSWER_BODY]);
    assert_eq!(process.metric("failed"), 5);
    let told = process.lines("jwks_fetch_failed");
    let reasons: Vec<_> = told
        .iter()
        .map(|line| line["reason"].as_str().unwrap())
        .collect();
    assert!(
        reasons.contains(&"status 500") && reasons.contains(&"more than 1 MiB"),
        "{reasons:?}"
    );
    assert_eq!(told[0]["provider"], "corp");
    assert!(
        told[0]["retry_in_ms"]
            .as_u64()
            .is_some_and(|wait| wait >= 1_000)
    );
    let token = process.token(&signer);
    for worker in &process.workers {
        assert_eq!(worker.send(&token), None);
    }
}

/// What the issuer says counts, also that it has no keys any more; but somebody should look.
#[test]
fn a_set_without_keys_takes_the_old_ones_away_and_is_a_warning() {
    let signer = Signer::rs256("k1");
    let mut process = Process::with_key(1, &signer);
    let token = process.token(&signer);
    assert_eq!(process.workers[0].send(&token), None);
    let level = |process: &Process| {
        let lines = process.workers[0].host.lines();
        let told = lines.iter().rev();
        let mut told = told.filter(|(_, line)| line.contains("jwks_fetched"));
        told.next().map(|(level, _)| *level)
    };
    assert_eq!(level(&process), Some(log::Level::Info));
    process.pass_until_fetch();
    process.issue(&[]);
    assert_eq!(process.workers[0].send(&token).as_deref(), Some(UNKNOWN));
    assert_eq!(level(&process), Some(log::Level::Warn));
}

#[test]
fn a_worker_that_dies_with_the_lease_is_followed_by_another() {
    let signer = Signer::rs256("k1");
    let mut process = Process::new(2);
    process.pass(TICK);
    assert_eq!(process.calls(), 1);
    let dead = process
        .workers
        .iter()
        .position(|worker| worker.waiting().is_some())
        .unwrap();
    let mut dead = process.workers.remove(dead);
    process.pass(2 * SECOND);
    assert_eq!(process.calls(), 0, "its lease holds");
    process.pass(2 * SECOND);
    assert_eq!(process.calls(), 1);
    process.issue(&[&signer]);
    // It was not dead but slow. What it brings is older than what is there.
    dead.answer(200, set(&[&Signer::es256("old")]));
    process.pass(TICK);
    assert_eq!(process.workers[0].send(&process.token(&signer)), None);
}

#[test]
fn a_cluster_that_is_not_there_is_a_failure_like_others() {
    let mut process = Process::new(1);
    let host = &process.workers[0].host;
    host.refuse_calls(Some(HostError::BadArgument));
    process.pass(TICK);
    assert_eq!(process.metric("failed"), 1);
    let told = process.lines("jwks_fetch_failed");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["cluster"], "issuer");
    let reason = told[0]["reason"].as_str().unwrap();
    assert!(reason.contains("no cluster of this name"), "{reason}");
    process.workers[0].host.refuse_calls(None);
    process.pass(2 * SECOND);
    assert_eq!(process.calls(), 1);
}
