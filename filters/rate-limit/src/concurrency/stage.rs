//! The stage: all concurrency limits of a request's node.
//!
//! Permits are taken in the document's order. If a later limit refuses, what earlier ones have given goes back at once, so
//! an answered refusal holds nothing; in the microseconds between, another request may be refused for it. A request that
//! waits for one limit keeps what it holds of those before.

use super::{Held, compile, limiter::Answer, limiter::Limiter};
use engine::{
    BackgroundContext, CompileContext, EndContext, Position, RequestContext, Stage, Verdict, Wait,
    state::{Presence, RENEWAL},
};
use host::{Host, Nanos};
use policy_model::{map::Map, model::NodeId};
use std::rc::Rc;

/// The concurrency-limit stage.
pub struct Concurrency {
    /// By node; empty if the document has no concurrency limits.
    nodes: Vec<Box<[Rc<Limiter>]>>,
    presence: Rc<Presence>,
}

/// Which policy, and whose state it uses: nodes that have both in common share a limit.
type Identity = (NodeId, u32, NodeId);

// === impl Concurrency ===

impl Stage for Concurrency {
    type State = Held;

    const POSITION: Position = Position::Concurrency;

    fn compile(cx: &mut CompileContext<'_>) -> Self {
        let mut known: Map<Identity, Option<Rc<Limiter>>> = Map::new();
        let model = cx.model;
        let mut nodes = Vec::new();
        let has_limits = |(_, node): (_, &policy_model::model::Node)| {
            !node.policy.concurrency_limit_policies.is_empty()
        };
        if model.nodes().any(has_limits) {
            nodes.reserve(model.nodes().len());
            for (id, node) in model.nodes() {
                let policies = node.policy.concurrency_limit_policies.iter();
                let limiters = policies.filter_map(|inherited| {
                    let state = inherited.state_node(id);
                    let identity = (inherited.declared_at, inherited.index, state);
                    let compile =
                        || compile::limiter(cx, model.node(state)?, inherited).map(Rc::new);
                    known.or_insert_with(identity, compile).clone()
                });
                nodes.push(limiters.collect());
            }
        }
        let presence = Presence::of_vm();
        // Requests under way may hold permits of limits that this document has no more, and the next one may have again.
        if !nodes.is_empty() || presence.holds_any() {
            cx.tick_every(RENEWAL);
        }
        Self { nodes, presence }
    }

    fn request(&self, cx: &mut RequestContext<'_>, held: &mut Held) -> Verdict {
        let limiters = cx.node.and_then(|node| self.nodes.get(node.index()));
        let mut turn = held.turn.take();
        let first = turn.as_ref().map_or(0, |turn| turn.index);
        let limiters = limiters.into_iter().flatten().enumerate();
        for (index, limiter) in limiters.skip(first) {
            match limiter.ask(cx, &self.presence, turn.take(), index) {
                Answer::Free => {}
                Answer::Holds(permit) => held.push(limiter, permit),
                Answer::Waits(turn) => {
                    held.turn = Some(turn);
                    return Verdict::Wait(Wait::Retry);
                }
                Answer::Refused(refusal) => {
                    self.release(cx.host, cx.now(), held);
                    return Verdict::Reply(refusal);
                }
            }
        }
        Verdict::Continue
    }

    fn end(&self, cx: &mut EndContext<'_>, held: &mut Held) {
        if let Some(turn) = held.turn.take() {
            turn.leave(cx.host);
        }
        if !held.is_empty() {
            self.release(cx.host, cx.now(), held);
        }
    }

    fn tick(&self, cx: &BackgroundContext<'_>) {
        self.presence.tick(cx.host, cx.now());
    }
}

impl Concurrency {
    fn release(&self, host: &dyn Host, now: Nanos, held: &mut Held) {
        for (limiter, permit) in held.drain() {
            limiter.release(host, now, &self.presence, permit);
        }
    }
}

#[cfg(test)]
mod tests;
