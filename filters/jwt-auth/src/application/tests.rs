//! The stage in its engine, over a host in memory: which application gets in with what.

mod properties;
mod recorded;
mod signed;

use crate::{
    Authenticate,
    stage::tests::scene::{NOW, Scene, bearer, details, get, header, passed, refusal, run},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use engine::{CompileContext, Position, RequestContext, Stage, Verdict};
use host::fake::{Change, FakeHost};
use policy_model::condition::{Attributes, Source, System};
use serde_json::{Value, json};
use std::cell::RefCell;

const WEB: &str = "web-token-0123456789";
const BATCH: &str = "batch-token-0123456789";
const OTHERS: &str = "others-token-0123456789";

fn token_policy(application: Option<&str>, token: &str) -> Value {
    json!({"application": application, "type": "token", "tokenPolicies": [{"token": token}]})
}

/// A service for `web` and `batch`, each with its token; nobody else, and no other authentication.
fn scene() -> Scene {
    let mut scene = Scene::new();
    scene.document["authentication"]["requirement"]["anyOf"] = json!([]);
    let service = &mut scene.document["services"][0];
    service["authorized"] = json!(true);
    service["authPolicies"] = json!([
        token_policy(Some("web"), WEB),
        token_policy(Some("batch"), BATCH)
    ]);
    scene
}

/// The same behind an edge: what clients say of themselves is believed.
fn inside(mut scene: Scene) -> Scene {
    scene.document["settings"] = json!({"trustedClientHeaders": true});
    scene
}

fn with_others(mut scene: Scene, policy: Value) -> Scene {
    scene.document["services"][0]["authPolicy"] = policy;
    scene
}

fn basic(token: &str) -> String {
    format!("Basic {}", STANDARD.encode(token))
}

fn named(name: &str) -> Change {
    Change::SetRequest("x-service-consumer".into(), name.into())
}

/// What becomes of a request with these headers: who it is from, or why it is refused.
fn ask(scene: &Scene, headers: &[(&str, &str)]) -> Result<Vec<Change>, String> {
    let host = scene.send(&get("/orders", headers));
    match passed(&host) {
        true => Ok(host.changes()),
        false => Err(details(&host)),
    }
}

#[test]
fn an_application_gets_in_with_its_token_and_the_service_learns_who_it_is() {
    for (shown, name) in [
        (WEB.to_owned(), "web"),
        (basic(WEB), "web"),
        (basic(&format!("user:{BATCH}")), "batch"),
    ] {
        let passed = ask(&scene(), &[("authorization", &shown)]);
        assert_eq!(passed, Ok(vec![named(name)]), "{shown}");
    }
}

#[test]
fn who_shows_no_token_that_counts_is_asked_for_one() {
    let scene = scene();
    for (headers, wanted) in [
        (vec![], "steward_auth_policy_missing"),
        (vec![("authorization", "")], "steward_auth_policy_missing"),
        (
            vec![("authorization", "guess")],
            "steward_auth_policy_unknown",
        ),
        (
            vec![("authorization", "Basic Og==")],
            "steward_auth_policy_unknown",
        ),
        (
            vec![("authorization", "Basic")],
            "steward_auth_policy_unknown",
        ),
        (vec![("x-token", WEB)], "steward_auth_policy_missing"),
        (
            vec![("authorization", WEB), ("authorization", BATCH)],
            "steward_auth_policy_ambiguous",
        ),
    ] {
        let host = scene.send(&get("/orders", &headers));
        let reply = refusal(&host);
        assert_eq!(
            (reply.status, &*reply.details),
            (401, wanted),
            "{headers:?}"
        );
        let challenge = header(&reply, "www-authenticate").unwrap();
        assert_eq!(challenge, r#"Basic realm="orders.example""#);
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(
            (&body["code"], &body["reason"]),
            (&json!(40101), &json!("F40100"))
        );
    }
}

#[test]
fn a_client_at_the_edge_cannot_choose_who_it_is() {
    let as_web = ("x-service-consumer", "web");
    assert_eq!(
        ask(&scene(), &[as_web]),
        Err("steward_auth_policy_missing".to_owned())
    );
    let passed = ask(&scene(), &[as_web, ("authorization", BATCH)]);
    assert_eq!(passed, Ok(vec![named("batch")]));
}

#[test]
fn inside_the_name_must_be_that_of_the_token() {
    let scene = inside(scene());
    let ask = |name: &str, token: &str| {
        ask(
            &scene,
            &[("x-service-consumer", name), ("authorization", token)],
        )
    };
    assert_eq!(ask("web", WEB), Ok(vec![]));
    assert_eq!(ask("", WEB), Ok(vec![named("web")]));
    assert_eq!(ask("web", BATCH), Err("steward_auth_policy_unknown".into()));
    assert_eq!(
        ask("nobody", WEB),
        Err("steward_auth_policy_application".into())
    );
    assert_eq!(
        ask("WEB", WEB),
        Err("steward_auth_policy_application".into())
    );
    let two = [
        ("x-service-consumer", "web"),
        ("x-service-consumer", "batch"),
        ("authorization", WEB),
    ];
    assert_eq!(
        super::tests::ask(&scene, &two),
        Err("steward_auth_policy_ambiguous".into())
    );
}

#[test]
fn all_others_have_a_policy_of_their_own_that_is_nobody_elses() {
    let edge = with_others(scene(), token_policy(None, OTHERS));
    assert_eq!(ask(&edge, &[("authorization", OTHERS)]), Ok(vec![]));
    let inside = inside(edge);
    let ask = |name: &str, token: &str| {
        ask(
            &inside,
            &[("x-service-consumer", name), ("authorization", token)],
        )
    };
    assert_eq!(ask("third", OTHERS), Ok(vec![]));
    assert_eq!(
        ask("web", OTHERS),
        Err("steward_auth_policy_unknown".into())
    );
    assert_eq!(ask("third", WEB), Err("steward_auth_policy_unknown".into()));
}

#[test]
fn a_policy_for_one_application_is_not_that_of_all_others() {
    let scene = inside(with_others(scene(), token_policy(Some("third"), OTHERS)));
    let ask = |name: &str| {
        ask(
            &scene,
            &[("x-service-consumer", name), ("authorization", OTHERS)],
        )
    };
    assert_eq!(ask("third"), Ok(vec![]));
    assert_eq!(ask("fourth"), Err("steward_auth_policy_application".into()));
}

#[test]
fn who_need_prove_nothing_passes_and_proves_nothing() {
    let open = with_others(scene(), json!({"type": "none"}));
    assert_eq!(ask(&open, &[]), Ok(vec![]));
    assert_eq!(ask(&open, &[("authorization", "guess")]), Ok(vec![]));
    assert_eq!(
        ask(&open, &[("authorization", WEB)]),
        Ok(vec![named("web")])
    );

    let mut one = scene();
    one.document["services"][0]["authPolicies"][0] = json!({"application": "web", "type": "none"});
    let refused = Err("steward_auth_policy_missing".to_owned());
    assert_eq!(ask(&one, &[]), refused);
    assert_eq!(ask(&one, &[("x-service-consumer", "web")]), refused);
    let one = inside(one);
    assert_eq!(ask(&one, &[("x-service-consumer", "web")]), Ok(vec![]));
    assert_eq!(ask(&one, &[("x-service-consumer", "batch")]), refused);
}

#[test]
fn a_token_counts_from_its_start_until_just_before_its_end() {
    let now = NOW * 1_000;
    for (start, end, wanted) in [
        (json!(now), json!(now + 1), Ok(vec![named("web")])),
        (json!(0), json!(0), Ok(vec![named("web")])),
        (json!(-1), json!(-1), Ok(vec![named("web")])),
        (
            json!(now + 1),
            json!(0),
            Err("steward_auth_policy_not_yet_valid{web}".to_owned()),
        ),
        (
            json!(0),
            json!(now),
            Err("steward_auth_policy_expired{web}".to_owned()),
        ),
    ] {
        let mut scene = scene();
        let token = &mut scene.document["services"][0]["authPolicies"][0]["tokenPolicies"][0];
        (token["startTime"], token["endTime"]) = (start, end);
        assert_eq!(ask(&scene, &[("authorization", WEB)]), wanted);
    }
}

#[test]
fn a_clock_that_was_never_set_believes_no_token_that_ends() {
    let mut scene = scene();
    scene.document["services"][0]["authPolicies"][0]["tokenPolicies"][0]["endTime"] = json!(1);
    for (token, wanted) in [
        (WEB, Err("steward_auth_policy_no_clock{web}")),
        (BATCH, Ok(())),
    ] {
        let host = scene.host();
        host.set_wall_clock(std::time::Duration::ZERO);
        scene.send_to(&host, &get("/orders", &[("authorization", token)]));
        let answer = if passed(&host) {
            Ok(())
        } else {
            Err(details(&host))
        };
        assert_eq!(answer, wanted.map_err(str::to_owned));
    }
}

#[test]
fn an_old_and_a_new_token_hold_side_by_side() {
    let mut scene = scene();
    let now = NOW * 1_000;
    scene.document["services"][0]["authPolicies"][0]["tokenPolicies"] = json!([
        {"token": "old", "endTime": now + 1}, {"token": "new", "startTime": now},
        {"token": "older", "endTime": now}, {"key": "X-Token", "token": "elsewhere"},
    ]);
    for token in ["old", "new"] {
        assert_eq!(
            ask(&scene, &[("authorization", token)]),
            Ok(vec![named("web")])
        );
    }
    assert_eq!(
        ask(&scene, &[("x-token", "elsewhere")]),
        Ok(vec![named("web")])
    );
    for headers in [
        [("authorization", "older")],
        [("authorization", "elsewhere")],
        [("x-token", "old")],
        [("x-token", "Basic ZWxzZXdoZXJl")],
    ] {
        assert!(ask(&scene, &headers).is_err(), "{headers:?}");
    }
}

#[test]
fn params_are_carried_out_where_there_is_no_list() {
    let mut scene = scene();
    scene.document["services"][0]["authPolicies"] = json!([{
        "application": "web", "type": "token",
        "params": [{"token": WEB, "key": "x-t", "endTime": (NOW * 1_000).to_string()}, {"token": BATCH, "key": "x-t"}],
    }]);
    assert_eq!(ask(&scene, &[("x-t", BATCH)]), Ok(vec![named("web")]));
    assert_eq!(
        ask(&scene, &[("x-t", WEB)]),
        Err("steward_auth_policy_expired{web}".into())
    );
}

#[test]
fn a_policy_that_is_switched_off_lets_nobody_in() {
    let mut scene = scene();
    scene.document["services"][0]["authPolicies"][0]["enabled"] = json!(false);
    assert_eq!(
        ask(&scene, &[("authorization", WEB)]),
        Err("steward_auth_policy_unknown".into())
    );
    assert_eq!(
        ask(&scene, &[("authorization", BATCH)]),
        Ok(vec![named("batch")])
    );
}

#[test]
fn authentication_and_the_application_must_both_be_good() {
    let mut scene = scene();
    scene.document["authentication"]["requirement"]["anyOf"] = json!(["corp"]);
    for policy in 0..2 {
        let service = &mut scene.document["services"][0];
        service["authPolicies"][policy]["tokenPolicies"][0]["key"] = json!("x-token");
    }
    let token = bearer(&scene.token());
    let user = ("authorization", &*token);
    assert!(ask(&scene, &[user, ("x-token", WEB)]).is_ok());
    assert_eq!(
        ask(&scene, &[("x-token", WEB)]),
        Err("steward_jwt_missing".into())
    );
    assert_eq!(
        ask(&scene, &[user]),
        Err("steward_auth_policy_missing".into())
    );
    let challenge = header(
        &refusal(&scene.send(&get("/orders", &[user]))),
        "www-authenticate",
    );
    assert_eq!(challenge.unwrap(), r#"ApiKey realm="orders.example""#);
    // A public path asks for no user, and for the application all the same.
    let public = scene.send(&get("/public", &[]));
    assert_eq!(details(&public), "steward_auth_policy_missing");
    assert!(passed(&scene.send(&get("/public", &[("x-token", WEB)]))));
}

#[test]
fn a_preflight_that_needs_no_user_needs_its_application() {
    let mut scene = scene();
    scene.document["authentication"]["requirement"] =
        json!({"anyOf": ["corp"], "passPreflight": true});
    let asks = [
        ("origin", "https://shop.example"),
        ("access-control-request-method", "PUT"),
    ];
    let mut preflight = get("/orders", &asks);
    preflight[0].1 = b"OPTIONS".to_vec();
    assert_eq!(
        details(&scene.send(&preflight)),
        "steward_auth_policy_missing"
    );
    preflight.push(("authorization", WEB.into()));
    assert!(passed(&scene.send(&preflight)));
}

#[test]
fn shadow_mode_tells_and_lets_pass() {
    let mut scene = scene();
    for policy in 0..2 {
        scene.document["services"][0]["authPolicies"][policy]["mode"] = json!("shadow");
    }
    let host = scene.host();
    let forged = [("x-service-consumer", "web"), ("authorization", "guess")];
    scene.send_to(&host, &get("/orders", &forged));
    assert!(passed(&host));
    assert_eq!(
        host.changes(),
        [Change::RemoveRequest("x-service-consumer".into())]
    );
    assert_eq!(count(&host, "-", "would_refuse"), Some(1));
    assert_eq!(count(&host, "-", "refused"), Some(0));
}

fn count(host: &FakeHost, policy: &str, outcome: &str) -> Option<i64> {
    host.metric(&format!(
        "steward_decisions_total;service=orders.example;policy={policy};kind=authPolicy;outcome={outcome}"
    ))
}

#[test]
fn each_application_is_counted_and_no_token_is_written() {
    let mut scene = scene();
    let gone = json!({"token": "gone-token-0123456789", "endTime": 1});
    let tokens = &mut scene.document["services"][0]["authPolicies"][0]["tokenPolicies"];
    tokens.as_array_mut().unwrap().push(gone);
    let host = scene.host();
    scene.send_to(&host, &get("/orders", &[("authorization", WEB)]));
    let mut written = String::new();
    for shown in ["gone-token-0123456789", "guess-token-0123456789"] {
        let worker = host.another_worker();
        scene.send_to(&worker, &get("/orders", &[("authorization", shown)]));
        let reply = refusal(&worker);
        written += &reply.details;
        written += &String::from_utf8(reply.body).unwrap();
        for (_, line) in worker.lines() {
            written += &line;
        }
    }
    assert_eq!(count(&host, "web", "passed"), Some(1));
    assert_eq!(count(&host, "web", "refused"), Some(1));
    assert_eq!(count(&host, "-", "refused"), Some(1));
    assert!(
        written.contains(r#""steward":"auth_policy_refused""#),
        "{written}"
    );
    assert!(
        written.contains("steward_auth_policy_expired{web}"),
        "{written}"
    );
    assert!(!written.contains("token-0123456789"), "{written}");
}

thread_local! {
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// A later stage that looks at which application calls.
struct Desk;

impl Stage for Desk {
    type State = ();

    const POSITION: Position = Position::Rate;

    fn compile(_: &mut CompileContext<'_>) -> Self {
        Self
    }

    fn request(&self, cx: &mut RequestContext<'_>, (): &mut ()) -> Verdict {
        for source in [
            Source::System(System::Consumer),
            Source::Header("x-service-consumer".into()),
        ] {
            cx.visit(&source, &mut |value| {
                SEEN.with_borrow_mut(|seen| seen.push(String::from_utf8(value.to_vec()).unwrap()));
            });
        }
        Verdict::Continue
    }
}

#[test]
fn later_stages_see_the_application_that_was_proven_and_no_other() {
    let seen = |scene: &Scene, headers: &[(&str, &str)]| {
        run::<(Authenticate, Desk)>(&scene.document, &scene.host(), &get("/orders", headers));
        SEEN.take()
    };
    let (forged, good) = (("x-service-consumer", "batch"), ("authorization", WEB));
    assert_eq!(seen(&scene(), &[forged, good]), ["web", "web"]);
    let open = with_others(scene(), json!({"type": "none"}));
    assert!(seen(&open, &[forged]).is_empty());
}

#[test]
fn a_document_without_such_policies_pays_nothing() {
    let mut scene = scene();
    scene.document["services"][0]["authorized"] = json!(false);
    let host = scene.host();
    scene.send_to(&host, &get("/orders", &[]));
    assert!(passed(&host));
    assert!(
        !host
            .metric_names()
            .iter()
            .any(|name| name.contains("authPolicy"))
    );
}
