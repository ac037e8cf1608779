//! Who runs: each variant is a chain of filters in an Envoy of its own.

use super::{filters, traffic::Checks};
use benches::document::{self, User};
use serde_json::{Value, json};
use testkit::tokens::Algorithm;

/// A filter chain to be measured.
pub(super) struct Variant {
    /// As printed.
    pub(super) name: &'static str,
    /// The variant of Envoy's own filters that does a like work.
    pub(super) native: Option<&'static str>,
    /// The modules it loads.
    pub(super) modules: &'static [&'static str],
    /// What it refuses.
    pub(super) checks: Checks,
    /// Its filters, the router excepted.
    pub(super) filters: Vec<Value>,
}

/// Nothing but Envoy: what every other variant is compared with first.
pub(super) const BARE: &str = "bare";

/// A module that does nothing.
pub(super) const EMPTY: &str = "empty filter";

const CHAIN: &str = "native chain";
const TOKEN: Checks = Checks {
    token: Some(Algorithm::Rs256),
    limit: false,
};
const ES256: Checks = Checks {
    token: Some(Algorithm::Es256),
    limit: false,
};
const LIMIT: Checks = Checks {
    token: None,
    limit: true,
};
const BOTH: Checks = Checks {
    token: Some(Algorithm::Rs256),
    limit: true,
};

/// All of them, in the order of the table.
pub(super) fn all() -> Vec<Variant> {
    let mut all = whole();
    all.extend(single());
    all
}

/// As printed, for the command line.
pub(super) fn names() -> Vec<&'static str> {
    all().iter().map(|variant| variant.name).collect()
}

/// The variants of these names and those that they are compared with; all of them, if there is no name.
pub(super) fn chosen(names: &[String]) -> Vec<Variant> {
    let all = all();
    let named = |variant: &Variant| names.iter().any(|name| *name == variant.name);
    let natives: Vec<_> = all
        .iter()
        .filter(|variant| named(variant))
        .filter_map(|variant| variant.native)
        .collect();
    let wanted = |variant: &Variant| {
        let is_compared = variant.name == BARE || natives.contains(&variant.name);
        names.is_empty() || is_compared || named(variant)
    };
    all.into_iter().filter(wanted).collect()
}

/// The yardsticks, and everything at once.
fn whole() -> Vec<Variant> {
    use filters::{jwt_authn, lane_to_metadata, local_ratelimit, rbac, subset_to_metadata, wasm};
    let user = User::Header("x-user-id");
    vec![
        variant(BARE, None, &[], Checks::default(), vec![]),
        variant(
            EMPTY,
            None,
            &["empty-filter"],
            Checks::default(),
            vec![wasm("empty-filter", &json!({}))],
        ),
        variant(
            CHAIN,
            None,
            &[],
            BOTH,
            vec![
                jwt_authn(true),
                rbac(),
                local_ratelimit("x-user-id"),
                lane_to_metadata(),
            ],
        ),
        variant(
            "governance.wasm",
            Some(CHAIN),
            &["governance"],
            BOTH,
            vec![
                wasm("governance", &document::everything()),
                subset_to_metadata(),
            ],
        ),
        variant(
            "four modules",
            Some(CHAIN),
            &["jwt-auth", "rate-limit", "traffic-route", "circuit-breaker"],
            BOTH,
            vec![
                wasm("jwt-auth", &document::token()),
                wasm("rate-limit", &document::windows(user)),
                wasm("traffic-route", &document::lane()),
                wasm("circuit-breaker", &document::circuit()),
                subset_to_metadata(),
            ],
        ),
    ]
}

/// Each module against the filter that does the same.
fn single() -> Vec<Variant> {
    use filters::{jwt_authn, lane_to_metadata, local_ratelimit, subset_to_metadata, wasm};
    let none = Checks::default();
    let windows = document::windows(User::Header("x-user"));
    let bucket = document::bucket(User::Header("x-user"));
    let at_once = document::windows_at_once(User::Header("x-user"));
    vec![
        variant("jwt_authn", None, &[], TOKEN, vec![jwt_authn(true)]),
        variant(
            "jwt_authn, no cache",
            None,
            &[],
            TOKEN,
            vec![jwt_authn(false)],
        ),
        variant(
            "jwt-auth.wasm",
            Some("jwt_authn"),
            &["jwt-auth"],
            TOKEN,
            vec![wasm("jwt-auth", &document::token())],
        ),
        variant(
            "jwt-auth.wasm, no cache",
            Some("jwt_authn, no cache"),
            &["jwt-auth"],
            TOKEN,
            vec![wasm("jwt-auth", &document::token_anew())],
        ),
        variant(
            "jwt_authn, ES256, no cache",
            None,
            &[],
            ES256,
            vec![jwt_authn(false)],
        ),
        variant(
            "jwt-auth.wasm, ES256, no cache",
            Some("jwt_authn, ES256, no cache"),
            &["jwt-auth"],
            ES256,
            vec![wasm("jwt-auth", &document::es256_anew())],
        ),
        variant(
            "local_ratelimit",
            None,
            &[],
            LIMIT,
            vec![local_ratelimit("x-user")],
        ),
        variant(
            "rate-limit.wasm",
            Some("local_ratelimit"),
            &["rate-limit"],
            LIMIT,
            vec![wasm("rate-limit", &windows)],
        ),
        variant(
            "rate-limit.wasm, one bucket",
            Some("local_ratelimit"),
            &["rate-limit"],
            LIMIT,
            vec![wasm("rate-limit", &bucket)],
        ),
        variant(
            "rate-limit.wasm, and at once",
            Some("local_ratelimit"),
            &["rate-limit"],
            LIMIT,
            vec![wasm("rate-limit", &at_once)],
        ),
        variant(
            "header_to_metadata",
            None,
            &[],
            none,
            vec![lane_to_metadata()],
        ),
        variant(
            "traffic-route.wasm",
            Some("header_to_metadata"),
            &["traffic-route"],
            none,
            vec![
                wasm("traffic-route", &document::lane()),
                subset_to_metadata(),
            ],
        ),
        variant(
            "circuit-breaker.wasm",
            None,
            &["circuit-breaker"],
            none,
            vec![wasm("circuit-breaker", &document::circuit())],
        ),
    ]
}

fn variant(
    name: &'static str,
    native: Option<&'static str>,
    modules: &'static [&'static str],
    checks: Checks,
    filters: Vec<Value>,
) -> Variant {
    Variant {
        name,
        native,
        modules,
        checks,
        filters,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_one_brings_what_it_is_compared_with() {
        let names = |only: &[&str]| {
            let only: Vec<_> = only.iter().map(ToString::to_string).collect();
            let chosen = chosen(&only);
            chosen.iter().map(|one| one.name).collect::<Vec<_>>()
        };
        assert_eq!(
            names(&["rate-limit.wasm"]),
            [BARE, "local_ratelimit", "rate-limit.wasm"]
        );
        assert_eq!(names(&[]).len(), all().len());
    }

    #[test]
    fn each_is_compared_with_one_that_runs_and_refuses_the_same() {
        let all = all();
        for ours in &all {
            let Some(native) = ours.native else { continue };
            let native = all.iter().find(|other| other.name == native);
            let native = native.unwrap_or_else(|| panic!("{} has none", ours.name));
            let checks = |variant: &Variant| (variant.checks.token, variant.checks.limit);
            assert_eq!(checks(ours), checks(native), "{}", ours.name);
        }
    }
}
