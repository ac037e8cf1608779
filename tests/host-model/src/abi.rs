//! The functions that a filter imports, as native symbols.
//!
//! All 37 of the SDK are here, whether modelled or not: a program that links the SDK needs each of them. Only those eight
//! statuses are answered that the SDK's enum has; another would be undefined behaviour in it.
#![allow(unsafe_code, reason = "the host's side of the ABI is raw pointers")]

pub(crate) mod callbacks;
mod callout;
mod http;
mod unmodelled;
mod vm;

use crate::state::{State, with};

/// Why a call fails, by its number in the ABI.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
enum Status {
    NotFound = 1,
    BadArgument = 2,
    CasMismatch = 8,
    InternalFailure = 10,
}

const OK: u32 = 0;

/// Makes a reference to every symbol. Linkers take from a library only the objects that something already asks for, and the
/// filter that asks comes after this crate on the command line.
pub(crate) fn link() {
    std::hint::black_box((
        callout::symbols(),
        http::symbols(),
        unmodelled::symbols(),
        vm::symbols(),
    ));
}

/// Counts a call and answers it from this thread's VM.
fn answer(function: &'static str, f: impl FnOnce(&mut State) -> Result<(), Status>) -> u32 {
    let result = with(|state| {
        state.count(function);
        f(state)
    });
    match result {
        Some(Ok(())) => OK,
        Some(Err(status)) => status as u32,
        None => Status::InternalFailure as u32,
    }
}

/// What the filter passed, in its memory.
///
/// # Safety
///
/// `data` is null or points to `size` bytes that live and do not change for `'a`.
unsafe fn passed<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if data.is_null() || size == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(data, size) }
}

/// The same, as text; every name in the ABI is.
///
/// # Safety
///
/// As for [`passed`].
unsafe fn passed_text<'a>(data: *const u8, size: usize) -> Result<&'a str, Status> {
    // SAFETY: the caller's promise.
    std::str::from_utf8(unsafe { passed(data, size) }).map_err(|_| Status::BadArgument)
}

/// Hands bytes over: allocated by the filter, filled here, owned by the filter from then on. No bytes are a null pointer,
/// as in Envoy.
///
/// # Safety
///
/// `data` and `size` point to places that can be written.
unsafe fn hand_over(bytes: &[u8], data: *mut *mut u8, size: *mut usize) {
    let mut memory = std::ptr::null_mut();
    if !bytes.is_empty() {
        memory = callbacks::memory_allocate(bytes.len());
        // SAFETY: the filter just allocated that many bytes there, so nothing else overlaps them.
        unsafe { memory.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }
    // SAFETY: the caller's promise.
    unsafe {
        data.write(memory);
        size.write(bytes.len());
    }
}
