//! Drives a [`Plugin`] and its [`Stream`]s from the SDK's contexts.
//!
//! A configuration update makes a new root context in the same VM, configured before the old one is done; streams in flight
//! keep the plugin they began with, by their `Rc`.
//!
//! A request that the filter [holds](Flow::Wait) is parked with its root context and goes on at one of that root's ticks.
//! The host lets a request go on, or answers it, only when the tick has ended: no stream's callback runs within it.
//!
//! A stream's end is told when its context is dropped, which `proxy_on_delete` does and every stream must have. `proxy_on_log`
//! would say the same a moment earlier, for one more call into the VM.

use crate::{
    CallId, EnvoyHost, Flow, Host, LocalReply, Plugin, Stream, Wait,
    parking::{Guest, Lot, Parked},
    timer::Timer,
};
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::{Action, ContextType},
};
use std::{cell::RefCell, rc::Rc};

/// Registers `P` as this VM's filter. In a module [`plugin!`](crate::plugin) calls it; natively whoever plays the host does,
/// once per thread, since there a thread stands for a VM.
pub fn start<P: Plugin>() {
    // It also installs the hook that logs a panic before the VM traps. Natively the test runner's hook is the better one.
    #[cfg(target_arch = "wasm32")]
    proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Warn);
    proxy_wasm::set_root_context(|_| Box::new(Root::<P>::new()));
}

/// One configuration of the filter in this VM.
struct Root<P: Plugin> {
    /// `None` until a configuration was accepted.
    plugin: Option<Rc<P>>,
    yard: Rc<Yard<P::Stream>>,
}

/// What a root context and its streams share.
struct Yard<S> {
    lot: RefCell<Lot<S>>,
    timer: Timer,
}

/// One request.
struct Http<S: Stream> {
    context: u32,
    stream: Held<S>,
    yard: Rc<Yard<S>>,
}

/// A request's stream.
enum Held<S> {
    /// The request came before a configuration.
    Nothing,
    /// Nobody else has to reach it, as of most requests.
    Own(S),
    /// It waits, or has waited.
    Guest(Rc<Guest<S>>),
}

// === impl Root ===

impl<P: Plugin> Root<P> {
    fn new() -> Self {
        let yard = Yard {
            lot: RefCell::default(),
            timer: Timer::default(),
        };
        Self {
            plugin: None,
            yard: Rc::new(yard),
        }
    }
}

impl<P: Plugin> Context for Root<P> {
    fn on_http_call_response(
        &mut self,
        call: u32,
        _headers: usize,
        _body: usize,
        _trailers: usize,
    ) {
        let Some(plugin) = &self.plugin else {
            return;
        };
        let answer = EnvoyHost.call_answer().unwrap_or_default();
        plugin.http_response(&EnvoyHost, CallId(call), answer.as_ref());
    }
}

impl<P: Plugin> RootContext for Root<P> {
    fn on_configure(&mut self, _size: usize) -> bool {
        let configuration = match EnvoyHost.configuration() {
            Ok(configuration) => configuration,
            Err(error) => {
                let line = format!("the plugin configuration could not be read: {error}");
                EnvoyHost.log(log::Level::Error, &line);
                return false;
            }
        };
        let Some(plugin) = P::configure(&EnvoyHost, &configuration) else {
            return false;
        };
        self.yard.timer.start(plugin.tick_period());
        self.plugin = Some(Rc::new(plugin));
        true
    }

