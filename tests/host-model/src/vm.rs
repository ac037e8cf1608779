//! One VM: drives a filter's callbacks in Envoy's order and carries out what it asked for.

use crate::{
    HeaderMap, Request, Response, Upstream,
    abi::{self, callbacks},
    process::Process,
    state::{self, State},
    stream::{Reply, Stream},
};
use host::Plugin;
use std::{marker::PhantomData, sync::Arc, time::Duration};

/// A VM on the thread that made it. Only one can live on a thread.
pub struct Vm {
    root: u32,
    next_context: u32,
    /// The SDK's contexts are this thread's.
    thread_bound: PhantomData<*const ()>,
}

/// A request that has begun; to be ended by [`Vm::respond`] or [`Vm::reset`].
#[derive(Debug)]
#[must_use = "a stream that is never ended is never deleted"]
pub struct Exchange(pub(crate) u32);

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The filter holds it.
    Waiting,
    /// The upstream has it.
    Forwarded,
    /// The filter has answered.
    Answered,
}

const CONTINUE: u32 = 0;

// === impl Exchange ===

impl Exchange {
    /// The SDK's id of the stream's context.
    #[must_use]
    pub fn context(&self) -> u32 {
        self.0
    }
}

// === impl Vm ===

impl Vm {
    pub(crate) fn new(process: Arc<Process>, name: &str) -> Self {
        abi::link();
        state::install(State::new(process, name));
        Self {
            root: 0,
            next_context: 1,
            thread_bound: PhantomData,
        }
    }

    /// Makes a root context for a configuration. If it is refused, the one before goes on.
    pub(crate) fn configure<P: Plugin>(&mut self, configuration: &[u8]) -> bool {
        host::start::<P>();
        let new = self.new_context();
        self.state(|state| {
            state.configuration = configuration.to_vec();
            state.roots.insert(new);
        });
        self.call(new, || callbacks::context_create(new, 0));
        let accepted = self.call(new, || {
            callbacks::vm_start(new, 0) && callbacks::configure(new, configuration.len())
        });
        let retired = if accepted {
            std::mem::replace(&mut self.root, new)
        } else {
            new
        };
        self.retire(retired);
        accepted
    }

    /// Sends a request through the filter; where it reaches the upstream, that answers 200 with no body.
    pub fn request(&mut self, request: Request) -> Response {
        self.exchange(request, &Upstream::status(200))
    }

    /// Sends a request through the filter, and the upstream's answer back if it gets there.
    pub fn exchange(&mut self, request: Request, upstream: &Upstream) -> Response {
        let exchange = self.begin(request);
        self.respond(exchange, upstream)
    }

    /// Sends a request through the filter and leaves it there: with the upstream, held, or answered.
    pub fn begin(&mut self, request: Request) -> Exchange {
        let context = self.new_context();
        let end = request.body.is_empty() && request.trailers == 0;
        let count = request.headers.0.len();
        let root = self.root;
        self.state(|state| state.streams.insert(context, Stream::new(root, request)));
        self.call(context, || callbacks::context_create(context, self.root));
        self.stream(context, |stream| stream.request_open = true);
        let flow = self.call(context, || callbacks::request_headers(context, count, end));
        if flow == CONTINUE {
            self.forward(context);
        }
        Exchange(context)
    }

    /// How far a request has come.
    #[must_use]
    pub fn progress(&self, exchange: &Exchange) -> Progress {
        self.stream(exchange.0, |stream| {
            match (&stream.details, &stream.forwarded) {
                (Some(_), _) => Progress::Answered,
                (None, Some(_)) => Progress::Forwarded,
                (None, None) => Progress::Waiting,
            }
        })
    }

    /// The request headers as the upstream saw them; `None` if it saw none.
    #[must_use]
    pub fn forwarded(&self, exchange: &Exchange) -> Option<HeaderMap> {
        self.stream(exchange.0, |stream| stream.forwarded.clone())
    }

    /// Ends a request with the upstream's answer, or with the filter's own if it has given one.
    ///
    /// # Panics
    ///
    /// If the filter still holds the request, or holds back the response for good.
    #[expect(clippy::needless_pass_by_value, reason = "a request is ended once")]
    pub fn respond(&mut self, exchange: Exchange, upstream: &Upstream) -> Response {
        let context = exchange.0;
        match self.progress(&exchange) {
            Progress::Waiting => panic!("the filter holds the request: nothing can answer it yet"),
            Progress::Forwarded => self.upstream_answers(context, upstream),
            Progress::Answered => {}
        }
        self.end(context)
    }

