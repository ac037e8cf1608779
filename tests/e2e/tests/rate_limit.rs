//! Limits: exact over all workers, told to the caller exactly, kept over reloads.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::{Context as _, ensure};
use e2e::{documents, expect};
use serde_json::{Value, json};
use std::{thread, time::Duration};
use testkit::{Envoy, Request, Update, tokens};

/// Long enough that no window ends while a test runs, on the slowest machine too.
const HOUR_MS: u64 = 3_600_000;

#[test]
fn a_burst_is_cut_off_exactly_and_told_when_to_come_back() -> anyhow::Result<()> {
    let envoy = Envoy::shipped()?
        .document(documents::service(&documents::window("five", 5, HOUR_MS)))
        .start()?;
    let mut client = envoy.client();
    for _ in 0..5 {
        let reply = client.send(&Request::get("/"))?;
        ensure!(reply.status == 200, "{reply:?}");
    }
    let refused = client.send(&Request::get("/"))?;
    let seconds = expect::rate_limited(&refused, 42901)?;
    ensure!(
        seconds <= HOUR_MS / 1000,
        "{seconds} s are more than the window"
    );
    let error = &refused.json()?["error"];
    ensure!(
        error["policy"] == "five" && error["limit"] == 5 && error["remaining"] == 0,
        "{refused:?}"
    );
    ensure!(
        refused.header("ratelimit").is_some(),
        "no RateLimit field: {refused:?}"
    );
    ensure!(
        refused.header("ratelimit-policy").is_some(),
        "no RateLimit-Policy field: {refused:?}"
    );
    envoy.finish()
}

#[test]
fn who_passes_is_told_where_it_stands_if_the_document_says_so() -> anyhow::Result<()> {
    for (told, expected) in [(false, None), (true, Some("\"five\";r=4;t=3600"))] {
        let mut document = documents::service(&documents::window("five", 5, HOUR_MS));
        document["settings"] = json!({ "rateLimitHeadersOnSuccess": told });
        let envoy = Envoy::shipped()?.document(document).start()?;
        let reply = envoy.send(&Request::get("/"))?;
        ensure!(reply.status == 200, "{reply:?}");
        ensure!(reply.header("ratelimit") == expected, "{reply:?}");
        envoy.finish()?;
    }
    Ok(())
}

#[test]
fn a_limit_holds_exactly_over_two_workers_and_fifty_connections() -> anyhow::Result<()> {
    const THRESHOLD: u32 = 100;
    for realize in ["SlidingWindow", "TokenBucket", "FixedWindow"] {
        let envoy = Envoy::shipped()?
            .document(limited(realize, THRESHOLD))
            .start()?;
        let passed = storm(&envoy, 50, 10)?;
        ensure!(
            passed == THRESHOLD as usize,
            "{realize}: {passed} of {THRESHOLD} passed"
        );
        let arrived = envoy.echo("base")?.requests() + envoy.echo("gray")?.requests();
        ensure!(
            arrived == u64::from(THRESHOLD),
            "{realize}: {arrived} reached the service"
        );
        both_workers_served(&envoy)?;
        envoy.finish()?;
    }
    Ok(())
}

fn limited(realize: &str, threshold: u32) -> Value {
    let mut policy = documents::window("storm", threshold, HOUR_MS);
    if realize != "SlidingWindow" {
        policy["rateLimitPolicies"][0]["realizeType"] = json!(realize);
    }
    if realize == "FixedWindow" {
        // No machine is up for as long, so no border is near.
        policy["rateLimitPolicies"][0]["slidingWindows"][0]["timeWindowInMs"] =
            json!(HOUR_MS * 100_000);
    }
    if realize == "TokenBucket" {
        // The whole threshold at once, and next to nothing back while the test runs.
        policy["rateLimitPolicies"][0]["parameters"] =
            json!({ "maxBurstSeconds": (HOUR_MS / 1000).to_string() });
    }
    documents::service(&policy)
}

