//! Inheritance against a reference that reads the rules one by one.

use super::*;
use crate::document::HealthPolicy;
use crate::model::Inherited;
use proptest::prelude::*;

/// Everything that may be said at a node, the nearest first.
fn chain<'d>(service: &'d Service, address: &NodeAddress) -> Vec<&'d ServicePolicy> {
    let mut groups = service.groups.iter();
    let own = groups.find(|group| group.name == *address.group);
    let default = default_of(service);
    let near = own.map(|own| said_in(own, path_in(own, address), address));
    let far = default.map(|default| {
        let path = path_in(default, address);
        // Only a path that the own group has too falls back on one of its shape.
        let is_own = own.is_some_and(|own| path_in(own, address).is_some());
        let path = path.or_else(|| shape_in(default, address).filter(|_| is_own));
        said_in(default, path, address)
    });
    near.into_iter().chain(far).flatten().collect()
}

fn default_of(service: &Service) -> Option<&ServiceGroup> {
    let flagged = service.groups.iter().rfind(|group| group.default_group);
    flagged.or_else(|| service.groups.iter().rfind(|group| group.name == "default"))
}

/// Method, path, group.
fn said_in<'d>(
    group: &'d ServiceGroup,
    path: Option<&'d ServicePath>,
    address: &NodeAddress,
) -> Vec<&'d ServicePolicy> {
    let name = address.method.as_deref();
    let methods = path.into_iter().flat_map(|path| &path.methods);
    let methods = methods.filter(|method| Some(method.name.as_str()) == name);
    let methods = methods.map(|method| &method.service_policy);
    let path = path.map(|path| &path.service_policy);
    methods.chain(path).chain([&group.service_policy]).collect()
}

fn path_in<'d>(group: &'d ServiceGroup, address: &NodeAddress) -> Option<&'d ServicePath> {
    let pattern = address.path.as_ref()?;
    let kind = |path: &ServicePath| path.match_type.unwrap_or(PathMatchType::Prefix);
    group.paths.iter().find(|path| {
        kind(path) == pattern.match_type() && nameless(&path.path) == nameless(pattern.as_str())
    })
}

fn shape_in<'d>(group: &'d ServiceGroup, address: &NodeAddress) -> Option<&'d ServicePath> {
    let pattern = address.path.as_ref()?;
    group
        .paths
        .iter()
        .find(|path| nameless(&path.path) == nameless(pattern.as_str()))
}

fn nameless(path: &str) -> String {
    path.replace("{a}", "{}").replace("{b}", "{}")
}

/// The limits of the first that says anything but removals, without what those before it remove.
fn expected_limits(chain: &[&ServicePolicy]) -> Vec<String> {
    let mut removed: Vec<&str> = Vec::new();
    for policy in chain {
        let list = &policy.rate_limit_policies;
        if list.iter().any(|limit| !limit.meta.removal) {
            let kept = list.iter().map(|limit| &limit.meta);
            let kept = kept.filter(|meta| meta.enabled && !removed.contains(&meta.name.as_str()));
            return kept.map(|meta| meta.name.clone()).collect();
        }
        removed.extend(list.iter().map(|limit| limit.meta.name.as_str()));
    }
    Vec::new()
}

fn any_policy() -> impl Strategy<Value = ServicePolicy> {
    let named = (prop_oneof!["a", "b"], 0..4u8);
    let any_limit = named.prop_map(|(name, kind)| limit(&name, kind > 1, kind == 0));
    let percent = prop_oneof![Just(None), (0..9u32).prop_map(Some)];
    (proptest::collection::vec(any_limit, 0..3), percent).prop_map(|(limits, percent)| {
        let health_policy = percent.map(|percent| HealthPolicy {
            healthy_min_percent: Some(percent),
            ..HealthPolicy::default()
        });
        ServicePolicy {
            health_policy,
            ..saying(&limits)
        }
    })
}

fn any_methods() -> impl Strategy<Value = Vec<ServiceMethod>> {
    let names = proptest::sample::subsequence(vec!["GET", "POST"], 0..=2);
    names.prop_flat_map(|names| {
        let said = |name| any_policy().prop_map(move |policy| method(name, policy));
        names.into_iter().map(said).collect::<Vec<_>>()
    })
}

fn any_paths() -> impl Strategy<Value = Vec<ServicePath>> {
    let texts = [
        ("/", false),
        ("/x", false),
        ("/x", true),
        ("/x/{a}", true),
        ("/x/{b}", false),
    ];
    proptest::sample::subsequence(texts.to_vec(), 0..5).prop_flat_map(|texts| {
        let said = |(text, is_equal): (&'static str, bool)| {
            let match_type = is_equal.then_some(PathMatchType::Equal);
            (any_policy(), any_methods()).prop_map(move |(policy, methods)| ServicePath {
                match_type,
                ..path(text, policy, methods)
            })
        };
        texts.into_iter().map(said).collect::<Vec<_>>()
    })
}

fn any_groups() -> impl Strategy<Value = Vec<ServiceGroup>> {
    let names = proptest::sample::subsequence(vec!["g", "default", "h"], 0..=3);
    names.prop_flat_map(|names| {
        let said = |name: &'static str| {
            (any_policy(), any_paths(), 0..4u8).prop_map(move |(policy, paths, flag)| {
                ServiceGroup {
                    default_group: flag == 0,
                    ..group(name, policy, paths)
                }
            })
        };
        names.into_iter().map(said).collect::<Vec<_>>()
    })
}

proptest! {
    #[test]
    fn every_node_holds_what_the_rules_say(groups in any_groups()) {
        let document = document(groups);
        let model = Model::compile(&document, &mut Report::default());
        for (_, node) in model.nodes() {
            let chain = chain(&document.services[0], &node.address);
            let limits = node.policy.rate_limit_policies.iter().map(Inherited::label);
            let limits: Vec<_> = limits.collect();
            prop_assert_eq!(limits, expected_limits(&chain), "{}", node.address);
            let health = |policy: &ServicePolicy| policy.health_policy.clone()?.healthy_min_percent;
            let percent = node.policy.health_policy.as_ref();
            let percent = percent.and_then(|health| health.healthy_min_percent);
            let expected = chain.iter().find_map(|policy| health(policy));
            prop_assert_eq!(percent, expected, "{}", node.address);
        }
    }
}
