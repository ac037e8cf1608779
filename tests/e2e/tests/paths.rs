//! No odd path or host gets past a policy, neither through the shipped listener nor through one that normalizes nothing.

#![allow(
    clippy::indexing_slicing,
    reason = "these index a serde_json::Value, where a missing field is null"
)]

use anyhow::{Context as _, ensure};
use e2e::{documents, expect};
use serde_json::{Value, json};
use testkit::{Bootstrap, Builder, Envoy, Request, tokens};

/// Ways to write a path below `/admin`, none of which may be answered without a token.
const BELOW_ADMIN: &[&str] = &[
    "/admin",
    "/admin/",
    "/admin/users",
    "/admin?x=/public",
    "/admin#x",
    "//admin",
    "///admin//users",
    "/./admin",
    "/.//admin",
    "/x/../admin",
    "/public/../admin",
    "/public/./../admin",
    "/public/x/../../admin",
    "/%61dmin",
    "/%61%64%6d%69%6e",
    "/public/%2e%2e/admin",
    "/public/%2E%2E/admin",
    "/public/.%2e/admin",
    "/public/%2e./admin",
    "/%2e/admin",
    "/../admin",
    "/../../../admin",
    "/admin/.",
    "/admin/x/..",
    "/public/..//admin",
];

/// Paths whose meaning servers disagree about: refused whoever asks.
const UNSAFE: &[&str] = &[
    "/public%2f..%2fadmin",
    "/public%2F%2e%2e%2Fadmin",
    "/admin%2fusers",
    "/public%5c..%5cadmin",
    "/public\\..\\admin",
    "/public%00/admin",
    "/public/%zz",
    "/public/%",
    "/public/%2",
];

/// The names of the service, as a client may write them.
const HOSTS: &[&str] = &[
    "service-provider",
    "SERVICE-PROVIDER",
    "Service-Provider",
    "service-provider:80",
    "service-provider:10000",
    "service-provider.",
    "service-provider.:80",
];

/// `/public` is open, `/admin` and everything else of the service asks for a token; other services are open.
fn document() -> Value {
    let guarded = json!({ "authentication": { "requirement": { "anyOf": ["corp"] } } });
    let open = json!({ "authentication": { "requirement": { "anyOf": [] } } });
    let tree = documents::paths(
        &json!({}),
        &[
            ("/admin", "PREFIX", guarded.clone()),
            ("/public", "PREFIX", open),
        ],
    );
    let mut document = documents::with_authentication(tree);
    document["services"][0]["groups"][0]["servicePolicy"] = guarded;
    document["authentication"]["requirement"] = json!({ "anyOf": [] });
    document
}

fn shipped() -> anyhow::Result<Builder> {
    Ok(Envoy::shipped()?.document(document()))
}

/// What a user's own listener may look like.
fn normalizing_nothing(bootstrap: &mut Bootstrap) {
    const NORMALIZERS: [&str; 5] = [
        "normalize_path",
        "merge_slashes",
        "path_with_escaped_slashes_action",
        "strip_any_host_port",
        "strip_trailing_host_dot",
    ];
    for manager in bootstrap.connection_managers() {
        if let Some(manager) = manager.as_object_mut() {
            manager.retain(|key, _| !NORMALIZERS.contains(&key.as_str()));
        }
    }
}

fn untouched(envoy: &Envoy) -> anyhow::Result<()> {
    let arrived = envoy.echo("base")?.requests() + envoy.echo("gray")?.requests();
    ensure!(arrived == 0, "{arrived} requests reached the service");
    Ok(())
}

fn public_is_open(envoy: &Envoy) -> anyhow::Result<()> {
    for path in ["/public", "/public/x", "/public/../public", "/public/%61"] {
        expect::seen(&envoy.send(&Request::get(path))?, "host").context(path)?;
    }
    Ok(())
}

