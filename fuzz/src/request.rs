//! A request's credentials: where a provider finds its token, and what is left once it was taken out.

use engine::{Changes, RequestView, Trust};
use host::Headers;
use jwt_auth::places::Places;
use policy_model::document::{Provider, TokenHeader};

/// A token that was found, and whether it is several after all; the error is that there are two.
pub(crate) type Found = Result<Option<(Vec<u8>, bool)>, ()>;

/// The places of a provider that looks into these headers (with their prefixes), parameters and cookies.
pub(crate) fn places(headers: &[(&str, &str)], params: &[&str], cookies: &[&str]) -> Places {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let header = |(name, prefix): &(&str, &str)| TokenHeader {
        name: (*name).to_owned(),
        prefix: (*prefix).to_owned(),
    };
    Places::new(&Provider {
        from_headers: headers.iter().map(header).collect(),
        from_params: owned(params),
        from_cookies: owned(cookies),
        ..Provider::default()
    })
}

/// Shows a request with these headers and this target, if its path is safe.
pub(crate) fn view<T>(
    target: &[u8],
    headers: &[(&str, &[u8])],
    show: impl FnOnce(&RequestView<'_>) -> T,
) -> Option<T> {
    let mut all = vec![(":method", b"GET".as_slice()), (":path", target)];
    all.extend(headers);
    let headers = Headers::from_pairs(&all);
    let view = RequestView::new(&headers, Trust::Edge).ok()?;
    Some(show(&view))
}

/// What is found in a request.
pub(crate) fn found(places: &Places, view: &RequestView<'_>) -> Found {
    let found = places.find(view).map_err(|_| ())?;
    Ok(found.map(|found| (found.token.0.to_vec(), found.is_list())))
}

/// The value that a header has once the token was taken out; the inner none if it is gone.
pub(crate) fn stripped(
    places: &Places,
    view: &RequestView<'_>,
    header: &str,
) -> Option<Option<Vec<u8>>> {
    let found = places.find(view).ok()??;
    let mut changes = Changes::default();
    found.strip(view, &mut changes);
    Some(changes.request(header)?.map(<[u8]>::to_vec))
}

/// One of several, if there are not several; empty ones do not count.
pub(crate) fn only(values: Vec<Vec<u8>>) -> Result<Option<Vec<u8>>, ()> {
    let mut filled: Vec<_> = values
        .into_iter()
        .filter(|value| !value.is_empty())
        .collect();
    match filled.len() {
        0 | 1 => Ok(filled.pop()),
        _ => Err(()),
    }
}
