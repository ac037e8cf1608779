//! What the cache really takes: counted where it is allocated, not where it keeps its books.
//!
//! Counted natively, where pointers are twice as long as in a module, and with what a module's allocator adds to each block:
//! a module takes less.

use super::*;
use crate::{
    jws::Jws,
    provider::Provider,
    testing::{Signer, document_keys, text},
};
use allocation_counter::measure;
use policy_model::{
    Report,
    document::{self, Authentication, ClaimToHeader},
};
use serde_json::{Value, json};

/// What the allocator adds to each block in a module: dlmalloc's 4 bytes, and 8 on the average to reach a multiple of 16.
const PER_BLOCK: i64 = 12;

const MIB: i64 = 1024 * 1024;

fn provider() -> Provider {
    let to = |claim: &str, header: &str| ClaimToHeader {
        claim: claim.to_owned(),
        header: header.to_owned(),
    };
    let stated = document::Provider {
        local_jwks: Some(document_keys(&[&Signer::rs256("k")])),
        algorithms: vec![crate::algorithm::Algorithm::Rs256],
        claim_to_headers: vec![to("sub", "x-user-id"), to("tenant", "x-tenant")],
        ..document::Provider::default()
    };
    Provider::compile(&stated, &mut Report::default())
}

/// Fills a cache of the default size with half as many tokens again as it has room for; what it then takes, in bytes.
fn full(claims: impl Fn(usize) -> Value) -> i64 {
    let (provider, times) = (provider(), Default::default());
    let asked = ["sub", "tenant", "realm_access.roles"].map(Rc::from).into();
    let entries = Authentication::DEFAULT_CACHED_TOKENS as usize;
    let cache = Cache::new(0, [7; 16]);
    let counted = measure(|| {
        *cache.sets.borrow_mut() = Cache::new(entries, [7; 16]).sets.into_inner();
        for number in 0..entries * 3 / 2 {
            let token = [
                text(r#"{"alg":"RS256"}"#),
                text(claims(number).to_string()),
                String::new(),
            ]
            .join(".");
            let jws = Jws::parse(token.as_bytes()).unwrap();
            let proof = Proof::of(&jws, 0, &provider, times, &asked);
            cache.keep(cache.fingerprint(token.as_bytes()), &Rc::new(proof));
        }
    });
    counted.bytes_current + counted.count_current * PER_BLOCK
}

fn realistic(number: usize) -> Value {
    json!({
        "iss": "https://issuer.example/realms/shop", "aud": ["orders", "account"], "azp": "web",
        "sub": format!("5b0c9a52-6f0e-4d7c-9d2a-{number:012}"), "tenant": format!("tenant-{}", number % 97),
        "email": format!("user-{number}@example.com"), "name": "Ann Example", "scope": "openid profile email",
        "realm_access": {"roles": ["orders-reader", "orders-editor", "offline_access"]},
        "iat": 1_700_000_000 + number, "exp": 1_700_000_600 + number,
    })
}

#[test]
fn ten_thousand_tokens_take_four_mebibytes() {
    let bytes = full(realistic);
    assert!(bytes <= 4 * MIB, "{bytes}");
}

/// Dozens of small values cost more to hold than they are long.
#[test]
fn tokens_of_many_small_values_take_no_more() {
    let bytes = full(|number| {
        let roles: Vec<_> = (0..40 + number % 60)
            .map(|role| format!("{}", role % 10))
            .collect();
        json!({"sub": number.to_string(), "realm_access": {"roles": roles}})
    });
    assert!(bytes <= 4 * MIB, "{bytes}");
}
