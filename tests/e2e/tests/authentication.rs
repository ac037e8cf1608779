//! Tokens: what gets in, what the service learns, and what is refused.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::{Context as _, ensure};
use e2e::{documents, expect};
use serde_json::{Value, json};
use testkit::{Envoy, Request, Response, tokens, tokens::Algorithm};

fn guarded() -> anyhow::Result<testkit::Builder> {
    Ok(
        Envoy::shipped()?.document(documents::with_authentication(documents::service(&json!(
            {}
        )))),
    )
}

fn refused(response: &Response) -> anyhow::Result<()> {
    expect::refusal(response, 401, 40101, "F40100")?;
    let challenge = response
        .header("www-authenticate")
        .context("no www-authenticate")?;
    ensure!(challenge.starts_with("Bearer"), "{challenge}");
    Ok(())
}

#[test]
fn no_token_is_refused_with_the_reason() -> anyhow::Result<()> {
    let envoy = guarded()?.start()?;
    refused(&envoy.send(&Request::get("/"))?)?;
    ensure!(
        envoy.echo("base")?.requests() + envoy.echo("gray")?.requests() == 0,
        "it reached the service"
    );
    envoy.finish()
}

#[test]
fn a_good_token_of_each_algorithm_gets_in_and_names_the_user() -> anyhow::Result<()> {
    let envoy = guarded()?.start()?;
    for algorithm in [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256] {
        let token = tokens::sign(algorithm, &tokens::claims("alice"))?;
        for _ in 0..2 {
            // Twice: the second time from the token cache.
            let reply = envoy.send(&Request::get("/").bearer(&token))?;
            ensure!(
                expect::seen(&reply, "x-user-id")?.as_deref() == Some("alice"),
                "{algorithm:?}: {reply:?}"
            );
        }
    }
    envoy.finish()
}

/// Also where a key of the same kind, and a good signature by it, is there under another algorithm's name.
#[test]
fn each_registered_algorithm_gets_in_and_its_forgery_does_not() -> anyhow::Result<()> {
    let envoy = every_algorithm()?.start()?;
    for algorithm in Algorithm::ALL {
        let good = tokens::sign(algorithm, &tokens::claims("alice"))?;
        let reply = envoy.send(&Request::get("/").bearer(&good))?;
        ensure!(
            expect::seen(&reply, "x-user-id")?.as_deref() == Some("alice"),
            "{algorithm:?}: {reply:?}"
        );
        for (what, forged) in forgeries(algorithm, &good)? {
            let reply = envoy.send(&Request::get("/").bearer(&forged))?;
            refused(&reply).with_context(|| format!("{algorithm:?}, {what}"))?;
        }
    }
    let reached = envoy.echo("base")?.requests() + envoy.echo("gray")?.requests();
    ensure!(
        reached == Algorithm::ALL.len() as u64,
        "{reached} reached the service"
    );
    envoy.finish()
}

fn every_algorithm() -> anyhow::Result<testkit::Builder> {
    let mut document = documents::with_authentication(documents::service(&json!({})));
    let provider = &mut document["authentication"]["providers"]["corp"];
    provider["algorithms"] = Algorithm::ALL.map(Algorithm::name).to_vec().into();
    provider["localJwks"] = tokens::jwks_for(&Algorithm::ALL)?;
    Ok(Envoy::shipped()?.document(document))
}

fn forgeries(algorithm: Algorithm, good: &str) -> anyhow::Result<Vec<(String, String)>> {
    let (signed, signature) = good.rsplit_once('.').context("a token")?;
    let other = tokens::sign(algorithm, &tokens::claims("mallory"))?;
    let (other_signed, _) = other.rsplit_once('.').context("a token")?;
    // A character in the middle: the last one may hold bits that are none of the signature's.
    let (before, after) = signature.split_at(signature.len() / 2);
    let changed = if after.starts_with('A') { "B" } else { "A" };
    let changed = format!(
        "{signed}.{before}{changed}{}",
        after.get(1..).unwrap_or_default()
    );
    let zeros = format!("{signed}.{}", "A".repeat(signature.len() / 4 * 4));
    let mut forgeries = vec![
        (
            "other claims".to_owned(),
            format!("{other_signed}.{signature}"),
        ),
        ("a changed signature".to_owned(), changed),
        ("a signature of zeros".to_owned(), zeros),
    ];
    for claimed in Algorithm::ALL
        .into_iter()
        .filter(|other| *other != algorithm)
    {
        let header = json!({ "alg": claimed.name(), "kid": claimed.kid() });
        let lie = tokens::sign_as(algorithm, &header, &tokens::claims("alice"))?;
        forgeries.push((format!("said to be {claimed:?}"), lie));
    }
    Ok(forgeries)
}

