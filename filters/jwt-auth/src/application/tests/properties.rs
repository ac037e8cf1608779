//! Shared tokens against the rule itself, said in the plainest way.

use super::*;
use proptest::prelude::*;

const APPLICATIONS: [Option<&str>; 4] = [None, Some("a"), Some("b"), Some("c")];

/// One entry: token, start, end.
type Entry = (u8, i64, i64);

fn entry() -> impl Strategy<Value = Entry> {
    (0..4_u8, -2..3_i64, -2..3_i64)
}

fn now_ms() -> i64 {
    i64::try_from(NOW).unwrap() * 1_000
}

/// Around now; `None` is for ever.
fn end(offset: i64) -> Option<i64> {
    (offset > -2).then(|| now_ms() + offset)
}

fn in_force((_, start, until): Entry) -> bool {
    start <= 0 && end(until).is_none_or(|end| 0 < end - now_ms())
}

fn is_sound((_, start, until): Entry) -> bool {
    end(until).is_none_or(|end| end > now_ms() + start)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// A request passes if and only if it shows a token in force of the policy that its name, where it is believed, leads to.
    #[test]
    fn who_gets_in_is_who_the_document_says(
        lists in prop::collection::vec(prop::option::of(prop::collection::vec(entry(), 1..3)), 4),
        trusted: bool, name in 0..6_usize, shown in prop::option::of(0..5_u8), encoded: bool,
    ) {
        let policies: Vec<_> = APPLICATIONS.iter().zip(&lists)
            .filter_map(|(application, entries)| Some((*application, entries.as_ref()?)))
            .map(|(application, entries)| {
                let entries: Vec<Entry> = entries.iter().copied().filter(|entry| is_sound(*entry)).collect();
                (application, entries)
            })
            .filter(|(_, entries)| !entries.is_empty())
            .collect();
        prop_assume!(!policies.is_empty());
        let mut scene = Scene::new();
        scene.document["authentication"]["requirement"]["anyOf"] = json!([]);
        scene.document["settings"] = json!({"trustedClientHeaders": trusted});
        let service = &mut scene.document["services"][0];
        service["authorized"] = json!(true);
        let mut others = Vec::new();
        for (application, entries) in &policies {
            let tokens: Vec<_> = entries.iter().map(|(token, start, until)| json!({
                "token": format!("token-{token}"), "startTime": now_ms() + start, "endTime": end(*until).unwrap_or(0),
            })).collect();
            let policy = json!({"application": application, "type": "token", "tokenPolicies": tokens});
            match application {
                None => service["authPolicy"] = policy,
                Some(_) => others.push(policy),
            }
        }
        service["authPolicies"] = json!(others);
        let name = ["", "a", "b", "c", "d", "A"][name];
        let shown = shown.map(|token| format!("token-{token}"));
        let header = shown.as_ref().map(|shown| if encoded { basic(shown) } else { shown.clone() });
        let mut headers = vec![("x-service-consumer", name)];
        headers.extend(header.as_ref().map(|header| ("authorization", &**header)));

        let believed = (trusted && !name.is_empty()).then_some(name);
        let own = policies.iter().any(|(application, _)| believed.is_some() && *application == believed);
        let is_meant = |application: Option<&str>| match believed {
            None => true,
            Some(_) if own => application == believed,
            Some(_) => application.is_none(),
        };
        let wanted = policies.iter().any(|(application, entries)| {
            is_meant(*application)
                && entries.iter().any(|entry| in_force(*entry) && shown == Some(format!("token-{}", entry.0)))
        });
        let answer = ask(&scene, &headers);
        prop_assert_eq!(answer.is_ok(), wanted, "{:?} {:?}", answer, scene.document["services"][0]);
    }
}
