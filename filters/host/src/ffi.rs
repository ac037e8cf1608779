//! The host's functions, and the only unsafe code of the house.
//!
//! The SDK declares the same functions, but its wrappers panic on any status that they do not list, turn values into
//! `String`s by `unwrap`, and leave out the reply's details; a panic here is a dead worker VM. So they are declared once
//! more (proxy-wasm ABI 0.2.1), with plain numbers for enums: a status that the SDK's enum lacks would be undefined
//! behaviour there and is just a number here. On other targets the symbols are those of whoever plays the host.
#![allow(
    unsafe_code,
    reason = "calls over the ABI; every other module of the house forbids it"
)]

use crate::HostError;
use std::ptr::null_mut;

#[cfg_attr(target_arch = "wasm32", link(wasm_import_module = "env"))]
unsafe extern "C" {
    fn proxy_log(level: u32, text: *const u8, size: usize) -> u32;
    fn proxy_get_log_level(level: *mut u32) -> u32;
    safe fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    safe fn proxy_set_effective_context(context: u32) -> u32;
    safe fn proxy_continue_stream(kind: u32) -> u32;
    fn proxy_get_buffer_bytes(
        kind: u32,
        start: usize,
        max: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(kind: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        kind: u32,
        name: *const u8,
        name_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        kind: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(kind: u32, name: *const u8, name_size: usize) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
        cas: u32,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    safe fn proxy_increment_metric(id: u32, offset: i64) -> u32;
    safe fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_property(
        path: *const u8,
        path_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        argument: *const u8,
        argument_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
}

#[cfg_attr(
    target_arch = "wasm32",
    link(wasm_import_module = "wasi_snapshot_preview1")
)]
unsafe extern "C" {
    /// WASI's `clock_time_get`. `std::time::Instant` reads the same clock but hides the number, which is what several VMs
    /// must agree on. Off Wasm it has a name of its own, lest it shadow a system's function.
    #[cfg_attr(target_arch = "wasm32", link_name = "clock_time_get")]
    fn steward_clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
}

/// Which header map.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum Map {
    Request = 0,
    Response = 2,
    ResponseTrailers = 3,
    CallAnswer = 6,
}

/// Which buffer.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum Buffer {
    ResponseBody = 1,
    CallAnswer = 4,
    PluginConfiguration = 7,
}

/// Which clock.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum Clock {
    Wall = 0,
    Monotonic = 1,
}

const OK: u32 = 0;
const NOT_FOUND: u32 = 1;
const BAD_ARGUMENT: u32 = 2;
const CAS_MISMATCH: u32 = 8;

/// Nanoseconds of a clock; 0 if the host has no such clock.
pub(crate) fn clock(clock: Clock) -> u64 {
    let mut time = 0;
    // SAFETY: `time` is a live u64 for the call, and the host keeps no pointer.
    unsafe { steward_clock_time_get(clock as u32, 1, &raw mut time) };
    time
}

/// Writes a log line; a host that refuses it cannot be told so.
pub(crate) fn log(level: u32, line: &str) {
    // SAFETY: pointer and length are those of a live string that the host only reads.
    unsafe { proxy_log(level, line.as_ptr(), line.len()) };
}

/// The lowest level that is written.
pub(crate) fn log_level() -> Result<u32, HostError> {
    let mut level = 0;
    // SAFETY: `level` is a live u32 for the call.
    done(unsafe { proxy_get_log_level(&raw mut level) })?;
    Ok(level)
}

/// Sets the root context's timer; 0 stops it.
pub(crate) fn set_tick_period(milliseconds: u32) -> Result<(), HostError> {
    done(proxy_set_tick_period_milliseconds(milliseconds))
}

/// Makes the calls that follow, up to the end of the callback, those of another context.
pub(crate) fn set_effective_context(context: u32) -> Result<(), HostError> {
    done(proxy_set_effective_context(context))
}

/// Lets a held request go on.
pub(crate) fn continue_request() -> Result<(), HostError> {
    const REQUEST: u32 = 0;
    done(proxy_continue_stream(REQUEST))
}

/// A part of a buffer; nothing buffered is no bytes.
pub(crate) fn buffer(kind: Buffer, start: usize, max: usize) -> Result<Vec<u8>, HostError> {
    let answer = returned(|data, size| {
        // SAFETY: `returned` passes two live places for the host to write to.
        unsafe { proxy_get_buffer_bytes(kind as u32, start, max, data, size) }
    });
    absent_is_empty(answer)
}

/// A whole header map, serialized; a map that this phase does not have is no bytes.
pub(crate) fn header_pairs(map: Map) -> Result<Vec<u8>, HostError> {
    let answer = returned(|data, size| {
        // SAFETY: `returned` passes two live places for the host to write to.
        unsafe { proxy_get_header_map_pairs(map as u32, data, size) }
    });
    absent_is_empty(answer)
}

