use super::*;
use crate::{
    places::Places,
    signature::SignatureError,
    testing::{Signer, document_keys, verifying_host},
};
use engine::{Identity, Trust};
use host::{Headers, fake::FakeHost};
use policy_model::{Report, document, document::JwtAlgorithm};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: u64 = 1_700_000_000;

fn provider(name: &str, issuer: Option<&str>, keys: &[&Signer]) -> Provider {
    let stated = document::Provider {
        name: name.to_owned(),
        issuer: issuer.map(str::to_owned),
        algorithms: vec![
            JwtAlgorithm::Hs256,
            JwtAlgorithm::Rs256,
            JwtAlgorithm::Es256,
        ],
        local_jwks: Some(document_keys(keys)),
        ..document::Provider::default()
    };
    let mut report = Report::default();
    let provider = Provider::compile(&stated, &mut report);
    assert!(!report.is_refusal(), "{report:?}");
    provider
}

fn any_of(count: usize) -> Requirement {
    let any_of = (count > 0).then(|| (0..count).collect());
    Requirement {
        any_of,
        ..Requirement::default()
    }
}

fn judges(providers: &[Provider]) -> Judges {
    let asked = ["sub".into()].into();
    Judges::new(providers.to_vec(), &asked, Cache::new(64, [7; 16]))
}

/// The vouching provider and the subject, or the refusing provider and why.
type Outcome = Result<Option<(usize, String)>, (Option<usize>, AuthError)>;

fn check(requirement: &Requirement, providers: &[Provider], token: Option<&[u8]>) -> Outcome {
    check_at(NOW, requirement, &judges(providers), token)
        .map(|passed| passed.map(|(who, subject, _)| (who, subject)))
}

/// The same at a time, and whether the token was known.
type OutcomeAt = Result<Option<(usize, String, bool)>, (Option<usize>, AuthError)>;

fn check_at(
    now: u64,
    requirement: &Requirement,
    judges: &Judges,
    token: Option<&[u8]>,
) -> OutcomeAt {
    let value = token.map(|token| [b"Bearer ", token].concat());
    let pairs: Vec<_> = value
        .iter()
        .map(|value| ("authorization", value.as_slice()))
        .collect();
    let headers = Headers::from_pairs(&pairs);
    let view = RequestView::new(&headers, Trust::Edge).unwrap();
    let host = verifying_host();
    match judges.check(requirement, false, &view, &host, || {
        Duration::from_secs(now)
    }) {
        Ok(Passed::Public | Passed::Anonymous | Passed::ByKey) => Ok(None),
        Ok(Passed::ByAll(all)) => panic!("{all:?}"),
        Ok(Passed::Verified(Verified {
            proof, is_known, ..
        })) => {
            let mut identity = Identity::default();
            identity.add_claims(proof.claims.clone());
            let mut subject = String::new();
            identity.visit_claim("sub", &mut |value| {
                subject += std::str::from_utf8(value).unwrap();
            });
            Ok(Some((proof.provider, subject, is_known)))
        }
        Err(refused) => Err((refused.provider, refused.error)),
    }
}

fn claims(iss: &str) -> Value {
    json!({"iss": iss, "sub": "ann", "exp": NOW + 60})
}

#[test]
fn the_tokens_issuer_chooses_the_provider() {
    let (one, two) = (Signer::es256("k"), Signer::es256("k"));
    let providers = [
        provider("one", Some("i1"), &[&one]),
        provider("two", Some("i2"), &[&two]),
    ];
    let ask = |token: String| check(&any_of(2), &providers, Some(token.as_bytes()));
    assert_eq!(ask(one.token(&claims("i1"))), Ok(Some((0, "ann".into()))));
    assert_eq!(ask(two.token(&claims("i2"))), Ok(Some((1, "ann".into()))));
    // One issuer's key says nothing in another issuer's name.
    assert_eq!(
        ask(one.token(&claims("i2"))),
        Err((Some(1), SignatureError::Wrong.into()))
    );
    assert_eq!(
        ask(one.token(&claims("i3"))),
        Err((Some(0), ClaimError::Issuer.into()))
    );
}

#[test]
fn providers_without_an_issuer_are_tried_in_turn() {
    let (one, two) = (Signer::es256("one"), Signer::es256("two"));
    let providers = [
        provider("one", None, &[&one]),
        provider("two", None, &[&two]),
    ];
    let token = two.token(&claims("x"));
    assert_eq!(
        check(&any_of(2), &providers, Some(token.as_bytes())),
        Ok(Some((1, "ann".into())))
    );
    let only_first = check(&any_of(1), &providers, Some(token.as_bytes()));
    assert_eq!(
        only_first,
        Err((Some(0), SignatureError::UnknownKey.into()))
    );
}

