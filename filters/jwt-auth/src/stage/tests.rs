//! The stage in its engine, over a host in memory.

mod api_keys;
mod corpus;
mod in_process;
mod provider;
mod published;
mod remote;
mod requirements;
pub(crate) mod scene;
mod weak_keys;

use super::*;
use crate::testing::Signer;
use engine::{Engine, Stage};
use host::{
    Plugin,
    fake::{Change, FakeHost},
};
use scene::*;
use serde_json::{Value, json};
use std::cell::RefCell;

#[test]
fn without_a_token_the_caller_is_asked_for_one() {
    let scene = Scene::new();
    let reply = refusal(&scene.send(&get("/orders", &[])));
    assert_eq!(
        (reply.status, &*reply.details),
        (401, "steward_jwt_missing")
    );
    let challenge = header(&reply, "www-authenticate").unwrap();
    assert_eq!(challenge, r#"Bearer realm="orders.example""#);
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(
        (&body["code"], &body["reason"]),
        (&json!(40101), &json!("F40100"))
    );
}

#[test]
fn a_good_token_passes_and_its_claims_become_headers() {
    let scene = Scene::new();
    let host = scene.send(&get(
        "/orders",
        &[("authorization", &bearer(&scene.token()))],
    ));
    assert!(passed(&host));
    let set = |name: &str, value: &str| Change::SetRequest(name.into(), value.into());
    assert_eq!(
        host.changes(),
        [set("x-user-id", "ann"), set("x-roles", "reader,editor")]
    );
}

#[test]
fn a_bad_token_is_refused_without_a_word_on_why() {
    let scene = Scene::new();
    let mut expired = scene.claims();
    expired["exp"] = json!(NOW - 60);
    let token = scene.signer.token(&expired);
    let host = scene.send(&get("/orders", &[("authorization", &bearer(&token))]));
    let reply = refusal(&host);
    assert_eq!(
        (reply.status, &*reply.details),
        (401, "steward_jwt_expired{corp}")
    );
    let challenge = header(&reply, "www-authenticate").unwrap();
    assert_eq!(
        challenge,
        r#"Bearer realm="orders.example", error="invalid_token""#
    );
    let body = String::from_utf8(reply.body).unwrap();
    assert!(
        !body.contains("expired") && !body.contains("corp"),
        "{body}"
    );
}

#[test]
fn no_log_line_and_no_reply_holds_the_token() {
    let scene = Scene::new();
    let token = Signer::hs256("k1", &[7; 32]).token(&scene.claims());
    let host = scene.send(&get("/orders", &[("authorization", &bearer(&token))]));
    let reply = refusal(&host);
    let lines = host.texts();
    let written = lines.join("\n") + &reply.details + &String::from_utf8(reply.body).unwrap();
    for part in token.split('.') {
        assert!(!written.contains(part), "{written}");
    }
    let name = crate::token::Token(token.as_bytes().into()).to_string();
    assert!(
        lines
            .iter()
            .any(|line| line.contains(&name) && line.contains("HS256 is not allowed"))
    );
}

#[test]
fn nobody_but_the_stage_says_who_the_user_is() {
    let scene = Scene::new();
    let forged = [("x-user-id", "root"), ("x-roles", "admin")];
    let removed = |name: &str| Change::RemoveRequest(name.to_owned());
    let both = [removed("x-user-id"), removed("x-roles")];
    // Public, no token.
    let host = scene.send(&get("/public", &forged));
    assert!(passed(&host));
    assert_eq!(host.changes(), both);
    // Anonymous where a token may be missing.
    let mut lenient = Scene::new();
    lenient.document["authentication"]["requirement"]["allowMissing"] = json!(true);
    assert_eq!(lenient.send(&get("/orders", &forged)).changes(), both);
    // A token that lacks the claim.
    let mut claims = scene.claims();
    claims["realm_access"] = json!({});
    let value = bearer(&scene.signer.token(&claims));
    let host = scene.send(&get(
        "/orders",
        &[("authorization", &value), forged[0], forged[1]],
    ));
    assert!(passed(&host));
    let user = Change::SetRequest("x-user-id".into(), b"ann".to_vec());
    assert_eq!(host.changes(), [user, removed("x-roles")]);
}

#[test]
fn a_header_that_an_upstream_would_mistake_for_the_stages_own_goes_too() {
    let forged = [
        ("x_user_id", "root"),
        ("X-User_Id", "root"),
        ("xx-user-id", "me"),
        ("x-user-i", "me"),
    ];
    let host = Scene::new().send(&get("/public", &forged));
    let removed = |name: &str| Change::RemoveRequest(name.to_owned());
    assert_eq!(host.changes(), [removed("x_user_id"), removed("x-user_id")]);
    // The document's own name may have the underscores.
    let own = json!([{"claim": "sub", "header": "x_user-id"}]);
    let scene = Scene::new().provider("claimToHeaders", own);
    let host = scene.send(&get(
        "/public",
        &[("X-User_Id", "root"), ("X-User-Id", "root")],
    ));
    assert_eq!(host.changes(), [removed("x-user_id"), removed("x-user-id")]);
}

#[test]
fn required_claims_are_required() {
    let required = json!({"realm_access.roles": ["editor", "admin"], "level": 7, "sub": null});
    let scene = Scene::new().provider("requiredClaims", required);
    let outcome = |name: &str, value: Value| {
        let mut claims = scene.claims();
        claims["level"] = json!(7);
        claims[name] = value;
        let value = bearer(&scene.signer.token(&claims));
        let host = scene.send(&get("/orders", &[("authorization", &value)]));
        host.replies().pop().map(|reply| reply.details)
    };
    assert_eq!(outcome("x", json!(1)), None);
    let refused = Some("steward_jwt_claim{corp}".to_owned());
    assert_eq!(outcome("level", json!(8)), refused);
    assert_eq!(
        outcome("realm_access", json!({"roles": ["reader"]})),
        refused
    );
    assert_eq!(outcome("sub", Value::Null), refused);
}

#[test]
fn a_public_node_takes_no_notice_of_tokens() {
    let host = Scene::new().send(&get("/public", &[("authorization", "Bearer rubbish")]));
    assert!(passed(&host));
    assert_eq!(host.changes(), []);
}

#[test]
fn a_request_for_no_service_needs_the_documents_requirement() {
    let scene = Scene::new();
    let to = |more: &[(&'static str, &str)]| {
        let mut headers = get("/orders", more);
        headers[1].1 = b"unknown.example".to_vec();
        scene.send(&headers)
    };
    let reply = refusal(&to(&[]));
    assert_eq!(reply.details, "steward_jwt_missing");
    assert!(passed(&to(&[("authorization", &bearer(&scene.token()))])));
    let host = to(&[
        ("authorization", &bearer(&scene.token())),
        ("x-user-id", "root"),
    ]);
    assert!(
        host.changes()
            .contains(&Change::SetRequest("x-user-id".into(), b"ann".to_vec()))
    );
}

#[test]
fn two_authorization_headers_are_refused() {
    let scene = Scene::new();
    let (good, other) = (bearer(&scene.token()), bearer("x"));
    let host = scene.send(&get(
        "/orders",
        &[("authorization", &good), ("authorization", &other)],
    ));
    assert_eq!(details(&host), "steward_jwt_ambiguous{corp}");
}

#[test]
fn forward_false_takes_the_token_out_wherever_it_was() {
    let places =
        json!({"fromHeaders": [{"name": "x-jwt"}], "fromParams": ["t"], "fromCookies": ["s"]});
    let mut scene = Scene::new().provider("forward", json!(false));
    for (name, value) in places.as_object().unwrap() {
        scene = scene.provider(name, value.clone());
    }
    let scene = scene.provider("claimToHeaders", json!([]));
    let token = scene.token();
    let changes = |headers| {
        let host = scene.send(&headers);
        assert!(passed(&host), "{:?}", host.replies());
        host.changes()
    };
    assert_eq!(
        changes(get("/o", &[("x-jwt", &token)])),
        [Change::RemoveRequest("x-jwt".into())]
    );
    let path = Change::SetRequest(":path".into(), b"/o?a=1".to_vec());
    assert_eq!(changes(get(&format!("/o?a=1&t={token}"), &[])), [path]);
    let cookie = Change::SetRequest("cookie".into(), b"a=1".to_vec());
    assert_eq!(
        changes(get("/o", &[("cookie", &format!("a=1; s={token}"))])),
        [cookie]
    );
}

#[test]
fn grpc_callers_get_unauthenticated() {
    let scene = Scene::new();
    let reply = refusal(&scene.send(&get("/p.S/M", &[("content-type", "application/grpc")])));
    assert_eq!(reply.grpc_status, Some(16));
    assert_eq!(reply.body, b"a token is needed");
}

#[test]
fn shadow_lets_pass_and_counts() {
    let mut scene = Scene::new();
    scene.document["services"][0]["groups"][0]["servicePolicy"] =
        json!({"authentication": {"mode": "shadow"}});
    let host = scene.send(&get(
        "/orders",
        &[("authorization", "Bearer x"), ("x-user-id", "root")],
    ));
    assert!(passed(&host));
    assert_eq!(host.changes(), [Change::RemoveRequest("x-user-id".into())]);
    let metric = |outcome: &str| {
        format!(
            "steward_decisions_total;service=orders.example;policy=corp;kind=jwt;outcome={outcome}"
        )
    };
    assert_eq!(host.metric(&metric("would_refuse")), Some(1));
    assert_eq!(host.metric(&metric("refused")), Some(0));
}

#[test]
fn passes_and_refusals_are_counted_by_provider() {
    let scene = Scene::new();
    let host = scene.host();
    scene.send_to(
        &host,
        &get("/orders", &[("authorization", &bearer(&scene.token()))]),
    );
    scene.send_to(&host.another_worker(), &get("/orders", &[]));
    let metric = |policy: &str, outcome: &str| {
        host.metric(&format!(
            "steward_decisions_total;service=orders.example;policy={policy};kind=jwt;outcome={outcome}"
        ))
    };
    assert_eq!(
        (metric("corp", "passed"), metric("-", "refused")),
        (Some(1), Some(1))
    );
    assert_eq!(metric("corp", "refused"), Some(0));
}

#[test]
fn bytes_that_break_others_are_refused_here() {
    let scene = Scene::new();
    let with = |value: Vec<u8>| {
        let mut headers = get("/orders", &[]);
        headers.push(("authorization", value));
        details(&scene.send(&headers))
    };
    assert_eq!(
        with(b"Bearer \xa1\xb1.\xff.\0".to_vec()),
        "steward_jwt_malformed{corp}"
    );
    assert_eq!(
        with([b"Bearer ".to_vec(), vec![b'a'; 65_536]].concat()),
        "steward_jwt_too_long{corp}"
    );
    let deep = crate::testing::text("{\"a\":".repeat(1_000));
    assert_eq!(
        with(format!("Bearer {deep}.{deep}.").into_bytes()),
        "steward_jwt_malformed{corp}"
    );
}

#[test]
fn a_document_that_cannot_be_enforced_is_refused() {
    let refused = |scene: &Scene| {
        let host = scene.host();
        let configured =
            Engine::<(Authenticate,)>::configure(&host, scene.document.to_string().as_bytes());
        assert!(configured.is_none());
        host.texts().join("\n")
    };
    let mut unknown = Scene::new();
    unknown.document["authentication"]["requirement"]["anyOf"] = json!(["corp", "crop"]);
    assert!(refused(&unknown).contains("crop"));
    let keyless = Scene::new().provider("localJwks", json!({"keys": []}));
    assert!(refused(&keyless).contains("/authentication/providers/corp"));
    let short = json!({"keys": [{"kty": "oct", "k": "AAAA"}]});
    assert!(refused(&Scene::new().provider("localJwks", short)).contains("32 are needed"));
}

thread_local! {
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// A later stage that looks at who the caller is.
struct Witness;

impl Stage for Witness {
    type State = ();

    const POSITION: Position = Position::Rate;

    fn compile(_: &mut CompileContext<'_>) -> Self {
        Self
    }

    fn request(&self, cx: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        let mut see = |value: &[u8]| {
            SEEN.with_borrow_mut(|seen| seen.push(String::from_utf8(value.to_vec()).unwrap()));
        };
        cx.identity.visit_claim("realm_access.roles", &mut see);
        see(cx.header("x-user-id").unwrap_or(b"nobody"));
        Verdict::Continue
    }
}

#[test]
fn later_stages_see_verified_claims_and_nothing_that_a_client_made_up() {
    let mut scene = Scene::new();
    // What no policy asks for is not kept.
    let roles = json!({"type": "claim", "key": "realm_access.roles"});
    scene.document["services"][0]["groups"][0]["servicePolicy"] =
        json!({"rateLimitPolicies": [{"key": [roles], "slidingWindows": [{"threshold": 9}]}]});
    let witnessed = |headers| {
        let host = scene.host();
        run::<(Authenticate, Witness)>(&scene.document, &host, &headers);
        SEEN.take()
    };
    let value = bearer(&scene.token());
    let seen = witnessed(get("/orders", &[("authorization", &value)]));
    assert_eq!(seen, ["reader", "editor", "ann"]);
    let seen = witnessed(get(
        "/public",
        &[("authorization", &value), ("x-user-id", "root")],
    ));
    assert_eq!(seen, ["nobody"]);
}
