//! All limits of one phase, by node.
//!
//! A node may have several limits (so many for the service, so many for each user). How they are counted together is told
//! in [`due`](crate::due).

use crate::{
    compile::{Compiler, Place},
    due::{self, Outcome},
    fields::{Told, tell},
    limiter::{Applies, Due, Limiter, Telling, Visit},
    waiting::{Pending, Waiting},
};
use engine::{CompileContext, Refusal, RequestContext, Verdict, Wait};
use host::Host;
use policy_model::{
    document::{Phase, RateLimitHeaders, RateLimitPolicy},
    map::Map,
    model::{Inherited, Node, NodeId},
};
use std::rc::Rc;

/// The limits of one phase.
pub(crate) struct Limits {
    /// By node; none if no node has any.
    nodes: Vec<Box<[Rc<Limiter>]>>,
    telling: Telling,
}

/// Which policy, and whose state it uses: nodes that have both in common share a limit.
type Identity = (NodeId, u32, NodeId);

// === impl Limits ===

impl Limits {
    pub(crate) fn compile(cx: &mut CompileContext<'_>, phase: Phase) -> Self {
        let settings = &cx.document.settings;
        let model = cx.model;
        let mut compiler = Compiler {
            host: cx.host,
            report: cx.report,
            metrics: &mut cx.metrics,
            entries: settings.state.entries_per_policy,
            table_key: None,
        };
        let mut known: Map<Identity, Option<Rc<Limiter>>> = Map::new();
        let mut nodes: Vec<Box<[_]>> = Vec::with_capacity(model.nodes().len());
        for (id, node) in model.nodes() {
            let limiters = node
                .policy
                .rate_limit_policies
                .iter()
                .filter(|inherited| inherited.policy.phase == phase)
                .filter_map(|inherited| {
                    let state = inherited.state_node(id);
                    let identity = (inherited.declared_at, inherited.index, state);
                    let compile = || {
                        Some(Rc::new(limiter(
                            &mut compiler,
                            model.node(state)?,
                            inherited,
                        )?))
                    };
                    known.or_insert_with(identity, compile).clone()
                });
            nodes.push(limiters.collect());
        }
        if nodes.iter().all(|limiters| limiters.is_empty()) {
            nodes = Vec::new();
        }
        Self {
            nodes,
            telling: Telling {
                style: settings.rate_limit_headers,
                on_success: settings.rate_limit_headers_on_success
                    && settings.rate_limit_headers != RateLimitHeaders::None,
            },
        }
    }

    pub(crate) fn request(&self, cx: &mut RequestContext<'_>, waiting: &mut Waiting) -> Verdict {
        let limiters = cx.node.and_then(|node| self.nodes.get(node.index()));
        let Some(limiters) = limiters.filter(|limiters| !limiters.is_empty()) else {
            return Verdict::Continue;
        };
        let pending = waiting.come_back(cx);
        // One limit alone, which is what most nodes have, needs no list.
        if let ([limiter], None) = (&**limiters, &pending) {
            return match limiter.applies(cx) {
                Applies::No => Verdict::Continue,
                Applies::Due(limit) => self.count(cx, &mut [limit], None, waiting),
                Applies::Refused(refusal) => refusal.into(),
            };
        }
        let mut due = Vec::with_capacity(limiters.len());
        for limiter in limiters {
            if pending.as_ref().is_some_and(|held| held.holds(limiter)) {
                continue;
            }
            match limiter.applies(cx) {
                Applies::No => {}
                Applies::Due(limit) => due.push(limit),
                Applies::Refused(refusal) => return refuse(cx.host, pending, refusal),
            }
        }
        self.count(cx, &mut due, pending, waiting)
    }

    fn count(
        &self,
        cx: &mut RequestContext<'_>,
        due: &mut [Due<'_>],
        pending: Option<Box<Pending>>,
        waiting: &mut Waiting,
    ) -> Verdict {
        let is_turn = pending.as_ref().is_some_and(|pending| pending.is_held());
        let visit = Visit {
            telling: self.telling,
            began: pending.as_ref().map_or(cx.now(), |pending| pending.began),
            // Whose turn it is goes on or is refused.
            can_wait: cx.can_wait && !is_turn,
            cx,
        };
        match due::count(visit, due) {
            Outcome::Passed => self.pass(cx, due, pending.as_deref()),
            Outcome::Refused(refusal) => refuse(cx.host, pending, refusal),
            Outcome::Waits(turn) => {
                let held = due.iter().filter_map(Due::held).collect();
                waiting.begin(visit.began, held);
                Verdict::Wait(Wait::Until(turn))
            }
        }
    }

    fn pass(
        &self,
        cx: &mut RequestContext<'_>,
        due: &[Due<'_>],
        pending: Option<&Pending>,
    ) -> Verdict {
        let host = cx.host;
        let mut told: Vec<Told<'_>> = Vec::new();
        for limit in due {
            told.extend(limit.settle(host));
        }
        if let Some(pending) = pending {
            told.extend(pending.settle(host, cx.now()));
        }
        if !told.is_empty() {
            let now = cx.now();
            tell(cx.changes, self.telling.style, &told, now);
        }
        Verdict::Continue
    }
}

fn refuse(host: &dyn Host, pending: Option<Box<Pending>>, refusal: Refusal) -> Verdict {
    if let Some(pending) = pending {
        pending.refused(host);
    }
    refusal.into()
}

fn limiter(
    compiler: &mut Compiler<'_, '_>,
    state: &Node,
    inherited: &Inherited<RateLimitPolicy>,
) -> Option<Limiter> {
    let node = state.address.to_string();
    let place = Place {
        service: &state.address.service,
        node: &node,
        label: inherited.label(),
    };
    compiler.limiter(&inherited.policy, &place)
}
