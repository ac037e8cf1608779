//! Who may do what: by conditions, by roles, by owner.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::{Context as _, ensure};
use e2e::{documents, expect};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Envoy, Request, Response, tokens, tokens::Algorithm, until};

/// What the test's service says, with `/users/{id}` below it. A token may be missing.
fn guarded(policy: &Value) -> anyhow::Result<Envoy> {
    let path = ("/users/{id}", "PREFIX", json!({}));
    let mut document = documents::with_authentication(documents::paths(policy, &[path]));
    document["authentication"]["requirement"]["allowMissing"] = json!(true);
    Envoy::shipped()?.document(document).start()
}

fn token(subject: &str, roles: &[&str]) -> anyhow::Result<String> {
    let mut claims = tokens::claims(subject);
    claims["realm_access"] = json!({ "roles": roles });
    tokens::sign(Algorithm::Es256, &claims)
}

fn not_permitted(response: &Response) -> anyhow::Result<()> {
    expect::refusal(response, 403, 40301, "F40300")
}

fn reached(envoy: &Envoy) -> anyhow::Result<u64> {
    Ok(envoy.echo("base")?.requests() + envoy.echo("gray")?.requests())
}

#[test]
fn roles_permit_and_a_path_is_its_owners() -> anyhow::Result<()> {
    let envoy = guarded(&json!({"authorization": {
        "roles": {"reader": ["READ"], "editor": ["READ", "WRITE"], "root": ["ADMIN"]},
        "rolesClaim": "realm_access.roles",
        "methods": {"GET": "READ", "PUT": "WRITE"},
        "ownership": [{"pathVariable": "id", "claim": "sub"}],
    }}))?;
    let (reader, editor) = (token("ann", &["reader"])?, token("ann", &["editor"])?);
    let root = token("eve", &["root"])?;
    let put = |path: &str| Request::new("PUT", path);
    for (good, what) in [
        (Request::get("/users/ann").bearer(&reader), "her own"),
        (
            Request::get("/users/%61nn").bearer(&reader),
            "spelled otherwise",
        ),
        (put("/users/ann").bearer(&editor), "changed by her"),
        (put("/users/ann").bearer(&root), "by an administrator"),
        (Request::get("/users").bearer(&reader), "nobody's"),
    ] {
        let reply = envoy.send(&good)?;
        ensure!(reply.status == 200, "{what}: {reply:?}");
    }
    let before = reached(&envoy)?;
    for (bad, what) in [
        (Request::get("/users/bob").bearer(&editor), "another's"),
        (
            Request::get("/users/ann/../bob").bearer(&editor),
            "by a detour",
        ),
        (put("/users/ann").bearer(&reader), "a reader writes"),
        (
            Request::new("DELETE", "/users/ann").bearer(&editor),
            "not named",
        ),
        (
            Request::get("/users/ann").bearer(&token("ann", &[])?),
            "no role",
        ),
    ] {
        not_permitted(&envoy.send(&bad)?).context(what)?;
    }
    let nobody = envoy.send(&Request::get("/users/ann"))?;
    expect::refusal(&nobody, 401, 40101, "F40100")?;
    ensure!(nobody.header("www-authenticate").is_some(), "{nobody:?}");
    ensure!(reached(&envoy)? == before, "one reached the service");
    envoy.finish()
}

#[test]
fn a_deny_wins_over_an_allow_and_without_an_allow_nobody_passes() -> anyhow::Result<()> {
    let is = |kind: &str, key: &str, value: &str| json!([{"type": kind, "key": key, "opType": "EQUAL", "values": [value]}]);
    let envoy = guarded(&json!({"permissionPolicies": [
        {"name": "staff", "type": "ALLOW", "conditions": is("claim", "sub", "ann")},
        {"name": "internal", "type": "ALLOW", "conditions": is("header", "x-internal", "yes")},
        {"name": "no-robots", "type": "DENY", "conditions": is("header", "x-robot", "yes")},
        {"name": "soon", "type": "DENY", "mode": "shadow", "conditions": is("method", "", "GET")},
    ]}))?;
    let ann = token("ann", &[])?;
    for good in [
        Request::get("/").bearer(&ann),
        Request::get("/").header("x-internal", "yes"),
    ] {
        let reply = envoy.send(&good)?;
        ensure!(reply.status == 200, "{reply:?}");
    }
    let robot = Request::get("/").bearer(&ann).header("x-robot", "yes");
    let reply = envoy.send(&robot)?;
    not_permitted(&reply)?;
    ensure!(reply.json()?["error"]["policy"] == "no-robots", "{reply:?}");
    not_permitted(&envoy.send(&Request::get("/").bearer(&token("bob", &[])?))?)?;
    ensure!(reached(&envoy)? == 2, "one reached the service");
    for (policy, outcome, times) in [
        ("no-robots", "refused", 1.0),
        ("staff", "refused", 1.0),
        ("staff", "passed", 1.0),
        ("internal", "passed", 1.0),
        ("soon", "would_refuse", 3.0),
    ] {
        let labels = [
            ("kind", "permission"),
            ("policy", policy),
            ("outcome", outcome),
        ];
        let counted = envoy.metric("steward_decisions_total", &labels)?;
        ensure!(
            (counted - times).abs() < f64::EPSILON,
            "{policy} {outcome}: {counted}"
        );
    }
    let told = until("the access log", Duration::from_secs(30), || {
        let log = envoy.access_log()?.join("\n");
        Ok(log.contains("steward_not_permitted{staff}").then_some(log))
    })?;
    ensure!(
        told.contains("steward_permission_denied{no-robots}"),
        "{told}"
    );
    envoy.finish()
}
