//! Hosts whose requests belong to a lane space, and which of its rules hold there.

use crate::refuse::Refuse;
use policy_model::{
    document::{LaneDomain, LaneRule, LaneSpace},
    sort::{sort_by, sort_by_key},
    target::{NormalPath, normal_host},
};
use std::cmp::Reverse;

/// The domains of all spaces, sorted by host.
#[derive(Default)]
pub(super) struct Domains(Vec<(usize, Domain)>);

/// One host.
pub(super) struct Domain {
    host: Vec<u8>,
    /// Longest first.
    paths: Vec<(Vec<u8>, Vec<usize>)>,
    rules: Vec<usize>,
}

// === impl Domains ===

impl Domains {
    pub(super) fn compile(spaces: &[LaneSpace], refuse: &mut Refuse<'_>) -> Self {
        let mut list = Vec::new();
        for (index, space) in spaces.iter().enumerate() {
            let domains = space.domains.iter();
            list.extend(domains.map(|domain| (index, Domain::new(domain, &space.rules, refuse))));
        }
        // Stable: of two domains of one host the first counts.
        sort_by(&mut list, |(_, one), (_, other)| one.host.cmp(&other.host));
        list.dedup_by(|(_, later), (_, first)| later.host == first.host);
        Self(list)
    }

    /// The domain of a host, and the place of its space in the document.
    pub(super) fn find(&self, host: &[u8]) -> Option<(usize, &Domain)> {
        let place = self
            .0
            .binary_search_by(|(_, domain)| domain.host.as_slice().cmp(host));
        let (space, domain) = self.0.get(place.ok()?)?;
        Some((*space, domain))
    }
}

// === impl Domain ===

impl Domain {
    /// Host and paths in the spelling that requests have by then; a path that no request can have is given to `refuse`.
    fn new(domain: &LaneDomain, rules: &[LaneRule], refuse: &mut Refuse<'_>) -> Self {
        let indices = |ids: &[String]| -> Vec<usize> {
            ids.iter()
                .filter_map(|id| rules.iter().position(|rule| rule.id == *id))
                .collect()
        };
        let mut paths = Vec::with_capacity(domain.paths.len());
        for path in &domain.paths {
            match NormalPath::new(path.path.as_bytes()) {
                Ok(normal) => paths.push((without_last_slash(&normal), indices(&path.rules))),
                Err(reason) => refuse(&path.pointer, &reason.to_string()),
            }
        }
        sort_by_key(&mut paths, |(path, _)| Reverse(path.len()));
        Self {
            host: normal_host(domain.host.as_bytes()).into_owned(),
            paths,
            rules: indices(&domain.rules),
        }
    }

    /// The rules that hold under a path; `None` means all of the space.
    pub(super) fn rules(&self, path: &[u8]) -> Option<&[usize]> {
        let under = |prefix: &[u8]| {
            let rest = path.strip_prefix(prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        let found = self
            .paths
            .iter()
            .find(|(prefix, _)| under(prefix))
            .map(|(_, rules)| rules);
        let rules = found.unwrap_or(&self.rules);
        (!rules.is_empty()).then_some(rules)
    }
}

fn without_last_slash(path: &NormalPath<'_>) -> Vec<u8> {
    let path = path.as_bytes();
    path.strip_suffix(b"/").unwrap_or(path).to_vec()
}