#[test]
fn the_reason_is_that_of_the_provider_which_was_meant() {
    let (one, two) = (Signer::es256("one"), Signer::es256("two"));
    let providers = [
        provider("one", None, &[&one]),
        provider("two", None, &[&two]),
    ];
    let expired = two.token(&json!({"exp": NOW - 60}));
    let outcome = check(&any_of(2), &providers, Some(expired.as_bytes()));
    assert_eq!(
        outcome,
        Err((Some(1), ClaimError::Expired(Duration::from_secs(60)).into()))
    );
}

#[test]
fn claims_are_not_looked_at_before_the_signature() {
    let (own, forger) = (Signer::es256("k"), Signer::es256("k"));
    let providers = [provider("one", Some("i1"), &[&own])];
    let forged = forger.token(&json!({"iss": "i1", "exp": 0, "nbf": "never"}));
    let outcome = check(&any_of(1), &providers, Some(forged.as_bytes()));
    assert_eq!(outcome, Err((Some(0), SignatureError::Wrong.into())));
}

#[test]
fn missing_is_not_bad() {
    let signer = Signer::es256("k");
    let providers = [provider("one", None, &[&signer])];
    let lenient = Requirement {
        allow_missing: true,
        ..any_of(1)
    };
    assert_eq!(
        check(&any_of(1), &providers, None),
        Err((None, AuthError::Missing))
    );
    assert_eq!(check(&lenient, &providers, None), Ok(None));
    let bad = Err((Some(0), AuthError::Malformed(Malformed::Parts)));
    assert_eq!(check(&lenient, &providers, Some(b"bad")), bad);
    assert_eq!(check(&any_of(0), &providers, Some(b"bad")), Ok(None));
}

#[test]
fn unsigned_tokens_are_refused_as_such() {
    let signer = Signer::rs256("k");
    let providers = [provider("one", None, &[&signer])];
    for alg in ["none", "None", "nOnE"] {
        let token = signer.token_with(&json!({"alg": alg}), &claims("x"));
        let (input, _) = token.rsplit_once('.').unwrap();
        for unsigned in [token.clone(), format!("{input}.")] {
            let outcome = check(&any_of(1), &providers, Some(unsigned.as_bytes()));
            assert_eq!(
                outcome,
                Err((Some(0), Malformed::Algorithm.into())),
                "{alg}"
            );
        }
    }
}

#[test]
fn a_provider_without_keys_believes_nobody_and_is_refused_at_configure() {
    let stated = document::Provider {
        algorithms: vec![JwtAlgorithm::Es256, JwtAlgorithm::Hs512],
        local_jwks: Some(document_keys(&[&Signer::rs256("k")])),
        pointer: "/authentication/providers/corp".into(),
        ..document::Provider::default()
    };
    let mut report = Report::default();
    let empty = Provider::compile(&stated, &mut report);
    let said: Vec<_> = report.findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "error at /authentication/providers/corp: no usable key for any of its algorithms: every token would be refused",
        ]
    );
    let token = Signer::rs256("k").token(&claims("x"));
    assert!(check(&any_of(1), &[empty], Some(token.as_bytes())).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_pass_or_panic(token in proptest::collection::vec(any::<u8>(), 0..300)) {
        let providers = [provider("one", None, &[&Signer::hs256("k", &[7; 32])])];
        prop_assert!(check(&any_of(1), &providers, Some(&token)).is_err());
    }
}

#[test]
fn a_host_without_the_function_says_so() {
    let signer = Signer::es256("k");
    let providers = [provider("one", None, &[&signer])];
    let value = format!("Bearer {}", signer.token(&claims("x")));
    let headers = Headers::from_pairs(&[("authorization", value)]);
    let view = RequestView::new(&headers, Trust::Edge).unwrap();
    let judges = judges(&providers);
    let checked = judges.check(&any_of(1), false, &view, &FakeHost::new(), || {
        Duration::from_secs(NOW)
    });
    let refused = checked.unwrap_err();
    assert_eq!(refused.error.reason(), "steward_jwt_no_verifier");
}

/// A token of the second of two providers.
fn of_the_second(claims: &Value) -> (Judges, String) {
    let (one, two) = (Signer::es256("one"), Signer::es256("two"));
    let providers = [
        provider("one", None, &[&one]),
        provider("two", None, &[&two]),
    ];
    (judges(&providers), two.token(claims))
}

#[test]
fn a_token_is_verified_once() {
    let (judges, token) = of_the_second(&claims("x"));
    let ask =
        |requirement: &Requirement| check_at(NOW, requirement, &judges, Some(token.as_bytes()));
    assert_eq!(ask(&any_of(2)), Ok(Some((1, "ann".into(), false))));
    assert_eq!(ask(&any_of(2)), Ok(Some((1, "ann".into(), true))));
    let refused = Err((Some(0), SignatureError::UnknownKey.into()));
    assert_eq!(
        ask(&any_of(1)),
        refused,
        "known, but not to the provider that this node asks"
    );
}

