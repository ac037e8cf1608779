//! The document's permissions, compiled: each list of policies once for all nodes of a service that share it.

use super::{
    access::Access,
    rules::{Rule, Rules},
};
use engine::{CompileContext, Decisions};
use policy_model::{
    condition::Matcher,
    document::{
        ApiKeys, AuthenticationPolicy, Authorization, Mode, PermissionPolicy, PermissionType,
    },
    map::Map,
    model::{Inherited, Node, NodeId, ServiceId},
    pattern::PathPattern,
};
use std::rc::Rc;

/// What requests need to know; empty if the document says nothing.
pub(crate) struct Plan {
    nodes: Vec<NodePlan>,
}

/// What holds at a node.
#[derive(Clone, Default)]
pub(crate) struct NodePlan {
    pub(crate) rules: Option<CountedRules>,
    pub(crate) access: Option<CountedAccess>,
    /// Whether a key would prove who calls, and whether a token would.
    pub(crate) takes: Takes,
    /// Whether a browser's preflight request passes.
    pub(crate) pass_preflight: bool,
    /// The path whose variables have owners.
    pub(crate) path: Option<Rc<PathPattern>>,
}

/// What the node's authentication looks at.
#[derive(Clone, Copy, Default)]
pub(crate) struct Takes {
    pub(crate) tokens: bool,
    pub(crate) keys: bool,
}

/// A decision, and where it is counted.
pub(crate) struct Counted<D, C> {
    pub(crate) decide: D,
    pub(crate) count: C,
}

/// The policies of a node, each with its counters.
type CountedRules = Rc<Counted<Rules, Box<[Decisions]>>>;

type CountedAccess = Rc<Counted<Access, Guard>>;

/// How an `authorization` is carried out.
pub(crate) struct Guard {
    pub(crate) shadow: bool,
    pub(crate) decisions: Decisions,
}

/// What is compiled already, by where the model keeps it.
#[derive(Default)]
struct Known {
    rules: Map<(ServiceId, *const Inherited<PermissionPolicy>), CountedRules>,
    access: Map<(ServiceId, *const Authorization), CountedAccess>,
}

/// What metrics call the `authorization` of a service: it has no name of its own.
const AUTHORIZATION: &str = "authorization";
const KIND: &str = "permission";

// === impl Plan ===

impl Plan {
    pub(crate) fn compile(cx: &mut CompileContext<'_>) -> Self {
        let mut known = Known::default();
        let model = cx.model;
        let nodes = model.nodes().map(|(_, node)| known.node(node, cx));
        let nodes: Vec<NodePlan> = nodes.collect();
        let is_silent = nodes.iter().all(NodePlan::is_silent);
        Self {
            nodes: if is_silent { Vec::new() } else { nodes },
        }
    }

    pub(crate) fn node(&self, node: Option<NodeId>) -> Option<&NodePlan> {
        self.nodes.get(node?.index())
    }
}

// === impl NodePlan ===

impl NodePlan {
    fn is_silent(&self) -> bool {
        self.rules.is_none() && self.access.is_none()
    }
}

// === impl Takes ===

impl Takes {
    fn of(policy: Option<&AuthenticationPolicy>) -> Self {
        let requirement = policy.map(|policy| &policy.requirement);
        let lists = requirement.map(|requirement| [&requirement.any_of, &requirement.all_of]);
        let mut names = lists.into_iter().flatten().flatten().flatten();
        Self {
            keys: names.clone().any(|name| name == ApiKeys::NAME),
            tokens: names.any(|name| name != ApiKeys::NAME),
        }
    }
}

fn passes_preflight(policy: Option<&AuthenticationPolicy>) -> bool {
    policy.is_some_and(|policy| policy.requirement.pass_preflight == Some(true))
}

// === impl Known ===

impl Known {
    fn node(&mut self, node: &Node, cx: &mut CompileContext<'_>) -> NodePlan {
        let access = self.access(node, cx);
        let owned = access
            .as_ref()
            .is_some_and(|access| access.decide.has_ownership());
        NodePlan {
            rules: self.rules(node, cx),
            path: node.address.path.clone().filter(|_| owned),
            takes: Takes::of(node.policy.authentication.as_deref()),
            pass_preflight: passes_preflight(node.policy.authentication.as_deref()),
            access,
        }
    }

    fn rules(&mut self, node: &Node, cx: &mut CompileContext<'_>) -> Option<CountedRules> {
        let policies = &node.policy.permission_policies;
        if policies.is_empty() {
            return None;
        }
        let key = (node.service, policies.as_ptr());
        if let Some(known) = self.rules.get(&key) {
            return Some(Rc::clone(known));
        }
        let rules = policies
            .iter()
            .filter_map(|inherited| rule(&inherited.policy, cx));
        let rules = Rules::new(rules.collect());
        let service = &node.address.service;
        let decisions = policies.iter().map(|inherited| {
            let label = inherited.label().into();
            Decisions::new(&mut cx.metrics, KIND, Rc::clone(service), label)
        });
        let compiled = Rc::new(Counted {
            count: decisions.collect(),
            decide: rules,
        });
        self.rules.insert(key, Rc::clone(&compiled));
        Some(compiled)
    }

    fn access(&mut self, node: &Node, cx: &mut CompileContext<'_>) -> Option<CountedAccess> {
        let stated = node.policy.authorization.as_ref()?;
        let key = (node.service, Rc::as_ptr(stated));
        if let Some(known) = self.access.get(&key) {
            return Some(Rc::clone(known));
        }
        let access = Access::new(stated);
        if access.is_silent() {
            return None;
        }
        let service = Rc::clone(&node.address.service);
        let decisions = Decisions::new(&mut cx.metrics, KIND, service, AUTHORIZATION.into());
        let compiled = Rc::new(Counted {
            decide: access,
            count: Guard {
                shadow: stated.mode == Some(Mode::Shadow),
                decisions,
            },
        });
        self.access.insert(key, Rc::clone(&compiled));
        Some(compiled)
    }
}

/// The reader has refused documents with conditions that cannot be carried out, and policies without a type.
fn rule(policy: &PermissionPolicy, cx: &mut CompileContext<'_>) -> Option<Rule> {
    match Matcher::compile(&policy.conditions) {
        Ok(matcher) => Some(Rule {
            kind: policy.permission_type.unwrap_or(PermissionType::Deny),
            matcher,
            shadow: policy.meta.mode == Mode::Shadow,
        }),
        Err(invalid) => {
            cx.report
                .error(invalid.pointer.to_string(), invalid.to_string());
            None
        }
    }
}