#[test]
fn a_client_cannot_name_the_user_itself() -> anyhow::Result<()> {
    let envoy = guarded()?.start()?;
    let token = tokens::token("alice")?;
    let forged = Request::get("/")
        .header("x-user-id", "root")
        .bearer(&token)
        .header("X-User-Id", "admin");
    let reply = envoy.send(&forged)?;
    ensure!(
        expect::seen(&reply, "x-user-id")?.as_deref() == Some("alice"),
        "{reply:?}"
    );
    envoy.finish()
}

#[test]
fn bad_tokens_are_refused() -> anyhow::Result<()> {
    let envoy = guarded()?.start()?;
    for (what, token) in bad_tokens()? {
        refused(&envoy.send(&Request::get("/").bearer(&token))?).context(what)?;
    }
    ensure!(
        envoy.echo("base")?.requests() + envoy.echo("gray")?.requests() == 0,
        "one reached the service"
    );
    envoy.finish()
}

fn bad_tokens() -> anyhow::Result<Vec<(&'static str, String)>> {
    let good = tokens::token("alice")?;
    let (signed, signature) = good.rsplit_once('.').context("a token")?;
    let other = tokens::token("mallory")?;
    let (other_signed, _) = other.rsplit_once('.').context("a token")?;
    let with = |claim: &str, value: Value| {
        let mut claims = tokens::claims("alice");
        claims[claim] = value;
        tokens::sign(Algorithm::Rs256, &claims)
    };
    let now = tokens::now().as_secs();
    let unsigned = json!({ "alg": "none" });
    let confused = json!({ "alg": "HS256", "kid": "test-rs256" });
    Ok(vec![
        ("no token at all", "abc".to_owned()),
        ("an empty token", String::new()),
        ("no signature", format!("{signed}.")),
        (
            "another token's signature",
            format!("{other_signed}.{signature}"),
        ),
        (
            "alg none",
            tokens::sign_as(Algorithm::Hs256, &unsigned, &tokens::claims("alice"))?,
        ),
        (
            "HS256 under the id of an RSA key",
            tokens::sign_as(Algorithm::Hs256, &confused, &tokens::claims("alice"))?,
        ),
        ("expired beyond the skew", with("exp", json!(now - 3600))?),
        ("not yet valid", with("nbf", json!(now + 3600))?),
        (
            "another issuer",
            with("iss", json!("https://other.example"))?,
        ),
        ("another audience", with("aud", json!("billing"))?),
    ])
}

/// As large a header as Envoy lets in at all is a refusal like any other.
#[test]
fn a_64_kib_token_is_refused_and_harms_nobody() -> anyhow::Result<()> {
    let envoy = guarded()?.change(|bootstrap| {
        for manager in bootstrap.connection_managers() {
            manager["max_request_headers_kb"] = json!(192);
        }
    });
    let envoy = envoy.start()?;
    let mut claims = tokens::claims("alice");
    claims["padding"] = json!("x".repeat(64 * 1024));
    let signed = tokens::sign(Algorithm::Es256, &claims)?;
    let reply = envoy.send(&Request::get("/").bearer(&signed))?;
    // Good, but longer than any honest token: in or out, it must be answered by the filter, and not by a dead VM.
    ensure!(matches!(reply.status, 200 | 401), "{reply:?}");
    refused(&envoy.send(&Request::get("/").bearer(&"A".repeat(64 * 1024)))?)?;
    refused(&envoy.send(&Request::get("/").bearer(&".".repeat(64 * 1024)))?)?;
    let good = envoy.send(&Request::get("/").bearer(&tokens::token("alice")?))?;
    ensure!(
        expect::seen(&good, "x-user-id")?.as_deref() == Some("alice"),
        "{good:?}"
    );
    envoy.finish()
}
