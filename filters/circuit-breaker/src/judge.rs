//! What a failed call is, and which answers are a call's answer at all.
//!
//! **Codes.** The requirement (2.8) counts a response as a failure when its code is one of `errorCodes`: HTTP statuses, or
//! gRPC status numbers for gRPC calls, which no HTTP status collides with. A policy without `errorCodes` would, read to the
//! letter, have a failure rate that nothing can raise; there, what every gateway takes for the server's fault counts: 5xx,
//! and for gRPC UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE and DATA_LOSS. UNIMPLEMENTED does not: any client can ask
//! for a method that is not there. Codes that are not numbers can only be meant for a `codePolicy`, which reads them
//! from a body; they are not compared with a status.
//!
//! **No answer.** A refused connection, a reset and a timeout of the upstream are failures whatever `errorCodes` says:
//! Envoy answers 503 or 504 in the upstream's place, and its response flags say so. JoyLive counts these as successes unless
//! an exception class is named; a proxy has no classes to name.
//!
//! **Nobody's answer.** What never reached an upstream says nothing about it: a refusal by one of our stages or by another
//! filter, no route, no healthy host, Envoy's own overflow. In particular a lane or tag that has no instance (503, flag UH)
//! must not count, or a client could open a service's breaker by asking for a tag that does not exist.

use crate::wire::Writer;
use host::Host;
use policy_model::document::CircuitBreakPolicy;

/// The codes that are failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Codes {
    /// These, HTTP and gRPC alike.
    Listed(Box<[u32]>),
    /// The server's faults.
    ServerFaults,
}

/// Where a response came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The upstream.
    Upstream,
    /// Envoy, because the upstream failed to answer.
    InItsPlace,
    /// Envoy or a filter, for reasons of their own.
    Elsewhere,
}

/// What Envoy says in `%RESPONSE_CODE_DETAILS%` of a response that the upstream made.
const VIA_UPSTREAM: &[u8] = b"via_upstream";

/// Envoy's response flags (`CoreResponseFlag`, stream_info.h) that blame the upstream, by their bit: UT, LR, UR, UF, UC,
/// URX, UMSDR, UPE and DF.
const UPSTREAM_FAULTS: u64 =
    1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 15 | 1 << 19 | 1 << 23 | 1 << 26;

/// Those that say that the client ended it: DC and DR.
const CLIENT_LEFT: u64 = 1 << 14 | 1 << 28;

/// UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS (`google.rpc.Code`).
const GRPC_SERVER_FAULTS: [u32; 5] = [2, 4, 13, 14, 15];

// === impl Codes ===

impl Codes {
    pub(crate) fn of(policy: &CircuitBreakPolicy) -> Self {
        if policy.error_codes.is_empty() {
            return Self::ServerFaults;
        }
        Self::Listed(
            policy
                .error_codes
                .iter()
                .filter_map(|code| code.trim().parse().ok())
                .collect(),
        )
    }

    /// For the state's identity.
    pub(crate) fn write_rules(&self, out: &mut Writer) {
        match self {
            Self::Listed(codes) => codes.iter().for_each(|code| out.u32(*code)),
            Self::ServerFaults => out.bytes(b"faults"),
        }
    }

    pub(crate) fn has_http(&self, status: u32) -> bool {
        match self {
            Self::Listed(codes) => codes.contains(&status),
            Self::ServerFaults => (500..600).contains(&status),
        }
    }

    pub(crate) fn has_grpc(&self, status: u32) -> bool {
        match self {
            Self::Listed(codes) => codes.contains(&status),
            Self::ServerFaults => GRPC_SERVER_FAULTS.contains(&status),
        }
    }
}

// === impl Origin ===

impl Origin {
    /// Where the response under way came from. A host that has no such attributes has no replies of its own to tell apart.
    pub(crate) fn of_response(host: &dyn Host) -> Self {
        match host.property(&["response", "code_details"]) {
            Ok(Some(details)) if details != VIA_UPSTREAM => {
                if has_upstream_failed(host) {
                    Self::InItsPlace
                } else {
                    Self::Elsewhere
                }
            }
            _ => Self::Upstream,
        }
    }
}

/// Whether Envoy's response flags blame the upstream.
pub(crate) fn has_upstream_failed(host: &dyn Host) -> bool {
    has_flag(host, UPSTREAM_FAULTS)
}

/// Whether Envoy's response flags say that the client ended the stream.
pub(crate) fn has_client_left(host: &dyn Host) -> bool {
    has_flag(host, CLIENT_LEFT)
}

fn has_flag(host: &dyn Host, any: u64) -> bool {
    number(host, &["response", "flags"]).is_some_and(|flags| flags & any != 0)
}

/// The `grpc-status` among the trailers that come by.
pub(crate) fn grpc_status(host: &dyn Host) -> Option<u32> {
    let status = host.response_trailer("grpc-status").ok().flatten()?;
    std::str::from_utf8(&status).ok()?.parse().ok()
}

/// A number attribute: eight bytes, little-endian.
fn number(host: &dyn Host, path: &[&str]) -> Option<u64> {
    let bytes = host.property(path).ok().flatten()?;
    bytes.as_slice().try_into().ok().map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::fake::FakeHost;

    fn codes(listed: &[&str]) -> Codes {
        let error_codes = listed.iter().map(ToString::to_string).collect();
        Codes::of(&CircuitBreakPolicy {
            error_codes,
            ..CircuitBreakPolicy::default()
        })
    }

    fn answered(details: &str, flags: u64) -> Origin {
        let host = FakeHost::new();
        host.set_property("response.code_details", details.as_bytes());
        host.set_property("response.flags", &flags.to_le_bytes());
        Origin::of_response(&host)
    }

    #[test]
    fn listed_codes_are_the_only_ones() {
        let listed = codes(&["500", "502", "14", "E1001"]);
        assert!(listed.has_http(500) && listed.has_http(502) && listed.has_grpc(14));
        assert!(!listed.has_http(503) && !listed.has_http(200) && !listed.has_grpc(13));
    }

    #[test]
    fn codes_of_bodies_are_not_statuses() {
        let business = codes(&["E1001"]);
        assert!(!business.has_http(500) && !business.has_grpc(14));
    }

    #[test]
    fn without_a_list_the_servers_faults_count() {
        let faults = codes(&[]);
        assert!(faults.has_http(500) && faults.has_http(599));
        assert!(!faults.has_http(499) && !faults.has_http(429) && !faults.has_http(600));
        assert!(faults.has_grpc(14) && faults.has_grpc(2));
        assert!(!faults.has_grpc(0) && !faults.has_grpc(12) && !faults.has_grpc(7));
    }

    #[test]
    fn replies_of_envoy_are_told_apart() {
        assert_eq!(answered("via_upstream", 0), Origin::Upstream);
        assert_eq!(
            answered("via_upstream", 1 << 15),
            Origin::Upstream,
            "retries spent, but its answer"
        );
        assert_eq!(
            answered(
                "upstream_reset_before_response_started{connection_failure}",
                0x20
            ),
            Origin::InItsPlace
        );
        assert_eq!(answered("response_timeout", 0x4), Origin::InItsPlace);
        assert_eq!(answered("no_healthy_upstream", 0x2), Origin::Elsewhere);
        assert_eq!(answered("overflow", 0x80), Origin::Elsewhere);
        assert_eq!(answered("route_not_found", 0x100), Origin::Elsewhere);
        assert_eq!(answered("rbac_access_denied", 0), Origin::Elsewhere);
        assert_eq!(Origin::of_response(&FakeHost::new()), Origin::Upstream);
    }
}