#[test]
fn who_is_asked_first_answers_first_though_another_one_is_known() {
    let signer = Signer::es256("k");
    let judges = judges(&[
        provider("one", None, &[&signer]),
        provider("two", None, &[&signer]),
    ]);
    let token = signer.token(&claims("x"));
    let ask = |places: &[usize]| {
        let any_of = Some(places.to_vec());
        let requirement = Requirement {
            any_of,
            ..Requirement::default()
        };
        check_at(NOW, &requirement, &judges, Some(token.as_bytes()))
    };
    assert_eq!(ask(&[1]), Ok(Some((1, "ann".into(), false))));
    assert_eq!(ask(&[0, 1]), Ok(Some((0, "ann".into(), false))));
    assert_eq!(ask(&[0, 1]), Ok(Some((0, "ann".into(), true))));
    assert_eq!(ask(&[1, 0]), Ok(Some((1, "ann".into(), true))));
}

#[test]
fn a_known_token_dies_on_time_and_does_not_live_before_it() {
    let skew = u64::from(document::Provider::DEFAULT_CLOCK_SKEW_SECONDS);
    let times = json!({"sub": "ann", "nbf": NOW, "exp": NOW + 60});
    let (judges, token) = of_the_second(&times);
    let at = |now| check_at(now, &any_of(2), &judges, Some(token.as_bytes()));
    assert_eq!(at(NOW), Ok(Some((1, "ann".into(), false))));
    assert_eq!(at(NOW + 59 + skew), Ok(Some((1, "ann".into(), true))));
    let expired = ClaimError::Expired(Duration::from_secs(skew));
    assert_eq!(at(NOW + 60 + skew), Err((Some(1), expired.into())));
    let early = ClaimError::NotYetValid(Duration::from_secs(1 + skew));
    let set_back = at(NOW - 1 - skew);
    assert_eq!(set_back, Err((Some(1), early.into())));
    assert_eq!(
        at(NOW),
        Ok(Some((1, "ann".into(), false))),
        "it was forgotten"
    );
}

#[test]
fn a_refused_token_is_not_known() {
    let (judges, token) = of_the_second(&json!({"exp": NOW - 60}));
    for _ in 0..2 {
        assert!(check_at(NOW, &any_of(2), &judges, Some(token.as_bytes())).is_err());
    }
    let forged = format!("{token}x");
    assert!(check_at(NOW, &any_of(2), &judges, Some(forged.as_bytes())).is_err());
}

/// As Envoy joins two `authorization` headers.
#[test]
fn a_known_token_beside_another_one_is_two() {
    let (judges, token) = of_the_second(&claims("x"));
    let ask = |value: &str| check_at(NOW, &any_of(2), &judges, Some(value.as_bytes()));
    assert!(ask(&token).is_ok());
    for joined in [
        format!("{token},Bearer x.y.z"),
        format!("x.y.z,Bearer {token}"),
    ] {
        assert_eq!(ask(&joined), Err((Some(0), AuthError::Ambiguous)));
    }
}

/// A request whose token a provider finds in `x-jwt`, and another one's in `authorization`.
#[test]
fn two_tokens_in_the_places_of_two_providers_are_refused_known_or_not() {
    let signer = Signer::es256("k");
    let mut one = provider("one", None, &[&signer]);
    one.places = Places::new(&document::Provider {
        from_headers: vec![document::TokenHeader {
            name: "x-jwt".to_owned(),
            prefix: String::new(),
        }],
        ..document::Provider::default()
    });
    let judges = judges(&[one, provider("two", None, &[&signer])]);
    let (good, other) = (signer.token(&claims("x")), signer.token(&claims("y")));
    let ask = |in_header: &str, in_authorization: &str| {
        let bearer = format!("Bearer {in_authorization}");
        let headers = Headers::from_pairs(&[("x-jwt", in_header), ("authorization", &bearer)]);
        let view = RequestView::new(&headers, Trust::Edge).unwrap();
        let host = verifying_host();
        let checked = judges.check(&any_of(2), false, &view, &host, || Duration::from_secs(NOW));
        checked.map(|_| ()).map_err(|refused| refused.error)
    };
    for _ in 0..2 {
        assert_eq!(ask(&good, ""), Ok(()));
        assert_eq!(ask("", &good), Ok(()));
        // The same in both: what is taken out of one place would go on in the other.
        assert_eq!(ask(&good, &good), Err(AuthError::Ambiguous));
        assert_eq!(ask(&good, &other), Err(AuthError::Ambiguous));
        assert_eq!(ask(&good, "a.b.c,Bearer d.e.f"), Err(AuthError::Ambiguous));
    }
}
