//! Roles, methods and owners, against the sentences of the document; and all of it against an evaluator over sets.

use super::*;
use engine::Claims;
use policy_model::document::{Role, Spelled};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::rc::Rc;

const ALL: [Permission; 5] = [
    Permission::Read,
    Permission::Write,
    Permission::Delete,
    Permission::Execute,
    Permission::Admin,
];

fn roles(roles: &[(&str, &[Permission])]) -> Option<Vec<Role>> {
    let role = |(name, permissions): &(&str, &[Permission])| Role {
        name: (*name).to_owned(),
        permissions: permissions.to_vec(),
    };
    Some(roles.iter().map(role).collect())
}

fn methods(methods: &[(&str, Permission)]) -> Option<Vec<MethodPermission>> {
    let method = |(method, permission): &(&str, Permission)| MethodPermission {
        method: (*method).to_owned(),
        permission: *permission,
    };
    Some(methods.iter().map(method).collect())
}

fn owner(claim: &str) -> Option<Vec<Ownership>> {
    Some(vec![Ownership {
        path_variable: "id".into(),
        claim: claim.into(),
    }])
}

fn caller(claims: &Value) -> Identity {
    let paths: Rc<[Rc<str>]> = ["roles", "scope", "sub", "tenants"].map(Rc::from).into();
    let mut identity = Identity::default();
    identity.add_claims(Claims::of(&paths, claims));
    identity
}

fn ask<'a>(access: &'a Access, method: &str, claims: &Value, id: &str) -> Result<(), Lack<'a>> {
    let variables = [("other", &b"x"[..]), ("id", id.as_bytes())];
    access.check(method.as_bytes(), &caller(claims), variables.into_iter())
}

fn shop() -> Access {
    Access::new(&Authorization {
        roles: roles(&[
            ("reader", &[Permission::Read]),
            ("editor", &[Permission::Read, Permission::Write]),
            ("root", &[Permission::Admin]),
        ]),
        methods: methods(&[("GET", Permission::Read), ("put", Permission::Write)]),
        ownership: owner("sub"),
        ..Authorization::default()
    })
}

#[test]
fn a_method_needs_what_it_is_said_to_need() {
    let shop = shop();
    let reader = json!({"roles": ["reader", "stranger"], "sub": "ann"});
    assert_eq!(ask(&shop, "GET", &reader, "ann"), Ok(()));
    assert_eq!(ask(&shop, "HEAD", &reader, "ann"), Ok(()));
    let lacks = |permission| Err(Lack::Permission(permission));
    assert_eq!(ask(&shop, "PUT", &reader, "ann"), lacks(Permission::Write));
    let editor = json!({"roles": ["editor"], "sub": "ann"});
    assert_eq!(ask(&shop, "PUT", &editor, "ann"), Ok(()));
    // Not named: nobody but an administrator.
    assert_eq!(
        ask(&shop, "DELETE", &editor, "ann"),
        lacks(Permission::Admin)
    );
    assert_eq!(ask(&shop, "get ", &editor, "ann"), lacks(Permission::Admin));
    assert_eq!(
        ask(&shop, "DELETE", &json!({"roles": "root"}), "ann"),
        Ok(())
    );
}

#[test]
fn a_role_is_a_whole_name_and_a_scope_is_words() {
    let shop = shop();
    for not_reader in [
        json!("reader editor"),
        json!(["Reader"]),
        json!({"reader": true}),
        json!(null),
        json!([]),
    ] {
        let caller = json!({"roles": not_reader, "sub": "ann"});
        assert!(ask(&shop, "GET", &caller, "ann").is_err(), "{caller}");
    }
    let by_scope = Access::new(&Authorization {
        roles: roles(&[("orders:read", &[Permission::Read])]),
        roles_claim: Some("scope".into()),
        methods: methods(&[("GET", Permission::Read)]),
        ..Authorization::default()
    });
    assert_eq!(
        ask(
            &by_scope,
            "GET",
            &json!({"scope": "openid orders:read"}),
            ""
        ),
        Ok(())
    );
    assert!(
        ask(
            &by_scope,
            "GET",
            &json!({"scope": "openid orders:readers"}),
            ""
        )
        .is_err()
    );
}

