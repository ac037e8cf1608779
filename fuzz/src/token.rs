//! A token as it comes: taken apart as the RFC says, and believed only if it was issued.

use crate::{gate::Gate, keys, reference};
use jwt_auth::{header::LastHeader, jws::Jws};
use serde_json::{Value, json};

/// Tokens that were issued, one for each algorithm; seeds of this target too.
const ISSUED: [&[u8]; 13] = [
    include_bytes!("../seeds/token/hs256"),
    include_bytes!("../seeds/token/hs384"),
    include_bytes!("../seeds/token/hs512"),
    include_bytes!("../seeds/token/rs256"),
    include_bytes!("../seeds/token/rs384"),
    include_bytes!("../seeds/token/rs512"),
    include_bytes!("../seeds/token/ps256"),
    include_bytes!("../seeds/token/ps384"),
    include_bytes!("../seeds/token/ps512"),
    include_bytes!("../seeds/token/es256"),
    include_bytes!("../seeds/token/es384"),
    include_bytes!("../seeds/token/es512"),
    include_bytes!("../seeds/token/eddsa"),
];

/// Longer ones are not looked at, as the parser promises.
const MAX_TOKEN: usize = 32 * 1024;
const MAX_KID: usize = 1024;

/// A token's parts as the standards name them.
#[derive(Debug, PartialEq)]
struct Parts {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    claims: Value,
    signature: Vec<u8>,
    signed: usize,
}

thread_local! {
    static GATE: Gate = gate();
    static LAST: LastHeader = LastHeader::default();
}

pub(crate) fn run(data: &[u8]) {
    assert_eq!(ours(data), naive(data));
    // White space around a credential is the field's, not the token's.
    let is_issued = ISSUED.contains(&data.trim_ascii());
    let passes = GATE.with(|gate| gate.passes(data));
    assert_eq!(passes, is_issued, "only what was issued passes");
}

fn gate() -> Gate {
    let document = json!({
        "authentication": {
            "providers": {"corp": {
                "issuer": "https://issuer.example",
                "algorithms": keys::ALGORITHMS,
                "localJwks": keys::public(),
                "claimToHeaders": [{"claim": "sub", "header": "x-user-id"}],
            }},
            "requirement": {"anyOf": ["corp"]},
            "cachedTokens": 64,
        },
        "services": [{"name": "orders.example"}],
    });
    let gate = Gate::new(&document.to_string());
    for token in ISSUED {
        gate.issue(token);
    }
    gate
}

fn ours(token: &[u8]) -> Option<Parts> {
    let jws = Jws::parse(token).ok()?;
    assert!(token.starts_with(jws.signing_input));
    let wanted = |name: &str| name.len() % 2 == 1;
    let some = LAST
        .with(|last| Jws::parse_for(token, &wanted, last))
        .unwrap();
    assert_eq!((&some.kid, &some.typ), (&jws.kid, &jws.typ));
    assert_eq!(some.algorithm, jws.algorithm);
    let mut claims = jws.claims.clone();
    claims
        .as_object_mut()
        .unwrap()
        .retain(|name, _| wanted(name));
    assert_eq!(some.claims, claims, "what is wanted, and nothing else");
    Some(Parts {
        alg: jws.algorithm.to_string(),
        kid: jws.kid,
        typ: jws.typ,
        claims: jws.claims,
        signature: jws.signature,
        signed: jws.signing_input.len(),
    })
}

/// RFC 7515 sections 3.1, 4 and 5.2, and no extension (RFC 7797).
fn naive(token: &[u8]) -> Option<Parts> {
    let parts: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return None;
    };
    let header_bytes = reference::base64url(header)?;
    let claims = reference::object(&reference::base64url(payload)?)?;
    let signature = reference::base64url(signature)?;
    let Value::Object(members) = reference::object(&header_bytes)? else {
        return None;
    };
    let alg = members.get("alg")?.as_str()?.to_owned();
    let kid = members.get("kid").map(Value::as_str);
    let is_readable = token.len() <= MAX_TOKEN
        && !members.contains_key("crit")
        && members
            .get("b64")
            .is_none_or(|b64| *b64 == Value::Bool(true))
        && keys::ALGORITHMS.contains(&alg.as_str())
        && kid.is_none_or(|kid| kid.is_some_and(|kid| kid.len() <= MAX_KID));
    is_readable.then(|| Parts {
        alg,
        kid: kid.flatten().map(str::to_owned),
        typ: members
            .get("typ")
            .and_then(Value::as_str)
            .map(str::to_owned),
        claims,
        signature,
        signed: header.len() + 1 + payload.len(),
    })
}
