use super::*;
use engine::Trust;
use host::Headers;
use policy_model::Document;
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: u64 = 1_700_000_000;
const KEY: &str = "stk_correct-horse";

fn hex(key: &[u8]) -> String {
    let digest = Sha256::digest(key);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn keys(clients: &Value) -> ApiKeys {
    let text = json!({"authentication": {
        "apiKeys": {"fromHeaders": ["X-Api-Key", "Authorization"], "fromParams": ["api_key"], "fromCookies": ["key"],
            "clients": clients},
        "requirement": {"anyOf": ["apiKeys"]},
    }});
    let (document, report) = Document::read(text.to_string().as_bytes());
    assert!(!report.is_refusal(), "{report:?}");
    ApiKeys::compile(&document.unwrap().authentication.api_keys.unwrap())
}

fn client(more: &Value) -> ApiKeys {
    let mut client = json!({"id": "core", "sha256": hex(KEY.as_bytes())});
    let members = client.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    keys(&json!([client]))
}

const ASKED: Requirement = Requirement {
    any_of: Some(Vec::new()),
    all_of: Vec::new(),
    api_keys: true,
    needs_key: false,
    allow_failed: false,
    pass_preflight: false,
    allow_missing: false,
    shadow: false,
};

type Pairs<'a> = &'a [(&'a str, &'a [u8])];

fn ask(
    requirement: &Requirement,
    keys: &ApiKeys,
    pairs: Pairs<'_>,
) -> Result<Option<String>, KeyError> {
    let headers = Headers::from_pairs(pairs);
    let view = RequestView::new(&headers, Trust::Edge).unwrap();
    match keys.check(requirement, &view, || Duration::from_secs(NOW)) {
        Ok(known) => Ok(known.map(|known| known.client.id.to_string())),
        Err(refused) => Err(refused.error),
    }
}

fn whose(keys: &ApiKeys, key: &[u8]) -> Result<String, KeyError> {
    ask(&ASKED, keys, &[("x-api-key", key)]).map(Option::unwrap_or_default)
}

#[test]
fn a_key_is_its_clients_and_nobody_elses() {
    let keys = keys(&json!([
        {"id": "a", "sha256": hex(b"one")}, {"id": "b", "sha256": hex(b"two").to_uppercase()}
    ]));
    assert_eq!(whose(&keys, b"one"), Ok("a".into()));
    assert_eq!(whose(&keys, b"two"), Ok("b".into()));
    for wrong in [
        b"One".as_slice(),
        b"one two",
        b"on",
        b"\xff\xfe",
        hex(b"one").as_bytes(),
    ] {
        assert_eq!(whose(&keys, wrong), Err(KeyError::Unknown));
    }
    let long = [b'k'; MAX_KEY_BYTES];
    let known = self::keys(&json!([{"id": "a", "sha256": hex(&long)}]));
    assert_eq!(whose(&known, &long), Ok("a".into()));
    let longer = [b'k'; MAX_KEY_BYTES + 1];
    let known = self::keys(&json!([{"id": "a", "sha256": hex(&longer)}]));
    assert_eq!(whose(&known, &longer), Err(KeyError::Unknown));
}

#[test]
fn a_key_holds_from_its_first_second_to_before_its_last() {
    for (more, wanted) in [
        (
            json!({"notBefore": NOW, "expires": NOW + 1}),
            Ok("core".to_owned()),
        ),
        (json!({"notBefore": NOW + 1}), Err(KeyError::NotYetValid)),
        (json!({"expires": NOW}), Err(KeyError::Expired)),
        (
            json!({"expires": "2023-11-14T22:13:20Z"}),
            Err(KeyError::Expired),
        ),
        (
            json!({"expires": "2023-11-14T22:13:21Z"}),
            Ok("core".to_owned()),
        ),
        (
            json!({"enabled": false, "expires": NOW}),
            Err(KeyError::Disabled),
        ),
        (json!({"enabled": true}), Ok("core".to_owned())),
    ] {
        assert_eq!(whose(&client(&more), KEY.as_bytes()), wanted, "{more}");
        // Who has no key learns nothing of times.
        assert_eq!(whose(&client(&more), b"guess"), Err(KeyError::Unknown));
    }
}

#[test]
fn a_clock_that_was_never_set_believes_no_key_that_ends() {
    let at_epoch = |more: &Value| {
        let keys = client(more);
        let headers = Headers::from_pairs(&[("x-api-key", KEY.as_bytes())]);
        let view = RequestView::new(&headers, Trust::Edge).unwrap();
        let known = keys.check(&ASKED, &view, || Duration::ZERO);
        known.map(|_| ()).map_err(|refused| refused.error)
    };
    assert_eq!(at_epoch(&json!({"expires": NOW})), Err(KeyError::NoClock));
    assert_eq!(
        at_epoch(&json!({"notBefore": NOW})),
        Err(KeyError::NotYetValid)
    );
    assert_eq!(at_epoch(&json!({})), Ok(()));
}

#[test]
fn a_key_may_be_in_any_of_its_places_but_in_one_only() {
    let keys = client(&json!({}));
    let key = KEY.as_bytes();
    let path = format!("/o?a=1&api_key={KEY}");
    let cookie = format!("a=1; key={KEY}");
    let scheme = format!("apikey {KEY}");
    let places = [
        ("x-api-key", key),
        (":path", path.as_bytes()),
        ("cookie", cookie.as_bytes()),
        ("authorization", scheme.as_bytes()),
    ];
    for one in places {
        assert_eq!(
            ask(&ASKED, &keys, &[one]),
            Ok(Some("core".into())),
            "{one:?}"
        );
        // There is one `:path`.
        for other in places
            .into_iter()
            .filter(|other| *other != places[1] || one != *other)
        {
            assert_eq!(
                ask(&ASKED, &keys, &[one, other]),
                Err(KeyError::Ambiguous),
                "{one:?} {other:?}"
            );
        }
    }
    let twice = format!("/o?api_key={KEY}&api_key=x");
    assert_eq!(
        ask(&ASKED, &keys, &[(":path", twice.as_bytes())]),
        Err(KeyError::Ambiguous)
    );
    // A bearer token is another kind of credential.
    let bearer = format!("Bearer {KEY}");
    assert_eq!(
        ask(&ASKED, &keys, &[("authorization", bearer.as_bytes())]),
        Err(KeyError::Missing)
    );
}

#[test]
fn a_key_counts_where_it_is_asked_for() {
    let keys = client(&json!({}));
    let with = |requirement: Requirement, pairs: Pairs<'_>| ask(&requirement, &keys, pairs);
    let (good, bad) = (
        ("x-api-key", KEY.as_bytes()),
        ("x-api-key", b"bad".as_slice()),
    );
    let public = Requirement::default;
    assert_eq!(with(public(), &[good]), Ok(None));
    assert_eq!(with(public(), &[bad, bad]), Ok(None));
    let lenient = || Requirement {
        allow_missing: true,
        ..ASKED
    };
    let either = || Requirement {
        any_of: Some(vec![0]),
        ..ASKED
    };
    for requirement in [lenient, either] {
        assert_eq!(with(requirement(), &[]), Ok(None));
        assert_eq!(with(requirement(), &[good]), Ok(Some("core".into())));
        assert_eq!(with(requirement(), &[bad]), Err(KeyError::Unknown));
    }
    assert_eq!(with(ASKED, &[]), Err(KeyError::Missing));
    assert_eq!(with(ASKED, &[("x-api-key", b"")]), Err(KeyError::Missing));
}

#[test]
fn the_caller_is_the_client_with_its_roles_and_permissions() {
    let keys = client(&json!({"roles": ["reader", "editor"], "permissions": ["READ", "EXECUTE"]}));
    let mut identity = Identity::default();
    keys.clients[0].identify(&mut identity);
    assert_eq!(identity.api_key(), Some("core"));
    assert_eq!(identity.roles(), [Rc::from("reader"), Rc::from("editor")]);
    assert_eq!(
        identity.permissions(),
        [Permission::Read, Permission::Execute]
    );
}

#[test]
fn digests_that_begin_alike_are_told_apart() {
    let mut keys = client(&json!({}));
    // One with the same first half stands before the client.
    let mut near = keys.clients[0].clone();
    near.digest[31] ^= 1;
    near.id = "near".into();
    keys.clients.insert(0, near);
    assert_eq!(whose(&keys, KEY.as_bytes()), Ok("core".into()));
}

proptest! {
    /// Whatever is sent: who is found is whose digest it has.
    #[test]
    fn a_search_finds_what_looking_at_every_client_finds(
        secrets in prop::collection::btree_set("[a-z]{1,3}", 0..40),
        sent in "[a-z]{1,3}",
    ) {
        let clients: Vec<_> = secrets.iter().map(|key| json!({"id": key, "sha256": hex(key.as_bytes())})).collect();
        let keys = keys(&json!(clients));
        for key in secrets.iter().chain([&sent]) {
            let wanted = match secrets.contains(key) {
                true => Ok(key.clone()),
                false => Err(KeyError::Unknown),
            };
            prop_assert_eq!(whose(&keys, key.as_bytes()), wanted);
        }
    }

    /// No bytes panic, and none but the key pass.
    #[test]
    fn any_bytes_are_answered(value in prop::collection::vec(any::<u8>(), 0..80), line in prop::collection::vec(any::<u8>(), 0..80)) {
        let keys = client(&json!({}));
        let path = [b"/?api_key=".as_slice(), &line].concat();
        for pairs in [&[("x-api-key", value.as_slice())], &[("cookie", line.as_slice())], &[("authorization", value.as_slice())], &[(":path", path.as_slice())]] {
            let headers = Headers::from_pairs(pairs);
            if let Ok(view) = RequestView::new(&headers, Trust::Edge) {
                prop_assert!(keys.check(&ASKED, &view, || Duration::from_secs(NOW)).is_err());
            }
        }
    }
}
