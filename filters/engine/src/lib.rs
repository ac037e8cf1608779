//! Policy document to plan, once; a pipeline of stages per request, over [`host::Host`].
//!
//! A filter is an [`Engine`] over a tuple of [`Stage`]s. The engine reads the document, finds the node that governs a
//! request, asks the stages in the model's order and carries out what they want. A stage knows one kind of policy and
//! nothing of the others.

mod cause;
mod changes;
mod claim_values;
mod claims;
mod clock;
mod configure;
mod context;
mod decisions;
mod filter_state;
mod identity;
pub mod metrics;
mod plan;
mod refusal;
mod stage;
pub mod state;
mod stream;
mod ticks;
mod trust;
mod view;
mod waiting;

pub use cause::Cause;
pub use changes::{Changes, HeaderName, HeaderValue};
pub use claim_values::{claim, visit_claim_values};
pub use claims::Claims;
pub use configure::check;
pub use context::{BackgroundContext, CompileContext, EndContext, RequestContext, ResponseContext};
pub use decisions::{Decisions, write_line};
pub use identity::Identity;
pub use metrics::Metrics;
pub use refusal::{LimitEvidence, Refusal, ReplyHeader, Substitute};
pub use stage::{Pipeline, Position, Stage, Verdict};
pub use stream::RequestStream;
pub use trust::Trust;
pub use view::RequestView;

pub use host::Wait;

use clock::Clock;
use host::{CallAnswer, CallId, Host, Plugin};
use plan::Plan;
use std::{rc::Rc, time::Duration};

/// A filter: a document compiled for a pipeline of stages.
pub struct Engine<P: Pipeline> {
    plan: Rc<Plan<P>>,
}

// === impl Engine ===

impl<P: Pipeline> Plugin for Engine<P> {
    type Stream = RequestStream<P>;

    fn configure(host: &dyn Host, configuration: &[u8]) -> Option<Self> {
        let plan = configure::configure(host, configuration)?;
        Some(Self {
            plan: Rc::new(plan),
        })
    }

    fn open(self: &Rc<Self>) -> RequestStream<P> {
        RequestStream::new(Rc::clone(&self.plan))
    }

    fn tick_period(&self) -> Option<Duration> {
        self.plan.ticks().period()
    }

    fn tick(&self, host: &dyn Host) {
        let clock = Clock::new(host);
        if self.plan.ticks().is_stages_turn(clock.now()) {
            let cx = BackgroundContext {
                host,
                clock: &clock,
            };
            self.plan.pipeline().tick(&cx);
        }
    }

    fn http_response(&self, host: &dyn Host, call: CallId, answer: Option<&CallAnswer>) {
        let cx = BackgroundContext {
            host,
            clock: &Clock::new(host),
        };
        self.plan.pipeline().http_response(&cx, call, answer);
    }
}
