//! The modules, and for each what Envoy may call in it.
//!
//! Envoy calls every `proxy_on_*` that a module exports, and the SDK exports all of them. Each call into a VM costs
//! (measured on Envoy 1.40: a filter that does nothing costs 2.1 µs a request as linked, 1.2 µs with six exports), so
//! a module keeps only what its stages listen to. This table is the one place that says so; the tests of the
//! artefacts include this very file.

/// A Wasm module that users load.
pub(crate) struct Module {
    /// The file is `<name>.wasm`, the crate `<name>-plugin`.
    pub(crate) name: &'static str,
    /// The callbacks of its stages, beside those every filter needs.
    pub(crate) callbacks: &'static [&'static str],
    /// The most it may weigh, in bytes.
    pub(crate) budget: u64,
}

/// What any filter needs: memory, entry point, ABI version, an allocator for what the host hands over, a life from
/// configuration to deletion, and the request. A stream's end is its deletion.
const ALWAYS: [&str; 9] = [
    "memory",
    "_initialize",
    "proxy_abi_version_0_2_1",
    "proxy_on_memory_allocate",
    "proxy_on_vm_start",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_request_headers",
    "proxy_on_delete",
];

/// The request's end is seen, where its headers are not all of it.
const REQUEST_BODY: &str = "proxy_on_request_body";
const REQUEST_TRAILERS: &str = "proxy_on_request_trailers";
/// The status of a gRPC call is seen. Envoy calls it only where a response has trailers.
const RESPONSE_TRAILERS: &str = "proxy_on_response_trailers";
/// The response's status and headers are read or extended.
pub(crate) const RESPONSE: &str = "proxy_on_response_headers";

/// Issuers' keys are fetched on the timer, workers that hold permits show that they live, and requests that waited go on.
const TICK: &str = "proxy_on_tick";
/// The answer to a filter's own call, which comes by itself.
const ANSWER: &str = "proxy_on_http_call_response";

/// One stage. Two thirds of a module read and check the document, whatever its stage. Like all of these this holds what has
/// been reached, 2 per cent above the largest.
const FILTER_BUDGET: u64 = 600 * 1024;
/// Limits: rates by five algorithms, concurrency, and requests that wait.
const LIMIT_BUDGET: u64 = 674 * 1024;
/// Tokens: their signatures bring arithmetic along that no other stage needs, and their issuers' keys are fetched.
const TOKEN_BUDGET: u64 = 789 * 1024;
/// All stages; the aim is 1 MiB.
const GOVERNANCE_BUDGET: u64 = 957 * 1024;

/// All of them, in the order in which they are built and listed.
pub(crate) const MODULES: [Module; 5] = [
    Module {
        name: "jwt-auth",
        callbacks: &[TICK, ANSWER],
        budget: TOKEN_BUDGET,
    },
    Module {
        name: "rate-limit",
        callbacks: &[RESPONSE, TICK],
        budget: LIMIT_BUDGET,
    },
    Module {
        name: "traffic-route",
        callbacks: &[],
        budget: FILTER_BUDGET,
    },
    Module {
        name: "circuit-breaker",
        callbacks: &[REQUEST_BODY, REQUEST_TRAILERS, RESPONSE, RESPONSE_TRAILERS],
        budget: FILTER_BUDGET,
    },
    Module {
        name: "governance",
        callbacks: &[
            REQUEST_BODY,
            REQUEST_TRAILERS,
            RESPONSE,
            RESPONSE_TRAILERS,
            TICK,
            ANSWER,
        ],
        budget: GOVERNANCE_BUDGET,
    },
];

// === impl Module ===

impl Module {
    /// Everything the module exports.
    pub(crate) fn exports(&self) -> impl Iterator<Item = &'static str> {
        ALWAYS.into_iter().chain(self.callbacks.iter().copied())
    }

    /// The file's name.
    pub(crate) fn file(&self) -> String {
        format!("{}.wasm", self.name)
    }
}