/// The first value of a header; a map that this phase does not have has none.
pub(crate) fn header(map: Map, name: &str) -> Result<Option<Vec<u8>>, HostError> {
    let answer = returned(|data, size| {
        // SAFETY: `name` is a live string that the host only reads; the other two are live places for it to write to.
        unsafe { proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), data, size) }
    });
    match answer {
        Err(HostError::BadArgument) => Ok(None),
        answer => absent_is_none(answer),
    }
}

/// Replaces every copy of a header.
pub(crate) fn replace_header(map: Map, name: &str, value: &[u8]) -> Result<(), HostError> {
    // SAFETY: both pointers and lengths are those of live slices that the host only reads.
    done(unsafe {
        proxy_replace_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}

/// Removes every copy of a header.
pub(crate) fn remove_header(map: Map, name: &str) -> Result<(), HostError> {
    // SAFETY: pointer and length are those of a live string that the host only reads.
    done(unsafe { proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) })
}

/// Sends a local reply; `headers` are serialized pairs, `grpc_status` -1 leaves the mapping to the host.
pub(crate) fn reply(
    status: u32,
    details: &str,
    body: &[u8],
    headers: &[u8],
    grpc_status: i32,
) -> Result<(), HostError> {
    // SAFETY: all pointers and lengths are those of live slices that the host only reads.
    done(unsafe {
        proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            grpc_status,
        )
    })
}

/// A shared-data value, empty if it was emptied, and its version; `None` if the key was never set.
pub(crate) fn shared_get(key: &[u8]) -> Result<Option<(Vec<u8>, u32)>, HostError> {
    let mut cas = 0;
    let answer = returned(|data, size| {
        // SAFETY: `key` is a live slice that the host only reads; the other three are live places for it to write to.
        unsafe { proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &raw mut cas) }
    });
    Ok(absent_is_none(answer)?.map(|bytes| (bytes, cas)))
}

/// Writes a shared-data value if its version is still `cas`; `Ok(false)`: it is not.
pub(crate) fn shared_set(key: &[u8], value: &[u8], cas: u32) -> Result<bool, HostError> {
    // SAFETY: both pointers and lengths are those of live slices that the host only reads.
    let status =
        unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas) };
    if status == CAS_MISMATCH {
        return Ok(false);
    }
    done(status).map(|()| true)
}

/// Defines a metric, or finds the one of that name.
pub(crate) fn define_metric(kind: u32, name: &str) -> Result<u32, HostError> {
    let mut id = 0;
    // SAFETY: `name` is a live string that the host only reads, `id` a live place for it to write to.
    done(unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), &raw mut id) })?;
    Ok(id)
}

/// Adds to a counter or a gauge.
pub(crate) fn increment_metric(id: u32, offset: i64) -> Result<(), HostError> {
    done(proxy_increment_metric(id, offset))
}

/// Sets a gauge, or records a histogram's value.
pub(crate) fn record_metric(id: u32, value: u64) -> Result<(), HostError> {
    done(proxy_record_metric(id, value))
}

/// A property, by its path with a NUL between the parts.
pub(crate) fn property(path: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
    absent_is_none(returned(|data, size| {
        // SAFETY: `path` is a live slice that the host only reads; the other two are live places for it to write to.
        unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) }
    }))
}

/// Sets a property, by its path with a NUL between the parts.
pub(crate) fn set_property(path: &[u8], value: &[u8]) -> Result<(), HostError> {
    // SAFETY: both pointers and lengths are those of live slices that the host only reads.
    done(unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) })
}

/// Calls a foreign function.
pub(crate) fn call_foreign(name: &str, argument: &[u8]) -> Result<Vec<u8>, HostError> {
    let (to, size) = (argument.as_ptr(), argument.len());
    returned(|data, written| {
        // SAFETY: both slices are live and only read; the last two are live places for the host to write to.
        unsafe { proxy_call_foreign_function(name.as_ptr(), name.len(), to, size, data, written) }
    })
}

/// Makes a call that returns bytes, and owns them.
fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>, HostError> {
    let (mut data, mut size) = (null_mut::<u8>(), 0_usize);
    done(call(&raw mut data, &raw mut size))?;
    if data.is_null() || size == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: by the ABI the host got `data` from `proxy_on_memory_allocate(size)`, which is the SDK's and hands out a boxed
    // slice of exactly `size` bytes; the host filled all of them and gave the memory up with this answer.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}

fn done(status: u32) -> Result<(), HostError> {
    match status {
        OK => Ok(()),
        NOT_FOUND => Err(HostError::NotFound),
        BAD_ARGUMENT => Err(HostError::BadArgument),
        other => Err(HostError::Status(other)),
    }
}

fn absent_is_none(answer: Result<Vec<u8>, HostError>) -> Result<Option<Vec<u8>>, HostError> {
    match answer {
        Ok(bytes) => Ok(Some(bytes)),
        Err(HostError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn absent_is_empty(answer: Result<Vec<u8>, HostError>) -> Result<Vec<u8>, HostError> {
    absent_is_none(answer).map(Option::unwrap_or_default)
}
