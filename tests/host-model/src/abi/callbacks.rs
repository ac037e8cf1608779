//! The SDK's exports, called by the model.

use proxy_wasm as _;

unsafe extern "C" {
    #[link_name = "proxy_on_memory_allocate"]
    pub(crate) safe fn memory_allocate(size: usize) -> *mut u8;
    #[link_name = "proxy_on_context_create"]
    pub(crate) safe fn context_create(context: u32, root: u32);
    #[link_name = "proxy_on_vm_start"]
    pub(crate) safe fn vm_start(root: u32, size: usize) -> bool;
    #[link_name = "proxy_on_configure"]
    pub(crate) safe fn configure(root: u32, size: usize) -> bool;
    #[link_name = "proxy_on_tick"]
    pub(crate) safe fn tick(root: u32);
    #[link_name = "proxy_on_http_call_response"]
    pub(crate) safe fn http_call_response(
        context: u32,
        token: u32,
        headers: usize,
        body: usize,
        trailers: usize,
    );
    #[link_name = "proxy_on_request_headers"]
    pub(crate) safe fn request_headers(context: u32, count: usize, end: bool) -> u32;
    #[link_name = "proxy_on_request_body"]
    pub(crate) safe fn request_body(context: u32, size: usize, end: bool) -> u32;
    #[link_name = "proxy_on_request_trailers"]
    pub(crate) safe fn request_trailers(context: u32, count: usize) -> u32;
    #[link_name = "proxy_on_response_headers"]
    pub(crate) safe fn response_headers(context: u32, count: usize, end: bool) -> u32;
    #[link_name = "proxy_on_response_body"]
    pub(crate) safe fn response_body(context: u32, size: usize, end: bool) -> u32;
    #[link_name = "proxy_on_response_trailers"]
    pub(crate) safe fn response_trailers(context: u32, count: usize) -> u32;
    #[link_name = "proxy_on_done"]
    pub(crate) safe fn done(context: u32) -> bool;
    #[link_name = "proxy_on_delete"]
    pub(crate) safe fn delete(context: u32);
}
