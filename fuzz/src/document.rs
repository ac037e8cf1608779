//! A policy document: read to its end whatever is in it, the same each time, and every finding where it says it is.

use host::{Plugin, fake::FakeHost};
use jwt_auth::JwtAuth;
use policy_model::{Document, Model, json::Json};

pub(crate) fn run(data: &[u8]) {
    let (document, mut report) = Document::read(data);
    assert_eq!(Document::read(data), (document.clone(), report.clone()));
    let tree = Json::parse(data);
    assert_eq!(document.is_some(), tree.is_ok());
    let Ok(tree) = tree else {
        assert!(report.is_refusal());
        return;
    };
    let _ = Model::compile(&document.unwrap_or_default(), &mut report);
    for finding in report.findings() {
        assert!(is_there(&tree, &finding.pointer), "{finding}");
    }
    if report.is_refusal() {
        let taken = JwtAuth::configure(&FakeHost::new(), data);
        assert!(taken.is_none(), "a refused document is in force");
    }
}

/// Whether a pointer (RFC 6901) leads to a value, or to a member that an object lacks.
fn is_there(tree: &Json, pointer: &str) -> bool {
    let mut at = tree;
    let mut names = pointer.split('/').skip(1).peekable();
    while let Some(name) = names.next() {
        let name = name.replace("~1", "/").replace("~0", "~");
        let inner = match at {
            Json::Array(items) => name.parse().ok().and_then(|place: usize| items.get(place)),
            object => object.get(&name),
        };
        match inner {
            Some(inner) => at = inner,
            None => return names.peek().is_none() && matches!(at, Json::Object(_)),
        }
    }
    true
}
