use super::*;
use crate::machine::fake::Fake;

const SOCKET: &str = "unix:///var/run/docker.sock";

fn engine() -> Engine {
    Engine {
        host: SOCKET.to_owned(),
        version: "28.2.2".to_owned(),
    }
}

/// A machine whose client knows the usual socket, and an engine there that says this.
fn answering(info: &str) -> Fake {
    Fake::default()
        .prints("docker context inspect", &format!("{SOCKET}\n"))
        .prints("docker info", info)
}

fn why(machine: &Fake, named: Option<&str>) -> String {
    Engine::find(machine, named.map(str::to_owned)).expect_err("no engine for it")
}

#[test]
fn an_engine_on_this_machine_is_taken_where_the_client_finds_it() {
    let machine = answering("28.2.2|linux|Debian GNU/Linux 12|[name=seccomp,profile=builtin]\n");
    assert_eq!(Engine::find(&machine, None), Ok(engine()));
}

#[test]
fn the_named_engine_is_asked_and_no_other() {
    let machine = answering("28.2.2|linux|Debian|[]\n");
    let found = Engine::find(&machine, Some("unix:///other".to_owned())).expect("it answers");
    assert_eq!(found.host, "unix:///other");
    let calls = machine.calls.borrow();
    assert!(
        calls.iter().all(|call| call.starts_with("docker info")),
        "{calls:?}"
    );
}

#[test]
fn without_an_engine_the_suite_says_why_and_that_it_is_skipped() {
    let dead = Fake::default()
        .prints("docker context inspect", SOCKET)
        .fails("docker info", "    |||[]\n    Cannot connect to it");
    assert_eq!(
        skipped(&why(&dead, None)),
        "no Docker engine for it: none answers at unix:///var/run/docker.sock: \
         Cannot connect to it\n== the end-to-end tests in containers: skipped"
    );
}

#[test]
fn without_a_client_the_missing_program_is_named() {
    let said = why(&Fake::default(), None);
    assert!(said.contains("`docker context inspect"), "{said}");
    let said = why(&Fake::default(), Some(SOCKET));
    assert!(said.contains("`docker info"), "{said}");
}

#[test]
fn an_engine_that_does_not_share_loopback_or_users_is_passed_over() {
    for info in [
        "28|windows|Windows Server|[]",
        "28|linux|Docker Desktop|[]",
        "28|linux|Debian|[name=seccomp,profile=builtin name=rootless]",
        "28|linux|Debian|[name=userns]",
    ] {
        let said = why(&answering(info), None);
        assert!(said.contains("will not do"), "{info}: {said}");
    }
    let said = why(&answering("28|linux|Debian|[]"), Some("tcp://docker:2375"));
    assert!(said.starts_with("tcp://docker:2375"), "{said}");
}

#[test]
fn the_image_is_pulled_only_if_the_engine_has_none_of_it() {
    let has = Fake::default().prints("docker image inspect", "sha256:1\n");
    engine().have(&has, "e:1").expect("it is there");
    assert_eq!(has.calls.borrow().len(), 1);
    let lacks = Fake::default().prints("docker pull --quiet e:1", "e:1\n");
    engine().have(&lacks, "e:1").expect("pulled");
    assert_eq!(lacks.calls.borrow().len(), 2);
    assert!(engine().have(&Fake::default(), "e:1").is_err());
}

#[test]
fn the_image_is_the_one_that_ours_begins_with() {
    let text = fs::read_to_string(place::root().join("images/Dockerfile")).expect("a Dockerfile");
    let base = image(&text).expect("an image");
    assert!(base.starts_with("envoyproxy/envoy:v1."), "{base}");
    assert!(image("FROM scratch AS module\n").is_err());
}

#[test]
fn the_tests_are_told_the_image_and_the_engine() {
    let call = engine().tests("e:1", &["jwt".into()], Path::new("/e"), Path::new("/d"));
    let typed = call.to_string();
    let expected = " test --package e2e --package testkit --features docker --no-fail-fast -- jwt";
    assert!(typed.ends_with(expected), "{typed}");
    let command = call.command();
    let value = |name: &str| {
        let mut set = command.get_envs();
        set.find(|(key, _)| *key == name)
            .and_then(|(_, value)| value?.to_str())
    };
    assert_eq!(value("ENVOY"), Some("/e"));
    assert_eq!(value("STEWARD_DIST"), Some("/d"));
    assert_eq!(value("STEWARD_ENVOY_IMAGE"), Some("e:1"));
    assert_eq!(value("DOCKER_HOST"), Some(SOCKET));
}
