//! Calls that the filter makes to other clusters.

use super::{Status, answer, passed, passed_text};
use crate::{Callout, HeaderMap};
use std::time::Duration;

pub(super) fn symbols() -> [*const (); 1] {
    [proxy_http_call as *const ()]
}

/// A cluster that is not there and a request without the three names of its target are bad arguments.
#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_http_call(
    cluster: *const u8,
    cluster_size: usize,
    headers: *const u8,
    headers_size: usize,
    body: *const u8,
    body_size: usize,
    _trailers: *const u8,
    _trailers_size: usize,
    timeout: u32,
    token: *mut u32,
) -> u32 {
    answer("proxy_http_call", |vm| {
        // SAFETY: the filter's own slices.
        let (cluster, headers, body) = unsafe {
            (
                passed_text(cluster, cluster_size)?,
                passed(headers, headers_size),
                passed(body, body_size),
            )
        };
        let headers = HeaderMap::parse(headers).ok_or(Status::BadArgument)?;
        let named = |name: &&str| headers.get(name).is_some();
        let is_complete = [":method", ":path", ":authority"].iter().all(named);
        if !is_complete || !vm.process.clusters().contains(cluster) {
            return Err(Status::BadArgument);
        }
        vm.last_callout += 1;
        let id = vm.last_callout;
        vm.callouts.push(Callout {
            id,
            context: vm.effective,
            cluster: cluster.to_owned(),
            headers,
            body: body.to_vec(),
            timeout: Duration::from_millis(timeout.into()),
        });
        // SAFETY: the filter's place to write to.
        unsafe { token.write(id) };
        Ok(())
    })
}
