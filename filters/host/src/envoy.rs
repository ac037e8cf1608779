//! [`Host`] over Envoy's proxy-wasm functions.

use crate::{
    CallAnswer, CallId, Expected, Headers, Host, HostError, HttpCall, LocalReply, MAX_ANSWER_BODY,
    MetricId, MetricKind, Nanos, Versioned,
    ffi::{self, Buffer, Clock, Map},
    headers::serialize,
    values::{check_header_name, check_header_value},
    versions::Versions,
};
use proxy_wasm::{hostcalls::dispatch_http_call, types::Status};
use std::time::Duration;

/// The host this code runs in. It has no state of a stream: the host knows which stream a call belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnvoyHost;

/// The version that no value has, which makes a swap a put-if-absent: Envoy inserts an absent key under any version and
/// compares that of a present one (proxy-wasm-cpp-host, `SharedData::set`). Its counter would need four thousand million
/// writes to get here.
const NO_VERSION: u32 = u32::MAX;

thread_local! {
    /// This VM's.
    static VERSIONS: Versions = const { Versions::new() };
}

// === impl EnvoyHost ===

impl EnvoyHost {
    /// The plugin configuration; only in `on_configure`.
    pub(crate) fn configuration(self) -> Result<Vec<u8>, HostError> {
        ffi::buffer(Buffer::PluginConfiguration, 0, usize::MAX)
    }

    /// The answer that has just come; only in `on_http_call_response`.
    pub(crate) fn call_answer(self) -> Result<Option<CallAnswer>, HostError> {
        let Some(status) = ffi::header(Map::CallAnswer, ":status")? else {
            return Ok(None);
        };
        let status = std::str::from_utf8(&status).ok();
        let status = status.and_then(|status| status.parse().ok());
        Ok(Some(CallAnswer {
            status: status.unwrap_or_default(),
            body: ffi::buffer(Buffer::CallAnswer, 0, MAX_ANSWER_BODY)?,
        }))
    }

    /// Sets the period of the root context's timer, in whole milliseconds and at least one; `None` stops it.
    pub(crate) fn set_tick_period(self, period: Option<Duration>) -> Result<(), HostError> {
        ffi::set_tick_period(period.map_or(0, whole_milliseconds))
    }

    /// From now to the end of the callback calls belong to this context.
    pub(crate) fn enter(self, context: u32) -> Result<(), HostError> {
        ffi::set_effective_context(context)
    }

    /// Lets a held request go on, once the callback has ended.
    pub(crate) fn continue_request(self) -> Result<(), HostError> {
        ffi::continue_request()
    }
}

impl Host for EnvoyHost {
    fn now(&self) -> Nanos {
        Nanos(ffi::clock(Clock::Monotonic))
    }

    fn wall_clock(&self) -> Duration {
        Duration::from_nanos(ffi::clock(Clock::Wall))
    }

    fn log_enabled(&self, level: log::Level) -> bool {
        ffi::log_level().is_ok_and(|lowest| level_number(level) >= lowest)
    }

    fn log(&self, level: log::Level, line: &str) {
        ffi::log(level_number(level), line);
    }

    fn request_headers(&self) -> Result<Headers, HostError> {
        Headers::parse(ffi::header_pairs(Map::Request)?)
    }

    fn response_headers(&self) -> Result<Headers, HostError> {
        Headers::parse(ffi::header_pairs(Map::Response)?)
    }

    fn response_header(&self, name: &str) -> Result<Option<Vec<u8>>, HostError> {
        ffi::header(Map::Response, name)
    }

    fn response_trailer(&self, name: &str) -> Result<Option<Vec<u8>>, HostError> {
        ffi::header(Map::ResponseTrailers, name)
    }

    fn set_request_header(&self, name: &str, value: &[u8]) -> Result<(), HostError> {
        set_header(Map::Request, name, value)
    }

    fn remove_request_header(&self, name: &str) -> Result<(), HostError> {
        check_header_name(name)?;
        ffi::remove_header(Map::Request, name)
    }

    fn set_response_header(&self, name: &str, value: &[u8]) -> Result<(), HostError> {
        set_header(Map::Response, name, value)
    }

    fn response_body(&self, start: usize, max: usize) -> Result<Vec<u8>, HostError> {
        ffi::buffer(Buffer::ResponseBody, start, max)
    }

