//! What a provider may ask of its tokens, and what it tells the service of them.

use super::scene::*;
use host::fake::{Change, FakeHost};
use serde_json::{Value, json};

fn with_token(scene: &Scene, token: &str) -> FakeHost {
    scene.send(&get("/orders", &[("authorization", &bearer(token))]))
}

fn reason(host: &FakeHost) -> Option<String> {
    host.replies().pop().map(|reply| reply.details)
}

#[test]
fn a_token_of_another_kind_is_refused() {
    let scene = Scene::new().provider("types", json!(["at+jwt"]));
    let sent = |typ: Value| {
        let mut header = json!({"alg": "RS256", "kid": "k1"});
        header["typ"] = typ;
        reason(&with_token(
            &scene,
            &scene.signer.token_with(&header, &scene.claims()),
        ))
    };
    let refused = Some("steward_jwt_type{corp}".to_owned());
    assert_eq!(sent(json!("at+jwt")), None);
    assert_eq!(sent(json!("application/AT+JWT")), None);
    assert_eq!(sent(json!("JWT")), refused);
    assert_eq!(sent(json!(["at+jwt"])), refused);
    assert_eq!(reason(&with_token(&scene, &scene.token())), refused);
    assert_eq!(reason(&with_token(&Scene::new(), &scene.token())), None);
}

#[test]
fn only_these_subjects_pass() {
    let of = |subjects: Value, sub: Value| {
        let scene = Scene::new().provider("subjects", subjects);
        let mut claims = scene.claims();
        claims["sub"] = sub;
        reason(&with_token(&scene, &scene.signer.token(&claims)))
    };
    let refused = Some("steward_jwt_subject{corp}".to_owned());
    assert_eq!(of(json!(["ann", "bob"]), json!("bob")), None);
    assert_eq!(of(json!(["ann", "bob"]), json!("bo")), refused);
    assert_eq!(of(json!(["ann"]), json!(["ann"])), refused);
    let services = json!({"opType": "PREFIX", "values": ["svc-"]});
    assert_eq!(of(services.clone(), json!("svc-7")), None);
    assert_eq!(of(services, json!("ann")), refused);
}

#[test]
fn scopes_are_asked_for_word_by_word() {
    let of = |rule: Value| {
        let scene = Scene::new().provider("requiredClaims", json!({"scope": rule}));
        let mut claims = scene.claims();
        claims["scope"] = json!("openid orders:read");
        reason(&with_token(&scene, &scene.signer.token(&claims)))
    };
    let refused = Some("steward_jwt_claim{corp}".to_owned());
    assert_eq!(of(json!(["orders:read", "orders:write"])), None);
    assert_eq!(of(json!(["orders:write"])), refused);
    let orders = |op: &str| json!({"opType": op, "values": ["orders:"]});
    assert_eq!(of(orders("PREFIX")), None);
    assert_eq!(of(orders("REGULAR")), refused);
    assert_eq!(of(orders("NOT_IN")), None);
}

#[test]
fn the_payload_goes_on_as_it_was_signed() {
    let scene = Scene::new().provider("payloadHeader", json!("X-Jwt-Payload"));
    let scene = scene.provider("claimToHeaders", json!([]));
    let token = scene.token();
    let payload = token.split('.').nth(1).unwrap();
    let set = [Change::SetRequest(
        "x-jwt-payload".into(),
        payload.as_bytes().into(),
    )];
    let host = scene.host();
    let forged = ("x-jwt-payload", "e30");
    // Twice: the second time the token is known.
    for _ in 0..2 {
        let worker = host.another_worker();
        let sent = get("/orders", &[("authorization", &bearer(&token)), forged]);
        scene.send_to(&worker, &sent);
        assert_eq!(worker.changes(), set);
    }
    let public = scene.send(&get("/public", &[forged, ("x_jwt_payload", "e30")]));
    let removed = |name: &str| Change::RemoveRequest(name.into());
    assert_eq!(
        public.changes(),
        [removed("x-jwt-payload"), removed("x_jwt_payload")]
    );
}

#[test]
fn a_payload_that_is_too_long_for_a_header_is_left_out() {
    let scene = Scene::new().provider("payloadHeader", json!("x-jwt-payload"));
    let mut claims = scene.claims();
    claims["padding"] = json!("x".repeat(8 * 1024));
    let value = bearer(&scene.signer.token(&claims));
    let sent = get(
        "/orders",
        &[("authorization", &value), ("x-jwt-payload", "e30")],
    );
    let host = scene.send(&sent);
    assert!(passed(&host));
    let removed = Change::RemoveRequest("x-jwt-payload".into());
    assert!(host.changes().contains(&removed), "{:?}", host.changes());
}
