use super::*;
use crate::machine::fake::Fake;
use std::path::Path;

const VERSION: &str = "0.2.130";

fn cache() -> (tempfile::TempDir, Cache) {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = Cache::at(folder.path().join("steward")).expect("a cache");
    (folder, cache)
}

fn cached(cache: &Cache) -> String {
    let runner = cache.entry("wasm-bindgen-0.2.130/bin").join(RUNNER);
    runner.to_str().expect("readable").to_owned()
}

fn installs(machine: &Fake) -> usize {
    let calls = machine.calls.borrow();
    let installs = calls.iter().filter(|call| call.contains(" install "));
    installs.count()
}

#[test]
fn node_must_be_there_be_readable_and_be_new_enough() {
    let node = |said: &str| check_node(&Fake::default().prints("node --version", said));
    for fits in ["v18.0.0\n", "v20.20.2\n", "v100.1"] {
        assert!(node(fits).is_ok(), "{fits}");
    }
    for other in ["v16.20.0\n", "v9.9.9", "20.1.0", "v", "", "vé", "v-1.2"] {
        let said = format!("{:#}", node(other).expect_err(other));
        assert!(said.contains("install `nodejs`"), "{said}");
    }
    let said = format!("{:#}", check_node(&Fake::default()).expect_err("none"));
    assert!(
        said.contains("install `nodejs`") && said.contains("cannot be run"),
        "{said}"
    );
}

#[test]
fn the_version_is_that_of_this_repository() {
    let lock = fs::read_to_string(place::root().join("Cargo.lock")).expect("there");
    let version = locked_version(&lock).expect("a version");
    assert_eq!(version.split('.').count(), 3, "{version}");
    let other = "\nname = \"wasm-bindgen-macro\"\nversion = \"1.0.0\"\n";
    assert_eq!(locked_version(other), None);
    let both = format!("{other}\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"2.0.0\"\n");
    assert_eq!(locked_version(&both), Some("2.0.0"));
}

#[test]
fn a_runner_of_the_same_version_is_taken_from_the_path() {
    let (_folder, cache) = cache();
    let on_path = |version: &str| {
        let said = format!("{RUNNER} {version}\n");
        Fake::default().prints(&format!("{RUNNER} --version"), &said)
    };
    let taken = runner(&on_path(VERSION), &cache, VERSION);
    assert_eq!(taken.expect("there"), Path::new(RUNNER));
    let another = on_path("0.2.13").has(&cached(&cache));
    let taken = runner(&another, &cache, VERSION);
    assert_eq!(taken.expect("cached"), Path::new(&cached(&cache)));
}

#[test]
fn what_was_made_earlier_needs_no_network() {
    let (_folder, cache) = cache();
    let machine = Fake::default().has(&cached(&cache));
    runner(&machine, &cache, VERSION).expect("cached");
    assert_eq!(installs(&machine), 0);
    runner(&machine, &cache, "0.2.131").expect_err("another version is not there");
    assert_eq!(installs(&machine), 2);
}

#[test]
fn a_mirror_that_lags_behind_is_asked_again_without_the_authors_lock() {
    let (_folder, cache) = cache();
    let machine = Fake::default();
    let said = runner(&machine, &cache, VERSION).expect_err("no cargo");
    assert!(format!("{said:#}").contains("put it on PATH"), "{said:#}");
    let calls = machine.calls.borrow();
    let locked: Vec<_> = calls
        .iter()
        .filter(|call| call.contains("install wasm-bindgen-cli --version =0.2.130"))
        .map(|call| call.ends_with("--locked"))
        .collect();
    assert_eq!(locked, [true, false]);
    assert!(!cache.entry("wasm-bindgen-0.2.130").exists());
}

#[test]
fn each_filter_is_a_run_of_its_own() {
    let test = test(Call::new("cargo"), Path::new("/r"), Path::new("/t"));
    let shown = |filters: &[&str]| -> Vec<String> {
        let filters: Vec<_> = filters.iter().map(ToString::to_string).collect();
        let calls = for_each_filter(&test, &filters);
        calls.map(|call| call.to_string()).collect()
    };
    let all = "cargo test --package policy-model --lib --tests --no-fail-fast \
        --target wasm32-unknown-unknown --target-dir /t";
    assert_eq!(shown(&[]), [all]);
    assert_eq!(
        shown(&["path", "lane"]),
        [format!("{all} -- path"), format!("{all} -- lane")]
    );
    let command = test.command();
    let runner = command
        .get_envs()
        .find(|(name, _)| *name == "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER");
    assert_eq!(runner.and_then(|(_, value)| value), Some("/r".as_ref()));
}
