//! What a real Envoy does only by mistake: the adapter of `host` must stand it.

use super::*;
use crate::Envoy;
use host::{Flow, Host};
use std::rc::Rc;

/// Lets everything pass and logs its end.
struct Open;

impl Plugin for Open {
    type Stream = OpenStream;

    fn configure(_: &dyn Host, configuration: &[u8]) -> Option<Self> {
        configuration.is_empty().then_some(Self)
    }

    fn open(self: &Rc<Self>) -> OpenStream {
        OpenStream
    }
}

struct OpenStream;

impl host::Stream for OpenStream {
    fn request_headers(&mut self, _: &dyn Host, _: bool) -> Flow {
        Flow::Continue
    }

    fn end(&mut self, host: &dyn Host) {
        host.log(log::Level::Info, "ended");
    }
}

#[test]
fn a_request_before_any_configuration_is_refused_not_passed() {
    let envoy = Envoy::new();
    let mut vm = envoy.worker_vm();
    host::start::<Open>();
    vm.root = vm.new_context();
    callbacks::context_create(vm.root, 0);

    let response = vm.request(Request::get("/"));
    assert_eq!(response.status, 503);
    assert_eq!(response.details.as_deref(), Some("steward_not_configured"));
    assert_eq!(response.forwarded, None);
}

#[test]
fn a_stream_ends_once() {
    let envoy = Envoy::new();
    let mut vm = envoy.worker_vm();
    assert!(vm.configure::<Open>(b""));
    let exchange = vm.begin(Request::get("/"));
    vm.respond(exchange, &Upstream::status(200));
    assert_eq!(envoy.log_lines().len(), 1);
}

#[test]
#[should_panic(expected = "one thread is one worker")]
fn a_second_vm_on_a_thread_is_an_error_of_the_test() {
    let envoy = Envoy::new();
    let _first = envoy.worker_vm();
    let _second = envoy.worker_vm();
}
