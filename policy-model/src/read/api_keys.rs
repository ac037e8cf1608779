//! Reads the clients that bring a key.

use super::object::Obj;
use super::timestamp::timestamp;
use crate::document::{ApiKeyClient, ApiKeys};

pub(super) fn api_keys(o: &mut Obj) -> ApiKeys {
    o.guard();
    let headers = o.texts("fromHeaders").unwrap_or_default();
    ApiKeys {
        from_headers: headers
            .into_iter()
            .map(|name| name.to_ascii_lowercase())
            .collect(),
        from_params: o.texts("fromParams").unwrap_or_default(),
        from_cookies: o.texts("fromCookies").unwrap_or_default(),
        client_header: o.text("clientHeader").map(|name| name.to_ascii_lowercase()),
        forward: o.flag("forward").unwrap_or(false),
        clients: o.list("clients", client),
        pointer: o.pointer(),
    }
}

fn client(o: &mut Obj) -> Option<ApiKeyClient> {
    o.guard();
    let client = ApiKeyClient {
        id: o.text("id").unwrap_or_default(),
        sha256: [0; 32],
        roles: o.texts("roles").unwrap_or_default(),
        permissions: o.words("permissions").unwrap_or_default(),
        not_before: o.scalar("notBefore", timestamp),
        expires: o.scalar("expires", timestamp),
        enabled: o.flag("enabled").unwrap_or(true),
        pointer: o.pointer(),
    };
    let digest = o.text("sha256").unwrap_or_default();
    let Some(sha256) = digest_of(&digest) else {
        o.error(
            "sha256",
            "expected the 64 hexadecimal digits of the key's SHA-256",
        );
        return None;
    };
    Some(ApiKeyClient { sha256, ..client })
}

fn digest_of(hex: &str) -> Option<[u8; 32]> {
    let digits = hex
        .chars()
        .map(|digit| digit.to_digit(16))
        .collect::<Option<Vec<u32>>>()?;
    let bytes = digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit));
    let bytes: Vec<u8> = bytes.map(u8::try_from).collect::<Result<_, _>>().ok()?;
    if digits.len() == 64 {
        bytes.try_into().ok()
    } else {
        None
    }
}
