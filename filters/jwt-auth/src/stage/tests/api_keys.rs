//! Keys beside tokens, or alone.

use super::*;
use sha2::{Digest, Sha256};

const KEY: &str = "stk_0123456789";

fn client(id: &str, key: &str) -> Value {
    let digest: String = Sha256::digest(key)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({"id": id, "sha256": digest, "roles": ["reader"]})
}

/// A scene whose requirement names these.
fn scene(any_of: &[&str]) -> Scene {
    let mut scene = Scene::new();
    let authentication = &mut scene.document["authentication"];
    authentication["apiKeys"] =
        json!({"fromHeaders": ["x-api-key"], "clients": [client("core", KEY)]});
    authentication["requirement"]["anyOf"] = json!(any_of);
    scene
}

fn challenge(host: &FakeHost) -> String {
    header(&refusal(host), "www-authenticate").unwrap()
}

#[test]
fn a_good_key_passes_and_stays_behind() {
    let mut scene = scene(&["apiKeys"]);
    let host = scene.send(&get("/orders", &[("x-api-key", KEY)]));
    assert!(passed(&host));
    assert_eq!(host.changes(), [Change::RemoveRequest("x-api-key".into())]);
    scene.document["authentication"]["apiKeys"]["forward"] = json!(true);
    let host = scene.send(&get("/orders", &[("x-api-key", KEY)]));
    assert!(passed(&host));
    assert_eq!(host.changes(), []);
}

#[test]
fn nobody_but_the_stage_says_which_client_calls() {
    let mut scene = scene(&["apiKeys"]);
    scene.document["authentication"]["apiKeys"]["clientHeader"] = json!("X-Client");
    let removed = |name: &str| Change::RemoveRequest(name.into());
    let forged = [("x-client", "root"), ("x_client", "root")];
    let host = scene.send(&get("/public", &forged));
    assert_eq!(host.changes(), [removed("x-client"), removed("x_client")]);
    let host = scene.send(&get("/orders", &[("x-api-key", KEY), forged[0], forged[1]]));
    let told = Change::SetRequest("x-client".into(), b"core".to_vec());
    assert_eq!(
        host.changes(),
        [told, removed("x_client"), removed("x-api-key")]
    );
}

