//! The requests: thousands of users with a token each, and among them some that must be refused.

use anyhow::Result;
use benches::{
    Shot,
    document::{HOST, LIMITED_USER},
};
use serde_json::{Value, json};
use std::{fmt::Write as _, rc::Rc};
use testkit::tokens::{self, Algorithm};

/// Users in the load "many".
pub(super) const USERS: usize = 4_000;

/// Of this many requests one is without a token, one has a forged token, and one is over its user's limit.
const REFUSED_EACH: usize = 50;

/// What a request is, and so what may become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Good,
    NoToken,
    Forged,
    OverLimit,
}

/// What a variant of the filter chain checks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Checks {
    /// The algorithm of the tokens that it is sent, if it looks at them.
    pub(super) token: Option<Algorithm>,
    pub(super) limit: bool,
}

/// The requests of one load, without their right answers: those depend on who is asked.
#[derive(Debug)]
pub(super) struct Traffic {
    /// As printed.
    pub(super) name: &'static str,
    requests: Requests,
    /// The same with ES256 for RS256.
    with_es256: Requests,
}

type Requests = Vec<(Kind, Rc<[u8]>)>;

// === impl Checks ===

impl Checks {
    /// The only right answer to a request of this kind.
    fn status(self, kind: Kind) -> u16 {
        match kind {
            Kind::NoToken | Kind::Forged if self.token.is_some() => 401,
            Kind::OverLimit if self.limit => 429,
            _ => 200,
        }
    }
}

// === impl Traffic ===

impl Traffic {
    /// Every user in turn.
    pub(super) fn many() -> Result<Self> {
        Self::new("many", USERS)
    }

    /// One user over and over.
    pub(super) fn one() -> Result<Self> {
        Self::new("one", 1)
    }

    fn new(name: &'static str, users: usize) -> Result<Self> {
        Ok(Self {
            name,
            requests: requests(Algorithm::Rs256, users)?,
            with_es256: requests(Algorithm::Es256, users)?,
        })
    }

    /// The requests with the answers of a variant that checks this.
    pub(super) fn shots(&self, checks: Checks) -> Rc<[Shot]> {
        let shot = |(kind, bytes): &(Kind, Rc<[u8]>)| Shot {
            bytes: Rc::clone(bytes),
            status: checks.status(*kind),
        };
        self.requests(checks).iter().map(shot).collect()
    }

    fn requests(&self, checks: Checks) -> &Requests {
        match checks.token {
            Some(Algorithm::Es256) => &self.with_es256,
            _ => &self.requests,
        }
    }

    /// The one request that uses up the limited user's limit; right with 200.
    pub(super) fn first_of_limited(&self, checks: Checks) -> Rc<[Shot]> {
        let limited = self.requests(checks).iter();
        let limited = limited.filter(|(kind, _)| *kind == Kind::OverLimit).take(1);
        let shot = |(_, bytes): &(Kind, Rc<[u8]>)| Shot {
            bytes: Rc::clone(bytes),
            status: 200,
        };
        limited.map(shot).collect()
    }
}

fn requests(algorithm: Algorithm, users: usize) -> Result<Requests> {
    let token = |user: &str| token(algorithm, user);
    let of = |number: usize| {
        let user = format!("u{number}");
        Ok(request(&user, Some(&token(&user)?), number))
    };
    let good: Result<Vec<_>> = (0..users).map(of).collect();
    let limited = request(LIMITED_USER, Some(&token(LIMITED_USER)?), 0);
    let forged = request("mallory", Some(&forge(&token("mallory")?)), 0);
    let nobody = request("nobody", None, 0);
    let odd = [
        (Kind::NoToken, nobody),
        (Kind::Forged, forged),
        (Kind::OverLimit, limited),
    ];
    Ok(mix(&good?, &odd))
}

/// At least one whole turn of all users, the odd ones spread evenly among them.
fn mix(good: &[Rc<[u8]>], odd: &[(Kind, Rc<[u8]>); 3]) -> Requests {
    let (mut good, rounds) = (good.iter().cycle(), good.len().div_ceil(REFUSED_EACH - 3));
    let mut mixed = Vec::with_capacity(rounds * REFUSED_EACH);
    for _ in 0..rounds {
        for (position, odd) in odd.iter().enumerate() {
            let before =
                (REFUSED_EACH - 3) * (position + 1) / 3 - (REFUSED_EACH - 3) * position / 3;
            let before = good.by_ref().take(before);
            mixed.extend(before.map(|bytes| (Kind::Good, Rc::clone(bytes))));
            mixed.push(odd.clone());
        }
    }
    mixed
}

/// As a browser's single-page application would send it.
fn request(user: &str, token: Option<&str>, number: usize) -> Rc<[u8]> {
    let mut text = format!(
        "GET /orders/{number}?page=2 HTTP/1.1\r\nhost: {HOST}\r\nuser-agent: bench/1.0 (Linux x86_64)\r\naccept: \
         application/json\r\naccept-encoding: gzip, deflate, br\r\naccept-language: en;q=0.8\r\nx-user: {user}\r\n"
    );
    if number % 2 == 1 {
        text.push_str("x-lane: gray\r\n");
    }
    if let Some(token) = token {
        // Writing to a string cannot fail.
        let _ = write!(text, "authorization: Bearer {token}\r\n");
    }
    text.push_str("\r\n");
    text.into_bytes().into()
}

/// With the claims that an identity provider adds: by RS256 about 900 bytes in all.
fn token(algorithm: Algorithm, user: &str) -> Result<String> {
    let mut claims = tokens::claims(user);
    let more = json!({
        "azp": "orders-web", "sid": "0f8f9a4e-6f2b-4f4e-9a55-1f8a8d8f0001", "scope": "openid profile email",
        "email": format!("{user}@example.test"), "email_verified": true, "preferred_username": user,
        "realm_access": { "roles": ["reader", "editor"] },
    });
    if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) {
        claims.extend(more);
    }
    tokens::sign(algorithm, &claims)
}

/// The token with one character of its signature changed.
fn forge(token: &str) -> String {
    let at = token.len() - 20;
    let (before, rest) = token.split_at(at);
    let changed = if rest.starts_with('A') { 'B' } else { 'A' };
    format!("{before}{changed}{}", rest.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_user_comes_and_six_in_a_hundred_are_odd() {
        let good: Vec<Rc<[u8]>> = (0..100).map(|user: u8| [user].into()).collect();
        let odd = [Kind::NoToken, Kind::Forged, Kind::OverLimit].map(|kind| (kind, [].into()));
        let mixed = mix(&good, &odd);
        assert_eq!(mixed.len(), 150);
        for bytes in &good {
            assert!(mixed.contains(&(Kind::Good, Rc::clone(bytes))), "{bytes:?}");
        }
        let odd = mixed.iter().filter(|(kind, _)| *kind != Kind::Good);
        assert_eq!(odd.count() * 100 / mixed.len(), 6);
    }

    #[test]
    fn who_checks_nothing_must_let_everything_pass() {
        let both = Checks {
            token: Some(Algorithm::Rs256),
            limit: true,
        };
        let statuses = |checks: Checks| {
            [Kind::Good, Kind::NoToken, Kind::Forged, Kind::OverLimit]
                .map(|kind| checks.status(kind))
        };
        assert_eq!(statuses(both), [200, 401, 401, 429]);
        assert_eq!(statuses(Checks::default()), [200; 4]);
    }
}
