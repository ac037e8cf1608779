use super::*;
use crate::machine::fake::Fake;

const ASK: &str = "rustc --print target-libdir --target wasm32-wasip1";
const LIBRARY: &str = "/r/lib/rustlib/wasm32-wasip1/lib";

const PRESENT: rustup::Present = rustup::Present { target: TARGET };
const ADD: rustup::Add = rustup::Add { target: TARGET };

/// Stands for the ways behind rustup's.
struct Last;

impl Way for Last {
    fn name(&self) -> &'static str {
        "the last way"
    }

    fn attempt(&self, _: &dyn Machine) -> Result<Toolchain, Refusal> {
        Ok(Toolchain {
            rustc: Some("/last/rustc".into()),
            target_libdir: "/last".into(),
        })
    }
}

fn try_on(machine: &Fake) -> Toolchain {
    first(TARGET, &[&PRESENT, &ADD, &Last], machine).expect("the last way always works")
}

#[test]
fn a_target_that_is_there_is_used_and_nothing_else_is_called() {
    let machine = Fake::default()
        .prints(ASK, &format!("{LIBRARY}\n"))
        .has(LIBRARY);
    assert_eq!(
        try_on(&machine),
        Toolchain {
            rustc: None,
            target_libdir: LIBRARY.into()
        }
    );
    assert_eq!(*machine.calls.borrow(), [ASK]);
}

#[test]
fn else_rustup_adds_it() {
    let machine = Fake::default()
        .prints(ASK, LIBRARY)
        .makes("rustup target add", LIBRARY);
    assert_eq!(try_on(&machine).rustc, None);
    assert!(
        machine
            .calls
            .borrow()
            .contains(&"rustup target add wasm32-wasip1".to_owned())
    );
}

#[test]
fn a_rustup_that_serves_another_compiler_is_no_help() {
    let machine = Fake::default()
        .prints(ASK, LIBRARY)
        .prints("rustup target add", "");
    assert_eq!(try_on(&machine).rustc, Some("/last/rustc".into()));
}

#[test]
fn where_rustup_fails_or_is_not_there_the_next_way_is_taken() {
    let closed = Fake::default()
        .prints(ASK, LIBRARY)
        .fails("rustup", "could not download");
    assert_eq!(try_on(&closed).rustc, Some("/last/rustc".into()));
    let without = Fake::default().prints(ASK, LIBRARY);
    assert_eq!(try_on(&without).rustc, Some("/last/rustc".into()));
}

#[test]
fn when_nothing_works_each_way_says_why_and_what_to_install_comes_last() {
    let machine = Fake::default()
        .prints(ASK, LIBRARY)
        .fails("rustup", "could not download");
    let said = first(TARGET, &[&PRESENT, &ADD], &machine)
        .expect_err("no way")
        .to_string();
    assert!(said.contains(&format!("{LIBRARY} is not there")), "{said}");
    assert!(said.contains("could not download"), "{said}");
    assert!(said.contains("rustup target add wasm32-wasip1"), "{said}");
}

#[test]
fn another_library_under_the_same_name_is_another_listing() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |text: &str| fs::write(folder.path().join("libstd.rlib"), text).expect("written");
    write("one");
    let before = listing(folder.path()).expect("read");
    assert_eq!(before, listing(folder.path()).expect("read"));
    write("another");
    assert_ne!(before, listing(folder.path()).expect("read"));
}

#[test]
fn a_compiler_of_its_own_is_handed_to_cargo() {
    let own = Toolchain {
        rustc: Some("/own/rustc".into()),
        target_libdir: "/own".into(),
    };
    let command = own.cargo().command();
    let rustc = command
        .get_envs()
        .find(|(name, _)| *name == "RUSTC")
        .and_then(|(_, value)| value);
    assert_eq!(rustc, Some("/own/rustc".as_ref()));
}