#[test]
fn without_a_key_the_caller_is_asked_for_one() {
    let host = scene(&["apiKeys"]).send(&get("/orders", &[]));
    let reply = refusal(&host);
    assert_eq!(
        (reply.status, &*reply.details),
        (401, "steward_api_key_missing")
    );
    assert_eq!(challenge(&host), r#"ApiKey realm="orders.example""#);
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(
        (&body["code"], &body["message"]),
        (&json!(40101), &json!("an API key is needed"))
    );
    let host = scene(&["corp", "apiKeys"]).send(&get("/orders", &[]));
    assert_eq!(details(&host), "steward_jwt_missing");
    assert_eq!(
        challenge(&host),
        r#"Bearer realm="orders.example", ApiKey realm="orders.example""#
    );
}

#[test]
fn a_bad_key_is_refused_and_only_the_operator_learns_why() {
    let mut scene = scene(&["apiKeys"]);
    for (member, value, wanted) in [
        ("expires", json!(NOW), "steward_api_key_expired{core}"),
        (
            "notBefore",
            json!(NOW + 1),
            "steward_api_key_not_yet_valid{core}",
        ),
        ("enabled", json!(false), "steward_api_key_disabled{core}"),
        (
            "sha256",
            client("core", "other")["sha256"].clone(),
            "steward_api_key_unknown",
        ),
    ] {
        scene.document["authentication"]["apiKeys"]["clients"] = json!([client("core", KEY)]);
        scene.document["authentication"]["apiKeys"]["clients"][0][member] = value;
        let host = scene.send(&get("/orders", &[("x-api-key", KEY)]));
        let reply = refusal(&host);
        assert_eq!((reply.status, &*reply.details), (401, wanted));
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(body["message"], "the API key is not valid");
        let written =
            host.texts().join("\n") + &reply.details + &body.to_string() + &challenge(&host);
        assert!(!written.contains(KEY), "{written}");
        let name = crate::token::Token(KEY.as_bytes().into()).to_string();
        assert!(written.contains(&name), "{written}");
    }
    let twice = scene.send(&get("/orders", &[("x-api-key", KEY), ("x-api-key", "x")]));
    assert_eq!(details(&twice), "steward_api_key_ambiguous");
}

#[test]
fn a_token_or_a_key_will_do_but_a_bad_one_beside_a_good_one_will_not() {
    let scene = scene(&["corp", "apiKeys"]);
    let token = bearer(&scene.token());
    let forged = bearer("e30.e30.e30");
    let ask = |key: &str, token: &str| {
        let headers = [("x-api-key", key), ("authorization", token)];
        let sent: Vec<_> = headers
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let host = scene.send(&get("/orders", &sent));
        host.replies().pop().map(|reply| reply.details)
    };
    assert_eq!(ask(KEY, ""), None);
    assert_eq!(ask("", &token), None);
    assert_eq!(ask(KEY, &token), None);
    assert_eq!(
        ask("bad", &token).as_deref(),
        Some("steward_api_key_unknown")
    );
    // The upstream could read the forged token as one that was believed.
    let refused = ask(KEY, &forged).unwrap();
    assert!(refused.starts_with("steward_jwt_"), "{refused}");
}

#[test]
fn a_key_that_nobody_asked_for_is_not_looked_at() {
    let scene = scene(&["corp"]);
    let token = bearer(&scene.token());
    let host = scene.send(&get("/public", &[("x-api-key", "bad")]));
    assert!(passed(&host));
    assert_eq!(host.changes(), []);
    let host = scene.send(&get(
        "/orders",
        &[("authorization", &token), ("x-api-key", KEY)],
    ));
    assert!(passed(&host));
    assert!(
        !host
            .changes()
            .contains(&Change::RemoveRequest("x-api-key".into()))
    );
    // Nor is it a way in.
    let host = scene.send(&get("/orders", &[("x-api-key", KEY)]));
    assert_eq!(details(&host), "steward_jwt_missing");
}

#[test]
fn key_and_token_leave_one_query_and_one_cookie_line_together() {
    let mut scene = scene(&["corp", "apiKeys"])
        .provider("forward", json!(false))
        .provider("claimToHeaders", json!([]));
    let token = scene.token();
    for (kind, name, sent, kept) in [
        (
            "fromParams",
            ":path",
            format!("/o?a=1&t={token}&k={KEY}&b=2"),
            "/o?a=1&b=2",
        ),
        (
            "fromCookies",
            "cookie",
            format!("a=1; t={token}; k={KEY}; b=2"),
            "a=1; b=2",
        ),
    ] {
        scene = scene
            .provider("fromHeaders", json!([]))
            .provider(kind, json!(["t"]));
        scene.document["authentication"]["apiKeys"][kind] = json!(["k"]);
        let headers = match name {
            ":path" => get(&sent, &[]),
            name => get("/o", &[(name, &sent)]),
        };
        let host = scene.send(&headers);
        assert!(passed(&host), "{:?}", host.replies());
        assert_eq!(
            host.changes(),
            [Change::SetRequest(name.into(), kept.as_bytes().to_vec())]
        );
    }
}

#[test]
fn keys_are_counted_for_all_clients_together() {
    let mut scene = scene(&["apiKeys"]);
    let host = scene.host();
    scene.send_to(&host, &get("/orders", &[("x-api-key", KEY)]));
    scene.send_to(
        &host.another_worker(),
        &get("/orders", &[("x-api-key", "x")]),
    );
    scene.send_to(&host.another_worker(), &get("/orders", &[]));
    scene.document["services"][0]["groups"][0]["servicePolicy"] =
        json!({"authentication": {"mode": "shadow"}});
    let shadow = host.another_worker();
    scene.send_to(&shadow, &get("/orders", &[("x-api-key", "x")]));
    assert!(passed(&shadow));
    let counted = ["passed", "refused", "would_refuse"].map(|outcome| {
        host.metric(&format!(
            "steward_decisions_total;service=orders.example;policy=apiKeys;kind=apiKey;outcome={outcome}"
        ))
    });
    assert_eq!(counted, [Some(1), Some(2), Some(1)]);
}

/// A later stage that looks at which client calls.
struct Desk;

impl Stage for Desk {
    type State = ();

    const POSITION: Position = Position::Rate;

    fn compile(_: &mut CompileContext<'_>) -> Self {
        Self
    }

    fn request(&self, cx: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        let identity = format!("{:?} {:?}", cx.identity.api_key(), cx.identity.roles());
        SEEN.with_borrow_mut(|seen| seen.push(identity));
        Verdict::Continue
    }
}

#[test]
fn later_stages_see_the_client_of_a_key_that_was_asked_for() {
    let scene = scene(&["apiKeys"]);
    let seen = |path: &str| {
        let host = scene.host();
        run::<(Authenticate, Desk)>(&scene.document, &host, &get(path, &[("x-api-key", KEY)]));
        SEEN.take()
    };
    assert_eq!(seen("/orders"), [r#"Some("core") ["reader"]"#]);
    assert_eq!(seen("/public"), ["None []"]);
}
