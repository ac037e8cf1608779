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

fn client(key: &ClientKey, request: &[(&str, &str)]) -> Client {
    key.client(&Request(request), &[])
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
        client(&headers(&["x-user"], MissingKey::Skip), &nobody),
        Client::Exempt
    );
    assert_eq!(
        client(&headers(&["x-user"], MissingKey::Refuse), &nobody),
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
    let over = |name: &str| LimitOverride {
        matches: vec![name.to_owned()],
        ..LimitOverride::default()
    };
    let key = headers(&["x-user"], MissingKey::Own);
    let rates = |user| match key.client(&Request(&[("x-user", user)]), &[over("ann"), over("bob")])
    {
        Client::Counted { rates, .. } => rates,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (rates("bob"), rates("ann"), rates("eve")),
        (Some(1), Some(0), None)
    );
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
