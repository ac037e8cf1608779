//! What a program that links the SDK must find, but no filter of this house uses. Each answers as an Envoy does that has no
//! such cluster, queue or call; a filter that begins to use one needs it modelled first.

use super::{Status, answer};

type Data = *const u8;

pub(super) fn symbols() -> [*const (); 10] {
    [
        proxy_grpc_call as *const (),
        proxy_grpc_stream as *const (),
        proxy_grpc_send as *const (),
        proxy_grpc_cancel as *const (),
        proxy_grpc_close as *const (),
        proxy_get_status as *const (),
        proxy_register_shared_queue as *const (),
        proxy_resolve_shared_queue as *const (),
        proxy_dequeue_shared_queue as *const (),
        proxy_enqueue_shared_queue as *const (),
    ]
}

#[unsafe(no_mangle)]
extern "C" fn proxy_grpc_call(
    _upstream: Data,
    _upstream_size: usize,
    _service: Data,
    _service_size: usize,
    _method: Data,
    _method_size: usize,
    _metadata: Data,
    _metadata_size: usize,
    _message: Data,
    _message_size: usize,
    _timeout: u32,
    _token: *mut u32,
) -> u32 {
    answer("proxy_grpc_call", |_| Err(Status::InternalFailure))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_grpc_stream(
    _upstream: Data,
    _upstream_size: usize,
    _service: Data,
    _service_size: usize,
    _method: Data,
    _method_size: usize,
    _metadata: Data,
    _metadata_size: usize,
    _token: *mut u32,
) -> u32 {
    answer("proxy_grpc_stream", |_| Err(Status::InternalFailure))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_grpc_send(_token: u32, _data: Data, _size: usize, _end: bool) -> u32 {
    answer("proxy_grpc_send", |_| Err(Status::NotFound))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_grpc_cancel(_token: u32) -> u32 {
    answer("proxy_grpc_cancel", |_| Err(Status::NotFound))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_grpc_close(_token: u32) -> u32 {
    answer("proxy_grpc_close", |_| Err(Status::NotFound))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_get_status(_code: *mut u32, _data: *mut *mut u8, _size: *mut usize) -> u32 {
    answer("proxy_get_status", |_| Err(Status::NotFound))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_register_shared_queue(_name: Data, _size: usize, _id: *mut u32) -> u32 {
    answer("proxy_register_shared_queue", |_| Err(Status::NotFound))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_resolve_shared_queue(
    _vm_id: Data,
    _vm_id_size: usize,
    _name: Data,
    _name_size: usize,
    _id: *mut u32,
) -> u32 {
    answer("proxy_resolve_shared_queue", |_| Err(Status::NotFound))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_dequeue_shared_queue(_id: u32, _data: *mut *mut u8, _size: *mut usize) -> u32 {
    answer("proxy_dequeue_shared_queue", |_| Err(Status::NotFound))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_enqueue_shared_queue(_id: u32, _data: Data, _size: usize) -> u32 {
    answer("proxy_enqueue_shared_queue", |_| Err(Status::NotFound))
}
