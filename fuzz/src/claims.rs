//! What a signed token says, whatever it says: judged as the RFC reads, passed on unchanged, and worth nothing if touched.

use crate::{
    gate::{Gate, NOW},
    reference,
};
use host::Host;
use ring::hmac;
use serde_json::{Value, json};
use std::time::Duration;

const SECRET: &[u8; 32] = b"a secret of thirty-two bytes, ok";
const ISSUER: &str = "https://issuer.example";
const AUDIENCES: [&str; 2] = ["orders", "billing"];
const ROLES: [&str; 2] = ["reader", "7"];
const SKEW: u64 = 60;
const LIFETIME: u64 = 3_600;
const LAST_SECOND: u64 = 253_402_300_799;

thread_local! {
    static GATE: Gate = gate();
}

/// The bytes are a token's payload.
pub(crate) fn run(data: &[u8]) {
    let token = signed(data);
    if token.len() > 16 * 1024 {
        return;
    }
    let claims = reference::object(data);
    let holds = claims.as_ref().is_some_and(holds);
    GATE.with(|gate| {
        let host = gate.ask(token.as_bytes());
        assert_eq!(host.replies().is_empty(), holds, "{:?}", host.replies());
        if let Some(claims) = claims.filter(|_| holds) {
            let sent = host.request_headers().unwrap();
            let subject = claims.get("sub").and_then(header);
            assert_eq!(
                sent.get("x-user-id"),
                subject.as_ref().map(String::as_bytes)
            );
        }
        assert!(
            !gate.passes(&touched(token.as_bytes())),
            "one byte more or less is a forgery"
        );
    });
}

fn gate() -> Gate {
    let key = json!({"kty": "oct", "k": reference::text(SECRET)});
    let document = json!({
        "authentication": {
            "providers": {"corp": {
                "issuer": ISSUER,
                "audiences": AUDIENCES,
                "algorithms": ["HS256"],
                "localJwks": {"keys": [key]},
                "clockSkewSeconds": SKEW,
                "maxLifetimeSeconds": LIFETIME,
                "requiredClaims": {"realm.roles": ROLES},
                "claimToHeaders": [{"claim": "sub", "header": "x-user-id"}],
            }},
            "requirement": {"anyOf": ["corp"]},
            "cachedTokens": 64,
        },
        "services": [{"name": "orders.example"}],
    });
    Gate::new(&document.to_string())
}

fn signed(payload: &[u8]) -> String {
    let input = format!(
        "{}.{}",
        reference::text("{\"alg\":\"HS256\"}"),
        reference::text(payload)
    );
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), input.as_bytes());
    format!("{input}.{}", reference::text(tag))
}

/// The token with one of its characters changed; which, its own last character says.
fn touched(token: &[u8]) -> Vec<u8> {
    let sum: usize = token.iter().copied().map(usize::from).sum();
    let mut touched = token.to_vec();
    let at = sum % touched.len();
    touched[at] = if touched[at] == b'A' { b'B' } else { b'A' };
    touched
}

/// RFC 7519 section 4.1, and what the document asks for.
fn holds(claims: &Value) -> bool {
    let time = |name| claims.get(name).map(date);
    let (Some(Some(exp)), iat, nbf) = (time("exp"), time("iat"), time("nbf")) else {
        return false;
    };
    let (now, skew) = (Duration::from_secs(NOW), Duration::from_secs(SKEW));
    let is_past = |date: Option<Option<Duration>>| match date {
        None => true,
        Some(date) => date.is_some_and(|date| date <= now + skew),
    };
    let life = match iat.flatten() {
        Some(iat) => exp.saturating_sub(iat),
        None => exp.saturating_sub(now + skew),
    };
    claims.get("iss").and_then(Value::as_str) == Some(ISSUER)
        && values(claims.get("aud"))
            .iter()
            .any(|aud| AUDIENCES.iter().any(|own| *aud == own))
        && now < exp + skew
        && is_past(nbf)
        && is_past(iat)
        && life <= Duration::from_secs(LIFETIME)
        && values(roles(claims)).iter().any(|role| is_role(role))
}

fn roles(claims: &Value) -> Option<&Value> {
    let nested = || claims.get("realm")?.get("roles");
    claims.get("realm.roles").or_else(nested)
}

fn is_role(role: &Value) -> bool {
    let text = match role {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) | Value::Null => return false,
        scalar => scalar.to_string(),
    };
    ROLES.contains(&text.as_str())
}

fn values(claim: Option<&Value>) -> Vec<&Value> {
    match claim {
        Some(Value::Array(list)) => list.iter().collect(),
        one => one.into_iter().collect(),
    }
}

/// NumericDate up to the year 9999.
fn date(claim: &Value) -> Option<Duration> {
    let number = claim.as_number()?;
    let date = match number.as_u64() {
        Some(seconds) => Duration::from_secs(seconds),
        None => Duration::try_from_secs_f64(number.as_f64()?).ok()?,
    };
    (date <= Duration::from_secs(LAST_SECOND)).then_some(date)
}

/// What a header can hold without meaning something else.
fn header(claim: &Value) -> Option<String> {
    let text = match claim {
        Value::Null | Value::Object(_) => return None,
        Value::Array(list) => {
            let element = |item: &Value| match item {
                Value::Array(_) => None,
                item => header(item).filter(|text| !text.contains(',')),
            };
            list.iter()
                .map(element)
                .collect::<Option<Vec<_>>>()?
                .join(",")
        }
        Value::String(text) => text.clone(),
        scalar => scalar.to_string(),
    };
    let is_plain = !text.is_empty() && text.trim() == text && !text.contains(char::is_control);
    is_plain.then_some(text)
}
