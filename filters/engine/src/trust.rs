//! What a client may not say.
//!
//! Lane, unit, consumer and group headers are decisions of governance: behind the edge services believe them. A client
//! that sends them itself chooses its own lane or poses as another consumer, so they are removed before anything is
//! decided, in `baggage` (W3C Baggage, section 3.3) too. `settings.trustedClientHeaders` keeps them, for an Envoy whose
//! clients are services behind such an edge. `x-steward-*` is ours alone and goes in either case.
//!
//! `x_lane_code` is another header to a proxy but the same variable to a CGI or WSGI service (RFC 3875, section 4.1.18), so
//! an underscore counts as a hyphen here.

use crate::Changes;
use host::Headers;
use std::borrow::Cow;

/// Headers (and baggage keys) that carry decisions of governance, in lower case.
const RESERVED: [&str; 8] = [
    "x-lane-space-id",
    "x-lane-code",
    "x-live-space-id",
    "x-live-rule-id",
    "x-live-uid",
    "x-service-consumer",
    "servicegroup",
    "x-service-group",
];

/// Headers between our own filters.
const OWN_PREFIX: &[u8] = b"x-steward-";

const BAGGAGE: &str = "baggage";

/// Whether clients are believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Clients are anybody.
    #[default]
    Edge,
    /// Clients are services behind an edge that has cleaned their headers.
    Inside,
}

// === impl Trust ===

impl Trust {
    /// Whether a header of this name (in lower case) is not the client's to send.
    pub(crate) fn hides(self, name: &[u8]) -> bool {
        may_be_hidden(name) && (is_own(name) || (self == Self::Edge && is_reserved(name)))
    }

    /// Notes the removal of everything that the client may not say.
    pub(crate) fn strip(self, headers: &Headers, changes: &mut Changes) {
        for (name, _) in headers {
            if self.hides(name) {
                changes.remove_request(String::from_utf8_lossy(name).into_owned());
            }
        }
        if let (Self::Edge, Some(kept)) = (self, cleaned_baggage(headers)) {
            match kept.is_empty() {
                true => changes.remove_request(BAGGAGE),
                false => changes.set_request(BAGGAGE, kept),
            }
        }
    }
}

/// Whether a name begins as a hidden one does: most do not, and this is asked of every header of every request.
fn may_be_hidden(name: &[u8]) -> bool {
    matches!(name.first(), Some(b'x' | b's'))
}

fn is_own(name: &[u8]) -> bool {
    name.get(..OWN_PREFIX.len())
        .is_some_and(|start| same_header(start, OWN_PREFIX))
}

fn is_reserved(name: &[u8]) -> bool {
    RESERVED
        .iter()
        .any(|reserved| same_header(name, reserved.as_bytes()))
}

fn same_header(name: &[u8], known: &[u8]) -> bool {
    let hyphened = |byte: &u8| {
        if *byte == b'_' {
            b'-'
        } else {
            byte.to_ascii_lowercase()
        }
    };
    name.len() == known.len() && name.iter().map(hyphened).eq(known.iter().copied())
}

/// All `baggage` lines as one, less the reserved members; `None` if nothing has to go.
fn cleaned_baggage(headers: &Headers) -> Option<Vec<u8>> {
    let members = || {
        headers
            .all(BAGGAGE)
            .flat_map(|line| line.split(|byte| *byte == b','))
    };
    if !members().any(is_reserved_member) {
        return None;
    }
    let kept: Vec<&[u8]> = members()
        .filter(|member| !is_reserved_member(member))
        .collect();
    Some(kept.join(&b','))
}

fn is_reserved_member(member: &[u8]) -> bool {
    let end = member
        .iter()
        .position(|byte| matches!(byte, b'=' | b';'))
        .unwrap_or(member.len());
    let key = member.get(..end).unwrap_or_default().trim_ascii();
    // A key is a token, yet some readers decode it: `x%2Dlane-code` must not come through.
    let key: Cow<'_, [u8]> = percent_encoding::percent_decode(key).into();
    is_own(&key) || is_reserved(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hidden_name_begins_as_hidden_names_do() {
        let own = std::str::from_utf8(OWN_PREFIX).unwrap();
        for name in RESERVED.into_iter().chain([own]) {
            assert!(Trust::Edge.hides(name.as_bytes()), "{name}");
        }
    }

    fn stripped(trust: Trust, pairs: &[(&str, &[u8])]) -> Changes {
        let mut changes = Changes::default();
        trust.strip(&Headers::from_pairs(pairs), &mut changes);
        changes
    }

    #[test]
    fn a_clients_lane_goes_and_its_other_headers_stay() {
        let changes = stripped(
            Trust::Edge,
            &[("x-lane-code", b"gray"), ("x-live-unit", b"unit1")],
        );
        assert_eq!(changes.request("x-lane-code"), Some(None));
        assert_eq!(changes.request("x-live-unit"), None);
    }

    #[test]
    fn an_underscore_is_no_way_past() {
        let headers: [(&str, &[u8]); 2] = [("x_lane_code", b"gray"), ("x_steward-subset", b"AA==")];
        let changes = stripped(Trust::Edge, &headers);
        assert_eq!(changes.request("x_lane_code"), Some(None));
        assert_eq!(changes.request("x_steward-subset"), Some(None));
        assert!(Trust::Edge.hides(b"x_lane_code"));
    }

    #[test]
    fn our_own_headers_go_even_inside() {
        let changes = stripped(
            Trust::Inside,
            &[("x-steward-subset", b"AA=="), ("x-lane-code", b"gray")],
        );
        assert_eq!(changes.request("x-steward-subset"), Some(None));
        assert_eq!(changes.request("x-lane-code"), None);
    }

    #[test]
    fn baggage_loses_only_the_reserved_keys() {
        let line: &[u8] = b"user=7, X-Lane-Code = gray;p=1,x%2Dlane-space-id=s,b=2";
        let changes = stripped(Trust::Edge, &[("baggage", line)]);
        assert_eq!(
            changes.request("baggage"),
            Some(Some(b"user=7,b=2".as_slice()))
        );
        assert_eq!(
            stripped(Trust::Edge, &[("baggage", b"user=7")]).request("baggage"),
            None
        );
        let all_gone = stripped(
            Trust::Edge,
            &[("baggage", b"x-live-uid=1"), ("baggage", b"x-lane-code=g")],
        );
        assert_eq!(all_gone.request("baggage"), Some(None));
    }
}