    /// Ends a request whose client went away: no response, only the end.
    #[expect(clippy::needless_pass_by_value, reason = "a request is ended once")]
    pub fn reset(&mut self, exchange: Exchange) -> Response {
        self.end(exchange.0)
    }

    /// A request that Envoy answered before it came to the filter, which then sees its end alone.
    pub fn rejected_ahead(&mut self, request: Request, status: u32) -> Response {
        let context = self.new_context();
        let mut stream = Stream::new(self.root, request);
        stream.begin_response(&Upstream::status(status));
        self.state(|state| state.streams.insert(context, stream));
        self.call(context, || callbacks::context_create(context, self.root));
        self.end(context)
    }

    /// Lets time pass for the whole process, running this VM's timer at its due times.
    pub fn advance(&mut self, span: Duration) {
        let process = self.state(|state| Arc::clone(&state.process));
        let nanos = u64::try_from(span.as_nanos()).expect("a span of centuries");
        let end = process.clocks.monotonic() + nanos;
        while let Some(due) = self.next_tick().filter(|due| *due <= end) {
            let wait = due.saturating_sub(process.clocks.monotonic());
            process.clocks.advance(Duration::from_nanos(wait));
            self.run_timer();
        }
        let rest = end.saturating_sub(process.clocks.monotonic());
        process.clocks.advance(Duration::from_nanos(rest));
    }

    /// Runs this VM's timer if it is due: once, however late. Whether it was.
    pub fn run_timer(&mut self) -> bool {
        let root = self.root;
        let due = self.state(|state| {
            let now = state.process.clocks.monotonic();
            let timer = state
                .timers
                .get_mut(&root)
                .filter(|timer| timer.due <= now)?;
            timer.due = now + timer.period;
            Some(())
        });
        if due.is_some() {
            self.call(root, || callbacks::tick(root));
        }
        due.is_some()
    }

    /// When this VM's timer runs next, in nanoseconds of the monotonic clock; `None` if it is stopped.
    #[must_use]
    pub fn next_tick(&self) -> Option<u64> {
        self.state(|state| state.timers.get(&self.root).map(|timer| timer.due))
    }

    /// The upstream's response comes by the filter.
    fn upstream_answers(&mut self, context: u32, upstream: &Upstream) {
        self.stream(context, |stream| {
            stream.begin_response(upstream);
            stream.response_open = true;
        });
        let trailers = upstream.trailers.0.len();
        let (count, end) = (
            upstream.headers.0.len(),
            upstream.chunks.is_empty() && trailers == 0,
        );
        let flow = self.call(context, || callbacks::response_headers(context, count, end));
        if !self.close_response(context, flow) || !self.response_body(context, upstream) {
            return;
        }
        if trailers > 0 {
            self.stream(context, |stream| {
                stream.trailers = Some(upstream.trailers.clone());
            });
            self.call(context, || callbacks::response_trailers(context, trailers));
            self.stream(context, |stream| stream.trailers = None);
        }
    }

    /// The body comes by, part by part; parts that the filter holds back pile up. Ends at once if it replies instead: whether
    /// it did not.
    fn response_body(&mut self, context: u32, upstream: &Upstream) -> bool {
        let chunks = &upstream.chunks;
        let mut held = Vec::new();
        for (index, chunk) in chunks.iter().enumerate() {
            held.extend_from_slice(chunk);
            let is_last = index + 1 == chunks.len();
            let (size, end) = (held.len(), is_last && upstream.trailers.0.is_empty());
            self.stream(context, |stream| stream.buffered = Some(held.clone()));
            let flow = self.call(context, || callbacks::response_body(context, size, end));
            let replied = self.stream(context, |stream| stream.details.is_some());
            if replied {
                return false;
            }
            assert!(
                flow == CONTINUE || !is_last,
                "the filter holds back the response for good"
            );
            if flow == CONTINUE {
                let sent = std::mem::take(&mut held);
                self.stream(context, |stream| stream.sent_body.extend(sent));
            }
        }
        true
    }

