//! The document's tree as the compiler walks it: patterns read, methods in their spelling, doubles settled.

use crate::document::{
    PathMatchType, ServiceGroup, ServiceMethod, ServicePath, ServicePolicy, ServiceType,
};
use crate::finding::Report;
use crate::map::Map;
use crate::pattern::PathPattern;
use std::rc::Rc;

/// What makes two paths of a group the same: how they match, and what.
pub(super) type PathKey = (PathMatchType, Rc<str>);

/// What a service without a default group has: one that says nothing.
pub(super) const DEFAULT_GROUP: &str = "default";

/// A place in the tree where something may be said.
#[derive(Clone, Copy)]
pub(super) struct Place<'d> {
    pub(super) pointer: &'d Rc<str>,
    pub(super) policy: &'d ServicePolicy,
}

/// A path and its methods. Of two of one name the later one counts, as in JoyLive.
pub(super) struct PathSource<'d> {
    pub(super) key: PathKey,
    pub(super) pattern: Rc<PathPattern>,
    pub(super) place: Place<'d>,
    pub(super) methods: Map<Rc<str>, Place<'d>>,
}

/// The default group of a service: the last one with the flag, else the one with the name, else none. (Facts of
/// JoyLive: an unflagged group named `default` is shadowed by an empty one there, which drops all that it says.)
pub(crate) fn default_group(groups: &[ServiceGroup]) -> Option<usize> {
    let flagged = groups.iter().rposition(|group| group.default_group);
    let is_named = |group: &ServiceGroup| group.name.eq_ignore_ascii_case(DEFAULT_GROUP);
    flagged.or_else(|| groups.iter().rposition(is_named))
}

/// The paths of a group in the order of the document. One that cannot be read is reported and left out; of two that
/// are the same the later one counts.
pub(super) fn paths<'d>(
    group: &'d ServiceGroup,
    service_type: ServiceType,
    report: &mut Report,
) -> Vec<PathSource<'d>> {
    let mut paths: Vec<PathSource<'d>> = Vec::with_capacity(group.paths.len());
    let mut places = Map::new();
    for path in group
        .paths
        .iter()
        .filter_map(|path| PathSource::read(path, service_type, report))
    {
        let place = *places.or_insert_with(path.key.clone(), || paths.len());
        match paths.get_mut(place) {
            Some(earlier) => *earlier = path,
            None => paths.push(path),
        }
    }
    paths
}

// === impl PathSource ===

impl<'d> PathSource<'d> {
    fn read(path: &'d ServicePath, service_type: ServiceType, report: &mut Report) -> Option<Self> {
        let pattern = match PathPattern::new(&path.path, path.match_type, service_type) {
            Ok(pattern) => Rc::new(pattern),
            Err(error) => {
                report.error(format!("{}/path", path.pointer), error.to_string());
                return None;
            }
        };
        let mut methods = Map::new();
        for method in &path.methods {
            methods.insert(spell(&method.name, service_type), Place::of(method));
        }
        Some(Self {
            key: (pattern.match_type(), pattern.shape().into()),
            pattern,
            place: Place {
                pointer: &path.pointer,
                policy: &path.service_policy,
            },
            methods,
        })
    }
}

/// HTTP's methods in capitals; RPC's as they are.
fn spell(method: &str, service_type: ServiceType) -> Rc<str> {
    match service_type {
        ServiceType::Http => method.to_ascii_uppercase().into(),
        ServiceType::RpcApp | ServiceType::RpcInterface => method.into(),
    }
}

// === impl Place ===

impl<'d> Place<'d> {
    fn of(method: &'d ServiceMethod) -> Self {
        Self {
            pointer: &method.pointer,
            policy: &method.service_policy,
        }
    }

    pub(super) fn of_group(group: &'d ServiceGroup) -> Self {
        Self {
            pointer: &group.pointer,
            policy: &group.service_policy,
        }
    }
}
