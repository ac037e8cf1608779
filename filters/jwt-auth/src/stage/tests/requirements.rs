//! More than one must vouch, or what is bad passes as nobody's.

use super::*;
use crate::Permit;
use sha2::{Digest, Sha256};

const KEY: &str = "stk_0123456789";

/// As [`Scene`], with a second provider for tokens of devices in `x-device`, and a client with a key.
struct Pair {
    scene: Scene,
    device: Signer,
}

impl Pair {
    fn new(requirement: Value) -> Self {
        let device = Signer::hs256("d", &[9; 32]);
        let mut scene = Scene::new();
        let authentication = &mut scene.document["authentication"];
        authentication["providers"]["device"] = json!({
            "issuer": "https://devices.example", "audiences": ["orders"],
            "localJwks": {"keys": [device.jwk]},
            "fromHeaders": [{"name": "x-device"}], "forward": false,
            "claimToHeaders": [{"claim": "sub", "header": "x-device-id"}, {"claim": "sub", "header": "x-user-id"}],
            "payloadHeader": "x-device-payload",
        });
        let digest = Sha256::digest(KEY);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        authentication["apiKeys"] =
            json!({"fromHeaders": ["x-api-key"], "clients": [{"id": "core", "sha256": digest}]});
        authentication["requirement"] = requirement;
        Self { scene, device }
    }

    fn device_token(&self) -> String {
        self.device.token(
            &json!({"iss": "https://devices.example", "aud": "orders", "sub": "d-7", "exp": NOW + 600}),
        )
    }

    fn send(&self, token: Option<&str>, device: Option<&str>, key: Option<&str>) -> FakeHost {
        let token = token.map(bearer);
        let headers = [
            ("authorization", token.as_deref()),
            ("x-device", device),
            ("x-api-key", key),
        ];
        let sent = headers
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let sent: Vec<_> = sent.collect();
        self.scene.send(&get("/orders", &sent))
    }
}

fn set(name: &str, value: &str) -> Change {
    Change::SetRequest(name.into(), value.into())
}

fn removed(name: &str) -> Change {
    Change::RemoveRequest(name.into())
}

fn decisions(host: &FakeHost, policy: &str, kind: &str, outcome: &str) -> Option<i64> {
    host.metric(&format!(
        "steward_decisions_total;service=orders.example;policy={policy};kind={kind};outcome={outcome}"
    ))
}

#[test]
fn all_of_several_must_vouch_each_for_its_own_token() {
    let pair = Pair::new(json!({"allOf": ["corp", "device"]}));
    let (token, device) = (pair.scene.token(), pair.device_token());
    let host = pair.send(Some(&token), Some(&device), None);
    assert!(passed(&host), "{:?}", host.replies());
    let changes = host.changes();
    // Each provider's own headers; the first one's where both have one; and only the device's token stays behind.
    let payload = device.split('.').nth(1).unwrap();
    for wanted in [
        set("x-user-id", "ann"),
        set("x-roles", "reader,editor"),
        set("x-device-id", "d-7"),
        set("x-device-payload", payload),
        removed("x-device"),
    ] {
        assert!(changes.contains(&wanted), "{wanted:?}: {changes:?}");
    }
    assert_eq!(changes.len(), 5);
    for provider in ["corp", "device"] {
        assert_eq!(decisions(&host, provider, "jwt", "passed"), Some(1));
    }
    assert_eq!(
        details(&pair.send(Some(&token), None, None)),
        "steward_jwt_missing{device}"
    );
    assert_eq!(
        details(&pair.send(None, Some(&device), None)),
        "steward_jwt_missing{corp}"
    );
    assert_eq!(
        details(&pair.send(Some(&token), Some("x"), None)),
        "steward_jwt_malformed{device}"
    );
    assert_eq!(
        details(&pair.send(Some(&device), Some(&token), None)),
        "steward_jwt_issuer{corp}"
    );
}

#[test]
fn a_key_and_a_token_must_both_be_there_where_both_are_named() {
    let pair = Pair::new(json!({"allOf": ["corp", "apiKeys"]}));
    let token = pair.scene.token();
    let host = pair.send(Some(&token), None, Some(KEY));
    assert!(passed(&host));
    assert_eq!(decisions(&host, "apiKeys", "apiKey", "passed"), Some(1));
    let only_key = pair.send(None, None, Some(KEY));
    assert_eq!(details(&only_key), "steward_jwt_missing{corp}");
    let reply = refusal(&only_key);
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["message"], json!("a token is needed"));
    assert_eq!(decisions(&only_key, "apiKeys", "apiKey", "passed"), Some(0));
    assert_eq!(
        header(&reply, "www-authenticate").unwrap(),
        r#"Bearer realm="orders.example", ApiKey realm="orders.example""#
    );
    for lenient in [false, true] {
        let pair = Pair::new(json!({"allOf": ["corp", "apiKeys"], "allowMissing": lenient}));
        let only_token = pair.send(Some(&token), None, None);
        assert_eq!(details(&only_token), "steward_api_key_missing");
        assert_eq!(
            details(&pair.send(None, None, Some("guess"))),
            "steward_api_key_unknown"
        );
        assert_eq!(passed(&pair.send(None, None, None)), lenient);
    }
}

