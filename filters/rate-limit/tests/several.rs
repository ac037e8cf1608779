//! Several limits of one request, on workers that are interleaved at every access to shared data: no threshold is ever
//! exceeded, and when all have answered the limits hold what was let through and nothing else.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use host_model::{Envoy, Request, Vm};
use proptest::prelude::*;
use rate_limit::RateLimit;
use serde_json::{Value, json};

/// A limit on the parts of a request that have one value in common.
#[derive(Clone, Debug)]
struct Limit {
    /// By the header that it counts apart; none: one count for all.
    header: Option<&'static str>,
    threshold: u32,
    realize: &'static str,
    /// It watches only.
    shadow: bool,
}

/// User and tenant.
type Who = (u8, u8);

// === impl Limit ===

impl Limit {
    fn policy(&self, index: usize) -> Value {
        let key: Vec<_> = self
            .header
            .iter()
            .map(|name| json!({"type": "header", "key": name}))
            .collect();
        json!({
            "name": format!("limit-{index}"),
            "realizeType": self.realize,
            "slidingWindows": [{ "threshold": self.threshold, "timeWindowInMs": 3_600_000 }],
            "key": key,
            "mode": if self.shadow { "shadow" } else { "enforce" },
        })
    }

    /// Whether it counts these two together.
    fn is_one(&self, (user, tenant): Who, other: Who) -> bool {
        match self.header {
            None => true,
            Some("x-user") => user == other.0,
            _ => tenant == other.1,
        }
    }

    /// Whether it lets another one through, beside these.
    fn has_room(&self, passed: &[Who], who: Who) -> bool {
        let counted = passed
            .iter()
            .filter(|other| self.is_one(who, **other))
            .count();
        counted < usize::try_from(self.threshold).unwrap()
    }
}

fn document(limits: &[Limit]) -> Vec<u8> {
    let policies: Vec<_> = limits
        .iter()
        .enumerate()
        .map(|(index, limit)| limit.policy(index))
        .collect();
    let group = json!({ "name": "default", "servicePolicy": { "rateLimitPolicies": policies } });
    json!({ "services": [{ "name": "example.test", "groups": [group] }] })
        .to_string()
        .into_bytes()
}

fn passes(vm: &mut Vm, (user, tenant): Who) -> bool {
    let request = Request::get("/").header("x-user", user.to_string());
    let response = vm.request(request.header("x-tenant", tenant.to_string()));
    assert!(matches!(response.status, 200 | 429), "{response:?}");
    response.status == 200
}

fn any_limit() -> impl Strategy<Value = Limit> {
    let header = prop_oneof![Just(None), Just(Some("x-user")), Just(Some("x-tenant"))];
    let realize = prop_oneof![
        2 => Just("Resilience4j"),
        2 => Just("TokenBucket"),
        1 => Just("FixedWindow"),
    ];
    let threshold = prop_oneof![4 => 1_u32..5, 1 => 33_u32..35];
    let shadow = prop::bool::weighted(0.1);
    (header, threshold, realize, shadow).prop_map(|(header, threshold, realize, shadow)| Limit {
        header,
        threshold,
        realize,
        shadow,
    })
}

/// What each worker sends.
fn any_work() -> impl Strategy<Value = Vec<Vec<Who>>> {
    let who = (0..2_u8, 0..2_u8);
    prop::collection::vec(prop::collection::vec(who, 1..4), 2..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_threshold_is_exceeded_and_a_refusal_holds_nothing(
        limits in prop::collection::vec(any_limit(), 2..5),
        work in any_work(),
        choices in prop::collection::vec(any::<u8>(), 0..120),
    ) {
        let (envoy, document) = (Envoy::new(), document(&limits));
        let send = |vm: &mut Vm, number: usize| -> Vec<Who> {
            work[number].iter().copied().filter(|who| passes(vm, *who)).collect()
        };
        let passed = envoy.interleaved::<RateLimit, _>(work.len(), &document, choices, send);
        let mut passed = passed.unwrap().concat();
        let enforced: Vec<_> = limits.iter().filter(|limit| !limit.shadow).collect();
        let room = |passed: &[Who], who: Who| enforced.iter().all(|limit| limit.has_room(passed, who));
        for (at, who) in passed.iter().enumerate() {
            prop_assert!(room(&passed[..at], *who), "{who:?} was one too many of {passed:?}");
        }

        // What is left is what the passed ones have left: whoever comes now finds it out.
        let mut worker = envoy.worker::<RateLimit>(&document).unwrap();
        for who in [(0, 0), (1, 1), (0, 1), (1, 0), (9, 9), (0, 9), (9, 0)].repeat(6) {
            let expected = room(&passed, who);
            let did_pass = worker.run(move |vm| passes(vm, who));
            prop_assert_eq!(did_pass, expected, "{:?} after {:?}", who, passed);
            passed.extend(did_pass.then_some(who));
        }
    }
}
