//! Every target over its seeds, and over each of them cut short and with single bytes changed: in a second, with no fuzzer.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test")]

use fuzz::TARGETS;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// So many changes of a seed; more of them are the fuzzer's work.
const CHANGES: usize = 40;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|_| panic!("{}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let name = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files(folder).into_iter().map(name).collect()
}

#[test]
fn every_target_holds_for_its_seeds_and_for_what_is_near_them() {
    for (name, target) in TARGETS {
        for file in files(&folder("seeds").join(name)) {
            let seed = fs::read(&file).unwrap();
            println!("{}", file.display());
            target(&seed);
            let step = (seed.len() / CHANGES).max(1);
            for at in (0..seed.len()).step_by(step) {
                let mut changed = seed.clone();
                target(&changed[..at]);
                changed[at] ^= 1 << (at % 8);
                target(&changed);
            }
        }
    }
}

#[test]
fn every_target_has_seeds_and_a_program() {
    let targets = TARGETS.map(|(name, _)| name.to_owned());
    assert_eq!(names(&folder("seeds")), targets);
    assert_eq!(names(&folder("libfuzzer/fuzz_targets")), targets);
    for name in targets {
        let source =
            fs::read_to_string(folder("libfuzzer/fuzz_targets").join(format!("{name}.rs")))
                .unwrap();
        assert!(
            source.contains(&format!("run(\"{name}\", data)")),
            "{source}"
        );
    }
}