    /// After a response headers callback: whether the body comes next.
    fn close_response(&mut self, context: u32, flow: u32) -> bool {
        let replied = self.stream(context, |stream| stream.details.is_some());
        assert!(
            flow == CONTINUE || replied,
            "the filter holds back the response for good"
        );
        self.stream(context, |stream| stream.response_open = false);
        !replied
    }

    /// Lets a request through to the upstream, unless it was answered meanwhile.
    fn forward(&mut self, context: u32) {
        let passes = self.stream(context, |stream| {
            stream.request_open = false;
            let passes = stream.details.is_none();
            if passes {
                stream.forwarded = Some(stream.request.clone());
            }
            passes
        });
        if passes {
            self.finish_request(context);
        }
    }

    /// What comes behind the request's headers.
    fn finish_request(&self, context: u32) {
        let (body, trailers) = self.stream(context, |stream| {
            (stream.request_body.len(), stream.request_trailers)
        });
        if body > 0 {
            let end = trailers == 0;
            self.call(context, || callbacks::request_body(context, body, end));
        }
        if trailers > 0 {
            self.call(context, || callbacks::request_trailers(context, trailers));
        }
    }

    /// Runs a callback, then does what it put off: replies and resumed requests.
    pub(crate) fn call<T>(&self, context: u32, callback: impl FnOnce() -> T) -> T {
        self.state(|state| state.effective = context);
        let result = callback();
        self.settle();
        result
    }

    fn settle(&self) {
        let contexts: Vec<_> = self.state(|state| state.streams.keys().copied().collect());
        for context in contexts {
            if let Some(reply) = self.stream(context, |stream| stream.pending.take()) {
                self.send(context, reply);
            }
            let resumed = self.stream(context, |stream| {
                let resumed = std::mem::take(&mut stream.resumed) && stream.details.is_none();
                if resumed {
                    stream.forwarded = Some(stream.request.clone());
                }
                resumed
            });
            if resumed {
                self.finish_request(context);
            }
        }
    }

    /// Sends a local reply. Before the upstream answered it passes the filter's response callbacks; later it does not.
    fn send(&self, context: u32, reply: Reply) {
        let (body, passes) = self.stream(context, |stream| {
            let passes = stream.response.0.is_empty();
            let body = stream.begin_reply(reply);
            stream.response_open = passes;
            stream.sent_body.clone_from(&body);
            (body, passes)
        });
        if !passes {
            return;
        }
        let count = self.stream(context, |stream| stream.response.0.len());
        self.call(context, || {
            callbacks::response_headers(context, count, body.is_empty())
        });
        self.stream(context, |stream| stream.response_open = false);
        if !body.is_empty() {
            let size = body.len();
            self.stream(context, |stream| stream.buffered = Some(body));
            self.call(context, || callbacks::response_body(context, size, true));
        }
    }

    fn end(&mut self, context: u32) -> Response {
        self.stream(context, |stream| {
            stream.ended = true;
            stream.buffered = None;
            (stream.request_open, stream.response_open) = (false, false);
        });
        self.call(context, || callbacks::done(context));
        self.call(context, || callbacks::delete(context));
        let stream = self.state(|state| state.streams.remove(&context));
        let stream = stream.expect("a stream that has begun");
        Response {
            status: stream.status(),
            headers: stream.response,
            body: stream.sent_body,
            details: stream.details,
            forwarded: stream.forwarded,
            calls: stream.calls,
        }
    }

    fn retire(&self, root: u32) {
        if root != 0 {
            self.call(root, || callbacks::done(root));
            self.call(root, || callbacks::delete(root));
            self.state(|state| {
                state.timers.remove(&root);
                state.roots.remove(&root);
                state.callouts.retain(|call| call.context != root);
            });
        }
    }

    fn new_context(&mut self) -> u32 {
        let context = self.next_context;
        self.next_context += 1;
        context
    }

    #[expect(
        clippy::unused_self,
        reason = "the state is this VM's: nobody else may ask"
    )]
    pub(crate) fn state<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        state::with(f).expect("the VM of this thread")
    }

    fn stream<T>(&self, context: u32, f: impl FnOnce(&mut Stream) -> T) -> T {
        self.state(|state| {
            f(state
                .streams
                .get_mut(&context)
                .expect("a stream that has begun"))
        })
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        // A failed test must not be made an abort by a callback that fails too.
        if !std::thread::panicking() {
            self.retire(self.root);
        }
        state::remove();
    }
}

#[cfg(test)]
mod tests;
