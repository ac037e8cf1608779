//! Where a request carries its token (RFC 6750 section 2), and how it is taken out again.
//!
//! A request may carry one token, in one place: "clients MUST NOT use more than one method" (RFC 6750 section 2). Two would
//! be an attack if we believed one and the upstream the other, so a repeated header, parameter or cookie, or tokens in
//! two of a provider's places, refuse the request rather than pick one.

use crate::token::Token;
use engine::{Changes, RequestView};
use policy_model::document::{self, ApiKeys, TokenHeader};
use std::borrow::Cow;

/// A provider's places, in the order of the document.
#[derive(Clone, Debug, Default)]
pub struct Places {
    headers: Vec<HeaderPlace>,
    params: Vec<String>,
    cookies: Vec<String>,
}

#[derive(Clone, Debug)]
struct HeaderPlace {
    name: String,
    prefix: String,
}

/// A token and where it was.
#[derive(Clone, Debug)]
pub struct Found<'a, 'p> {
    /// The token, not yet looked at.
    pub token: Token<'a>,
    place: Place<'p>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place<'p> {
    Header(&'p str),
    Param(&'p str),
    Cookie(&'p str),
}

/// There is more than one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ambiguous;

// === impl Places ===

impl Places {
    /// The places that a provider names; `authorization: Bearer` if it names none.
    #[must_use]
    pub fn new(provider: &document::Provider) -> Self {
        let (params, cookies) = (provider.from_params.clone(), provider.from_cookies.clone());
        let mut headers: Vec<_> = provider.from_headers.iter().map(HeaderPlace::new).collect();
        if headers.is_empty() && params.is_empty() && cookies.is_empty() {
            headers.push(HeaderPlace::new(&TokenHeader::bearer()));
        }
        Self {
            headers,
            params,
            cookies,
        }
    }

    /// The places of API keys. In `authorization` a key follows its scheme, `ApiKey`.
    #[must_use]
    pub fn of_keys(keys: &ApiKeys) -> Self {
        let header = |name: &String| HeaderPlace {
            name: name.clone(),
            prefix: ApiKeys::prefix(name).to_owned(),
        };
        Self {
            headers: keys.from_headers.iter().map(header).collect(),
            params: keys.from_params.clone(),
            cookies: keys.from_cookies.clone(),
        }
    }

    /// The one token in these places.
    ///
    /// # Errors
    ///
    /// [`Ambiguous`] if there are several.
    pub fn find<'a, 'p>(
        &'p self,
        view: &RequestView<'a>,
    ) -> Result<Option<Found<'a, 'p>>, Ambiguous> {
        let mut found = None;
        for place in &self.headers {
            let token = place.find(view)?.map(Cow::Borrowed);
            keep(&mut found, token, Place::Header(&place.name))?;
        }
        for name in &self.params {
            let values = view.query(name).filter(|value| !value.is_empty());
            keep(
                &mut found,
                only(values)?.map(into_bytes),
                Place::Param(name),
            )?;
        }
        for name in &self.cookies {
            let values = view.cookies(name).filter(|value| !value.is_empty());
            keep(
                &mut found,
                only(values)?.map(Cow::Borrowed),
                Place::Cookie(name),
            )?;
        }
        Ok(found)
    }

    /// Takes everything that lies in these places out of what goes to the upstream, however much it is: what nobody has
    /// believed must not be taken there for what somebody has.
    pub fn clear(&self, view: &RequestView<'_>, changes: &mut Changes) {
        let ours = |header: &HeaderPlace, value| {
            header.token(value).is_some() || header.is_behind_another(value)
        };
        for header in &self.headers {
            if view.headers(&header.name).any(|value| ours(header, value)) {
                Place::Header(&header.name).strip(view, changes);
            }
        }
        for name in &self.params {
            if view.query(name).next().is_some() {
                Place::Param(name).strip(view, changes);
            }
        }
        for name in &self.cookies {
            if view.cookies(name).next().is_some() {
                Place::Cookie(name).strip(view, changes);
            }
        }
    }
}

fn keep<'a, 'p>(
    found: &mut Option<Found<'a, 'p>>,
    token: Option<Cow<'a, [u8]>>,
    place: Place<'p>,
) -> Result<(), Ambiguous> {
    let Some(token) = token else { return Ok(()) };
    match found.replace(Found {
        token: Token(token),
        place,
    }) {
        None => Ok(()),
        Some(_) => Err(Ambiguous),
    }
}

/// The one value, if there is one.
pub(crate) fn only<T>(mut values: impl Iterator<Item = T>) -> Result<Option<T>, Ambiguous> {
    let first = values.next();
    if values.next().is_some() {
        Err(Ambiguous)
    } else {
        Ok(first)
    }
}

fn into_bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

// === impl HeaderPlace ===

impl HeaderPlace {
    fn new(header: &TokenHeader) -> Self {
        Self {
            name: header.name.clone(),
            prefix: header.prefix.clone(),
        }
    }

    /// The header may come once; which of two an upstream reads is its own affair. Without the prefix it holds another kind
    /// of credential (`Basic`), which is none of ours.
    fn find<'a>(&self, view: &RequestView<'a>) -> Result<Option<&'a [u8]>, Ambiguous> {
        let Some(value) = only(view.headers(&self.name))? else {
            return Ok(None);
        };
        match self.token(value) {
            None if self.is_behind_another(value) => Err(Ambiguous),
            token => Ok(token),
        }
    }

    /// Whether our credential follows something else: Envoy joins two headers with a comma (`Basic …, Bearer …`), and the
    /// service might look for the second, or for the scheme anywhere.
    fn is_behind_another(&self, value: &[u8]) -> bool {
        let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
        let mut rest = value;
        while let Some(end) = rest.iter().position(ends) {
            rest = rest.get(end + 1..).unwrap_or_default();
            if self.token(rest).is_some() {
                return true;
            }
        }
        false
    }

    /// Scheme names are case-insensitive, and one or more spaces follow (RFC 9110 section 11.4). A tab is none, but readers
    /// who split at any white space take it for one, so what follows it is judged too.
    fn token<'a>(&self, value: &'a [u8]) -> Option<&'a [u8]> {
        let (prefix, token) = value.split_at_checked(self.prefix.len())?;
        let same = |(own, sent): (&u8, &u8)| {
            own.eq_ignore_ascii_case(sent) || (*own == b' ' && sent.is_ascii_whitespace())
        };
        if !self.prefix.as_bytes().iter().zip(prefix).all(same) {
            return None;
        }
        let token = token.trim_ascii();
        (!token.is_empty()).then_some(token)
    }
}

