//! A browser's question whether a page of another origin may call (the Fetch standard's CORS-preflight request).
//!
//! Browsers send it without credentials, so a node that asks for some refuses every such page, unless its requirement lets the
//! question pass. It is only the question: the call itself comes after it and must bring what the node requires.

use engine::RequestView;

/// Whether a request is such a question: OPTIONS with one `origin` and one `access-control-request-method`. With two of one,
/// which Envoy joins with a comma, it is no browser's.
pub(crate) fn is_preflight(view: &RequestView<'_>) -> bool {
    view.method() == b"OPTIONS"
        && is_one(view, "origin")
        && is_one(view, "access-control-request-method")
}

fn is_one(view: &RequestView<'_>, name: &str) -> bool {
    let mut values = view.headers(name);
    let only = values.next().filter(|_| values.next().is_none());
    only.is_some_and(|value| !value.trim_ascii().is_empty() && !value.contains(&b','))
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::Trust;
    use host::Headers;

    fn asked(method: &str, more: &[(&str, &str)]) -> bool {
        let mut pairs = vec![(":method", method), (":path", "/o")];
        pairs.extend(more);
        let headers = Headers::from_pairs(&pairs);
        is_preflight(&RequestView::new(&headers, Trust::Edge).unwrap())
    }

    const ORIGIN: (&str, &str) = ("origin", "https://page.example");
    const METHOD: (&str, &str) = ("access-control-request-method", "PUT");

    #[test]
    fn a_preflight_has_an_origin_and_a_method_each_once() {
        assert!(asked("OPTIONS", &[ORIGIN, METHOD]));
        assert!(asked("OPTIONS", &[("origin", "null"), METHOD]));
        for (method, more) in [
            ("GET", &[ORIGIN, METHOD][..]),
            ("POST", &[ORIGIN, METHOD]),
            ("OPTIONSX", &[ORIGIN, METHOD]),
            ("OPTIONS", &[]),
            ("OPTIONS", &[ORIGIN]),
            ("OPTIONS", &[METHOD]),
            ("OPTIONS", &[ORIGIN, METHOD, METHOD]),
            ("OPTIONS", &[ORIGIN, ORIGIN, METHOD]),
            ("OPTIONS", &[("origin", ""), METHOD]),
            (
                "OPTIONS",
                &[("origin", "https://a.example,https://b.example"), METHOD],
            ),
            ("OPTIONS", &[ORIGIN, ("access-control-request-method", " ")]),
            (
                "OPTIONS",
                &[ORIGIN, ("access-control-request-method", "PUT,GET")],
            ),
        ] {
            assert!(!asked(method, more), "{method} {more:?}");
        }
    }
}