#[test]
fn what_a_path_names_is_the_callers_own_unless_he_is_an_administrator() {
    let shop = shop();
    let ann = json!({"roles": ["editor"], "sub": "ann"});
    assert_eq!(ask(&shop, "GET", &ann, "bob"), Err(Lack::Ownership("id")));
    assert_eq!(
        ask(
            &shop,
            "GET",
            &json!({"roles": ["root"], "sub": "ann"}),
            "bob"
        ),
        Ok(())
    );
    // Without the claim nothing is anybody's.
    assert!(ask(&shop, "GET", &json!({"roles": ["editor"]}), "").is_err());
    let tenants = Access::new(&Authorization {
        ownership: owner("tenants"),
        ..Authorization::default()
    });
    let member = json!({"tenants": ["a", "b c"]});
    assert_eq!(ask(&tenants, "PURGE", &member, "b%20c"), Ok(()));
    assert!(ask(&tenants, "PURGE", &member, "c").is_err());
}

#[test]
fn the_owner_of_an_api_key_has_what_the_document_gives_it() {
    let access = |roles| {
        Access::new(&Authorization {
            roles,
            methods: methods(&[("GET", Permission::Read), ("PUT", Permission::Write)]),
            ..Authorization::default()
        })
    };
    let access = access(roles(&[("reader", &[Permission::Read])]));
    let mut client = Identity::default();
    client.set_api_key("core".into());
    let ask =
        |client: &Identity, method: &[u8]| access.check(method, client, std::iter::empty()).is_ok();
    assert!(!ask(&client, b"GET"));
    client.set_roles(Rc::new(["reader".into()]));
    assert!(ask(&client, b"GET") && !ask(&client, b"PUT"));
    client.set_permissions(Rc::new([Permission::Write]));
    assert!(ask(&client, b"GET") && ask(&client, b"PUT"));
}

#[test]
fn nothing_said_is_nothing_asked() {
    assert!(Access::new(&Authorization::default()).is_silent());
    let emptied = Authorization {
        roles: Some(Vec::new()),
        methods: Some(Vec::new()),
        ownership: Some(Vec::new()),
        ..Authorization::default()
    };
    assert!(Access::new(&emptied).is_silent());
    assert!(!shop().is_silent());
}

fn permission() -> impl Strategy<Value = Permission> {
    proptest::sample::select(ALL.to_vec())
}

proptest! {
    #[test]
    fn the_verdict_is_that_of_the_sets(
        granted in proptest::collection::vec(("[a-c]", proptest::collection::vec(permission(), 0..3)), 0..4),
        needs in proptest::collection::btree_map("GET|PUT|POST", permission(), 0..3),
        has in proptest::collection::vec("[a-d]", 0..3),
        method in "GET|PUT|POST|DELETE",
        owned in any::<bool>(),
        (sub, id) in ("[x-y]", "[x-y]"),
    ) {
        let mut granted = granted;
        granted.sort_by(|a, b| a.0.cmp(&b.0));
        granted.dedup_by(|a, b| a.0 == b.0);
        let stated = Authorization {
            roles: Some(granted.iter().map(|(name, permissions)| Role {
                name: name.clone(), permissions: permissions.clone(),
            }).collect()),
            methods: Some(needs.iter().map(|(method, permission)| MethodPermission {
                method: method.clone(), permission: *permission,
            }).collect()),
            ownership: owned.then(|| owner("sub")).flatten(),
            ..Authorization::default()
        };
        let held: Vec<Permission> = granted.iter().filter(|(name, _)| has.contains(name))
            .flat_map(|(_, permissions)| permissions.clone()).collect();
        let admin = held.contains(&Permission::Admin);
        let permitted = (granted.is_empty() && needs.is_empty()) || admin
            || needs.get(&method).is_some_and(|needed| held.contains(needed));
        let own = !owned || admin || sub == id;
        let access = Access::new(&stated);
        let verdict = ask(&access, &method, &json!({"roles": has, "sub": sub}), &id);
        prop_assert_eq!(verdict.is_ok(), permitted && own, "{:?}", verdict);
    }
}

#[test]
fn every_permission_is_one_of_its_own() {
    assert_eq!(Permission::SPELLINGS.len(), ALL.len());
    let one = |permission| [permission].into_iter().collect::<Permissions>();
    for (a, b) in ALL.iter().flat_map(|a| ALL.iter().map(move |b| (*a, *b))) {
        assert_eq!(one(a).has(b), a == b || a == Permission::Admin, "{a} {b}");
    }
}
