//! A filter whose callbacks are a test's own code.

use host::{Flow, Host, Plugin, Stream};
use host_model::{Envoy, Request, Response, Upstream};
use std::{cell::RefCell, rc::Rc};

/// A filter that runs a test's own code as its callbacks.
pub(crate) struct Script;

pub(crate) struct ScriptStream;

/// A callback of the script, and what a test gives for one.
pub(crate) type Step = Box<dyn FnMut(&dyn Host)>;
type Look = Box<dyn Fn(&dyn Host) -> String>;

thread_local! {
    pub(crate) static REQUEST: RefCell<Option<Step>> = const { RefCell::new(None) };
    static RESPONSE: RefCell<Option<Step>> = const { RefCell::new(None) };
    static END: RefCell<Option<Step>> = const { RefCell::new(None) };
}

impl Plugin for Script {
    type Stream = ScriptStream;

    fn configure(_: &dyn Host, _: &[u8]) -> Option<Self> {
        Some(Self)
    }

    fn open(self: &Rc<Self>) -> ScriptStream {
        ScriptStream
    }
}

impl Stream for ScriptStream {
    fn request_headers(&mut self, host: &dyn Host, _: bool) -> Flow {
        REQUEST.with_borrow_mut(|step| step.as_mut().map(|step| step(host)));
        Flow::Continue
    }

    fn response_headers(&mut self, host: &dyn Host, _: bool) -> Flow {
        RESPONSE.with_borrow_mut(|step| step.as_mut().map(|step| step(host)));
        Flow::Continue
    }

    fn end(&mut self, host: &dyn Host) {
        END.with_borrow_mut(|step| step.as_mut().map(|step| step(host)));
    }
}

/// What a callback saw, carried out of it: a panic inside one would end the process.
type Seen = Rc<RefCell<Vec<String>>>;

/// Runs one request with these callbacks; each answers what it saw.
pub(crate) fn run(
    envoy: &Envoy,
    request: Request,
    at_request: impl Fn(&dyn Host) -> String + Send + 'static,
    at_response: impl Fn(&dyn Host) -> String + Send + 'static,
    at_end: impl Fn(&dyn Host) -> String + Send + 'static,
) -> (Response, Vec<String>) {
    let mut worker = envoy.worker::<Script>(b"").unwrap();
    worker.run(move |vm| {
        let seen = Seen::default();
        let step = |f: Look| {
            let seen = Rc::clone(&seen);
            Some(Box::new(move |host: &dyn Host| seen.borrow_mut().push(f(host))) as Step)
        };
        REQUEST.set(step(Box::new(at_request)));
        RESPONSE.set(step(Box::new(at_response)));
        END.set(step(Box::new(at_end)));
        let response = vm.exchange(request, &Upstream::status(200).body("body"));
        let seen = seen.borrow().clone();
        (response, seen)
    })
}

/// Runs one request and `f` in its request callback.
pub(crate) fn at_request(
    envoy: &Envoy,
    f: impl Fn(&dyn Host) -> String + Send + 'static,
) -> String {
    let nothing = |_: &dyn Host| String::new();
    let (_, seen) = run(envoy, Request::get("/a"), f, nothing, nothing);
    seen[0].clone()
}