    fn reply(&self, reply: &LocalReply<'_>) -> Result<(), HostError> {
        reply.check()?;
        let grpc_status = reply.grpc_status.map_or(Ok(-1), i32::try_from);
        let grpc_status = grpc_status.map_err(|_| HostError::BadArgument)?;
        let headers = serialize(reply.headers);
        ffi::reply(
            reply.status,
            reply.details,
            reply.body,
            &headers,
            grpc_status,
        )
    }

    fn shared_get(&self, key: &[u8]) -> Result<Option<Versioned>, HostError> {
        let found = ffi::shared_get(key)?.filter(|(bytes, _)| !bytes.is_empty());
        if let Some((_, cas)) = found {
            VERSIONS.with(|versions| versions.read(cas));
        }
        Ok(found.map(|(bytes, cas)| Versioned { bytes, cas }))
    }

    fn shared_swap(&self, key: &[u8], value: &[u8], expected: Expected) -> Result<bool, HostError> {
        let is_won = match expected {
            // The host takes 0 as "write whatever is there", and hands it out to nobody.
            Expected::Version(0) => return Err(HostError::BadArgument),
            Expected::Version(cas) => ffi::shared_set(key, value, cas)?,
            Expected::Absent => {
                ffi::shared_set(key, value, NO_VERSION)? || put_over_tombstone(key, value)?
            }
        };
        if is_won {
            VERSIONS.with(Versions::wrote);
        }
        Ok(is_won)
    }

    fn newest_version(&self) -> Option<u32> {
        VERSIONS.with(Versions::newest)
    }

    fn define_metric(&self, kind: MetricKind, name: &str) -> Result<MetricId, HostError> {
        let kind = match kind {
            MetricKind::Counter => 0,
            MetricKind::Gauge => 1,
            MetricKind::Histogram => 2,
        };
        ffi::define_metric(kind, name).map(MetricId)
    }

    fn add_metric(&self, id: MetricId, delta: i64) -> Result<(), HostError> {
        ffi::increment_metric(id.0, delta)
    }

    fn record_metric(&self, id: MetricId, value: u64) -> Result<(), HostError> {
        ffi::record_metric(id.0, value)
    }

    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, HostError> {
        ffi::property(path.join("\0").as_bytes())
    }

    fn set_filter_state(&self, name: &str, value: &[u8]) -> Result<(), HostError> {
        ffi::set_property(name.as_bytes(), value)
    }

    fn call_foreign(&self, name: &str, argument: &[u8]) -> Result<Vec<u8>, HostError> {
        ffi::call_foreign(name, argument)
    }

    /// By the SDK, alone of all calls: its dispatcher must have seen a call's number, or the answer to it is a panic.
    fn http_call(&self, call: &HttpCall<'_>) -> Result<CallId, HostError> {
        call.check()?;
        let timeout = Duration::from_millis(u64::from(whole_milliseconds(call.timeout)));
        let body = (!call.body.is_empty()).then_some(call.body);
        let sent = dispatch_http_call(call.cluster, call.headers.to_vec(), body, vec![], timeout);
        sent.map(CallId).map_err(|status| match status {
            Status::BadArgument => HostError::BadArgument,
            other => HostError::Status(other as u32),
        })
    }
}

fn set_header(map: Map, name: &str, value: &[u8]) -> Result<(), HostError> {
    check_header_name(name)?;
    check_header_value(value)?;
    ffi::replace_header(map, name, value)
}

/// The host cannot delete: a value that was emptied keeps its key and version, and stands in the way of a put-if-absent.
/// Only ever asked after a put was lost, so the usual case pays nothing.
fn put_over_tombstone(key: &[u8], value: &[u8]) -> Result<bool, HostError> {
    match ffi::shared_get(key)? {
        Some((bytes, cas)) if bytes.is_empty() && cas != 0 => ffi::shared_set(key, value, cas),
        _ => Ok(false),
    }
}

/// The ABI's number of a level: trace 0 to error 4.
fn level_number(level: log::Level) -> u32 {
    match level {
        log::Level::Trace => 0,
        log::Level::Debug => 1,
        log::Level::Info => 2,
        log::Level::Warn => 3,
        log::Level::Error => 4,
    }
}

/// A period of less than a millisecond is one: 0 would stop the timer.
fn whole_milliseconds(period: Duration) -> u32 {
    u32::try_from(period.as_millis()).unwrap_or(u32::MAX).max(1)
}
