//! Drives a [`Plugin`] and its [`Stream`]s from the SDK's contexts.
//!
//! A configuration update makes a new root context in the same VM, configured before the old one is done; streams in flight
//! keep the plugin they began with, by their `Rc`.
//!
//! A stream's end is told when its context is dropped, which `proxy_on_delete` does and every stream must have. `proxy_on_log`
//! would say the same a moment earlier, for one more call into the VM.

use crate::{CallId, EnvoyHost, Flow, Host, LocalReply, Plugin, Stream};
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::{Action, ContextType},
};
use std::rc::Rc;

/// Registers `P` as this VM's filter. In a module [`plugin!`](crate::plugin) calls it; natively whoever plays the host does,
/// once per thread, since there a thread stands for a VM.
pub fn start<P: Plugin>() {
    // It also installs the hook that logs a panic before the VM traps. Natively the test runner's hook is the better one.
    #[cfg(target_arch = "wasm32")]
    proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Warn);
    proxy_wasm::set_root_context(|_| Box::new(Root::<P> { plugin: None }));
}

/// One configuration of the filter in this VM.
struct Root<P> {
    /// `None` until a configuration was accepted.
    plugin: Option<Rc<P>>,
}

/// One request.
struct Http<S: Stream> {
    /// `None` if the request came before a configuration.
    stream: Option<S>,
}

// === impl Root ===

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
        self.plugin = Some(Rc::new(plugin));
        true
    }

    fn on_tick(&mut self) {
        if let Some(plugin) = &self.plugin {
            plugin.tick(&EnvoyHost);
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Http {
            stream: self.plugin.as_ref().map(P::open),
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

// === impl Http ===

impl<S: Stream> Context for Http<S> {}

impl<S: Stream> HttpContext for Http<S> {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        match &mut self.stream {
            Some(stream) => action(stream.request_headers(&EnvoyHost, end_of_stream)),
            None => refuse_unconfigured(),
        }
    }

    fn on_http_request_body(&mut self, _size: usize, end_of_stream: bool) -> Action {
        if let Some(stream) = self.stream.as_mut().filter(|_| end_of_stream) {
            stream.request_end(&EnvoyHost);
        }
        Action::Continue
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        if let Some(stream) = &mut self.stream {
            stream.request_end(&EnvoyHost);
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        self.stream.as_mut().map_or(Action::Continue, |stream| {
            action(stream.response_headers(&EnvoyHost, end_of_stream))
        })
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        self.stream.as_mut().map_or(Action::Continue, |stream| {
            action(stream.response_body(&EnvoyHost, size, end_of_stream))
        })
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        if let Some(stream) = &mut self.stream {
            stream.response_trailers(&EnvoyHost);
        }
        Action::Continue
    }
}

/// The host deletes a context once, so that this comes once: slots must not be given back twice.
impl<S: Stream> Drop for Http<S> {
    fn drop(&mut self) {
        if let Some(stream) = &mut self.stream {
            stream.end(&EnvoyHost);
        }
    }
}

fn action(flow: Flow) -> Action {
    match flow {
        Flow::Continue => Action::Continue,
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
