//! The breaker stage: admission in the request phase, the result with the response or at the stream's end.
//!
//! All breakers of a node must let a call through; the first that does not decides the answer. Each permit is settled exactly
//! once: by the response if that says how the call ended (a refusal of our own passes there too, and gives permits
//! back uncounted), else at the stream's end, which comes whatever happens to the stream (but for a VM that trapped, whose
//! permits expire).

use crate::{
    breaker::{Admission, Permit},
    ending::{Care, Ending},
    guard::Guard,
    permits::Permits,
    report::Reporter,
};
use engine::{
    CompileContext, EndContext, Position, RequestContext, ResponseContext, Stage, Verdict,
};
use host::{Host, Nanos};
use policy_model::{
    document::{BreakerLevel, CircuitBreakPolicy},
    map::Map,
    model::{Inherited, Node, NodeId},
};
use std::{rc::Rc, time::Duration};

/// The breakers of a document.
pub struct Break {
    /// By node.
    nodes: Vec<Box<[Rc<Guard>]>>,
}

/// The permits of one call, until they are settled.
#[derive(Default)]
pub struct Calls {
    /// Since when the upstream has had the whole request; it cannot be slow before.
    asked: Option<Nanos>,
    care: Care,
    /// How long the upstream took to answer a call whose status is yet to come.
    answered: Option<Duration>,
    permits: Permits,
}

// === impl Break ===

impl Stage for Break {
    type State = Calls;

    const POSITION: Position = Position::Breaker;

    fn compile(cx: &mut CompileContext<'_>) -> Self {
        let mut compiler = Compiler::default();
        let model = cx.model;
        let nodes = model.nodes().map(|(id, node)| compiler.node(cx, id, node));
        Self {
            nodes: nodes.collect(),
        }
    }

    fn request(&self, cx: &mut RequestContext<'_>, calls: &mut Calls) -> Verdict {
        let guards = cx.node.and_then(|node| self.nodes.get(node.index()));
        let Some(guards) = guards.filter(|guards| !guards.is_empty()) else {
            return Verdict::Continue;
        };
        let now = cx.now();
        calls.asked = cx.is_whole.then_some(now);
        calls.care.is_grpc = cx.view.is_grpc();
        for guard in guards {
            match guard.admit(cx.host, now) {
                Admission::Admitted(permit) => calls.take(guard, permit),
                Admission::Refused(_) if guard.is_shadow() => {}
                Admission::Refused(refused) => {
                    return guard.refusal(refused, calls.care.is_grpc).into();
                }
            }
        }
        Verdict::Continue
    }

    fn request_end(&self, cx: &mut EndContext<'_>, calls: &mut Calls) {
        if !calls.permits.is_empty() {
            calls.asked = Some(cx.now());
        }
    }

    fn response(&self, cx: &mut ResponseContext<'_>, calls: &mut Calls) {
        if calls.permits.is_empty() {
            return;
        }
        let now = cx.now();
        match Ending::of_headers(cx, calls.care, |status| calls.blame(status)) {
            Some(Ending::Well) => calls.settle_trials(cx.host, now),
            Some(ending) => calls.settle(cx.host, now, ending),
            None => calls.answered = Some(calls.waited(now)),
        }
    }

    fn response_trailers(&self, cx: &mut EndContext<'_>, calls: &mut Calls) {
        if calls.answered.is_some() && !calls.permits.is_empty() {
            calls.settle(cx.host, cx.now(), Ending::of_grpc_trailers(cx.host));
        }
    }

    fn end(&self, cx: &mut EndContext<'_>, calls: &mut Calls) {
        if calls.permits.is_empty() {
            return;
        }
        let ending = match calls.answered {
            _ if cx.refused => Ending::Nowhere,
            Some(_) => Ending::of_grpc_break(cx.host),
            None => Ending::of_silence(cx.host),
        };
        calls.settle(cx.host, cx.now(), ending);
    }
}

/// A breaker's own node and place: nodes that inherit a policy share its breaker.
type Place = (NodeId, NodeId, u32);

/// Makes each breaker once.
#[derive(Default)]
struct Compiler {
    known: Map<Place, Rc<Guard>>,
}

// === impl Compiler ===

impl Compiler {
    fn node(&mut self, cx: &mut CompileContext<'_>, id: NodeId, node: &Node) -> Box<[Rc<Guard>]> {
        let policies = node.policy.circuit_break_policies.iter();
        let of_service =
            policies.filter(|inherited| inherited.policy.level == BreakerLevel::Service);
        of_service
            .map(|inherited| self.guard(cx, id, inherited))
            .collect()
    }

    fn guard(
        &mut self,
        cx: &mut CompileContext<'_>,
        id: NodeId,
        inherited: &Inherited<CircuitBreakPolicy>,
    ) -> Rc<Guard> {
        let owner = inherited.state_node(id);
        let place = (owner, inherited.declared_at, inherited.index);
        let make = || {
            let node = cx.model.node(owner).map(|node| &node.address);
            let address = node.map(ToString::to_string).unwrap_or_default();
            let service = node.map_or_else(|| "-".into(), |node| Rc::clone(&node.service));
            let label: Rc<str> = inherited.label().into();
            let reporter = Reporter::new(&mut cx.metrics, service, Rc::clone(&label));
            let place = [address.as_bytes(), label.as_bytes()];
            Rc::new(Guard::compile(
                &inherited.policy,
                &place,
                reporter,
                cx.report,
            ))
        };
        Rc::clone(self.known.or_insert_with(place, make))
    }
}

// === impl Calls ===

impl Calls {
    /// How long the upstream has had to answer.
    fn waited(&self, now: Nanos) -> Duration {
        self.asked.map_or(Duration::ZERO, |asked| now.since(asked))
    }

    fn take(&mut self, guard: &Rc<Guard>, permit: Permit) {
        self.care.is_trial |= permit.is_trial();
        self.permits.push((Rc::clone(guard), permit));
    }

    fn blame(&self, status: u32) -> bool {
        self.permits.iter().any(|(guard, _)| guard.blames(status))
    }

    /// Hands the permits of half-open breakers back, which do not wait for a gRPC call's status; the other breakers of the
    /// call do.
    fn settle_trials(&mut self, host: &dyn Host, now: Nanos) {
        let elapsed = self.waited(now);
        self.answered = Some(elapsed);
        for (guard, permit) in std::mem::take(&mut self.permits).drain() {
            if permit.is_trial() {
                guard.settle(host, now, permit, Ending::Well, elapsed);
            } else {
                self.permits.push((guard, permit));
            }
        }
    }

    /// Hands every permit back.
    fn settle(&mut self, host: &dyn Host, now: Nanos, ending: Ending) {
        let elapsed = self.answered.unwrap_or_else(|| self.waited(now));
        for (guard, permit) in self.permits.drain() {
            guard.settle(host, now, permit, ending, elapsed);
        }
    }
}

#[cfg(test)]
mod tests;
