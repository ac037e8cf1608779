//! Both stages in their engine, over a host in memory: what a caller gets.

use crate::{
    Authenticate, Permit,
    stage::tests::scene::{Headers, Scene, bearer, get, header, passed, refusal, run},
};
use host::fake::FakeHost;
use serde_json::{Value, json};

/// A service whose default group says this, and where a token may be missing.
fn scene(policy: &Value) -> Scene {
    let mut scene = Scene::new();
    scene.document["authentication"]["requirement"]["allowMissing"] = json!(true);
    let group = &mut scene.document["services"][0]["groups"][0];
    group["servicePolicy"] = policy.clone();
    group["paths"] = json!([{"path": "/users/{id}"}, {"path": "/users/me"}]);
    scene
}

fn send(scene: &Scene, headers: &Headers<'_>) -> FakeHost {
    let host = scene.host();
    run::<(Authenticate, Permit)>(&scene.document, &host, headers);
    host
}

fn as_ann(scene: &Scene, path: &str) -> FakeHost {
    send(
        scene,
        &get(path, &[("authorization", &bearer(&scene.token()))]),
    )
}

fn answer(host: &FakeHost) -> (u32, String) {
    let reply = refusal(host);
    (reply.status, reply.details)
}

fn is(status: u32, details: &str) -> (u32, String) {
    (status, details.to_owned())
}

fn by_roles() -> Value {
    json!({"authorization": {
        "roles": {"reader": ["READ"], "root": ["ADMIN"]}, "rolesClaim": "realm_access.roles",
        "methods": {"GET": "READ", "PUT": "WRITE"},
        "ownership": [{"pathVariable": "id", "claim": "sub"}],
    }})
}

fn tells_that_it_would_refuse(host: &FakeHost, policy: &str) {
    let said = format!(r#""policy":"{policy}","outcome":"would_refuse""#);
    let lines = host.texts();
    assert!(lines.iter().any(|line| line.contains(&said)), "{lines:?}");
}

#[test]
fn a_role_permits_and_another_thing_is_not_the_callers() {
    let scene = scene(&by_roles());
    assert!(passed(&as_ann(&scene, "/users/ann")));
    assert!(passed(&as_ann(&scene, "/users/%61nn/orders?all")));
    // No variable, no owner.
    assert!(passed(&as_ann(&scene, "/users/me")));
    assert!(passed(&as_ann(&scene, "/other")));
    let not_hers = is(403, "steward_not_permitted{owner:id}");
    for path in [
        "/users/bob",
        "/users/bob/../bob",
        "/users//bob;ann",
        "/users/ANN",
    ] {
        assert_eq!(answer(&as_ann(&scene, path)), not_hers, "{path}");
    }
}

#[test]
fn a_missing_permission_is_named_to_the_operator_and_not_to_the_caller() {
    let scene = scene(&by_roles());
    let mut headers = get("/users/ann", &[("authorization", &bearer(&scene.token()))]);
    headers[0].1 = b"PUT".to_vec();
    let host = send(&scene, &headers);
    let reply = refusal(&host);
    assert_eq!(
        (reply.status, &*reply.details),
        (403, "steward_not_permitted{WRITE}")
    );
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(
        (&body["code"], &body["reason"]),
        (&json!(40301), &json!("F40300"))
    );
    assert!(!body.to_string().contains("WRITE"));
    assert_eq!(header(&reply, "www-authenticate"), None);
}

#[test]
fn whoever_has_proven_nothing_is_asked_for_credentials() {
    let roles = scene(&by_roles());
    let claim = json!([{"type": "claim", "key": "sub", "opType": "EQUAL", "values": ["ann"]}]);
    let rules = scene(
        &json!({"permissionPolicies": [{"name": "ann", "type": "ALLOW", "conditions": claim}]}),
    );
    for scene in [roles, rules] {
        let reply = refusal(&send(&scene, &get("/users/ann", &[])));
        assert_eq!(reply.status, 401, "{}", reply.details);
        let challenge = header(&reply, "www-authenticate");
        assert_eq!(
            challenge.as_deref(),
            Some(r#"Bearer realm="orders.example""#)
        );
        assert!(passed(&as_ann(&scene, "/users/ann")));
    }
    // Where neither would be looked at, none is asked for.
    let mut public = scene(&by_roles());
    public.document["authentication"]["requirement"] = json!({"anyOf": []});
    let reply = refusal(&send(&public, &get("/users/ann", &[])));
    assert_eq!(
        (reply.status, header(&reply, "www-authenticate")),
        (403, None)
    );
    // Where it is a key that is asked for.
    let mut keys = scene(&by_roles());
    let sha256 = "ab".repeat(32);
    keys.document["authentication"]["apiKeys"] =
        json!({"fromHeaders": ["x-api-key"], "clients": [{"id": "core", "sha256": sha256}]});
    keys.document["authentication"]["requirement"]["anyOf"] = json!(["apiKeys"]);
    let reply = refusal(&send(&keys, &get("/users/ann", &[])));
    let challenge = header(&reply, "www-authenticate");
    assert_eq!(
        challenge.as_deref(),
        Some(r#"ApiKey realm="orders.example""#)
    );
    // A token would not help.
    let header = json!([{"type": "header", "key": "x-a", "opType": "EQUAL", "values": ["b"]}]);
    let scene = scene(
        &json!({"permissionPolicies": [{"name": "a", "type": "ALLOW", "conditions": header}]}),
    );
    assert_eq!(
        answer(&send(&scene, &get("/", &[]))),
        is(403, "steward_not_permitted{a}")
    );
    assert!(passed(&send(&scene, &get("/", &[("x-a", "b")]))));
}

#[test]
fn a_deny_wins_and_is_named() {
    let from = |value: &str| json!([{"type": "header", "key": "x-from", "opType": "EQUAL", "values": [value]}]);
    let mut policies = json!([
        {"name": "all", "type": "ALLOW"},
        {"name": "not c", "type": "DENY", "conditions": from("c")},
    ]);
    let sent = |policies: &Value| {
        let scene = scene(&json!({"permissionPolicies": policies}));
        send(&scene, &get("/", &[("x-from", "c")]))
    };
    assert_eq!(
        answer(&sent(&policies)),
        is(403, "steward_permission_denied{not_c}")
    );
    policies[1]["mode"] = json!("shadow");
    let host = sent(&policies);
    assert!(passed(&host));
    tells_that_it_would_refuse(&host, "not c");
}

#[test]
fn a_grpc_caller_gets_its_own_status() {
    let scene = scene(&by_roles());
    let token = bearer(&scene.token());
    let more = [
        ("authorization", &*token),
        ("content-type", "application/grpc"),
    ];
    let reply = refusal(&send(&scene, &get("/users/bob", &more)));
    assert_eq!(reply.grpc_status, Some(7));
}

#[test]
fn shadow_mode_of_roles_lets_pass_and_tells() {
    let mut policy = by_roles();
    policy["authorization"]["mode"] = json!("shadow");
    let scene = scene(&policy);
    let host = as_ann(&scene, "/users/bob");
    assert!(passed(&host));
    tells_that_it_would_refuse(&host, "authorization");
}

#[test]
fn what_is_emptied_below_asks_for_nothing() {
    let mut scene = scene(&by_roles());
    scene.document["services"][0]["groups"][0]["paths"][1]["servicePolicy"] =
        json!({"authorization": {"roles": {}, "methods": {}, "ownership": []}});
    assert!(passed(&send(&scene, &get("/users/me", &[]))));
    assert_eq!(answer(&send(&scene, &get("/users/you", &[]))).0, 401);
}