/// How many of `connections` × `each` requests at the same time are answered 200; all others must be 429.
fn storm(envoy: &Envoy, connections: usize, each: usize) -> anyhow::Result<usize> {
    let one = || -> anyhow::Result<usize> {
        let mut client = envoy.client();
        let mut passed = 0;
        for _ in 0..each {
            let reply = client.send(&Request::get("/"))?;
            ensure!(matches!(reply.status, 200 | 429), "{reply:?}");
            passed += usize::from(reply.status == 200);
        }
        Ok(passed)
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..connections).map(|_| scope.spawn(one)).collect();
        clients
            .into_iter()
            .map(|client| client.join().ok().context("a client panicked")?)
            .sum()
    })
}

fn both_workers_served(envoy: &Envoy) -> anyhow::Result<()> {
    let stats = envoy.stats()?;
    let served = |worker: &str| {
        stats
            .containing(worker)
            .filter(|(name, _)| name.ends_with("downstream_cx_total"))
            .map(|(_, count)| count)
            .sum::<u64>()
    };
    for worker in [".worker_0.", ".worker_1."] {
        ensure!(
            served(worker) > 0,
            "{worker} served nobody: the test shows nothing"
        );
    }
    Ok(())
}

#[test]
fn each_user_has_a_limit_of_its_own() -> anyhow::Result<()> {
    let mut policy = documents::window("per-user", 2, HOUR_MS);
    policy["rateLimitPolicies"][0]["key"] = json!([{ "type": "claim", "key": "sub" }]);
    let envoy = Envoy::shipped()?
        .document(documents::with_authentication(documents::service(&policy)))
        .start()?;
    for user in ["alice", "bob"] {
        let request = Request::get("/").bearer(&tokens::token(user)?);
        for _ in 0..2 {
            let reply = envoy.send(&request)?;
            ensure!(reply.status == 200, "{user}: {reply:?}");
        }
        expect::rate_limited(&envoy.send(&request)?, 42902).with_context(|| user.to_owned())?;
    }
    envoy.finish()
}

#[test]
fn counts_survive_a_reload_and_a_changed_limit_holds_at_once() -> anyhow::Result<()> {
    let mut document = documents::service(&documents::window("kept", 3, HOUR_MS));
    let mut envoy = Envoy::shipped()?.document(document.clone()).start()?;
    for _ in 0..2 {
        let reply = envoy.send(&Request::get("/"))?;
        ensure!(reply.status == 200, "{reply:?}");
    }

    // Something else in the document changes: one of three is left.
    document["services"]
        .as_array_mut()
        .context("services")?
        .push(json!({ "name": "another" }));
    ensure!(
        envoy.replace_policy(&document)? == Update::Accepted,
        "refused"
    );
    let third = envoy.send(&Request::get("/"))?;
    ensure!(third.status == 200, "{third:?}");
    expect::rate_limited(&envoy.send(&Request::get("/"))?, 42901)
        .context("the reload refilled the bucket")?;

    // The limit itself changes: the new one holds, and counts from now on.
    document["services"][0]["groups"][0]["servicePolicy"] = documents::window("kept", 4, HOUR_MS);
    ensure!(
        envoy.replace_policy(&document)? == Update::Accepted,
        "refused"
    );
    let passed = storm(&envoy, 2, 5)?;
    ensure!(passed == 4, "{passed} passed under the new limit of 4");
    envoy.finish()
}

#[test]
fn a_caller_that_waits_as_told_gets_in() -> anyhow::Result<()> {
    let policy = json!({ "rateLimitPolicies": [{
        "name": "two-windows",
        "slidingWindows": [{ "threshold": 2, "timeWindowInMs": 1000 }, { "threshold": 3, "timeWindowInMs": 4000 }],
    }] });
    let envoy = Envoy::shipped()?
        .document(documents::service(&policy))
        .start()?;
    let mut client = envoy.client();
    let mut refusals = 0;
    for _ in 0..5 {
        let reply = client.send(&Request::get("/"))?;
        if reply.status != 200 {
            let seconds = expect::rate_limited(&reply, 42901)?;
            thread::sleep(Duration::from_secs(seconds));
            let reply = client.send(&Request::get("/"))?;
            ensure!(reply.status == 200, "waited {seconds} s as told: {reply:?}");
            refusals += 1;
        }
    }
    ensure!(refusals > 0, "nothing was refused: the test shows nothing");
    envoy.finish()
}