fn nothing_gets_past(envoy: &Envoy) -> anyhow::Result<()> {
    for path in BELOW_ADMIN.iter().chain(UNSAFE) {
        let reply = envoy.send(&Request::get(path))?;
        ensure!(matches!(reply.status, 400 | 401), "{path}: {reply:?}");
    }
    untouched(envoy)?;
    // The absolute form names the host in the target, and that one counts (RFC 9112, section 3.2.2).
    let absolute = Request::get("http://service-provider/admin").host("elsewhere");
    expect::refusal(&envoy.send(&absolute)?, 401, 40101, "F40100")?;
    for host in HOSTS {
        let reply = envoy.send(&Request::get("/admin").host(host))?;
        expect::refusal(&reply, 401, 40101, "F40100").with_context(|| (*host).to_owned())?;
    }
    untouched(envoy)
}

#[test]
fn nothing_gets_past_through_the_shipped_listener() -> anyhow::Result<()> {
    let envoy = shipped()?.start()?;
    nothing_gets_past(&envoy)?;
    public_is_open(&envoy)?;
    envoy.finish()
}

#[test]
fn nothing_gets_past_through_a_listener_that_normalizes_nothing() -> anyhow::Result<()> {
    let envoy = shipped()?.change(normalizing_nothing).start()?;
    nothing_gets_past(&envoy)?;
    public_is_open(&envoy)?;
    envoy.finish()
}

#[test]
fn an_unsafe_path_is_named_as_such_even_with_a_token() -> anyhow::Result<()> {
    let envoy = shipped()?.change(normalizing_nothing).start()?;
    let token = tokens::token("alice")?;
    for path in UNSAFE {
        let reply = envoy.send(&Request::get(path).bearer(&token))?;
        if reply.header("content-type") == Some("application/json") {
            expect::refusal(&reply, 400, 40001, "F40000").context(*path)?;
        } else {
            // Envoy's own codec may refuse it before any filter sees it.
            ensure!(reply.status == 400, "{path}: {reply:?}");
        }
    }
    expect::refusal(
        &envoy.send(&Request::get("/a%2fb").bearer(&token))?,
        400,
        40001,
        "F40000",
    )?;
    untouched(&envoy)?;
    envoy.finish()
}

#[test]
fn a_limit_counts_every_spelling_of_a_path_together() -> anyhow::Result<()> {
    let limited = documents::paths(
        &json!({}),
        &[("/api", "PREFIX", documents::window("api", 3, 3_600_000))],
    );
    let envoy = Envoy::shipped()?
        .document(limited)
        .change(normalizing_nothing)
        .start()?;
    for path in ["/api", "//api", "/x/../api"] {
        ensure!(envoy.send(&Request::get(path))?.status == 200, "{path}");
    }
    for path in ["/api", "/%61pi", "/./api/", "/api/y"] {
        expect::rate_limited(&envoy.send(&Request::get(path))?, 42901).context(path)?;
    }
    envoy.finish()
}

#[test]
fn equal_means_equal_and_prefix_ends_at_a_segment() -> anyhow::Result<()> {
    let limited = |name: &str| documents::window(name, 1, 3_600_000);
    let tree = documents::paths(
        &json!({}),
        &[
            ("/one", "EQUAL", limited("one")),
            ("/two", "PREFIX", limited("two")),
        ],
    );
    let envoy = Envoy::shipped()?.document(tree).start()?;
    for path in ["/one", "/two"] {
        ensure!(envoy.send(&Request::get(path))?.status == 200, "{path}");
        expect::rate_limited(&envoy.send(&Request::get(path))?, 42901).context(path)?;
    }
    for path in ["/one/more", "/onesie", "/twofold"] {
        ensure!(
            envoy.send(&Request::get(path))?.status == 200,
            "{path} has no limit"
        );
    }
    expect::rate_limited(&envoy.send(&Request::get("/two/more"))?, 42901)?;
    envoy.finish()
}