#[test]
fn who_brings_nothing_is_told_all_that_is_needed() {
    for (requirement, wanted) in [
        (
            json!({"allOf": ["corp", "apiKeys"]}),
            "a token and an API key are needed",
        ),
        (
            json!({"allOf": ["apiKeys"], "anyOf": ["corp"]}),
            "a token and an API key are needed",
        ),
        (
            json!({"allOf": ["apiKeys"], "anyOf": ["corp", "apiKeys"]}),
            "an API key is needed",
        ),
    ] {
        let reply = refusal(&Pair::new(requirement).send(None, None, None));
        assert_eq!(reply.details, "steward_api_key_missing");
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(body["message"], json!(wanted));
    }
}

#[test]
fn one_of_these_beside_all_of_those() {
    let pair = Pair::new(json!({"allOf": ["device"], "anyOf": ["corp", "apiKeys"]}));
    let (token, device) = (pair.scene.token(), pair.device_token());
    for (token, key) in [(Some(&*token), None), (None, Some(KEY))] {
        assert!(passed(&pair.send(token, Some(&device), key)));
        assert_eq!(
            details(&pair.send(token, None, key)),
            "steward_jwt_missing{device}"
        );
    }
    assert_eq!(
        details(&pair.send(None, Some(&device), None)),
        "steward_jwt_missing"
    );
    // The key would do, but a token that nobody vouches for must not reach the service as if somebody had.
    let unjudged = pair.send(Some("a.b.c"), Some(&device), Some(KEY));
    assert_eq!(details(&unjudged), "steward_jwt_malformed{corp}");
    let displaced = pair.send(Some(&device), Some(&device), Some(KEY));
    assert_eq!(details(&displaced), "steward_jwt_issuer{corp}");
}

#[test]
fn later_stages_see_the_claims_of_all_the_first_ones_first() {
    let witnessed = |all_of: Value| {
        let mut pair = Pair::new(json!({"allOf": all_of}));
        let key = |claim: &str| json!({"type": "claim", "key": claim});
        pair.scene.document["services"][0]["groups"][0]["servicePolicy"] = json!({"rateLimitPolicies": [
            {"key": [key("realm_access.roles"), key("sub")], "slidingWindows": [{"threshold": 9}]}
        ]});
        let host = pair.scene.host();
        let (token, device) = (bearer(&pair.scene.token()), pair.device_token());
        let sent = get(
            "/orders",
            &[("authorization", &token), ("x-device", &device)],
        );
        run::<(Authenticate, Witness)>(&pair.scene.document, &host, &sent);
        SEEN.take()
    };
    let seen = witnessed(json!(["corp", "device"]));
    assert_eq!(seen, ["reader", "editor", "ann"]);
    // The device's token has no roles, so the other one's are seen.
    let seen = witnessed(json!(["device", "corp"]));
    assert_eq!(seen, ["reader", "editor", "d-7"]);
}

#[test]
fn who_fails_passes_as_nobody_where_that_is_allowed() {
    let pair = Pair::new(json!({"anyOf": ["corp"], "allowMissingOrFailed": true}));
    let forged = format!("{}x", pair.scene.token());
    let host = pair.send(Some(&forged), None, None);
    assert!(passed(&host));
    assert_eq!(host.changes(), [removed("authorization")]);
    assert_eq!(decisions(&host, "corp", "jwt", "failed"), Some(1));
    assert_eq!(decisions(&host, "corp", "jwt", "refused"), Some(0));
    let lines = host.texts();
    let told = |line: &&String| line.contains("jwt_refused") && line.contains("\"failed\"");
    assert!(lines.iter().any(|line| told(&line)), "{lines:?}");
    // What is good counts, and nothing is nothing.
    let good = pair.send(Some(&pair.scene.token()), None, None);
    assert_eq!(good.changes()[0], set("x-user-id", "ann"));
    let none = pair.send(None, None, None);
    assert!(passed(&none) && none.changes().is_empty());
    assert_eq!(decisions(&none, "-", "jwt", "failed"), Some(0));
    // A provider that this node does not ask finds its token as it was.
    let other = pair.send(Some(&forged), Some("x"), None);
    assert_eq!(other.changes(), [removed("authorization")]);
}

