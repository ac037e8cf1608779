//! Streams: header maps, buffers, local replies.

use super::{Status, answer, hand_over, passed, passed_text};
use crate::{
    HeaderMap,
    state::State,
    stream::{Map, Reply},
};

/// Stream types of the ABI.
const HTTP_REQUEST: u32 = 0;
const HTTP_RESPONSE: u32 = 1;
/// The map of an answer to the filter's own call.
const CALL_ANSWER: u32 = 6;

pub(super) fn symbols() -> [*const (); 11] {
    [
        proxy_get_buffer_bytes as *const (),
        proxy_set_buffer_bytes as *const (),
        proxy_get_header_map_pairs as *const (),
        proxy_set_header_map_pairs as *const (),
        proxy_get_header_map_value as *const (),
        proxy_replace_header_map_value as *const (),
        proxy_add_header_map_value as *const (),
        proxy_remove_header_map_value as *const (),
        proxy_send_local_response as *const (),
        proxy_continue_stream as *const (),
        proxy_close_stream as *const (),
    ]
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_buffer_bytes(
    kind: u32,
    start: usize,
    max: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    answer("proxy_get_buffer_bytes", |vm| {
        let whole = buffer(vm, kind).ok_or(Status::NotFound)?;
        let part: Vec<u8> = whole.iter().skip(start).take(max).copied().collect();
        // SAFETY: the filter's places to write to.
        unsafe { hand_over(&part, data, size) };
        Ok(())
    })
}

fn buffer(vm: &mut State, kind: u32) -> Option<Vec<u8>> {
    match kind {
        0 => vm.stream().map(|stream| stream.request_body.clone()),
        1 => vm.stream().and_then(|stream| stream.buffered.clone()),
        4 => vm.answer.as_ref().map(|(_, body)| body.clone()),
        6 => Some(Vec::new()),
        7 => Some(vm.configuration.clone()),
        _ => None,
    }
}

/// Bodies are not changed here.
#[unsafe(no_mangle)]
extern "C" fn proxy_set_buffer_bytes(
    _kind: u32,
    _start: usize,
    _size: usize,
    _data: *const u8,
    _data_size: usize,
) -> u32 {
    answer("proxy_set_buffer_bytes", |_| Err(Status::NotFound))
}

/// A map that this phase does not have reads as empty.
#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_header_map_pairs(
    kind: u32,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    answer("proxy_get_header_map_pairs", |vm| {
        let headers = readable(vm, kind).filter(|headers| !headers.0.is_empty());
        let block = headers.map(HeaderMap::serialize).unwrap_or_default();
        // SAFETY: the filter's places to write to.
        unsafe { hand_over(&block, data, size) };
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_header_map_pairs(kind: u32, data: *const u8, size: usize) -> u32 {
    // SAFETY: the filter's own slice.
    let block = unsafe { passed(data, size) };
    change("proxy_set_header_map_pairs", kind, |headers| {
        *headers = HeaderMap::parse(block).ok_or(Status::BadArgument)?;
        Ok(())
    })
}

/// The first value only.
#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_header_map_value(
    kind: u32,
    name: *const u8,
    name_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    answer("proxy_get_header_map_value", |vm| {
        // SAFETY: the filter's own slice.
        let name = unsafe { passed_text(name, name_size) }?;
        let headers = readable(vm, kind).ok_or(Status::BadArgument)?;
        let value = headers.bytes(name).ok_or(Status::NotFound)?;
        // SAFETY: the filter's places to write to.
        unsafe { hand_over(value, data, size) };
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_replace_header_map_value(
    kind: u32,
    name: *const u8,
    name_size: usize,
    value: *const u8,
    value_size: usize,
) -> u32 {
    change("proxy_replace_header_map_value", kind, |headers| {
        // SAFETY: the filter's own slices.
        let (name, value) = unsafe { (passed_text(name, name_size)?, passed(value, value_size)) };
        headers.set(name, value);
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_add_header_map_value(
    kind: u32,
    name: *const u8,
    name_size: usize,
    value: *const u8,
    value_size: usize,
) -> u32 {
    change("proxy_add_header_map_value", kind, |headers| {
        // SAFETY: the filter's own slices.
        let (name, value) = unsafe { (passed_text(name, name_size)?, passed(value, value_size)) };
        headers.add(name, value);
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_remove_header_map_value(
    kind: u32,
    name: *const u8,
    name_size: usize,
) -> u32 {
    change("proxy_remove_header_map_value", kind, |headers| {
        // SAFETY: the filter's own slice.
        headers.remove(unsafe { passed_text(name, name_size) }?);
        Ok(())
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_send_local_response(
    status: u32,
    details: *const u8,
    details_size: usize,
    body: *const u8,
    body_size: usize,
    headers: *const u8,
    headers_size: usize,
    grpc_status: i32,
) -> u32 {
    answer("proxy_send_local_response", |vm| {
        // SAFETY: the filter's own slices.
        let (details, body, headers) = unsafe {
            let details = passed_text(details, details_size)?;
            (
                details,
                passed(body, body_size),
                passed(headers, headers_size),
            )
        };
        let headers = HeaderMap::parse(headers).ok_or(Status::BadArgument)?;
        let reply = Reply {
            status,
            body: body.to_vec(),
            headers,
            grpc_status,
        };
        vm.stream()
            .ok_or(Status::BadArgument)?
            .ask_reply(reply, details);
        Ok(())
    })
}

/// Takes effect when the callback that asks has ended; the map is out of reach at once.
#[unsafe(no_mangle)]
extern "C" fn proxy_continue_stream(kind: u32) -> u32 {
    answer("proxy_continue_stream", |vm| match (kind, vm.stream()) {
        (HTTP_REQUEST, Some(stream)) => {
            stream.request_open = false;
            stream.resumed = stream.forwarded.is_none();
            Ok(())
        }
        (HTTP_RESPONSE, _) | (_, None) => Ok(()),
        _ => Err(Status::BadArgument),
    })
}

#[unsafe(no_mangle)]
extern "C" fn proxy_close_stream(_kind: u32) -> u32 {
    answer("proxy_close_stream", |_| Ok(()))
}

fn map(kind: u32) -> Option<Map> {
    match kind {
        0 => Some(Map::Request),
        2 => Some(Map::Response),
        3 => Some(Map::ResponseTrailers),
        _ => None,
    }
}

fn readable(vm: &mut State, kind: u32) -> Option<&HeaderMap> {
    if kind == CALL_ANSWER {
        return vm.answer.as_ref().map(|(headers, _)| headers);
    }
    let map = map(kind)?;
    vm.stream()?.readable(map)
}

/// Changes a map, if it is this phase's.
fn change(
    function: &'static str,
    kind: u32,
    f: impl FnOnce(&mut HeaderMap) -> Result<(), Status>,
) -> u32 {
    answer(function, |vm| {
        let stream = vm.stream().ok_or(Status::BadArgument)?;
        let headers = map(kind).and_then(|map| stream.writable(map));
        f(headers.ok_or(Status::BadArgument)?)
    })
}