    fn on_tick(&mut self) {
        if let Some(plugin) = &self.plugin {
            plugin.tick(&EnvoyHost);
        }
        // The lot is free again before the first is resumed.
        let due = self.yard.lot.borrow_mut().due(EnvoyHost.now());
        for parked in due {
            self.yard.resume(parked);
        }
        let is_empty = self.yard.lot.borrow().is_empty();
        self.yard.timer.run(!is_empty);
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Http {
            context: context_id,
            stream: match &self.plugin {
                Some(plugin) => Held::Own(plugin.open()),
                None => Held::Nothing,
            },
            yard: Rc::clone(&self.yard),
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

// === impl Yard ===

impl<S: Stream> Yard<S> {
    fn park(&self, context: u32, guest: Rc<Guest<S>>, wait: Wait) {
        self.lot.borrow_mut().park(context, guest, wait);
        self.timer.run(true);
    }

    fn resume(&self, parked: Parked<S>) {
        let Parked { context, guest, .. } = parked;
        // A context that the host does not know any more has no request that could go on.
        if EnvoyHost.enter(context).is_err() {
            return;
        }
        let flow = guest.stream.borrow_mut().resume(&EnvoyHost);
        match flow {
            Flow::Continue => {
                if let Err(error) = EnvoyHost.continue_request() {
                    let line = format!("steward: a held request could not go on: {error}");
                    EnvoyHost.log(log::Level::Error, &line);
                }
            }
            Flow::Pause => {}
            Flow::Wait(wait) => self.park(context, guest, wait),
        }
    }
}

// === impl Http ===

impl<S: Stream> Http<S> {
    fn with<T>(&mut self, f: impl FnOnce(&mut S) -> T) -> Option<T> {
        match &mut self.stream {
            Held::Nothing => None,
            Held::Own(stream) => Some(f(stream)),
            Held::Guest(guest) => Some(f(&mut guest.stream.borrow_mut())),
        }
    }

    fn hold(&mut self, wait: Wait) {
        let Held::Own(stream) = std::mem::replace(&mut self.stream, Held::Nothing) else {
            return;
        };
        let guest = self.yard.lot.borrow_mut().guest(stream);
        self.stream = Held::Guest(Rc::clone(&guest));
        self.yard.park(self.context, guest, wait);
    }

    /// It will not be resumed any more: the client has left, or Envoy has answered, as it does when a stream was idle for
    /// too long.
    fn leave(&self) {
        if let Held::Guest(guest) = &self.stream {
            self.yard.lot.borrow_mut().leave(guest);
        }
    }
}

impl<S: Stream> Context for Http<S> {}

impl<S: Stream> HttpContext for Http<S> {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        match self.with(|stream| stream.request_headers(&EnvoyHost, end_of_stream)) {
            Some(Flow::Wait(wait)) => {
                self.hold(wait);
                Action::Pause
            }
            Some(flow) => action(flow),
            None => refuse_unconfigured(),
        }
    }

    fn on_http_request_body(&mut self, _size: usize, end_of_stream: bool) -> Action {
        if end_of_stream {
            self.with(|stream| stream.request_end(&EnvoyHost));
        }
        Action::Continue
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        self.with(|stream| stream.request_end(&EnvoyHost));
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        self.leave();
        let flow = self.with(|stream| stream.response_headers(&EnvoyHost, end_of_stream));
        flow.map_or(Action::Continue, action)
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let flow = self.with(|stream| stream.response_body(&EnvoyHost, size, end_of_stream));
        flow.map_or(Action::Continue, action)
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        self.with(|stream| stream.response_trailers(&EnvoyHost));
        Action::Continue
    }
}

/// The host deletes a context once, so that this comes once: slots must not be given back twice.
impl<S: Stream> Drop for Http<S> {
    fn drop(&mut self) {
        self.leave();
        self.with(|stream| stream.end(&EnvoyHost));
    }
}

fn action(flow: Flow) -> Action {
    match flow {
        Flow::Continue | Flow::Wait(_) => Action::Continue,
        Flow::Pause => Action::Pause,
    }
}

/// Without a policy nothing may pass: it could be the one that asks for a token.
fn refuse_unconfigured() -> Action {
    let reply = LocalReply {
        status: 503,
        grpc_status: None,
        details: "steward_not_configured",
        headers: &[],
        body: b"",
    };
    if let Err(error) = EnvoyHost.reply(&reply) {
        EnvoyHost.log(
            log::Level::Error,
            &format!("the reply could not be sent: {error}"),
        );
    }
    Action::Pause
}
