use super::*;

/// Values by header name, in order; an address goes by the name `ip`.
struct Request<'a>(&'a [(&'a str, &'a str)]);

impl Attributes for Request<'_> {
    fn visit(&self, source: &Source, visit: &mut dyn FnMut(&[u8])) {
        let name = match source {
            Source::Header(name) => name,
            Source::Ip => "ip",
            _ => return,
        };
        let values = self.0.iter().filter(|(key, _)| *key == name);
        values.for_each(|(_, value)| visit(value.as_bytes()));
    }
}

fn part(kind: ConditionKind, key: &str) -> KeyPart {
    KeyPart {
        kind,
        key: key.to_owned(),
        prefix_v4: 32,
        prefix_v6: 64,
    }
}

fn headers(names: &[&str], missing: MissingKey) -> ClientKey {
    let parts: Vec<_> = names
        .iter()
        .map(|name| part(ConditionKind::Header, name))
        .collect();
    ClientKey::compile(&parts, missing).unwrap()
}

/// The client, and what it is counted under.
fn client(key: &ClientKey, request: &[(&str, &str)]) -> (Client, Vec<u8>) {
    client_of(key, request, &[])
}

fn client_of(
    key: &ClientKey,
    request: &[(&str, &str)],
    overrides: &[LimitOverride],
) -> (Client, Vec<u8>) {
    let mut written = Vec::new();
    let mut write = |piece: &[u8]| written.extend(piece);
    let client = key.client(&Request(request), &Overrides::new(overrides), &mut write);
    (client, written)
}

#[test]
fn equal_values_are_one_client_and_different_ones_are_not() {
    let key = headers(&["x-user"], MissingKey::Own);
    let ann = client(&key, &[("x-user", "ann"), ("x-other", "1")]);
    assert_eq!(ann, client(&key, &[("x-user", "ann"), ("x-other", "2")]));
    assert_ne!(ann, client(&key, &[("x-user", "bob")]));
}

#[test]
fn values_cannot_be_moved_between_parts() {
    let key = headers(&["a", "b"], MissingKey::Own);
    let variants = [
        client(&key, &[("a", "x"), ("b", "y")]),
        client(&key, &[("a", "xy"), ("b", "")]),
        client(&key, &[("a", "x"), ("a", "y")]),
        client(&key, &[("b", "x"), ("b", "y")]),
        client(&key, &[("a", "y"), ("b", "x")]),
        client(&key, &[("a", "x")]),
        client(&key, &[]),
    ];
    for (index, one) in variants.iter().enumerate() {
        assert!(
            variants.iter().skip(index + 1).all(|other| other != one),
            "{one:?}"
        );
    }
}

#[test]
fn a_request_without_a_key_is_counted_with_its_like_or_exempt_or_refused() {
    let nobody = [("x-other", "1")];
    let own = headers(&["x-user"], MissingKey::Own);
    assert_eq!(client(&own, &nobody), client(&own, &[]));
    assert_ne!(client(&own, &nobody), client(&own, &[("x-user", "")]));
    assert_eq!(
        client(&headers(&["x-user"], MissingKey::Skip), &nobody).0,
        Client::Exempt
    );
    assert_eq!(
        client(&headers(&["x-user"], MissingKey::Refuse), &nobody).0,
        Client::Unknown
    );
}

#[test]
fn an_address_counts_by_its_network() {
    let key = ClientKey::compile(&[part(ConditionKind::Ip, "")], MissingKey::Own).unwrap();
    let of = |address| client(&key, &[("ip", address)]);
    assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
    assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    assert_eq!(of("10.0.0.1"), of("::ffff:10.0.0.1"));

    let wide = KeyPart {
        prefix_v4: 24,
        ..part(ConditionKind::Ip, "")
    };
    let key = ClientKey::compile(&[wide], MissingKey::Own).unwrap();
    assert_eq!(
        client(&key, &[("ip", "10.0.0.1")]),
        client(&key, &[("ip", "10.0.0.255")])
    );
}

#[test]
fn an_override_is_found_by_a_value() {
    let over = |names: &[&str]| LimitOverride {
        matches: names.iter().map(|name| (*name).to_owned()).collect(),
        ..LimitOverride::default()
    };
    let overrides = [over(&["dan", "ann"]), over(&["bob", "ann"])];
    let key = headers(&["x-user", "x-plan"], MissingKey::Own);
    let found = |request| match client_of(&key, request, &overrides).0 {
        Client::Counted { over } => over,
        other => panic!("{other:?}"),
    };
    assert_eq!(found(&[("x-user", "bob")]), Some(1));
    assert_eq!(found(&[("x-user", "dan")]), Some(0));
    assert_eq!(
        found(&[("x-user", "ann")]),
        Some(0),
        "listed twice: the first"
    );
    assert_eq!(found(&[("x-user", "eve"), ("x-plan", "bob")]), Some(1));
    assert_eq!(found(&[("x-user", "an")]), None);
}

#[test]
fn a_part_that_names_nothing_is_told() {
    let parts = [
        part(ConditionKind::Header, "x-user"),
        part(ConditionKind::Header, ""),
    ];
    assert_eq!(
        ClientKey::compile(&parts, MissingKey::Own).unwrap_err().0,
        1
    );
}
