use super::*;
use policy_model::document::{ClaimRule, Op};
use proptest::prelude::*;
use serde_json::json;

const NOW: u64 = 1_700_000_000;

fn rules() -> Rules {
    Rules {
        issuer: Some("https://issuer.example".to_owned()),
        audiences: vec!["orders".to_owned(), "billing".to_owned()],
        skew: Duration::from_secs(60),
        require_expiration: true,
        ..Rules::default()
    }
}

fn good() -> Value {
    json!({"iss": "https://issuer.example", "aud": "orders", "exp": NOW + 600})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    match value {
        Value::Null => claims.as_object_mut().unwrap().remove(name),
        value => claims
            .as_object_mut()
            .unwrap()
            .insert(name.to_owned(), value),
    };
    claims
}

fn verdict(rules: &Rules, claims: &Value) -> Result<(), ClaimError> {
    rules.check(claims, Duration::from_secs(NOW)).map(|_| ())
}

fn test(op: Op, values: &[&str]) -> Option<ClaimTest> {
    let rule = ClaimRule {
        claim: String::new(),
        op,
        values: values.iter().map(|&value| value.to_owned()).collect(),
        pointer: Rc::from(""),
    };
    ClaimTest::compile(&rule).unwrap()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_issuer_is_matched_exactly() {
    assert_eq!(verdict(&rules(), &good()), Ok(()));
    for iss in [
        json!("https://issuer.example/"),
        json!("HTTPS://issuer.example"),
        json!(["x"]),
        Value::Null,
    ] {
        assert_eq!(
            verdict(&rules(), &with("iss", iss)),
            Err(ClaimError::Issuer)
        );
    }
    assert_eq!(
        verdict(
            &Rules {
                issuer: None,
                ..rules()
            },
            &with("iss", json!("x"))
        ),
        Ok(())
    );
}

#[test]
fn one_audience_of_ours_is_enough() {
    for aud in [json!("billing"), json!(["x", "orders"])] {
        assert_eq!(verdict(&rules(), &with("aud", aud)), Ok(()));
    }
    for aud in [
        json!("Orders"),
        json!(["x"]),
        json!([]),
        json!({"orders": 1}),
        json!(7),
        Value::Null,
    ] {
        assert_eq!(
            verdict(&rules(), &with("aud", aud)),
            Err(ClaimError::Audience)
        );
    }
    let any = Rules {
        audiences: Vec::new(),
        ..rules()
    };
    assert_eq!(verdict(&any, &with("aud", json!("x"))), Ok(()));
}

#[test]
fn a_token_dies_at_exp_and_skew_to_the_second() {
    let expiring = |exp| verdict(&rules(), &with("exp", exp));
    assert_eq!(expiring(json!(NOW - 59)), Ok(()));
    assert_eq!(
        expiring(json!(NOW - 60)),
        Err(ClaimError::Expired(seconds(60)))
    );
    assert_eq!(expiring(json!(NOW as f64 - 59.5)), Ok(()));
    let exact = Rules {
        skew: Duration::ZERO,
        ..rules()
    };
    assert_eq!(verdict(&exact, &with("exp", json!(NOW + 1))), Ok(()));
    assert_eq!(
        verdict(&exact, &with("exp", json!(NOW))),
        Err(ClaimError::Expired(seconds(0)))
    );
}

#[test]
fn a_token_without_exp_passes_only_where_allowed() {
    let endless = with("exp", Value::Null);
    assert_eq!(verdict(&rules(), &endless), Err(ClaimError::NoExpiration));
    assert_eq!(
        verdict(
            &Rules {
                require_expiration: false,
                ..rules()
            },
            &endless
        ),
        Ok(())
    );
    let bounded = Rules {
        require_expiration: false,
        max_lifetime: Some(seconds(3600)),
        ..rules()
    };
    assert_eq!(verdict(&bounded, &endless), Err(ClaimError::NoExpiration));
}

#[test]
fn nbf_and_iat_may_be_ahead_by_the_skew() {
    let early = |name, at: u64| verdict(&rules(), &with(name, json!(at)));
    assert_eq!(early("nbf", NOW + 60), Ok(()));
    assert_eq!(
        early("nbf", NOW + 61),
        Err(ClaimError::NotYetValid(seconds(61)))
    );
    assert_eq!(early("iat", NOW + 60), Ok(()));
    assert_eq!(
        early("iat", NOW + 61),
        Err(ClaimError::IssuedInFuture(seconds(61)))
    );
}

#[test]
fn a_time_that_is_none_refuses_the_token() {
    for name in ["exp", "nbf", "iat"] {
        for value in [
            json!("1800000000"),
            json!(-1),
            json!(1_700_000_000_000u64),
            json!([]),
        ] {
            assert_eq!(
                verdict(&rules(), &with(name, value)),
                Err(ClaimError::NotATime(name))
            );
        }
    }
}

#[test]
fn lifetime_counts_from_iat_or_from_now() {
    let rules = Rules {
        max_lifetime: Some(seconds(3600)),
        ..rules()
    };
    let living = |iat: Value, exp: u64| {
        let mut claims = with("iat", iat);
        claims
            .as_object_mut()
            .unwrap()
            .insert("exp".to_owned(), json!(exp));
        verdict(&rules, &claims)
    };
    assert_eq!(living(json!(NOW - 3000), NOW + 600), Ok(()));
    assert_eq!(
        living(json!(NOW - 3001), NOW + 600),
        Err(ClaimError::Lifetime(seconds(3601)))
    );
    assert_eq!(living(Value::Null, NOW + 3660), Ok(()));
    assert_eq!(
        living(Value::Null, NOW + 3661),
        Err(ClaimError::Lifetime(seconds(3661)))
    );
}

#[test]
fn required_claims_are_found_by_path() {
    let required = |path: &str, values: &[&str]| {
        let required = vec![Required {
            path: path.into(),
            test: test(Op::In, values),
        }];
        let mut claims = good();
        let members = claims.as_object_mut().unwrap();
        members.insert(
            "realm_access".to_owned(),
            json!({"roles": ["user", "editor"]}),
        );
        members.insert("https://x.example/tier".to_owned(), json!("gold"));
        members.insert("level".to_owned(), json!(7));
        members.insert("mfa".to_owned(), json!(true));
        members.insert("nothing".to_owned(), Value::Null);
        verdict(
            &Rules {
                required,
                ..rules()
            },
            &claims,
        )
    };
    let refused = |path: &str| Err(ClaimError::Required(path.into()));
    assert_eq!(required("realm_access.roles", &["editor"]), Ok(()));
    assert_eq!(required("realm_access.roles", &["x", "user"]), Ok(()));
    assert_eq!(
        required("realm_access.roles", &["x"]),
        refused("realm_access.roles")
    );
    assert_eq!(required("realm_access", &[]), Ok(()));
    assert_eq!(required("https://x.example/tier", &["gold"]), Ok(()));
    assert_eq!(
        required("https://x.example/tier", &["Gold"]),
        refused("https://x.example/tier")
    );
    assert_eq!(required("level", &["7"]), Ok(()));
    assert_eq!(required("mfa", &["true"]), Ok(()));
    assert_eq!(required("mfa", &["false"]), refused("mfa"));
    assert_eq!(required("nothing", &[]), refused("nothing"));
    assert_eq!(required("absent", &[]), refused("absent"));
}

#[test]
fn a_scope_is_one_of_its_words_and_may_be_known_by_how_it_begins() {
    let verdict = |op, values: &[&str], scope: Value| {
        let required = vec![Required {
            path: "scope".into(),
            test: test(op, values),
        }];
        let rules = Rules {
            required,
            ..rules()
        };
        verdict(&rules, &with("scope", scope)).is_ok()
    };
    let scopes = json!("openid orders:read");
    assert!(verdict(Op::In, &["orders:read"], scopes.clone()));
    assert!(!verdict(Op::In, &["orders"], scopes.clone()));
    assert!(verdict(Op::Prefix, &["orders:"], scopes.clone()));
    assert!(verdict(
        Op::Regular,
        &["[a-z]+:(read|write)"],
        scopes.clone()
    ));
    assert!(!verdict(Op::NotIn, &["openid"], scopes));
    assert!(!verdict(Op::Prefix, &["orders:"], json!({"orders:": 1})));
    // What must be there is not there, though it is not what it must not be.
    assert!(!verdict(Op::NotIn, &["openid"], Value::Null));
    assert!(!verdict(Op::NotIn, &["openid"], json!([])));
}

#[test]
fn a_subject_is_one_string() {
    let rules = Rules {
        subjects: test(Op::Regular, &["svc-.*", "ann"]),
        ..rules()
    };
    for sub in ["ann", "svc-7"] {
        assert_eq!(verdict(&rules, &with("sub", json!(sub))), Ok(()));
    }
    for sub in [
        json!("anna"),
        json!(["ann"]),
        json!(7),
        json!(true),
        Value::Null,
    ] {
        assert_eq!(verdict(&rules, &with("sub", sub)), Err(ClaimError::Subject));
    }
}

/// At time 0 nothing has expired yet.
#[test]
fn a_clock_that_was_never_set_believes_no_times() {
    let lenient = Rules {
        require_expiration: false,
        ..rules()
    };
    let at_epoch = |claims: &Value| lenient.check(claims, Duration::ZERO).map(|_| ());
    assert_eq!(at_epoch(&good()), Err(ClaimError::NoClock));
    assert_eq!(at_epoch(&with("exp", json!(30))), Err(ClaimError::NoClock));
    assert_eq!(at_epoch(&with("exp", Value::Null)), Ok(()));
}

proptest! {
    #[test]
    fn what_has_expired_never_comes_back(exp in 0u64..4_000_000_000, now in 1u64..4_000_000_000, later in 0u64..1_000_000) {
        let claims = with("exp", json!(exp));
        let at = |now| rules().check(&claims, Duration::from_secs(now));
        prop_assert_eq!(at(now).is_ok(), now < exp + 60);
        prop_assert!(at(now).is_ok() || at(now + later).is_err());
    }
}
