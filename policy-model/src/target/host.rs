//! The host of an authority (RFC 3986 3.2), in one spelling.
//!
//! Host names ignore case (3.2.2), the port does not pick a service, and `example.com.` is the fully qualified spelling
//! of `example.com`. IPv6 literals lose their brackets, so that a document may name them with or without.

use std::borrow::Cow;

/// The host of `authority`: lower case, without port, trailing dots and brackets. Borrowed when nothing but an end was
/// cut off.
///
/// ```
/// use policy_model::target::normal_host;
///
/// assert_eq!(&*normal_host(b"Orders.Example.:8080"), b"orders.example");
/// assert_eq!(&*normal_host(b"[::1]:80"), b"::1");
/// ```
#[must_use]
pub fn normal_host(authority: &[u8]) -> Cow<'_, [u8]> {
    let host = host_of(authority);
    if host.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

/// The same, but in the case that it came in: for where letters are compared without their case.
pub(crate) fn host_of(authority: &[u8]) -> &[u8] {
    without_brackets(without_dots(without_port(without_dots(authority))))
}

fn without_dots(mut host: &[u8]) -> &[u8] {
    while let [rest @ .., b'.'] = host {
        host = rest;
    }
    host
}

/// A colon ends the host only where it can: before digits, and in an IPv6 address only behind its bracket. Read from the
/// end, since most hosts have no port and all are longer than one.
fn without_port(authority: &[u8]) -> &[u8] {
    let mut before = authority;
    while let [rest @ .., b'0'..=b'9'] = before {
        before = rest;
    }
    let [host @ .., b':'] = before else {
        return authority;
    };
    let is_bare_ipv6 = host.contains(&b':') && !host.ends_with(b"]");
    if is_bare_ipv6 { authority } else { host }
}

fn without_brackets(host: &[u8]) -> &[u8] {
    match host {
        [b'[', inner @ .., b']'] => inner,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn spellings_of_one_host_are_equal() {
        let spellings = [
            "a.example",
            "A.EXAMPLE",
            "a.example.",
            "a.example:80",
            "a.example.:443",
            "A.example:",
        ];
        for spelling in spellings {
            assert_eq!(
                &*normal_host(spelling.as_bytes()),
                b"a.example",
                "{spelling}"
            );
        }
        for spelling in ["::1", "[::1]", "[::1]:8080", "[::1]:"] {
            assert_eq!(&*normal_host(spelling.as_bytes()), b"::1", "{spelling}");
        }
        assert_eq!(&*normal_host(b"2001:DB8::80"), b"2001:db8::80");
    }

    #[test]
    fn a_plain_host_is_borrowed() {
        assert!(matches!(
            normal_host(b"orders:8080"),
            Cow::Borrowed(b"orders")
        ));
        assert!(matches!(
            normal_host(b"10.0.0.1:1"),
            Cow::Borrowed(b"10.0.0.1")
        ));
    }

    #[test]
    fn another_host_stays_another() {
        for (authority, host) in [("a.b:x", "a.b:x"), ("", ""), (".", ""), (":80", "")] {
            assert_eq!(
                &*normal_host(authority.as_bytes()),
                host.as_bytes(),
                "{authority}"
            );
        }
    }

    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    mod properties {
        use super::*;
        use proptest::prelude::*;

        proptest! {
            #[test]
            fn any_bytes_have_a_host(authority: Vec<u8>) {
                prop_assert!(!normal_host(&authority).iter().any(u8::is_ascii_uppercase));
            }

            #[test]
            fn names_are_normal_after_one_pass(name in "[a-zA-Z0-9.-]{1,20}", port in "(:[0-9]{0,5})?") {
                let authority = format!("{name}{port}");
                let once = normal_host(authority.as_bytes()).into_owned();
                prop_assert_eq!(&*normal_host(&once), &*once);
            }
        }
    }
}