#[test]
fn a_failure_takes_all_credentials_along() {
    let pair = Pair::new(
        json!({"allOf": ["corp", "device"], "anyOf": ["apiKeys"], "allowMissingOrFailed": true}),
    );
    let (token, device) = (pair.scene.token(), pair.device_token());
    let host = pair.send(Some(&token), Some("x"), Some(KEY));
    assert!(passed(&host));
    let all = ["authorization", "x-device", "x-api-key"].map(removed);
    assert_eq!(host.changes(), all);
    assert_eq!(decisions(&host, "apiKeys", "apiKey", "passed"), Some(0));
    let unknown = pair.send(Some(&token), Some(&device), Some("guess"));
    assert_eq!(unknown.changes(), all);
    assert_eq!(decisions(&unknown, "apiKeys", "apiKey", "failed"), Some(1));
    assert_eq!(decisions(&unknown, "corp", "jwt", "passed"), Some(0));
}

#[test]
fn however_many_bad_tokens_there_are_none_goes_on() {
    let places = json!({"fromHeaders": [{"name": "authorization"}, {"name": "x-jwt"}], "fromParams": ["t"], "fromCookies": ["s"]});
    let mut scene = Scene::new();
    for (name, value) in places.as_object().unwrap() {
        scene = scene.provider(name, value.clone());
    }
    scene.document["authentication"]["requirement"]["allowMissingOrFailed"] = json!(true);
    let token = bearer(&scene.token());
    let sent = get(
        "/orders?t=a.b.c&q=1&t=d.e.f",
        &[
            ("authorization", &token),
            ("authorization", "Bearer x"),
            ("x-jwt", "y"),
            ("cookie", "s=1; a=b"),
            ("cookie", "s=2"),
            ("x-user-id", "root"),
        ],
    );
    let host = scene.send(&sent);
    assert!(passed(&host));
    assert_eq!(
        host.changes(),
        [
            removed("x-user-id"),
            removed("authorization"),
            removed("x-jwt"),
            set(":path", "/orders?q=1"),
            set("cookie", "a=b"),
        ]
    );
    let behind = scene.send(&get("/orders", &[("authorization", "Basic x, Bearer y")]));
    assert_eq!(behind.changes(), [removed("authorization")]);
    // Another scheme's credentials are none of the provider's.
    let basic = scene.send(&get(
        "/orders",
        &[("authorization", "Basic x"), ("x-jwt", "y")],
    ));
    assert_eq!(basic.changes(), [removed("x-jwt")]);
}

const PREFLIGHT: [(&str, &str); 2] = [
    ("origin", "https://page.example"),
    ("access-control-request-method", "DELETE"),
];

fn options(more: &[(&'static str, &str)]) -> Headers<'static> {
    let mut headers = get("/orders", more);
    headers[0].1 = b"OPTIONS".to_vec();
    headers
}

/// Roles are asked for too: OPTIONS needs ADMIN.
fn guarded() -> Scene {
    let mut scene = Scene::new();
    scene.document["authentication"]["requirement"]["passPreflight"] = json!(true);
    scene.document["services"][0]["groups"][0]["servicePolicy"] = json!({
        "authorization": {"roles": {"reader": ["READ"]}, "methods": {"GET": "READ"}},
        "permissionPolicies": [{"name": "staff", "type": "ALLOW", "conditions": [
            {"type": "claim", "key": "sub", "values": ["ann"]}
        ]}],
    });
    scene
}

fn ask(scene: &Scene, headers: &Headers<'_>) -> FakeHost {
    let host = scene.host();
    run::<(Authenticate, Permit)>(&scene.document, &host, headers);
    host
}

#[test]
fn a_browsers_question_passes_and_nothing_rides_on_it() {
    let scene = guarded();
    let host = ask(&scene, &options(&PREFLIGHT));
    assert!(passed(&host), "{:?}", host.replies());
    assert_eq!(host.changes(), []);
    // Neither a good token nor a forged header, though it comes along.
    let token = bearer(&scene.token());
    let more = [
        PREFLIGHT[0],
        PREFLIGHT[1],
        ("authorization", &*token),
        ("x-user-id", "root"),
    ];
    let headers: Vec<_> = get("/orders", &more);
    let mut asked = headers.clone();
    asked[0].1 = b"OPTIONS".to_vec();
    let host = ask(&scene, &asked);
    assert!(passed(&host));
    assert_eq!(
        host.changes(),
        [removed("x-user-id"), removed("authorization")]
    );
}

#[test]
fn what_is_no_preflight_needs_a_token_as_ever() {
    let scene = guarded();
    for headers in [
        get("/orders", &PREFLIGHT),
        options(&[]),
        options(&PREFLIGHT[..1]),
        options(&PREFLIGHT[1..]),
        options(&[PREFLIGHT[0], PREFLIGHT[1], PREFLIGHT[1]]),
        options(&[PREFLIGHT[0], ("access-control-request-method", "")]),
    ] {
        assert_eq!(details(&ask(&scene, &headers)), "steward_jwt_missing");
    }
    let mut silent = guarded();
    silent.document["authentication"]["requirement"]["passPreflight"] = json!(null);
    let host = ask(&silent, &options(&PREFLIGHT));
    assert_eq!(details(&host), "steward_jwt_missing");
}
