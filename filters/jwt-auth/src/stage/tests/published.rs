//! Whole tokens that the specifications publish, sent as a request.

use super::scene::*;
use serde_json::json;
use std::time::Duration;

/// The secret of RFC 7515 A.1, which RFC 7519 section 3.1 and RFC 7797 section 4 use too.
const K: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

/// `{"iss":"joe", "exp":1300819380, "http://example.com/is_root":true}`, with its line ends.
const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

const EXPIRES: u64 = 1_300_819_380;

/// What becomes of a token of Joe's at this time.
fn outcome(token: &str, now: u64) -> Option<String> {
    let keys = json!({"keys": [{"kty": "oct", "alg": "HS256", "k": K}]});
    let scene = Scene::new().provider("localJwks", keys);
    let scene = scene.provider("issuer", json!("joe"));
    let scene = scene.provider("audiences", json!([]));
    let required = json!({"http://example.com/is_root": true});
    let scene = scene.provider("requiredClaims", required);
    let host = scene.host();
    host.set_wall_clock(Duration::from_secs(now));
    scene.send_to(&host, &get("/orders", &[("authorization", &bearer(token))]));
    host.replies().pop().map(|reply| reply.details)
}

#[test]
fn rfc_7519_3_1_passes_until_it_expires() {
    let token = format!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    assert_eq!(outcome(&token, EXPIRES - 1), None);
    let expired = Some("steward_jwt_expired{corp}".to_owned());
    assert_eq!(outcome(&token, EXPIRES + 60), expired);
}

#[test]
fn rfc_7519_6_1_unsecured_is_refused() {
    let token = format!("eyJhbGciOiJub25lIn0.{CLAIMS}.");
    let refused = Some("steward_jwt_algorithm{corp}".to_owned());
    assert_eq!(outcome(&token, EXPIRES - 1), refused);
}

#[test]
fn rfc_7515_e_an_extension_that_is_not_understood_is_refused() {
    let header = crate::testing::text(
        "{\"alg\":\"none\",\r\n \"crit\":[\"http://example.com/UNDEFINED\"],\r\n \"http://example.com/UNDEFINED\":true\r\n}",
    );
    let refused = Some("steward_jwt_malformed{corp}".to_owned());
    assert_eq!(outcome(&format!("{header}.RkFJTA."), EXPIRES - 1), refused);
}

#[test]
fn rfc_7797_4_2_a_payload_that_is_not_encoded_is_refused() {
    let header = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19";
    let signature = "A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY";
    for payload in ["", "JC4wMg"] {
        let token = format!("{header}.{payload}.{signature}");
        let refused = Some("steward_jwt_malformed{corp}".to_owned());
        assert_eq!(outcome(&token, EXPIRES - 1), refused);
    }
}
