//! What JoyLive answers to the same tokens (`fixtures/joylive/golden/token-auth.json`), and where the answer here is another.

use super::*;

/// Header value, and why the answer is another one.
const OTHERWISE: [(&str, &str); 1] = [(
    "basic MTIzNDU2Nzg5MA==",
    "the case of a scheme does not matter (RFC 9110, section 11.1)",
)];

#[test]
fn shared_tokens_are_judged_as_joylive_judges_them_but_nothing_fails_open() {
    let recorded =
        include_str!("../../../../../policy-model/fixtures/joylive/golden/token-auth.json");
    let recorded: Vec<Value> = serde_json::from_str(recorded).unwrap();
    assert_eq!(recorded.len(), 14);
    for case in recorded {
        let mut scene = scene();
        scene.document["services"][0]["authPolicies"] = json!([
            {"application": "web", "type": "token", "tokenPolicies": case["tokenPolicies"]},
        ]);
        let header = case["header"].as_str().unwrap().to_ascii_lowercase();
        let value = case["value"].as_str();
        let shown: Vec<_> = value.map(|value| (&*header, value)).into_iter().collect();
        let in_force = case["tokenPolicies"][0]["startTime"].as_u64() <= Some(NOW * 1_000);
        let theirs = case["success"].as_bool().unwrap();
        let otherwise = OTHERWISE.iter().any(|(own, _)| value == Some(own));
        let wanted = if in_force { theirs != otherwise } else { false };
        assert_eq!(ask(&scene, &shown).is_ok(), wanted, "{case}");
    }
}
