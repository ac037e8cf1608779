//! The pictures of docs/limits.md are what the code decides.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

#[path = "../examples/plot/draw.rs"]
mod draw;

use std::{fs, path::Path};

#[test]
fn the_pictures_are_what_the_code_draws() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let page = fs::read_to_string(docs.join("limits.md")).unwrap();
    let pictures = draw::pictures();
    assert_eq!(
        pictures.len(),
        fs::read_dir(docs.join("limits")).unwrap().count()
    );
    for (name, svg) in pictures {
        assert!(
            page.contains(&format!("](limits/{name})")),
            "{name} is not on the page"
        );
        let kept = fs::read_to_string(docs.join("limits").join(name)).unwrap();
        assert!(
            kept == svg,
            "{name}: cargo run -p rate-limit --example plot"
        );
    }
}
