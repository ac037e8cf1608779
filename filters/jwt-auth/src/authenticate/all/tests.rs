//! Requirements held against what they say, read word by word.

use crate::{
    authenticate::{Judges, Passed},
    cache::Cache,
    places::Places,
    provider::Provider,
    requirement::Requirement,
    testing::{Signer, document_keys},
};
use engine::{RequestView, Trust};
use host::{Headers, fake::FakeHost};
use policy_model::{
    Report,
    document::{self, JwtAlgorithm, TokenHeader},
};
use proptest::{prelude::*, sample::subsequence};
use serde_json::json;
use std::time::Duration;

const NOW: u64 = 1_700_000_000;

/// Where each provider looks, and whose signatures it takes. The last two look into one place.
const PROVIDERS: [(&str, &[usize]); 4] = [
    ("x-a", &[0]),
    ("x-b", &[0, 1]),
    ("x-c", &[1]),
    ("x-c", &[0]),
];
const HEADERS: [&str; 3] = ["x-a", "x-b", "x-c"];

fn signers() -> [Signer; 3] {
    [1, 2, 3].map(|secret| Signer::hs256("k", &[secret; 32]))
}

fn judges(signers: &[Signer]) -> Judges {
    let provider = |(header, keys): (&str, &[usize])| {
        let keys: Vec<_> = keys.iter().map(|&key| &signers[key]).collect();
        let stated = document::Provider {
            algorithms: vec![JwtAlgorithm::Hs256],
            local_jwks: Some(document_keys(&keys)),
            from_headers: vec![TokenHeader {
                name: header.to_owned(),
                prefix: String::new(),
            }],
            ..document::Provider::default()
        };
        let mut provider = Provider::compile(&stated, &mut Report::default());
        provider.places = Places::new(&stated);
        provider
    };
    let providers = PROVIDERS.map(provider).to_vec();
    Judges::new(providers, &[].into(), Cache::new(64, [7; 16]))
}

/// Who signed the token in each header; 2 is nobody's signer.
type Sent = [Option<usize>; 3];

fn sent_to(provider: usize, sent: &Sent) -> Option<usize> {
    let header = HEADERS.iter().position(|own| *own == PROVIDERS[provider].0);
    sent[header.unwrap()]
}

fn vouches(provider: usize, sent: &Sent) -> bool {
    sent_to(provider, sent).is_some_and(|signer| PROVIDERS[provider].1.contains(&signer))
}

/// The same token in two places is two.
fn passes(requirement: &Requirement, has_key: bool, sent: &Sent) -> bool {
    let any_of = requirement.any_of.clone().unwrap_or_default();
    if requirement.is_public() {
        return true;
    }
    if requirement
        .providers()
        .all(|at| sent_to(at, sent).is_none())
        && !has_key
    {
        return requirement.allow_missing;
    }
    let all_vouch = requirement.all_of.iter().all(|at| vouches(*at, sent));
    // What lies where one of `allOf` looks is judged already.
    let is_expected = |at: usize| {
        let mut all_of = requirement.all_of.iter();
        all_of.any(|own| PROVIDERS[*own].0 == PROVIDERS[at].0)
    };
    let (expected, others): (Vec<_>, Vec<_>) = any_of.iter().partition(|at| is_expected(**at));
    let shown = others.iter().filter(|at| sent_to(**at, sent).is_some());
    let mut places: Vec<_> = shown.map(|at| PROVIDERS[*at].0).collect();
    places.sort_unstable();
    places.dedup();
    let one_vouches = |list: &[usize]| list.iter().any(|at| vouches(*at, sent));
    let any_vouches = match places.as_slice() {
        [] => {
            let by_key = requirement.api_keys && has_key;
            requirement.any_of.is_none() || by_key || one_vouches(&expected)
        }
        [_] => one_vouches(&others),
        _ => false,
    };
    all_vouch && any_vouches
}

fn places() -> impl Strategy<Value = Vec<usize>> {
    subsequence(vec![0, 1, 2, 3], 0..=3).prop_shuffle()
}

fn requirements() -> impl Strategy<Value = Requirement> {
    let flags = (any::<bool>(), any::<bool>());
    (places(), places(), flags).prop_map(|(any_of, all_of, (api_keys, allow_missing))| {
        Requirement {
            any_of: (!any_of.is_empty() || api_keys).then_some(any_of),
            all_of,
            api_keys,
            allow_missing,
            ..Requirement::default()
        }
    })
}

fn sent() -> impl Strategy<Value = Sent> {
    let token = || proptest::option::weighted(0.7, 0..3usize);
    [token(), token(), token()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn who_passes_is_who_meets_both_parts(
        requirement in requirements(), key in any::<bool>(), sent in sent()
    ) {
        // Keys are judged before tokens, where the requirement takes them.
        let has_key = key && requirement.takes_keys();
        let signers = signers();
        let judges = judges(&signers);
        let tokens = signers.map(|signer| signer.token(&json!({"exp": NOW + 60})));
        let pairs: Vec<_> = HEADERS
            .iter()
            .zip(&sent)
            .filter_map(|(header, signer)| Some((*header, tokens[(*signer)?].as_bytes())))
            .collect();
        let headers = Headers::from_pairs(&pairs);
        let view = RequestView::new(&headers, Trust::Edge).unwrap();
        // Twice: the second time what was believed is known.
        for _ in 0..2 {
            let now = || Duration::from_secs(NOW);
            let checked = judges.check(&requirement, has_key, &view, &FakeHost::new(), now);
            let passed = checked.is_ok();
            prop_assert_eq!(passed, passes(&requirement, has_key, &sent), "{:?}", checked);
            if let Ok(Passed::ByAll(all)) = checked {
                let who: Vec<_> = all.iter().map(|verified| verified.proof.provider).collect();
                prop_assert!(who.starts_with(&requirement.all_of), "{:?}", who);
            }
        }
    }
}