// === impl Found ===

impl Found<'_, '_> {
    /// Whether this is more than one token after all: Envoy joins two `authorization` headers with a comma, which no token
    /// has. Asked of tokens that nobody knows yet, since it walks all of one.
    #[must_use]
    pub fn is_list(&self) -> bool {
        matches!(self.place, Place::Header(_)) && self.token.0.contains(&b',')
    }

    /// Whether both are the same token in the same place.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.place == other.place && self.token == other.token
    }

    /// Takes the token out of what goes to the upstream, which other changes may have touched already.
    pub fn strip(&self, view: &RequestView<'_>, changes: &mut Changes) {
        self.place.strip(view, changes);
    }
}

// === impl Place ===

impl Place<'_> {
    fn strip(self, view: &RequestView<'_>, changes: &mut Changes) {
        match self {
            Place::Header(name) => changes.remove_request((*name).to_owned()),
            Place::Param(name) => {
                let target = match changes.request(":path") {
                    Some(decided) => decided.unwrap_or_default(),
                    None => view.header(":path").unwrap_or_default(),
                };
                let target = without_param(target, name);
                changes.set_request(":path", target);
            }
            Place::Cookie(name) => {
                let kept = match changes.request("cookie") {
                    Some(decided) => without_cookie(decided.into_iter(), name),
                    None => without_cookie(view.headers("cookie"), name),
                };
                match kept.is_empty() {
                    true => changes.remove_request("cookie"),
                    false => changes.set_request("cookie", kept),
                }
            }
        }
    }
}

/// The request target less a query parameter, all else byte by byte as it came. What follows a `#` is no query and must not
/// become one.
fn without_param(whole: &[u8], name: &str) -> Vec<u8> {
    let (target, fragment) = split_before(whole, b'#');
    let (path, query) = split_before(target, b'?');
    let is_other = |pair: &&[u8]| {
        form_urlencoded::parse(pair)
            .next()
            .is_none_or(|(decoded, _)| decoded != name)
    };
    let pairs = query
        .get(1..)
        .unwrap_or_default()
        .split(|byte| *byte == b'&');
    let kept = pairs.filter(is_other).collect::<Vec<_>>().join(&b'&');
    match kept.is_empty() {
        true => [path, fragment].concat(),
        false => [path, b"?", &kept, fragment].concat(),
    }
}

/// What lies before the first such byte, and the rest, that byte included.
fn split_before(bytes: &[u8], at: u8) -> (&[u8], &[u8]) {
    let found = bytes.iter().position(|byte| *byte == at);
    bytes.split_at(found.unwrap_or(bytes.len()))
}

/// All cookies but one, as one line.
fn without_cookie<'l>(lines: impl Iterator<Item = &'l [u8]>, name: &str) -> Vec<u8> {
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';'));
    let is_other = |pair: &&[u8]| {
        pair.split(|byte| *byte == b'=')
            .next()
            .is_none_or(|own| own.trim_ascii() != name.as_bytes())
    };
    let kept = pairs
        .map(<[u8]>::trim_ascii)
        .filter(|pair| !pair.is_empty())
        .filter(is_other);
    kept.collect::<Vec<_>>().join(b"; ".as_slice())
}

#[cfg(test)]
mod tests;
