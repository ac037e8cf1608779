//! What a stage is given: the host, the request, and places to put what it wants.

use crate::{Changes, Identity, Metrics, RequestView, clock::Clock};
use host::{Headers, Host, Nanos};
use percent_encoding::percent_decode;
use policy_model::{
    Document, Model, Report,
    condition::{Attributes, Source, System},
    model::{NodeId, ServiceId},
};
use std::{borrow::Cow, cell::OnceCell, rc::Rc, time::Duration};

/// For [`Stage::compile`](crate::Stage::compile).
pub struct CompileContext<'a> {
    /// The host of this VM. Configure runs in canaries too: no side effect on counters or limits.
    pub host: &'a dyn Host,
    /// The document as it was written.
    pub document: &'a Document,
    /// The document with inheritance resolved, node by node.
    pub model: &'a Model,
    /// The claims that the document asks for: what of a verified token is to be handed on.
    pub claims: &'a Rc<[Rc<str>]>,
    /// Where findings go.
    pub report: &'a mut Report,
    /// Where metrics are defined.
    pub metrics: Metrics<'a>,
    pub(crate) tick: Option<Duration>,
}

/// For [`Stage::request`](crate::Stage::request).
pub struct RequestContext<'a> {
    /// The host of this VM.
    pub host: &'a dyn Host,
    /// The request as the client sent it, less what clients may not say.
    pub view: &'a RequestView<'a>,
    /// The service that the request is for; `None` if the document has none.
    pub service: Option<ServiceId>,
    /// The node that governs the request; `None` without a service.
    pub node: Option<NodeId>,
    /// Who the caller has been proven to be so far.
    pub identity: &'a mut Identity,
    /// What is to change on the way up and back.
    pub changes: &'a mut Changes,
    /// Whether the headers are all of the request.
    pub is_whole: bool,
    /// Whether there is room for the request to wait. A stage that must know it, because it takes something for a request
    /// that waits, asks before it takes.
    pub can_wait: bool,
    pub(crate) model: &'a Model,
    pub(crate) clock: &'a Clock<'a>,
}

/// For [`Stage::response`](crate::Stage::response).
pub struct ResponseContext<'a> {
    /// The host of this VM.
    pub host: &'a dyn Host,
    /// Whether the reply was made by one of our own stages.
    pub refused: bool,
    /// What is to change in the response.
    pub changes: &'a mut Changes,
    headers: OnceCell<Headers>,
    clock: &'a Clock<'a>,
}

/// For [`Stage::request_end`](crate::Stage::request_end), [`Stage::response_trailers`](crate::Stage::response_trailers) and
/// [`Stage::end`](crate::Stage::end).
pub struct EndContext<'a> {
    /// The host of this VM.
    pub host: &'a dyn Host,
    /// Whether one of our own stages answered the request.
    pub refused: bool,
    pub(crate) clock: &'a Clock<'a>,
}

/// For [`Stage::tick`](crate::Stage::tick) and [`Stage::http_response`](crate::Stage::http_response): what no request waits
/// for.
pub struct BackgroundContext<'a> {
    /// The host of this VM.
    pub host: &'a dyn Host,
    pub(crate) clock: &'a Clock<'a>,
}

macro_rules! timed {
    ($($context:ident),+) => {$(
        impl $context<'_> {
            /// Monotonic time, read once per callback.
            #[must_use]
            pub fn now(&self) -> Nanos {
                self.clock.now()
            }

            /// Wall-clock time since the Unix epoch, read once per callback.
            #[must_use]
            pub fn wall_clock(&self) -> Duration {
                self.clock.wall_clock()
            }
        }
    )+};
}

timed!(
    RequestContext,
    ResponseContext,
    EndContext,
    BackgroundContext
);

// === impl CompileContext ===

impl CompileContext<'_> {
    /// Asks for [`Stage::tick`](crate::Stage::tick) at this period. A document whose stages ask for none has no timer.
    pub fn tick_every(&mut self, period: Duration) {
        let least = self.tick.map_or(period, |asked| asked.min(period));
        self.tick = Some(least);
    }
}

// === impl RequestContext ===

impl RequestContext<'_> {
    /// A request header as later stages and the upstream will see it: the first copy.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        match self.changes.request(name) {
            Some(decided) => decided,
            None => self.view.header(name),
        }
    }
}

impl RequestContext<'_> {
    fn visit_path_variable(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        let node = self.node.and_then(|node| self.model.node(node));
        let path = self.view.path().unwrap_or_default();
        let variables = node.into_iter().flat_map(|node| node.variables(path));
        for (_, segment) in variables.filter(|(known, _)| *known == name) {
            visit(&Cow::from(percent_decode(segment)));
        }
    }
}

impl Attributes for RequestContext<'_> {
    fn visit(&self, source: &Source, visit: &mut dyn FnMut(&[u8])) {
        match source {
            Source::Header(name) => match self.changes.request(name) {
                Some(decided) => {
                    if let Some(value) = decided {
                        visit(value);
                    }
                }
                None => self.view.headers(name).for_each(visit),
            },
            Source::Claim(path) => self.identity.visit_claim(path, visit),
            Source::PathVariable(name) => self.visit_path_variable(name, visit),
            Source::ApiKey => {
                if let Some(client) = self.identity.api_key() {
                    visit(client.as_bytes());
                }
            }
            Source::System(System::Consumer) if self.identity.application().is_some() => {
                self.identity
                    .application()
                    .into_iter()
                    .for_each(|name| visit(name.as_bytes()));
            }
            other => self.view.visit(self.host, other, visit),
        }
    }
}

// === impl ResponseContext ===

impl<'a> ResponseContext<'a> {
    pub(crate) fn new(
        host: &'a dyn Host,
        refused: bool,
        changes: &'a mut Changes,
        clock: &'a Clock<'a>,
    ) -> Self {
        Self {
            host,
            refused,
            changes,
            headers: OnceCell::new(),
            clock,
        }
    }

    /// The response's headers, read when first asked for; empty if the host does not give them.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        self.headers
            .get_or_init(|| self.host.response_headers().unwrap_or_default())
    }

    /// `:status`, asked for alone; 0 if there is none.
    #[must_use]
    pub fn status(&self) -> u32 {
        let status = self.host.response_header(":status").ok().flatten();
        let status = status
            .as_deref()
            .and_then(|value| std::str::from_utf8(value).ok());
        status
            .and_then(|status| status.parse().ok())
            .unwrap_or_default()
    }
}