/// Guessing tokens is limited by address, before a signature is looked at; so are good tokens from there.
#[test]
fn an_early_limit_counts_what_authentication_refuses() -> anyhow::Result<()> {
    let mut guesses = documents::window("guesses", 3, HOUR_MS);
    guesses["rateLimitPolicies"][0]["phase"] = json!("early");
    guesses["rateLimitPolicies"][0]["key"] = json!([{ "type": "ip" }]);
    let envoy = Envoy::shipped()?
        .document(documents::with_authentication(documents::service(&guesses)))
        .start()?;
    let good = Request::get("/").bearer(&tokens::token("alice")?);
    let reply = envoy.send(&good)?;
    ensure!(reply.status == 200, "{reply:?}");
    for guess in ["a.b.c", "guessed"] {
        let reply = envoy.send(&Request::get("/").bearer(guess))?;
        ensure!(reply.status == 401, "{reply:?}");
    }
    for request in [Request::get("/").bearer("again"), good] {
        expect::rate_limited(&envoy.send(&request)?, 42902)?;
    }
    envoy.finish()
}

/// Many users on two workers at once, each with a limit, and one for them all: what one limit refuses the other keeps.
#[test]
fn a_request_refused_by_one_limit_is_not_counted_by_another() -> anyhow::Result<()> {
    let mut policies = documents::window("all", 60, HOUR_MS);
    let mut each = documents::window("each", 10, HOUR_MS)["rateLimitPolicies"][0].clone();
    each["key"] = json!([{ "type": "header", "key": "x-user" }]);
    policies["rateLimitPolicies"]
        .as_array_mut()
        .context("policies")?
        .push(each);
    let envoy = Envoy::shipped()?
        .document(documents::service(&policies))
        .start()?;
    let user = |user: usize| -> anyhow::Result<usize> {
        let request = Request::get("/").header("x-user", format!("user-{}", user % 4));
        let mut client = envoy.client();
        let mut passed = 0;
        for _ in 0..10 {
            passed += usize::from(client.send(&request)?.status == 200);
        }
        Ok(passed)
    };
    let passed = thread::scope(|scope| {
        let clients: Vec<_> = (0..16)
            .map(|number| scope.spawn(move || user(number)))
            .collect();
        let each = clients
            .into_iter()
            .map(|client| client.join().ok().context("a client panicked")?);
        each.sum::<anyhow::Result<usize>>()
    })?;
    ensure!(passed == 40, "{passed}: four users with ten each");
    let strangers = (0..30).map(|user| {
        let request = Request::get("/").header("x-user", format!("stranger-{user}"));
        Ok(usize::from(envoy.send(&request)?.status == 200))
    });
    let left = strangers.sum::<anyhow::Result<usize>>()?;
    ensure!(left == 20, "{left} of the 20 that are left of 60");
    both_workers_served(&envoy)?;
    envoy.finish()
}

/// Two in an hour are one every half hour, and three times as slow while cold.
#[test]
fn a_cold_limit_lets_requests_through_far_apart() -> anyhow::Result<()> {
    let mut policy = documents::window("warming", 2, HOUR_MS);
    policy["rateLimitPolicies"][0]["realizeType"] = json!("SmoothWarmup");
    policy["rateLimitPolicies"][0]["parameters"] =
        json!({ "warmupSeconds": 36_000, "coldFactor": 3 });
    let envoy = Envoy::shipped()?
        .document(documents::service(&policy))
        .start()?;
    let reply = envoy.send(&Request::get("/"))?;
    ensure!(reply.status == 200, "{reply:?}");
    let seconds = expect::rate_limited(&envoy.send(&Request::get("/"))?, 42901)?;
    ensure!((4_800..=5_400).contains(&seconds), "{seconds} s");
    envoy.finish()
}
